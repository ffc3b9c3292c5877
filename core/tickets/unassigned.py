"""Words that their customer has not said yet where to put (A4): they join the chosen ticket, are
dropped, or become a ticket by themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import delete, func, select

from core.addresses import MessageRef
from core.models import Message, Person
from core.people.identity import Sender, arrive, enter_dialogue
from core.people.restrictions import blocked_now, demand_unblocked
from core.tickets.customer_message import is_mere_thanks
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, add_to, follow_up, open_or_join
from core.tickets.lifecycle import access
from core.tx import Actor, ReadTx, Tx
from core.words.stems import asked, stems_of

# How many of the newest unassigned messages a search looks at, and how many it shows.
_LOOKED_AT: Final = 500
_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A message that belongs to no ticket yet."""

    name: str
    text: str
    at: datetime


async def take_unassigned(tx: Tx, person: Person, thread: str | None) -> list[IncomingMessage]:
    """Remove and return the person's unassigned messages, oldest first: those of one topic of their
    chat, or those of none.
    """
    query = select(Message).where(Message.author_id == person.id, Message.ticket_id.is_(None))
    kept = await tx.all(query.order_by(Message.id))
    rows = [row for row in kept if row.content.get("thread") == thread]
    if rows:
        ids = [row.id for row in rows]
        await tx.change(delete(Message).where(Message.id.in_(ids)))
    return [
        IncomingMessage(
            row.source,
            str(row.content.get("kind", "text")),
            row.text,
            row.content,
            row.album,
        )
        for row in rows
    ]


async def file_unassigned_messages(
    tx: Tx,
    sender: Sender,
    ticket_id: int | None,
    *,
    topic: str | None = None,
    question: MessageRef | None = None,
) -> Heard | None:
    """Add the kept messages to the chosen ticket, or open one (``None``) about ``topic``.

    ``question``: the question that is answered with it; the confirmation takes its place.

    Returns ``None`` and changes nothing when none are kept any more (pressed twice).
    """
    person = await arrive(tx, sender, "customer")
    await demand_unblocked(tx, person)
    said = await take_unassigned(tx, person, sender.thread)
    if not said:
        return None
    enter_dialogue(person, None)
    if ticket_id is None:
        return await open_or_join(tx, person, said, topic=topic, question=question)
    ticket = await access(tx, ticket_id, "hear")
    heard = await add_to(tx, person, ticket, said, question=question)
    follow_up(tx, person, (heard.ticket or ticket).id)
    return heard


async def drop_unassigned_messages(tx: Tx, sender: Sender) -> int:
    """Delete the kept messages. Returns how many there were."""
    person = await arrive(tx, sender, "customer")
    said = await take_unassigned(tx, person, sender.thread)
    if said:
        enter_dialogue(person, None)
    return len(said)


async def file_waiting(tx: Tx) -> int:
    """Open a ticket with the words of whoever was asked longest ago where they belong, if that is
    as long ago as the company waits. Returns 1, or 0 when nobody waits so long: job ``full=1``.

    Mere thanks ask for nothing: they are dropped, as by «No».
    """
    wait = tx.company.unassigned_wait
    if wait is None:
        return 0
    query = (
        select(Message.author_id, func.min(Message.id))
        .where(Message.ticket_id.is_(None), Message.author_id.not_in(blocked_now(tx)))
        .group_by(Message.author_id)
        .having(func.min(Message.created_at) <= tx.now - wait)
        .order_by(func.min(Message.created_at), func.min(Message.id))
        .limit(1)
    )
    for author, first in await tx.rows(query):
        await _file(tx, await tx.get(Person, author, hold=True), await tx.get(Message, first))
        return 1
    return 0


async def _file(tx: Tx, person: Person, first: Message) -> None:
    """Open a ticket with what was said in the same topic of the person's chat."""
    thread = first.content.get("thread")
    tx.actor = Actor("customer", person.id, person.name, thread)
    said = await take_unassigned(tx, person, thread)
    if (person.dialogue or {}).get("step") == "file":
        enter_dialogue(person, None)
    dialogue = person.dialogue
    if not all(is_mere_thanks(words) for words in said):
        await open_or_join(tx, person, said, topic=None)
    if dialogue is not None:  # they are in the middle of something else
        enter_dialogue(person, dialogue)


async def find_unassigned(tx: ReadTx, text: str) -> Sequence[Unassigned]:
    """Return the newest unassigned messages that have all these words, or their author's name."""
    words = asked(text)
    query = (
        select(Person.name, Message.text, Message.created_at)
        .join(Person, Person.id == Message.author_id)
        .where(Message.ticket_id.is_(None))
        .order_by(Message.id.desc())
        .limit(_LOOKED_AT)
    )
    found = [Unassigned(*row) for row in await tx.session.execute(query)] if words else []
    return [one for one in found if _has_all(words, stems_of(one.text, one.name))][:_SHOWN]


def _has_all(words: Sequence[str], stems: set[str]) -> bool:
    return all(any(stem.startswith(word) for stem in stems) for word in words)
