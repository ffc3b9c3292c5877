"""Topics of customers' private chats: what is sent to a customer stands in the ticket's (X7)."""

from typing import Final

from channels.telegram.client.api_errors import ApiRefusal
from core.delivery.channel import Delivery
from core.delivery.private_topics import forget_private_topic, private_topic
from core.desk import Desk

# So many deliveries are remembered whose topic is gone.
_MOST: Final = 1000
# What is refused because of its topic. Telegram has several words for it.
_LOST: Final = frozenset({ApiRefusal.TOPIC_LOST, ApiRefusal.NO_FORUM, ApiRefusal.TOPIC_CLOSED})


class PrivateTopics:
    """Finds the topic of a delivery to a customer."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._without: dict[int, None] = {}

    async def thread_for(self, delivery: Delivery) -> int | None:
        """The ticket's topic; without one, where somebody acted who is answered with it.

        ``None`` in chats without topics, and where the topic is gone.
        """
        if delivery.ticket_id is not None:
            place = await self._desk.read(private_topic, delivery.ticket_id, delivery.to)
            if place is not None:
                return int(place.thread)
        thread = None if delivery.id in self._without else delivery.facts.get("thread")
        return None if thread is None else int(thread)

    async def mend(self, delivery: Delivery, refusal: ApiRefusal) -> bool:
        """Do what helps against the refusal, if anything does: then the delivery is tried again."""
        thread = await self.thread_for(delivery) if refusal in _LOST else None
        if thread is None:
            return False
        if len(self._without) >= _MOST:
            del self._without[next(iter(self._without))]
        self._without[delivery.id] = None
        await self._desk.run(forget_private_topic, delivery.to, str(thread))
        return True
