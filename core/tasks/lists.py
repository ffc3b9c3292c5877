"""Lists of tasks: open ones by page, ended ones, one task, those of a ticket (B21)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, tuple_

from core.models import Camera, Person, Task, Ticket
from core.models.tickets import IS_OPEN
from core.tasks.rules import EQUIPMENT
from core.tickets.catalog import workflow_of
from core.tickets.lateness import AGREED_DUE
from core.tickets.workflow import Marker, marker
from core.tx import ReadTx

PAGE: Final = 10


@dataclass(frozen=True, slots=True)
class TaskFacts:
    """A task as people see it, with the marker of its ticket."""

    id: int
    kind: str
    state: str
    outcome: str | None
    result: str | None
    title: str
    assignee: str | None
    assignee_id: int | None
    camera: str | None
    level: int
    opened_at: datetime
    closed_at: datetime | None
    number: int
    marker: Marker


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of open tasks; ``page`` counts from 0."""

    tasks: tuple[TaskFacts, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class EndedTasks:
    """Some ended tasks, the latest first; before the task ``earlier`` there are more."""

    tasks: tuple[TaskFacts, ...]
    earlier: int | None


_FACTS: Final = (
    select(Task, Ticket, Person.name, Camera.number, AGREED_DUE)
    .join(Ticket, Ticket.id == Task.ticket_id)
    .outerjoin(Person, Person.id == Task.assignee_id)
    .outerjoin(Camera, Camera.id == Task.camera_id)
)


async def list_tasks(tx: ReadTx, page: int = 0, *, person: int | None = None) -> TaskPage:
    """Return a page of open tasks, oldest first; of one ``person``, or of all.

    A page beyond the last is the last.
    """
    chosen = [IS_OPEN]
    if person is not None:
        chosen.append(Task.assignee_id == person)
    count = select(func.count()).select_from(Task).where(*chosen)
    total = int(await tx.first(count) or 0)
    pages = max(1, -(-total // PAGE))
    page = max(0, min(page, pages - 1))
    query = _FACTS.where(*chosen).order_by(Task.id).offset(page * PAGE).limit(PAGE)
    rows = await tx.rows(query)
    return TaskPage(tuple([await _facts(tx, row) for row in rows]), page, pages, total)


async def list_ended(tx: ReadTx, before: int | None = None) -> EndedTasks:
    """Return the tasks that ended last; or last before the task with this number ended."""
    query = _FACTS.where(Task.closed_at.is_not(None))
    mark = None if before is None else await tx.find(Task, before)
    if mark is not None:
        query = query.where(tuple_(Task.closed_at, Task.id) < (mark.closed_at, mark.id))
    query = query.order_by(Task.closed_at.desc(), Task.id.desc()).limit(PAGE + 1)
    found = [await _facts(tx, row) for row in await tx.rows(query)]
    return EndedTasks(tuple(found[:PAGE]), found[PAGE - 1].id if len(found) > PAGE else None)


async def task_of(tx: ReadTx, ticket_id: int) -> TaskFacts | None:
    """Return one task, or ``None``."""
    row = await tx.row(_FACTS.where(Task.id == ticket_id))
    return None if row is None else await _facts(tx, row)


async def tasks_of(tx: ReadTx, numbers: Sequence[int]) -> list[TaskFacts]:
    """Return these tasks, in any order; no query for none."""
    rows = await tx.rows(_FACTS.where(Task.id.in_(numbers))) if any(numbers) else []
    return [await _facts(tx, row) for row in rows]


async def open_ids(tx: ReadTx, ticket: int) -> list[int]:
    """Return the numbers of the ticket's open tasks, oldest first."""
    query = select(Task.id).where(Task.ticket_id == ticket, IS_OPEN)
    return await tx.all(query.order_by(Task.id))


async def ended_ids(tx: ReadTx, ticket: int, most: int = 5) -> list[int]:
    """Return the numbers of the ticket's equipment tasks that ended last: they can be reopened."""
    ended = (Task.ticket_id == ticket, Task.kind == EQUIPMENT, Task.closed_at.is_not(None))
    query = select(Task.id).where(*ended).order_by(Task.closed_at.desc(), Task.id.desc())
    return await tx.all(query.limit(most))


async def _facts(tx: ReadTx, row: Any) -> TaskFacts:
    task, ticket, assignee, camera, agreed = row
    state = (await workflow_of(tx)).state(ticket.state)
    return TaskFacts(
        id=task.id,
        kind=task.kind,
        state=task.state,
        outcome=task.outcome,
        result=task.result,
        title=task.title,
        assignee=assignee,
        assignee_id=task.assignee_id,
        camera=camera,
        level=task.level,
        opened_at=task.opened_at,
        closed_at=task.closed_at,
        number=task.ticket_id,
        marker=marker(state, ticket.waiting_since, ticket.answer_due, tx.now, agreed),
    )
