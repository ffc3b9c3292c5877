"""Forum topics: which chats have them, and which one belongs to which ticket (X7).

Of a topic the thread is known, and how it looked last. What it should look like is the channel's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from core.addresses import Address
from core.company import NO_TOPICS
from core.db import PreparedStatement, constant
from core.delivery.card_updates import refresh_cards
from core.delivery.pacing import Priority
from core.delivery.sent_messages import CARD, FORMER_CARD, upsert_place
from core.models import SentMessage, SystemState, Ticket
from core.tx import ReadTx, Tx

TOPIC: Final = "topic"
FORMER_TOPIC: Final = "former_topic"
# Under this name it is stored that a chat has topics.
_FORUM: Final = "forum@"

_TABLE: Final[Any] = SentMessage.__table__
_SENT: Final = _TABLE.c
_HERE: Final = (_SENT.channel == bindparam("channel"), _SENT.chat == bindparam("chat"))
_TOPIC_OF: Final = PreparedStatement(
    select(_SENT.message, _SENT.digest).where(
        _SENT.ticket_id == bindparam("ticket"), _SENT.role == constant(TOPIC), *_HERE
    )
)
_TICKET_OF: Final = PreparedStatement(
    select(_SENT.ticket_id).where(
        *_HERE, _SENT.message == bindparam("thread"), _SENT.role == constant(TOPIC)
    )
)


@dataclass(frozen=True, slots=True)
class TopicPlace:
    """Where a ticket's words go in a chat. ``thread`` is ``None`` where there is no topic yet;
    ``looks`` is how the topic looked last, ``None`` if that is not known.
    """

    thread: str | None = None
    looks: str | None = None


class ForumChats(frozenset[Address]):
    """The chats that have topics."""


async def forum_chats_of(tx: ReadTx) -> ForumChats:
    """The chats that have topics, as they were found last."""
    return await tx.cached(ForumChats, _read_forums)


async def _read_forums(tx: ReadTx) -> ForumChats:
    names = await tx.all(select(SystemState.name).where(SystemState.name.startswith(_FORUM)))
    return ForumChats(Address.parse(name.removeprefix(_FORUM)) for name in names)


async def has_topics(tx: ReadTx, chat: Address) -> bool:
    """Whether tickets have topics in this chat: it has them, and the company wants them."""
    return tx.company.topics != NO_TOPICS and chat in await forum_chats_of(tx)


async def topic_place(tx: ReadTx, ticket_id: int, chat: Address) -> TopicPlace | None:
    """Where the ticket's words go in this chat; ``None`` where tickets have no topics."""
    if not await has_topics(tx, chat):
        return None
    given = {"ticket": ticket_id, "channel": chat.channel, "chat": chat.chat}
    rows = await _TOPIC_OF.rows(tx.session, given)
    return next((TopicPlace(thread, looks) for thread, looks in rows), TopicPlace())


async def ticket_of_topic(tx: ReadTx, chat: Address, thread: str) -> int | None:
    """The ticket that a topic belongs to, if it is one's."""
    given = {"channel": chat.channel, "chat": chat.chat, "thread": thread}
    return next((number for (number,) in await _TICKET_OF.rows(tx.session, given)), None)


async def note_topic(tx: Tx, ticket_id: int, chat: Address, thread: str, looks: str | None) -> None:
    """The ticket's topic is this one, and looks so; the one before it is none."""
    await _end_topic(tx, ticket_id, but=thread)
    place = {"channel": chat.channel, "chat": chat.chat, "message": thread}
    row = place | {"role": TOPIC, "ticket_id": ticket_id, "digest": looks, "thread": None}
    await upsert_place(tx, row)


async def forget_topic(tx: Tx, ticket_id: int) -> None:
    """The topic was deleted, and its card with it: both are made again."""
    await _end_topic(tx, ticket_id)
    await tx.change(
        update(SentMessage)
        .where(
            SentMessage.ticket_id == ticket_id,
            SentMessage.role == constant(CARD),
            SentMessage.thread.is_not(None),
        )
        .values(role=FORMER_CARD, thread=None)
        .execution_options(synchronize_session=False)
    )
    await refresh_cards(tx, [ticket_id], Priority.GROUP_NEWS)


async def _end_topic(tx: Tx, ticket_id: int, *, but: str = "") -> None:
    await tx.change(
        update(SentMessage)
        .where(
            SentMessage.ticket_id == ticket_id,
            SentMessage.role == constant(TOPIC),
            SentMessage.message != but,
        )
        .values(role=FORMER_TOPIC)
        .execution_options(synchronize_session=False)
    )


async def topic_was_closed(tx: Tx, chat: Address, thread: str) -> None:
    """Somebody has closed a topic: it is opened again, unless its ticket has ended."""
    number = await ticket_of_topic(tx, chat, thread)
    if number is None:
        return
    await note_topic(tx, number, chat, thread, None)
    await refresh_cards(tx, [number], Priority.CARD_REFRESH)


async def note_forums(tx: Tx, found: Sequence[tuple[Address, bool]]) -> None:
    """Note of chats whether they have topics. Where that is news, open tickets move."""
    known = await _read_forums(tx)
    for chat, is_forum in found:
        if (chat in known) == is_forum:
            continue
        if is_forum:
            await tx.put(SystemState(name=f"{_FORUM}{chat}", value={}, at=tx.now))
        else:
            await tx.session.delete(await tx.get(SystemState, f"{_FORUM}{chat}"))
        await tx.write()
        await move_open_tickets(tx, chat)
    tx.invalidate(ForumChats)


async def move_all_open_tickets(tx: Tx) -> None:
    """The same for all chats that have topics: the company wants other ones, or none."""
    for chat in await forum_chats_of(tx):
        await move_open_tickets(tx, chat)


async def move_open_tickets(tx: Tx, chat: Address) -> None:
    """Post the cards of open tickets anew where they belong now: in topics, or in the chat."""
    query = (
        select(SentMessage.ticket_id)
        .join(Ticket, Ticket.id == SentMessage.ticket_id)
        .where(
            SentMessage.channel == chat.channel,
            SentMessage.chat == chat.chat,
            SentMessage.role == constant(CARD),
            Ticket.closed_at.is_(None),
        )
        .order_by(SentMessage.ticket_id)
    )
    numbers = [number for number in await tx.all(query) if number is not None]
    await refresh_cards(tx, numbers, Priority.DIGEST)
