"""Opening a ticket with a customer's first words (A1, A3)."""

from collections.abc import Sequence
from typing import Final

from core.events import CustomerWrote, TicketOpened
from core.models import Message, Person, Ticket
from core.sla import answer_clock
from core.sla.timers import set_timers
from core.tickets.incoming import CARD_SHOWS, IncomingMessage
from core.tickets.lifecycle import enter, let_go, place_in_queue, target_of
from core.tickets.topics import answer_span, title_of
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import clean_name
from core.words.thanks import is_thanks


async def join(
    tx: Tx, person: Person, ticket: Ticket, incoming: IncomingMessage, *, in_card: bool = False
) -> Message:
    """Keep the words in the ticket. They ask for an answer, unless they are thanks.

    A ticket in a pause or resolved comes back to work, without an assignee (B5, B6).
    ``in_card``: the card shows these words whole.
    """
    counts = not is_mere_thanks(incoming) or await _may_be_meant(tx, ticket)
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
    turned = counts and await ask_for_answer(tx, ticket)
    tx.emit(
        CustomerWrote(
            ticket_id=ticket.id,
            message_id=message.id,
            album=incoming.album,
            counts=counts,
            turned=turned,
            in_card=in_card,
            answer_due=ticket.answer_due,
        )
    )
    return message


async def _may_be_meant(tx: Tx, ticket: Ticket) -> bool:
    """Who still waits for an answer means more than thanks; but not who was told of a freeze."""
    pause = (await workflow_of(tx)).state(ticket.state).pause
    return ticket.waiting_since is not None and not pause


def is_mere_thanks(incoming: IncomingMessage) -> bool:
    """The words ask for nothing."""
    return incoming.kind == "sticker" or (incoming.kind == "text" and is_thanks(incoming.text))


async def ask_for_answer(tx: Tx, ticket: Ticket) -> bool:
    """The ticket needs an answer from now on. True if it did not before."""
    old, new = await target_of(tx, ticket, "hear")
    moves = old.code != new.code
    timers = answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    if moves:
        let_go(tx, ticket)
        await enter(tx, ticket, "hear", timers=timers)
        return True
    if not timers:
        return False
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
    origin: str = "telegram",
    title: str | None = None,
    quiet: bool = False,
    told: bool = False,
) -> Ticket:
    """A new ticket of the person with these words.

    Without a ``title`` it is the topic's; without a topic, the question itself (A3). The answer
    deadline runs from now (decision: set at registration). ``quiet``: the group is not shown it
    now; ``told``: the customer is told of it by somebody else (see the event).
    """
    first = next((words for words in said if words.text.strip()), None)
    opening = first.text.strip() if first else ""
    state = (await workflow_of(tx)).initial
    ticket = Ticket(
        customer_id=person.id,
        topic=topic,
        title=title
        or await title_of(tx, topic, tx.company.language)
        or clean_name(opening, TITLE_LENGTH),
        state=state.code,
        origin=origin,
        follows_id=follows,
        opened_at=tx.now,
        opening=opening[:CARD_SHOWS],
    )
    timers = answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, topic))
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
            quiet=quiet,
            told=told,
        )
    )
    for words in said:
        await join(
            tx, person, ticket, words, in_card=quiet or (words is first and _fits_card(words))
        )
    return ticket


def _fits_card(words: IncomingMessage) -> bool:
    """The card shows plain words of ordinary length; everything else is posted below it."""
    return words.kind == "text" and len(words.text) <= CARD_SHOWS
