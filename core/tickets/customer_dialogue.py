"""The customer's dialogues besides plain messages: topics, the answer to «does it work?», edits."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.addresses import MessageRef
from core.delivery.questions import forget_question
from core.delivery.sent_messages import is_newest_notice
from core.errors import MoveRefused, NoSuchTicket, Refusal
from core.events import CustomerReacted, KindRefused
from core.models import Message, Note, Person, Ticket
from core.people.identity import Sender, arrive, enter_dialogue, mark_reachable
from core.tickets import lifecycle, ratings
from core.tickets.catalog import TopicFacts, topics_of, workflow_of
from core.tickets.conversation import edit
from core.tickets.field_edits import press_answer
from core.tickets.fields import fields_of
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.intake import Heard, follow_up
from core.tickets.resolutions import is_rated_later
from core.tickets.unassigned import drop_unassigned_messages, file_unassigned_messages
from core.tx import Tx
from core.words.short_answers import DISLIKES, Meaning, Question, meaning_of

# How long a dialogue about a new ticket lasts.
DESCRIBE: Final = timedelta(days=1)
# How recent unassigned messages must be to become the new ticket's words.
JUST_WRITTEN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Begun:
    """The topic chosen, and what became of the unassigned messages."""

    topic: TopicFacts
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The step that was left (``describe``, ``file`` or ``continue``), and its ticket."""

    step: str
    ticket: int | None = None


async def welcome(tx: Tx, sender: Sender) -> None:
    """End the dialogue about a new ticket, if there was one: the person starts afresh."""
    person = await _arrive(tx, sender)
    _leave(person, "describe", "continue")


async def begin_ticket(tx: Tx, sender: Sender) -> Sequence[TopicFacts]:
    """Begin a new ticket and return the topics to offer. Writing at once is fine, too."""
    person = await _arrive(tx, sender)
    if not _asked_just_now(tx, person):
        _expect_description(tx, person, None)
    return [topic for topic in (await topics_of(tx)).values() if topic.active]


async def choose_topic(
    tx: Tx, sender: Sender, code: str, question: MessageRef | None = None
) -> Begun:
    """Let the person's next message open a ticket about this topic; ``question``: where the topics
    were offered.

    Unassigned messages just written open it now: nobody types twice (A4). Raises :class:`Refusal`
    for a topic that is not offered any more.
    """
    person = await _arrive(tx, sender)
    topic = (await topics_of(tx)).get(code)
    if topic is None or not topic.active:
        raise Refusal("refusal.outdated")
    if _asked_just_now(tx, person):
        heard = await file_unassigned_messages(tx, sender, None, topic=code, question=question)
        if heard is not None:
            return Begun(topic, heard)
    _expect_description(tx, person, code)
    return Begun(topic)


def expect_words(tx: Tx, person: Person) -> None:
    """Let the person's next message open a ticket without another question."""
    _expect_description(tx, person, None)


async def stop_describing(tx: Tx, sender: Sender) -> None:
    """Forget the chosen topic: the person's next message opens no ticket by itself."""
    person = await _arrive(tx, sender)
    _leave(person, "describe")


async def leave_dialogue(tx: Tx, sender: Sender) -> Left | None:
    """Leave whichever dialogue the person is in; ``None`` when there is none."""
    person = await _arrive(tx, sender)
    dialogue = person.dialogue or {}
    until = dialogue.get("until")
    over = until is not None and datetime.fromisoformat(until) < tx.now
    if dialogue.get("step") == "file":
        await drop_unassigned_messages(tx, sender)
    enter_dialogue(person, None)
    return None if over or not dialogue else Left(dialogue["step"], dialogue.get("ticket"))


async def say_whether_helped(
    tx: Tx, sender: Sender, ticket_id: int, *, content: bool, question: MessageRef | None = None
) -> bool:
    """Apply the customer's answer to «does everything work?»; after a no their next message joins
    it. ``question``: where it was asked. Returns whether they may still rate the work.

    Raises :class:`Refusal` when the question is out of date, or was put to somebody else.
    """
    person = await _arrive(tx, sender)
    if question is not None:
        await forget_question(tx, question)
    try:
        ticket = await lifecycle.confirm(tx, ticket_id, content=content)
    except (MoveRefused, NoSuchTicket) as refused:
        raise Refusal("refusal.outdated") from refused
    if not content:
        follow_up(tx, person, ticket.id)
    return content and await is_rated_later(tx, ticket_id)


async def withdraw(tx: Tx, sender: Sender, ticket_id: int) -> None:
    """Close the person's own ticket, because they need no help any more; operators are told.

    Raises :class:`Refusal` when it is not theirs, or has ended already.
    """
    await _arrive(tx, sender)
    try:
        ticket = await lifecycle.access(tx, ticket_id, "withdraw")
        _, closed = await lifecycle.target_of(tx, ticket, "close")
    except (MoveRefused, NoSuchTicket) as refused:
        raise Refusal("refusal.outdated") from refused
    await lifecycle.enter(tx, ticket, "withdraw", to=closed)


async def rate_work(
    tx: Tx, sender: Sender, ticket_id: int, rating: int, question: MessageRef | None = None
) -> bool:
    """Keep the customer's rating; their next words are of it. ``question``: where it was asked.
    Returns whether the ticket has ended. Raises :class:`Refusal` as `ratings.rate` does.
    """
    person = await _arrive(tx, sender)
    if question is not None:
        await forget_question(tx, question)
    try:
        ticket = await ratings.rate(tx, ticket_id, rating)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    ratings.expect_words(tx, person, ticket_id, rating)
    return (await workflow_of(tx)).state(ticket.state).final


async def answer_field(
    tx: Tx, sender: Sender, ticket_id: int, code: str, at: int
) -> tuple[str, str | None]:
    """Take a button's answer to what a new ticket must have: the number of the choice, or of yes
    and no; -1 passes it over. Returns the field's title and the choice.
    """
    person = await _arrive(tx, sender)
    field = (await fields_of(tx)).get(code)
    choices = () if field is None else field.choices or ("yes", "no")
    if field is None or at >= len(choices):
        raise Refusal("refusal.outdated")
    choice = None if at < 0 else choices[at]
    try:
        await press_answer(tx, person, ticket_id, code, choice)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    return field.title(person.language), choice


async def invite_comment(tx: Tx, sender: Sender, ticket_id: int) -> None:
    """Take the customer's next words for what they say of our work."""
    person = await _arrive(tx, sender)
    try:
        await ratings.invite(tx, person, ticket_id)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused


async def refuse_kind(tx: Tx, sender: Sender, kind: str) -> None:
    """Record in the journal that a message of this kind cannot be relayed (X8, R31)."""
    person = await _arrive(tx, sender)
    tx.emit(KindRefused(ticket_id=None, person_id=person.id, kind=kind))


async def react(tx: Tx, sender: Sender, ref: MessageRef, emoji: str | None) -> None:
    """Take note of the customer's reaction to a message of ours; ``None``: it was taken back.

    On an answer, operators see it. On the newest notice of a ticket that was solved it is the
    answer to «does everything work?».
    """
    place = await find_location(tx, ref)
    if place is None or place.ticket_id is None or not place.ours:
        return  # nor is anything noted of who they are
    person = await _arrive(tx, sender)
    ticket = await tx.get(Ticket, place.ticket_id, hold=True)
    if ticket.customer_id != person.id:
        return
    reacted = CustomerReacted(
        ticket_id=ticket.id,
        message_id=place.message_id,
        emoji=emoji,
        liked=emoji not in DISLIKES,
    )
    if place.message_id is not None:
        tx.emit(reacted)
    elif _says_whether(reacted) and await _asks_whether_it_works(tx, ticket, ref):
        tx.emit(reacted)
        await lifecycle.confirm(tx, ticket.id, content=reacted.liked)


def _says_whether(reacted: CustomerReacted) -> bool:
    """Return whether the reaction is a yes or a no."""
    if reacted.emoji is None or not reacted.liked:
        return reacted.emoji is not None
    return meaning_of(reacted.emoji, Question.WORKS) is Meaning.YES


async def _asks_whether_it_works(tx: Tx, ticket: Ticket, ref: MessageRef) -> bool:
    workflow = await workflow_of(tx)
    state = workflow.state(ticket.state)
    return (
        state.resolution
        and workflow.move(state.code, "confirm") is not None
        and await is_newest_notice(tx, ticket.id, ref)
    )


async def edit_own(tx: Tx, sender: Sender, incoming: IncomingMessage) -> Message | Note | None:
    """Apply a customer's edit of their own message. Of who edits what the desk does not have,
    nothing is noted.
    """
    if await find_location(tx, incoming.ref) is None:
        return None
    await _arrive(tx, sender)
    return await edit(tx, incoming)


async def _arrive(tx: Tx, sender: Sender) -> Person:
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    return person


def _expect_description(tx: Tx, person: Person, topic: str | None) -> None:
    until = (tx.now + DESCRIBE).isoformat()
    enter_dialogue(person, {"step": "describe", "topic": topic, "until": until} | tx.actor.here)


def _asked_just_now(tx: Tx, person: Person) -> bool:
    """Return whether the person was asked just now where their messages belong."""
    dialogue: dict[str, Any] = person.dialogue or {}
    if dialogue.get("step") != "file" or dialogue.get("thread") != tx.actor.thread:
        return False
    return tx.now - datetime.fromisoformat(dialogue["asked"]) < JUST_WRITTEN


def _leave(person: Person, *steps: str) -> None:
    if (person.dialogue or {}).get("step") in steps:
        enter_dialogue(person, None)
