"""Finds tickets by words (D5), with an index of stems that a job fills from the journal.

A word finds every stem that begins with its own stem. The index is read newest ticket first and
never whole: of the rarest word a limited number of tickets is examined, the rest is left to the
next page. So a page costs the same among a thousand tickets and a million.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Integer,
    String,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from core.db import insert_or
from core.models import JournalEntry, Message, Person, SearchWord, SystemState, Ticket, TicketTag
from core.tickets.fields import searched_texts
from core.tx import ReadTx, Tx
from core.words.numbers import GREATEST
from core.words.stems import MOST_ASKED, asked, stems_of

BATCH: Final = 500
CURSOR: Final = "search"
# Entries of the journal get their numbers before they can be seen; on PostgreSQL a later one may
# be seen first. Nothing waits that long for its commit.
SETTLING: Final = timedelta(seconds=10)

_SPELLINGS: Final = 8
_LOOKED_AT: Final = 1000
_COUNTED: Final = 1000
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
) -> Found:
    """Find tickets with all these words and tags, older than ``start`` or ``newer`` than it.

    There may be ``more`` to examine even where nothing was found.
    """
    words = asked(text)
    if tags and not words:
        return await _tagged(tx, tags, start, newer=newer, limit=limit)
    groups = await _spellings(tx, words) if words else []
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


async def _spellings(tx: ReadTx, words: Sequence[str]) -> list[list[str]]:
    """Return, for each word, the stems that begin with it."""
    bounds = {f"from{at}": word for at, word in enumerate(words)}
    bounds |= {f"to{at}": word + _LAST for at, word in enumerate(words)}
    groups: list[list[str]] = [[] for _ in words]
    for at, stem in await tx.rows(_jumps(len(words)), bounds):
        groups[at].append(stem)
    return groups


@lru_cache(maxsize=MOST_ASKED)
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
    some: list[Any] = [
        select(literal_column("1")).where(SearchWord.word.in_(_stems(at, size))).limit(_COUNTED)
        for at, size in enumerate(shape)
    ]
    return select(
        *(select(func.count()).select_from(one.subquery()).scalar_subquery() for one in some)
    )


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
    seen = union_all(
        *(select(one.limit(each).subquery().c.ticket_id) for one in leading)
    ).subquery()
    number, reached = seen.c.ticket_id, bindparam("end", type_=BigInteger)
    page = (
        select(number)
        .distinct()
        .where(number <= reached if newer else number >= reached)
        .where(*(_has(number, _stems(at, size)) for at, size in enumerate(shape) if at))
        .where(*(_has_tag(number, bindparam(f"tag{at}", type_=String)) for at in range(tags)))
        .order_by(number if newer else number.desc())
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


# Filling the index


async def index_new(tx: Tx) -> int:
    """Index what the journal has got since the last call; edits and new titles replace old words.

    Returns how many entries were read; a full batch means that the caller should call again.
    """
    cursor = await tx.find(SystemState, CURSOR, hold=True)
    entries = await _entries(tx, 0 if cursor is None else int(cursor.value["journal"]))
    if not entries:
        return 0
    fresh = await _fresh_words(tx, entries)
    await _add(tx, fresh)
    await _forget(tx, _old_words(entries))
    await _forget(tx, await _returned_words(tx, entries))
    await tx.put(SystemState(name=CURSOR, value={"journal": entries[-1].id}, at=tx.now))
    return len(entries)


async def _entries(tx: Tx, after: int) -> Sequence[Any]:
    query = (
        select(JournalEntry.id, JournalEntry.ticket_id, JournalEntry.event, JournalEntry.facts)
        .where(JournalEntry.id > after)
        .order_by(JournalEntry.id)
        .limit(BATCH)
    )
    if not tx.is_sqlite:
        # what seems to come from the future was written before the clock was set back
        settled = (JournalEntry.at <= tx.now - SETTLING, JournalEntry.at > tx.now + SETTLING)
        query = query.where(or_(*settled))
    return await tx.rows(query)


# Of more messages than these that moved at once, the others are found by the former number.
_MOST_MERGED: Final = 5000
_TOLD: Final[Mapping[str, Callable[[Mapping[str, Any]], Sequence[int]]]] = {
    **dict.fromkeys(
        ("customer_wrote", "answer_written", "message_edited"), lambda facts: [facts["message_id"]]
    ),
    "merge_received": lambda facts: facts["kept"]["messages"][:_MOST_MERGED],
    "merge_returned": lambda facts: facts.get("messages", ())[:_MOST_MERGED],
}
_RETURNED: Final = "merge_returned"
_OPENED: Final = "ticket_opened"
_RETITLED: Final = "title_changed"
_FILLED: Final = "field_set"
_REPLACED: Final = frozenset({"message_edited", "title_changed", "answer_withdrawn", _FILLED})

Words = dict[int, set[str]]


async def _fresh_words(tx: Tx, entries: Iterable[Any]) -> Words:
    words: Words = defaultdict(set)
    messages: set[int] = set()
    opened: set[int] = set()
    for entry in entries:
        if entry.ticket_id is None:
            continue
        if entry.event in _TOLD:
            messages.update(_TOLD[entry.event](entry.facts))
        elif entry.event == _OPENED:
            opened.add(entry.ticket_id)
            words[entry.ticket_id] |= stems_of(entry.facts["title"])
        elif entry.event == _RETITLED:
            words[entry.ticket_id] |= stems_of(entry.facts["new"])
        elif entry.event == _FILLED:
            words[entry.ticket_id] |= stems_of(entry.facts["shown"])
    said = select(Message.ticket_id, Message.text).where(
        Message.id.in_(messages), Message.withdrawn_at.is_(None)
    )
    named = (
        select(Ticket.id, Person.name)
        .join(Person, Ticket.customer_id == Person.id)
        .where(Ticket.id.in_(opened))
    )
    for query in (said, named):
        for number, text in await tx.rows(query):
            if number is not None:
                words[number] |= stems_of(text)
    return words


def _old_words(entries: Iterable[Any]) -> Words:
    words: Words = defaultdict(set)
    for entry in entries:
        if entry.event in _REPLACED and entry.ticket_id is not None:
            words[entry.ticket_id] |= stems_of(entry.facts["old"])
    return words


async def _returned_words(tx: Tx, entries: Iterable[Any]) -> Words:
    """What a ticket has given back when a merge was undone: it may have the same words itself."""
    words: Words = defaultdict(set)
    for entry in entries:
        if entry.event == _RETURNED and entry.ticket_id is not None:
            said = select(Message.text).where(Message.id.in_(_TOLD[_RETURNED](entry.facts)))
            words[entry.ticket_id] |= stems_of(*await tx.all(said))
    return words


async def _add(tx: Tx, words: Mapping[int, set[str]]) -> None:
    rows = [
        {"word": word, "ticket_id": number}
        for number, stems in sorted(words.items())
        for word in sorted(stems)
    ]
    if rows:
        statement = insert_or(tx.session, SearchWord).on_conflict_do_nothing()
        await tx.change(statement, rows)


async def _forget(tx: Tx, words: Mapping[int, set[str]]) -> None:
    """Remove from the index what no text of the ticket contains any more."""
    for number, old in words.items():
        gone = old - await _present_words(tx, number)
        if gone:
            await tx.change(
                delete(SearchWord).where(SearchWord.ticket_id == number, SearchWord.word.in_(gone))
            )


async def _present_words(tx: Tx, ticket_id: int) -> set[str]:
    named = (
        select(Ticket.title, Person.name)
        .join(Person, Ticket.customer_id == Person.id)
        .where(Ticket.id == ticket_id)
    )
    said = select(Message.text).where(
        Message.ticket_id == ticket_id, Message.withdrawn_at.is_(None)
    )
    ((title, name),) = await tx.rows(named)
    return stems_of(title, name, *await tx.all(said), *await searched_texts(tx, ticket_id))
