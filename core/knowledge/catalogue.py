"""Which articles there are, who may read them, and which of them fit some words."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.models import ArticleRow
from core.tickets.attached_files import AttachedFile, attached
from core.tx import ReadTx
from core.words.stems import MOST_ASKED, stems_of, stopwords

DRAFT: Final = "draft"
INTERNAL: Final = "internal"
PUBLIC: Final = "public"
STATUSES: Final = (DRAFT, INTERNAL, PUBLIC)
# A word in the title or in a tag says more of an article than one in its text.
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Article:
    """An article. ``topic``: of whose tickets it is, none: of all. ``names`` are the stems of its
    title, tags and ``files``, ``stems`` those of the text.
    """

    code: str
    title: str
    text: str
    status: str
    language: str
    topic: str | None
    tags: tuple[str, ...]
    names: frozenset[str]
    stems: frozenset[str]
    files: tuple[AttachedFile, ...] = ()


class Articles(dict[str, Article]):
    """All of them by code, in the order of the directory."""


async def articles_of(tx: ReadTx) -> Articles:
    """Return the articles, cached until the directory changes."""
    return await tx.cached(Articles, _read_articles)


async def _read_articles(tx: ReadTx) -> Articles:
    rows = await tx.all(select(ArticleRow).order_by(ArticleRow.position, ArticleRow.code))
    return Articles((row.code, _article(row)) for row in rows)


def _article(row: ArticleRow) -> Article:
    tags, files = tuple(row.options.get("tags", ())), attached(row.options)
    return Article(
        row.code,
        row.title,
        row.text,
        row.status,
        row.language,
        row.topic,
        tags,
        frozenset(stems_of(row.title, *tags, *(file.title for file in files))),
        frozenset(stems_of(row.text)),
        files,
    )


async def public_articles(tx: ReadTx, language: str) -> list[Article]:
    """Return what a customer may read: in their language, or else in the company's."""
    public = [one for one in (await articles_of(tx)).values() if one.status == PUBLIC]
    own = [one for one in public if one.language == language]
    return own or [one for one in public if one.language == tx.company.language]


async def find_public(tx: ReadTx, language: str, code: str) -> Article | None:
    """Return a public article by its code, where this reader may be shown it."""
    offered = await public_articles(tx, language)
    return next((one for one in offered if one.code == code), None)


async def internal_articles(tx: ReadTx) -> list[Article]:
    """Return what operators may read: all but drafts."""
    return [one for one in (await articles_of(tx)).values() if one.status != DRAFT]


def ranked(articles: Iterable[Article], words: str, limit: int) -> list[Article]:
    """Return the articles that have one of these words at least, those with most of them first.

    Words stand in any of their forms, and a few may be begun only; those that every text has
    say nothing.
    """
    wanted = frozenset(stems_of(words)) - stopwords()
    has = _begins_one if len(wanted) <= MOST_ASKED else _is_one
    scored = [(_score(one, wanted, has), one) for one in articles]
    best = sorted((pair for pair in scored if pair[0]), key=lambda pair: -pair[0])
    return [one for _, one in best][:limit]


def _score(
    article: Article, wanted: frozenset[str], has: Callable[[str, frozenset[str]], bool]
) -> int:
    named = {word for word in wanted if has(word, article.names)}
    return _NAMED * len(named) + sum(has(word, article.stems) for word in wanted - named)


def _begins_one(word: str, stems: frozenset[str]) -> bool:
    return any(stem.startswith(word) for stem in stems)


def _is_one(word: str, stems: frozenset[str]) -> bool:
    return word in stems


def of_topic(articles: Iterable[Article], topic: str | None, limit: int) -> list[Article]:
    """Return the articles of this topic, ``None``: those of no topic."""
    return [one for one in articles if one.topic == topic][:limit]
