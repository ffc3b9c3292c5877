"""Which of the tickets that were found fit the words best (D5): by where the words stand in them.

BM25 over two fields, the title and the words with which a ticket began; a word counts there in any
form. Every ticket that is ranked has all the words somewhere, so what stands elsewhere is equal.

Ranked are the newest `RANKED` matches among as many tickets as `ROUNDS` pages of the search look
at: the cost has a limit, in a desk of a thousand tickets and of a million. It is the same code on
both databases, and nothing more is written when somebody writes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import String, func, select

from core.models import Ticket
from core.tickets.search import search
from core.tx import ReadTx
from core.words.stems import asked, stems_of, words_in

RANKED: Final = 1000
ROUNDS: Final = 4
# So much of the first words is looked at.
_LOOKED_AT: Final = 200
_TITLE, _OPENING = 3.0, 1.0
# BM25: how soon one more of the same word says nothing new; how much a long text is marked down.
_ENOUGH, _LONG = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Ranked:
    """Ticket numbers, the best first; ``up_to``: the newest of them, which names this ranking."""

    numbers: tuple[int, ...]
    up_to: int


async def rank(
    tx: ReadTx, text: str, *, up_to: int | None = None, tags: Sequence[str] = ()
) -> Ranked:
    """Find tickets with all these words and tags, and put first those that fit best; of equals the
    newer one. ``up_to``: no newer ones, as when the first page was shown.
    """
    numbers = await _newest(tx, text, up_to, tags)
    newest = numbers[0] if numbers else up_to or 0
    words = asked(text)
    if not words or len(numbers) < 2:  # noqa: PLR2004 one is the best
        return Ranked(tuple(numbers), newest)
    titles, openings = await _texts(tx, numbers)
    scores = [
        _TITLE * one + _OPENING * other
        for one, other in zip(_scores(titles, words), _scores(openings, words), strict=True)
    ]
    best = sorted(zip(scores, numbers, strict=True), reverse=True)
    return Ranked(tuple(number for _, number in best), newest)


async def _newest(tx: ReadTx, text: str, up_to: int | None, tags: Sequence[str]) -> list[int]:
    """Return the newest matches; where two words seldom meet, not all of them are looked for."""
    start, numbers = None if up_to is None else up_to + 1, list[int]()
    for _ in range(ROUNDS):
        found = await search(
            tx, text, start=start, limit=RANKED - len(numbers), tags=tags, inside=True
        )
        numbers += found.numbers
        start = found.more
        if start is None or len(numbers) >= RANKED:
            break
    return numbers


async def _texts(tx: ReadTx, numbers: Sequence[int]) -> tuple[list[str], list[str]]:
    """Return the titles and the first words of these tickets, in their order."""
    beginning = func.substr(Ticket.opening, 1, _LOOKED_AT, type_=String)
    query = select(Ticket.id, Ticket.title, beginning).where(Ticket.id.in_(numbers))
    known = {number: (title or "", words or "") for number, title, words in await tx.rows(query)}
    found = [known.get(number, ("", "")) for number in numbers]
    return [title for title, _ in found], [words for _, words in found]


def _scores(texts: Sequence[str], words: Sequence[str]) -> list[float]:
    """BM25 of one field, for each text. A word that nearly every text has says nearly nothing."""
    counts, lengths = _counted(texts, words)
    usual = sum(lengths) / len(lengths) or 1.0
    rarity = [_rarity(len(texts), sum(map(bool, column))) for column in zip(*counts, strict=True)]
    return [
        sum(
            rare * count * (_ENOUGH + 1) / (count + _damped(length, usual))
            for rare, count in zip(rarity, row, strict=True)
            if count
        )
        for row, length in zip(counts, lengths, strict=True)
    ]


def _counted(texts: Sequence[str], words: Sequence[str]) -> tuple[list[list[int]], list[int]]:
    """How often each of the ``words`` stands in each text, in any form, and how long the text is.

    What a word as written counts for is found out once: texts have most of their words in common.
    """
    known, counts, lengths = dict[str, list[int]](), list[list[int]](), list[int]()
    for text in texts:
        row, written = [0] * len(words), words_in(text)
        for word in written:
            if word not in known:
                known[word] = _asked_by(word, words)
            for at in known[word]:
                row[at] += 1
        counts.append(row)
        lengths.append(len(written))
    return counts, lengths


def _asked_by(word: str, words: Sequence[str]) -> list[int]:
    """Return the places of the asked words that this one is; most are none, by their first letter,
    which no stemmer changes.
    """
    if "_" not in word and all(word[0] != one[0] for one in words):
        return []
    stems = stems_of(word)
    return [
        at for at, asked_for in enumerate(words) if any(one.startswith(asked_for) for one in stems)
    ]


def _rarity(texts: int, having: int) -> float:
    return math.log(1 + (texts - having + 0.5) / (having + 0.5))


def _damped(length: int, usual: float) -> float:
    return _ENOUGH * (1 - _LONG + _LONG * length / usual)
