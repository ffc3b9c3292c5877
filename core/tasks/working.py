"""What people do with tasks: take, finish with a result, cancel for a reason (B21).

What came of an equipment task is noted on its ticket; both stand on the ticket's card.
"""

from typing import Final

from sqlalchemy import select

from core.errors import AlreadyTaken, NotAllowed, NothingToDo, Unreadable
from core.events import NoteWritten, TaskTaken
from core.models import Note, Task
from core.models.tasks import IS_OPEN
from core.people.permissions import may
from core.tasks.following import end_tasks
from core.tasks.rules import CANCELLED, DIAGNOSE, DONE, OPEN
from core.tickets.assignment import name_of
from core.tickets.said import Said
from core.tx import Tx

# What came of a task that somebody says is done.
FINISHED: Final = {DIAGNOSE: "solution_found"}
_OTHERWISE: Final = "finished"
BY_HAND: Final = "by_hand"


async def reach_task(tx: Tx, number: int) -> Task:
    """The task, held. Raises :class:`NotAllowed`, :class:`Unreadable` if there is none."""
    if not may(tx.actor.role, "task"):
        raise NotAllowed("task")
    query = select(Task).where(Task.id == number).with_for_update()
    task = (await tx.session.scalars(query)).one_or_none()
    if task is None:
        raise Unreadable("refusal.no_such_task", task=number)
    return task


async def _open_task(tx: Tx, number: int) -> Task:
    task = await reach_task(tx, number)
    if task.state != OPEN:
        ended = {DONE: "refusal.task_done", CANCELLED: "refusal.task_cancelled"}[task.state]
        raise NothingToDo(ended, task=number, number=task.ticket_id)
    return task


async def take_task(tx: Tx, number: int) -> Task:
    """The actor does it. The row is held, so of two at once one wins.

    Raises :class:`AlreadyTaken` with the winner, :class:`NothingToDo` when it is theirs already or
    another one like it is.
    """
    task = await _open_task(tx, number)
    me = tx.actor.person_id or 0
    if task.assignee_id == me:
        raise NothingToDo("refusal.task_yours", task=number)
    if task.assignee_id is not None:
        raise TaskTakenAlready(
            number, await name_of(tx, task.assignee_id), task.taken_at or tx.now, tx.now
        )
    twin = select(Task.id).where(
        Task.ticket_id == task.ticket_id,
        Task.kind == task.kind,
        Task.assignee_id == me,
        IS_OPEN,
    )
    other = (await tx.session.scalars(twin)).first()
    if other is not None:
        raise NothingToDo("refusal.task_twin", task=number, other=other)
    task.assignee_id, task.taken_at = me, tx.now
    tx.emit(TaskTaken(ticket_id=task.ticket_id, task_id=task.id, kind=task.kind, assignee_id=me))
    await tx.session.flush()
    return task


class TaskTakenAlready(AlreadyTaken):
    """Another operator has the task."""

    def __init__(self, number: int, assignee: str, since: object, now: object) -> None:
        super().__init__(number, assignee, since, now)  # type: ignore[arg-type]
        self.key = "refusal.task_taken"


async def finish_task(
    tx: Tx, number: int, result: str | None = None, said: Said | None = None
) -> Task:
    """The task is done. ``said``: the words that said so, for the note on its ticket."""
    task = await _open_task(tx, number)
    if task.assignee_id is None:
        task.assignee_id, task.taken_at = tx.actor.person_id, tx.now
    outcome = FINISHED.get(task.kind, _OTHERWISE)
    await end_tasks(tx, [task], DONE, outcome, result=result, by_hand=True)
    await _note(tx, task, said)
    return task


async def cancel_task(
    tx: Tx, number: int, reason: str | None = None, said: Said | None = None
) -> Task:
    """The task is not to be done."""
    task = await _open_task(tx, number)
    await end_tasks(tx, [task], CANCELLED, BY_HAND, result=reason, by_hand=True)
    await _note(tx, task, said)
    return task


async def _note(tx: Tx, task: Task, said: Said | None) -> None:
    """The words about the task stay with the ticket, among its notes."""
    if not task.result:
        return
    text = f"T{task.id}: {task.result}"
    note = Note(
        ticket_id=task.ticket_id,
        author_id=tx.actor.person_id,
        text=text,
        content={"kind": "text", "text": text},
        source_chat=0 if said is None else said.chat,
        source_message=0 if said is None else said.message,
        created_at=tx.now,
    )
    await tx.put(note)
    tx.emit(NoteWritten(ticket_id=task.ticket_id, note_id=note.id, quiet=True))
