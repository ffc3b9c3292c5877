"""The channel through which the courier delivers to Telegram."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiogram.methods import (
    DeleteMessage,
    EditMessageReplyMarkup,
    EditMessageText,
    PinChatMessage,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.types import (
    ReactionTypeEmoji,
    ReactionTypeUnion,
)

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.gateway import REMEMBERED, Gateway, counter_of
from channels.telegram.client.send_progress import SendProgressStore, Step
from channels.telegram.messages.message_builder import edits, pieces
from channels.telegram.messages.message_parser import message_id, message_told_of
from channels.telegram.messages.payload import (
    Load,
    answered,
    dumped,
    find_words,
    load,
    loaded,
    post,
    ref_here,
    sent_of,
)
from channels.telegram.private_topics import PrivateTopics
from channels.telegram.reports import ReportMessages
from channels.telegram.screens import alerts, notices, words
from channels.telegram.screens.card import draw
from channels.telegram.screens.customer_tickets import rate_only
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import draw_board
from channels.telegram.ticket_topics import TicketTopics
from channels.telegram.topic_icons import TopicIcons
from core.addresses import TELEGRAM, Address, MessageRef
from core.delivery.alerts import alert_of
from core.delivery.card_updates import BOARD
from core.delivery.channel import READERS_ZONE, Delivery, SendError, Sent
from core.delivery.notices import UNASK
from core.delivery.outbox_store import (
    add_to_probe_context,
    find_interrupted,
    find_probe_contexts,
    probe_context_of,
)
from core.delivery.pacing import Priority, aged
from core.delivery.private_topics import TOPIC_LOOK, PrivateTopicsUsed
from core.delivery.questions import asking_of
from core.delivery.report_posts import REPORT
from core.delivery.sent_messages import FLOOD, IN_PLACE_OF, copies_of, find_standing
from core.delivery.topics import ForumChats
from core.desk import Desk
from core.files import LinkedFiles
from core.inbox import find_heard
from core.texts import TextError, Texts
from core.tickets.board import board_of, boards_of
from core.tickets.card import Card, card_of, words_of
from core.tickets.floods import Flood, flood_of
from core.tickets.ratings import can_be_rated
from core.tx import ReadTx

log = logging.getLogger(__name__)

Operation = Callable[[Delivery, Renderer], Awaitable[Sent]]
Plan = Callable[[Delivery, Renderer], Awaitable[Sequence[Step]]]

PROBE_CONTEXT: Final = "newest"
# So often a delivery is mended that is refused because of its topic.
MENDED: Final = 3
# Where nothing was noted, a lost message is looked for so far before the newest id known.
BEHIND: Final = 120
# What a card looked like when it was posted: when it is looked for, the ticket may have changed.
POSTED: Final = "posted"
# What a message is sent without, where that is what was refused.
_WITHOUT: Final = {ApiRefusal.QUOTE_LOST: "quote", ApiRefusal.REPLY_LOST: "reply"}
# The message is gone, not ours, or looks like this already: nothing is left to do.
_NOTHING_TO_DO: Final = frozenset({ApiRefusal.GONE, ApiRefusal.FOREIGN, ApiRefusal.UNCHANGED})


class TelegramChannel:
    """Renders deliveries and makes Telegram's calls. See `core.delivery.channel.Channel`."""

    name = "telegram"

    def __init__(
        self, gateway: Gateway, desk: Desk, texts: Texts, files: LinkedFiles | None = None
    ) -> None:
        self._gateway = gateway
        self._desk = desk
        self._texts = texts
        self._files = files
        self._deliveries = SendProgressStore(gateway, desk)
        icons = TopicIcons(gateway)
        self._topics = TicketTopics(gateway, desk, icons)
        self._private_topics = PrivateTopics(gateway, desk, icons)
        self._reports = ReportMessages(desk, texts)
        self._operations: dict[str, Operation] = {
            "text": self._text,
            "content": self._content,
            "card": self._card,
            "edit": self._edit,
            "delete": self._delete,
            "reaction": self._reaction,
            "signpost": self._moved_card,
            FLOOD: self._flood,
            "pin": self._pin,
            "alert": self._alert,
            "remove": self._remove,
            TOPIC_LOOK: self._topic_look,
            UNASK: self._unask,
            BOARD: self._board,
            REPORT: self._report,
        }
        # what makes new messages, and so can be doubled
        self._plans: dict[str, Plan] = {
            "text": self._plan_posted_text,
            "content": self._plan_content,
            "card": self._plan_card,
            "edit": self._plan_edit,
            FLOOD: self._plan_flood,
            BOARD: self._plan_board,
            REPORT: self._plan_report,
        }

    async def recall(self) -> None:
        """Note the messages that are in the chats already: none of them is a lost delivery."""
        for ref in await self._desk.read(find_standing, TELEGRAM):
            self._gateway.known_ids.note(int(ref.chat), int(ref.message))
        await self._recall_talk()

    async def _recall_talk(self) -> None:
        """Note what people have written since something was under way: each message that is not
        known costs a call of the search for it.
        """
        under_way = await self._desk.read(find_interrupted)
        begun = [one.created_at for one in under_way if one.channel == TELEGRAM]
        if not begun:
            return
        heard = await self._desk.read(find_heard, f"{TELEGRAM}:", min(begun), REMEMBERED)
        for chat, message in filter(None, map(message_told_of, reversed(heard))):
            self._gateway.known_ids.note(chat, message)

    def probe_context(self) -> dict[str, Any]:
        """The newest message id known of every counter: a lost message has a higher one."""
        return {PROBE_CONTEXT: self._gateway.known_ids.newest_ids()}

    async def read_ahead(self, tx: ReadTx, delivery: Delivery) -> object:
        """The words of a copy; what is drawn is drawn as it is when it leaves."""
        return await find_words(tx, delivery) if delivery.kind == "content" else None

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

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        """What was sent of a delivery whose response was lost; the rest is sent now."""
        plan = self._plans.get(delivery.kind)
        if plan is None:
            return None
        with self._gateway.at(self._priority(delivery)):
            begun = self._deliveries.begun(delivery.id)
            renderer, lowest = self._renderer_for(delivery), await self._lowest(delivery)
            if begun is None and await self._is_topic_lost(delivery, lowest):
                return None
            steps = begun.steps if begun else await plan(delivery, renderer)
            if not steps:
                return None
            found = await self._deliveries.look_for(delivery, steps, lowest)
        if found is None:
            return None
        sent = sent_of(delivery, found)
        if delivery.kind == FLOOD:
            flood, _ = await self._draw_flood(delivery, renderer)
            sent = replace(sent, note={**sent.note, "messages": [flood.id]})
        if delivery.kind == "card" and not begun:
            posted = (await self._desk.read(probe_context_of, delivery.id))[POSTED]
            sent = replace(sent, note={**sent.note, "digest": posted["digest"]})
        return sent

    async def _is_topic_lost(self, delivery: Delivery, lowest: int) -> bool:
        if delivery.person_id is None:
            return await self._topics.find_lost(delivery, lowest)
        return await self._private_topics.find_lost(delivery)

    async def close(self) -> None:
        """The bot's session belongs to whoever made it."""

    def _renderer_for(self, delivery: Delivery) -> Renderer:
        own = delivery.facts.get(READERS_ZONE)
        zone = self._desk.company.zone if own is None else ZoneInfo(own)
        return Renderer(self._texts, delivery.locale, self._desk.clock(), zone)

    def _priority(self, delivery: Delivery) -> Priority:
        waited = (self._desk.clock() - delivery.created_at).total_seconds()
        return aged(Priority(delivery.priority), waited)

    async def _lowest(self, delivery: Delivery) -> int:
        """The id at which a search begins; near the newest when none was known then."""
        counter = counter_of(delivery.address)
        noted = delivery.probe_context.get(PROBE_CONTEXT, {}).get(counter, 0)
        if noted:
            return int(noted)
        marks = await self._desk.read(find_probe_contexts, delivery.id)
        earlier = max(
            (int(probe_context.get(PROBE_CONTEXT, {}).get(counter, 0)) for probe_context in marks),
            default=0,
        )
        return max(earlier, self._gateway.known_ids.newest(delivery.address) - BEHIND)

    # text

    async def _text(self, delivery: Delivery, renderer: Renderer) -> Sent:
        if notices.is_outdated(delivery.key or "", delivery.facts, renderer.now):
            return Sent()
        if IN_PLACE_OF in delivery.facts and (edited := await self._in_place(delivery, renderer)):
            return edited
        steps = await self._plan_text(delivery, renderer)
        if notices.shows_card(delivery.key or "") and self._deliveries.begun(delivery.id) is None:
            call: Any = steps[0].method
            posted = {"keyboard": dumped(call.reply_markup)}
            await self._desk.run(add_to_probe_context, delivery.id, {POSTED: posted})
        return sent_of(delivery, await self._deliveries.make(delivery, steps))

    async def _in_place(self, delivery: Delivery, renderer: Renderer) -> Sent | None:
        """Edit the question that the notice is the answer to. ``None``: it is to be posted. Where
        the ticket has a topic of its own, the question says so.
        """
        place = ref_here(delivery, MessageRef.parse(delivery.facts[IN_PLACE_OF]))
        if place is None or self._deliveries.begun(delivery.id) is not None:
            return None
        if _is_elsewhere(delivery, await self._thread(delivery, renderer)):
            there = Screen(renderer.html("customer.filed.topic", number=delivery.ticket_id))
            await self._redraw(int(delivery.address), place, there)
            return None
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, None)
        stands = await self._redraw(int(delivery.address), place, screen)
        return Sent((str(place),), {"chat": int(delivery.address)}) if stands else None

    async def _plan_posted_text(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """The notice with the buttons that it was sent with; nothing if it was not sent."""
        steps = await self._plan_text(delivery, renderer)
        if not notices.shows_card(delivery.key or ""):
            return steps
        posted = (await self._desk.read(probe_context_of, delivery.id)).get(POSTED)
        if posted is None:
            return ()
        keyboard = loaded(posted["keyboard"])
        return [Step(steps[0].method.model_copy(update={"reply_markup": keyboard}))]

    async def _plan_text(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        thread = await self._thread_of_text(delivery, renderer)
        card = await self._card_of(delivery)
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, card)
        reply = None if _is_elsewhere(delivery, thread) else answered(delivery, card)
        return [Step(post(int(delivery.address), screen, reply, thread))]

    async def _thread_of_text(self, delivery: Delivery, renderer: Renderer) -> int | None:
        """What answers an operator's words stands where they do; all else in the ticket's topic."""
        if delivery.person_id is None and delivery.facts.get("reply") not in {None, "card"}:
            return None
        return await self._thread(delivery, renderer)

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

    async def _card_of(self, delivery: Delivery) -> Card | None:
        if delivery.ticket_id is None:
            return None
        return await self._desk.read(card_of, delivery.ticket_id)

    # content

    async def _content(self, delivery: Delivery, renderer: Renderer) -> Sent:
        thread = await self._thread(delivery, renderer)
        carried = await load(self._desk, delivery, renderer, self._files, thread)
        if carried is None:
            return Sent()
        chat, way = int(delivery.address), dict[str, bool]()
        while True:
            try:
                made = await self._deliveries.make(delivery, carried.steps(chat, thread, **way))
            except Refused as refused:
                without = _WITHOUT.get(refused.refusal)
                if without is None or without in way:
                    raise
                way[without] = False
            else:
                return sent_of(delivery, made)

    async def _plan_content(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        thread = await self._thread(delivery, renderer)
        carried: Load | None = await load(self._desk, delivery, renderer, self._files, thread)
        return () if carried is None else carried.steps(int(delivery.address), thread)

    # card

    async def _draw(self, delivery: Delivery, renderer: Renderer) -> tuple[Card, Screen]:
        card = await self._card_of(delivery)
        if card is None:
            raise SendError("bad_request", "no such ticket", permanent=True)
        return card, draw(card, renderer)

    async def _card(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the ticket's card to its present state; post a new one if there is none where it
        belongs. Its topic is drawn first: what fails then has not been posted yet.
        """
        thread = await self._thread(delivery, renderer)
        card, screen = await self._draw(delivery, renderer)
        if thread is not None:
            await self._topics.refresh(delivery, card, renderer)
        stands = card.thread == (None if thread is None else str(thread))
        place = ref_here(delivery, card.place) if stands else None
        if place is not None and self._deliveries.begun(delivery.id) is None:
            if card.digest == screen.digest:
                return Sent(note={"digest": screen.digest})
            if await self._redraw(int(delivery.address), place, screen):
                return Sent(note={"digest": screen.digest})
        steps = [Step(post(int(delivery.address), screen, None, thread))]
        if self._deliveries.begun(delivery.id) is None:
            posted = {"keyboard": dumped(screen.keyboard), "digest": screen.digest}
            await self._desk.run(add_to_probe_context, delivery.id, {POSTED: posted})
        return sent_of(delivery, await self._deliveries.make(delivery, steps))

    async def _plan_card(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """The card with the buttons that it was posted with; nothing if it was not posted."""
        posted = (await self._desk.read(probe_context_of, delivery.id)).get(POSTED)
        if posted is None:
            return ()
        thread = await self._thread(delivery, renderer)
        _, screen = await self._draw(delivery, renderer)
        screen = replace(screen, keyboard=loaded(posted["keyboard"]))
        return [Step(post(int(delivery.address), screen, None, thread))]

    async def _redraw(self, chat: int, message_ref: int, screen: Screen) -> bool:
        """Edit a message into a screen. False if somebody has deleted it."""
        edit = EditMessageText(
            chat_id=chat,
            message_id=message_ref,
            text=screen.html,
            parse_mode="HTML",
            reply_markup=screen.keyboard,
        )
        try:
            await self._gateway.call(edit)
        except Refused as refused:
            if refused.refusal is ApiRefusal.UNREADABLE:
                plain = {"text": screen.plain, "parse_mode": None}
                await self._gateway.call(edit.model_copy(update=plain))
            elif refused.refusal in {ApiRefusal.GONE, ApiRefusal.FOREIGN}:
                return False
            elif refused.refusal is not ApiRefusal.UNCHANGED:
                raise
        return True

    # flood

    async def _flood(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the post of a flood to what it is by now; post it if there is none."""
        flood, screen = await self._draw_flood(delivery, renderer)
        place = ref_here(delivery, flood.place)
        begun = self._deliveries.begun(delivery.id)
        if not begun and place and await self._redraw(int(delivery.address), place, screen):
            return Sent()
        steps = await self._plan_flood(delivery, renderer)
        sent = sent_of(delivery, await self._deliveries.make(delivery, steps))
        return replace(sent, note={**sent.note, "messages": [flood.id]})

    async def _plan_flood(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """Its button tells it from all other posts, whatever it said when it was sent."""
        _, screen = await self._draw_flood(delivery, renderer)
        thread = await self._thread(delivery, renderer)
        card = await self._card_of(delivery)
        place = None if card is None else ref_here(delivery, card.place)
        return [Step(post(int(delivery.address), screen, place, thread))]

    async def _draw_flood(self, delivery: Delivery, renderer: Renderer) -> tuple[Flood, Screen]:
        found = await self._desk.read(flood_of, delivery.message_id or 0, delivery.to)
        if found is None:
            raise SendError("bad_request", "no flood", permanent=True)
        return found, words.draw_flood(renderer, delivery.ticket_id or 0, found)

    # board

    async def _board(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Edit the chat's board to what is so by now; post it if it is not there."""
        boards = await self._desk.read(boards_of)
        if delivery.to not in boards:  # hidden meanwhile
            return Sent()
        (step,) = await self._plan_board(delivery, renderer)
        call: Any = step.method
        screen, place = Screen(call.text, call.reply_markup), boards[delivery.to]
        begun = self._deliveries.begun(delivery.id)
        if not begun and place and await self._redraw(int(delivery.address), int(place), screen):
            return Sent()
        return sent_of(delivery, await self._deliveries.make(delivery, [step]))

    async def _plan_board(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """Its buttons tell it from all other posts, whatever it said when it was sent."""
        screen = draw_board(renderer, await self._desk.read(board_of), self._desk.company.zone)
        return [Step(post(int(delivery.address), screen, None))]

    # reports

    async def _report(self, delivery: Delivery, renderer: Renderer) -> Sent:
        begun = self._deliveries.begun(delivery.id)
        steps = begun.steps if begun else await self._reports.make(delivery, renderer)
        return sent_of(delivery, await self._deliveries.make(delivery, steps))

    async def _plan_report(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:  # noqa: ARG002 (as it was)
        return await self._reports.remake(delivery)

    # changes of sent messages

    async def _moved_card(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Replace the card by a pointer to the chat that the ticket moved to."""
        screen = notices.draw(renderer, delivery.key or "", delivery.facts, None)
        await self._redraw(int(delivery.address), int(delivery.facts["ref"]), screen)
        return Sent()

    async def _alert(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Draw an alert anew: something that it told of is over."""
        standing = await self._desk.read(alert_of, int(delivery.facts["alert"]))
        if standing is not None and standing.entries:
            screen = alerts.draw(renderer, standing)
            await self._redraw(int(delivery.address), int(standing.message.message), screen)
        return Sent()

    async def _pin(self, delivery: Delivery, renderer: Renderer) -> Sent:  # noqa: ARG002 (says nothing)
        """Pin a message, quietly; where the bot may not, it stands there all the same."""
        chat, message_ref = int(delivery.address), int(delivery.facts["ref"])
        try:
            await self._change(
                PinChatMessage(chat_id=chat, message_id=message_ref, disable_notification=True)
            )
        except SendError as error:
            if not error.configuration:
                raise
            log.warning("a message was not pinned: %s", error)
        return Sent()

    async def _remove(self, delivery: Delivery, renderer: Renderer) -> Sent:  # noqa: ARG002 (says nothing)
        """Remove messages that one person had asked for."""
        for number in delivery.facts["refs"]:
            await self._change(DeleteMessage(chat_id=int(delivery.address), message_id=number))
        return Sent()

    async def _topic_look(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Show on the ticket's topic in its customer's chat that it has ended, or goes on."""
        await self._private_topics.refresh(delivery, renderer)
        return Sent()

    async def _unask(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Take the buttons off a question that was answered, or has none any more."""
        number, chat = delivery.ticket_id or 0, int(delivery.address)
        asking = await self._desk.read(asking_of, number, delivery.to)
        rated = bool(asking) and await self._desk.read(can_be_rated, number)
        keyboard = rate_only(renderer, number) if rated else None
        for message in asking:
            edit = EditMessageReplyMarkup(
                chat_id=chat, message_id=int(message), reply_markup=keyboard
            )
            await self._change(edit)
        return Sent()

    async def _edit(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """The copies follow. Operators to whose group the ticket came later read the words anew."""
        chat, message = int(delivery.address), delivery.message_id or 0
        said = await self._desk.read(words_of, message)
        message_refs = await self._copies_of(message, chat)
        if not said or said[0].withdrawn:
            return Sent()
        if not message_refs:
            return await self._content(delivery, renderer) if delivery.person_id is None else Sent()
        thread = await self._private_topics.standing(delivery)
        carried = await load(self._desk, delivery, renderer, self._files, thread)
        prefix = None if carried is None else carried.prefix
        for change in edits(said[0].content, chat, message_refs, prefix=prefix):
            await self._change(change)
        # a piece that nobody can edit has no call, and stays all the same
        for message_ref in message_refs[len(pieces(said[0].content, prefix)) :]:
            await self._change(DeleteMessage(chat_id=chat, message_id=message_ref))
        return Sent()

    async def _plan_edit(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """An edit of sent messages makes no new ones."""
        chat, message = int(delivery.address), delivery.message_id or 0
        message_refs = await self._copies_of(message, chat)
        if message_refs or delivery.person_id is not None:
            return ()
        return await self._plan_content(delivery, renderer)

    async def _copies_of(self, message: int, chat: int) -> list[int]:
        found = await self._desk.read(copies_of, message, Address(TELEGRAM, str(chat)))
        return [int(ref) for ref in found]

    async def _delete(self, delivery: Delivery, renderer: Renderer) -> Sent:  # noqa: ARG002 (says nothing)
        chat = int(delivery.address)
        for message in delivery.facts.get("messages") or [delivery.message_id or 0]:
            for message_ref in await self._copies_of(message, chat):
                await self._change(DeleteMessage(chat_id=chat, message_id=message_ref))
        return Sent()

    async def _reaction(self, delivery: Delivery, renderer: Renderer) -> Sent:  # noqa: ARG002 (says nothing)
        emoji, message_ref = delivery.facts.get("emoji"), message_id(delivery.facts.get("reply"))
        if message_ref is not None:
            reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)] if emoji else []
            await self._change(
                SetMessageReaction(
                    chat_id=int(delivery.address), message_id=message_ref, reaction=reaction
                )
            )
        return Sent()

    async def _change(self, method: TelegramMethod[Any]) -> None:
        try:
            await self._gateway.call(method)
        except Refused as refused:
            if refused.refusal not in _NOTHING_TO_DO:
                raise


def _is_elsewhere(delivery: Delivery, thread: int | None) -> bool:
    """Whether the delivery stands in another topic of a customer's chat than what it answers."""
    if delivery.person_id is None or thread is None:
        return False
    return delivery.facts.get("thread") != str(thread)
