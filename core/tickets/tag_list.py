"""The tags that the company lists (D3): what they are called, which may be given, which look alike.

A tag is a word; a ticket may have one that no list has. Whether such a one may be given is a
setting of the company: `open`, any word becomes a tag, or `listed`, only those of the directory.
"""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from sqlalchemy import select

from core.models import TagRow
from core.tx import ReadTx
from core.words.stems import fold

OPEN: Final = "open"
LISTED: Final = "listed"
WAYS: Final = (OPEN, LISTED)
MARK: Final = 8
# So alike are a word and the same with a slip of the pen; a shorter share finds other words.
_ALIKE: Final = 0.75
_MOST_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the list. ``marker``: a coloured sign; ``active``: it may be given."""

    word: str
    titles: Mapping[str, str]
    marker: str | None
    active: bool

    def title(self, language: str) -> str:
        """Return what it is called in this language, or in another; empty where only the word
        itself says it.
        """
        title = self.titles.get(language) or next(iter(self.titles.values()), "")
        return "" if fold(title) == self.word else title


class Tags(dict[str, Tag]):
    """All of them by word, in the order of the directory."""

    def may_be_given(self, word: str, way: str) -> bool:
        """Return whether a ticket may get this tag; ``way``: one of `WAYS`."""
        known = self.get(word)
        return way != LISTED if known is None else known.active

    def may_be_given_of(self, words: Iterable[str], way: str) -> list[str]:
        """Return those of the words that a ticket may get as tags."""
        return [word for word in words if self.may_be_given(word, way)]

    def offered(self) -> list[str]:
        """Return the words that may be chosen."""
        return [tag.word for tag in self.values() if tag.active]


def bare(word: str) -> str:
    """Return the word as it is kept: «#Повтор» is «повтор»."""
    return fold(word.removeprefix("#"))


def mark_of(word: str) -> str:
    """Return what tells the word from others in so few signs that a button can carry it."""
    return sha256(word.encode()).hexdigest()[:MARK]


async def listed_tags(tx: ReadTx) -> Tags:
    """Return the company's tags, cached until the directory changes."""
    return await tx.cached(Tags, _read_tags)


async def _read_tags(tx: ReadTx) -> Tags:
    rows = await tx.all(select(TagRow).order_by(TagRow.position, TagRow.word))
    return Tags((row.word, Tag(row.word, row.titles, row.marker, row.active)) for row in rows)


async def titles_of(tx: ReadTx, words: Iterable[str]) -> tuple[Tag, ...]:
    """Return those of the words that the company lists, without a query where there are none."""
    words = list(words)
    known = await listed_tags(tx) if words else Tags()
    return tuple(known[word] for word in words if word in known)


def near(word: str, known: Iterable[str]) -> Sequence[str]:
    """Return those that are written almost like the word, the most alike first."""
    return difflib.get_close_matches(word, sorted({*known} - {word}), _MOST_NEAR, _ALIKE)
