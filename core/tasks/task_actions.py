"""Takes, assigns, finishes and cancels tasks (B21); what becomes of them with their ticket (B10).

The result of an equipment task is noted on its ticket; both are on the ticket's card. Somebody must
say what becomes of unfinished tasks, except of a *diagnose and resolve* task: it ends with its
ticket (B9).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import select

from core.addresses import NOWHERE, Address
from core.errors import AlreadyTaken, NotAllowed, NothingToDo, Refusal, Unreadable
from core.events import NoteWritten, TaskAssigned, TaskTaken
from core.models import Note, Person, Task, Ticket, TicketParent
from core.models.tickets import IS_OPEN
from core.people.permissions import may
from core.tasks.rules import CANCELLED, DIAGNOSE, DONE, EQUIPMENT, OPEN
from core.tasks.task_recorder import end_tasks, leave, open_tasks
from core.teams.members import Colleague
from core.tickets.catalog import workflow_of
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access, assign, move, target_of
from core.tx import Tx
from core.words.aliases import TASK_CHOICES

# The outcome of a task that somebody says is done.
FINISHED: Final = {DIAGNOSE: "solution_found"}
_OTHERWISE: Final = "finished"
BY_HAND: Final = "by_hand"


async def get_task(tx: Tx, ticket_id: int) -> Task:
    """Return the task, locked. Raises :class:`NotAllowed`, :class:`Unreadable` if there is none."""
    if not may(tx.actor.role, "task"):
        raise NotAllowed("task")
    query = select(Task).where(Task.id == ticket_id).with_for_update(key_share=True)
    task = await tx.first(query)
    if task is None:
        raise Unreadable("refusal.no_such_task", task=ticket_id)
    return task


async def _open_task(tx: Tx, ticket_id: int) -> Task:
    task = await get_task(tx, ticket_id)
    if task.state != OPEN:
        ended = {DONE: "refusal.task_done", CANCELLED: "refusal.task_cancelled"}[task.state]
        raise NothingToDo(ended, task=ticket_id, number=task.ticket_id)
    return task


async def take_task(tx: Tx, ticket_id: int) -> Task:
    """Assign the task to the actor. The row is locked, so of two at once one wins.

    Raises :class:`AlreadyTaken` with the winner, :class:`NothingToDo` when it is theirs already or
    another one like it is.
    """
    task = await _open_task(tx, ticket_id)
    me = tx.actor.person_id or 0
    if task.assignee_id == me:
        raise NothingToDo("refusal.task_yours", task=ticket_id)
    await _demand_free(tx, task)
    await _demand_no_twin(tx, task, me, "refusal.task_twin")
    task.assignee_id, task.taken_at = me, tx.now
    tx.emit(TaskTaken(ticket_id=task.ticket_id, task_id=task.id, kind=task.kind, assignee_id=me))
    await tx.write()
    return task


async def assign_task(tx: Tx, task_id: int, to: Colleague) -> Task:
    """Give an equipment task to a colleague; they are told.

    Raises :class:`AlreadyTaken` for somebody else's task, unless an admin gives it,
    :class:`NothingToDo` when they have it or another one like it, :class:`Refusal` for a diagnosis.
    """
    task = await _open_task(tx, task_id)
    demand_equipment(task)
    if task.assignee_id == to.id:
        raise NothingToDo("refusal.task_theirs", task=task_id, to=to.name)
    if task.assignee_id != tx.actor.person_id and not may(tx.actor.role, "assign_any"):
        await _demand_free(tx, task)
    await _demand_no_twin(tx, task, to.id, "refusal.task_twin_theirs")
    task.assignee_id, task.taken_at = to.id, tx.now
    tx.emit(
        TaskAssigned(
            ticket_id=task.ticket_id,
            task_id=task.id,
            kind=task.kind,
            assignee_id=to.id,
            what=task.title,
            to=to.name,
            by=tx.actor.name,
            concerns=others(tx, to.id, to.address),
        )
    )
    await tx.write()
    return task


def demand_equipment(task: Task) -> None:
    """Raise :class:`Refusal` for a diagnosis: it follows its ticket alone (B9)."""
    if task.kind != EQUIPMENT:
        raise Refusal("refusal.task_follows", task=task.id, number=task.ticket_id)


def others(tx: Tx, person_id: int, address: Address | None) -> tuple[int, ...]:
    """Return the person, if they are to be told: reachable, and not who acts."""
    return () if address is None or person_id == tx.actor.person_id else (person_id,)


async def _demand_free(tx: Tx, task: Task) -> None:
    """Raise unless nobody has the task, or somebody who does not work here any more."""
    if task.assignee_id is None:
        return
    holder = await tx.get(Person, task.assignee_id)
    if holder.operator_left is None:
        raise TaskTakenAlready(task.id, holder.name, task.taken_at or tx.now, tx.now)


async def _demand_no_twin(tx: Tx, task: Task, person_id: int, refusal: str) -> None:
    twin = select(Task.id).where(
        Task.ticket_id == task.ticket_id,
        Task.kind == task.kind,
        Task.assignee_id == person_id,
        IS_OPEN,
    )
    other = await tx.first(twin)
    if other is not None:
        raise NothingToDo(refusal, task=task.id, other=other, number=task.ticket_id)


class TaskTakenAlready(AlreadyTaken):
    """Another operator has the task."""

    def __init__(self, ticket_id: int, assignee: str, since: object, now: object) -> None:
        super().__init__(ticket_id, assignee, since, now)  # type: ignore[arg-type]
        self.key = "refusal.task_taken"


async def finish_task(
    tx: Tx, ticket_id: int, result: str | None = None, incoming: IncomingMessage | None = None
) -> Task:
    """Finish the task. ``incoming``: the words that said so, for the note on its ticket."""
    task = await _open_task(tx, ticket_id)
    if task.assignee_id is None:
        task.assignee_id, task.taken_at = tx.actor.person_id, tx.now
    outcome = FINISHED.get(task.kind, _OTHERWISE)
    await end_tasks(tx, [task], DONE, outcome, result=result, by_hand=True)
    await note_on_ticket(tx, task, result, incoming)
    return task


async def cancel_task(
    tx: Tx, ticket_id: int, reason: str | None = None, incoming: IncomingMessage | None = None
) -> Task:
    """Cancel the task."""
    task = await _open_task(tx, ticket_id)
    await end_tasks(tx, [task], CANCELLED, BY_HAND, result=reason, by_hand=True)
    await note_on_ticket(tx, task, reason, incoming)
    return task


async def note_on_ticket(
    tx: Tx, task: Task, words: str | None, incoming: IncomingMessage | None
) -> None:
    """Add words about the task to its ticket, as a note."""
    if not words:
        return
    text = f"T{task.id}: {words}"
    note = Note(
        ticket_id=task.ticket_id,
        author_id=tx.actor.person_id,
        text=text,
        content={"kind": "text", "text": text},
        source=NOWHERE if incoming is None else incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(note)
    tx.emit(NoteWritten(ticket_id=task.ticket_id, note_id=note.id, said_with="task"))


_CHOSEN: Final = re.compile(r"(\w+)\s*(?:[:,—–-]\s*|\Z)")
WITH_TICKET: Final = "with_ticket"


class Choice(StrEnum):
    """What becomes of the open tasks of a ticket that is resolved or closed."""

    COMPLETE = "complete"
    CANCEL = "cancel"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An open task, as the question shows it."""

    id: int
    title: str


class TasksOpen(Refusal):
    """The ticket is not ended yet (by ``verb``, for the reason ``closing``): it has open tasks, and
    somebody has to choose.
    """

    def __init__(
        self,
        ticket_id: int,
        verb: str,
        tasks: tuple[Unfinished, ...],
        closing: str | None = None,
    ) -> None:
        super().__init__("refusal.tasks_open", number=ticket_id, n=len(tasks))
        self.number = ticket_id
        self.verb = verb
        self.tasks = tasks
        self.closing = closing


async def resolve(
    tx: Tx,
    ticket_id: int,
    *,
    reason: str | None = None,
    choice: Choice | None = None,
    closing: str | None = None,
) -> Ticket:
    """Resolve the ticket; whoever resolves a ticket of nobody becomes its assignee (B3).

    ``reason``: the solution in words; ``closing``: the closing reason's code.

    Raises :class:`TasksOpen`, having changed nothing, where a choice is needed: for the tasks of
    open children, too, because they are resolved with it. Otherwise what moving a ticket raises.
    """
    ticket = await access(tx, ticket_id, "resolve")
    await target_of(tx, ticket, "resolve")
    if ticket.assignee_id is None and tx.actor.person_id is not None:
        await assign(tx, ticket, by_answer=True)
    children = select(TicketParent.child_id).where(TicketParent.parent_id == ticket_id)
    tickets = [ticket_id, *await tx.all(children.order_by(TicketParent.child_id))]
    await _end(tx, tickets, "resolve", reason=reason, choice=choice, closing=closing)
    return ticket


async def close(
    tx: Tx,
    ticket_id: int,
    *,
    reason: str | None = None,
    public: bool = False,
    choice: Choice | None = None,
    closing: str | None = None,
) -> Ticket:
    """Close the ticket (B15). Raises as :func:`resolve` does; ``public``: the customer may read the
    reason.
    """
    how: dict[str, Any] = {"public": public, "closing": closing}
    return await _end(tx, [ticket_id], "close", reason=reason, choice=choice, **how)


async def _end(
    tx: Tx, tickets: Sequence[int], verb: str, *, choice: Choice | None, **how: Any
) -> Ticket:
    """Move the first of the tickets, and settle the tasks of all of them."""
    ticket = await move(tx, tickets[0], verb, **how)
    unfinished = [task for task in await open_tasks(tx, *tickets) if task.kind != DIAGNOSE]
    if unfinished and choice is None:
        found = tuple(Unfinished(task.id, task.title) for task in unfinished)
        raise TasksOpen(tickets[0], verb, found, how.get("closing"))
    await _settle(tx, unfinished, choice)
    return ticket


async def _settle(tx: Tx, tasks: list[Task], choice: Choice | None) -> None:
    states = {Choice.COMPLETE: DONE, Choice.CANCEL: CANCELLED}
    if choice in states:
        await end_tasks(tx, tasks, states[choice], WITH_TICKET, by_hand=True)
        return
    for ticket_id in dict.fromkeys(task.ticket_id for task in tasks):
        leave(tx, ticket_id, [one for one in tasks if one.ticket_id == ticket_id], chosen=True)


async def settle_left(tx: Tx, ticket_id: int, choice: Choice) -> None:
    """Say what becomes of the open tasks of a ticket that has ended without that.

    Raises :class:`Refusal` when it goes on again, or has no open task any more.
    """
    ticket = await access(tx, ticket_id, "task")
    state = (await workflow_of(tx)).state(ticket.state)
    left = [task for task in await open_tasks(tx, ticket_id) if task.kind != DIAGNOSE]
    if not left or not (state.final or state.resolution):
        raise Refusal("refusal.outdated")
    await _settle(tx, left, choice)


def read_choice(words: str) -> tuple[Choice | None, str]:
    """Read «завершить: заменили кабель» into the choice and the reason.

    The word stands alone, or before a colon, a comma or a dash: otherwise it belongs to the reason.
    """
    found = _CHOSEN.match(words.strip())
    choice = None if found is None else TASK_CHOICES.get(found[1].casefold())
    if found is None or choice is None:
        return None, words
    return Choice(choice), words.strip()[found.end() :]
