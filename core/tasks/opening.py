"""Opening a task with the ticket that needs it (A2)."""

from typing import Final

from core.models import Camera, Task, Ticket
from core.tx import Tx

EQUIPMENT: Final = "equipment"


async def open_equipment_task(tx: Tx, ticket: Ticket, camera: Camera | None) -> Task:
    """Somebody has to see to this camera, because of this ticket; nobody has taken it yet.

    Without a ``camera`` it is about a whole area.
    """
    task = Task(
        kind=EQUIPMENT,
        ticket_id=ticket.id,
        camera_id=None if camera is None else camera.id,
        title=ticket.title,
        state="open",
        opened_at=tx.now,
    )
    await tx.put(task)
    return task
