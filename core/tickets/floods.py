"""Recognises floods of one person: messages, and tickets (S10).

Messages beyond the limit are in their ticket like everything else; the group gets one post for all
of them, which says how many there are and is edited while it grows. Beyond the limit of tickets,
what would open another joins the newest open one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from core.addresses import Address, MessageRef
from core.company import Limit
from core.db import PreparedStatement, constant
from core.delivery.sent_messages import FLOOD
from core.events import FloodBegan
from core.models import Message, Person, Restriction, SentMessage, Ticket, TicketCamera
from core.tickets.card import Words, words_of
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx

# Somebody who is told that they write too much is not told again for so long.
TOLD_FOR: Final = timedelta(hours=1)
# An album is one message to people: so many pieces of albums are looked past.
_PIECES: Final = 10

_SAID: Final[Any] = Message.__table__.c
_NEWEST: Final = PreparedStatement(
    select(_SAID.created_at, _SAID.id, _SAID.album, _SAID.ticket_id, _SAID.flood_id)
    .where(_SAID.author_id == bindparam("author"), _SAID.from_customer.is_(True))
    .order_by(_SAID.id.desc())
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Flood:
    """What a post says of a flood: how many messages it is so far, and the newest of them.

    ``place`` is where the post stands in the chat that was asked about.
    """

    id: int
    count: int
    last: Words
    place: MessageRef | None


async def join_flood(tx: Tx, person: Person, message: Message) -> int | None:
    """Make the message part of a flood if it is one too many; returns the flood's id.

    A piece of an album follows the piece before it. Who begins a flood is told so, once an hour.
    """
    limit = tx.company.message_limit
    if limit is None:
        return None
    newest = await _newest(tx, person.id, limit.count + 2)
    earlier = [row for row in newest if row[1] != message.id][: limit.count + 1]
    if not earlier:
        return None
    _, _, album, ticket_id, flood_id = earlier[0]
    goes_on = flood_id is not None and ticket_id == message.ticket_id
    if message.album is not None and message.album == album:
        message.flood_id = flood_id if goes_on else None
    elif await _is_too_much(tx, person.id, earlier, limit):
        message.flood_id = flood_id if goes_on else await _begin(tx, person, message)
    return message.flood_id


async def _newest(tx: Tx, person_id: int, most: int) -> Sequence[Sequence[Any]]:
    return await _NEWEST.rows(tx.session, {"author": person_id, "most": most})


async def _is_too_much(
    tx: Tx, person_id: int, earlier: Sequence[Sequence[Any]], limit: Limit
) -> bool:
    since = tx.now - limit.span
    if len(earlier) < limit.count or earlier[limit.count - 1][0] <= since:
        return False
    if not any(album for _, _, album, *_ in earlier):
        return True
    more = await _newest(tx, person_id, limit.count * _PIECES)
    return len({album or number for at, number, album, *_ in more if at > since}) > limit.count


async def _begin(tx: Tx, person: Person, message: Message) -> int:
    told = await _is_told(tx, person, tx.now + TOLD_FOR)
    tx.emit(
        FloodBegan(
            ticket_id=message.ticket_id, person_id=person.id, message_id=message.id, told=not told
        )
    )
    return message.id


async def _is_told(tx: Tx, person: Person, until: datetime) -> bool:
    """Return whether they were told lately; from now on they are."""
    noted = await tx.find(Restriction, (person.id, "messages"))
    if noted is not None and noted.until > tx.now:
        return True
    await tx.put(
        Restriction(person_id=person.id, kind="messages", since=tx.now, until=until, told_at=tx.now)
    )
    return False


async def ticket_instead(tx: Tx, person: Person, origin: str, limit: Limit | None) -> Ticket | None:
    """Return the ticket that the words of another one join: the newest open one of somebody who has
    opened as many as ``limit`` allows. ``None``: another may be opened.

    Tickets about cameras do not count: each of one's cameras has one open at most.
    """
    if limit is None:
        return None
    about_camera = select(TicketCamera.ticket_id).where(TicketCamera.ticket_id == Ticket.id)
    opened = await tx.all(
        select(Ticket)
        .where(
            Ticket.customer_id == person.id,
            Ticket.origin == origin,
            Ticket.opened_at > tx.now - limit.span,
            ~about_camera.exists(),
        )
        .order_by(Ticket.id.desc())
        .limit(limit.count)
        .with_for_update(key_share=True)
    )
    if len(opened) < limit.count:
        return None
    codes = (await workflow_of(tx)).open_codes()
    return next((ticket for ticket in opened if ticket.state in codes), None)


async def flood_of(tx: ReadTx, message_id: int, chat: Address) -> Flood | None:
    """Return the flood that this message is part of, as it is by now."""
    message = await tx.find(Message, message_id)
    if message is None or message.flood_id is None:
        return None
    count, newest = (
        await tx.rows(
            select(func.count(), func.max(Message.id)).where(Message.flood_id == message.flood_id)
        )
    )[0]
    (last,) = await words_of(tx, newest)
    place = await tx.row(
        select(SentMessage.channel, SentMessage.chat, SentMessage.message)
        .where(
            SentMessage.message_id == message.flood_id,
            SentMessage.role == constant(FLOOD),
            SentMessage.channel == chat.channel,
            SentMessage.chat == chat.chat,
        )
        .order_by(SentMessage.id.desc())
        .limit(1)
    )
    return Flood(message.flood_id, count, last, None if place is None else MessageRef(*place))
