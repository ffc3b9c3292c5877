"""The way into Telegram's chats, as the courier knows it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiogram.methods import (
    DeleteMessage,
    EditMessageText,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.types import (
    ReactionTypeEmoji,
    ReactionTypeUnion,
)

from channels.telegram import sentences
from channels.telegram.cards import draw
from channels.telegram.contents import edits
from channels.telegram.delivering import Deliveries, Step
from channels.telegram.failures import Refused, Setback
from channels.telegram.gateway import Gateway
from channels.telegram.loading import Load, customer_header, load
from channels.telegram.posting import answered, dumped, loaded, post, sent_of
from channels.telegram.screens import Screen
from channels.telegram.sightings import counter_of
from channels.telegram.voice import Voice
from core.delivery.channel import READERS_ZONE, Outgoing, SendError, Sent
from core.delivery.marks import add_to_mark, find_marks, find_standing, mark_of
from core.delivery.pacing import Priority, aged
from core.desk import Desk
from core.texts import TextError, Texts
from core.tickets.card import Card, card_of, words_of
from core.tickets.receipts import copies_of

Operation = Callable[[Outgoing, Voice], Awaitable[Sent]]
Plan = Callable[[Outgoing, Voice], Awaitable[Sequence[Step]]]

MARK: Final = "newest"
# Where nothing was noted, a lost message is looked for so far before the newest id known.
BEHIND: Final = 120
# What a card looked like when it was posted: when it is looked for, the ticket may have changed.
POSTED: Final = "posted"
# It stands there no more, or never did: what was wanted of it is done.
_NOTHING_TO_DO: Final = frozenset({Setback.GONE, Setback.FOREIGN, Setback.UNCHANGED})


class TelegramChannel:
    """Renders parcels and makes Telegram's calls. See `core.delivery.channel.Channel`."""

    name = "telegram"

    def __init__(self, gateway: Gateway, desk: Desk, texts: Texts) -> None:
        self._gateway = gateway
        self._desk = desk
        self._texts = texts
        self._deliveries = Deliveries(gateway, desk)
        self._operations: dict[str, Operation] = {
            "text": self._text,
            "content": self._content,
            "card": self._card,
            "edit": self._edit,
            "delete": self._delete,
            "reaction": self._reaction,
            "signpost": self._signpost,
        }
        # what makes new messages, and so can be doubled
        self._plans: dict[str, Plan] = {
            "text": self._plan_posted_text,
            "content": self._plan_content,
            "card": self._plan_card,
            "edit": self._plan_edit,
        }

    async def recall(self) -> None:
        """Account for what stands in the chats already: none of it is a parcel that was lost."""
        for chat, ref in await self._desk.read(find_standing):
            self._gateway.sightings.note(chat, ref)

    def mark(self) -> dict[str, Any]:
        """The newest message known of every counter: what was lost stands after it."""
        return {MARK: self._gateway.sightings.marks()}

    async def send(self, parcel: Outgoing) -> Sent:
        """Do what the parcel says, or raise `SendError`."""
        operation = self._operations.get(parcel.kind)
        if operation is None:
            raise SendError("unsupported", parcel.kind, permanent=True)
        with self._gateway.at(self._priority(parcel)):
            try:
                return await operation(parcel, self._voice(parcel))
            except Refused as refused:
                raise SendError("bad_request", refused.detail, permanent=True) from refused
            except TextError as error:
                raise SendError("bad_request", str(error), permanent=True) from error

    async def was_delivered(self, parcel: Outgoing) -> Sent | None:
        """What stands there of a parcel whose answer was lost; what is missing of it is added."""
        plan = self._plans.get(parcel.kind)
        if plan is None:
            return None
        with self._gateway.at(self._priority(parcel)):
            begun = self._deliveries.begun(parcel.id)
            voice = self._voice(parcel)
            steps = begun.steps if begun else await plan(parcel, voice)
            lowest = await self._lowest(parcel)
            if not steps:
                return None
            found = await self._deliveries.look_for(parcel, steps, lowest)
        if found is None:
            return None
        sent = sent_of(parcel, found)
        if parcel.kind == "card" and not begun:
            posted = (await self._desk.read(mark_of, parcel.id))[POSTED]
            sent = replace(sent, note={**sent.note, "digest": posted["digest"]})
        return sent

    async def close(self) -> None:
        """The bot's session belongs to whoever made it."""

    def _voice(self, parcel: Outgoing) -> Voice:
        own = parcel.facts.get(READERS_ZONE)
        zone = self._desk.company.zone if own is None else ZoneInfo(own)
        return Voice(self._texts, parcel.locale, self._desk.clock(), zone)

    def _priority(self, parcel: Outgoing) -> Priority:
        waited = (self._desk.clock() - parcel.created_at).total_seconds()
        return aged(Priority(parcel.priority), waited)

    async def _lowest(self, parcel: Outgoing) -> int:
        """Where to begin to look; near the newest when nothing was known then."""
        counter = counter_of(parcel.address)
        noted = parcel.mark.get(MARK, {}).get(counter, 0)
        if noted:
            return int(noted)
        marks = await self._desk.read(find_marks, parcel.id)
        earlier = max((int(mark.get(MARK, {}).get(counter, 0)) for mark in marks), default=0)
        return max(earlier, self._gateway.sightings.newest(parcel.address) - BEHIND)

    # text

    async def _text(self, parcel: Outgoing, voice: Voice) -> Sent:
        steps = await self._plan_text(parcel, voice)
        if sentences.shows_card(parcel.key or "") and self._deliveries.begun(parcel.id) is None:
            call: Any = steps[0].method
            posted = {"keyboard": dumped(call.reply_markup)}
            await self._desk.run(add_to_mark, parcel.id, {POSTED: posted})
        return sent_of(parcel, await self._deliveries.make(parcel, steps))

    async def _plan_posted_text(self, parcel: Outgoing, voice: Voice) -> Sequence[Step]:
        """The notice with the buttons that it was sent with; nothing if it was not sent."""
        steps = await self._plan_text(parcel, voice)
        if not sentences.shows_card(parcel.key or ""):
            return steps
        posted = (await self._desk.read(mark_of, parcel.id)).get(POSTED)
        if posted is None:
            return ()
        keyboard = loaded(posted["keyboard"])
        return [Step(steps[0].method.model_copy(update={"reply_markup": keyboard}))]

    async def _plan_text(self, parcel: Outgoing, voice: Voice) -> Sequence[Step]:
        card = await self._card_of(parcel)
        screen = sentences.say(voice, parcel.key or "", parcel.facts, card)
        return [Step(post(int(parcel.address), screen, answered(parcel, card)))]

    async def _card_of(self, parcel: Outgoing) -> Card | None:
        if parcel.ticket_id is None:
            return None
        return await self._desk.read(card_of, parcel.ticket_id)

    # content

    async def _content(self, parcel: Outgoing, voice: Voice) -> Sent:
        carried = await load(self._desk, parcel, voice)
        if carried is None:
            return Sent()
        chat = int(parcel.address)
        try:
            made = await self._deliveries.make(parcel, carried.steps(chat))
        except Refused as refused:
            if refused.setback is not Setback.REPLY_LOST:
                raise
            made = await self._deliveries.make(parcel, carried.steps_without_reply(chat))
        return sent_of(parcel, made)

    async def _plan_content(self, parcel: Outgoing, voice: Voice) -> Sequence[Step]:
        carried: Load | None = await load(self._desk, parcel, voice)
        return () if carried is None else carried.steps(int(parcel.address))

    # card

    async def _draw(self, parcel: Outgoing, voice: Voice) -> tuple[Card, Screen]:
        card = await self._card_of(parcel)
        if card is None:
            raise SendError("bad_request", "no such ticket", permanent=True)
        return card, draw(card, voice)

    async def _card(self, parcel: Outgoing, voice: Voice) -> Sent:
        """Show the ticket as it is now, where its card stands; anew if it stands nowhere."""
        card, screen = await self._draw(parcel, voice)
        place = card.message if str(card.chat) == parcel.address else None
        if place is not None and self._deliveries.begun(parcel.id) is None:
            if card.digest == screen.digest:
                return Sent(note={"digest": screen.digest})
            if await self._redraw(int(parcel.address), place, screen):
                return Sent(note={"digest": screen.digest})
        steps = [Step(post(int(parcel.address), screen, None))]
        if self._deliveries.begun(parcel.id) is None:
            posted = {"keyboard": dumped(screen.keyboard), "digest": screen.digest}
            await self._desk.run(add_to_mark, parcel.id, {POSTED: posted})
        return sent_of(parcel, await self._deliveries.make(parcel, steps))

    async def _plan_card(self, parcel: Outgoing, voice: Voice) -> Sequence[Step]:
        """The card with the buttons that it was posted with; nothing if it was not posted."""
        posted = (await self._desk.read(mark_of, parcel.id)).get(POSTED)
        if posted is None:
            return ()
        _, screen = await self._draw(parcel, voice)
        screen = replace(screen, keyboard=loaded(posted["keyboard"]))
        return [Step(post(int(parcel.address), screen, None))]

    async def _redraw(self, chat: int, ref: int, screen: Screen) -> bool:
        """Edit a card. False if somebody has deleted it."""
        edit = EditMessageText(
            chat_id=chat,
            message_id=ref,
            text=screen.html,
            parse_mode="HTML",
            reply_markup=screen.keyboard,
        )
        try:
            await self._gateway.call(edit)
        except Refused as refused:
            if refused.setback is Setback.UNREADABLE:
                plain = {"text": screen.plain, "parse_mode": None}
                await self._gateway.call(edit.model_copy(update=plain))
            elif refused.setback in {Setback.GONE, Setback.FOREIGN}:
                return False
            elif refused.setback is not Setback.UNCHANGED:
                raise
        return True

    # changes of what stands there

    async def _signpost(self, parcel: Outgoing, voice: Voice) -> Sent:
        """The card here is none any more: it shows where its ticket went."""
        screen = sentences.say(voice, parcel.key or "", parcel.facts, None)
        await self._redraw(int(parcel.address), int(parcel.facts["ref"]), screen)
        return Sent()

    async def _edit(self, parcel: Outgoing, voice: Voice) -> Sent:
        """The copies follow. Operators to whose group the ticket came later read the words anew."""
        chat, message = int(parcel.address), parcel.message_id or 0
        words = await self._desk.read(words_of, message)
        refs = await self._desk.read(copies_of, message, chat)
        if not words or words[0].withdrawn:
            return Sent()
        if not refs:
            return await self._content(parcel, voice) if parcel.person_id is None else Sent()
        prefix = await customer_header(self._desk, parcel, voice)
        changes = edits(words[0].content, chat, refs, prefix=prefix)
        for change in changes:
            await self._change(change)
        for ref in refs[len(changes) :]:
            await self._change(DeleteMessage(chat_id=chat, message_id=ref))
        return Sent()

    async def _plan_edit(self, parcel: Outgoing, voice: Voice) -> Sequence[Step]:
        """An edit of what stands there makes nothing new."""
        chat, message = int(parcel.address), parcel.message_id or 0
        refs = await self._desk.read(copies_of, message, chat)
        if refs or parcel.person_id is not None:
            return ()
        return await self._plan_content(parcel, voice)

    async def _delete(self, parcel: Outgoing, voice: Voice) -> Sent:  # noqa: ARG002 (says nothing)
        chat = int(parcel.address)
        for message in parcel.facts.get("messages") or [parcel.message_id or 0]:
            for ref in await self._desk.read(copies_of, message, chat):
                await self._change(DeleteMessage(chat_id=chat, message_id=ref))
        return Sent()

    async def _reaction(self, parcel: Outgoing, voice: Voice) -> Sent:  # noqa: ARG002 (says nothing)
        emoji, ref = parcel.facts.get("emoji"), parcel.facts.get("reply")
        if isinstance(ref, int):
            reaction: list[ReactionTypeUnion] = [ReactionTypeEmoji(emoji=emoji)] if emoji else []
            await self._change(
                SetMessageReaction(chat_id=int(parcel.address), message_id=ref, reaction=reaction)
            )
        return Sent()

    async def _change(self, method: TelegramMethod[Any]) -> None:
        try:
            await self._gateway.call(method)
        except Refused as refused:
            if refused.setback not in _NOTHING_TO_DO:
                raise
