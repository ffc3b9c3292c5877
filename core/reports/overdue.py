"""What is overdue, as a table: the screen's list, with days in work and last words (C7)."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import func, select

from core.desk import Desk
from core.models import Message
from core.reports.ticket_rows import Row
from core.tickets.catalog import topics_of
from core.tickets.facts import tickets_with
from core.tickets.lists import page_of
from core.tx import ReadTx

PAGE: Final = 200
# Characters of the customer's last words.
SHOWN: Final = 500
COLUMNS: Final = (
    *("number", "subject", "topic", "customer", "assignee", "waiting_since", "answer_due"),
    *("late_hours", "days", "last_words"),
)


async def overdue_rows(desk: Desk) -> AsyncIterator[list[Row]]:
    """Yield the rows, most urgent first, a page at a time."""
    cursor: str | None = ""
    while cursor is not None:
        rows, cursor = await desk.read(_page, cursor)
        yield rows


async def _page(tx: ReadTx, cursor: str) -> tuple[list[Row], str | None]:
    page = await page_of(tx, "overdue", cursor, size=PAGE)
    numbers = [line.number for line in page.lines]
    facts = {one.number: one for one in await tickets_with(tx, numbers)}
    topics, words = await topics_of(tx), await _last_words(tx, numbers)
    rows: list[Row] = []
    for line in page.lines:
        one = facts[line.number]
        topic = topics.get(one.topic or "")
        since = min(filter(None, (one.answer_due, line.late_since)), default=tx.now)
        rows.append(
            (
                one.number,
                one.subject,
                None if topic is None else topic.title(tx.company.language),
                one.customer,
                one.assignee,
                one.waiting_since,
                one.answer_due,
                max(0, (tx.now - since) // timedelta(hours=1)),
                one.days,
                words.get(one.number, "")[:SHOWN],
            )
        )
    return rows, page.after


async def _last_words(tx: ReadTx, numbers: list[int]) -> dict[int, str]:
    newest = (
        select(func.max(Message.id))
        .where(Message.ticket_id.in_(numbers), Message.from_customer.is_(True))
        .group_by(Message.ticket_id)
    )
    query: Any = select(Message.ticket_id, Message.text).where(Message.id.in_(newest))
    return {row.ticket_id: row.text for row in await tx.rows(query)}
