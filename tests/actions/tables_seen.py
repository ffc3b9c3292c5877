"""What the tables say after a step, by ticket."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import select

from core.db import PreparedStatement
from core.models import (
    Classification,
    Clock,
    Duty,
    NextContact,
    Outage,
    Resolution,
    Task,
    Team,
    TeamMember,
    Ticket,
    TicketField,
    TicketParent,
    TicketTag,
    TicketTeam,
    Timer,
)
from core.sla.clock import ClockState
from core.tx import ReadTx
from tests.actions.journal_replay import EndingTold, Present, TaskTold, ended, told


class _Table:
    """All rows of a table, with their columns by name."""

    def __init__(self, model: Any) -> None:
        columns = model.__table__.c
        self.names = [column.name for column in columns]
        self.all = PreparedStatement(select(model.__table__))

    async def rows(self, tx: ReadTx) -> list[Any]:
        found = await self.all.rows(tx.session, {})
        return [SimpleNamespace(**dict(zip(self.names, row, strict=True))) for row in found]


_TICKETS: Final = _Table(Ticket)
_TASKS: Final = _Table(Task)
_TEAMS: Final = _Table(TicketTeam)
_KINDS: Final = _Table(Classification)
_TAGS: Final = _Table(TicketTag)
_PARTS: Final = _Table(TicketParent)
_CONTACTS: Final = _Table(NextContact)
_CLOCKS: Final = _Table(Clock)
_TIMERS: Final = _Table(Timer)
_OUTAGES: Final = _Table(Outage)
_ENDINGS: Final = _Table(Resolution)
_FIELDS: Final = _Table(TicketField)
_GIVERS: Final = _Table(Team)
_MEMBERS: Final = _Table(TeamMember)
_DUTIES: Final = _Table(Duty)


@dataclass
class Seen:
    """What the tables say, by ticket."""

    tickets: dict[int, Any] = field(default_factory=dict)
    tasks: dict[int, Any] = field(default_factory=dict)
    presents: dict[int, Present] = field(default_factory=dict)
    beside: Sequence[Any] = ()
    clocks: dict[int, dict[str, ClockState]] = field(default_factory=dict)
    timers: dict[int, dict[str, datetime]] = field(default_factory=dict)
    outages: Sequence[Any] = ()
    gives: dict[str, str | None] = field(default_factory=dict)
    members: dict[tuple[str, int], datetime | None] = field(default_factory=dict)
    on_duty: frozenset[int] = frozenset()


async def see(tx: ReadTx) -> Seen:
    tickets = {row.id: row for row in await _TICKETS.rows(tx)}
    tasks = {row.id: row for row in await _TASKS.rows(tx)}
    in_teams, classified = await _TEAMS.rows(tx), await _KINDS.rows(tx)
    teams = {row.ticket_id: (row.team, row.level) for row in in_teams}
    kinds = {row.ticket_id: (row.service, row.category, row.priority) for row in classified}
    parts = {row.child_id: row.parent_id for row in await _PARTS.rows(tx)}
    contacts = {row.ticket_id: row.at for row in await _CONTACTS.rows(tx)}
    seen = Seen(tickets, tasks, outages=await _OUTAGES.rows(tx))
    seen.beside = (*in_teams, *classified, *await _TAGS.rows(tx))
    seen.gives = {row.code: row.auto_assign for row in await _GIVERS.rows(tx)}
    members = await _MEMBERS.rows(tx)
    seen.members = {(row.team, row.person_id): row.given_at for row in members}
    seen.on_duty = frozenset(row.person_id for row in await _DUTIES.rows(tx))
    theirs: dict[int, dict[int, TaskTold]] = defaultdict(dict)
    for task in tasks.values():
        theirs[task.ticket_id][task.id] = told(task)
    endings: dict[int, dict[datetime, EndingTold]] = defaultdict(dict)
    for row in await _ENDINGS.rows(tx):
        endings[row.ticket_id][row.at] = ended(row)
    fields: dict[int, dict[str, str]] = defaultdict(dict)
    for row in await _FIELDS.rows(tx):
        fields[row.ticket_id][row.field] = row.value
    for number, row in tickets.items():
        seen.presents[number] = Present(
            state=row.state,
            assignee=row.assignee_id,
            waiting=row.waiting_since,
            due=row.answer_due,
            customer=row.customer_id,
            topic=row.topic,
            title=row.title,
            place=teams.get(number, (None, 1)),
            kind=kinds.get(number, (None, None, None)),
            parent=parts.get(number),
            contact=contacts.get(number),
            tasks=theirs[number],
            endings=endings[number],
            fields=fields[number],
        )
    for clock in await _CLOCKS.rows(tx):
        seen.clocks.setdefault(clock.ticket_id, {})[clock.kind] = ClockState(
            clock.span,
            clock.started_at,
            clock.due_at,
            clock.left,
            clock.ended_at,
            clock.missed_at,
        )
    for timer in await _TIMERS.rows(tx):
        if timer.due_at is not None:
            seen.timers.setdefault(timer.ticket_id, {})[timer.kind] = timer.due_at
    return seen
