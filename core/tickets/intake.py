"""Decides where a customer's message belongs: a new ticket, an open one, or a question which.

``hear`` decides in this order, the surest first: a piece of an album goes where the album went; a
reply goes to the ticket of the message replied to; a dialogue knows its ticket; otherwise the
number of open tickets decides (A4).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.delivery.private_topics import ticket_of_private_topic
from core.delivery.sent_messages import note_in_place
from core.errors import Refusal
from core.events import TicketNotOpened, WordsKept
from core.models import Message, Person, Ticket, TicketCamera
from core.people.identity import Sender, arrive, enter_dialogue, mark_reachable
from core.people.restrictions import turn_away
from core.tickets import field_edits, ratings
from core.tickets.catalog import topic_title, workflow_of
from core.tickets.customer_message import ask_fields, is_mere_thanks, join, open_ticket
from core.tickets.floods import ticket_instead
from core.tickets.incoming import CONTINUE, IncomingMessage, find_location
from core.tickets.lifecycle import access
from core.tickets.relations import merged_into
from core.tickets.subjects import subjects_of
from core.tx import Tx
from core.words.short_answers import asks_or_complains

# How long messages join the ticket that the person has just opened or viewed.
FOLLOW_UP: Final = timedelta(minutes=15)
# How many tickets are offered; older ones are reached by a reply, or from the list.
MOST_CHOICES: Final = 12
# How long messages count as one burst, with one question.
BURST: Final = timedelta(seconds=30)


class Outcome(Enum):
    """What became of the message."""

    OPENED = auto()
    JOINED = auto()
    ASK_WHETHER = auto()
    ASK_WHICH = auto()
    KEPT = auto()
    SEARCHES = auto()
    TURNED_AWAY = auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """The outcome; the ticket if there is one; the open tickets if the person must choose.

    ``rest``: a further piece of an album whose first piece was handled already.
    """

    outcome: Outcome
    person: Person
    ticket: Ticket | None = None
    choices: tuple[Ticket, ...] = ()
    rest: bool = False


Step = Callable[[Tx, Person, IncomingMessage], Awaitable[Heard | None]]
"""A step of another dialogue: what it makes of the words; ``None``: they are not for it."""
NO_STEPS: Final[Mapping[str, Step]] = {}


async def hear(
    tx: Tx,
    sender: Sender,
    incoming: IncomingMessage,
    *,
    step_of: Callable[[str], Step | None] = NO_STEPS.get,
) -> Heard:
    """Handle a customer's message from the private chat, of a kind that can be relayed (A1, A4,
    A10).

    ``step_of``: the step of that name, of dialogues that are not about tickets alone. Raises
    :class:`Refusal` where thanks alone would open a ticket: what it is about is still awaited.
    """
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    if person.restricted_until is not None and await turn_away(tx, person):
        return Heard(Outcome.TURNED_AWAY, person)
    if incoming.album and (heard := await _as_part_of_album(tx, person, incoming)):
        return heard
    reply = incoming.reply_to
    if reply is not None and (ticket := await _answered_ticket(tx, person, reply)):
        return await add_to(tx, person, ticket, [incoming])
    by_place = _hear_in_topic if "thread" in incoming.content else _in_dialogue
    if heard := await by_place(tx, person, incoming, step_of):
        return heard
    tickets = await open_tickets(tx, person.id)
    if ticket := _meant(tx, person, tickets):
        return await add_to(tx, person, ticket, [incoming])
    return await _rates(tx, person, incoming) or await _keep(tx, person, incoming, tickets)


async def _rates(tx: Tx, person: Person, incoming: IncomingMessage) -> Heard | None:
    """Take it for the rating of a ticket that has ended, if one is owed."""
    if incoming.kind != "text":
        return None
    found = await ratings.find_to_rate(tx, person.id, incoming.text)
    if found is None:
        return None
    return await add_to(tx, person, await tx.get(Ticket, found.id, hold=True), [incoming])


async def _hear_in_topic(
    tx: Tx, person: Person, incoming: IncomingMessage, step_of: Callable[[str], Step | None]
) -> Heard:
    """Words in a ticket's topic belong to it; in any other one, the customer says where to."""
    number = await ticket_of_private_topic(tx, incoming.ref.address, incoming.content["thread"])
    if _is_asked_here(person, incoming, number) and (
        heard := await _in_dialogue(tx, person, incoming, step_of)
    ):
        return heard
    ticket = None if number is None else await tx.get(Ticket, number, hold=True)
    if ticket is not None and ticket.customer_id == person.id:
        return await add_to(tx, person, ticket, [incoming])
    return await _keep(tx, person, incoming, await open_tickets(tx, person.id))


def _is_asked_here(person: Person, incoming: IncomingMessage, number: int | None) -> bool:
    """Return whether the dialogue that the person is in goes on in this topic, of the ticket
    ``number`` if it is one's. One about no ticket may go on in a topic that is new.
    """
    dialogue = person.dialogue or {}
    if "ticket" in dialogue:
        return bool(dialogue["ticket"] == number)
    return number is None or dialogue.get("thread") == incoming.thread


def _meant(tx: Tx, person: Person, tickets: Sequence[Ticket]) -> Ticket | None:
    """Return the only open ticket, or the expired dialogue's if it waits for the customer."""
    if len(tickets) == 1:
        return tickets[0]
    number = (person.dialogue or {}).get("ticket")
    for ticket in tickets:
        if ticket.id == number and ticket.waiting_since is not None:
            return ticket if tx.now - ticket.waiting_since < FOLLOW_UP else None
    return None


async def open_tickets(tx: Tx, person_id: int) -> Sequence[Ticket]:
    """Return the person's tickets that have not ended, newest first, locked."""
    codes = (await workflow_of(tx)).open_codes()
    query = (
        select(Ticket)
        .where(Ticket.customer_id == person_id, Ticket.state.in_(codes))
        .order_by(Ticket.id.desc())
        .with_for_update(key_share=True)
    )
    return await tx.all(query)


async def _as_part_of_album(tx: Tx, person: Person, incoming: IncomingMessage) -> Heard | None:
    query = select(Message).where(Message.author_id == person.id, Message.album == incoming.album)
    # the latest piece: the album of an ended ticket belongs to the ticket that follows it
    before = await tx.first(query.order_by(Message.id.desc()).limit(1))
    if before is None:
        return None
    if before.ticket_id is None:
        await _unassigned(tx, person, incoming)
        return Heard(Outcome.KEPT, person, rest=True)
    ticket = await tx.get(Ticket, before.ticket_id, hold=True)
    return replace(await add_to(tx, person, ticket, [incoming]), rest=True)


async def _answered_ticket(tx: Tx, person: Person, reply: MessageRef) -> Ticket | None:
    """Return the person's ticket of the message that they reply to."""
    found = await find_location(tx, reply)
    if found is None or found.ticket_id is None:
        return None
    ticket = await tx.get(Ticket, found.ticket_id, hold=True)
    return ticket if ticket.customer_id == person.id else None


async def _in_dialogue(
    tx: Tx, person: Person, incoming: IncomingMessage, step_of: Callable[[str], Step | None]
) -> Heard | None:
    dialogue = person.dialogue or {}
    until = dialogue.get("until")
    if until is not None and datetime.fromisoformat(until) < tx.now:
        return None
    if "rated" in dialogue and (heard := await _remark(tx, person, incoming)):
        return heard
    return await _take_step(tx, person, incoming, step_of)


async def _take_step(
    tx: Tx, person: Person, incoming: IncomingMessage, step_of: Callable[[str], Step | None]
) -> Heard | None:
    dialogue = person.dialogue or {}
    match dialogue.get("step"):
        case "describe":
            if incoming.kind == "text" and is_mere_thanks(incoming):
                raise Refusal("refusal.describe")
            return await open_or_join(tx, person, [incoming], topic=dialogue.get("topic"))
        case "continue":
            ticket = await tx.get(Ticket, dialogue["ticket"], hold=True)
            heard = await add_to(tx, person, ticket, [incoming])
            if dialogue.get("rates"):
                await _explain_rating(tx, person, incoming.text)
            if ticket.waiting_since != tx.now and heard.ticket is ticket:
                follow_up(tx, person, ticket.id)  # left to _meant, which saves a write
            return heard
        case str(name) if own := _STEPS.get(name):
            return await own(tx, person, dialogue["ticket"], incoming)
        case str(name) if step := step_of(name):
            return await step(tx, person, incoming)
    return None


async def _go_on(tx: Tx, person: Person, ticket: Ticket) -> None:
    """After a new ticket: what it must have is asked for; otherwise more words join it."""
    if not await ask_fields(tx, person, ticket):
        follow_up(tx, person, ticket.id)


async def _answer_field(tx: Tx, person: Person, ticket_id: int, incoming: IncomingMessage) -> Heard:
    """The answer to what was asked about a new ticket; what does not fit is a message of it."""
    ticket = await tx.get(Ticket, ticket_id, hold=True)
    words = incoming.text if incoming.kind == "text" else ""
    if await field_edits.answer(tx, person, ticket, words):
        return Heard(Outcome.JOINED, person, ticket)
    return await add_to(tx, person, ticket, [incoming])


async def _explain_rating(tx: Tx, person: Person, words: str) -> None:
    """The first words after a bad rating say why; they are a message of the ticket, too."""
    dialogue = dict(person.dialogue or {})
    dialogue.pop("rates", None)
    enter_dialogue(person, dialogue)
    await ratings.explain(tx, dialogue["ticket"], words, aside=False)


async def _remark(tx: Tx, person: Person, incoming: IncomingMessage) -> Heard | None:
    """Words right after a rating: thanks stay with its ticket, and the first that neither ask nor
    complain are of the rating. ``None``: they are for whatever else the person was in.
    """
    dialogue = dict(person.dialogue or {})
    ticket_id = dialogue.pop("rated")
    if is_mere_thanks(incoming):
        ticket = await tx.get(Ticket, ticket_id, hold=True)
        return await add_to(tx, person, ticket, [incoming])
    enter_dialogue(person, dialogue if dialogue["step"] == CONTINUE else None)
    if incoming.kind != "text" or asks_or_complains(incoming.text):
        return None
    ticket = await access(tx, ticket_id, "rate")
    if not await ratings.explain(tx, ticket_id, incoming.text, aside=True):
        return None
    return Heard(Outcome.JOINED, person, ticket)


async def _comment(
    tx: Tx, person: Person, ticket_id: int, incoming: IncomingMessage
) -> Heard | None:
    """Words about our work, as the person was invited to say; all but text is for the ticket."""
    enter_dialogue(person, None)
    if incoming.kind != "text":
        return None
    ticket = await access(tx, ticket_id, "rate")
    if not await ratings.explain(tx, ticket_id, incoming.text, aside=True):
        return None
    return Heard(Outcome.JOINED, person, ticket)


_STEPS: Final[
    Mapping[str, Callable[[Tx, Person, int, IncomingMessage], Awaitable[Heard | None]]]
] = {field_edits.STEP: _answer_field, ratings.STEP: _comment}


def follow_up(tx: Tx, person: Person, ticket_id: int) -> None:
    """Let the person's next messages join this ticket for a while.

    The end of that time moves only when little is left of it, to save writes.
    """
    dialogue = person.dialogue or {}
    if dialogue.get("step") == field_edits.STEP and dialogue.get("ticket") == ticket_id:
        return  # their next words answer what was asked about it
    same = dialogue.get("step") == CONTINUE and dialogue.get("ticket") == ticket_id
    if same and datetime.fromisoformat(dialogue["until"]) > tx.now + FOLLOW_UP / 2:
        return
    until = (tx.now + FOLLOW_UP).isoformat()
    enter_dialogue(person, {"step": CONTINUE, "ticket": ticket_id, "until": until})


async def add_to(
    tx: Tx,
    person: Person,
    ticket: Ticket,
    said: Sequence[IncomingMessage],
    *,
    question: MessageRef | None = None,
) -> Heard:
    """Add the message to the ticket; if that has ended, open a new one that follows it (B6).

    Thanks and a rating after the end are kept in the ended ticket: they are no new case.
    ``question``: what this is the answer to.
    """
    state = (await workflow_of(tx)).state(ticket.state)
    if state.final and (into := await merged_into(tx, ticket.id)):
        return await add_to(tx, person, await tx.get(Ticket, into, hold=True), said)
    if state.final and not await _needs_no_ticket(tx, ticket, said):
        fault = await tx.find(TicketCamera, ticket.id)
        title = None if fault is None else ticket.title
        return await open_or_join(
            tx, person, said, topic=ticket.topic, follows=ticket.id, title=title, question=question
        )
    return await _join(tx, person, ticket, said)


async def _needs_no_ticket(tx: Tx, ticket: Ticket, said: Sequence[IncomingMessage]) -> bool:
    """Return whether this is said of what has ended, and asks for nothing."""
    if all(is_mere_thanks(words) for words in said):
        return True
    only = said[0] if len(said) == 1 and said[0].kind == "text" else None
    return only is not None and await ratings.is_late_rating(tx, ticket.id, only.text)


async def _join(tx: Tx, person: Person, ticket: Ticket, said: Sequence[IncomingMessage]) -> Heard:
    for words in said:
        await join(tx, person, ticket, words)
    return Heard(Outcome.JOINED, person, ticket)


async def open_or_join(
    tx: Tx,
    person: Person,
    said: Sequence[IncomingMessage],
    *,
    topic: str | None,
    follows: int | None = None,
    title: str | None = None,
    question: MessageRef | None = None,
) -> Heard:
    """Open a ticket with these words. Of somebody who has opened too many of late, they join the
    newest open one, and both sides are told so (S10). What is written next belongs there as well.
    """
    origin = said[0].ref.channel
    instead = await ticket_instead(tx, person, origin, tx.company.ticket_limit)
    if instead is None:
        ticket = await open_ticket(
            tx, person, said, topic=topic, follows=follows, title=title, question=question
        )
        if question is not None:
            await note_in_place(tx, ticket.id, question)
        await _go_on(tx, person, ticket)
        return Heard(Outcome.OPENED, person, ticket)
    first, *rest = said
    remarked = replace(first, content={**first.content, "remark": {"key": "limited"}})
    follow_up(tx, person, instead.id)
    tx.emit(TicketNotOpened(ticket_id=instead.id, person_id=person.id, topic=topic))
    return await _join(tx, person, instead, [remarked, *rest])


async def _keep(
    tx: Tx, person: Person, incoming: IncomingMessage, tickets: Sequence[Ticket]
) -> Heard:
    """Keep the message until the person has said where it belongs; one question for a burst."""
    await _unassigned(tx, person, incoming)
    dialogue = person.dialogue or {}
    here = dialogue.get("thread") == incoming.thread
    asked = dialogue.get("asked") if dialogue.get("step") == "file" and here else None
    if asked is not None and tx.now - datetime.fromisoformat(asked) < BURST:
        return Heard(Outcome.KEPT, person)
    enter_dialogue(person, {"step": "file", "asked": tx.now.isoformat()} | tx.actor.here)
    offered = tickets[:MOST_CHOICES]
    choices = await _named(tx, person, offered)
    tx.emit(
        WordsKept(
            ticket_id=None, person_id=person.id, reply=incoming.ref.message, choices=tuple(choices)
        )
    )
    outcome = Outcome.ASK_WHICH if tickets else Outcome.ASK_WHETHER
    return Heard(outcome, person, choices=tuple(tickets))


async def _named(tx: Tx, person: Person, tickets: Sequence[Ticket]) -> list[tuple[int, str]]:
    """Return what each of the person's tickets is about, for a button."""
    found, named = await subjects_of(tx, [ticket.id for ticket in tickets]), []
    for ticket in tickets:
        subject = found.get(ticket.id)
        topic = await topic_title(tx, ticket.topic, person.language)
        named.append((ticket.id, subject.text if subject else topic or ""))
    return named


async def _unassigned(tx: Tx, person: Person, incoming: IncomingMessage) -> None:
    await tx.insert(
        Message(
            ticket_id=None,
            author_id=person.id,
            from_customer=True,
            text=incoming.text,
            content=incoming.content,
            album=incoming.album,
            source=incoming.ref,
            created_at=tx.now,
        )
    )
