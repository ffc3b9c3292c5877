"""How tickets end (B20): a row for each resolution, or closing without one.

It keeps the solution, why the ticket ended, the time in work, and the article that helped. What its
customer says of it is in `ratings`, what the operators add to it in `closing`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from core.db import insert_or
from core.delivery.notices import TRIAL
from core.errors import Refusal, Unreadable
from core.models import ArticleRow, ClosingReasonRow, Resolution, Ticket, TicketArticle
from core.tickets.metrics import time_in_work
from core.tickets.workflow import State
from core.tx import ReadTx, Tx
from core.words.names import unquoted

# An article that nobody reads cannot have helped.
_DRAFT: Final = "draft"
# Origins of tickets that nobody is asked to rate: of an area, and of an admin's trial.
UNRATED: Final = frozenset({TRIAL, "outage"})


@dataclass(frozen=True, slots=True)
class ClosingReason:
    """Why tickets end; ``titles`` by language."""

    code: str
    titles: Mapping[str, str]
    active: bool

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


class ClosingReasons(dict[str, ClosingReason]):
    """All of them by code, in the order of the directory."""

    @property
    def offered(self) -> list[ClosingReason]:
        """Return those that can be chosen."""
        return [one for one in self.values() if one.active]


async def reasons_of(tx: ReadTx) -> ClosingReasons:
    """Return the closing reasons, cached until the directory changes."""
    return await tx.cached(ClosingReasons, _read_reasons)


async def _read_reasons(tx: ReadTx) -> ClosingReasons:
    query = select(ClosingReasonRow).order_by(ClosingReasonRow.position, ClosingReasonRow.code)
    return ClosingReasons(
        (row.code, ClosingReason(row.code, dict(row.titles), row.active))
        for row in await tx.all(query)
    )


async def find_reason(tx: ReadTx, words: str) -> ClosingReason:
    """Return the reason meant by a code or the beginning of a title. Raises :class:`Unreadable`
    with those there are, :class:`Refusal` where the company has none.
    """
    offered = (await reasons_of(tx)).offered
    if not offered:
        raise Refusal("refusal.no_closing_reasons")
    wanted = unquoted(words).casefold()
    named = [(one, {one.code, *(t.casefold() for t in one.titles.values())}) for one in offered]
    whole = [one for one, names in named if wanted in names]
    begun = [one for one, names in named if any(name.startswith(wanted) for name in names)]
    if not wanted or not (whole or begun):
        known = [one.title(tx.company.language) for one in offered]
        raise Unreadable("refusal.no_such_reason", words=words[:40], allowed=known)
    return (whole or begun)[0]


@dataclass(frozen=True, slots=True)
class How:
    """How a ticket ends: the ``solution`` in words, the ``reason`` and the ``article`` by code."""

    solution: str | None = None
    reason: str | None = None
    article: str | None = None


async def used_article(tx: ReadTx, ticket_id: int) -> str | None:
    """Return the article that was sent in the ticket or linked with it last, since it ended before:
    where the ticket ends now, that is the one that has helped.
    """
    earlier = select(func.max(Resolution.at)).where(
        Resolution.ticket_id == ticket_id, Resolution.at < tx.now
    )
    query = (
        select(TicketArticle.article)
        .join(ArticleRow, ArticleRow.code == TicketArticle.article)
        .where(TicketArticle.ticket_id == ticket_id, ArticleRow.status != _DRAFT)
        .order_by(TicketArticle.at.desc(), TicketArticle.article)
        .limit(1)
    )
    ended: datetime | None = await tx.first(earlier)
    if ended is not None:
        query = query.where(TicketArticle.at > ended)
    found: str | None = await tx.first(query)
    return found


async def record_ending(tx: Tx, ticket: Ticket, state: State, how: How) -> None:
    """Make the row of a ticket that ends now, in this state."""
    values: dict[str, Any] = {
        "assignee_id": ticket.assignee_id,
        "reason": how.reason,
        "solution": how.solution,
        "article": how.article,
        "measured": await _measured(tx, ticket.id),
        "asked": state.resolution and ticket.origin not in UNRATED,
    }
    key = {"ticket_id": ticket.id, "at": tx.now}
    insert = insert_or(tx.session, Resolution).values(**key, **values)
    # twice at one instant is one ending
    await tx.change(insert.on_conflict_do_update(index_elements=list(key), set_=values))


async def _measured(tx: Tx, number: int) -> int:
    """Return the seconds in work since the ending before this one."""
    earlier = select(func.coalesce(func.sum(Resolution.measured), 0)).where(
        Resolution.ticket_id == number, Resolution.at < tx.now
    )
    total = await time_in_work(tx, number)
    return max(int(total.total_seconds()) - int(await tx.first(earlier) or 0), 0)


async def newest_of(tx: ReadTx, ticket_id: int, *, hold: bool = False) -> Resolution | None:
    """Return the ticket's latest ending; ``hold``: locked until the transaction ends."""
    query = select(Resolution).where(Resolution.ticket_id == ticket_id)
    query = query.order_by(Resolution.at.desc()).limit(1)
    if hold:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return await tx.first(query)


async def is_rated_later(tx: ReadTx, ticket_id: int) -> bool:
    """Return whether the customer was asked to rate the latest ending, and has not yet."""
    row = await newest_of(tx, ticket_id)
    return row is not None and row.asked and row.rating is None


@dataclass(frozen=True, slots=True)
class Ending:
    """What a card shows of the latest ending; ``reason`` and ``article``: their titles, ``spent``:
    as corrected.
    """

    solution: str | None
    reason: str | None
    spent: timedelta | None
    rating: int | None
    comment: str | None
    article: str | None = None


async def ending_of(tx: ReadTx, row: Resolution) -> Ending:
    """Return what is shown of it, in the company's language."""
    reason = (await reasons_of(tx)).get(row.reason) if row.reason else None
    article = await tx.find(ArticleRow, row.article) if row.article else None
    return Ending(
        solution=row.solution,
        reason=None if reason is None else reason.title(tx.company.language),
        spent=None if row.spent is None else timedelta(seconds=row.spent),
        rating=row.rating,
        comment=row.comment,
        article=None if article is None else article.title,
    )
