"""Topics of tickets in their customers' private chats: found, made, kept up to date (X7).

Private chats know less of topics than groups do: none can be closed, and the threads are numbered
apart from the messages that a bot sees, so that a lost one cannot be looked for. Telegram tells of
every topic that is made, which is how one is found whose answer was lost.
"""

import logging
import time
from dataclasses import asdict
from typing import Any, Final

from aiogram.methods import EditForumTopic

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.gateway import Gateway
from channels.telegram.screens.screen import Renderer
from channels.telegram.ticket_topics import LONGEST_NAME, MADE_FOR, REST, TopicAppearance
from channels.telegram.topic_icons import TopicIcons
from core.delivery.channel import Delivery, SendError
from core.delivery.private_topics import (
    StandingTopic,
    forget_private_topic,
    note_looks,
    private_topic,
    take_topic,
)
from core.delivery.probe_contexts import add_to_probe_context, probe_context_of
from core.desk import Desk
from core.tickets.private_topics import TicketTopic, topic_of
from core.words.names import clean_name

log = logging.getLogger(__name__)

# The icon of a ticket that goes on, and of one that has ended; the colour where there is none.
_GOES_ON: Final = (("💬", "🗣", "👀"), 9367192)
_ENDED: Final = (("✅", "🏁", "📁"), 7322096)
# So many deliveries, and chats, are remembered that go without a topic.
_MOST: Final = 1000
# What is refused because of its topic. Telegram has several words for it.
_LOST: Final = frozenset({ApiRefusal.TOPIC_LOST, ApiRefusal.NO_FORUM, ApiRefusal.TOPIC_CLOSED})
# A topic whose answer was lost is waited for so many times so many seconds.
ASKED: Final = 3
PAUSE: Final = 2.0


class PrivateTopics:
    """Finds and makes the topic of a delivery to a customer, and keeps its look up to date."""

    def __init__(self, gateway: Gateway, desk: Desk, icons: TopicIcons) -> None:
        self._gateway = gateway
        self._desk = desk
        self._icons = icons
        self._without: dict[int, None] = {}
        self._resting: dict[str, float] = {}
        self._asked: dict[int, int] = {}

    async def thread_for(self, delivery: Delivery, renderer: Renderer) -> int | None:
        """The ticket's topic, made if it is to have one; without a ticket, or where it has none,
        the topic where somebody acted who is answered with the delivery.

        ``None`` in chats without topics, and where the topic is gone. Raises `Refused` and
        `SendError`.
        """
        topic = await self._topic(delivery)
        if topic is not None and topic.place is not None:
            await self._show(delivery, topic, topic.place, renderer)
            return int(topic.place.thread)
        made = None if topic is None else await self._make(delivery, topic, renderer)
        return self._asked_from(delivery) if made is None else made

    async def standing(self, delivery: Delivery) -> int | None:
        """The ticket's topic as it stands; nothing is made or changed."""
        if delivery.ticket_id is not None:
            place = await self._desk.read(private_topic, delivery.ticket_id, delivery.to)
            if place is not None:
                return int(place.thread)
        return self._asked_from(delivery)

    def _asked_from(self, delivery: Delivery) -> int | None:
        thread = None if delivery.id in self._without else delivery.facts.get("thread")
        return None if thread is None else int(thread)

    async def refresh(self, delivery: Delivery, renderer: Renderer) -> None:
        """Show on the ticket's topic what it is about, and whether it has ended."""
        topic = await self._topic(delivery)
        if topic is not None and topic.place is not None:
            await self._show(delivery, topic, topic.place, renderer)

    async def find_lost(self, delivery: Delivery) -> bool:
        """After a lost response: true if the call that got none was to make a topic, of which
        nothing was heard. Raises `SendError` as long as something may still be heard.
        """
        topic = await self._topic(delivery)
        if topic is None or topic.place is not None:
            return False
        if MADE_FOR not in await self._desk.read(probe_context_of, delivery.id):
            return False
        self._asked[delivery.id] = times = self._asked.get(delivery.id, 0) + 1
        if times <= ASKED:
            raise SendError("busy", "a topic may have been made", retry_after=PAUSE)
        del self._asked[delivery.id]
        return True

    async def mend(self, delivery: Delivery, refusal: ApiRefusal) -> bool:
        """Do what helps against the refusal, if anything does: then the delivery is tried again."""
        thread = await self.standing(delivery) if refusal in _LOST else None
        if thread is None:
            return False
        _remember(self._without, delivery.id, None)
        await self._desk.run(forget_private_topic, delivery.to, str(thread))
        return True

    async def _topic(self, delivery: Delivery) -> TicketTopic | None:
        if delivery.ticket_id is None:
            return None
        number, person = delivery.ticket_id, delivery.person_id
        return await self._desk.read(topic_of, number, delivery.to, person)

    # making

    async def _make(self, delivery: Delivery, topic: TicketTopic, renderer: Renderer) -> int | None:
        """Make the topic. ``None`` where that is refused: then the chat is used without."""
        if self._resting.get(delivery.address, 0.0) > time.monotonic():
            return None
        look = await self._look(topic, renderer)
        await self._desk.run(add_to_probe_context, delivery.id, {MADE_FOR: asdict(look)})
        try:
            made = await self._gateway.call(look.call_to_make(int(delivery.address)))
        except (SendError, Refused) as refused:
            if isinstance(refused, SendError) and not _is_final(refused):
                raise
            log.warning("no topic was made: %s", refused, extra={"ticket": delivery.ticket_id})
            _remember(self._resting, delivery.address, time.monotonic() + REST)
            return None
        thread = str(made.message_thread_id)
        await self._desk.run(take_topic, topic.number, delivery.to, thread, look.digest)
        return made.message_thread_id

    # looks

    async def _look(self, topic: TicketTopic, renderer: Renderer) -> TopicAppearance:
        emoji, color = _ENDED if topic.ended else _GOES_ON
        key = "topic.private" if topic.about else "topic.private_bare"
        name = renderer.plain(key, number=topic.number, about=topic.about or "")
        icon = await self._icons.id_of(emoji)
        return TopicAppearance(clean_name(name, LONGEST_NAME), icon, color, closed=False)

    async def _show(
        self, delivery: Delivery, topic: TicketTopic, place: StandingTopic, renderer: Renderer
    ) -> None:
        look = await self._look(topic, renderer)
        if place.looks == look.digest:
            return
        icon, _, name = (place.looks or "::").split(":")
        edit: dict[str, Any] = {} if icon == look.icon else {"icon_custom_emoji_id": look.icon}
        if name != look.parts[2] and not place.named:
            edit["name"] = look.name
        if edit:
            await self._edit(int(delivery.address), int(place.thread), edit)
        await self._desk.run(note_looks, delivery.to, place.thread, look.digest)

    async def _edit(self, chat: int, thread: int, edit: dict[str, Any]) -> None:
        """Words are not held up by the look of their topic."""
        call = EditForumTopic(chat_id=chat, message_thread_id=thread, **edit)
        try:
            await self._gateway.call(call)
        except Refused as refused:
            if refused.refusal is not ApiRefusal.UNCHANGED:
                raise
        except SendError as error:
            if not _is_final(error):
                raise
            log.warning("a topic keeps its look: %s", error)


def _is_final(error: SendError) -> bool:
    """The same call would be refused again, and somebody is there all the same."""
    return (error.permanent or error.configuration) and error.reason != "blocked"


def _remember(kept: dict[Any, Any], key: object, what: object) -> None:
    """Remember the newest ones."""
    if len(kept) >= _MOST:
        del kept[next(iter(kept))]
    kept[key] = what
