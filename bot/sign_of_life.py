"""Calls a machine elsewhere while all is well: when the calls stop, that machine raises the alarm.

The desk tells of its own faults as long as it runs. That it does not run at all, or sits on a
machine without a network, only somebody elsewhere can tell (X14).
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Final

from pydantic import SecretStr

from core.tx import demand_no_transaction

log = logging.getLogger(__name__)

# Seconds between two calls, and for one.
CALL_EVERY: Final = 60.0
PATIENCE: Final = 8.0
# Answers that say that it was heard.
HEARD: Final = range(200, 300)


class NotHeard(Exception):
    """The call did not arrive; the message says why, and never names the address: it is a key."""


async def call(url: SecretStr) -> None:
    """Make the call. Raises :class:`NotHeard`."""
    import aiohttp  # most desks call nobody, and a start need not wait for it

    demand_no_transaction("sign of life")
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session,
            session.get(
                url.get_secret_value(),
                headers={"user-agent": "Frontdoor"},
                # the login page of a network, or of a new owner, would be at its end
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status not in HEARD:
                raise NotHeard(f"it answers {answer.status}")
    except (aiohttp.ClientError, OSError, ValueError) as error:  # no answer in time is an OSError
        raise NotHeard(type(error).__name__) from None


@dataclass(slots=True)
class SignOfLife:
    """Calls ``url`` at most every `CALL_EVERY` seconds. Without one it calls nobody."""

    url: SecretStr | None = None
    _called: float = float("-inf")
    _under_way: asyncio.Task[None] | None = None

    def give(self) -> None:
        """Begin a call if one is due; nobody waits for it."""
        due = time.monotonic() - self._called >= CALL_EVERY
        if self.url is None or not due or self._under_way is not None:
            return
        self._called = time.monotonic()
        self._under_way = asyncio.create_task(self._call(self.url), name="sign of life")

    async def _call(self, url: SecretStr) -> None:
        try:
            await call(url)
        except NotHeard as why:
            log.warning("the sign of life did not arrive: %s", why)
        finally:
            self._under_way = None
