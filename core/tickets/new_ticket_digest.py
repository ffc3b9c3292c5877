"""Replaces many new cards by one post when a group gets too many tickets at once (X5).

A group takes about 20 posts a minute. When more new cards wait than can be sent soon, the waiting
ones become one post, a line per ticket; `/take`, `/ticket` and `/queue` work from there. Such a
ticket gets its card as soon as anything happens to it.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select

from core.addresses import Address
from core.db import constant
from core.delivery.linked_chats import all_operator_chats
from core.delivery.outbox import post
from core.delivery.outbox_store import PENDING
from core.delivery.sent_messages import CARD
from core.delivery.waiting_rows import drop_rows
from core.models import OutboxRow, Person, SentMessage, Ticket
from core.tickets.catalog import workflow_of
from core.tickets.lateness import AGREED_DUE
from core.tickets.workflow import marker
from core.tx import Tx
from core.words.names import clean_name, units

# More waiting cards than this are replaced by a digest.
CALM: Final = 12
# Characters for the lines, about fifty tickets; the rest of a message is for the heading.
LONGEST: Final = 3600
LINE: Final = 48
TOLD: Final = "group.storm"

_Waiting = tuple[int, Ticket, str, datetime | None]


async def post_digest(tx: Tx) -> int:
    """Post a digest in each operators' group with too many waiting cards.

    Returns how many cards it replaced.
    """
    return sum([await _gather(tx, chat) for chat in await all_operator_chats(tx)])


async def _gather(tx: Tx, chat: Address) -> int:
    waiting = await _waiting_cards(tx, chat)
    if len(waiting) <= CALM or await _still_telling(tx, chat):
        return 0
    await drop_rows(tx, [number for number, *_ in waiting], "told in a digest")
    lines = [await _line(tx, one, name, agreed) for _, one, name, agreed in waiting]
    for some in _posts(lines):
        facts = {"n": len(some), "tickets": "\n".join(some)}
        await post(tx, chat, TOLD, facts, topic="storm")
    return len(waiting)


def _posts(lines: Sequence[str]) -> Iterator[list[str]]:
    """Return the lines as few texts as possible, none longer than a message may be."""
    post: list[str] = []
    for line in lines:
        if units("\n".join([*post, line])) > LONGEST:
            yield post
            post = []
        post.append(line)
    if post:
        yield post


async def _waiting_cards(tx: Tx, chat: Address) -> Sequence[_Waiting]:
    rows = await tx.session.execute(
        select(OutboxRow.id, Ticket, Person.name, AGREED_DUE)
        .join(Ticket, OutboxRow.ticket_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .where(
            OutboxRow.state == constant("queued"),
            OutboxRow.kind == "card",
            OutboxRow.address == chat.chat,
            # none yet, or in another group
            ~exists().where(
                SentMessage.ticket_id == Ticket.id,
                SentMessage.role == constant(CARD),
                SentMessage.chat == chat.chat,
            ),
        )
        .order_by(OutboxRow.id)
    )
    return [(number, one, name, agreed) for number, one, name, agreed in rows]


async def _still_telling(tx: Tx, chat: Address) -> bool:
    query = select(OutboxRow.id).where(
        OutboxRow.state.in_(PENDING),
        OutboxRow.address == chat.chat,
        OutboxRow.key == TOLD,
    )
    return (await tx.session.scalars(query.limit(1))).one_or_none() is not None


async def _line(tx: Tx, ticket: Ticket, customer: str, agreed: datetime | None) -> str:
    state = (await workflow_of(tx)).state(ticket.state)
    sign = marker(state, ticket.waiting_since, ticket.answer_due, tx.now, agreed)
    title = clean_name(ticket.title, LINE)
    return f"{sign} #{ticket.id} {title} · {clean_name(customer, 24)}"
