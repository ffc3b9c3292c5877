"""A customer's page: what is said to them stands there as soon as it is stored (A9).

There is no other side that could refuse: an answer counts as delivered when the page shows it.
"""

from typing import Any

from core.addresses import WEB
from core.delivery.channel import Delivery, Sent


class PageChannel:
    """Sends nothing: the page reads the ticket itself."""

    name = WEB

    async def recall(self) -> None:
        """Nothing is known of what stands where: the page is drawn whenever it is asked for."""

    def probe_context(self) -> dict[str, Any]:
        """Nothing can be lost on the way."""
        return {}

    async def send(self, delivery: Delivery) -> Sent:
        """Return at once: who opens the page sees it."""
        return Sent((str(delivery.id),))

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        """It was, as soon as it was stored."""
        return Sent((str(delivery.id),))

    async def close(self) -> None:
        """There is nothing to close."""
