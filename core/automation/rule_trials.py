"""Tries a rule: for which tickets it would have run lately, and what it would do (X11).

Events are those of the journal, with their messages; what else is asked of a ticket is asked as it
is now. What would be done is found out by doing it in a transaction that is undone.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from core import events as e
from core.automation.actions import ACTIONS, act, author_of
from core.automation.conditions import Case, holds
from core.automation.rules import EVENTS, SPANS, Rule, list_rules
from core.errors import Unreadable
from core.models import JournalEntry, Ticket
from core.tickets.list_lines import PAGE, Line, lines_of
from core.tx import ReadTx, Tx

TRIED_DAYS: Final = 30
MOST_TRIED: Final = 5000
_LONGEST_CODE: Final = 40


@dataclass(frozen=True, slots=True)
class Past:
    """What was looked at: each event's ticket and message, the newest first, back to ``since``.
    ``cut``: there were more of them in the days that count.
    """

    events: Sequence[tuple[int, int | None]]
    since: datetime
    cut: bool = False


@dataclass(frozen=True, slots=True)
class TriedTicket:
    """A ticket, the actions that would do something now, and those ``left`` out. Of one that has
    ended nothing can be tried: ``done`` are all of the rule's.
    """

    line: Line
    done: tuple[str, ...]
    left: tuple[str, ...]
    ended: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """The tickets by number, the newest first, and a ``page`` of them, from 0."""

    rule: Rule
    tickets: Sequence[int]
    past: Past
    page: int = 0
    shown: Sequence[TriedTicket] = field(default=())

    @property
    def pages(self) -> int:
        """Return how many pages there are."""
        return max(-(-len(self.tickets) // PAGE), 1)


class OnlyTried(Exception):
    """A rule was tried; whatever it did is undone. ``trial``: what came of it."""

    def __init__(self, trial: Trial) -> None:
        super().__init__(trial.rule.code)
        self.trial = trial


async def look_back(tx: ReadTx, rule: Rule, page: int = 0) -> Trial:
    """Return for which tickets a rule, on or off, would have run; what would be done is not known
    yet. It may take a while, and only reads.
    """
    tickets, past = await try_rule(tx, rule)
    trial = Trial(rule, tickets, past)
    return replace(trial, page=min(page, trial.pages - 1))


async def attempt(tx: Tx, trial: Trial) -> None:
    """Do what the rule does with the tickets of the page. Raises :class:`OnlyTried`."""
    first = trial.page * PAGE
    lines = await lines_of(tx, trial.tickets[first : first + PAGE])
    shown = [await _tried(tx, trial.rule, line) for line in lines]
    raise OnlyTried(replace(trial, shown=shown))


async def find_rule(tx: ReadTx, code: str) -> Rule:
    """Return the rule with this code. Raises :class:`Unreadable` with those there are."""
    rules = {rule.code: rule for rule in await list_rules(tx)}
    if code not in rules:
        known = ", ".join(rules) or "—"
        raise Unreadable("refusal.no_rule", words=code[:_LONGEST_CODE], known=known)
    return rules[code]


async def try_rule(tx: ReadTx, rule: Rule) -> tuple[list[int], Past]:
    """Return the tickets for which the rule would have run in the last 30 days, the newest first,
    and what was looked at.
    """
    past, found = await _past(tx, rule), dict[int, None]()
    for ticket_id, message_id in past.events:
        if ticket_id in found:
            continue
        ticket = await tx.get(Ticket, ticket_id)
        if await holds(Case(tx, ticket, message_id), rule.conditions):
            found[ticket_id] = None
    return list(found), past


async def _past(tx: ReadTx, rule: Rule) -> Past:
    begin = tx.now - timedelta(days=TRIED_DAYS)
    if rule.event in SPANS:
        since, span = SPANS[rule.event], rule.after or timedelta()
        query = select(Ticket.id, since).where(since.between(begin - span, tx.now - span))
        known = await tx.rows(_newest(query, since, Ticket.id))
        rows = [(number, None, at) for number, at in known]
    else:
        entries = (
            select(JournalEntry.ticket_id, JournalEntry.facts, JournalEntry.at)
            .where(JournalEntry.at >= begin, JournalEntry.event == e.name_of(EVENTS[rule.event]))
            .where(JournalEntry.ticket_id.is_not(None))
        )
        found = await tx.rows(_newest(entries, JournalEntry.id))
        rows = [(number, facts.get("message_id"), at) for number, facts, at in found]
    cut = len(rows) > MOST_TRIED
    events = [(number, message) for number, message, _ in rows[:MOST_TRIED]]
    return Past(events, rows[MOST_TRIED - 1][2] if cut else begin, cut)


def _newest(query: Any, *order: Any) -> Any:
    return query.order_by(*(one.desc() for one in order)).limit(MOST_TRIED + 1)


async def _tried(tx: Tx, rule: Rule, line: Line) -> TriedTicket:
    wanted = tuple(name for name in ACTIONS if name in rule.actions)
    if line.closed_at is not None:
        return TriedTicket(line, wanted, (), ended=True)
    ticket = await tx.get(Ticket, line.number, hold=True)
    tx.pin([ticket])
    before = tx.actor
    tx.actor = await author_of(tx)
    done = await act(tx, ticket, f"try:{rule.code}", rule.actions)
    tx.actor = before
    left = tuple(name for name in wanted if name not in done)
    return TriedTicket(line, done, left, ended=False)
