"""A camera's fault: a ticket and an equipment task in one transaction, one per camera (A2).

Ownership is checked at every step, because a button says what somebody wants, not what is theirs.
While a fault is open, the same owner's words join their ticket; those of another owner, or of
anybody in an area with an outage, become its child ticket, without a second task.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import select

from core.address_holders import address_of
from core.equipment import outage_detection, outages
from core.equipment.cameras import CameraFacts, facts_of, find_own
from core.errors import Refusal
from core.events import FaultReported
from core.models import Camera, Outage, Person, Ticket, TicketCamera, TicketParent
from core.people.identity import Sender, arrive, enter_dialogue, mark_reachable
from core.people.restrictions import demand_unblocked
from core.tasks.task_opening import open_equipment_task
from core.tickets.catalog import workflow_of
from core.tickets.classification import ClassWish, set_kind
from core.tickets.customer_message import ask_fields, join, open_ticket
from core.tickets.customer_tickets import OwnTicket, own_ticket
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome, Step, follow_up
from core.tx import ReadTx, Tx

TOPIC: Final = "camera"
CATEGORY: Final = "incident"
# The step of the dialogue in which messages are about the chosen camera.
STEP: Final = "fault"
DESCRIBE: Final = timedelta(days=1)

Title = Callable[[CameraFacts], str]
"""The title of a fault's ticket, in the company's language."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the fault: ``mine``, the person's own ticket; an ``outage`` of the area;
    with neither, another owner's ticket, of which nothing is shown.
    """

    mine: OwnTicket | None = None
    outage: outages.OutageFacts | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen camera, and the state of its faults. ``new``: the person was not seen before."""

    camera: CameraFacts
    known: Known | None
    new: bool


async def choose_camera(
    tx: Tx, sender: Sender, *, camera_id: int | None = None, number: str | None = None
) -> Chosen:
    """Let the person's next message be about this camera.

    Raises :class:`Refusal` for a camera that is not theirs.
    """
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    await demand_unblocked(tx, person)
    camera = await find_own(tx, sender.address, camera_id=camera_id, number=number)
    known = await _known(tx, person, camera)
    if known is not None and known.mine is not None:
        follow_up(tx, person, known.mine.number)
    else:
        until = (tx.now + DESCRIBE).isoformat()
        asked = {"step": STEP, "camera": camera.id, "until": until}
        enter_dialogue(person, asked | tx.actor.here)
    return Chosen(facts_of(camera), known, person.created_at == tx.now)


async def report(
    tx: Tx, sender: Sender, camera_id: int, incoming: IncomingMessage, *, title: Title
) -> Heard:
    """Report a fault of the camera.

    Raises :class:`Refusal` for a camera that is not theirs.
    """
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    camera = await find_own(tx, sender.address, camera_id=camera_id)
    return await _report(tx, person, camera, incoming, title)


def describing(title: Title) -> Step:
    """Return the dialogue step in which the customer's words are about the chosen camera."""

    async def hear(tx: Tx, person: Person, incoming: IncomingMessage) -> Heard | None:
        number = (person.dialogue or {})["camera"]
        try:
            camera = await find_own(tx, address_of(person), camera_id=number)
        except Refusal:  # it was theirs when they chose it; the message is taken all the same
            enter_dialogue(person, None)
            return None
        return await _report(tx, person, camera, incoming, title)

    return hear


async def _report(
    tx: Tx, person: Person, camera: Camera, incoming: IncomingMessage, title: Title
) -> Heard:
    # locked, so that of two at once the second sees the first one's ticket
    held = select(Camera.id).where(Camera.id == camera.id).with_for_update(key_share=True)
    await tx.session.execute(held)
    mine = await _open_fault(tx, camera, of=person)
    if mine is not None:
        await join(tx, person, mine, incoming)
        follow_up(tx, person, mine.id)
        return Heard(Outcome.JOINED, person, mine)
    undecided = await outage_detection.is_undecided(tx, camera.area)
    outage, other = await _same_fault(tx, camera)
    part_of = "outage" if outage else "fault" if other else None
    ticket = await open_ticket(
        tx,
        person,
        [incoming],
        topic=TOPIC,
        title=title(facts_of(camera)),
        part_of=part_of,
        undecided=undecided,
    )
    await _tie(tx, ticket, camera)
    await _seek(tx, ticket, camera, outage, other)
    # whoever tells of what is known already is asked nothing
    if part_of is not None or not await ask_fields(tx, person, ticket):
        follow_up(tx, person, ticket.id)
    return Heard(Outcome.OPENED, person, ticket)


async def pursue(tx: Tx, ticket: Ticket, camera: Camera) -> None:
    """Make a new ticket one about a fault of this camera: with a task, or as part of what is known
    (A2).
    """
    outage, other = await _same_fault(tx, camera)
    await _tie(tx, ticket, camera)
    await _seek(tx, ticket, camera, outage, other)


async def _same_fault(tx: Tx, camera: Camera) -> tuple[Outage | None, Ticket | None]:
    """Return the outage of the area; where there is none, another ticket about the camera."""
    outage = await outages.find_open(tx, camera.area)
    return outage, None if outage else await _open_fault(tx, camera)


async def _seek(
    tx: Tx, ticket: Ticket, camera: Camera, outage: Outage | None, other: Ticket | None
) -> None:
    if outage is not None:
        await outages.become_part(tx, ticket, camera.number, outage.ticket_id, outage)
    elif other is not None:
        await outages.become_part(tx, ticket, camera.number, await _top_of(tx, other), None)
    else:
        await open_equipment_task(tx, ticket, camera)
        await outage_detection.consider(tx, camera.area)


class FaultsKnown:
    """Whether a fault was ever reported: many desks have no cameras."""


async def is_any_fault_known(tx: ReadTx) -> bool:
    """Return whether any ticket is about a camera; cached until there is the first one."""
    return await tx.any_row(FaultsKnown, select(TicketCamera.ticket_id))


async def _tie(tx: Tx, ticket: Ticket, camera: Camera) -> None:
    if not await is_any_fault_known(tx):
        tx.invalidate(FaultsKnown)
    await tx.insert(TicketCamera(ticket_id=ticket.id, camera_id=camera.id))
    await set_kind(tx, ticket, ClassWish(category=CATEGORY))
    tx.emit(FaultReported(ticket_id=ticket.id, camera_id=camera.id, camera=camera.number))


async def _known(tx: Tx, person: Person, camera: Camera) -> Known | None:
    mine = await _open_fault(tx, camera, of=person)
    if mine is not None:
        return Known(mine=await own_ticket(tx, mine))
    outage = await outages.find_open(tx, camera.area)
    if outage is not None:
        return Known(outage=outages.facts_of(outage))
    return Known() if await _open_fault(tx, camera) is not None else None


async def _open_fault(tx: Tx, camera: Camera, *, of: Person | None = None) -> Ticket | None:
    """Return the oldest ticket in work about this camera; of one's own, any that has not ended,
    because the message reopens it.
    """
    workflow = await workflow_of(tx)
    codes = [
        code
        for code in workflow.open_codes()
        if of is not None or not workflow.state(code).resolution
    ]
    query = (
        select(Ticket)
        .join(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .where(TicketCamera.camera_id == camera.id, Ticket.state.in_(codes))
        .order_by(Ticket.id)
        .limit(1)
        .with_for_update(of=Ticket, key_share=True)
    )
    if of is not None:
        query = query.where(Ticket.customer_id == of.id)
    return (await tx.session.scalars(query)).one_or_none()


async def _top_of(tx: ReadTx, ticket: Ticket) -> int:
    """Return the parent of this ticket, or the ticket itself."""
    part = await tx.session.get(TicketParent, ticket.id)
    return ticket.id if part is None else part.parent_id
