"""Topics of tickets in groups that are forums: made, drawn, found after a lost response (X7)."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Final

from aiogram.methods import (
    CloseForumTopic,
    CreateForumTopic,
    EditForumTopic,
    ReopenForumTopic,
    TelegramMethod,
)

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.delivery_probe import AHEAD, END
from channels.telegram.client.gateway import Gateway
from channels.telegram.screens.screen import Renderer
from channels.telegram.topic_icons import TopicIcons
from core.addresses import Address
from core.delivery.channel import Delivery, SendError
from core.delivery.probe_contexts import add_to_probe_context, probe_context_of
from core.delivery.topics import (
    TopicPlace,
    forget_topic,
    note_forums,
    note_topic,
    topic_place,
)
from core.desk import Desk
from core.tickets.card import Card, card_of
from core.tickets.workflow import Marker
from core.words.names import clean_name

log = logging.getLogger(__name__)

LONGEST_NAME: Final = 128
# Of the free set of icons, the first that there is; and the colour where there is none.
ICONS: Final[Mapping[Marker, tuple[tuple[str, ...], int]]] = {
    Marker.NEEDS_ANSWER: (("❗️", "❓", "🔥"), 16478047),
    Marker.OVERDUE: (("‼️", "🔥", "⚡️"), 16478047),
    Marker.ANSWERED: (("💬", "🗣", "👀"), 9367192),
    Marker.FROZEN: (("📆", "☕️", "📁"), 16766590),
    Marker.CLOSED: (("✅", "🏁", "📁"), 7322096),
}
# Seconds for which no topic is made where the bot may not make any.
REST: Final = 60.0
# A call to make a topic is noted under this name with the row that needed it.
MADE_FOR: Final = "topic"


@dataclass(frozen=True, slots=True)
class TopicAppearance:
    """How a topic should look now; ``icon`` is an id, empty where there are no icons."""

    name: str
    icon: str
    color: int
    closed: bool

    def call_to_make(self, chat: int) -> CreateForumTopic:
        """The call that makes such a topic in this chat."""
        return CreateForumTopic(
            chat_id=chat,
            name=self.name,
            icon_color=self.color,
            icon_custom_emoji_id=self.icon or None,
        )

    @property
    def parts(self) -> tuple[str, str, str]:
        """Icon, whether it is closed, and the name, each to be compared by itself."""
        return (self.icon, str(self.closed), sha256(self.name.encode()).hexdigest()[:16])

    @property
    def digest(self) -> str:
        """The parts as they are stored."""
        return ":".join(self.parts)


class TicketTopics:
    """Finds and makes the topic of a delivery's ticket, and keeps its look up to date."""

    def __init__(self, gateway: Gateway, desk: Desk, icons: TopicIcons) -> None:
        self._gateway = gateway
        self._desk = desk
        self._icons = icons
        self._resting: dict[Address, float] = {}

    async def thread_for(self, delivery: Delivery, renderer: Renderer) -> int | None:
        """The thread in which the delivery is to stand; the topic is made if there is none yet.

        ``None`` where there are no topics, for what is about no ticket, and where the bot may make
        none: then the group is used like one without. Raises `Refused` and `SendError`.
        """
        place = await self._place(delivery)
        if place is None or place.thread is not None:
            return None if place is None else int(place.thread or 0)
        if self._resting.get(delivery.to, 0.0) > time.monotonic():
            return None
        return await self._make(delivery, renderer)

    async def refresh(self, delivery: Delivery, card: Card, renderer: Renderer) -> None:
        """Show the ticket's marker, name and end on its topic, as far as they have changed."""
        place = await self._place(delivery)
        if place is None or place.thread is None:
            return
        look = await self._look(card, renderer)
        if place.looks == look.digest:
            return
        for call in _changes(delivery, place, look):
            await self._change(call)
        await self._note(delivery, place.thread, look)

    async def find_lost(self, delivery: Delivery, lowest: int, unread: int) -> bool:
        """After a lost response: true if the call that got none was to make a topic. If there is
        such a topic above ``lowest``, it is the ticket's from now on. ``unread``: so many updates
        the desk does not have yet, each of which may be a message before it.
        """
        place = await self._place(delivery)
        if place is None or place.thread is not None:
            return False
        made = (await self._desk.read(probe_context_of, delivery.id)).get(MADE_FOR)
        if made is None:
            return False
        look = TopicAppearance(**made)
        thread = await self._search(int(delivery.address), look, lowest, unread)
        if thread is not None:
            await self._note(delivery, str(thread), look)
        return True

    async def mend(self, delivery: Delivery, refusal: ApiRefusal) -> bool:
        """Do what helps against the refusal, if anything does: then the delivery is tried again."""
        number, chat = delivery.ticket_id, delivery.to
        if number is None:
            return False
        match refusal:
            case ApiRefusal.NO_FORUM:
                await self._desk.run(note_forums, [(chat, False)])
            case ApiRefusal.TOPIC_LOST:
                await self._desk.run(forget_topic, number)
            case ApiRefusal.TOPIC_CLOSED:
                place = await self._place(delivery)
                if place is None or place.thread is None:
                    return False
                chat_id, thread = int(delivery.address), int(place.thread)
                await self._change(ReopenForumTopic(chat_id=chat_id, message_thread_id=thread))
                await self._desk.run(note_topic, number, chat, place.thread, None)
            case _:
                return False
        return True

    # making

    async def _make(self, delivery: Delivery, renderer: Renderer) -> int | None:
        card = await self._desk.read(card_of, delivery.ticket_id or 0)
        if card is None:
            return None
        look = replace(await self._look(card, renderer), closed=False)
        await self._desk.run(add_to_probe_context, delivery.id, {MADE_FOR: asdict(look)})
        try:
            made = await self._gateway.call(look.call_to_make(int(delivery.address)))
        except SendError as error:
            if not error.configuration:
                raise
            log.warning("no topics can be made: %s", error, extra={"ticket": delivery.ticket_id})
            self._resting[delivery.to] = time.monotonic() + REST
            return None
        self._gateway.known_ids.note(delivery.address, made.message_thread_id)
        await self._note(delivery, str(made.message_thread_id), look)
        return made.message_thread_id

    async def _search(
        self, chat: int, look: TopicAppearance, lowest: int, unread: int
    ) -> int | None:
        """Try ids by an edit that changes nothing about the topic that is looked for. Of another
        one, which somebody made in the same seconds, the icon is put back.
        """
        known = self._gateway.known_ids
        thread, empty = lowest, -unread
        while empty < END and thread < max(known.newest(chat), lowest) + unread + AHEAD:
            thread += 1
            if known.is_known(chat, thread):
                continue
            like = {"icon_custom_emoji_id": look.icon} if look.icon else {"name": look.name}
            edit = EditForumTopic(chat_id=chat, message_thread_id=thread, **like)
            try:
                with self._gateway.probing():
                    await self._gateway.call(edit)
            except Refused as refused:
                if refused.refusal is ApiRefusal.UNCHANGED:
                    known.note(chat, thread)
                    return thread
                empty += thread > known.newest(chat)
                continue
            if look.icon:
                await self._change(edit.model_copy(update={"icon_custom_emoji_id": ""}))
        return None

    # looks

    async def _look(self, card: Card, renderer: Renderer) -> TopicAppearance:
        emoji, color = ICONS[card.marker]
        icon = await self._icons.id_of(emoji)
        about = clean_name(card.title or card.topic or card.opening, LONGEST_NAME)
        name = renderer.plain(
            "topic.name", number=card.number, customer=clean_name(card.customer), about=about
        )
        return TopicAppearance(clean_name(name, LONGEST_NAME), icon, color, card.state.final)

    # calls

    async def _place(self, delivery: Delivery) -> TopicPlace | None:
        if delivery.ticket_id is None or not delivery.address.startswith("-"):
            return None
        return await self._desk.read(topic_place, delivery.ticket_id, delivery.to)

    async def _note(self, delivery: Delivery, thread: str, look: TopicAppearance) -> None:
        number = delivery.ticket_id or 0
        await self._desk.run(note_topic, number, delivery.to, thread, look.digest)

    async def _change(self, call: TelegramMethod[Any]) -> None:
        try:
            await self._gateway.call(call)
        except Refused as refused:
            if refused.refusal is not ApiRefusal.UNCHANGED:
                raise


def _changes(
    delivery: Delivery, place: TopicPlace, look: TopicAppearance
) -> list[TelegramMethod[Any]]:
    """The calls that make a topic look so. A name that somebody has given it stays."""
    where: dict[str, Any] = {
        "chat_id": int(delivery.address),
        "message_thread_id": int(place.thread or 0),
    }
    icon, closed, name = look.parts
    parts = (place.looks or "::").split(":")
    edit: dict[str, Any] = {} if parts[0] == icon else {"icon_custom_emoji_id": icon}
    if parts[2] != name:
        edit["name"] = look.name
    calls: list[TelegramMethod[Any]] = [EditForumTopic(**where, **edit)] if edit else []
    if parts[1] != closed:
        calls.append(CloseForumTopic(**where) if look.closed else ReopenForumTopic(**where))
    return calls
