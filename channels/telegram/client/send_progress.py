"""Makes the calls of one delivery in order, each once: resumes after a failure, and searches for
the messages of a call whose response was lost (R6).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aiogram.methods import TelegramMethod
from aiogram.types import Message

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.delivery_probe import DeliveryProbe, without_markup
from channels.telegram.client.gateway import Gateway
from channels.telegram.client.session import Made
from channels.telegram.screens.screen import Screen
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.probe_contexts import STOPPED, note_stopped
from core.desk import Desk

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """One call, and the ids of the stored messages that it sends, in order."""

    method: TelegramMethod[Any]
    carries: tuple[int, ...] = ()


@dataclass(slots=True)
class Progress:
    """How far a delivery has come: the ids of what was sent, and the stored messages they are.

    ``nothing``: where the search for what its try number ``searched`` has sent has found nothing.
    """

    steps: Sequence[Step]
    done: int = 0
    message_refs: list[int] = field(default_factory=list)
    carried: list[int] = field(default_factory=list)
    nothing: set[int] = field(default_factory=set)
    searched: int = 0

    def advance(self, step: Step, message_refs: Sequence[int]) -> None:
        """Count the step as done."""
        self.done += 1
        self.message_refs += message_refs
        own = step.carries
        self.carried += own if len(own) == len(message_refs) else [*own[:1]] * len(message_refs)


class SendProgressStore:
    """Makes the calls of deliveries.

    A delivery that stopped half-way goes on where it stopped: with the very calls it began with as
    long as this process lives, and in the next one by what is noted with it.
    """

    def __init__(self, gateway: Gateway, desk: Desk) -> None:
        self._gateway = gateway
        self._desk = desk
        self._prober = DeliveryProbe(gateway)
        self._begun: dict[int, Progress] = {}

    def begun(self, delivery_id: int) -> Progress | None:
        """How far this delivery had come when it stopped."""
        return self._begun.get(delivery_id)

    async def make(self, delivery: Delivery, steps: Sequence[Step]) -> Progress:
        """Make the calls that are left. Raises `Refused` for the first one, and `SendError`."""
        progress = self._resume(delivery, steps)
        try:
            for step in progress.steps[progress.done :]:
                result = await self._call(step.method, first=progress.done == 0)
                progress.advance(step, _refs(result))
        except SendError as error:
            if error.uncertain or (progress.done and not error.permanent):
                await self._keep(delivery, progress)
            raise
        except Exception:  # a mistake of our own: what stands is known, and would not be found
            if progress.done:
                await self._keep(delivery, progress)
            raise
        return progress

    async def look_for(
        self, delivery: Delivery, steps: Sequence[Step], lowest: int, unread: int
    ) -> Progress | None:
        """Find what arrived after a lost response, and make the other calls; ``None``: nothing.

        All ids are above ``lowest``; of ``unread`` messages beside these nobody has told us yet.
        """
        progress = self._begun[delivery.id] = self._resume(delivery, steps)
        if progress.searched != delivery.attempts:
            progress.searched = delivery.attempts
            progress.nothing.clear()
        try:
            await self._catch_up(progress, int(delivery.address), lowest, unread)
        except SendError as error:
            if error.permanent:
                del self._begun[delivery.id]
            raise
        if not progress.done:
            del self._begun[delivery.id]
            return None
        return await self.make(delivery, progress.steps)

    def _resume(self, delivery: Delivery, steps: Sequence[Step]) -> Progress:
        begun, came = self._begun.pop(delivery.id, None), delivery.facts.get(STOPPED)
        if begun is not None or came is None:
            return begun or Progress(steps)
        return Progress(steps, came["done"], [*came["refs"]], [*came["carried"]])

    async def _keep(self, delivery: Delivery, progress: Progress) -> None:
        self._begun[delivery.id] = progress
        await self._note(delivery, progress)

    async def _note(self, delivery: Delivery, progress: Progress) -> None:
        """Store it for the next process, whose calls may differ, but come in the same order."""
        if not progress.done:
            return
        came = {"done": progress.done, "refs": progress.message_refs, "carried": progress.carried}
        try:
            await self._desk.run(note_stopped, delivery.id, came)
        except Exception as error:  # noqa: BLE001 the cause of the failure must be told all the same
            log.warning("how far a delivery came is known to this process only: %s", error)

    async def _catch_up(self, progress: Progress, chat: int, lowest: int, unread: int) -> None:
        for step in progress.steps[progress.done :]:
            behind = max([lowest, *progress.message_refs])
            nothing = progress.nothing
            found = await self._prober.find(step.method, chat, behind, unread, nothing)
            if found is None:
                return
            progress.advance(step, found)

    async def _call(self, method: TelegramMethod[Any], *, first: bool) -> Any:
        try:
            return await self._gateway.call(method)
        except Refused as refused:
            plain = without_markup(method) if refused.refusal is ApiRefusal.UNREADABLE else None
            if plain is not None:
                return await self._call(plain, first=first)
            if first:
                raise
            raise SendError("bad_request", refused.detail, permanent=True) from refused


def _refs(result: object) -> list[int]:
    made = result if isinstance(result, list) else [result]
    return [message.message_id for message in made if isinstance(message, Message | Made)]


def sent_of(delivery: Delivery, made: Progress) -> Sent:
    """What the courier is told of a delivery that was sent."""
    note: dict[str, Any] = {"chat": int(delivery.address)}
    if delivery.kind in {"content", "edit"}:
        note["messages"] = made.carried
    if delivery.kind == "card":
        # what was sent, which may be older than what would be sent now
        call: Any = made.steps[0].method
        note["digest"] = Screen(call.text, call.reply_markup).digest
        note["thread"] = None if call.message_thread_id is None else str(call.message_thread_id)
    return Sent(tuple(map(str, made.message_refs)), note)
