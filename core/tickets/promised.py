"""What a ticket's card says of its kind and of the clocks of its agreement (B7, C4)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core.models import Classification, Clock
from core.tickets.classes import ASPECTS, ClassFacts, classes_of
from core.tx import Look


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """A clock that has not ended: of the ``reaction`` or the ``resolution``. ``left``, in working
    seconds, is said while it stands.
    """

    kind: str
    due_at: datetime | None
    left: int | None


@dataclass(frozen=True, slots=True)
class Promised:
    """Service, category and priority, where they were named; the clocks that have not ended.

    ``agreed``: an agreement counts for the ticket.
    """

    kind: tuple[ClassFacts, ...] = ()
    clocks: tuple[ClockFacts, ...] = ()
    agreed: bool = False

    def titles(self, language: str) -> tuple[str, ...]:
        """What the ticket was classified as, in words."""
        return tuple(one.title(language) for one in self.kind)


NOTHING: Final = Promised()


async def promised_of(look: Look, row: Classification | None) -> Promised:
    """What stands beside a ticket of this kind; where it has none, nothing is asked."""
    if row is None:
        return NOTHING
    classes = await classes_of(look)
    chosen = [classes.get(aspect, getattr(row, aspect)) for aspect in ASPECTS]
    kind = tuple(one for one in chosen if one is not None)
    if row.agreement is None:
        return Promised(kind)
    query = (
        select(Clock.kind, Clock.due_at, Clock.left)
        .where(Clock.ticket_id == row.ticket_id, Clock.ended_at.is_(None))
        .order_by(Clock.kind)
    )
    clocks = tuple(ClockFacts(*clock) for clock in await look.session.execute(query))
    return Promised(kind, clocks, agreed=True)
