"""Operators' commands for an outage: open it for an area, change its words or end (X9)."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy import select

from core.equipment.outage_detection import HOLD, area_of
from core.equipment.outages import adopt, faults_of, find_open
from core.errors import NotAllowed, NothingToDo, Refusal
from core.events import OutageOpened, OutageRestated
from core.models import Outage, OutageOffer, Person, Ticket
from core.people.permissions import may
from core.sla import answer_clock
from core.sla.answer_clock import set_timers
from core.tasks.task_opening import open_equipment_task
from core.tickets.card import OUTAGE
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.classification import ClassWish, set_kind
from core.tickets.customer_message import open_ticket
from core.tickets.lifecycle import access, place_in_queue
from core.tx import Tx

TOPIC: Final = "camera"
CATEGORY: Final = "incident"
LONGEST_WORDS: Final = 500

Title = Callable[[str], str]
"""The title of an area's ticket, in the company's language."""


async def open_outage(
    tx: Tx, ticket_id: int, *, until: datetime | None, title: Title, words: str = ""
) -> tuple[Ticket, int]:
    """Open a ticket for the area of this ticket, and make the area's faults its children.

    Returns the ticket and how many reports it unites. ``until`` is its answer deadline. Raises
    :class:`NotAllowed`, :class:`NothingToDo`, :class:`Refusal`.
    """
    if not may(tx.actor.role, "outage"):
        raise NotAllowed("outage")
    area = await area_of(tx, ticket_id)
    offer = await tx.find(OutageOffer, area, hold=True)
    already = await find_open(tx, area)
    if already is not None:
        raise NothingToDo("refusal.outage_open", number=already.ticket_id)
    ticket = await _ticket_for(tx, area, title(area), until)
    outage = Outage(
        ticket_id=ticket.id,
        area=area,
        words=words[:LONGEST_WORDS],
        until=until,
        opened_at=tx.now,
    )
    await tx.insert(outage)
    faults = await _faults(tx, area, tx.now if offer is None else offer.offered_at)
    tx.emit(
        OutageOpened(
            ticket_id=ticket.id,
            area=area,
            words=outage.words,
            until=until,
            reporters=len(faults),
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )
    await adopt(tx, outage, faults)
    return ticket, len(faults)


async def _ticket_for(tx: Tx, area: str, title: str, until: datetime | None) -> Ticket:
    """Open the parent ticket. Its customer stands for the area: nobody who could be written to."""
    nobody = Person(name=area, language=tx.company.language, created_at=tx.now)
    await tx.insert(nobody)
    ticket = await open_ticket(tx, nobody, [], topic=TOPIC, title=title, origin=OUTAGE)
    await set_kind(tx, ticket, ClassWish(category=CATEGORY))
    await open_equipment_task(tx, ticket, None)
    if until is not None:
        await _due(tx, ticket, until)
    return ticket


async def _due(tx: Tx, ticket: Ticket, until: datetime | None) -> None:
    """Set by when those who reported it must hear from us."""
    span = await answer_span(tx, ticket.topic)
    timers = answer_clock.end(tx, ticket)
    timers |= await answer_clock.begin(tx, ticket, tx.now, span, by=until)
    place_in_queue(ticket, (await workflow_of(tx)).state(ticket.state))
    await tx.write()
    await set_timers(tx, ticket.id, timers)


async def _faults(tx: Tx, area: str, offered: datetime) -> list[tuple[Ticket, str]]:
    """Return the area's open faults, from the beginning of the window on."""
    workflow = await workflow_of(tx)
    codes = [code for code in workflow.open_codes() if not workflow.state(code).resolution]
    since = min(offered, tx.now - HOLD) - tx.company.outage_window
    rows = await tx.rows(
        faults_of(area)
        .where(Ticket.opened_at >= since, Ticket.state.in_(codes))
        .with_for_update(of=Ticket, key_share=True)
    )
    return [(ticket, camera) for ticket, camera in rows]


async def restate_outage(
    tx: Tx, ticket_id: int, *, until: datetime | None, words: str | None
) -> Outage:
    """Set another end or other words (``None``: as before), and tell those who reported it.

    Raises :class:`Refusal` for a ticket that is no open outage.
    """
    ticket = await access(tx, ticket_id, "outage")
    outage = await tx.first(
        select(Outage).where(Outage.ticket_id == ticket_id, Outage.closed_at.is_(None))
    )
    if outage is None:
        raise Refusal("refusal.no_outage", number=ticket_id)
    words = outage.words if words is None else words[:LONGEST_WORDS]
    if (words, until) == (outage.words, outage.until):
        raise NothingToDo("refusal.outage_same", number=ticket_id)
    outage.words, outage.until = words, until
    await _due(tx, ticket, until)
    tx.emit(
        OutageRestated(
            ticket_id=ticket_id,
            area=outage.area,
            words=words,
            until=until,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )
    return outage
