"""Topics of customers' private chats: whose ticket's words stand in which (X7).

A customer who writes in a topic is answered there. So the topic of a ticket is the one in which its
customer wrote last. Threads of private chats are numbered apart from their messages, which is why
they have a table of their own.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, exists, literal, or_, select, update

from core.addresses import Address, MessageRef
from core.db import PreparedStatement
from core.db.statements import prepared
from core.models import PrivateTopic, SystemState, Ticket
from core.tx import ReadTx, Tx

_TABLE: Final[Any] = PrivateTopic.__table__
_ROW: Final = _TABLE.c
_HERE: Final = (_ROW.channel == bindparam("channel"), _ROW.chat == bindparam("chat"))
_TOPIC_OF: Final = PreparedStatement(
    select(_ROW.thread, _ROW.looks, _ROW.named).where(
        _ROW.ticket_id == bindparam("ticket"), _ROW.current.is_(True), *_HERE
    )
)
_TICKET_OF: Final = PreparedStatement(
    select(_ROW.ticket_id, _ROW.current).where(*_HERE, _ROW.thread == bindparam("thread"))
)
_LEFT: Final = PreparedStatement(
    update(_TABLE)
    .where(_ROW.ticket_id == bindparam("ticket"), _ROW.current.is_(True))
    .values(current=False)
)


def _upsert(insert: Any) -> Any:
    new = insert(_TABLE)
    change = {name: new.excluded[name] for name in ("ticket_id", "current", "looks")}
    return new.on_conflict_do_update(index_elements=("channel", "chat", "thread"), set_=change)


_TAKEN: Final = PreparedStatement(prepared(_upsert))


TOPIC_LOOK: Final = "topic"
"""The kind of a delivery that brings the look of a ticket's topic up to date."""
# Under this name it is stored that the bot's private chats have topics.
_MODE: Final = "private_topics"
_ON: Final = select(SystemState.name).where(SystemState.name == _MODE)


class BotHasTopics:
    """Under this it is kept whether the bot's private chats have topics."""


class PrivateTopicsUsed:
    """Under this it is kept whether any private chat may have a topic: others cost nothing."""


@dataclass(frozen=True, slots=True)
class StandingTopic:
    """Where a ticket's words stand in its customer's chat. ``looks``: how it looked last, ``None``
    if that is not known; ``named``: a person gave it its name.
    """

    thread: str
    looks: str | None = None
    named: bool = False


async def are_used(tx: ReadTx) -> bool:
    """Whether private chats have topics, or one has had."""
    known = or_(exists(_ON), exists(select(PrivateTopic.thread)))
    return await tx.any_row(PrivateTopicsUsed, select(literal(1)).where(known))


async def bot_has_topics(tx: ReadTx) -> bool:
    """Whether the bot's private chats have topics, as it was found last."""
    return await tx.any_row(BotHasTopics, _ON)


async def note_mode(tx: Tx, *, on: bool) -> None:
    """Note whether the bot's private chats have topics. Each ticket gets one, or leaves it, with
    its next message.
    """
    state = await tx.find(SystemState, _MODE)
    if on and state is None:
        await tx.put(SystemState(name=_MODE, value={}, at=tx.now))
    elif state is not None and not on:
        await tx.session.delete(state)
    await tx.write()
    tx.invalidate(BotHasTopics, PrivateTopicsUsed)


async def private_topic(tx: ReadTx, ticket_id: int, chat: Address) -> StandingTopic | None:
    """The ticket's topic in this private chat, if it has one there."""
    if not await are_used(tx):
        return None
    given = {"ticket": ticket_id, "channel": chat.channel, "chat": chat.chat}
    return next((StandingTopic(*row) for row in await _TOPIC_OF.rows(tx.session, given)), None)


async def ticket_of_private_topic(tx: ReadTx, chat: Address, thread: str) -> int | None:
    """The ticket that words in this topic belong to, if it is one's."""
    found = await _owner(tx, chat, thread)
    return None if found is None else found[0]


async def is_known(tx: ReadTx, chat: Address, thread: str) -> bool:
    """Whether anything is known of this topic."""
    return await _owner(tx, chat, thread) is not None


async def note_named(tx: Tx, chat: Address, thread: str) -> None:
    """A person has given the topic its name: it stays."""
    key = (chat.channel, chat.chat, thread)
    known = await tx.find(PrivateTopic, key, hold=True)
    if known is not None:
        known.named = True
        return
    await tx.insert(PrivateTopic(channel=key[0], chat=key[1], thread=thread, named=True))
    tx.invalidate(PrivateTopicsUsed)


async def note_looks(tx: Tx, chat: Address, thread: str, looks: str) -> None:
    """The topic looks so by now."""
    await tx.change(
        update(PrivateTopic)
        .where(
            PrivateTopic.channel == chat.channel,
            PrivateTopic.chat == chat.chat,
            PrivateTopic.thread == thread,
        )
        .values(looks=looks)
        .execution_options(synchronize_session=False)
    )


async def _owner(tx: ReadTx, chat: Address, thread: str) -> tuple[int | None, bool] | None:
    given = {"channel": chat.channel, "chat": chat.chat, "thread": thread}
    rows = await _TICKET_OF.rows(tx.session, given)
    return next(((number, current) for number, current in rows), None)


async def stay_in_topic(tx: Tx, ticket: Ticket, ref: MessageRef, thread: str) -> None:
    """The ticket's customer wrote in this topic: from now on they are answered there, unless
    another ticket goes on in it.
    """
    owner = await _owner(tx, ref.address, thread)
    if owner == (ticket.id, True):
        return
    if owner is not None and owner[0] not in {None, ticket.id}:
        other = await tx.get(Ticket, owner[0])
        if other.closed_at is None:
            return
    await take_topic(tx, ticket.id, ref.address, thread)


async def take_topic(
    tx: Tx, ticket_id: int, chat: Address, thread: str, looks: str | None = None
) -> None:
    """The ticket's topic is this one; words in the one before belong to it all the same."""
    used = await are_used(tx)
    await _LEFT.change(tx.session, {"ticket": ticket_id})
    place = {"channel": chat.channel, "chat": chat.chat, "thread": thread}
    row = {"ticket_id": ticket_id, "current": True, "named": False, "looks": looks}
    await _TAKEN.change(tx.session, place | row)
    if not used:
        tx.invalidate(PrivateTopicsUsed)


async def forget_private_topic(tx: Tx, chat: Address, thread: str) -> None:
    """The topic was deleted, or the chat has no topics any more."""
    await tx.change(
        update(PrivateTopic)
        .where(
            PrivateTopic.channel == chat.channel,
            PrivateTopic.chat == chat.chat,
            PrivateTopic.thread == thread,
        )
        .values(ticket_id=None, current=False, looks=None)
        .execution_options(synchronize_session=False)
    )
