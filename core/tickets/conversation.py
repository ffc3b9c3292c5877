"""What operators say: answers, notes, taking an answer back; and edits of what was said (X8)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.delivery.waiting_rows import is_under_way
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.events import (
    AnswerDelivered,
    AnswerFailed,
    AnswerRetried,
    AnswerWithdrawn,
    AnswerWritten,
    KindRefused,
    MessageEdited,
    NoteEdited,
    NoteWritten,
    QuestionAfterAll,
)
from core.models import Message, Note, Person, SentMessage, Ticket
from core.people.contact_points import answer_by_letter
from core.people.identity import enter_dialogue
from core.people.permissions import may
from core.sla import answer_clock
from core.sla.answer_clock import ANSWER, is_known_late, owed_since, set_timers, unanswered_since
from core.tickets.answering import end_answering
from core.tickets.card import OUTAGE
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.customer_message import ask_for_answer, is_mere_thanks
from core.tickets.incoming import CARD_SHOWS, CONTINUE, IncomingMessage, find_location
from core.tickets.lifecycle import access, assign, enter, place_in_queue, target_of
from core.tickets.parents import has_children
from core.tickets.relations import reach_of
from core.tickets.tags import give_tags, tags_in
from core.tx import ReadTx, Tx
from core.words.names import NAMELESS, is_blank

# For so long the channels can delete a message.
UNDO_HOURS: Final = 48


async def reply(
    tx: Tx,
    ticket_id: int,
    incoming: IncomingMessage,
    *,
    wait: bool = False,
    to_all: bool = False,
    by: str | None = None,
    rest: Sequence[IncomingMessage] = (),
) -> Ticket:
    """Answer the customer (B4); ``wait`` then waits for their reply (B5). ``rest``: further pieces
    of the same answer, under the same ``album``.

    Whoever answers an unassigned ticket becomes its assignee (B3). The answer deadline ends when
    the answer is delivered, not before. ``to_all``: it also goes to the customers of all child
    tickets, as every answer to an outage does. ``by``: the channel that the customer is answered in
    from now on, until they write from another. Raises :class:`MoveRefused`, :class:`Unreadable`,
    :class:`Refusal`.
    """
    ticket = await access(tx, ticket_id, "wait" if wait else "reply")
    if incoming.kind == "text" and is_blank(incoming.text):
        raise Unreadable("refusal.empty_answer", number=ticket_id)
    await target_of(tx, ticket, "reply")
    to_all = to_all or ticket.origin == OUTAGE
    if by is not None:
        await _choose_channel(tx, ticket, by)
    if not to_all:
        await _demand_channel(tx, ticket)
    if to_all and not await has_children(tx, ticket_id):
        raise Refusal("refusal.nobody_to_tell", number=ticket_id)
    holder = ticket.assignee_id
    if holder is not None and holder != tx.actor.person_id:
        holder = await _other_holder(tx, ticket, tx.actor.person_id)
    await end_answering(tx, ticket.id)
    concerns = () if holder in {None, tx.actor.person_id} else (holder,)
    for piece in (incoming, *rest):
        await _write(tx, ticket, piece, to_all=to_all, concerns=concerns)
        concerns = ()
    if ticket.assignee_id is None and tx.actor.role != "system":  # a rule's answer is nobody's
        await assign(tx, ticket, by_answer=True)
    await enter(tx, ticket, "wait" if wait else "reply")
    return ticket


async def _write(
    tx: Tx,
    ticket: Ticket,
    incoming: IncomingMessage,
    *,
    to_all: bool,
    concerns: tuple[int, ...],
) -> None:
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
            concerns=concerns,
            by=tx.actor.name,
        )
    )


async def answer(
    tx: Tx, ticket_id: int, incoming: IncomingMessage, *, by: str | None = None
) -> str | None:
    """Answer like :func:`reply`. Return the name of the colleague who holds the ticket, where this
    begins to answer in it.
    """
    await reply(tx, ticket_id, incoming, by=by)
    concerned = [one.concerns for one in tx.events if isinstance(one, AnswerWritten)][-1]
    return (await tx.get(Person, concerned[0])).name if concerned else None


async def _other_holder(tx: ReadTx, ticket: Ticket, person_id: int | None) -> int | None:
    """Return who holds the ticket, if this other person begins to answer in it. A rule is none."""
    latest = (
        select(Message.author_id)
        .where(Message.ticket_id == ticket.id, Message.from_customer.is_(False))
        .order_by(Message.id.desc())
        .limit(1)
    )
    begins = person_id is not None and await tx.first(latest) != person_id
    return ticket.assignee_id if begins else None


async def _choose_channel(tx: Tx, ticket: Ticket, by: str) -> None:
    person = await tx.get(Person, ticket.customer_id)
    if by not in tx.company.letter_channels or await answer_by_letter(tx, person) is None:
        raise Refusal("refusal.no_address", number=ticket.id)


async def _demand_channel(tx: Tx, ticket: Ticket) -> None:
    """See that an answer can reach the customer: who has written from nowhere gets it by mail.
    Raises :class:`Refusal` with the ways there are (A5). What they say next is no longer taken
    for words of another ticket: they may mean this one (A4).
    """
    person = await tx.get(Person, ticket.customer_id)
    if person.address is None and await answer_by_letter(tx, person) is None:
        reach = ", ".join(value for _, value in await reach_of(tx, person.id))
        raise Refusal("refusal.no_channel", number=ticket.id, reach=reach or NAMELESS)
    dialogue = person.dialogue or {}
    if dialogue.get("step") == CONTINUE and dialogue["ticket"] != ticket.id:
        enter_dialogue(person, None)


async def refuse_kind(tx: Tx, ticket_id: int, kind: str) -> None:
    """Record in the journal that an answer of this kind cannot be relayed (X8, R31)."""
    ticket = await access(tx, ticket_id, "reply")
    person = tx.actor.person_id or 0
    tx.emit(KindRefused(ticket_id=ticket.id, person_id=person, kind=kind))


async def note(tx: Tx, ticket_id: int, incoming: IncomingMessage, *, tagged: bool = True) -> Ticket:
    """Add an internal note (B16). It is never shown to the customer and moves nothing; `#word` in
    it is a tag of the ticket, unless nobody of us has written it.
    """
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
    if tagged:
        await give_tags(tx, ticket, tags_in(incoming.text))
    return ticket


async def answer_delivered(tx: Tx, message_ids: Sequence[int]) -> None:
    """End the answer clock: the customer's side has accepted the answer (C1).

    ``message_ids``: the message, or all pieces of an album, in order.
    """
    messages = [await tx.get(Message, number) for number in message_ids]
    fresh = [message for message in messages if message.delivered_at is None]
    if not fresh or fresh[0].ticket_id is None:
        return
    ticket = await tx.get(Ticket, fresh[0].ticket_id, hold=True)
    tx.pin((ticket, *fresh))
    for message in fresh:
        message.delivered_at = tx.now
    if fresh[0].withdrawn_at is not None:
        return  # taken back while it was on its way: it answers nothing
    await tx.write()
    await _recount(tx, ticket, answered=True)
    tx.emit(
        AnswerDelivered(
            ticket_id=ticket.id,
            message_id=fresh[0].id,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )


async def answer_failed(tx: Tx, message_id: int, reason: str, *, by_letter: bool = False) -> None:
    """Report to the operator that the answer could not be delivered (X2), ``by_letter``: by mail.

    If it was a question, the customer was never asked: the ticket waits for us again.
    """
    message = await tx.get(Message, message_id)
    ticket = await tx.get(Ticket, message.ticket_id, hold=True)
    tx.pin((ticket, message))
    await _recount(tx, ticket, unasked=True)
    tx.emit(
        AnswerFailed(
            ticket_id=ticket.id,
            message_id=message.id,
            reason=reason,
            by_letter=by_letter,
            waiting_since=ticket.waiting_since,
            answer_due=ticket.answer_due,
        )
    )


async def _recount(
    tx: Tx, ticket: Ticket, *, answered: bool = False, unasked: bool = False
) -> None:
    """Compute since when the customer waits: from the first message after our last delivered one,
    or from a promise of ours; an answer that has just arrived (``answered``) keeps that.

    Where we wait for the customer, nothing is owed, unless they were ``unasked`` after all.
    """
    state = (await workflow_of(tx)).state(ticket.state)
    theirs = state.category == "waiting" and ticket.waiting_since is None and not unasked
    if state.final or state.resolution or theirs:
        return
    since = await (unanswered_since if answered else owed_since)(tx, ticket)
    if since == ticket.waiting_since:
        return
    timers = answer_clock.end(tx, ticket)
    if since is not None:
        timers |= await answer_clock.begin(tx, ticket, since, await answer_span(tx, ticket.topic))
        if await is_known_late(tx, ticket):
            timers[ANSWER] = None
    if state.pause and state.category != "waiting":
        timers |= await answer_clock.suspend(tx, ticket)
    place_in_queue(ticket, state)
    await set_timers(tx, ticket.id, timers)


async def undo(tx: Tx, ref: MessageRef) -> tuple[Ticket, Message]:
    """Take back the actor's answer that this message is (X8); an admin takes back anybody's.

    Raises :class:`Refusal` where there is no answer, or it is too old, or taken back already.
    """
    found = await find_location(tx, ref)
    if found is None or found.message_id is None or found.ticket_id is None:
        raise Unreadable("refusal.undo_what")
    ticket = await access(tx, found.ticket_id, "undo")
    message = await tx.get(Message, found.message_id)
    if message.from_customer:
        raise Unreadable("refusal.undo_what")
    if message.author_id != tx.actor.person_id and not may(tx.actor.role, "undo_any"):
        raise NotAllowed("undo")
    if message.withdrawn_at is not None:
        raise NothingToDo("refusal.undone")
    if (tx.now - message.created_at).total_seconds() > UNDO_HOURS * 3600:
        raise Refusal("refusal.undo_late")
    parts = await _parts(tx, message)
    await _demand_deletable(tx, parts)
    for part in parts:
        part.withdrawn_at = tx.now
    await tx.write()
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


async def _demand_deletable(tx: Tx, parts: Sequence[Message]) -> None:
    """Raise :class:`Refusal` for what has gone where nothing can be deleted any more."""
    if not tx.company.letter_channels:
        return
    query = select(SentMessage.id).where(
        SentMessage.message_id.in_([part.id for part in parts]),
        SentMessage.channel.in_(tx.company.letter_channels),
    )
    if await tx.first(query.limit(1)) is not None:
        raise Refusal("refusal.undo_letter")


async def _parts(tx: Tx, message: Message) -> list[Message]:
    if message.album is None:
        return [message]
    query = select(Message).where(
        Message.author_id == message.author_id, Message.album == message.album
    )
    return await tx.all(query.order_by(Message.id))


async def retry(tx: Tx, message_id: int) -> Ticket:
    """Send a failed answer again."""
    message = await tx.find(Message, message_id)
    if message is None or message.ticket_id is None or message.from_customer:
        raise Refusal("refusal.outdated")
    ticket = await access(tx, message.ticket_id, "retry")
    done = message.delivered_at is not None or message.withdrawn_at is not None
    if done or await is_under_way(tx, message.id, "content"):
        raise NothingToDo("refusal.retried")
    tx.emit(AnswerRetried(ticket_id=ticket.id, message_id=message.id))
    return ticket


async def whole_of(tx: Tx, message_id: int) -> str:
    """Return a message with what was left out of it. Raises :class:`Refusal` if nothing was."""
    message = await tx.find(Message, message_id)
    if message is None or message.ticket_id is None or "whole" not in message.content:
        raise Refusal("refusal.outdated")
    await access(tx, message.ticket_id, "note")
    return str(message.content["whole"])


async def question_after_all(tx: Tx, message_id: int) -> Ticket:
    """Let thanks count as a question, because an operator says so."""
    message = await tx.find(Message, message_id)
    if message is None or message.ticket_id is None or not message.from_customer:
        raise Refusal("refusal.outdated")
    ticket = await access(tx, message.ticket_id, "question")
    message = await tx.get(Message, message_id, hold=True)  # somebody may have answered meanwhile
    if message.counts:
        raise NothingToDo("refusal.question_already")
    message.counts = True
    await ask_for_answer(tx, ticket)
    tx.emit(
        QuestionAfterAll(ticket_id=ticket.id, message_id=message.id, answer_due=ticket.answer_due)
    )
    return ticket


async def edit(tx: Tx, incoming: IncomingMessage) -> Message | Note | None:
    """Apply an edit of the actor's own message; None when the message belongs to no ticket.

    Raises :class:`Refusal` when an answer would become an internal note: what has reached the
    customer is taken back with `/undo`.
    """
    found = await find_location(tx, incoming.ref)
    if found is None or found.ours:
        return None
    if found.note_id is not None:
        return await _edit_note(tx, found.note_id, incoming)
    message = await tx.get(Message, found.message_id)
    if message.author_id != tx.actor.person_id or message.withdrawn_at is not None:
        return None
    return await _edit_message(tx, message, incoming)


async def _edit_note(tx: Tx, note_id: int, incoming: IncomingMessage) -> Note | None:
    note = await tx.get(Note, note_id)
    if note.author_id != tx.actor.person_id:
        return None
    if note.text == incoming.text and note.content == incoming.content:
        return None
    old, note.text, note.content = note.text, incoming.text, incoming.content
    note.edited_at = tx.now
    tx.emit(NoteEdited(ticket_id=note.ticket_id, note_id=note.id, old=old))
    ticket = await tx.get(Ticket, note.ticket_id)
    await give_tags(tx, ticket, tags_in(incoming.text))
    return note


async def _edit_message(tx: Tx, message: Message, incoming: IncomingMessage) -> Message | None:
    if message.text == incoming.text and message.content == incoming.content:
        return None  # invisible changes are reported, too
    if not message.from_customer and incoming.text.lstrip().startswith("//"):
        raise Refusal("refusal.answer_to_note")
    old, message.text, message.content = message.text, incoming.text, incoming.content
    message.edited_at = tx.now
    if message.ticket_id is None:
        return message
    if message.in_card:
        await _edit_opening(tx, message)
    announced, turned = await _look_again(tx, message, incoming)
    tx.emit(
        MessageEdited(
            ticket_id=message.ticket_id,
            message_id=message.id,
            from_customer=message.from_customer,
            old=old,
            new=message.text,
            announced=announced,
            turned=turned,
        )
    )
    return message


async def _look_again(tx: Tx, message: Message, incoming: IncomingMessage) -> tuple[bool, bool]:
    """Return whether operators are told of a customer's edit, and whether it turns the ticket.

    Nobody looks at a ticket that waits for its customer, or has ended. Where it waits, new words
    are the customer's turn taken.
    """
    ticket = await tx.get(Ticket, message.ticket_id, hold=True)
    state = (await workflow_of(tx)).state(ticket.state)
    waits = state.category == "waiting"
    if not message.from_customer or not (waits or state.final or state.resolution):
        return False, False
    if is_mere_thanks(incoming):
        return False, False
    return True, waits and await ask_for_answer(tx, ticket)


async def _edit_opening(tx: Tx, message: Message) -> None:
    """Change the words that the card shows; it may have to cut them if they have grown too long."""
    ticket = await tx.get(Ticket, message.ticket_id)
    ticket.opening = message.text.strip()[:CARD_SHOWS]
