"""What a customer does besides writing: the steps of a dialogue, and answers given by a button."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.errors import MoveRefused, NoSuchTicket, Refusal
from core.events import KindRefused
from core.models import Message, Note, Person, Ticket
from core.people.identity import Sender, arrive, enter_dialogue, mark_reachable
from core.tickets import lifecycle
from core.tickets.edits import edit
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, drop_unassigned_messages, file_unassigned_messages, follow_up
from core.tickets.topics import TopicFacts, topics_of
from core.tx import Tx

# Whoever asked for a new ticket longer ago than this has something else in mind by now.
DESCRIBE: Final = timedelta(days=1)
# Words that wait for a place are what a new ticket is about only if they were just written.
JUST_WRITTEN: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Begun:
    """The topic chosen; what became of the words that waited for it, if any did."""

    topic: TopicFacts
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class Left:
    """The step that was left: ``describe``, ``file`` or ``continue``, and its ticket."""

    step: str
    ticket: int | None = None


async def welcome(tx: Tx, sender: Sender) -> None:
    """The person starts afresh: a new ticket that they had begun is not on their mind any more."""
    person = await _arrive(tx, sender)
    _leave(person, "describe", "continue")


async def begin_ticket(tx: Tx, sender: Sender) -> Sequence[TopicFacts]:
    """The person wants a new ticket; these topics are offered. Writing at once is fine, too."""
    person = await _arrive(tx, sender)
    if not _asked_just_now(tx, person):
        _expect_description(tx, person, None)
    return [topic for topic in (await topics_of(tx)).values() if topic.active]


async def choose_topic(tx: Tx, sender: Sender, code: str) -> Begun:
    """What the person writes next makes a ticket about this.

    Words that were just written and wait for a place make it now: nobody types twice (A4). Raises
    :class:`Refusal` for a topic that is not offered any more.
    """
    person = await _arrive(tx, sender)
    topic = (await topics_of(tx)).get(code)
    if topic is None or not topic.active:
        raise Refusal("refusal.outdated")
    if _asked_just_now(tx, person):
        heard = await file_unassigned_messages(tx, sender, None, topic=code)
        if heard is not None:
            return Begun(topic, heard)
    _expect_description(tx, person, code)
    return Begun(topic)


async def stop_describing(tx: Tx, sender: Sender) -> None:
    """The person went back from the topics: what they write next is not a new ticket by itself."""
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


async def say_whether_helped(tx: Tx, sender: Sender, ticket_id: int, *, content: bool) -> Ticket:
    """The customer's answer to «does everything work?»; after a no, what they write joins it.

    Raises :class:`Refusal` when the question is out of date, or was put to somebody else.
    """
    person = await _arrive(tx, sender)
    try:
        ticket = await lifecycle.confirm(tx, ticket_id, content=content)
    except (MoveRefused, NoSuchTicket) as refused:
        raise Refusal("refusal.outdated") from refused
    if not content:
        follow_up(tx, person, ticket.id)
    return ticket


async def refuse_kind(tx: Tx, sender: Sender, kind: str) -> None:
    """The person sent something that cannot be carried; the journal knows (X8, R31)."""
    person = await _arrive(tx, sender)
    tx.emit(KindRefused(ticket_id=None, person_id=person.id, kind=kind))


async def edit_own(tx: Tx, sender: Sender, incoming: IncomingMessage) -> Message | Note | None:
    """A customer has edited what they wrote."""
    await _arrive(tx, sender)
    return await edit(tx, incoming)


async def _arrive(tx: Tx, sender: Sender) -> Person:
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)
    return person


def _expect_description(tx: Tx, person: Person, topic: str | None) -> None:
    until = (tx.now + DESCRIBE).isoformat()
    enter_dialogue(person, {"step": "describe", "topic": topic, "until": until})


def _asked_just_now(tx: Tx, person: Person) -> bool:
    """The person was asked where their words belong, and they still know what these were."""
    dialogue: dict[str, Any] = person.dialogue or {}
    if dialogue.get("step") != "file":
        return False
    return tx.now - datetime.fromisoformat(dialogue["asked"]) < JUST_WRITTEN


def _leave(person: Person, *steps: str) -> None:
    if (person.dialogue or {}).get("step") in steps:
        enter_dialogue(person, None)
