"""A recorder: passes on what happens to an outage's ticket to its children (X9).

Its resolution is theirs as well, as with every parent (`core.tickets.parents`). An end without a
resolution is not: their customers wait for an answer again. An operator's answer to the outage's
ticket goes to all of them.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from core import events as e
from core.delivery.notices import Audience, Notice, notices_of
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.models import Outage, Person, Ticket, TicketParent
from core.sla import answer_clock
from core.sla.timers import set_timers
from core.texts import pack
from core.tickets.card import OUTAGE
from core.tickets.lifecycle import place_in_queue
from core.tickets.topics import answer_span
from core.tickets.workflow_store import workflow_of
from core.tx import Tx

_SAID: Final = (e.AnswerWritten, e.AnswerRetried, e.MessageEdited, e.AnswerWithdrawn)
Reporters = Sequence[tuple[Ticket, Person]]


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Pass on these events of an outage's ticket to its children."""
    for event in list(events):
        if not isinstance(event, (e.StateEntered, e.OutageRestated, *_SAID)):
            continue
        ticket = await tx.session.get(Ticket, event.ticket_id)
        if ticket is None:
            continue
        if isinstance(event, _SAID):
            if ticket.origin == OUTAGE or _may_be_to_all(event):
                await _broadcast(tx, ticket, event)
        elif ticket.origin == OUTAGE and isinstance(event, e.StateEntered):
            await _follow(tx, ticket, event)
        elif isinstance(event, e.OutageRestated):
            await _tell_news(tx, ticket, event)


def _may_be_to_all(event: e.Event) -> bool:
    """Return whether it is an answer to many, or an edit of one."""
    if isinstance(event, e.MessageEdited):
        return not event.from_customer
    return isinstance(event, e.AnswerWithdrawn) or getattr(event, "to_all", False)


async def _follow(tx: Tx, ticket: Ticket, event: e.StateEntered) -> None:
    """Update the outage when its ticket ends or is reopened."""
    outage = await tx.session.get(Outage, ticket.id)
    state = (await workflow_of(tx)).state(event.new)
    ended = state.final or state.resolution
    if outage is None or ended == (outage.closed_at is not None):
        return
    outage.closed_at = tx.now if ended else None
    if not ended:
        return
    tx.emit(e.OutageClosed(ticket_id=ticket.id, area=outage.area, solved=state.resolution))
    reporters = await reporters_of(tx, ticket.id)
    if not state.resolution:
        for child, _ in reporters:
            await _restart_answer_clocks(tx, child, ticket.id)


async def _restart_answer_clocks(tx: Tx, child: Ticket, parent: int) -> None:
    """Restart the answer clocks of the children: the outage ended without a resolution."""
    timers = answer_clock.begin(tx, child, tx.now, await answer_span(tx, child.topic))
    if not timers:
        return
    place_in_queue(child, (await workflow_of(tx)).state(child.state))
    await set_timers(tx, child.id, timers)
    tx.emit(
        e.FaultAlone(
            ticket_id=child.id,
            parent=parent,
            waiting_since=child.waiting_since,
            answer_due=child.answer_due,
        )
    )


async def reporters_of(tx: Tx, ticket_id: int) -> Reporters:
    """Return the open children with their customers, locked."""
    workflow = await workflow_of(tx)
    codes = [code for code in workflow.open_codes() if not workflow.state(code).resolution]
    rows = await tx.session.execute(
        select(Ticket, Person)
        .join(TicketParent, TicketParent.child_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .where(TicketParent.parent_id == ticket_id, Ticket.state.in_(codes))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    found = [(ticket, person) for ticket, person in rows]
    tx.pin(found)
    return found


async def _broadcast(tx: Tx, ticket: Ticket, event: e.Event) -> None:
    """Send an operator's answer to the outage to everybody who reported it."""
    notices = [notice for notice in notices_of(event) if notice.to is Audience.CUSTOMER]
    if not notices or getattr(event, "from_customer", False):
        return
    reporters = await reporters_of(tx, ticket.id)
    rows = [
        _copy(tx, notice, event, child, person)
        for notice in notices
        for child, person in reporters
        if person.telegram_id is not None
    ]
    await write(tx, rows)


def _copy(tx: Tx, notice: Notice, event: Any, child: Ticket, person: Person) -> dict[str, Any]:
    """Return the copy for one child; it names the child's number, which its customer knows."""
    facts: dict[str, Any] = {"album": getattr(event, "album", None)}
    facts |= {"number": child.id, "header": True, "topic": child.topic}
    if isinstance(event, e.AnswerWithdrawn):
        facts["messages"] = event.messages
    dedup_key = notice.dedup_key
    if dedup_key is not None:
        known = {name: getattr(event, name, None) for name in ("album", "message_id")}
        dedup_key = f"{dedup_key.format(**known)}@{person.telegram_id}"
    return row(
        tx,
        str(person.telegram_id),
        notice.kind,
        Priority.TICKET_ACK,
        ordering_key=f"{person.telegram_id}:{child.id}",
        facts=pack(facts),
        ticket_id=child.id,
        message_id=event.message_id,
        person=person,
        dedup_key=dedup_key,
        wait=notice.wait,
    )


async def _tell_news(tx: Tx, ticket: Ticket, event: e.OutageRestated) -> None:
    facts = {"area": event.area, "words": event.words, "until": event.until}
    rows = [
        row(
            tx,
            str(person.telegram_id),
            "text",
            Priority.TICKET_ACK,
            ordering_key=f"{person.telegram_id}:{child.id}",
            key="ticket.outage_news",
            facts=pack({"number": child.id, **facts}),
            ticket_id=child.id,
            person=person,
        )
        for child, person in await reporters_of(tx, ticket.id)
        if person.telegram_id is not None
    ]
    await write(tx, rows)
