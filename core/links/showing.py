"""A card tells how the tickets fare that it is linked with: when one moves, the others are drawn
anew (B19).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from core.delivery.notices import CARD_WAIT
from core.delivery.pacing import Priority
from core.delivery.redrawing import redraw
from core.events import Event, StateEntered
from core.models import Link
from core.tx import Look, Tx


@dataclass(frozen=True, slots=True)
class Linked:
    """Whether any ticket is linked with another: most desks have none."""

    any: bool


async def is_anything_linked(look: Look) -> bool:
    """Asked once, and kept until there is the first link."""
    found: Linked | None = look.directory.get(Linked)
    if found is None:
        query = select(Link.id).where(Link.other_id.is_not(None)).limit(1)
        some = await look.session.scalar(query)
        found = look.directory[Linked] = Linked(some is not None)
    return found.any


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Have the cards drawn that show how one of these tickets fares."""
    moved = {
        event.ticket_id
        for event in events
        if isinstance(event, StateEntered)
        and event.ticket_id is not None
        and event.category != event.old_category
    }
    if moved and await is_anything_linked(tx):
        others = await _linked_with(tx, moved) - moved  # their own cards are drawn anyway
        await redraw(tx, sorted(others), Priority.CARD_REFRESH, wait=CARD_WAIT)


async def _linked_with(look: Look, numbers: Collection[int]) -> set[int]:
    query = select(Link.ticket_id, Link.other_id).where(
        Link.other_id.is_not(None),
        or_(Link.ticket_id.in_(numbers), Link.other_id.in_(numbers)),
    )
    return {end for ends in await look.session.execute(query) for end in ends}
