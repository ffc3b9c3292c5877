"""Keeps the clocks of tickets: a recorder, and the same from the journal (C4).

Stored clocks are a cache. What happens moves them on by one step; whenever the past counts (a
ticket is classified anew, or comes back from its end) they are reckoned anew from the journal.
A company without agreements pays nothing for them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core import events as e
from core.agreements import shelf
from core.agreements.book import Book, book_of
from core.agreements.choosing import Kind, narrowest
from core.agreements.grading import new_row
from core.agreements.history import TOLD, History, Terms, read_history, steps_of
from core.agreements.parties import agreement_for
from core.agreements.reckoning import KINDS, REACTION, RESOLUTION, Reading, fold, step
from core.business_time import Calendar
from core.models import Classification, JournalEntry, Ticket
from core.tx import Look, Tx

_TOLD_BY: Final = (
    e.TicketOpened,
    e.TicketClassified,
    e.StateEntered,
    e.TicketTaken,
    e.AnswerDelivered,
    e.ClockMissed,
)
_ANEW: Final = (e.TicketOpened, e.TicketClassified)


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Move the clocks of the tickets that something happened to. Emits :class:`ClocksSet`."""
    happened: dict[int, list[e.Event]] = defaultdict(list)
    for event in events:
        if event.ticket_id is not None and isinstance(event, _TOLD_BY) and _matters(event):
            happened[event.ticket_id].append(event)
    if not happened or not (book := await book_of(tx)):
        return
    for number, told in happened.items():
        if any(isinstance(event, _ANEW) for event in told):
            await restate(tx, number, told)
        else:
            await _move_on(tx, book, number, told)


def _matters(event: e.Event) -> bool:
    """A move that stays where it was moves no clock."""
    return not isinstance(event, e.StateEntered) or event.old != event.new


async def restate(
    tx: Tx, number: int, told: Sequence[e.Event] = (), *, same_terms: bool = False
) -> None:
    """Reckon the ticket's clocks anew from its first moment, by what counts for it now (B7).

    ``told``: what happened in this very transaction and is not in the journal yet.
    ``same_terms``: what was promised stays; the calendar has changed.
    """
    book = await book_of(tx)
    new = any(isinstance(event, e.TicketOpened) for event in told)
    history = History() if new else await history_of(tx, number)
    _hear(history, told, tx.now)
    terms = history.terms if same_terms else await _terms_of(tx, book, number)
    after = reckon(book, history, terms)
    before = {} if new else (await shelf.stored(tx, number))[1]
    if terms == history.terms and after == before:
        return
    await shelf.drop(tx, number, before.keys() - after.keys())
    if terms is not None:
        await shelf.put(tx, number, book.calendars[terms.calendar], before, after)
    tx.emit(_set(number, terms, after))


def reckon(book: Book, history: History, terms: Terms | None) -> dict[str, Reading]:
    """The clocks of a ticket with this history, as these terms have them."""
    if terms is None or history.opened_at is None:
        return {}
    hours = book.calendars[terms.calendar].hours
    spans = {kind: terms.span(kind) for kind in KINDS}
    return {
        kind: fold(hours, kind, span, history.opened_at, history.steps)
        for kind, span in spans.items()
        if span is not None
    }


async def recompute(look: Look, number: int) -> dict[str, Reading]:
    """What the ticket's clocks must be, from the journal alone."""
    history = await history_of(look, number)
    return reckon(await book_of(look), history, history.terms)


async def history_of(look: Look, number: int) -> History:
    """What the journal tells of the ticket so far."""
    query = (
        select(JournalEntry.at, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.ticket_id == number, JournalEntry.event.in_(TOLD))
        .order_by(JournalEntry.id)
    )
    with look.session.no_autoflush:  # the journal is never in the session
        rows = await look.session.execute(query)
    return read_history((at, name, facts) for at, name, facts in rows)


def _hear(history: History, told: Sequence[e.Event], now: datetime) -> None:
    for event in told:
        history.hear(now, e.name_of(event), event.facts())


async def _terms_of(tx: Tx, book: Book, number: int) -> Terms | None:
    """What counts for the ticket now; the agreement once chosen stays, unless one was named."""
    row = await tx.session.get(Classification, number)
    code = None if row is None else row.agreement
    if row is None or code is None:
        ticket = await tx.session.get_one(Ticket, number)
        day = ticket.opened_at.astimezone(tx.company.zone).date()
        code = await agreement_for(tx, book, ticket.customer_id, day)
        if code is None:
            return None
        if row is None:
            row = await new_row(tx, number)
        row.agreement = code
    agreement = book.agreements[code]
    spans = narrowest(agreement.terms, Kind(row.service, row.category, row.priority))
    return Terms(code, agreement.calendar, spans.reaction, spans.resolution)


async def _move_on(tx: Tx, book: Book, number: int, told: Sequence[e.Event]) -> None:
    code, before = await shelf.stored(tx, number)
    if code is None:
        return
    calendar = book.calendars[code]
    resolution = before.get(RESOLUTION)
    if resolution is not None and resolution.ended_at is not None:
        history = await history_of(tx, number)
        _hear(history, told, tx.now)
        after = reckon(book, history, history.terms)
    else:
        after = _stepped(calendar.hours, before, told, tx.now)
    await shelf.put(tx, number, calendar, before, after)


def _stepped(
    hours: Calendar, before: Mapping[str, Reading], told: Sequence[e.Event], now: datetime
) -> dict[str, Reading]:
    after = dict(before)
    for event in told:
        for happened in steps_of(now, e.name_of(event), event.facts()):
            after = {kind: step(hours, kind, one, happened) for kind, one in after.items()}
    return after


def _set(number: int, terms: Terms | None, after: Mapping[str, Reading]) -> e.ClocksSet:
    due = {kind: after[kind].due_at if kind in after else None for kind in KINDS}
    return e.ClocksSet(
        ticket_id=number,
        agreement=None if terms is None else terms.agreement,
        calendar=None if terms is None else terms.calendar,
        reaction=None if terms is None else terms.reaction,
        resolution=None if terms is None else terms.resolution,
        reaction_due=due[REACTION],
        resolution_due=due[RESOLUTION],
    )
