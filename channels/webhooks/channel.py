"""Calls other systems over HTTP, signed: https://www.standardwebhooks.com (A13).

A call carries an id of its own, the same however often it is tried: who keeps ids takes each once.
"""

import base64
import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import orjson

from core.addresses import WEBHOOK
from core.delivery.channel import Delivery, SendError, Sent
from core.desk import Clock
from core.integrations.call_targets import may_be_called
from core.integrations.webhooks import GONE, WebhookFacts
from core.texts import unpack
from core.tx import demand_no_transaction

if TYPE_CHECKING:
    from aiohttp import ClientSession

_PREFIX: Final = "whsec_"


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
        self._session: ClientSession | None = None

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
        from channels.webhooks import http_calls

        if self._session is None:
            self._session = http_calls.open_connections()
        await http_calls.post(self._session, webhook.url, body, headers)
        return Sent()

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
