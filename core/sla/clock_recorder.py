"""Keeps the clocks of tickets in step with events, and computes them from the journal (C4).

Stored clocks are a cache. An event moves them on by one step; whenever the past counts (a ticket is
classified anew, or comes back from its end) they are computed anew from the journal. A company
without agreements pays nothing for them.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core import events as e
from core.models import Classification, JournalEntry, Ticket
from core.sla import clock_store
from core.sla.agreements import Agreements, agreement_for, agreements_of, new_row
from core.sla.calendar import Calendar
from core.sla.clock import (
    GIVE_BACK,
    KINDS,
    REACTION,
    RESOLUTION,
    TOLD,
    UNMERGE,
    ClockState,
    History,
    Terms,
    fold,
    read_history,
    step,
    steps_of,
)
from core.sla.terms import Kind, narrowest
from core.subscribers import Subscriber
from core.tx import ReadTx, Tx

_TOLD_BY: Final = (
    e.TicketOpened,
    e.TicketClassified,
    e.StateEntered,
    e.TicketTaken,
    e.TicketAssigned,
    e.AnswerDelivered,
    e.ClockMissed,
)
# Moves by which a ticket stands as it did before a merge.
_BACK: Final = frozenset({GIVE_BACK, UNMERGE})
_ANEW: Final = (e.TicketOpened, e.TicketClassified)


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Advance the clocks of the tickets of these events. Emits :class:`ClocksSet`."""
    happened: dict[int, list[e.Event]] = defaultdict(list)
    for event in events:
        # a move that stays in its state changes no clock
        stays = isinstance(event, e.StateEntered) and event.old == event.new
        if event.ticket_id is not None and not stays:
            happened[event.ticket_id].append(event)
    if not happened or not (agreed := await agreements_of(tx)):
        return
    for number, told in happened.items():
        if any(isinstance(event, _ANEW) for event in told) or await _is_bare(tx, number, told):
            await restate(tx, number, told)
        else:
            await _move_on(tx, agreed, number, told)


async def _is_bare(tx: Tx, ticket_id: int, told: Sequence[e.Event]) -> bool:
    """Return whether somebody takes a ticket that was opened before there was an agreement: taking
    sets what is still empty (C4).
    """
    taken = any(isinstance(event, e.TicketTaken | e.TicketAssigned) for event in told)
    return taken and (await clock_store.stored(tx, ticket_id))[0] is None


async def restate(
    tx: Tx, ticket_id: int, told: Sequence[e.Event] = (), *, same_terms: bool = False
) -> None:
    """Compute the ticket's clocks anew from its first moment, by what counts for it now (B7).

    ``told``: the events that are the reason. ``same_terms``: what was promised stays; the calendar
    has changed.
    """
    agreed = await agreements_of(tx)
    new = any(isinstance(event, e.TicketOpened) for event in told)
    history = await _history_until_now(tx, ticket_id, new=new)
    terms = history.terms if same_terms else await _terms_of(tx, agreed, ticket_id)
    after = compute_clocks(agreed, history, terms)
    before = {} if new else (await clock_store.stored(tx, ticket_id))[1]
    if terms == history.terms and after == before:
        return
    await clock_store.drop(tx, ticket_id, before.keys() - after.keys())
    if terms is not None:
        if before:
            await clock_store.change_calendar(tx, ticket_id, terms.calendar)
        await clock_store.put(tx, ticket_id, agreed.calendars[terms.calendar], before, after)
    tx.emit(_set(ticket_id, terms, after))


def compute_clocks(
    agreed: Agreements, history: History, terms: Terms | None
) -> dict[str, ClockState]:
    """Return the clocks of a ticket with this history under these terms."""
    if terms is None or history.opened_at is None:
        return {}
    hours = agreed.calendars[terms.calendar].hours
    spans = {kind: terms.span(kind) for kind in KINDS}
    return {
        kind: fold(hours, kind, span, history.opened_at, history.steps)
        for kind, span in spans.items()
        if span is not None
    }


async def recompute(tx: ReadTx, ticket_id: int) -> dict[str, ClockState]:
    """Return what the ticket's clocks must be, from the journal alone."""
    history = await history_of(tx, ticket_id)
    return compute_clocks(await agreements_of(tx), history, history.terms)


async def history_of(tx: ReadTx, ticket_id: int) -> History:
    """Return the ticket's history so far, from the journal."""
    query = (
        select(JournalEntry.at, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.ticket_id == ticket_id, JournalEntry.event.in_(TOLD))
        .order_by(JournalEntry.id)
    )
    rows = await tx.rows(query, apart=True)
    return read_history((at, name, facts) for at, name, facts in rows)


async def _history_until_now(tx: Tx, ticket_id: int, *, new: bool = False) -> History:
    """The journal, and what this transaction has not written there yet. ``new``: there is none."""
    history = History() if new else await history_of(tx, ticket_id)
    for event in tx.events:
        name = e.name_of(event) if event.ticket_id == ticket_id else ""
        if name in TOLD:
            history.hear(tx.now, name, event.facts())
    return history


async def _terms_of(tx: Tx, agreed: Agreements, ticket_id: int) -> Terms | None:
    """Return the terms that count now; the agreement once chosen stays, unless one was named."""
    row = await tx.find(Classification, ticket_id)
    code = None if row is None else row.agreement
    if row is None or code is None:
        ticket = await tx.get(Ticket, ticket_id)
        day = ticket.opened_at.astimezone(tx.company.zone).date()
        code = await agreement_for(tx, agreed, ticket.customer_id, day)
        if code is None:
            return None
        if row is None:
            row = await new_row(tx, ticket_id)
        row.agreement = code
    agreement = agreed.agreements[code]
    spans = narrowest(agreement.terms, Kind(row.service, row.category, row.priority))
    return Terms(code, agreement.calendar, spans.reaction, spans.resolution)


async def _move_on(tx: Tx, agreed: Agreements, ticket_id: int, told: Sequence[e.Event]) -> None:
    code, before = await clock_store.stored(tx, ticket_id)
    if code is None:
        return
    calendar = agreed.calendars[code]
    resolution = before.get(RESOLUTION)
    back = any(isinstance(event, e.StateEntered) and event.verb in _BACK for event in told)
    if back or (resolution is not None and resolution.ended_at is not None):
        history = await _history_until_now(tx, ticket_id)
        after = compute_clocks(agreed, history, history.terms)
    else:
        after = _stepped(calendar.hours, before, told, tx.now)
    await clock_store.put(tx, ticket_id, calendar, before, after)


def _stepped(
    hours: Calendar, before: Mapping[str, ClockState], told: Sequence[e.Event], now: datetime
) -> dict[str, ClockState]:
    after = dict(before)
    for event in told:
        for happened in steps_of(now, e.name_of(event), event.facts()):
            after = {kind: step(hours, kind, one, happened) for kind, one in after.items()}
    return after


def _set(ticket_id: int, terms: Terms | None, after: Mapping[str, ClockState]) -> e.ClocksSet:
    due = {kind: after[kind].due_at if kind in after else None for kind in KINDS}
    return e.ClocksSet(
        ticket_id=ticket_id,
        agreement=None if terms is None else terms.agreement,
        calendar=None if terms is None else terms.calendar,
        reaction=None if terms is None else terms.reaction,
        resolution=None if terms is None else terms.resolution,
        reaction_due=due[REACTION],
        resolution_due=due[RESOLUTION],
    )


SUBSCRIBER: Final = Subscriber("clocks", _TOLD_BY, record, unless_empty=Agreements)
