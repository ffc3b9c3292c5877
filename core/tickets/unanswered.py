"""Asks once before somebody of us ends a ticket whose customer waits for an answer.

Who was asked about which message is noted, so that whoever wishes it again is not asked again;
a later message of the customer is asked about anew.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import select

from core.delivery.waiting_rows import is_under_way
from core.errors import Refusal
from core.models import Message, SystemState, Ticket
from core.sla.answer_clock import unanswered_since
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx
from core.words.names import clean_name

P = ParamSpec("P")
R = TypeVar("R")

_ASKED: Final = "unanswered_asked"
# So many questions are remembered; whoever was asked long ago is asked again.
_MOST: Final = 200
# Characters of the customer's words: a toast holds 200, with the rest of the sentence.
WORDS: Final = 60


class Unanswered(Refusal):
    """The ticket is not ended yet: its customer waits for an answer to ``message_id``."""

    def __init__(self, ticket_id: int, verb: str, message: Message) -> None:
        words = clean_name(message.text, WORDS)
        super().__init__(f"refusal.unanswered.{verb}", number=ticket_id, words=words)
        self.number = ticket_id
        self.message_id = message.id


async def unless_unanswered(
    tx: Tx,
    verb: str,
    action: Callable[Concatenate[Tx, int, P], Awaitable[R]],
    ticket_id: int,
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action that ends the ticket by ``verb``. Raises as `demand_answer` does."""
    await demand_answer(tx, ticket_id, verb)
    return await action(tx, ticket_id, *args, **options)


async def demand_answer(tx: Tx, ticket_id: int, verb: str) -> None:
    """Raise :class:`Unanswered` where the ticket goes on, its customer waits for an answer, and the
    actor was not asked about that message yet. ``verb``: by which it would end.
    """
    message = await find_unanswered(tx, ticket_id)
    if message is not None and [*_whom(tx, ticket_id), message.id] not in await _asked(tx):
        raise Unanswered(ticket_id, verb, message)


async def find_unanswered(tx: ReadTx, ticket_id: int) -> Message | None:
    """Return the customer's last message, where no answer to it has arrived or is on its way.

    Of a ticket that has ended nothing is owed.
    """
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None or (await workflow_of(tx)).state(ticket.state).clock == "stops":
        return None
    if await unanswered_since(tx, ticket) is None or await _is_answer_under_way(tx, ticket_id):
        return None
    return await _newest(tx, ticket_id, from_customer=True)


async def _is_answer_under_way(tx: ReadTx, ticket_id: int) -> bool:
    newest = await _newest(tx, ticket_id)
    if newest is None or newest.from_customer or newest.withdrawn_at is not None:
        return False
    return await is_under_way(tx, newest.id, "content")


async def _newest(tx: ReadTx, ticket_id: int, **which: bool) -> Message | None:
    query = select(Message).where(Message.ticket_id == ticket_id, Message.counts.is_(True))
    return await tx.first(query.filter_by(**which).order_by(Message.id.desc()).limit(1))


async def note_asked(tx: Tx, asked: Unanswered) -> None:
    """Note that the actor was asked about this message."""
    row = await tx.find(SystemState, _ASKED, hold=True)
    if row is None:
        row = SystemState(name=_ASKED, value={}, at=tx.now)
        await tx.insert(row)
    tx.pin([row])
    known = row.value.get("asked", [])
    row.value = {"asked": [*known, [*_whom(tx, asked.number), asked.message_id]][-_MOST:]}
    row.at = tx.now


async def _asked(tx: Tx) -> list[list[Any]]:
    row = await tx.find(SystemState, _ASKED)
    return [] if row is None else list(row.value.get("asked", []))


def _whom(tx: Tx, ticket_id: int) -> list[Any]:
    return [tx.actor.person_id, ticket_id]
