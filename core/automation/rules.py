"""Runs rules: as a subscriber of events, and when time has passed (E2).

A rule runs at most once for a ticket in a transaction, and once for a span of time: a row of
`rule_run` says that it did. What it causes is handed on to all subscribers, rules too, and a chain
that does not end is cut by `core.subscribers`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import and_, delete, exists, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from core import events as e
from core.automation.actions import act, author_of
from core.automation.conditions import Case, holds
from core.db import insert_or
from core.models import Message, RuleRow, RuleRun, Ticket
from core.subscribers import Subscriber
from core.tickets.incoming import AUTOMATIC
from core.tx import ReadTx, Tx

BATCH: Final = 100
# How long it is known that a rule ran: for an event, and for a span in a ticket that has ended.
RUNS_KEPT: Final = timedelta(days=1)
SPANS_KEPT: Final = timedelta(days=180)
PURGED: Final = 1000

# What a rule can be about: its name in the directory, and the event.
EVENTS: Final[Mapping[str, type[e.Event]]] = {
    "opened": e.TicketOpened,
    "customer_wrote": e.CustomerWrote,
    "answered": e.AnswerWritten,
    "state_entered": e.StateEntered,
    "rated": e.TicketRated,
    "reminded": e.DeadlineNear,
    "overdue": e.DeadlineMissed,
}
# Since when a span counts: its name in the directory, and the ticket's instant.
SPANS: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "open_for": Ticket.opened_at,
    "unanswered_for": Ticket.waiting_since,
    "resolved_for": Ticket.resolved_at,
}
_NAMES: Final = {kind: name for name, kind in EVENTS.items()}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. ``since``: spans that had passed by then count no more."""

    code: str
    title: str
    event: str
    after: timedelta | None
    since: datetime | None
    conditions: Mapping[str, Any]
    actions: Mapping[str, Any]
    active: bool


class Rules(dict[str, tuple[Rule, ...]]):
    """Those that are on, by event, in the order of the directory."""


async def rules_of(tx: ReadTx) -> Rules:
    """Return the rules, cached until the directory changes."""
    return await tx.cached(Rules, _read_rules)


async def _read_rules(tx: ReadTx) -> Rules:
    by_event: dict[str, tuple[Rule, ...]] = {}
    for rule in await list_rules(tx):
        if rule.active:
            by_event[rule.event] = (*by_event.get(rule.event, ()), rule)
    return Rules(by_event)


async def list_rules(tx: ReadTx) -> list[Rule]:
    """Return all of them, also those that are off."""
    rows = await tx.all(select(RuleRow).order_by(RuleRow.position, RuleRow.code))
    return [
        Rule(
            row.code,
            row.title,
            row.event,
            None if row.after is None else timedelta(seconds=row.after),
            row.since,
            row.conditions,
            row.actions,
            row.active,
        )
        for row in rows
    ]


async def react(tx: Tx, events: Sequence[e.Event]) -> None:
    """Run the rules for these events, but none for what no person wrote (F5)."""
    rules = await rules_of(tx)
    for event in events:
        meant = rules.get(_NAMES[type(event)], ())
        if meant and isinstance(event, e.CustomerWrote) and await _is_automatic(tx, event):
            continue
        for rule in meant:
            if event.ticket_id is not None:
                message = getattr(event, "message_id", None)
                await _run(tx, rule, event.ticket_id, tx.now, message)


async def _is_automatic(tx: Tx, event: e.CustomerWrote) -> bool:
    """Return whether a program wrote it: an answer to it may be answered, and so on for ever."""
    said = await tx.get(Message, event.message_id)
    return bool((said.content.get("remark") or {}).get("key") == AUTOMATIC)


SUBSCRIBER: Final = Subscriber("rules", tuple(EVENTS.values()), react, unless_empty=Rules)


async def _run(
    tx: Tx, rule: Rule, ticket_id: int, since: datetime, message_id: int | None = None
) -> None:
    await tx.write()
    ticket = await tx.get(Ticket, ticket_id, hold=True)
    tx.pin([ticket])
    fits = await holds(Case(tx, ticket, message_id), rule.conditions)
    if not (fits or rule.event in SPANS) or not await _is_first(tx, rule, ticket_id, since):
        return
    if not fits:
        return
    first, before = len(tx.events), tx.actor
    tx.actor = await author_of(tx)
    done = await act(tx, ticket, f"{rule.code}:{since.isoformat()}", rule.actions)
    tx.emit(e.RuleRan(ticket_id=ticket_id, rule=rule.code, title=rule.title, done=done))
    tx.note_actor(first)
    tx.actor = before


async def _is_first(tx: Tx, rule: Rule, ticket_id: int, since: datetime) -> bool:
    """Note that the rule ran for this cause, or that its time has come; it does so once."""
    run = {"rule": rule.code, "ticket_id": ticket_id, "cause": since.isoformat(), "at": tx.now}
    insert = insert_or(tx.session, RuleRun).values(**run).on_conflict_do_nothing()
    return await tx.change(insert) > 0


# Time


async def run_due(tx: Tx) -> int:
    """Run the rules whose time has passed for some tickets. Returns how many were looked at; a full
    batch means that the caller should call again.
    """
    rules = await rules_of(tx)
    looked = 0
    for name, since in SPANS.items():
        for rule in rules.get(name, ()):
            for ticket_id, begun in await _due(tx, rule, since, BATCH - looked):
                await _run(tx, rule, ticket_id, begun)
                looked += 1
    return looked


async def _due(
    tx: Tx, rule: Rule, since: InstrumentedAttribute[Any], limit: int
) -> list[tuple[int, datetime]]:
    """Tickets in work for which the rule was not looked at since then."""
    ran = exists().where(
        RuleRun.ticket_id == Ticket.id, RuleRun.rule == rule.code, RuleRun.at >= since
    )
    span = rule.after or timedelta()
    query = select(Ticket.id, since).where(
        Ticket.queue_rank.is_not(None), since <= tx.now - span, ~ran
    )
    if rule.since is not None:
        query = query.where(since > rule.since - span)
    rows = await tx.rows(query.order_by(Ticket.id).limit(limit))
    return [(ticket_id, begun) for ticket_id, begun in rows]


async def purge(tx: Tx) -> int:
    """Forget runs that nothing is asked of any more. Returns how many.

    Runs for an event are asked of in its own transaction; those for a span as long as the ticket
    may come back.
    """
    spans = [rule.code for rule in await list_rules(tx) if rule.event in SPANS]
    ended = select(Ticket.id).where(Ticket.closed_at < tx.now - SPANS_KEPT)
    old = and_(RuleRun.at < tx.now - RUNS_KEPT, RuleRun.rule.not_in(spans))
    gone = and_(RuleRun.at < tx.now - SPANS_KEPT, RuleRun.ticket_id.in_(ended))
    batch = select(RuleRun.rule, RuleRun.ticket_id, RuleRun.cause).where(or_(old, gone))
    rows = [tuple(row) for row in await tx.rows(batch.order_by(RuleRun.at).limit(PURGED))]
    key = tuple_(RuleRun.rule, RuleRun.ticket_id, RuleRun.cause)
    return await tx.change(delete(RuleRun).where(key.in_(rows))) if rows else 0
