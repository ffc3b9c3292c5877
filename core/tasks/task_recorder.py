"""Keeps tasks in step with their tickets: applies the table of `core.tasks.rules` to events."""

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import select

from core.events import Event, StateEntered, TaskCancelled, TaskDone, TaskOpened, TasksLeft
from core.models import Category, Classification, Task, Ticket, TicketTeam
from core.models.tickets import IS_OPEN
from core.subscribers import Subscriber
from core.tasks.rules import CAUSING, CLOSING, DIAGNOSE, DONE, OPEN, Cause, Line, cause_of
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """End and open tasks as these events require."""
    causes: dict[int, list[Cause]] = {}
    for event in events:
        cause = cause_of(event)
        if cause is not None and event.ticket_id is not None:
            causes.setdefault(event.ticket_id, []).append(cause)
    for number, its in causes.items():
        await _follow(tx, number, its)
        if Cause.CLOSED in its or Cause.SOLVED in its:
            await _ask_about_left(tx, number, events)


async def _follow(tx: Tx, ticket_id: int, causes: Sequence[Cause]) -> None:
    """Apply what happened to one ticket in this transaction: the first line that ends a task
    counts.
    """
    lines = [CLOSING[cause] for cause in causes]
    if all(line.state is None for line in lines) and not await _is_wanted(tx, ticket_id):
        return
    diagnosed = await is_diagnosed(tx, ticket_id)
    for cause, line in zip(causes, lines, strict=True):
        if cause is Cause.RECLASSIFIED and diagnosed:
            continue  # it was one already, or has only now become one
        await _end(tx, ticket_id, line)
    if diagnosed and any(line.renew for line in lines) and await _is_wanted(tx, ticket_id):
        await _open(tx, ticket_id)


async def _ask_about_left(tx: Tx, ticket_id: int, events: Sequence[Event]) -> None:
    """Ask what becomes of tasks whose ticket has ended without anybody having said so: its customer
    closed it, a rule did, or it went to a state of the company's own (B10).
    """
    ended = [one for one in events if isinstance(one, StateEntered) and one.ticket_id == ticket_id]
    with_parent = any(one.parent is not None for one in ended)  # asked about with the parent's
    again = all(one.old_category in _ENDED for one in ended)
    said = any(isinstance(one, TasksLeft) and one.ticket_id == ticket_id for one in tx.events)
    if with_parent or again or said:
        return
    left = [task for task in await open_tasks(tx, ticket_id) if task.kind != DIAGNOSE]
    if left:
        leave(tx, ticket_id, left, chosen=False)


_ENDED: Final = frozenset({"resolved", "closed"})


def leave(tx: Tx, ticket_id: int, tasks: Iterable[Task], *, chosen: bool) -> None:
    """Note that these tasks go on behind a ticket that has ended; see `TasksLeft`."""
    listed = tuple((task.id, task.title) for task in tasks)
    tx.emit(TasksLeft(ticket_id=ticket_id, tasks=listed, chosen=chosen))


async def _is_wanted(tx: Tx, ticket_id: int) -> bool:
    """Return whether somebody holds the ticket and works on it."""
    ticket = await tx.get(Ticket, ticket_id)
    if ticket.assignee_id is None:
        return False
    return (await workflow_of(tx)).state(ticket.state).clock == "runs"


async def is_diagnosed(tx: ReadTx, ticket_id: int) -> bool:
    """Return whether the ticket's category makes diagnose tasks, as incidents do."""
    query = (
        select(Category.diagnosed)
        .join(Classification, Classification.category == Category.code)
        .where(Classification.ticket_id == ticket_id)
    )
    return bool(await tx.first(query))


async def open_tasks(tx: Tx, *tickets: int) -> list[Task]:
    """Return the open tasks of these tickets, oldest first, locked."""
    query = select(Task).where(Task.ticket_id.in_(tickets), IS_OPEN)
    return await tx.all(query.order_by(Task.id).with_for_update(key_share=True))


async def _end(tx: Tx, ticket_id: int, line: Line) -> None:
    if line.state is not None and line.outcome is not None:
        ended = [task for task in await open_tasks(tx, ticket_id) if task.kind in line.kinds]
        await end_tasks(tx, ended, line.state, line.outcome)


async def end_tasks(
    tx: Tx,
    tasks: Iterable[Task],
    state: str,
    outcome: str,
    *,
    result: str | None = None,
    by_hand: bool = False,
) -> None:
    """The tasks are done, or not to be done any more. ``by_hand``: somebody said so."""
    for task in tasks:
        task.state, task.outcome, task.result, task.closed_at = state, outcome, result, tx.now
        kind = TaskDone if state == DONE else TaskCancelled
        holder, active = await _standing(tx, task)
        tx.emit(
            kind(
                ticket_id=task.ticket_id,
                task_id=task.id,
                kind=task.kind,
                assignee_id=task.assignee_id,
                outcome=outcome,
                result=result,
                by_hand=by_hand,
                done_by=tx.actor.person_id if by_hand else None,
                holder_id=holder,
                active=active,
            )
        )
    await tx.write()


async def _standing(tx: Tx, task: Task) -> tuple[int | None, bool]:
    """Who holds the task's ticket, and whether work on it goes on."""
    ticket = await tx.get(Ticket, task.ticket_id)
    state = (await workflow_of(tx)).state(ticket.state)
    return ticket.assignee_id, not (state.final or state.resolution)


async def _open(tx: Tx, ticket_id: int) -> None:
    ticket = await tx.get(Ticket, ticket_id)
    if any(_is_theirs(task, ticket) for task in await open_tasks(tx, ticket_id)):
        return
    task = Task(
        kind=DIAGNOSE,
        ticket_id=ticket_id,
        assignee_id=ticket.assignee_id,
        title=ticket.title,
        state=OPEN,
        opened_at=tx.now,
        taken_at=tx.now,
    )
    await _place(tx, task)
    await tx.insert(task)
    announce(tx, task)


def _is_theirs(task: Task, ticket: Ticket) -> bool:
    return task.kind == DIAGNOSE and task.assignee_id == ticket.assignee_id


async def _place(tx: Tx, task: Task) -> None:
    """Put the task with the team and the level of the ticket."""
    place = await tx.find(TicketTeam, task.ticket_id)
    if place is not None:
        task.team, task.level = place.team, place.level


def announce(tx: Tx, task: Task, *, by_hand: bool = False) -> None:
    """Tell the operators of the task."""
    tx.emit(
        TaskOpened(
            ticket_id=task.ticket_id,
            task_id=task.id,
            kind=task.kind,
            assignee_id=task.assignee_id,
            title=task.title,
            by_hand=by_hand,
        )
    )


SUBSCRIBER: Final = Subscriber("tasks", CAUSING, record)
