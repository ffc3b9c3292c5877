"""A customer's words join their ticket (A11), and what that does to its state and clock."""

from core.events import CustomerWrote
from core.models import Message, Person, Ticket
from core.sla import answer
from core.sla.timers import set_timers
from core.tickets.lifecycle import enter, let_go, place_in_queue, target_of
from core.tickets.said import Said
from core.tickets.topics import answer_span
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.thanks import is_thanks


async def join(
    tx: Tx, person: Person, ticket: Ticket, said: Said, *, in_card: bool = False
) -> Message:
    """Keep the words in the ticket. They ask for an answer, unless they are thanks.

    A ticket in a pause or resolved comes back to work, without an assignee (B5, B6).
    ``in_card``: the card shows these words whole.
    """
    counts = not is_mere_thanks(said) or await _may_be_meant(tx, ticket)
    message = Message(
        ticket_id=ticket.id,
        author_id=person.id,
        from_customer=True,
        text=said.text,
        content=said.content,
        album=said.album,
        counts=counts,
        in_card=in_card,
        source_chat=said.chat,
        source_message=said.message,
        created_at=tx.now,
    )
    await tx.put(message)
    turned = counts and await ask_for_answer(tx, ticket)
    tx.emit(
        CustomerWrote(
            ticket_id=ticket.id,
            message_id=message.id,
            album=said.album,
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


def is_mere_thanks(said: Said) -> bool:
    """The words ask for nothing."""
    return said.kind == "sticker" or (said.kind == "text" and is_thanks(said.text))


async def ask_for_answer(tx: Tx, ticket: Ticket) -> bool:
    """The ticket needs an answer from now on. True if it did not before."""
    old, new = await target_of(tx, ticket, "hear")
    moves = old.code != new.code
    timers = answer.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    if moves:
        let_go(tx, ticket)
        await enter(tx, ticket, "hear", timers=timers)
        return True
    if not timers:
        return False
    place_in_queue(ticket, new)
    await set_timers(tx, ticket.id, timers)
    return True
