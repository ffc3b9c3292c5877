"""Tickets, messages, notes and the journal as tables, page by page, in flat memory (H2).

One ticket is one row, the same that lists show. Rows come in the order of their numbers; each page
is read by the last number of the one before, so any page costs the same.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select

from core.desk import Desk
from core.errors import NotAllowed
from core.events import Exported
from core.models import JournalEntry, Message, Note, Person, Ticket
from core.people.permissions import may
from core.tickets.catalog import topics_of
from core.tickets.facts import TicketFacts, tickets_after
from core.tx import ReadTx, Tx

PAGE: Final = 1000
Cell = str | int | datetime | None
Row = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Period:
    """From an instant (included) to another (excluded); empty: without end on that side."""

    since: datetime | None = None
    until: datetime | None = None

    def bounds(self, column: Any) -> list[Any]:
        """Return the conditions that a column lies within."""
        given = ((self.since, column.__ge__), (self.until, column.__lt__))
        return [compare(instant) for instant, compare in given if instant is not None]


ALWAYS: Final = Period()


def days(since: date | None, until: date | None, zone: ZoneInfo) -> Period:
    """Return the period from the beginning of one day to the end of another, in this zone."""
    later = None if until is None else until + timedelta(days=1)
    return Period(_midnight(since, zone), _midnight(later, zone))


def _midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone).astimezone(UTC)


Page = list[tuple[int, Row]]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``columns`` are keys below ``export.``; ``page`` reads rows behind a number."""

    columns: tuple[str, ...]
    page: Callable[[ReadTx, int, Period], Awaitable[Page]]


async def rows_of(desk: Desk, name: str, period: Period = ALWAYS) -> AsyncIterator[list[Row]]:
    """Yield the rows of a table, a page at a time. ``name``: of :data:`TABLES`."""
    table, after = TABLES[name], 0
    while page := await desk.read(table.page, after, period):
        after = page[-1][0]
        yield [row for _, row in page]


async def note_export(tx: Tx, period: Period) -> None:
    """Note in the journal who exported what (S36). Raises :class:`NotAllowed`."""
    if not may(tx.actor.role, "report"):
        raise NotAllowed("report")
    tx.emit(Exported(ticket_id=None, since=period.since, until=period.until))


_TICKET_COLUMNS: Final = (
    *("number", "marker", "state", "subject", "topic", "channel", "customer", "assignee"),
    *("opened_at", "waiting_since", "answer_due", "frozen_until", "resolved_at", "closed_at"),
    *("days", "reopened", "follows"),
)


async def _tickets(tx: ReadTx, after: int, period: Period) -> Page:
    found = await tickets_after(tx, after, PAGE, period.bounds(Ticket.opened_at))
    topics = await topics_of(tx)
    titles = {code: topic.title(tx.company.language) for code, topic in topics.items()}
    return [(one.number, _ticket(one, titles)) for one in found]


def _ticket(ticket: TicketFacts, titles: Mapping[str, str]) -> Row:
    topic = None if ticket.topic is None else titles.get(ticket.topic, ticket.topic)
    shown = {name: getattr(ticket, name) for name in _TICKET_COLUMNS}
    return tuple((shown | {"marker": ticket.sign, "topic": topic}).values())


_MESSAGE_COLUMNS: Final = (
    *("message", "number", "at", "author", "from_customer", "kind", "text"),
    *("edited_at", "delivered_at", "withdrawn_at"),
)


# Columns and no objects: the others wait while a page of them is read.
_MESSAGES: Final = (
    select(
        *(Message.id, Message.ticket_id, Message.created_at, Person.name, Message.from_customer),
        *(Message.content, Message.text),
        *(Message.edited_at, Message.delivered_at, Message.withdrawn_at),
    )
    .join_from(Message, Person, Message.author_id == Person.id)
    .where(Message.ticket_id.is_not(None))
)


async def _messages(tx: ReadTx, after: int, period: Period) -> Page:
    rows = await tx.rows(
        _MESSAGES.where(Message.id > after, *period.bounds(Message.created_at))
        .order_by(Message.id)
        .limit(PAGE)
    )
    return [(row[0], _message(*row)) for row in rows]


def _message(*cells: Any) -> Row:
    number, ticket, at, author, from_customer, content, *rest = cells
    kind = str(content.get("kind", "text"))
    return (number, ticket, at, author, int(from_customer), kind, *rest)


_NOTE_COLUMNS: Final = ("note", "number", "at", "author", "text", "edited_at")


async def _notes(tx: ReadTx, after: int, period: Period) -> Page:
    columns = (Note.id, Note.ticket_id, Note.created_at, Person.name, Note.text, Note.edited_at)
    rows = await tx.rows(
        select(*columns)
        .join(Person, Note.author_id == Person.id)
        .where(Note.id > after, *period.bounds(Note.created_at))
        .order_by(Note.id)
        .limit(PAGE)
    )
    return [(row[0], tuple(row)) for row in rows]


_JOURNAL_COLUMNS: Final = ("entry", "number", "at", "author", "event", "facts")


async def _journal(tx: ReadTx, after: int, period: Period) -> Page:
    columns = (JournalEntry.id, JournalEntry.ticket_id, JournalEntry.at, Person.name)
    rows = await tx.rows(
        select(*columns, JournalEntry.event, JournalEntry.facts)
        .outerjoin(Person, JournalEntry.actor_id == Person.id)
        .where(JournalEntry.id > after, *period.bounds(JournalEntry.at))
        .order_by(JournalEntry.id)
        .limit(PAGE)
    )
    return [(row[0], (*row[:5], orjson.dumps(row[5]).decode())) for row in rows]


TABLES: Final[Mapping[str, Table]] = {
    "tickets": Table(_TICKET_COLUMNS, _tickets),
    "messages": Table(_MESSAGE_COLUMNS, _messages),
    "notes": Table(_NOTE_COLUMNS, _notes),
    "journal": Table(_JOURNAL_COLUMNS, _journal),
}
