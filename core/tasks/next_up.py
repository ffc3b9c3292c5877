"""What somebody should do next (D2): one list over tickets and tasks, across their teams."""

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import and_, or_, select

from core.models import Task, TeamMember, Ticket, TicketTeam
from core.models.tickets import IS_OPEN
from core.tasks.lists import TaskFacts, tasks_of
from core.tickets.list_lines import Line, lines_of
from core.tickets.workflow import NEEDS_ANSWER
from core.tx import ReadTx

MOST: Final = 10
_PLACE: Final = (Ticket.queue_rank, Ticket.queue_at, Ticket.id)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

QueuePosition = tuple[int, datetime, int, int]
"""Rank and instant in the queue, the ticket, the task or 0."""


async def next_up(tx: ReadTx, person: int | None, limit: int = MOST) -> list[Line | TaskFacts]:
    """Return what waits for this person, the most urgent first: tickets that need an answer, and
    open tasks at the place of their tickets.

    It is theirs, or nobody's and with a team of theirs, or with no team.
    """
    places = [*await _tickets(tx, person, limit), *await _tasks(tx, person, limit)]
    places = sorted(places)[:limit]
    lines = {one.number: one for one in await lines_of(tx, {place[2] for place in places})}
    tasks = {one.id: one for one in await tasks_of(tx, [place[3] for place in places])}
    found = [tasks.get(task) or lines.get(number) for _, _, number, task in places]
    return [one for one in found if one is not None]


async def _tickets(tx: ReadTx, person: int | None, limit: int) -> list[QueuePosition]:
    query = (
        select(*_PLACE)
        .outerjoin(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .where(Ticket.queue_rank == NEEDS_ANSWER, _concerns(Ticket.assignee_id, person))
    )
    rows = await tx.rows(query.order_by(*_PLACE).limit(limit))
    return [(rank or 0, at or _EPOCH, number, 0) for rank, at, number in rows]


async def _tasks(tx: ReadTx, person: int | None, limit: int) -> list[QueuePosition]:
    query = (
        select(*_PLACE, Task.id)
        .join_from(Task, Ticket, Ticket.id == Task.ticket_id)
        .outerjoin(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .where(IS_OPEN, Ticket.queue_rank.is_not(None), _concerns(Task.assignee_id, person))
    )
    rows = await tx.rows(query.order_by(*_PLACE, Task.id).limit(limit))
    return [(rank or 0, at or _EPOCH, number, task) for rank, at, number, task in rows]


def _concerns(assignee: Any, person: int | None) -> Any:
    own = select(TeamMember.team).where(TeamMember.person_id == (person or 0))
    team = or_(TicketTeam.team.is_(None), TicketTeam.team.in_(own))
    return or_(assignee == (person or 0), and_(assignee.is_(None), team))
