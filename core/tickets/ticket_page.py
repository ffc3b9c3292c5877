"""A ticket as whoever was given its link sees it (A9): what was said in it, and there alone.

Nobody has proved who they are by a link, and two people may have given one e-mail address. So a
link leads nowhere else once its ticket is merged: its page shows what was said in this ticket
before, what was written on the page since, and that the ticket goes on elsewhere.
"""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, or_, select

from core.addresses import API, MessageRef
from core.models import Message, Ticket
from core.tickets.customer_tickets import LAST_WORDS, OwnTicket, OwnWords, kind_of, own_ticket
from core.tickets.merges import moved_messages, received_messages, target_of_merge
from core.tx import ReadTx

_PAGE: Final = "page-"
_READ: Final = 200
_SHOWN: Final = (
    *(Message.id, Message.from_customer, Message.content, Message.text, Message.created_at),
)


def page_ref(ticket_id: int, name: str) -> MessageRef:
    """Return where words stand that were sent from a ticket's page."""
    return MessageRef(API, f"{_PAGE}{ticket_id}", name)


async def followed_ticket(
    tx: ReadTx, ticket_id: int
) -> tuple[OwnTicket, tuple[OwnWords, ...]] | None:
    """Return a ticket and its last messages, oldest first, for whoever was given its link."""
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        return None
    into = await target_of_merge(tx, ticket_id)
    strange = await received_messages(tx, ticket_id)
    if into is None:
        here = [Message.ticket_id == ticket_id, await _not_of_others(tx, ticket_id)]
        rows = await _newest(tx, here, strange)
    else:
        rows = await _moved(tx, await moved_messages(tx, into, ticket_id) - strange)
    shown = {row.id: row for row in (*rows, *await _by_page(tx, ticket_id))}
    last = [shown[number] for number in sorted(shown)[-LAST_WORDS:]]
    words = tuple(
        OwnWords(mine, kind_of(said), text, at, number, said)
        for number, mine, said, text, at in last
    )
    return await own_ticket(tx, ticket, merged=into is not None), words


async def _not_of_others(tx: ReadTx, ticket_id: int) -> ColumnElement[bool]:
    """What was written on the page of another ticket is shown there; here, if it opened this."""
    from_page = and_(Message.source_channel == API, Message.source_chat.startswith(_PAGE))
    opening = await _opening(tx, ticket_id)
    if opening is None:
        return ~from_page
    return or_(~from_page, Message.source == opening.source)


async def _opening(tx: ReadTx, ticket_id: int) -> Message | None:
    """The first message of a ticket, wherever it is now."""
    first = select(Message).order_by(Message.id).limit(1)
    into = await target_of_merge(tx, ticket_id)
    if into is None:
        return await tx.first(first.where(Message.ticket_id == ticket_id))
    moved = await moved_messages(tx, into, ticket_id)
    return await tx.find(Message, min(moved)) if moved else None


async def _by_page(tx: ReadTx, ticket_id: int) -> Sequence[Any]:
    """What was written on this page, wherever it went."""
    there = page_ref(ticket_id, "")
    at_page = (Message.source_channel == there.channel, Message.source_chat == there.chat)
    return await _newest(tx, at_page, frozenset())


async def _newest(
    tx: ReadTx, where: Sequence[ColumnElement[bool]], without: Collection[int]
) -> list[Any]:
    query = select(*_SHOWN).where(*where, Message.withdrawn_at.is_(None))
    query = query.order_by(Message.id.desc()).limit(LAST_WORDS + (_READ if without else 0))
    found: list[Any] = []
    rows = await tx.rows(query)
    while rows:
        found += [row for row in rows if row.id not in without]
        if len(found) >= LAST_WORDS or not without:
            break
        rows = await tx.rows(query.where(Message.id < rows[-1].id))
    return found[:LAST_WORDS]


async def _moved(tx: ReadTx, messages: Collection[int]) -> list[Any]:
    return await _newest(tx, [Message.id.in_(sorted(messages)[-_READ:])], frozenset())


async def page_of(tx: ReadTx, message_id: int, ticket_id: int, sent_from: int) -> int:
    """Return the ticket whose page shows words that were said in ``ticket_id``, and sent from the
    page of ``sent_from``: that one, unless they have opened another.
    """
    opening = await _opening(tx, ticket_id)
    return ticket_id if opening is not None and opening.id == message_id else sent_from
