"""One call over HTTP to another system. No redirect is followed: it would carry the words somewhere
that nobody has agreed to. A name is looked up once for a call, and what it leads to is judged then
(S16).

It needs aiohttp, which costs a tenth of a second of CPU: this module is imported with the first
call.
"""

from collections.abc import Mapping
from socket import AddressFamily
from typing import Final

import aiohttp
from aiohttp.abc import ResolveResult

from core.delivery.channel import SendError
from core.integrations.call_targets import may_be_called
from core.integrations.webhooks import GONE
from core.tx import demand_no_transaction

TIMEOUT: Final = aiohttp.ClientTimeout(total=15.0, connect=5.0)
# Times of a busy server that are obeyed; what is longer is our own pace.
_LONGEST_WAIT: Final = 3600.0
_WANTS_NO_MORE: Final = 410
_TOO_MUCH: Final = (429, 503)
_FINE: Final = range(200, 300)


class Lookup(aiohttp.ThreadedResolver):
    """Looks up names; what may not be called is not found."""

    async def resolve(
        self, host: str, port: int = 0, family: AddressFamily = AddressFamily.AF_INET
    ) -> list[ResolveResult]:
        """Return where the name leads. Raises OSError where it leads nowhere that may be called."""
        found = await super().resolve(host, port, family)
        allowed = [each for each in found if may_be_called(each["host"])]
        if not allowed:
            raise OSError("it leads into the network itself")
        return allowed


def open_connections() -> aiohttp.ClientSession:
    """Return what calls are made with."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=Lookup()),
        timeout=TIMEOUT,
        cookie_jar=aiohttp.DummyCookieJar(),
    )


async def post(
    connections: aiohttp.ClientSession, url: str, body: bytes, headers: Mapping[str, str]
) -> None:
    """Call, or raise `SendError`. Anything but a 2xx is tried again, but for 410."""
    demand_no_transaction("webhook")
    try:
        async with connections.post(
            url, data=body, headers=headers, allow_redirects=False
        ) as response:
            _judge(response)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise SendError("network", type(error).__name__) from error


def _judge(response: aiohttp.ClientResponse) -> None:
    if response.status in _FINE:
        return
    if response.status == _WANTS_NO_MORE:
        raise SendError(GONE, "410", permanent=True)
    wait = response.headers.get("retry-after", "")
    if response.status in _TOO_MUCH and wait.isascii() and wait.isdecimal():
        raise SendError("busy", retry_after=min(float(wait[:9]), _LONGEST_WAIT))
    raise SendError("busy", str(response.status))
