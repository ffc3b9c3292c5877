"""What a card says of the camera a ticket is about, or of the outage it stands for (A2, X9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from core.models import Camera, Outage, Parentage, Ticket
from core.tx import Look

# The origin of a ticket that operators opened for an area: nobody's own, everybody's there (X9).
OUTAGE: Final = "outage"


@dataclass(frozen=True, slots=True)
class FaultyCamera:
    """The camera: its number, where it is, its area, which may be empty."""

    number: str
    place: str
    area: str


@dataclass(frozen=True, slots=True)
class FaultyArea:
    """The outage: how many tickets are part of it, and when it should be over."""

    area: str
    parts: int
    until: datetime | None


async def faulty_of(
    look: Look, ticket: Ticket, camera: Camera | None
) -> FaultyCamera | FaultyArea | None:
    """What is faulty; ``camera`` is the one that the ticket is tied to."""
    if camera is not None:
        return FaultyCamera(camera.number, camera.address or camera.name, camera.area)
    if ticket.origin != OUTAGE:
        return None
    outage = await look.session.get(Outage, ticket.id)
    if outage is None:
        return None
    query = select(func.count()).select_from(Parentage).where(Parentage.parent_id == ticket.id)
    return FaultyArea(outage.area, int(await look.session.scalar(query) or 0), outage.until)
