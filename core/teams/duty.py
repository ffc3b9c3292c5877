"""Who is on duty: offered first when a ticket is handed over, and told first."""

from core.errors import NotAllowed, NothingToDo
from core.events import DutyBegan, DutyEnded
from core.models import Duty
from core.people.permissions import may
from core.tx import Tx


async def begin_duty(tx: Tx) -> None:
    """The actor is on duty from now on. Raises :class:`NothingToDo` if they are already."""
    person = _mine(tx)
    if await tx.session.get(Duty, person) is not None:
        raise NothingToDo("refusal.on_duty")
    await tx.put(Duty(person_id=person, since=tx.now))
    tx.emit(DutyBegan(ticket_id=None, person_id=person))


async def end_duty(tx: Tx) -> None:
    """The actor is off duty. Raises :class:`NothingToDo` if they are not on it."""
    person = _mine(tx)
    row = await tx.session.get(Duty, person)
    if row is None:
        raise NothingToDo("refusal.off_duty")
    await tx.session.delete(row)
    tx.emit(DutyEnded(ticket_id=None, person_id=person))


def _mine(tx: Tx) -> int:
    if not may(tx.actor.role, "duty") or tx.actor.person_id is None:
        raise NotAllowed("duty")
    return tx.actor.person_id
