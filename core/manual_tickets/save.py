"""Saves a draft: as a ticket, or as a consultation on one, in one transaction."""

from dataclasses import dataclass
from typing import Any, Final

from core.addresses import MessageRef
from core.contacts.merge import merged_into
from core.contacts.write_first import BY_HAND
from core.errors import NotAllowed, Refusal
from core.events import CallRecorded
from core.manual_tickets import draft as steps
from core.manual_tickets.dialogue import current, view_of
from core.manual_tickets.draft import Draft
from core.models import Note, Person, Ticket
from core.people.contact_points import Point, add_point, make_contact, points_of
from core.people.identity import enter_dialogue
from core.people.permissions import may
from core.sla import answer_clock
from core.sla.answer_clock import set_timers
from core.teams.assignment import begin_with
from core.tickets.catalog import workflow_of
from core.tickets.classification import ClassWish, set_kind
from core.tickets.customer_message import open_ticket
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access, assign, enter, place_in_queue
from core.tx import Tx
from core.words.contact_values import EMAIL, PHONE

BY_PHONE: Final = "phone"


@dataclass(frozen=True, slots=True)
class Saved:
    """The ticket; ``recorded``: it existed, and a consultation was added to it."""

    number: int
    recorded: bool


async def save(tx: Tx) -> Saved:
    """Save the draft, all of it or nothing, and end the dialogue.

    Raises :class:`Refusal` while an answer is missing, or something has vanished meanwhile.
    """
    if not may(tx.actor.role, "open"):
        raise NotAllowed("open")
    draft = await current(tx)
    if (await view_of(tx, draft)).step != steps.CHECK:
        raise Refusal("refusal.outdated")
    customer = await _customer(tx, draft)
    said = _said(draft.words or {})
    saved = (
        await _open(tx, draft, customer, said)
        if draft.ticket is None
        else await record_call(tx, draft.ticket, said, draft.phone)
    )
    enter_dialogue(await tx.get(Person, tx.actor.person_id), None)
    return saved


async def _customer(tx: Tx, draft: Draft) -> Person:
    """Return the customer, known or new; the phone that they called from is noted."""
    points = _points(draft)
    if draft.person is None:
        return await make_contact(tx, draft.name or "", points)
    person = await tx.get(Person, await merged_into(tx, draft.person))
    known = {(point.kind, point.value) for point in await points_of(tx, person.id)}
    for point in points:
        if (point.kind, point.value) not in known:
            await add_point(tx, person, point)
    return person


def _points(draft: Draft) -> list[Point]:
    given = ((PHONE, draft.phone), (EMAIL, draft.email))
    return [Point(kind, value) for kind, value in given if value]


def _said(kept: dict[str, Any]) -> IncomingMessage:
    ref = MessageRef.parse(kept["ref"])
    return IncomingMessage(ref, kept["kind"], kept["text"], kept["content"])


async def _open(tx: Tx, draft: Draft, customer: Person, incoming: IncomingMessage) -> Saved:
    origin = BY_PHONE if draft.kind == steps.CALL else BY_HAND
    ticket = await open_ticket(tx, customer, [incoming], topic=draft.topic, origin=origin)
    if draft.service or draft.category:
        await set_kind(tx, ticket, ClassWish(service=draft.service, category=draft.category))
    if draft.team is not None:
        await begin_with(tx, ticket, draft.team)
    if draft.assignee == steps.ME:
        await assign(tx, ticket, by_answer=False)
        await enter(tx, ticket, "take")
    return Saved(ticket.id, recorded=False)


async def record_call(
    tx: Tx, ticket_id: int, incoming: IncomingMessage, phone: str | None
) -> Saved:
    """Record a call on the ticket: a note, and our last word (A7, C1).

    Whoever talks with the customer of an unassigned ticket becomes its assignee.
    """
    ticket = await access(tx, ticket_id, "call")
    note = Note(
        ticket_id=ticket.id,
        author_id=tx.actor.person_id,
        text=incoming.text,
        content={**incoming.content, "call": phone or ""},
        source=incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(note)
    await _answered(tx, ticket, note)
    return Saved(ticket.id, recorded=True)


async def _answered(tx: Tx, ticket: Ticket, note: Note) -> None:
    state = (await workflow_of(tx)).state(ticket.state)
    if not (state.final or state.resolution):
        if ticket.assignee_id is None:
            await assign(tx, ticket, by_answer=True)
            await enter(tx, ticket, "reply")
            state = (await workflow_of(tx)).state(ticket.state)
        timers = answer_clock.end(tx, ticket)
        place_in_queue(ticket, state)
        await set_timers(tx, ticket.id, timers)
    tx.emit(
        CallRecorded(
            ticket_id=ticket.id,
            note_id=note.id,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )
