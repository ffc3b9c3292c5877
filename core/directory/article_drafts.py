"""Articles that begin as the solution of a ticket: offered, listed, and written as drafts (B13)."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import exists, func, select

from core.directory.kinds.articles import ArticleEntry
from core.directory.kinds.responses import LONGEST_TEXT
from core.directory.reader import Item
from core.directory.store import edited, put_items
from core.errors import NothingToDo, Refusal, Unreadable
from core.events import ArticleLinked
from core.knowledge.catalogue import DRAFT, articles_of
from core.models import Classification, Resolution, Ticket, TicketArticle
from core.tickets.card import promised_of
from core.tickets.catalog import PRIORITY, topic_title
from core.tickets.lifecycle import access
from core.tickets.resolutions import newest_of
from core.tx import ReadTx, Tx
from core.words.names import clean_name, is_blank, split_text, units

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


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an article begins with, for whoever writes it: its title, and in its text what the
    ticket was about, in the company's words, and how it was solved.

    Nothing of it is the customer's: what they wrote can be erased, an article stays (S31).
    """

    title: str
    text: str


async def list_unwritten(tx: ReadTx) -> list[Unwritten]:
    """Return the latest solutions without an article, of the last 90 days, one for each ticket."""
    newest = (
        select(Resolution.ticket_id, func.max(Resolution.at).label("at"))
        .where(Resolution.at > tx.now - _LATELY, Resolution.solution.is_not(None), ~_HAS_ARTICLE)
        .group_by(Resolution.ticket_id)
        .order_by(func.max(Resolution.at).desc(), Resolution.ticket_id.desc())
        .limit(LISTED)
        .subquery()
    )
    query = (
        select(Ticket.id, Ticket.title, Resolution.solution)
        .join(newest, newest.c.ticket_id == Ticket.id)
        .join(Resolution, (Resolution.ticket_id == Ticket.id) & (Resolution.at == newest.c.at))
        .order_by(newest.c.at.desc(), Ticket.id.desc())
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


async def find_beginning(tx: ReadTx, ticket_id: int) -> Beginning | None:
    """Return what an article about this ticket begins with, where one is to be offered."""
    if not await lacks_article(tx, ticket_id):
        return None
    ticket, row = await tx.find(Ticket, ticket_id), await newest_of(tx, ticket_id)
    if ticket is None or row is None or not row.solution:
        return None
    about = await _about(tx, ticket)
    text = f"{about}\n\n{row.solution}" if about else row.solution
    return Beginning(await _title_of(tx, ticket), _cut(text))


async def _about(tx: ReadTx, ticket: Ticket) -> str:
    """What it was about as the company calls it: topic, service, category."""
    language, kind = tx.company.language, await tx.find(Classification, ticket.id)
    promised = await promised_of(tx, kind)
    titles = [one.title(language) for one in promised.kind if one.aspect != PRIORITY]
    topic = await topic_title(tx, ticket.topic, language)
    return " · ".join([topic, *titles] if topic else titles)


async def find_draft(tx: ReadTx, ticket_id: int) -> str | None:
    """Return the code of the draft that tells how this ticket was solved, while it is one."""
    found = (await articles_of(tx)).get(_code_for(ticket_id))
    return found.code if found is not None and found.status == DRAFT else None


async def draft_article(tx: Tx, ticket_id: int, words: Beginning | None = None) -> str:
    """Write a draft of how the ticket was solved, and link both; returns its code. Nobody but who
    keeps the directory sees it until it is published. ``words``: what somebody has made of the
    beginning; without them the draft has the topic and the solution, nothing of the customer's.

    Raises :class:`Refusal` for a ticket without a solution, :class:`NothingToDo`, and
    :class:`Unreadable` for words that no article may have.
    """
    ticket = await access(tx, ticket_id, "link")
    row = await newest_of(tx, ticket_id)
    if row is None or not row.solution:
        raise Refusal("refusal.no_solution", number=ticket_id)
    code = _code_for(ticket_id)
    if code in await articles_of(tx):
        raise NothingToDo("refusal.article_drafted", number=ticket_id, code=code)
    words = words or Beginning(await _title_of(tx, ticket), _cut(row.solution))
    if is_blank(words.title) or is_blank(words.text) or units(words.text) > LONGEST_TEXT:
        raise Unreadable("refusal.article_words", longest=LONGEST_TEXT)
    entry = ArticleEntry(
        code=code,
        title=clean_name(words.title, _TITLE),
        text=words.text,
        status=DRAFT,
        language=tx.company.language,
        topic=ticket.topic,
    )
    async with edited(tx):
        await put_items(tx, [Item(entry)])
    await tx.insert(TicketArticle(ticket_id=ticket_id, article=code, at=tx.now))
    tx.emit(ArticleLinked(ticket_id=ticket_id, article=code, title=entry.title))
    return code


def _code_for(ticket_id: int) -> str:
    return f"ticket-{ticket_id}"


async def _title_of(tx: ReadTx, ticket: Ticket) -> str:
    topic = await topic_title(tx, ticket.topic, tx.company.language)
    return clean_name(f"#{ticket.id} {topic or ''}", _TITLE)


def _cut(words: str) -> str:
    """As much as an article may have; that there was more is seen, and it stays in the ticket."""
    if units(words) <= LONGEST_TEXT:
        return words
    return f"{split_text(words, LONGEST_TEXT - 1)[0]}…"
