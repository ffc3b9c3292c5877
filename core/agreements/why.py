"""Why the deadlines of a ticket are what they are (X10), from its journal."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from core.agreements.book import book_of
from core.agreements.explaining import Arithmetic, explain
from core.agreements.keeping import history_of
from core.agreements.reckoning import KINDS
from core.errors import NoSuchTicket
from core.tx import Look


@dataclass(frozen=True, slots=True)
class Why:
    """A clock of a ticket with its arithmetic, and where its terms come from."""

    kind: str
    agreement: str
    calendar: str
    zone: ZoneInfo
    told: Arithmetic


async def why(look: Look, number: int) -> list[Why]:
    """The arithmetic of each clock; empty: nothing was promised. Raises :class:`NoSuchTicket`."""
    history, book = await history_of(look, number), await book_of(look)
    opened, terms = history.opened_at, history.terms
    if opened is None:
        raise NoSuchTicket(number)
    if terms is None:
        return []
    agreement, calendar = book.agreements[terms.agreement], book.calendars[terms.calendar]
    spans = [(kind, terms.span(kind)) for kind in KINDS]
    return [
        Why(
            kind,
            agreement.title,
            calendar.title,
            calendar.hours.zone,
            explain(calendar.hours, kind, span, opened, history.steps),
        )
        for kind, span in spans
        if span is not None
    ]
