"""Finds tickets by words (D5), with an index of stems that a job fills (`search_index`).

A word finds every stem that begins with its own stem. The index is read newest ticket first and
never whole: of the rarest word a limited number of tickets is examined, the rest is left to the
next page. So a page costs the same among a thousand tickets and a million.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    exists,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from core.models import SearchWord, TicketTag
from core.tx import ReadTx
from core.words.numbers import GREATEST
from core.words.questions import Wanted, parts_of, question
from core.words.stems import MOST_ASKED

_SPELLINGS: Final = 8
_LOOKED_AT: Final = 1000
_COUNTED: Final = 1000
# So many of all words together: SQLite counts them here and now, in less than its `STEPS`.
_COUNTED_AT_ONCE: Final = 2400
_LAST: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Found:
    """Ticket numbers, newest first; ``more``: from where to continue in the same direction."""

    numbers: tuple[int, ...]
    more: int | None = None


async def search(
    tx: ReadTx,
    text: str,
    *,
    start: int | None = None,
    newer: bool = False,
    limit: int = 10,
    tags: Sequence[str] = (),
    inside: bool = False,
) -> Found:
    """Find tickets with all these words and tags, older than ``start`` or ``newer`` than it.

    ``inside``: whoever asks works here, so that they may also search phones, addresses, accounts
    and solutions. There may be ``more`` to examine even where nothing was found.
    """
    words = question(text, inside=inside)
    if tags and not words:
        return await _tagged(tx, tags, start, newer=newer, limit=limit)
    groups = await _groups(tx, words, inside=inside)
    if not groups or not all(groups):
        return Found(())
    if len(groups) > 1:
        groups = await _rarest_first(tx, groups)
    shape = tuple(len(group) for group in groups)
    given: dict[str, Any] = {"start": start, "limit": limit + 1, "end": None}
    given |= {f"w{at}_{n}": w for at, group in enumerate(groups) for n, w in enumerate(group)}
    given |= {f"tag{at}": tag for at, tag in enumerate(tags)}
    end, page = _statements(shape, started=start is not None, newer=newer, tags=len(tags))
    given["end"] = await tx.first(end, given)
    if given["end"] is None:
        given["end"] = GREATEST if newer else 0
    numbers = await tx.all(page, given)
    more = numbers[limit - 1] if len(numbers) > limit else given["end"]
    numbers = sorted(numbers[:limit], reverse=True)
    return Found(tuple(numbers), None if more in {0, GREATEST} else more)


async def _tagged(
    tx: ReadTx, tags: Sequence[str], start: int | None, *, newer: bool, limit: int
) -> Found:
    """Find tickets by tags alone, along the index of the first one."""
    number = TicketTag.ticket_id
    query = select(number).where(TicketTag.tag == tags[0])
    query = query.where(*(_has_tag(number, tag) for tag in tags[1:]))
    if start is not None:
        query = query.where(number > start if newer else number < start)
    numbers = await tx.all(query.order_by(number if newer else number.desc()).limit(limit + 1))
    more = numbers[limit - 1] if len(numbers) > limit else None
    return Found(tuple(sorted(numbers[:limit], reverse=True)), more)


async def _groups(tx: ReadTx, words: Sequence[Wanted], *, inside: bool) -> list[list[str]]:
    """Return the stems for each word; for what nobody writes so, those of each of its parts."""
    groups = await _spellings(tx, [one.beginnings for one in words])
    missing = [one for one, group in zip(words, groups, strict=True) if not group]
    if not missing or not all(one.instead for one in missing):
        return groups
    parts = [part for one in missing for part in parts_of(one, inside=inside)]
    found = [group for group in groups if group]
    return found + await _spellings(tx, [one.beginnings for one in parts[:MOST_ASKED]])


async def _spellings(tx: ReadTx, words: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return, for each word, the stems that begin as one of its beginnings says."""
    beginnings = [(at, one) for at, each in enumerate(words) for one in each]
    bounds = {f"from{number}": word for number, (_, word) in enumerate(beginnings)}
    bounds |= {f"to{number}": word + _LAST for number, (_, word) in enumerate(beginnings)}
    groups: list[list[str]] = [[] for _ in words]
    if beginnings:
        for number, stem in await tx.rows(_jumps(len(beginnings)), bounds):
            groups[beginnings[number][0]].append(stem)
    return groups


@lru_cache(maxsize=50)
def _jumps(words: int) -> Any:
    """Build a query that jumps from stem to stem in the index instead of reading all its rows."""
    word, parts = SearchWord.word, []
    for at in range(words):
        begin, end = bindparam(f"from{at}", type_=String), bindparam(f"to{at}", type_=String)
        first = select(func.min(word).label("word")).where(word >= begin, word < end)
        jumps = first.cte(f"jumps{at}", recursive=True)
        after = select(func.min(word)).where(word > jumps.c.word, word < end)
        jumps = jumps.union_all(select(after.scalar_subquery()).where(jumps.c.word.is_not(None)))
        stem = select(jumps.c.word).where(jumps.c.word.is_not(None)).limit(_SPELLINGS).subquery()
        parts.append(select(literal_column(str(at)), stem.c.word))
    return union_all(*parts)


async def _rarest_first(tx: ReadTx, groups: Sequence[list[str]]) -> list[list[str]]:
    shape = tuple(len(group) for group in groups)
    given = {f"w{at}_{n}": w for at, group in enumerate(groups) for n, w in enumerate(group)}
    (sizes,) = await tx.rows(_sizes(shape), given)
    return [group for _, group in sorted(zip(sizes, groups, strict=True))]


@lru_cache(maxsize=200)
def _sizes(shape: tuple[int, ...]) -> Any:
    """Count each word's tickets, no further than matters. Along the index, stem by stem: PostgreSQL
    would otherwise read the table itself until it meets a word of very many tickets.
    """
    counts, most = [], min(_COUNTED, _COUNTED_AT_ONCE // len(shape))
    for at, size in enumerate(shape):
        each = [
            select(SearchWord.ticket_id)
            .where(SearchWord.word == stem)
            .order_by(SearchWord.ticket_id)
            .limit(most)
            .subquery()
            for stem in _stems(at, size)
        ]
        all_of_them = union_all(*(select(one.c.ticket_id) for one in each))
        some = each[0] if size == 1 else all_of_them.limit(most).subquery()
        counts.append(select(func.count()).select_from(some).scalar_subquery())
    return select(*counts)


def _stems(at: int, size: int) -> list[Any]:
    return [bindparam(f"w{at}_{number}", type_=String) for number in range(size)]


@lru_cache(maxsize=400)
def _statements(
    shape: tuple[int, ...], *, started: bool, newer: bool, tags: int = 0
) -> tuple[Any, Any]:
    """Build two queries: how far to look (the first stem's limit), and what is found there."""
    leading = [_leading(stem, started=started, newer=newer) for stem in _stems(0, shape[0])]
    each = _LOOKED_AT // shape[0]
    ends = union_all(
        *(select(one.offset(each - 1).limit(1).subquery().c.ticket_id) for one in leading)
    ).subquery()
    end = select(func.min(ends.c.ticket_id) if newer else func.max(ends.c.ticket_id))
    number: Any = SearchWord.ticket_id
    if shape[0] == 1:
        found = leading[0]  # along the index, so that it ends with the page
    else:
        seen = union_all(
            *(select(one.limit(each).subquery().c.ticket_id) for one in leading)
        ).subquery()
        number = seen.c.ticket_id
        found = select(number).distinct().order_by(number if newer else number.desc())
    reached = bindparam("end", type_=BigInteger)
    page = (
        found.where(number <= reached if newer else number >= reached)
        .where(*(_has(number, _stems(at, size)) for at, size in enumerate(shape) if at))
        .where(*(_has_tag(number, bindparam(f"tag{at}", type_=String)) for at in range(tags)))
        .limit(bindparam("limit", type_=Integer))
    )
    return end, page


def _leading(stem: Any, *, started: bool, newer: bool) -> Any:
    number = SearchWord.ticket_id
    query = select(number).where(SearchWord.word == stem)
    if started:
        start = bindparam("start", type_=BigInteger)
        query = query.where(number > start if newer else number < start)
    return query.order_by(number if newer else number.desc())


def _has(number: Any, stems: Sequence[Any]) -> Any:
    other = aliased(SearchWord)
    return exists().where(other.word.in_(stems), other.ticket_id == number)


def _has_tag(number: Any, tag: Any) -> Any:
    other = aliased(TicketTag)
    return exists().where(other.tag == tag, other.ticket_id == number)
