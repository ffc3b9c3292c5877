"""What tells a customer's tickets apart: the place of the camera, or their own first words.

Never the title, which belongs to the operators (A3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select

from core.models import Camera, Message, TicketCamera
from core.tx import ReadTx
from core.words.names import clean_name, place_of

LONGEST: Final = 48
"""Characters of a subject in a list."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``quoted``: these are the customer's own words."""

    text: str
    quoted: bool


async def subjects_of(tx: ReadTx, tickets: Sequence[int]) -> dict[int, Subject]:
    """Return the subject of each of the tickets that has one."""
    if not tickets:
        return {}
    found = await _first_words(tx, tickets)
    cameras = (
        select(TicketCamera.ticket_id, Camera)
        .join(Camera)
        .where(TicketCamera.ticket_id.in_(tickets))
    )
    for number, camera in await tx.rows(cameras):
        place = clean_name(place_of(camera.name, camera.address), LONGEST)
        found[number] = Subject(place, quoted=False)
    return found


async def _first_words(tx: ReadTx, tickets: Sequence[int]) -> dict[int, Subject]:
    first = (
        select(func.min(Message.id))
        .where(
            Message.ticket_id.in_(tickets),
            Message.from_customer.is_(True),
            Message.withdrawn_at.is_(None),
            Message.text != "",
        )
        .group_by(Message.ticket_id)
    )
    query = select(Message.ticket_id, Message.text).where(Message.id.in_(first))
    return {
        number: Subject(clean_name(words.strip().split("\n", 1)[0], LONGEST), quoted=True)
        for number, words in await tx.rows(query)
        if number is not None and words.strip()
    }


async def subject_of(tx: ReadTx, ticket_id: int) -> Subject | None:
    """Return the subject of one ticket."""
    return (await subjects_of(tx, [ticket_id])).get(ticket_id)
