"""Tickets as rows of a table (H2): columns that stay where they are, then the company's fields.

Positions are promised (docs/operations.md): new columns are added behind the others, before those
of the company's own fields. Everything is read for a page of tickets at once.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import select

from core.knowledge.catalogue import articles_of
from core.models import (
    Account,
    AccountMember,
    Classification,
    Clock,
    JournalEntry,
    Resolution,
    TicketField,
    TicketMetrics,
    TicketTag,
    TicketTeam,
)
from core.reports.ticket_tally import TOLD, Entry
from core.sla.agreements import Agreements, agreements_of
from core.sla.calendar import NeverOpen
from core.sla.clock import KINDS
from core.teams.teams import teams_of
from core.texts import Key, unpack
from core.tickets.catalog import ASPECTS, classes_of, topics_of
from core.tickets.facts import TicketFacts
from core.tickets.fields import YES_NO, Field, show_value
from core.tickets.metrics import measure
from core.tickets.resolutions import reasons_of
from core.tx import ReadTx

Cell = str | int | float | datetime | date | Key | None
Row = tuple[Cell, ...]
_FACTS: Final = (
    *("number", "marker", "state", "subject", "topic", "channel", "customer", "assignee"),
    *("opened_at", "waiting_since", "answer_due", "frozen_until", "resolved_at", "closed_at"),
    *("days", "reopened", "follows"),
)
_TIMES: Final = ("by_us", "by_customer", "by_others")
COLUMNS: Final = (
    *_FACTS,
    *(*ASPECTS, "team", "tags", "account", "reason", "solution", "spent", "article"),
    *("rating", "comment", "reaction_due", "reaction", "resolution_due", "resolution"),
    *_TIMES,
)
"""Keys below ``export.``, in their order."""
_MINUTE: Final = 60
_SECOND: Final = timedelta(seconds=1)
Cells = Mapping[str, Cell]
ByTicket = Mapping[int, Cells]


async def rows_for(
    tx: ReadTx, tickets: Sequence[TicketFacts], fields: Sequence[Field]
) -> list[Row]:
    """Return a row for each ticket: the cells of `COLUMNS`, and one for each of these fields."""
    numbers = [one.number for one in tickets]
    parts = [await read(tx, numbers) for read in _PARTS]
    parts.append(await _accounts(tx, tickets))
    parts.append(await _facts(tx, tickets))
    own = await _own(tx, numbers, fields)
    return [
        (*_row([part.get(number, {}) for part in parts]), *own.get(number, (None,) * len(fields)))
        for number in numbers
    ]


def _row(parts: Sequence[Cells]) -> Row:
    cells: dict[str, Cell] = {}
    for part in parts:
        cells |= part
    return tuple(cells.get(name) for name in COLUMNS)


async def _facts(tx: ReadTx, tickets: Sequence[TicketFacts]) -> ByTicket:
    topics, language = await topics_of(tx), tx.company.language
    titles = {code: topic.title(language) for code, topic in topics.items()}
    return {
        one.number: {name: getattr(one, name) for name in _FACTS}
        | {"marker": one.sign, "topic": titles.get(one.topic or "", one.topic)}
        for one in tickets
    }


async def _classes(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    """Service, category and priority."""
    classes, language = await classes_of(tx), tx.company.language

    def titles(row: Classification) -> Cells:
        chosen = {aspect: classes.get(aspect, getattr(row, aspect)) for aspect in ASPECTS}
        return {name: None if one is None else one.title(language) for name, one in chosen.items()}

    query = select(Classification).where(Classification.ticket_id.in_(numbers))
    return {row.ticket_id: titles(row) for row in await tx.all(query)}


async def _teams(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    teams, language = await teams_of(tx), tx.company.language
    query = select(TicketTeam.ticket_id, TicketTeam.team).where(TicketTeam.ticket_id.in_(numbers))
    placed = {number: code for number, code in await tx.rows(query) if code is not None}
    return {
        number: {"team": teams[code].title(language) if code in teams else code}
        for number, code in placed.items()
    }


async def _tags(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    query = select(TicketTag.ticket_id, TicketTag.tag).where(TicketTag.ticket_id.in_(numbers))
    found: dict[int, list[str]] = defaultdict(list)
    for number, tag in await tx.rows(query.order_by(TicketTag.ticket_id, TicketTag.tag)):
        found[number].append(f"#{tag}")
    return {number: {"tags": " ".join(tags)} for number, tags in found.items()}


async def _accounts(tx: ReadTx, tickets: Sequence[TicketFacts]) -> ByTicket:
    people = {one.customer_id for one in tickets}
    query = (
        select(AccountMember.person_id, Account.name)
        .join(Account, Account.id == AccountMember.account_id)
        .where(AccountMember.person_id.in_(people))
    )
    names = {person: name for person, name in await tx.rows(query)}  # noqa: C416 rows are no pairs
    return {one.number: {"account": names.get(one.customer_id)} for one in tickets}


async def _endings(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    """Of the latest ending; the time of all of them."""
    query = select(Resolution).where(Resolution.ticket_id.in_(numbers))
    reasons, articles = await reasons_of(tx), await articles_of(tx)
    found: dict[int, dict[str, Cell]] = {}
    spent: dict[int, int] = defaultdict(int)
    for row in await tx.all(query.order_by(Resolution.ticket_id, Resolution.at)):
        reason, article = reasons.get(row.reason or ""), articles.get(row.article or "")
        spent[row.ticket_id] += row.measured if row.spent is None else row.spent
        found[row.ticket_id] = {
            "reason": row.reason if reason is None else reason.title(tx.company.language),
            "solution": row.solution,
            "article": row.article if article is None else article.title,
            "rating": row.rating,
            "comment": row.comment,
            "spent": spent[row.ticket_id] // _MINUTE,
        }
    return found


async def _clocks(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    """Deadlines of agreements, and whether they were kept; empty while that is open."""
    found: dict[int, dict[str, Cell]] = defaultdict(dict)
    agreed = await agreements_of(tx)
    for row in await tx.all(select(Clock).where(Clock.ticket_id.in_(numbers))):
        if row.kind in KINDS:
            due = _due(row, agreed)
            found[row.ticket_id] |= {f"{row.kind}_due": due, row.kind: _kept(tx, row)}
    return found


def _due(row: Clock, agreed: Agreements) -> datetime | None:
    """Until when; of a clock that was stopped in time, when the rest of its span would have been
    over. A clock that is paused has no such instant.
    """
    if row.due_at is not None or row.ended_at is None or row.left is None:
        return row.due_at
    try:
        return agreed.calendars[row.calendar].hours.after(row.ended_at, timedelta(seconds=row.left))
    except (NeverOpen, OverflowError):
        return None


def _kept(tx: ReadTx, row: Clock) -> Key | None:
    """A clock that was late when it stopped keeps its deadline (`ClockState.late`)."""
    late = row.due_at is not None and (row.ended_at is not None or row.due_at <= tx.now)
    if late or row.missed_at is not None:
        return Key("export.missed")
    return None if row.ended_at is None else Key("export.kept")


async def _times(tx: ReadTx, numbers: Sequence[int]) -> ByTicket:
    """Whose the time was (C8), in minutes: as counted where a ticket has ended, else until now."""
    metrics = TicketMetrics.__table__.c
    query = select(metrics.ticket_id, *(metrics[name] for name in _TIMES)).where(
        metrics.ticket_id.in_(numbers), metrics.ended_day.is_not(None)
    )
    found = {row[0]: dict(zip(_TIMES, row[1:], strict=True)) for row in await tx.rows(query)}
    for number, entries in (await _stories(tx, [n for n in numbers if n not in found])).items():
        measures = measure(entries, tx.now)
        found[number] = {name: getattr(measures, name) // _SECOND for name in _TIMES}
    return {
        number: {name: seconds // _MINUTE for name, seconds in times.items()}
        for number, times in found.items()
    }


async def _stories(tx: ReadTx, numbers: Sequence[int]) -> dict[int, list[Entry]]:
    query = select(JournalEntry.ticket_id, JournalEntry.at, JournalEntry.event, JournalEntry.facts)
    chosen = query.where(JournalEntry.ticket_id.in_(numbers), JournalEntry.event.in_(TOLD))
    told: dict[int, list[Entry]] = defaultdict(list)
    for number, at, event, facts in await tx.rows(chosen.order_by(JournalEntry.id)):
        told[number].append((at, event, unpack(facts)))
    return told


_PARTS: Final = (_classes, _teams, _tags, _endings, _clocks, _times)


@dataclass(frozen=True, slots=True)
class _Shown:
    """Cells of fields; a person or a camera is looked up once for a page."""

    tx: ReadTx
    known: dict[tuple[str, str], Cell]

    async def cell(self, field: Field, value: str) -> Cell:
        key = (field.code, value)
        if key not in self.known:
            self.known[key] = await self._read(field, value)
        return self.known[key]

    async def _read(self, field: Field, value: str) -> Cell:
        match field.kind:
            case "number":
                number = Decimal(value)
                return int(number) if number == number.to_integral_value() else float(number)
            case "date":
                return date.fromisoformat(value)
            case "yes_no" if value in YES_NO:
                return Key(f"field.{value}")
        shown = await show_value(self.tx, field, value)
        return shown if isinstance(shown, str) else value


async def _own(
    tx: ReadTx, numbers: Sequence[int], fields: Sequence[Field]
) -> Mapping[int, tuple[Cell, ...]]:
    """What the company's own fields hold, in their order (B18)."""
    if not fields:
        return {}
    query = select(TicketField).where(TicketField.ticket_id.in_(numbers))
    values: dict[int, dict[str, str]] = defaultdict(dict)
    for row in await tx.all(query):
        values[row.ticket_id][row.field] = row.value
    shown = _Shown(tx, {})
    return {
        number: tuple(
            [await shown.cell(one, held[one.code]) if one.code in held else None for one in fields]
        )
        for number, held in values.items()
    }
