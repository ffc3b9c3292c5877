"""Asks operators whether several faults of an area within a window are one outage (X9).

They are asked once per window. Until they decide, at most for `HOLD`, further faults of the area
get no card of their own, so that the group's rate limit is left to the question. When it is
declined, or nobody decides, those cards are posted.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from core.delivery.card_updates import post_cards
from core.delivery.sent_messages import with_cards
from core.equipment.outages import faults_of, find_open
from core.errors import NotAllowed, NothingToDo, Refusal
from core.events import OutageDeclined, OutageOffered
from core.models import Camera, OutageOffer, Ticket, TicketCamera
from core.people.permissions import may
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx

# How long faults wait for the decision without a card.
HOLD: Final = timedelta(minutes=10)
# How many of the latest faults are examined.
_LATEST: Final = 300


async def is_undecided(tx: Tx, area: str) -> bool:
    """Return whether this area's offer waits for a decision. The offer is locked."""
    offer = await _offer(tx, area)
    return (
        offer is not None and offer.declined_at is None and tx.now - offer.offered_at < HOLD
    ) and await find_open(tx, area) is None


async def consider(tx: Tx, area: str) -> None:
    """Ask the operators about the area of a new fault, if there are enough of them."""
    enough, window = tx.company.outage_faults, tx.company.outage_window
    if not area or not enough:
        return
    offer = await _offer(tx, area)
    if offer is not None and tx.now - offer.offered_at < window:
        return
    tickets = await _recent(tx, area, window)
    if len(set(tickets.values())) < enough:
        return
    if offer is None:
        await tx.insert(OutageOffer(area=area, offered_at=tx.now))
    else:
        offer.offered_at, offer.declined_at = tx.now, None
    tx.emit(OutageOffered(ticket_id=None, area=area, tickets=tuple(tickets), span=window))


async def _recent(tx: Tx, area: str, window: timedelta) -> dict[int, int]:
    """Return open faults of the area within the window: tickets and their cameras."""
    latest = (
        select(TicketCamera.ticket_id, TicketCamera.camera_id)
        .order_by(TicketCamera.ticket_id.desc())
        .limit(_LATEST)
        .subquery()
    )
    rows = await tx.rows(
        select(Ticket.id, latest.c.camera_id)
        .join(latest, latest.c.ticket_id == Ticket.id)
        .join(Camera, latest.c.camera_id == Camera.id)
        .where(
            Camera.area == area,
            Ticket.opened_at > tx.now - window,
            Ticket.state.in_((await workflow_of(tx)).open_codes()),
        )
        .order_by(Ticket.id)
    )
    return {number: camera for number, camera in rows}  # noqa: C416 (a row is no pair to mypy)


async def _offer(tx: Tx, area: str) -> OutageOffer | None:
    return await tx.find(OutageOffer, area, hold=True) if area else None


async def area_of(tx: ReadTx, ticket_id: int) -> str:
    """Return the area of this ticket's fault. Raises :class:`Refusal` where there is none."""
    query = (
        select(Camera.area)
        .join(TicketCamera, TicketCamera.camera_id == Camera.id)
        .where(TicketCamera.ticket_id == ticket_id)
    )
    area = await tx.first(query)
    if not area:
        raise Refusal("refusal.outdated")
    return area


async def decline(tx: Tx, ticket_id: int) -> str:
    """Note that the faults of this ticket's area are not one outage. Returns the area.

    Raises :class:`NotAllowed`, :class:`NothingToDo` when it has been decided already.
    """
    if not may(tx.actor.role, "outage"):
        raise NotAllowed("outage")
    area = await area_of(tx, ticket_id)
    offer = await _offer(tx, area)
    if offer is None or offer.declined_at is not None or await find_open(tx, area) is not None:
        raise NothingToDo("refusal.outage_decided")
    await _let_go(tx, offer, by_time=False)
    return area


async def settle_offers(tx: Tx) -> int:
    """Post the cards held back by offers that nobody decided in time. Returns how many."""
    query = select(OutageOffer).where(
        OutageOffer.declined_at.is_(None), OutageOffer.offered_at <= tx.now - HOLD
    )
    offers = await tx.all(query.order_by(OutageOffer.area).with_for_update(key_share=True))
    for offer in offers:
        if await find_open(tx, offer.area) is None:
            await _let_go(tx, offer, by_time=True)
        else:
            offer.declined_at = tx.now  # decided otherwise; not to be examined again
    return len(offers)


async def _let_go(tx: Tx, offer: OutageOffer, *, by_time: bool) -> None:
    offer.declined_at = tx.now
    held = await _held_back(tx, offer)
    await post_cards(tx, held)
    tx.emit(OutageDeclined(ticket_id=None, area=offer.area, tickets=tuple(held), by_time=by_time))


async def _held_back(tx: Tx, offer: OutageOffer) -> Sequence[int]:
    codes = (await workflow_of(tx)).open_codes()
    rows = await tx.rows(
        faults_of(offer.area).where(
            Ticket.opened_at > offer.offered_at,
            Ticket.state.in_(codes),
        )
    )
    numbers = [ticket.id for ticket, _ in rows]
    shown = await with_cards(tx, numbers)
    return [number for number in numbers if number not in shown]
