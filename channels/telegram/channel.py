"""The channel through which the courier delivers to Telegram: which kinds of deliveries there are,
and what they have in common. What each of them does is told by subject in the files beside it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from channels.telegram.changes import Changes
from channels.telegram.client.api_errors import Refused
from channels.telegram.client.gateway import SHARED, Gateway, counter_of
from channels.telegram.client.send_progress import Progress, SendProgressStore, sent_of
from channels.telegram.copies import CopyMessages, find_words
from channels.telegram.drawn_messages import BoardMessages, CardMessages, FloodMessages
from channels.telegram.edited_copies import EditedCopies
from channels.telegram.kit import Kit, Operation, Plan
from channels.telegram.notice_messages import NoticeMessages
from channels.telegram.private_topics import PrivateTopics
from channels.telegram.reports import ReportMessages
from channels.telegram.screens.screen import Renderer
from channels.telegram.talk import Talk
from channels.telegram.ticket_topics import TicketTopics
from channels.telegram.topic_icons import TopicIcons
from core.addresses import TELEGRAM, Address, MessageRef
from core.delivery.card_updates import BOARD
from core.delivery.channel import READERS_ZONE, Delivery, SendError, Sent
from core.delivery.notices import UNASK
from core.delivery.pacing import Priority, aged
from core.delivery.private_topics import TOPIC_LOOK, PrivateTopicsUsed
from core.delivery.probe_contexts import find_probe_contexts
from core.delivery.report_posts import REPORT
from core.delivery.sent_messages import FLOOD, find_standing
from core.delivery.topics import ForumChats
from core.desk import Desk
from core.files import LinkedFiles
from core.texts import TextError, Texts
from core.tx import ReadTx

PROBE_CONTEXT: Final = "newest"
# So often a delivery is mended that is refused because of its topic.
MENDED: Final = 3
# Where nothing was noted, a lost message is looked for so far before the newest id known.
BEHIND: Final = 120


class TelegramChannel:
    """Renders deliveries and makes Telegram's calls. See `core.delivery.channel.Channel`."""

    name = "telegram"

    def __init__(
        self, gateway: Gateway, desk: Desk, texts: Texts, files: LinkedFiles | None = None
    ) -> None:
        self._gateway = gateway
        self._desk = desk
        self._texts = texts
        self._progress = SendProgressStore(gateway, desk)
        self._talk = Talk(gateway, desk)
        icons = TopicIcons(gateway)
        self._topics = TicketTopics(gateway, desk, icons)
        self._private_topics = PrivateTopics(gateway, desk, icons)
        topics = self._topics, self._private_topics
        kit = Kit(gateway, desk, self._progress, *topics, thread=self._thread)
        self._cards, self._floods = CardMessages(kit), FloodMessages(kit)
        copies, changes, notices = CopyMessages(kit, files), Changes(kit), NoticeMessages(kit)
        edited, boards = EditedCopies(kit, copies), BoardMessages(kit)
        reports = ReportMessages(kit, texts)
        self._operations: Mapping[str, Operation] = {
            "text": notices.send,
            "content": copies.send,
            "edit": edited.edit,
            "delete": edited.delete,
            "card": self._cards.send,
            FLOOD: self._floods.send,
            BOARD: boards.send,
            REPORT: reports.send,
            "reaction": changes.react,
            "signpost": changes.leave_pointer,
            "pin": changes.pin,
            "alert": changes.redraw_alert,
            "remove": changes.remove,
            TOPIC_LOOK: changes.refresh_topic,
            UNASK: changes.unask,
        }
        # what makes new messages, and so can be doubled
        self._plans: Mapping[str, Plan] = {
            "text": notices.plan,
            "content": copies.plan,
            "edit": edited.plan,
            "card": self._cards.plan,
            FLOOD: self._floods.plan,
            BOARD: boards.plan,
            REPORT: reports.plan,
        }

    async def recall(self) -> None:
        """Note the messages that are in the chats already: none of them is a lost delivery. In a
        chat in which little is said they are older than what is read here; of it, and of what no
        row tells, the process before has noted the newest. The counter of private chats is each
        bot's own: what was noted of it may be another bot's, and is never silent for long.
        """
        for context in await self._desk.read(find_probe_contexts):
            newest = dict(context.get(PROBE_CONTEXT, {}))
            newest.pop(SHARED, None)
            self._gateway.known_ids.note_newest(newest)
        self._note(await self._desk.read(find_standing, TELEGRAM))
        await self._talk.recall()

    def _note(self, standing: Iterable[MessageRef]) -> None:
        for ref in standing:
            self._gateway.known_ids.note(int(ref.chat), int(ref.message))

    def probe_context(self) -> dict[str, Any]:
        """The newest message id known of every counter: a lost message has a higher one."""
        return {PROBE_CONTEXT: self._gateway.known_ids.newest_ids()}

    async def read_ahead(self, tx: ReadTx, delivery: Delivery) -> object:
        """The words of a copy; what is drawn is drawn as it is when it leaves."""
        return await find_words(tx, delivery) if delivery.kind == "content" else None

    # ---------------------------------------------------------------- sending

    async def send(self, delivery: Delivery) -> Sent:
        """Make the calls of a delivery. Raises `SendError`."""
        operation = self._operations.get(delivery.kind)
        if operation is None:
            raise SendError("unsupported", delivery.kind, permanent=True)
        with self._gateway.at(self._priority(delivery)):
            try:
                return await self._mending(operation, delivery)
            except Refused as refused:
                raise SendError("bad_request", refused.detail, permanent=True) from refused
            except TextError as error:
                raise SendError("bad_request", str(error), permanent=True) from error

    async def _mending(self, operation: Operation, delivery: Delivery) -> Sent:
        """Make the calls; again, where a topic was deleted, closed, or is none any more."""
        for _ in range(MENDED):
            try:
                return await operation(delivery, self._renderer_for(delivery))
            except Refused as refused:
                topics = self._topics if delivery.person_id is None else self._private_topics
                if not await topics.mend(delivery, refused.refusal):
                    raise
                delivery = replace(delivery, found=None)  # that took a while
        return await operation(delivery, self._renderer_for(delivery))

    async def _thread(self, delivery: Delivery, renderer: Renderer) -> int | None:
        """The topic in which the delivery is to stand, if it is one's at all."""
        if delivery.person_id is not None:
            if self._desk.cache.get(PrivateTopicsUsed) is False and "thread" not in delivery.facts:
                return None  # as in most companies
            return await self._private_topics.thread_for(delivery, renderer)
        forums = self._desk.cache.get(ForumChats)
        here = Address(delivery.channel, delivery.address)
        if forums is not None and here not in forums:  # as in most companies
            return None
        return await self._topics.thread_for(delivery, renderer)

    def _renderer_for(self, delivery: Delivery) -> Renderer:
        own = delivery.facts.get(READERS_ZONE)
        zone = self._desk.company.zone if own is None else ZoneInfo(own)
        return Renderer(self._texts, delivery.locale, self._desk.clock(), zone)

    def _priority(self, delivery: Delivery) -> Priority:
        waited = (self._desk.clock() - delivery.created_at).total_seconds()
        return aged(Priority(delivery.priority), waited)

    # ---------------------------------------------------------------- lost answers

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        """What was sent of a delivery whose response was lost; the rest is sent now."""
        plan = self._plans.get(delivery.kind)
        if plan is None:
            return None
        with self._gateway.at(self._priority(delivery)):
            begun = self._progress.begun(delivery.id)
            renderer, lowest = self._renderer_for(delivery), await self._lowest(delivery)
            unread = await self._talk.unread(delivery)
            if begun is None and await self._is_topic_lost(delivery, lowest, unread):
                return None
            steps = begun.steps if begun else await plan(delivery, renderer)
            if not steps:
                return None
            noted = await self._noted(delivery, renderer, begun)
            found = await self._progress.look_for(delivery, steps, lowest, unread)
        if found is None:
            return None
        sent = sent_of(delivery, found)
        return replace(sent, note={**sent.note, **noted})

    async def _noted(
        self, delivery: Delivery, renderer: Renderer, begun: Progress | None
    ) -> Mapping[str, Any]:
        """What is kept of it beside where it stands. Read before the search: what that has found
        is known from then on, and would not be found again.
        """
        if delivery.kind == FLOOD:
            return await self._floods.noted(delivery, renderer)
        if delivery.kind == "card" and not begun:
            return await self._cards.noted(delivery)
        return {}

    async def _is_topic_lost(self, delivery: Delivery, lowest: int, unread: int) -> bool:
        if delivery.person_id is None:
            return await self._topics.find_lost(delivery, lowest, unread)
        return await self._private_topics.find_lost(delivery)

    async def _lowest(self, delivery: Delivery) -> int:
        """The id at which a search begins; near the newest when none was known then. What is known
        to stand there is not looked at.
        """
        noted = delivery.probe_context.get(PROBE_CONTEXT, {}).get(counter_of(delivery.address), 0)
        if noted:
            return int(noted)
        self._note(await self._desk.read(find_standing, TELEGRAM, delivery.address))
        return max(0, self._gateway.known_ids.newest(delivery.address) - BEHIND)

    async def close(self) -> None:
        """The bot's session belongs to whoever made it."""
