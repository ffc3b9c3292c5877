"""Tags on tickets (D3): given and taken by operators, as `#word` in a note, by responses and rules.

A tag is a word in lower case. The company may list some (`core/tickets/tag_list.py`): those have
titles, and can be out of use; what a ticket has got, it keeps.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased

from core.db import PreparedStatement, insert_or
from core.db.statements import for_each_database, one_of_numbers
from core.delivery.card_updates import refresh_cards
from core.delivery.pacing import Priority
from core.errors import NothingToDo, Refusal, Unreadable
from core.events import TagRenamed, TicketTagged
from core.models import Ticket, TicketTag
from core.tickets.card import AnyTag, tags_of
from core.tickets.lifecycle import access
from core.tickets.tag_list import Tag, Tags, bare, listed_tags, mark_of, near
from core.tx import ReadTx, Tx

LONGEST: Final = 32
_TAG: Final = re.compile(rf"(?=[\w-]{{0,{LONGEST - 1}}}[^\W\d_])\w[\w-]{{0,{LONGEST - 1}}}")
_IN_NOTE: Final = re.compile(rf"(?<![\w#&/])#({_TAG.pattern})(?![\w-])")
_MINUS: Final = "-−–"
# So many of the tags in use are looked through for those that look alike, or are to be chosen from.
_MOST_USED: Final = 300
_MOST_CHOSEN: Final = 30
_MOST_SHOWN: Final = 50
# So many new words of a note are compared with them: each takes a while.
_MOST_DOUBTED: Final = 10
# So many cards show a renamed tag at once; the others when they are drawn again.
_MOST_CARDS: Final = 100


def read_tag(word: str) -> str:
    """Return a tag as it is kept: «#Повтор» is «повтор». It has a letter, so it is no number.

    Raises :class:`Unreadable`.
    """
    tag = bare(word)
    if not _TAG.fullmatch(tag):
        raise Unreadable("refusal.no_tag", words=word[:40], longest=LONGEST)
    return tag


async def tags_with_titles(tx: ReadTx) -> list[tuple[str, int, Tag | None]]:
    """Return the tags that the company lists, in its order, then the others in use; each with the
    number of its tickets. One that is not given any more is there while a ticket has it.
    """
    known, used = await listed_tags(tx), dict(await list_tags(tx, _MOST_USED))
    shown = [word for word, one in known.items() if one.active or word in used]
    shown += [word for word in used if word not in known][:_MOST_SHOWN]
    return [(word, used.get(word, 0), known.get(word)) for word in shown]


async def find_marked(tx: ReadTx, ticket_id: int, marks: Iterable[str]) -> list[str]:
    """Return the tags with these marks, as buttons carry them. Raises :class:`Refusal` where one is
    not there any more.
    """
    used = [word for word, _ in await list_tags(tx, _MOST_USED)]
    known = [*await listed_tags(tx), *await tags_of(tx, ticket_id), *used]
    words = {mark_of(word): word for word in known}
    if not {*marks} <= {*words}:
        raise Refusal("refusal.outdated")
    return [words[mark] for mark in marks]


async def list_tags(tx: ReadTx, limit: int = _MOST_SHOWN) -> Sequence[tuple[str, int]]:
    """Return the tags there are with their numbers of tickets, the most used first."""
    count = func.count()
    query = select(TicketTag.tag, count).group_by(TicketTag.tag)
    rows = await tx.rows(query.order_by(count.desc(), TicketTag.tag).limit(limit))
    return [(tag, number) for tag, number in rows]


async def known_tags(tx: ReadTx, limit: int = 100) -> Sequence[str]:
    """Return the tags there are by alphabet, each found along the index from the one before it: no
    ticket is counted, however many there are.
    """
    first = select(func.min(TicketTag.tag).label("tag"))
    found = first.cte("found", recursive=True)
    beyond = select(func.min(TicketTag.tag)).where(TicketTag.tag > found.c.tag).scalar_subquery()
    found = found.union_all(select(beyond).where(found.c.tag.is_not(None)))
    rows = await tx.all(select(found.c.tag).where(found.c.tag.is_not(None)).limit(limit))
    return list(rows)


async def offered_tags(tx: ReadTx) -> list[str]:
    """Return the tags that a ticket may get: those of the list, then others that are in use."""
    known = await listed_tags(tx)
    used = known.may_be_given_of(await known_tags(tx), tx.company.tags)
    return list(dict.fromkeys([*known.offered(), *used]))


def read_wish(words: str) -> tuple[list[str], list[str]]:
    """Return the tags to be given, and those with a minus. Raises :class:`Unreadable`."""
    wished = words.replace(",", " ").split()
    minus = [read_tag(word[1:]) for word in wished if word[0] in _MINUS]
    return [read_tag(word) for word in wished if word[0] not in _MINUS], minus


_A_TAG: Final = select(TicketTag.tag)
_OF_SOME: Final = one_of_numbers(TicketTag.ticket_id, "numbers")
_TAGS: Final = PreparedStatement(
    for_each_database(lambda one: select(TicketTag.ticket_id, TicketTag.tag).where(_OF_SOME[one]))
)


async def tags_by_ticket(tx: ReadTx, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of those of the tickets that have any; no query while no ticket has one."""
    if not await tx.any_row(AnyTag, _A_TAG):
        return {}
    rows = await _TAGS.rows(tx.session, {"numbers": json.dumps(list(numbers))})
    found: dict[int, tuple[str, ...]] = {}
    # put in order here: in the database that would cost a page another sorting
    for number, word in sorted((one[0], one[1]) for one in rows):
        found[number] = (*found.get(number, ()), word)
    return found


async def is_used(tx: ReadTx, word: str) -> bool:
    """Return whether any ticket has this tag."""
    return await tx.first(select(TicketTag.tag).where(TicketTag.tag == word).limit(1)) is not None


async def tag(tx: Tx, ticket_id: int, words: str) -> tuple[str, ...]:
    """Give the ticket these tags and take away those with a minus; returns the tags it has then.

    Raises :class:`Unreadable`, :class:`NothingToDo`, and :class:`Refusal` for one that may not be
    given.
    """
    ticket = await access(tx, ticket_id, "tag")
    plus, minus = read_wish(words)
    for word in plus:
        await demand_givable(tx, word)
    if not await change_tags(tx, ticket, plus, minus):
        raise NothingToDo("refusal.same_tags", number=ticket_id)
    return await tags_of(tx, ticket_id)


async def demand_givable(tx: ReadTx, word: str) -> None:
    """Return if a ticket may get this tag. Raises :class:`Refusal` with those that look like it."""
    known = await listed_tags(tx)
    if known.may_be_given(word, tx.company.tags):
        return
    alike = " ".join(f"#{one}" for one in near(word, known.offered()))
    key = "refusal.tag_off" if word in known else "refusal.tag_not_listed"
    raise Refusal(f"{key}_near" if alike else key, tag=word, near=alike)


async def give_tags(tx: Tx, ticket: Ticket, words: Iterable[str]) -> bool:
    """Give those of these tags that a ticket may get; what else a note, a response or a rule names
    is a word like any other. Returns False if nothing changed.
    """
    words = list(words)
    known = await listed_tags(tx) if words else Tags()
    return await change_tags(tx, ticket, known.may_be_given_of(words, tx.company.tags))


async def change_tags(
    tx: Tx, ticket: Ticket, plus: Iterable[str], minus: Iterable[str] = ()
) -> bool:
    """Give and take tags that were read. Returns False if the ticket has them so already."""
    plus, minus = list(plus), list(minus)
    has = set(await tags_of(tx, ticket.id)) if plus or minus else set[str]()
    added = [one for one in dict.fromkeys(plus) if one not in has]
    removed = [one for one in dict.fromkeys(minus) if one in has]
    if not added and not removed:
        return False
    if added:
        insert = insert_or(tx.session, TicketTag).on_conflict_do_nothing()
        await tx.change(insert, [{"tag": one, "ticket_id": ticket.id} for one in added])
        if not tx.cache.get(AnyTag):
            tx.invalidate(AnyTag)
    for one in removed:
        of_it = (TicketTag.ticket_id == ticket.id, TicketTag.tag == one)
        await tx.change(delete(TicketTag).where(*of_it))
    tx.emit(TicketTagged(ticket_id=ticket.id, added=tuple(added), removed=tuple(removed)))
    return True


def tags_in(text: str) -> list[str]:
    """Return the tags that words name as `#word`; «#12» is a ticket's number."""
    return [read_tag(word) for word in _IN_NOTE.findall(text)] if "#" in text else []


def without_tags(text: str) -> str:
    """Return the words that are no `#word`."""
    return _IN_NOTE.sub(" ", text)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A tag that may be a slip of the pen: ``near`` are those that look like it."""

    word: str
    near: tuple[str, ...]


async def doubtful(tx: ReadTx, ticket_id: int, words: Iterable[str]) -> list[Doubt]:
    """Return those of the words that no list and no other ticket has, and that look like a tag that
    is there.
    """
    known = await listed_tags(tx)
    fresh = [word for word in dict.fromkeys(words) if word not in known][:_MOST_DOUBTED]
    if not fresh:
        return []
    others = select(TicketTag.tag, func.count()).where(TicketTag.ticket_id != ticket_id)
    query = others.group_by(TicketTag.tag).order_by(func.count().desc(), TicketTag.tag)
    used = [word for word, _ in await tx.rows(query.limit(_MOST_USED))]
    usable = {*known.offered(), *known.may_be_given_of(used, tx.company.tags)}
    found = [Doubt(word, tuple(near(word, usable))) for word in fresh if word not in used]
    return [one for one in found if one.near]


async def choose_from(tx: ReadTx, ticket_id: int) -> tuple[list[str], frozenset[str]]:
    """Return the tags to choose from, those of the list first, then the most used; and which of
    them the ticket has.
    """
    known = await listed_tags(tx)
    used = [word for word, _ in await list_tags(tx, _MOST_CHOSEN)]
    more = known.may_be_given_of(used, tx.company.tags)
    offered = list(dict.fromkeys([*known.offered(), *more]))[:_MOST_CHOSEN]
    has = await tags_of(tx, ticket_id)
    return [*offered, *(word for word in has if word not in offered)], frozenset(has)


async def replace_tag(tx: Tx, ticket_id: int, wrong: str, right: str) -> None:
    """Give the ticket one tag for another, which was a slip of the pen, if it has that still.

    Raises :class:`NothingToDo`, :class:`Refusal`.
    """
    ticket = await access(tx, ticket_id, "tag")
    await demand_givable(tx, right)
    if not await change_tags(tx, ticket, [right], [wrong]):
        raise NothingToDo("refusal.same_tags", number=ticket_id)


async def set_tag(tx: Tx, ticket_id: int, word: str, *, given: bool) -> None:
    """Let the ticket have the tag, or not, as it was shown to whoever presses; where it is so
    already, nothing changes.

    Raises :class:`Refusal`.
    """
    ticket = await access(tx, ticket_id, "tag")
    if given and word not in await tags_of(tx, ticket_id):
        await demand_givable(tx, word)
    await change_tags(tx, ticket, [word] if given else (), () if given else [word])


async def retag(tx: Tx, before: str, after: str) -> int:
    """Give every ticket with the one tag the other instead; two become one where both are there.
    Returns how many tickets had it.
    """
    shown = await _open_tickets(tx, before)
    total = await tx.first(select(func.count()).where(TicketTag.tag == before)) or 0
    other = aliased(TicketTag)
    twice = exists().where(other.ticket_id == TicketTag.ticket_id, other.tag == after)
    await tx.change(delete(TicketTag).where(TicketTag.tag == before, twice))
    await tx.change(update(TicketTag).where(TicketTag.tag == before).values(tag=after))
    tx.emit(TagRenamed(ticket_id=None, old=before, new=after, total=total))
    await refresh_cards(tx, shown, Priority.CARD_REFRESH)
    return total


async def _open_tickets(tx: Tx, word: str) -> Sequence[int]:
    query = (
        select(Ticket.id)
        .join(TicketTag, TicketTag.ticket_id == Ticket.id)
        .where(TicketTag.tag == word, Ticket.queue_rank.is_not(None))
    )
    return await tx.all(query.order_by(Ticket.id.desc()).limit(_MOST_CARDS))
