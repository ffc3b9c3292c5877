"""What the assistant may cost in a day, counted in the database: for all processes, over restarts.

The day is the company's. What a question may cost at most is taken before it is asked, and what it
has not cost is given back.
"""

from datetime import date, datetime

from sqlalchemy import update

from core.company import Company
from core.db import insert_or
from core.errors import Refusal
from core.models import AssistantDay
from core.tx import Tx


def day_of(company: Company, at: datetime) -> date:
    """Return the company's day at this instant."""
    return at.astimezone(company.zone).date()


async def spend(tx: Tx, tokens: int) -> None:
    """Take a call and so many tokens from today's budget. Raises :class:`Refusal` if it is used
    up; then nothing is taken.
    """
    company = tx.company
    if company.assistance is None:
        raise Refusal("refusal.outdated")
    today = day_of(company, tx.now)
    await _add(tx, today, calls=1, tokens=tokens)
    spent = await tx.get(AssistantDay, today, hold=True)
    calls, tokens_a_day = company.assistant_calls, company.assistant_tokens
    if calls is not None and spent.calls > calls:
        raise Refusal("refusal.assistant_calls", n=calls)
    if tokens_a_day is not None and spent.tokens > tokens_a_day:
        raise Refusal("refusal.assistant_tokens", n=tokens_a_day)


async def settle(tx: Tx, day: date, reserved: int, used: int) -> None:
    """Put what a question has cost in place of what was taken for it."""
    changed = {"tokens": AssistantDay.tokens + (used - reserved)}
    await tx.change(update(AssistantDay).where(AssistantDay.day == day).values(**changed))


async def _add(tx: Tx, day: date, *, calls: int, tokens: int) -> None:
    """In one statement: two processes wait for each other here."""
    row = insert_or(tx.session, AssistantDay).values(day=day, calls=calls, tokens=tokens)
    more = {"calls": AssistantDay.calls + calls, "tokens": AssistantDay.tokens + tokens}
    await tx.change(row.on_conflict_do_update(index_elements=["day"], set_=more))
