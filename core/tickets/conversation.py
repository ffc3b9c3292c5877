"""What operators say: answers to the customer, internal notes, and taking an answer back."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.delivery.outbox_store import is_under_way
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.events import (
    AnswerDelivered,
    AnswerFailed,
    AnswerRetried,
    AnswerWithdrawn,
    AnswerWritten,
    KindRefused,
    NoteWritten,
    QuestionAfterAll,
)
from core.models import Message, Note, Ticket
from core.people.permissions import may
from core.sla import answer_clock
from core.sla.answer_clock import is_known_late, unanswered_since
from core.sla.timers import ANSWER, set_timers
from core.tickets.access import access
from core.tickets.assignment import assign
from core.tickets.card import OUTAGE
from core.tickets.customer_message import ask_for_answer
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.lifecycle import enter, place_in_queue, target_of
from core.tickets.parents import has_children
from core.tickets.reachability import demand_channel
from core.tickets.topics import answer_span
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import is_blank

# For so long the channels can delete a message.
UNDO_HOURS: Final = 48


async def reply(
    tx: Tx, ticket_id: int, incoming: IncomingMessage, *, wait: bool = False, to_all: bool = False
) -> Ticket:
    """Answer the customer (B4); ``wait`` then waits for their reply (B5).

    Whoever answers an unassigned ticket becomes its assignee (B3). The answer deadline ends when
    the answer is delivered, not before. ``to_all``: it also goes to the customers of all child
    tickets, as every answer to an outage does. Raises :class:`MoveRefused`, :class:`Unreadable`,
    :class:`Refusal`.
    """
    ticket = await access(tx, ticket_id, "wait" if wait else "reply")
    if incoming.kind == "text" and is_blank(incoming.text):
        raise Unreadable("refusal.empty_answer", number=ticket_id)
    await target_of(tx, ticket, "reply")
    to_all = to_all or ticket.origin == OUTAGE
    if not to_all:
        await demand_channel(tx, ticket)
    if to_all and not await has_children(tx, ticket_id):
        raise Refusal("refusal.nobody_to_tell", number=ticket_id)
    message = Message(
        ticket_id=ticket.id,
        author_id=tx.actor.person_id,
        from_customer=False,
        text=incoming.text,
        content=incoming.content,
        album=incoming.album,
        source=incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(message)
    tx.emit(
        AnswerWritten(
            ticket_id=ticket.id,
            message_id=message.id,
            album=incoming.album,
            to_all=to_all,
        )
    )
    if ticket.assignee_id is None:
        await assign(tx, ticket, by_answer=True)
    await enter(tx, ticket, "wait" if wait else "reply")
    return ticket


async def refuse_kind(tx: Tx, ticket_id: int, kind: str) -> None:
    """Record in the journal that an answer of this kind cannot be relayed (X8, R31)."""
    ticket = await access(tx, ticket_id, "reply")
    person = tx.actor.person_id or 0
    tx.emit(KindRefused(ticket_id=ticket.id, person_id=person, kind=kind))


async def note(tx: Tx, ticket_id: int, incoming: IncomingMessage) -> Ticket:
    """Add an internal note (B16). It is never shown to the customer and moves nothing."""
    ticket = await access(tx, ticket_id, "note")
    if incoming.kind == "text" and is_blank(incoming.text):
        raise Unreadable("refusal.empty_note", number=ticket_id)
    row = Note(
        ticket_id=ticket.id,
        author_id=tx.actor.person_id,
        text=incoming.text,
        content=incoming.content,
        source=incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(row)
    tx.emit(NoteWritten(ticket_id=ticket.id, note_id=row.id))
    return ticket


async def answer_delivered(tx: Tx, message_ids: Sequence[int]) -> None:
    """End the answer clock: the customer's side has accepted the answer (C1).

    ``message_ids``: the message, or all pieces of an album, in order.
    """
    messages = [await tx.session.get_one(Message, number) for number in message_ids]
    fresh = [message for message in messages if message.delivered_at is None]
    if not fresh or fresh[0].ticket_id is None:
        return
    ticket = await tx.session.get_one(Ticket, fresh[0].ticket_id, with_for_update=True)
    tx.pin((ticket, *fresh))
    for message in fresh:
        message.delivered_at = tx.now
    if fresh[0].withdrawn_at is not None:
        return  # taken back while it was on its way: it answers nothing
    await tx.session.flush()
    await _recount(tx, ticket)
    tx.emit(
        AnswerDelivered(
            ticket_id=ticket.id,
            message_id=fresh[0].id,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )


async def answer_failed(tx: Tx, message_id: int, reason: str) -> None:
    """Report to the operator that the answer could not be delivered (X2).

    If it was a question, the customer was never asked: the ticket waits for us again.
    """
    message = await tx.session.get_one(Message, message_id)
    ticket = await tx.session.get_one(Ticket, message.ticket_id, with_for_update=True)
    tx.pin((ticket, message))
    await _recount(tx, ticket, unasked=True)
    tx.emit(
        AnswerFailed(
            ticket_id=ticket.id,
            message_id=message.id,
            reason=reason,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )


async def _recount(tx: Tx, ticket: Ticket, *, unasked: bool = False) -> None:
    """Compute since when the customer waits: from the first message after our last delivered one.

    Where we wait for the customer, nothing is owed, unless they were ``unasked`` after all.
    """
    state = (await workflow_of(tx)).state(ticket.state)
    theirs = state.category == "waiting" and ticket.waiting_since is None and not unasked
    if state.final or state.resolution or theirs:
        return
    since = await unanswered_since(tx, ticket)
    if since == ticket.waiting_since:
        return
    timers = answer_clock.end(tx, ticket)
    if since is not None:
        timers |= answer_clock.begin(tx, ticket, since, await answer_span(tx, ticket.topic))
        if await is_known_late(tx, ticket):
            timers[ANSWER] = None
    if state.pause and state.category != "waiting":
        timers |= answer_clock.suspend(tx, ticket)
    place_in_queue(ticket, state)
    await set_timers(tx, ticket.id, timers)


async def undo(tx: Tx, ref: MessageRef) -> tuple[Ticket, Message]:
    """Take back the actor's answer that this message is (X8); an admin takes back anybody's.

    Raises :class:`Refusal` where there is no answer, or it is too old, or taken back already.
    """
    found = await find_location(tx, ref)
    if found is None or found.message_id is None or found.ticket_id is None or found.ours:
        raise Unreadable("refusal.undo_what")
    ticket = await access(tx, found.ticket_id, "undo")
    message = await tx.session.get_one(Message, found.message_id)
    if message.from_customer:
        raise Unreadable("refusal.undo_what")
    if message.author_id != tx.actor.person_id and not may(tx.actor.role, "undo_any"):
        raise NotAllowed("undo")
    if message.withdrawn_at is not None:
        raise NothingToDo("refusal.undone")
    if (tx.now - message.created_at).total_seconds() > UNDO_HOURS * 3600:
        raise Refusal("refusal.undo_late")
    parts = await _parts(tx, message)
    for part in parts:
        part.withdrawn_at = tx.now
    await tx.session.flush()
    await _recount(tx, ticket, unasked=True)
    tx.emit(
        AnswerWithdrawn(
            ticket_id=ticket.id,
            message_id=parts[0].id,
            messages=tuple(part.id for part in parts),
            old="\n".join(part.text for part in parts if part.text),
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )
    return ticket, message


async def _parts(tx: Tx, message: Message) -> list[Message]:
    if message.album is None:
        return [message]
    query = select(Message).where(
        Message.author_id == message.author_id, Message.album == message.album
    )
    return list(await tx.session.scalars(query.order_by(Message.id)))


async def retry(tx: Tx, message_id: int) -> Ticket:
    """Send a failed answer again."""
    message = await tx.session.get(Message, message_id)
    if message is None or message.ticket_id is None or message.from_customer:
        raise Refusal("refusal.outdated")
    ticket = await access(tx, message.ticket_id, "retry")
    done = message.delivered_at is not None or message.withdrawn_at is not None
    if done or await is_under_way(tx, message.id, "content"):
        raise NothingToDo("refusal.retried")
    tx.emit(AnswerRetried(ticket_id=ticket.id, message_id=message.id))
    return ticket


async def question_after_all(tx: Tx, message_id: int) -> Ticket:
    """Let thanks count as a question, because an operator says so."""
    message = await tx.session.get(Message, message_id)
    if message is None or message.ticket_id is None or not message.from_customer:
        raise Refusal("refusal.outdated")
    ticket = await access(tx, message.ticket_id, "question")
    await tx.session.refresh(message, ["counts"])  # somebody may have answered meanwhile
    if message.counts:
        raise NothingToDo("refusal.question_already")
    message.counts = True
    await ask_for_answer(tx, ticket)
    tx.emit(
        QuestionAfterAll(ticket_id=ticket.id, message_id=message.id, answer_due=ticket.answer_due)
    )
    return ticket
