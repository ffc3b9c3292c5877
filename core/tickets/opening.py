"""Opening a ticket with a customer's first words (A1, A3)."""

from collections.abc import Sequence
from typing import Final

from core.events import TicketOpened
from core.models import Person, Ticket
from core.sla import answer
from core.sla.timers import set_timers
from core.tickets.joining import join
from core.tickets.lifecycle import place_in_queue
from core.tickets.said import CARD_SHOWS, Said
from core.tickets.topics import answer_span, title_of
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import clean_name

TITLE_LENGTH: Final = 120


async def open_ticket(
    tx: Tx,
    person: Person,
    said: Sequence[Said],
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
    timers = answer.begin(tx, ticket, tx.now, await answer_span(tx, topic))
    place_in_queue(ticket, state)
    await tx.put(ticket)
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


def _fits_card(words: Said) -> bool:
    """The card shows plain words of ordinary length; everything else is posted below it."""
    return words.kind == "text" and len(words.text) <= CARD_SHOWS
