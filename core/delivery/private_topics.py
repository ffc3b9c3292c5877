"""Topics of customers' private chats: whose ticket's words stand in which (X7).

A customer who writes in a topic is answered there. So the topic of a ticket is the one in which its
customer wrote last. Threads of private chats are numbered apart from their messages, which is why
they have a table of their own.
"""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from core.addresses import Address, MessageRef
from core.db import PreparedStatement
from core.db.statements import prepared
from core.models import PrivateTopic, Ticket
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


class PrivateTopicsUsed:
    """Under this it is kept whether any private chat has a topic, so that others cost nothing."""


@dataclass(frozen=True, slots=True)
class StandingTopic:
    """Where a ticket's words stand in its customer's chat. ``looks``: how it looked last, ``None``
    if that is not known; ``named``: a person gave it its name.
    """

    thread: str
    looks: str | None = None
    named: bool = False


async def are_used(tx: ReadTx) -> bool:
    """Whether any private chat has a topic that the desk knows."""
    return await tx.any_row(PrivateTopicsUsed, select(PrivateTopic.thread))


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
