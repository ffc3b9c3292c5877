"""Where the time of a ticket went (C8): measured by its journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from core.agreements.book import book_of
from core.agreements.measures import Entry, Measures, measure
from core.models import Classification, JournalEntry
from core.texts import unpack
from core.tickets.workflow import CATEGORIES
from core.tickets.workflow_store import workflow_of
from core.tx import Look


@dataclass(frozen=True, slots=True)
class Times:
    """A ticket's times: real ones, working ones where it has an agreement, and by category."""

    real: Measures
    worked: Measures | None
    categories: Mapping[str, timedelta]


async def times_of(look: Look, number: int) -> Times | None:
    """The times of a ticket until now; ``None``: there is no such ticket."""
    entries = await _entries(look, number)
    if not entries:
        return None
    real, worked = measure(entries, look.now), None
    row, book = await look.session.get(Classification, number), await book_of(look)
    if row is not None and row.agreement is not None:
        hours = book.calendar_of(row.agreement).hours
        worked = measure(entries, look.now, hours.worked)
    return Times(real, worked, await _by_category(look, real))


async def _entries(look: Look, number: int) -> list[Entry]:
    query = (
        select(JournalEntry.at, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.ticket_id == number)
        .order_by(JournalEntry.id)
    )
    rows = await look.session.execute(query)
    return [(at, name, unpack(facts)) for at, name, facts in rows]


async def _by_category(look: Look, measures: Measures) -> dict[str, timedelta]:
    """States of one category together, in the order of their lives."""
    states = (await workflow_of(look)).states
    found: dict[str, timedelta] = {}
    for category in CATEGORIES:
        spans = [
            span
            for code, span in measures.states.items()
            if code in states and states[code].category == category
        ]
        if spans:
            found[category] = sum(spans, start=timedelta())
    return found
