"""A storm of new tickets: many cards become one post, so that the group's budget lasts (X5).

A group takes about 20 posts a minute. When more new cards wait than that could carry soon, those
that wait are told together: one line each, `/take`, `/ticket` and `/queue` lead on from there. A
ticket told this way gets its card as soon as anything happens to it.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import exists, select, update

from core.db import constant
from core.delivery.linked_chats import all_operator_chats
from core.delivery.outbox import row, write
from core.delivery.outbox_store import PENDING
from core.delivery.pacing import Priority
from core.delivery.sent_messages import CARD
from core.models import OutboxRow, Person, SentMessage, Ticket
from core.tickets.workflow import marker
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import clean_name, units

# More new cards than this, waiting, are a storm.
CALM: Final = 12
# A post holds about fifty tickets, a line each; the rest of its 4096 is for our own words.
LONGEST: Final = 3600
LINE: Final = 48
TOLD: Final = "group.storm"


async def post_digest(tx: Tx) -> int:
    """In each group of operators, tell the waiting new tickets together, if they are too many.
    Returns how many there were.
    """
    return sum([await _gather(tx, chat) for chat in await all_operator_chats(tx)])


async def _gather(tx: Tx, chat: int) -> int:
    waiting = await _waiting_cards(tx, chat)
    if len(waiting) <= CALM or await _still_telling(tx, chat):
        return 0
    await tx.session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.id.in_([number for number, *_ in waiting]),
            OutboxRow.state == constant("queued"),
        )
        .values(state="dropped", error="told in a digest", done_at=tx.now)
        .execution_options(synchronize_session=False)
    )
    lines = [await _line(tx, ticket, customer) for _, ticket, customer in waiting]
    await write(tx, [_row(tx, chat, post) for post in _posts(lines)])
    return len(waiting)


def _posts(lines: Sequence[str]) -> Iterator[list[str]]:
    """The lines in as many posts as they need, none longer than Telegram takes."""
    post: list[str] = []
    for line in lines:
        if units("\n".join([*post, line])) > LONGEST:
            yield post
            post = []
        post.append(line)
    if post:
        yield post


async def _waiting_cards(tx: Tx, chat: int) -> Sequence[tuple[int, Ticket, str]]:
    rows = await tx.session.execute(
        select(OutboxRow.id, Ticket, Person.name)
        .join(Ticket, OutboxRow.ticket_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .where(
            OutboxRow.state == constant("queued"),
            OutboxRow.kind == "card",
            OutboxRow.address == str(chat),
            # none yet, or in another group
            ~exists().where(
                SentMessage.ticket_id == Ticket.id,
                SentMessage.role == constant(CARD),
                SentMessage.chat == str(chat),
            ),
        )
        .order_by(OutboxRow.id)
    )
    return [(number, ticket, name) for number, ticket, name in rows]


async def _still_telling(tx: Tx, chat: int) -> bool:
    query = select(OutboxRow.id).where(
        OutboxRow.state.in_(PENDING),
        OutboxRow.address == str(chat),
        OutboxRow.key == TOLD,
    )
    return (await tx.session.scalars(query.limit(1))).one_or_none() is not None


async def _line(tx: Tx, ticket: Ticket, customer: str) -> str:
    state = (await workflow_of(tx)).state(ticket.state)
    sign = marker(state, ticket.waiting_since, ticket.answer_due, tx.now)
    title = clean_name(ticket.title, LINE)
    return f"{sign} #{ticket.id} {title} · {clean_name(customer, 24)}"


def _row(tx: Tx, chat: int, lines: list[str]) -> dict[str, Any]:
    facts = {"n": len(lines), "tickets": "\n".join(lines)}
    ordering_key = f"{chat}:storm"
    return row(
        tx, str(chat), "text", Priority.GROUP_NEWS, ordering_key=ordering_key, key=TOLD, facts=facts
    )
