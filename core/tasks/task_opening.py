"""Opens equipment tasks: a fault's own, one made by hand, one that had ended (A2, B21).

A *diagnose and resolve* task is opened and ended by what happens to its ticket alone (B9).
"""

from typing import Any

from sqlalchemy import select

from core.errors import MoveRefused, NothingToDo
from core.events import TaskReopened
from core.models import Camera, Person, Task, Ticket, TicketCamera
from core.models.tickets import IS_OPEN
from core.tasks.rules import CANCELLED, EQUIPMENT, MERGED, OPEN
from core.tasks.task_actions import demand_equipment, get_task, note_on_ticket, others
from core.tasks.task_recorder import announce, end_tasks, open_tasks
from core.tickets.catalog import workflow_of
from core.tickets.customer_message import TITLE_LENGTH
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access
from core.tx import Tx
from core.words.names import clean_name, is_blank


async def open_equipment_task(tx: Tx, ticket: Ticket, camera: Camera | None) -> Task:
    """Open an unassigned equipment task for the ticket's camera.

    Without a ``camera`` it is about a whole area. A ticket with such a task open gets no second one
    for the same camera.
    """
    camera_id = None if camera is None else camera.id
    for task in await open_tasks(tx, ticket.id):
        if task.kind == EQUIPMENT and task.camera_id == camera_id:
            return task
    if camera_id is not None:
        await _end_forgotten(tx, camera_id)
    return await _open(tx, ticket, camera_id, ticket.title)


async def _open(
    tx: Tx, ticket: Ticket, camera_id: int | None, title: str, *, by_hand: bool = False
) -> Task:
    task = Task(
        kind=EQUIPMENT,
        ticket_id=ticket.id,
        camera_id=camera_id,
        title=title,
        state=OPEN,
        opened_at=tx.now,
    )
    await tx.insert(task)
    announce(tx, task, by_hand=by_hand)
    return task


async def _end_forgotten(tx: Tx, camera_id: int) -> None:
    """End what was left open with a ticket that has ended: the camera gets a new task."""
    query = (
        select(Task)
        .join(Ticket, Ticket.id == Task.ticket_id)
        .where(Task.camera_id == camera_id, IS_OPEN, Ticket.closed_at.is_not(None))
        .order_by(Task.id)
        .with_for_update(of=Task, key_share=True)
    )
    await end_tasks(tx, await tx.all(query), CANCELLED, MERGED)


async def create_task(tx: Tx, ticket_id: int, title: str = "") -> Task:
    """Open an equipment task of this ticket by hand; nobody has it yet.

    It is about the ticket's camera, if there is one, and is called ``title``, or like the ticket.
    Raises :class:`NothingToDo` while another one waits to be taken, :class:`MoveRefused` for an
    ended ticket.
    """
    ticket = await access(tx, ticket_id, "task")
    await _demand_unended(tx, ticket)
    await _demand_single(tx, ticket_id, None)
    tied = await tx.find(TicketCamera, ticket_id)
    named = ticket.title if is_blank(title) else clean_name(title, TITLE_LENGTH)
    camera_id = None if tied is None else tied.camera_id
    return await _open(tx, ticket, camera_id, named, by_hand=True)


async def _demand_unended(tx: Tx, ticket: Ticket) -> None:
    state = (await workflow_of(tx)).state(ticket.state)
    if state.final:
        raise MoveRefused(ticket.id, state.category)


async def _demand_single(tx: Tx, ticket_id: int, assignee: int | None) -> None:
    """A ticket has one open task of a kind and assignee."""
    theirs = [task for task in await open_tasks(tx, ticket_id) if task.kind == EQUIPMENT]
    for task in theirs:
        if task.assignee_id == assignee:
            twin = "refusal.task_waits" if assignee is None else "refusal.task_twin_theirs"
            raise NothingToDo(twin, other=task.id, number=ticket_id)


async def reopen_task(
    tx: Tx, task_id: int, why: str | None = None, incoming: IncomingMessage | None = None
) -> Task:
    """Open the task again; it is whose it was, if they still work here. ``why`` is noted on its
    ticket.

    Raises :class:`NothingToDo` if it is open, or another one like it is, :class:`MoveRefused` if
    its ticket has ended, :class:`Refusal` for a diagnosis.
    """
    known = await tx.find(Task, task_id)
    if known is not None:  # the ticket first: whatever ends its tasks locks in this order
        await access(tx, known.ticket_id, "task")
    task = await get_task(tx, task_id)
    if task.state == OPEN:
        raise NothingToDo("refusal.task_open", task=task_id)
    demand_equipment(task)
    await _demand_unended(tx, await tx.get(Ticket, task.ticket_id))
    holder = await _who_still_works(tx, task.assignee_id)
    await _demand_single(tx, task.ticket_id, None if holder is None else holder.id)
    task.state, task.outcome, task.result, task.closed_at = OPEN, None, None, None
    if holder is None:
        task.assignee_id = task.taken_at = None
    await tx.write()
    tx.emit(TaskReopened(**_told(tx, task, holder)))
    await note_on_ticket(tx, task, why, incoming)
    return task


async def _who_still_works(tx: Tx, person_id: int | None) -> Person | None:
    person = None if person_id is None else await tx.get(Person, person_id)
    return None if person is None or person.operator_left is not None else person


def _told(tx: Tx, task: Task, holder: Person | None) -> dict[str, Any]:
    return {
        "ticket_id": task.ticket_id,
        "task_id": task.id,
        "kind": task.kind,
        "assignee_id": task.assignee_id,
        "what": task.title,
        "by": tx.actor.name,
        "concerns": () if holder is None else others(tx, holder.id, holder.address),
    }
