"""Calls other systems over HTTP, signed: https://www.standardwebhooks.com (A13).

A call carries an id of its own, the same however often it is tried: who keeps ids takes each once.
No redirect is followed: it would carry the words somewhere that nobody has agreed to. A name is
looked up once for a call, and what it leads to is judged then (S16).
"""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from socket import AddressFamily
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
import orjson
from aiohttp.abc import ResolveResult

from core.addresses import WEBHOOK
from core.delivery.channel import Delivery, SendError, Sent
from core.desk import Clock
from core.integrations.call_targets import may_be_called
from core.integrations.webhooks import GONE, WebhookFacts
from core.texts import unpack
from core.tx import demand_no_transaction

TIMEOUT: Final = aiohttp.ClientTimeout(total=15.0, connect=5.0)
# Times of a busy server that are obeyed; what is longer is our own pace.
_LONGEST_WAIT: Final = 3600.0
_PREFIX: Final = "whsec_"
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


def signature(secret: str, call_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of ``webhook-signature`` for a body."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    signed = b".".join((call_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


class WebhookChannel:
    """``find`` gives the system with an id, as long as it is to be called."""

    name = WEBHOOK

    def __init__(
        self,
        find: Callable[[int], Awaitable[WebhookFacts | None]],
        clock: Clock,
        epoch: Callable[[], int],
    ) -> None:
        self._find = find
        self._clock = clock
        self._epoch = epoch
        self._session: aiohttp.ClientSession | None = None

    async def recall(self) -> None:
        """Nothing is known of what stands where."""

    def probe_context(self) -> dict[str, Any]:
        """The id of a call makes trying again harmless."""
        return {}

    async def send(self, delivery: Delivery) -> Sent:
        """Call, or raise `SendError`. Anything but a 2xx is tried again, but for 410."""
        demand_no_transaction("webhook")
        webhook = await self._find(int(delivery.address))
        if webhook is None:
            raise SendError(GONE, "it is not called any more", permanent=True)
        body = _body(delivery)
        call_id, timestamp = f"fd_{self._epoch()}_{delivery.id}", int(self._clock().timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": "Frontdoor",
            "webhook-id": call_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(webhook.secret, call_id, timestamp, body),
        }
        if not may_be_called(urlsplit(webhook.url).hostname or ""):  # an address is not looked up
            raise SendError("network", "of the network itself")
        try:
            async with self._calls().post(
                webhook.url, data=body, headers=headers, allow_redirects=False
            ) as response:
                _judge(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise SendError("network", type(error).__name__) from error
        return Sent()

    def _calls(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(resolver=Lookup()),
                timeout=TIMEOUT,
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        """Nobody can tell; it is called again under the same id."""
        del delivery
        return None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


def _body(delivery: Delivery) -> bytes:
    facts = unpack(delivery.facts)
    return orjson.dumps(
        {"type": facts["type"], "timestamp": facts["at"].isoformat(), "data": facts["data"]}
    )


def _judge(response: aiohttp.ClientResponse) -> None:
    if response.status in _FINE:
        return
    if response.status == _WANTS_NO_MORE:
        raise SendError(GONE, "410", permanent=True)
    wait = response.headers.get("retry-after", "")
    if response.status in _TOO_MUCH and wait.isascii() and wait.isdecimal():
        raise SendError("busy", retry_after=min(float(wait[:9]), _LONGEST_WAIT))
    raise SendError("busy", str(response.status))
