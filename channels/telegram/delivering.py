"""Calls of one parcel, one after the other, each made once: resumed after a failure, and looked
for when the answer was lost (R6).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiogram.methods import EditMessageReplyMarkup, TelegramMethod
from aiogram.types import Message

from channels.telegram.failures import Refused, Setback
from channels.telegram.gateway import Gateway, count_of
from channels.telegram.screens import plain_of
from channels.telegram.sightings import SHARED, counter_of
from core.delivery.channel import SendError

# How far beyond the newest id known a lost message may stand.
AHEAD: Final = 60
# In a chat with a counter of its own, so many empty places in a row are the end of the chat.
END: Final = 8


@dataclass(frozen=True, slots=True)
class Step:
    """One call and the desk's messages that it carries, in the order of what it makes."""

    method: TelegramMethod[Any]
    carries: tuple[int, ...] = ()


@dataclass(slots=True)
class Progress:
    """How far a parcel has come: what stands there, and which message of the desk's it is."""

    steps: Sequence[Step]
    done: int = 0
    refs: list[int] = field(default_factory=list)
    carried: list[int] = field(default_factory=list)

    @property
    def rest(self) -> Sequence[Step]:
        """What has not been done yet."""
        return self.steps[self.done :]

    def advance(self, step: Step, refs: Sequence[int]) -> None:
        """This step is done."""
        self.done += 1
        self.refs += refs
        own = step.carries
        self.carried += own if len(own) == len(refs) else [*own[:1]] * len(refs)


class Deliveries:
    """Makes the calls of parcels.

    A parcel that stopped half-way goes on where it stopped, with the very calls it began with, as
    long as this process lives.
    """

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._begun: dict[int, Progress] = {}

    def begun(self, parcel_id: int) -> Progress | None:
        """How far this parcel had come when it stopped."""
        return self._begun.get(parcel_id)

    async def make(self, parcel_id: int, steps: Sequence[Step]) -> Progress:
        """Make the calls that are left. Raises `Refused` for the first one, and `SendError`."""
        progress = self._begun.pop(parcel_id, None) or Progress(steps)
        try:
            for step in progress.rest:
                result = await self._call(step.method, first=progress.done == 0)
                progress.advance(step, _refs(result))
        except SendError as error:
            if error.uncertain or (progress.done and not error.permanent):
                self._begun[parcel_id] = progress
            raise
        return progress

    async def look_for(
        self, parcel_id: int, chat: int, steps: Sequence[Step], lowest: int
    ) -> Progress | None:
        """After a lost answer: what stands there, completed; ``None`` when nothing of it does.

        The probe is an edit that changes nothing: Telegram says «not modified» only of a message
        that stands there, is ours and has these buttons.
        """
        progress = self._begun.pop(parcel_id, None) or Progress(steps)
        self._begun[parcel_id] = progress
        try:
            await self._catch_up(progress, chat, lowest)
        except SendError as error:
            if error.permanent:
                del self._begun[parcel_id]
            raise
        if not progress.done:
            del self._begun[parcel_id]
            return None
        return await self.make(parcel_id, progress.steps)

    async def _catch_up(self, progress: Progress, chat: int, lowest: int) -> None:
        while progress.rest:
            step = progress.rest[0]
            found = await self._find(step, chat, max([lowest, *progress.refs]))
            if found is None:
                return
            progress.advance(step, found)

    async def _find(self, step: Step, chat: int, lowest: int) -> list[int] | None:
        """Where the messages of one call stand, if all of them do."""
        wanted, sightings = count_of(step.method), self._gateway.sightings
        keyboard = getattr(step.method, "reply_markup", None)
        newest, empty = max(sightings.newest(chat), lowest), 0
        hits: list[int] = []
        for ref in range(lowest + 1, newest + AHEAD + 1):
            if sightings.is_known(chat, ref):
                continue
            stands = await self._stands(chat, ref, keyboard)
            empty = 0 if stands is not None or ref <= newest else empty + 1
            if stands:
                hits.append(ref)
            if len(hits) == wanted or (empty >= END and counter_of(chat) != SHARED):
                break
        if len(hits) < wanted:
            return None
        for ref in hits:
            sightings.note(chat, ref)
        return hits

    async def _stands(self, chat: int, ref: int, keyboard: Any) -> bool | None:
        """Whether a message of ours with these buttons is there; ``None``: nothing of ours."""
        try:
            with self._gateway.probing():
                await self._gateway.call(
                    EditMessageReplyMarkup(chat_id=chat, message_id=ref, reply_markup=keyboard)
                )
        except Refused as refused:
            return True if refused.setback is Setback.UNCHANGED else None
        return False

    async def _call(self, method: TelegramMethod[Any], *, first: bool) -> Any:
        try:
            return await self._gateway.call(method)
        except Refused as refused:
            plainer = _plainer(method) if refused.setback is Setback.UNREADABLE else None
            if plainer is not None:
                return await self._call(plainer, first=first)
            if first:
                raise
            raise SendError("bad_request", refused.detail, permanent=True) from refused


def _plainer(method: TelegramMethod[Any]) -> TelegramMethod[Any] | None:
    """The same words without markup, if there was any (R12)."""
    fields = type(method).model_fields
    update: dict[str, Any] = {
        name: None
        for name in ("entities", "caption_entities")
        if name in fields and getattr(method, name)
    }
    if getattr(method, "parse_mode", None) == "HTML":
        update["parse_mode"] = None
        text = "text" if getattr(method, "text", None) else "caption"
        update[text] = plain_of(getattr(method, text))
    return method.model_copy(update=update) if update else None


def _refs(result: object) -> list[int]:
    made = result if isinstance(result, list) else [result]
    return [message.message_id for message in made if isinstance(message, Message)]
