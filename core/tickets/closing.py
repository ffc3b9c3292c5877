"""Closes what was resolved long enough ago, and says once a day what was closed (B15).

The setting counts when a ticket would be closed: while it is off, nothing closes. What a downtime
or a setting has passed over is found by the resolution's own time. Operators note why a ticket
ended, how long the work on it took, and which article helped (B20).
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from core.errors import NothingToDo, Refusal, Unreadable
from core.events import EndingDescribed, TicketsClosed
from core.models import Resolution, SystemState, Ticket, Timer
from core.sla.answer_clock import RATING, set_timers
from core.tickets.catalog import workflow_of
from core.tickets.customer_message import ask_for_answer
from core.tickets.lifecycle import access, enter
from core.tickets.ratings import was_unclear
from core.tickets.resolutions import find_reason, newest_of
from core.tickets.workflow import RESOLVED
from core.tx import Tx

BATCH: Final = 200
EXPIRE: Final = "expire"
# So many of them are named.
LISTED: Final = 12
LONGEST_SPENT: Final = timedelta(days=366)
_CLOSED: Final = "closed_by_itself"
# The hour of the company's day at which it is said.
_HOUR: Final = 9


async def expire(tx: Tx, ticket: Ticket) -> bool:
    """Close a resolved ticket, if the wait for a rating is over by what the company wants now.

    One whose customer has answered neither yes nor no, and nothing when asked, goes back to work.
    """
    wait = tx.company.rating_wait
    if wait is None or ticket.resolved_at is None:
        return False
    if ticket.resolved_at + wait > tx.now:
        await set_timers(tx, ticket.id, {RATING: ticket.resolved_at + wait})
        return False
    if (await workflow_of(tx)).move(ticket.state, EXPIRE) is None:
        return False
    if await was_unclear(tx, ticket):
        await ask_for_answer(tx, ticket)  # they have said something, and people have to read it
        return False
    await enter(tx, ticket, EXPIRE)
    await _note(tx, ticket.id)
    return True


async def set_overdue_ratings(tx: Tx) -> int:
    """Let the sweep close what was resolved long ago and has no timer, because nothing was to be
    closed then, or later. Returns how many there were.
    """
    wait = tx.company.rating_wait
    if wait is None:
        return 0
    pending = select(Timer.due_at).where(
        Timer.ticket_id == Ticket.id, Timer.kind == RATING, Timer.due_at <= tx.now
    )
    query = select(Ticket.id).where(
        Ticket.queue_rank == RESOLVED, Ticket.queue_at <= tx.now - wait, ~pending.exists()
    )
    numbers = await tx.all(query.order_by(Ticket.queue_at).limit(BATCH))
    for number in numbers:
        await set_timers(tx, number, {RATING: tx.now})
    return len(numbers)


async def _note(tx: Tx, ticket_id: int) -> None:
    """Note that the ticket was closed, for the next time that it is said."""
    noted = await tx.find(SystemState, _CLOSED, hold=True)
    if noted is None:
        noted = SystemState(name=_CLOSED, value={}, at=tx.now)
        await tx.insert(noted)
    tx.pin([noted])
    tickets = [*noted.value.get("tickets", ()), ticket_id][:LISTED]
    noted.value = {"tickets": tickets, "total": noted.value.get("total", 0) + 1}


async def tell_closed(tx: Tx) -> int:
    """Say once a day, in the morning, which tickets were closed because nobody answered. Returns
    how many; nothing is said of none.
    """
    noted = await tx.find(SystemState, _CLOSED, hold=True)
    if noted is None or not noted.value or noted.at >= _morning(tx):
        return 0
    total = int(noted.value["total"])
    numbers = tuple(sorted(noted.value["tickets"]))
    tx.emit(TicketsClosed(ticket_id=None, tickets=numbers, total=total))
    noted.value, noted.at = {}, tx.now
    await tx.write()
    return total


def _morning(tx: Tx) -> datetime:
    """Return the latest morning that has begun."""
    here = tx.now.astimezone(tx.company.zone)
    morning = here.replace(hour=_HOUR, minute=0, second=0, microsecond=0)
    return morning if morning <= here else morning - timedelta(days=1)


async def describe(
    tx: Tx,
    ticket_id: int,
    *,
    reason: str | None = None,
    spent: timedelta | None = None,
    article: str | None = None,
) -> Resolution:
    """Note why a ticket ended, by a code or a title, how long the work on it took, or which article
    helped, by its code; an empty one: none did.

    Raises :class:`Refusal` for a ticket that was not resolved or closed yet, :class:`Unreadable`
    for a reason there is not or a span that cannot be, :class:`NothingToDo` if it is so already.
    """
    await access(tx, ticket_id, "resolve")
    row = await newest_of(tx, ticket_id, hold=True)
    if row is None:
        raise Refusal("refusal.not_resolved", number=ticket_id)
    tx.pin([row])
    before = (row.reason, row.spent, row.article)
    if reason is not None:
        row.reason = (await find_reason(tx, reason)).code
    if spent is not None:
        row.spent = _seconds(spent)
    if article is not None:
        row.article = article or None
    if (row.reason, row.spent, row.article) == before:
        raise NothingToDo("refusal.ending_same", number=ticket_id)
    await tx.write()
    said = None if row.spent is None else timedelta(seconds=row.spent)
    tx.emit(
        EndingDescribed(
            ticket_id=ticket_id, at=row.at, reason=row.reason, spent=said, article=row.article
        )
    )
    return row


def _seconds(spent: timedelta) -> int:
    if not timedelta() < spent <= LONGEST_SPENT:
        raise Unreadable("refusal.spent_too_long", days=LONGEST_SPENT.days)
    return int(spent.total_seconds())
