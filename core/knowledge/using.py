"""Articles in tickets: found for one, sent to its customer, linked with it; which one helped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from core.db import insert_or
from core.errors import NoSuchTicket, NothingToDo, Refusal, Unreadable
from core.events import ArticleLinked, ArticleSent
from core.knowledge.catalogue import (
    DRAFT,
    PUBLIC,
    Article,
    articles_of,
    find_public,
    internal_articles,
    ranked,
)
from core.models import ArticleOpinion, Message, Ticket, TicketArticle
from core.people.identity import Sender, arrive, enter_dialogue
from core.tickets.attached_files import AttachedFile, words_with
from core.tickets.closing import describe
from core.tickets.conversation import reply
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access
from core.tickets.on_screens import ref_on_screen, show_written
from core.tickets.resolutions import newest_of
from core.tx import ReadTx, Tx
from core.words.names import unquoted

FOUND: Final = 8
DIGEST: Final = 8


class ArticleChanged(Refusal):
    """What would be sent is not what was shown."""

    def __init__(self) -> None:
        super().__init__("refusal.article_changed")


async def find_for(tx: ReadTx, ticket_id: int, words: str) -> tuple[list[Article], list[Article]]:
    """Return the articles that are linked with the ticket, and others that fit these words, or
    without any the ticket's own.
    """
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    linked = await linked_with(tx, ticket_id)
    others = [one for one in await internal_articles(tx) if one not in linked]
    found = ranked(others, words or f"{ticket.title or ''} {ticket.opening}", FOUND)
    if not words:
        found.sort(key=lambda one: one.topic != ticket.topic)
    return linked, found


async def linked_with(tx: ReadTx, ticket_id: int) -> list[Article]:
    """Return the articles that were sent in the ticket or linked with it, the first one first."""
    query = select(TicketArticle.article).where(TicketArticle.ticket_id == ticket_id)
    codes = await tx.all(query.order_by(TicketArticle.at, TicketArticle.article))
    articles = await articles_of(tx)
    return [articles[code] for code in codes if code in articles]


async def titles_by_ticket(tx: ReadTx, numbers: Sequence[int]) -> dict[int, list[str]]:
    """Return the titles of the articles that were used in these tickets, by ticket."""
    used = await articles_by_ticket(tx, numbers)
    return {number: [one.title for one in articles] for number, articles in used.items()}


async def articles_by_ticket(tx: ReadTx, numbers: Sequence[int]) -> dict[int, list[Article]]:
    """Return the articles themselves, without drafts."""
    query = select(TicketArticle.ticket_id, TicketArticle.article).where(
        TicketArticle.ticket_id.in_(numbers)
    )
    articles, found = await articles_of(tx), dict[int, list[Article]]()
    for number, code in await tx.rows(query.order_by(TicketArticle.at, TicketArticle.article)):
        if code in articles and articles[code].status != DRAFT:
            found.setdefault(number, []).append(articles[code])
    return found


async def read_article(tx: ReadTx, code: str) -> Article:
    """Return an article that operators may read. Raises :class:`Refusal`."""
    article = (await articles_of(tx)).get(code)
    if article is None or article.status == DRAFT:
        raise Refusal("refusal.outdated")
    return article


def digest_of(article: Article) -> str:
    """Return what names this text and these files: another one was shown if it differs."""
    whole = "\n".join([article.text, *(f"{file.title} {file.name}" for file in article.files)])
    return sha256(whole.encode()).hexdigest()[:DIGEST]


async def send_article(
    tx: Tx,
    ticket_id: int,
    code: str,
    digest: str,
    nonce: str,
    more: Sequence[AttachedFile] = (),
) -> Article:
    """Send the public article that was shown on this screen as an answer with its files and
    ``more`` of them, and link it; colleagues see the answer in the group.

    Raises :class:`ArticleChanged`, :class:`NothingToDo` if it went from there already, and what
    `reply` raises.
    """
    await access(tx, ticket_id, "reply")
    ref = ref_on_screen(tx, nonce)
    if await tx.first(select(Message.id).where(Message.source == ref).limit(1)) is not None:
        raise NothingToDo("refusal.response_sent", number=ticket_id)
    article = await shown_article(tx, code, digest)
    said, *files = words_with(ref, article.text, [*article.files, *more])
    await reply(tx, ticket_id, said, rest=files)
    await show_written(tx, ticket_id, ref)
    await _link(tx, ticket_id, code, again=True)
    tx.emit(ArticleSent(ticket_id=ticket_id, article=code, title=article.title))
    return article


async def shown_article(tx: ReadTx, code: str, digest: str) -> Article:
    """Return the public article, if it is still the one that was shown. Raises
    :class:`ArticleChanged`.
    """
    article = (await articles_of(tx)).get(code)
    if article is None or article.status != PUBLIC or digest_of(article) != digest:
        raise ArticleChanged
    return article


@dataclass(frozen=True, slots=True)
class ArticleAnswer:
    """An answer that was written beside an article on a screen: in these words, with these files
    besides its own. ``nonce``: the screen's, so that it counts once.
    """

    code: str
    digest: str
    nonce: str
    text: str
    files: Sequence[AttachedFile] = ()


async def answer_by_article(tx: Tx, ticket_id: int, answer: ArticleAnswer) -> bool:
    """Send the article as it was shown, or other words with its files; both are linked with it.
    Returns False for what was sent before: it has no effect again. Raises what `send_article` does.
    """
    ref = ref_on_screen(tx, answer.nonce)
    if await tx.first(select(Message.id).where(Message.source == ref).limit(1)) is not None:
        return False
    article = await shown_article(tx, answer.code, answer.digest)
    if answer.text.split() == article.text.split():
        given = (answer.digest, answer.nonce, answer.files)
        await send_article(tx, ticket_id, article.code, *given)
        return True
    await access(tx, ticket_id, "reply")
    text, files = answer.text.strip(), [*article.files, *answer.files]
    nothing = IncomingMessage(ref, "text", text, {"kind": "text", "text": text})
    said, *rest = words_with(ref, text, files) or [nothing]
    await reply(tx, ticket_id, said, rest=rest)
    await show_written(tx, ticket_id, ref)
    if await _link(tx, ticket_id, article.code):
        tx.emit(ArticleLinked(ticket_id=ticket_id, article=article.code, title=article.title))
    return True


async def link_article(tx: Tx, ticket_id: int, code: str) -> Article:
    """Note that the ticket is about what the article says. Raises :class:`NothingToDo`."""
    await access(tx, ticket_id, "link")
    article = await read_article(tx, code)
    if not await _link(tx, ticket_id, code):
        raise NothingToDo("refusal.article_linked", number=ticket_id)
    tx.emit(ArticleLinked(ticket_id=ticket_id, article=code, title=article.title))
    return article


async def use_article(tx: Tx, ticket_id: int, code: str) -> Article | None:
    """Note which article helped where the ticket ended, by its code; an empty one: none did.

    Raises :class:`Refusal` for one that there is not, and what `describe` raises.
    """
    article = await read_article(tx, code) if code else None
    await describe(tx, ticket_id, article=code)
    if article is not None:
        await link_used(tx, ticket_id, code)
    return article


async def link_used(tx: Tx, ticket_id: int, code: str) -> None:
    """Link the article that is said to have helped: what is linked already stays so."""
    await _link(tx, ticket_id, code)


@dataclass(frozen=True, slots=True)
class EndingFacts:
    """What is known of an ended ticket's work. ``article`` helped; ``offered``: others that may
    have; ``spent`` is what somebody has said instead of the ``measured`` time.
    """

    number: int
    measured: timedelta
    spent: timedelta | None
    article: Article | None
    offered: tuple[Article, ...]


async def ending_facts(tx: ReadTx, ticket_id: int) -> EndingFacts:
    """Return what can be corrected of the latest ending. Raises :class:`Refusal` without one."""
    row = await newest_of(tx, ticket_id)
    if row is None:
        raise Refusal("refusal.not_resolved", number=ticket_id)
    linked, found = await find_for(tx, ticket_id, "")
    offered = [one for one in (*linked, *found) if one.code != row.article]
    return EndingFacts(
        ticket_id,
        timedelta(seconds=row.measured),
        None if row.spent is None else timedelta(seconds=row.spent),
        (await articles_of(tx)).get(row.article or ""),
        tuple(one for one in offered if one.status != DRAFT)[:FOUND],
    )


async def article_named(tx: ReadTx, ticket_id: int, words: str) -> Article:
    """Return the article that is meant by a code or the beginning of a title, those of the ticket
    first. Raises :class:`Unreadable`.
    """
    linked, wanted = await linked_with(tx, ticket_id), unquoted(words).casefold()
    articles = [*(one for one in linked if one.status != DRAFT), *await internal_articles(tx)]
    named = [one for one in articles if wanted in {one.code, one.title.casefold()}]
    begun = [one for one in articles if one.title.casefold().startswith(wanted)]
    if not wanted or not (named or begun):
        raise Unreadable("refusal.no_such_article", words=words[:40], number=ticket_id)
    return (named or begun)[0]


async def _link(tx: Tx, ticket_id: int, code: str, *, again: bool = False) -> bool:
    """Link them; one that is sent once more counts from now on."""
    row = {"ticket_id": ticket_id, "article": code, "at": tx.now}
    insert = insert_or(tx.session, TicketArticle).values(**row)
    if not again:
        return await tx.change(insert.on_conflict_do_nothing()) > 0
    keys = ["ticket_id", "article"]
    return await tx.change(insert.on_conflict_do_update(index_elements=keys, set_=row)) > 0


async def judge(tx: Tx, sender: Sender, code: str, *, helped: bool) -> Article:
    """Count what a customer says of a public article; if it helped, they open no ticket about it.

    Raises :class:`Refusal` for one that is not public any more.
    """
    person = await arrive(tx, sender, "customer")
    article = await find_public(tx, person.language, code)
    if article is None:
        raise Refusal("refusal.outdated")
    if helped and (person.dialogue or {}).get("step") == "describe":
        enter_dialogue(person, None)
    row = {"article": code, "helped": int(helped), "not_helped": int(not helped)}
    more = {
        "helped": ArticleOpinion.helped + row["helped"],
        "not_helped": ArticleOpinion.not_helped + row["not_helped"],
    }
    insert = insert_or(tx.session, ArticleOpinion).values(**row)
    await tx.change(insert.on_conflict_do_update(index_elements=["article"], set_=more))
    return article


async def opinions_of(tx: ReadTx, codes: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return how many customers said yes and no to «did it help», by article."""
    query = select(ArticleOpinion).where(ArticleOpinion.article.in_(codes))
    return {one.article: (one.helped, one.not_helped) for one in await tx.all(query)}
