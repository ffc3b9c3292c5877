"""Deadlines of open tickets after the company's or a topic's answer deadline has changed (C1)."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import ColumnElement, func, or_, select

from core.events import AnswerDueChanged
from core.models import Ticket
from core.sla import answer_clock
from core.sla.answer_clock import set_timers
from core.tickets.catalog import topics_of, workflow_of
from core.tickets.lifecycle import place_in_queue
from core.tx import ReadTx, Tx

Spans = Mapping[str | None, timedelta]


async def answer_spans(tx: ReadTx) -> Spans:
    """How long an answer may take by topic; ``None``: of a ticket without one."""
    company = tx.company.answer_deadline
    topics = await topics_of(tx)
    return {None: company} | {code: one.answer or company for code, one in topics.items()}


def changed_spans(before: Spans, after: Spans) -> Spans:
    """Those that are otherwise than before."""
    return {code: span for code, span in after.items() if before.get(code, span) != span}


async def count_touched(tx: ReadTx, changed: Spans) -> int:
    """How many tickets wait for an answer by a deadline that would be another one now."""
    query = select(func.count()).select_from(Ticket).where(*_waiting(changed))
    return int(await tx.first(query) or 0) if changed else 0


async def recompute(tx: Tx, changed: Spans) -> int:
    """Let these tickets go by the new deadlines; returns how many."""
    if not changed:
        return 0
    workflow = await workflow_of(tx)
    query = (
        select(Ticket).where(*_waiting(changed)).order_by(Ticket.id).with_for_update(key_share=True)
    )
    tickets = await tx.all(query)
    for ticket in tickets:
        timers = await answer_clock.restate(tx, ticket, changed[ticket.topic])
        place_in_queue(ticket, workflow.state(ticket.state))
        await set_timers(tx, ticket.id, timers)
        tx.emit(AnswerDueChanged(ticket_id=ticket.id, answer_due=ticket.answer_due))
    return len(tickets)


def _waiting(changed: Spans) -> list[ColumnElement[bool]]:
    named = [code for code in changed if code is not None]
    nameless = [Ticket.topic.is_(None)] if None in changed else []
    return [Ticket.answer_due.is_not(None), or_(Ticket.topic.in_(named), *nameless)]
