"""Adds a customer's message to a ticket, or opens one with it (A1, A3)."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import func, select

from core.addresses import MessageRef
from core.delivery.private_topics import stay_in_topic
from core.events import HIDDEN, CustomerWrote, TicketOpened
from core.models import Message, Person, Ticket
from core.sla import answer_clock
from core.sla.answer_clock import set_timers
from core.tickets.catalog import answer_span, topic_title, workflow_of
from core.tickets.field_edits import ask_next
from core.tickets.fields import fields_of
from core.tickets.floods import join_flood
from core.tickets.incoming import CARD_SHOWS, IncomingMessage, fits_card
from core.tickets.lifecycle import enter, place_in_queue, target_of, unassign
from core.tickets.ratings import ask_about_words, is_late_rating, rate_in_words, was_unclear
from core.tickets.resolutions import is_rated_later
from core.tx import Tx
from core.words.names import clean_name
from core.words.ratings import read_rating
from core.words.short_answers import Meaning, Question, meaning_of


async def join(
    tx: Tx, person: Person, ticket: Ticket, incoming: IncomingMessage, *, in_card: bool = False
) -> Message:
    """Add the message to the ticket; it asks for an answer unless it is mere thanks.

    A paused or resolved ticket goes back to work, without an assignee (B5, B6); a yes to «does
    everything work?» closes it, and what is neither yes nor no is asked about, once. ``in_card``:
    the card shows these words whole.
    """
    meaning = await _meaning(tx, ticket, incoming)
    counts = meaning is Meaning.WORDS or (
        meaning is Meaning.THANKS and await _may_be_meant(tx, ticket)
    )
    message = Message(
        ticket_id=ticket.id,
        author_id=person.id,
        from_customer=True,
        text=incoming.text,
        content=incoming.content,
        album=incoming.album,
        counts=counts,
        in_card=in_card,
        source=incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(message)
    if "thread" in incoming.content:
        await stay_in_topic(tx, ticket, incoming.ref, incoming.content["thread"])
    if meaning is Meaning.UNCLEAR:
        ask_about_words(tx, ticket)
    turned = counts and await ask_for_answer(tx, ticket)
    # what the ticket waited for is never folded away
    flood = None
    if tx.company.message_limit is not None and not turned and not in_card:
        flood = await join_flood(tx, person, message)
    tx.emit(
        CustomerWrote(
            ticket_id=ticket.id,
            message_id=message.id,
            album=incoming.album,
            counts=counts,
            turned=turned,
            answer_due=ticket.answer_due,
            confirms=meaning is Meaning.YES,
            flood=flood,
        )
    )
    if meaning is Meaning.YES:
        await enter(tx, ticket, "confirm")
    elif meaning is Meaning.RATING:
        await rate_in_words(tx, person, ticket, incoming.text)
    return message


async def _meaning(tx: Tx, ticket: Ticket, incoming: IncomingMessage) -> Meaning:
    if incoming.kind != "text":
        return Meaning.THANKS if incoming.kind == "sticker" else Meaning.WORDS
    workflow = await workflow_of(tx)
    state = workflow.state(ticket.state)
    if state.resolution and workflow.move(state.code, "confirm"):
        if read_rating(incoming.text) and await is_rated_later(tx, ticket.id):
            return Meaning.RATING
        meaning = meaning_of(incoming.text, Question.WORKS)
        again = meaning is Meaning.UNCLEAR and await was_unclear(tx, ticket)
        return Meaning.WORDS if again else meaning
    if state.final and await is_late_rating(tx, ticket.id, incoming.text):
        return Meaning.RATING
    meaning = meaning_of(incoming.text)
    thanks = meaning is Meaning.THANKS
    if thanks and (state.category == "waiting" or await _ends_with_question(tx, ticket)):
        return meaning_of(incoming.text, Question.OURS)
    return meaning


async def _ends_with_question(tx: Tx, ticket: Ticket) -> bool:
    """Return whether the latest answer that the customer has got asks something."""
    query = (
        select(Message.text)
        .where(
            Message.ticket_id == ticket.id,
            Message.from_customer.is_(False),
            Message.delivered_at.is_not(None),
        )
        .order_by(Message.id.desc())
        .limit(1)
    )
    said = await tx.first(query)
    return said is not None and said.rstrip(" )").endswith("?")


async def _may_be_meant(tx: Tx, ticket: Ticket) -> bool:
    """Return whether thanks may count as mere thanks: not while the customer waits for an answer,
    unless they were told of a freeze.
    """
    pause = (await workflow_of(tx)).state(ticket.state).pause
    return ticket.waiting_since is not None and not pause


def is_mere_thanks(incoming: IncomingMessage) -> bool:
    """Return whether the message asks for nothing, where nothing was asked before it."""
    if incoming.kind == "text":
        return meaning_of(incoming.text) is Meaning.THANKS
    return incoming.kind == "sticker"


async def ask_for_answer(tx: Tx, ticket: Ticket) -> bool:
    """Mark the ticket as waiting for an answer. Returns False if it was so already."""
    old, new = await target_of(tx, ticket, "hear")
    moves = old.code != new.code
    if ticket.waiting_since is not None and not moves:
        return False
    timers = await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    if moves:
        unassign(tx, ticket)
        await enter(tx, ticket, "hear", timers=timers)
        return True
    place_in_queue(ticket, new)
    await set_timers(tx, ticket.id, timers)
    return True


TITLE_LENGTH: Final = 120


async def open_ticket(
    tx: Tx,
    person: Person,
    said: Sequence[IncomingMessage],
    *,
    topic: str | None,
    follows: int | None = None,
    origin: str | None = None,
    title: str | None = None,
    part_of: str | None = None,
    undecided: bool = False,
    silent: bool = False,
    question: MessageRef | None = None,
    mailbox: str | None = None,
) -> Ticket:
    """Open a ticket of the person with this message.

    Without a ``title`` it is the topic's; without a topic, the question itself (A3). The answer
    deadline runs from now (decision: set at registration). ``part_of``, ``undecided``, ``silent``,
    ``question``, ``mailbox``: see the event; the words of a ticket that the group does not look at
    are shown by its later card. Without an ``origin`` it is the channel of the message.
    """
    origin = origin or said[0].ref.channel
    first = next((words for words in said if words.text.strip()), None)
    opening = first.text.strip() if first else ""
    state = (await workflow_of(tx)).initial
    ticket = Ticket(
        id=await _number_after_restore(tx),
        customer_id=person.id,
        topic=topic,
        title=title
        or await topic_title(tx, topic, tx.company.language)
        or clean_name(opening, TITLE_LENGTH),
        state=state.code,
        origin=origin,
        follows_id=follows,
        opened_at=tx.now,
        opening=opening[:CARD_SHOWS],
    )
    timers = await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, topic))
    place_in_queue(ticket, state)
    await tx.insert(ticket)
    await set_timers(tx, ticket.id, timers)
    tx.emit(
        TicketOpened(
            ticket_id=ticket.id,
            customer_id=person.id,
            topic=topic,
            title=ticket.title,
            state=state.code,
            origin=origin,
            follows=follows,
            answer_due=ticket.answer_due,
            part_of=part_of,
            undecided=undecided,
            silent=silent,
            question=None if question is None else str(question),
            mailbox=mailbox,
        )
    )
    hidden = undecided or part_of in HIDDEN
    for words in said:
        await join(
            tx,
            person,
            ticket,
            words,
            in_card=hidden or (words is first and fits_card(words.kind, words.text, words.content)),
        )
    return ticket


async def ask_fields(tx: Tx, person: Person, ticket: Ticket) -> bool:
    """Ask whoever has just opened a ticket in a dialogue for what it must have. Returns whether
    anything is.
    """
    return bool(await fields_of(tx)) and await ask_next(tx, person, ticket)


async def _number_after_restore(tx: Tx) -> int | None:
    """Return the number that a restored desk gives: none that a ticket may have had before it.

    ``None``: the database numbers on by itself, which it does once a ticket has such a number.
    """
    first = tx.company.first_number
    if not first or (await tx.first(select(func.max(Ticket.id))) or 0) >= first:
        return None
    return first
