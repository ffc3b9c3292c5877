"""Replaces many new cards by one post when a group gets too many tickets at once (X5).

A group takes about 20 posts a minute. When more new cards wait than can be sent soon, the waiting
ones become one post, a line per ticket; `/take`, `/ticket` and `/queue` work from there. Such a
ticket gets its card as soon as anything happens to it. What comes while a post still waits joins
it: a thousand tickets are some fifteen posts, however slowly they were opened.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select

from core.addresses import Address
from core.db import constant
from core.delivery.linked_chats import all_operator_chats
from core.delivery.outbox import post
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
    posts = await _waiting_posts(tx, chat) if waiting else []
    if len(waiting) <= CALM and not posts:
        return 0
    told = [*(post.id for post in posts), *(number for number, *_ in waiting)]
    await drop_rows(tx, told, "told in a digest")
    lines = [line for post in posts for line in post.facts["tickets"].split("\n")]
    lines += [await _line(tx, one, name, agreed) for _, one, name, agreed in waiting]
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
    """Cards of tickets that have none there, but for those that are being claimed meanwhile."""
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
        .with_for_update(of=OutboxRow, skip_locked=True, key_share=True)
    )
    return [(number, one, name, agreed) for number, one, name, agreed in rows]


async def _waiting_posts(tx: Tx, chat: Address) -> list[OutboxRow]:
    """The posts there that have not begun to leave, nor are being claimed meanwhile."""
    here = (
        OutboxRow.state == constant("queued"),
        OutboxRow.channel == chat.channel,
        OutboxRow.address == chat.chat,
        OutboxRow.key == TOLD,
    )
    return await tx.all(
        select(OutboxRow)
        .where(*here)
        .order_by(OutboxRow.id)
        .with_for_update(skip_locked=True, key_share=True)
    )


async def _line(tx: Tx, ticket: Ticket, customer: str, agreed: datetime | None) -> str:
    state = (await workflow_of(tx)).state(ticket.state)
    sign = marker(state, ticket.waiting_since, ticket.answer_due, tx.now, agreed)
    title = clean_name(ticket.title, LINE)
    return f"{sign} #{ticket.id} {title} · {clean_name(customer, 24)}"
