"""When a ticket is late (C3, C5): a deadline of ours has passed, the answer's or an agreement's.

Whoever needs us stands in the queue at the nearest of these deadlines (`queue_order`), within a
minute of it. So the place alone says of all but those of this minute who is late and who is not.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, func, literal_column, not_, or_, select

from core.db import asked_of_each
from core.models import Clock, Ticket
from core.tickets.workflow import NEEDS_ANSWER
from core.tx import ReadTx

BEHIND: Final = timedelta(minutes=1)
"""How far behind its deadline, or before it, a priority may put a ticket in the queue."""
_RUNS: Final = (Clock.ticket_id == Ticket.id, Clock.ended_at.is_(None))
_RUNNING: Final[Any] = select(literal_column("1")).where(*_RUNS)
# The nearest deadline of a ticket's agreement; none while the clock is paused.
AGREED_DUE: Final = select(func.min(Clock.due_at)).where(*_RUNS).scalar_subquery()


def late(tx: ReadTx) -> Any:
    """Build the condition that a ticket that needs us is late. Its place is asked first: the rest
    is looked up for those of this minute alone.
    """
    return or_(Ticket.queue_at <= tx.now - BEHIND, *_passed(tx))


def in_time(tx: ReadTx) -> Any:
    """Build the condition that a ticket that needs us is not late."""
    answered, agreed = _passed(tx)
    answer = or_(Ticket.answer_due.is_(None), not_(answered))
    return and_(Ticket.queue_at > tx.now - BEHIND, answer, not_(agreed))


def _passed(tx: ReadTx) -> Sequence[Any]:
    return Ticket.answer_due <= tx.now, asked_of_each(_RUNNING.where(Clock.due_at <= tx.now))


def soon_due(tx: ReadTx) -> Sequence[Any]:
    """Return the conditions that a ticket stands where the queue is late, or is at once."""
    return [Ticket.queue_rank == NEEDS_ANSWER, Ticket.queue_at <= tx.now + BEHIND]
