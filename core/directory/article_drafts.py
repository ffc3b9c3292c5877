"""Articles that begin as the solution of a ticket: offered, listed, and written as drafts (B13)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, func, select

from core.directory.kinds.articles import ArticleEntry
from core.directory.kinds.responses import LONGEST_TEXT
from core.directory.reader import Item
from core.directory.store import edited, put_items
from core.errors import NothingToDo, Refusal
from core.events import ArticleLinked
from core.knowledge.catalogue import DRAFT, articles_of
from core.models import Resolution, Ticket, TicketArticle
from core.tickets.catalog import topic_title
from core.tickets.lifecycle import access
from core.tickets.resolutions import newest_of
from core.tx import ReadTx, Tx
from core.words.names import clean_name, split_text, units

LISTED: Final = 10
_LATELY: Final = timedelta(days=90)
_TITLE: Final = 100
_HAS_ARTICLE: Final = exists().where(TicketArticle.ticket_id == Resolution.ticket_id)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A ticket that was solved in words, of which no article tells."""

    number: int
    title: str
    solution: str


async def list_unwritten(tx: ReadTx) -> list[Unwritten]:
    """Return the latest solutions without an article, of the last 90 days, one for each ticket."""
    newest = (
        select(Resolution.ticket_id, func.max(Resolution.at).label("at"))
        .where(Resolution.at > tx.now - _LATELY, Resolution.solution.is_not(None), ~_HAS_ARTICLE)
        .group_by(Resolution.ticket_id)
        .order_by(func.max(Resolution.at).desc())
        .limit(LISTED)
        .subquery()
    )
    query = (
        select(Ticket.id, Ticket.title, Resolution.solution)
        .join(newest, newest.c.ticket_id == Ticket.id)
        .join(Resolution, (Resolution.ticket_id == Ticket.id) & (Resolution.at == newest.c.at))
        .order_by(newest.c.at.desc())
    )
    return [Unwritten(number, title, words or "") for number, title, words in await tx.rows(query)]


async def lacks_article(tx: ReadTx, ticket_id: int) -> bool:
    """Return whether an article is to be offered: the company wants it, and the ticket was solved
    in words that no article has.
    """
    if not tx.company.offer_articles:
        return False
    row = await newest_of(tx, ticket_id)
    if row is None or not row.solution:
        return False
    used = select(TicketArticle.article).where(TicketArticle.ticket_id == ticket_id)
    return await tx.first(used.limit(1)) is None


async def draft_article(tx: Tx, ticket_id: int) -> str:
    """Write a draft of how the ticket was solved, and link both; returns its code. Nobody but who
    keeps the directory sees it until it is published.

    Nothing of it is the customer's: what they wrote can be erased, an article stays (S31).

    Raises :class:`Refusal` for a ticket without a solution, :class:`NothingToDo`.
    """
    ticket = await access(tx, ticket_id, "link")
    row = await newest_of(tx, ticket_id)
    if row is None or not row.solution:
        raise Refusal("refusal.no_solution", number=ticket_id)
    code = f"ticket-{ticket_id}"
    known = await articles_of(tx)
    if code in known:
        raise NothingToDo("refusal.article_drafted", number=ticket_id, code=code)
    topic = await topic_title(tx, ticket.topic, tx.company.language)
    entry = ArticleEntry(
        code=code,
        title=clean_name(f"#{ticket_id} {topic or ''}", _TITLE),
        text=_beginning(row.solution),
        status=DRAFT,
        language=tx.company.language,
        topic=ticket.topic,
    )
    async with edited(tx):
        await put_items(tx, [Item(entry)])
    await tx.insert(TicketArticle(ticket_id=ticket_id, article=code, at=tx.now))
    tx.emit(ArticleLinked(ticket_id=ticket_id, article=code, title=entry.title))
    return code


def _beginning(solution: str) -> str:
    """As much as an article may have; that there was more is seen, and it stays in the ticket."""
    if units(solution) <= LONGEST_TEXT:
        return solution
    return f"{split_text(solution, LONGEST_TEXT - 1)[0]}…"
