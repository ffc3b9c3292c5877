"""Articles on a ticket's page: found for it, read, put into the answer box, linked (B13)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import urlencode

from channels.telegram.screens.screen import Renderer
from core.knowledge.catalogue import PUBLIC, Article
from core.knowledge.using import (
    ArticleAnswer,
    articles_by_ticket,
    digest_of,
    find_for,
    link_article,
    read_article,
)
from core.links.similar import Similar, similar_to
from core.responses.staff_page import Draft
from core.tx import ReadTx, Tx
from core.words.names import clean_name
from handlers.http.app.fields import Viewer, hidden, signed
from handlers.http.app.given import Form

LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class FoundArticles:
    """What was found by ``words``, or without any for the ticket itself: those that are linked
    with it, others, and what has helped in similar tickets that are solved.
    """

    words: str
    linked: Sequence[Article]
    others: Sequence[Article]
    solved: Sequence[tuple[Similar, Sequence[Article]]] = ()


async def find_articles(tx: ReadTx, number: int, words: str) -> FoundArticles:
    """Return what may help with a ticket. Raises :class:`NoSuchTicket`."""
    words = words.strip()[:LONGEST]
    linked, others = await find_for(tx, number, words)
    if words:
        return FoundArticles(words, linked, others)
    similar = [one for one in await similar_to(tx, number) if one.solved]
    used = await articles_by_ticket(tx, [one.line.number for one in similar])
    solved = [(one, used.get(one.line.number, ())) for one in similar]
    return FoundArticles(words, linked, others, solved)


async def link_by_form(tx: Tx, number: int, form: Form) -> None:
    """Note that the ticket is about what the article says."""
    await link_article(tx, number, form.get("article"))


def answer_of(draft: Draft) -> ArticleAnswer:
    """The answer of a form that says which article stood in its box."""
    return ArticleAnswer(draft.article, draft.digest, draft.nonce, draft.text, draft.files)


async def find_shown(tx: ReadTx, code: str) -> Article:
    """Return the article that was chosen. Raises :class:`Refusal`."""
    return await read_article(tx, code)


def goes_out(article: Article | None) -> bool:
    """Whether it may stand in the answer box: customers may read it."""
    return article is not None and article.status == PUBLIC


def kept_of(article: Article) -> str:
    """The fields that say which article stands in the answer box."""
    return hidden(article=article.code, digest=digest_of(article))


def draw_articles(renderer: Renderer, number: int, viewer: Viewer) -> str:
    """A search, what it found, and the article that was chosen."""
    say, found = renderer.html, viewer.found
    words = "" if found is None else escape(found.words)
    search = (
        f'<form class="row" action="/app/t/{number}#articles">'
        f'<label for="kb">{say("app.article.find")}</label>'
        f'<input id="kb" type="search" name="kb" value="{words}" maxlength="{LONGEST}"'
        f' placeholder="{say("app.article.words")}">'
        f'<button class="soft">{say("app.find.go")}</button></form>'
    )
    below = "" if found is None else _found(renderer, number, found)
    chosen = "" if viewer.article is None else _chosen(renderer, number, viewer, viewer.article)
    return f'<div id="articles">{search}{below}{chosen}</div>'


def _found(renderer: Renderer, number: int, found: FoundArticles) -> str:
    def way(article: Article) -> str:
        title = escape(clean_name(article.title, 80))
        path = f"/app/t/{number}?{urlencode({'article': article.code})}#articles"
        inside = "" if goes_out(article) else f" <em>{renderer.html('app.article.internal')}</em>"
        return f'<a href="{escape(path)}">📖 {title}</a>{inside}'

    linked = f" <em>{renderer.html('app.article.linked')}</em>"
    items = [way(one) + linked for one in found.linked] + [way(one) for one in found.others]
    listed = "".join(f"<li>{one}</li>" for one in items)
    told = f'<ul class="found">{listed}</ul>' if items else ""
    if not items:
        told = f'<p class="empty">{renderer.html("app.article.none")}</p>'
    return told + _solved(renderer, found, way)


def _solved(renderer: Renderer, found: FoundArticles, way: Callable[[Article], str]) -> str:
    if not found.solved:
        return ""
    rows = "".join(
        f'<li><a href="/app/t/{one.line.number}">{escape(one.line.marker)} #{one.line.number}</a>'
        f" {escape(clean_name(one.line.subject))}"
        + "".join(f" · {way(article)}" for article in articles)
        + "</li>"
        for one, articles in found.solved
    )
    return f'<p class="who">{renderer.html("app.article.similar")}</p><ul class="found">{rows}</ul>'


def _chosen(renderer: Renderer, number: int, viewer: Viewer, article: Article) -> str:
    """The article as it is read; one for customers stands in the answer box besides."""
    text = "" if goes_out(article) and not viewer.is_over else f"<blockquote>{escape(article.text)}"
    title, link = escape(clean_name(article.title, 80)), renderer.html("button.article.link")
    return (
        f'<div class="card article"><b>📖 {title}</b>{text}{"</blockquote>" if text else ""}'
        f'<form method="post" action="/app/t/{number}">{signed(viewer)}'
        f"{hidden(article=article.code)}"
        f'<button name="verb" value="link_article" class="soft">{link}</button></form></div>'
    )
