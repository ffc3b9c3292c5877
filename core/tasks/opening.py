"""Opening a task with the ticket that needs it (A2)."""

from core.models import Camera, Task, Ticket
from core.tasks.following import announce, open_tasks
from core.tasks.rules import EQUIPMENT, OPEN
from core.tx import Tx


async def open_equipment_task(tx: Tx, ticket: Ticket, camera: Camera | None) -> Task:
    """Somebody has to see to this camera, because of this ticket; nobody has taken it yet.

    Without a ``camera`` it is about a whole area. A ticket that has such a task open keeps it:
    there is no second one for the same camera.
    """
    camera_id = None if camera is None else camera.id
    for task in await open_tasks(tx, ticket.id):
        if task.kind == EQUIPMENT and task.camera_id == camera_id:
            return task
    task = Task(
        kind=EQUIPMENT,
        ticket_id=ticket.id,
        camera_id=camera_id,
        title=ticket.title,
        state=OPEN,
        opened_at=tx.now,
    )
    await tx.put(task)
    announce(tx, task)
    return task
