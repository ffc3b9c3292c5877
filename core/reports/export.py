"""Tickets, messages, notes and the journal as tables, page by page, in flat memory (H2).

One ticket is one row. Rows come in the order of their numbers, those of a list in its order; each
page is read by the last number of the one before, so any page costs the same.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select

from core.contact_reads import EVERYBODY
from core.contacts.reads import reads_after
from core.desk import Desk
from core.errors import NotAllowed
from core.events import Exported
from core.models import ContactReadRow, JournalEntry, Message, Note, Person, Ticket
from core.people.permissions import may
from core.reports.ticket_rows import COLUMNS, Row, rows_for
from core.texts import Key
from core.tickets.facts import tickets_after
from core.tickets.fields import Field, fields_of
from core.tx import ReadTx, Tx

PAGE: Final = 1000
TICKETS: Final = "tickets"


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
# So many tickets of a list are read at once, with all that belongs to them.
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: rows of a ``period``, of all tickets or of those in ``numbers``, in this
    order; tickets have a column for each of the company's ``fields``.
    """

    period: Period = ALWAYS
    numbers: Sequence[int] | None = None
    fields: tuple[Field, ...] = ()

    def parts(self) -> Iterator["Wish"]:
        """Return wishes for some tickets each; a single one for all tickets."""
        if self.numbers is None:
            yield self
            return
        for at in range(0, len(self.numbers), AT_ONCE):
            yield replace(self, numbers=self.numbers[at : at + AT_ONCE])

    def bounds(self, instant: Any, ticket: Any) -> list[Any]:
        """Return the conditions by an instant and a ticket's number."""
        chosen = [] if self.numbers is None else [ticket.in_(list(self.numbers))]
        return [*self.period.bounds(instant), *chosen]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: ``columns`` are keys below ``export.``; ``page`` reads rows behind a number."""

    columns: tuple[str, ...]
    page: Callable[[ReadTx, int, Wish], Awaitable[Page]]


async def with_fields(desk: Desk, wish: Wish) -> Wish:
    """Return the wish with the fields of now: whatever is changed meanwhile, columns stay."""
    return replace(wish, fields=tuple((await desk.read(fields_of)).values()))


async def rows_of(desk: Desk, name: str, wish: Wish) -> AsyncIterator[list[Row]]:
    """Yield the rows of a table, a page at a time. ``name``: of :data:`TABLES`."""
    table = TABLES[name]
    for part in wish.parts():
        after = 0
        while page := await desk.read(table.page, after, part):
            after = page[-1][0]
            yield _in_order(page, part) if name == TICKETS else [row for _, row in page]


def _in_order(page: Page, part: Wish) -> list[Row]:
    """The rows of tickets as their list has them."""
    if part.numbers is not None:
        place = {number: at for at, number in enumerate(part.numbers)}
        page = sorted(page, key=lambda one: place[one[0]])
    return [row for _, row in page]


async def note_export(tx: Tx, period: Period, view: str | None = None) -> None:
    """Note in the journal who exported what (S36): all, or a list by its name. Raises
    :class:`NotAllowed`.
    """
    if not may(tx.actor.role, "report"):
        raise NotAllowed("report")
    tx.shows(EVERYBODY, "export")
    tx.emit(Exported(ticket_id=None, since=period.since, until=period.until, view=view))


async def _tickets(tx: ReadTx, after: int, wish: Wish) -> Page:
    found = await tickets_after(tx, after, PAGE, wish.bounds(Ticket.opened_at, Ticket.id))
    rows = await rows_for(tx, found, wish.fields)
    return [(one.number, row) for one, row in zip(found, rows, strict=True)]


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


async def _messages(tx: ReadTx, after: int, wish: Wish) -> Page:
    rows = await tx.rows(
        _MESSAGES.where(Message.id > after, *wish.bounds(Message.created_at, Message.ticket_id))
        .order_by(Message.id)
        .limit(PAGE)
    )
    return [(row[0], _message(*row)) for row in rows]


def _message(*cells: Any) -> Row:
    number, ticket, at, author, from_customer, content, *rest = cells
    kind = str(content.get("kind", "text"))
    return (number, ticket, at, author, int(from_customer), kind, *rest)


_NOTE_COLUMNS: Final = ("note", "number", "at", "author", "text", "edited_at")


async def _notes(tx: ReadTx, after: int, wish: Wish) -> Page:
    columns = (Note.id, Note.ticket_id, Note.created_at, Person.name, Note.text, Note.edited_at)
    rows = await tx.rows(
        select(*columns)
        .join(Person, Note.author_id == Person.id)
        .where(Note.id > after, *wish.bounds(Note.created_at, Note.ticket_id))
        .order_by(Note.id)
        .limit(PAGE)
    )
    return [(row[0], tuple(row)) for row in rows]


_JOURNAL_COLUMNS: Final = ("entry", "number", "at", "author", "event", "facts")


async def _journal(tx: ReadTx, after: int, wish: Wish) -> Page:
    columns = (JournalEntry.id, JournalEntry.ticket_id, JournalEntry.at, Person.name)
    rows = await tx.rows(
        select(*columns, JournalEntry.event, JournalEntry.facts)
        .outerjoin(Person, JournalEntry.actor_id == Person.id)
        .where(JournalEntry.id > after, *wish.bounds(JournalEntry.at, JournalEntry.ticket_id))
        .order_by(JournalEntry.id)
        .limit(PAGE)
    )
    return [(row[0], (*row[:5], orjson.dumps(row[5]).decode())) for row in rows]


_READ_COLUMNS: Final = ("entry", "at", "last_at", "reader", "person", "customer", "place", "times")


async def _reads(tx: ReadTx, after: int, wish: Wish) -> Page:
    """Who has looked at contact data (S36); that is of customers, and of no list of tickets."""
    if wish.numbers is not None:
        return []
    rows = await reads_after(tx, after, PAGE, wish.period.bounds(ContactReadRow.last_at))
    return [(row[0], (*row[:6], Key(f"contact_read.{row[6]}"), row[7])) for row in rows]


TABLES: Final[Mapping[str, Table]] = {
    TICKETS: Table(COLUMNS, _tickets),
    "messages": Table(_MESSAGE_COLUMNS, _messages),
    "notes": Table(_NOTE_COLUMNS, _notes),
    "journal": Table(_JOURNAL_COLUMNS, _journal),
    "reads": Table(_READ_COLUMNS, _reads),
}
