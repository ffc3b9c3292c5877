"""The answer clock (C1, C2): from the oldest unanswered customer's message to our answer.

Functions change the ticket and return the timers to set, so that one action sets all of its
timers in one statement.
"""

from datetime import datetime, timedelta

from core.models import Ticket
from core.sla.timers import ANSWER, REMINDER
from core.tx import Look

Timers = dict[str, datetime | None]


def _timers(look: Look, due: datetime | None) -> Timers:
    """The deadline's timers; a reminder only where there is time left before it.

    A deadline that has passed without anybody's knowing fires at once.
    """
    if due is None:
        return {ANSWER: None, REMINDER: None}
    remind = due - look.company.remind_before
    return {ANSWER: due, REMINDER: remind if remind > look.now else None}


def begin(look: Look, ticket: Ticket, since: datetime, span: timedelta) -> Timers:
    """The customer waits since ``since``, unless they waited before already."""
    if ticket.waiting_since is not None:
        return {}
    ticket.waiting_since = since
    ticket.answer_due = since + span
    ticket.answer_left = None
    return _timers(look, ticket.answer_due)


def end(look: Look, ticket: Ticket) -> Timers:
    """The last word is ours."""
    if ticket.waiting_since is None:
        return {}
    ticket.waiting_since = ticket.answer_due = ticket.answer_left = None
    return _timers(look, None)


def suspend(look: Look, ticket: Ticket) -> Timers:
    """A pause stops the clock; what was left is kept, less than nothing too."""
    if ticket.answer_due is None:
        return {}
    ticket.answer_left = int((ticket.answer_due - look.now).total_seconds())
    ticket.answer_due = None
    return _timers(look, None)


def resume(look: Look, ticket: Ticket) -> Timers:
    """The pause is over: what was left begins to run. Overdue before is overdue now, and known."""
    if ticket.waiting_since is None or ticket.answer_left is None:
        return {}
    known = ticket.answer_left <= 0
    ticket.answer_due = look.now + timedelta(seconds=ticket.answer_left)
    ticket.answer_left = None
    return _timers(look, None if known else ticket.answer_due)


def restate(look: Look, ticket: Ticket, span: timedelta) -> Timers:
    """Another span applies from the same beginning (the topic changed)."""
    if ticket.waiting_since is None or ticket.answer_due is None:
        return {}
    known = ticket.answer_due <= look.now
    ticket.answer_due = ticket.waiting_since + span
    return _timers(look, None if known and ticket.answer_due <= look.now else ticket.answer_due)
