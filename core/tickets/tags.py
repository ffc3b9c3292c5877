"""Tags on tickets (D3): given and taken by operators, as `#word` in a note, by responses and rules.

A tag is a word in lower case. There is no list of tags to keep: a tag is what some ticket has.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import aliased

from core.db import insert_or
from core.delivery.card_updates import refresh_cards
from core.delivery.pacing import Priority
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.events import TagRenamed, TicketTagged
from core.models import Ticket, TicketTag
from core.people.permissions import may
from core.tickets.card import AnyTag, tags_of
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx
from core.words.stems import fold

LONGEST: Final = 32
_TAG: Final = re.compile(rf"(?=[\w-]{{0,{LONGEST - 1}}}[^\W\d_])\w[\w-]{{0,{LONGEST - 1}}}")
_IN_NOTE: Final = re.compile(rf"(?<![\w#&/])#({_TAG.pattern})(?![\w-])")
# So many cards show a renamed tag at once; the others when they are drawn again.
_MOST_CARDS: Final = 100


def read_tag(word: str) -> str:
    """Return a tag as it is kept: «#Повтор» is «повтор». It has a letter, so it is no number.

    Raises :class:`Unreadable`.
    """
    tag = fold(word.removeprefix("#"))
    if not _TAG.fullmatch(tag):
        raise Unreadable("refusal.no_tag", words=word[:40], longest=LONGEST)
    return tag


async def list_tags(tx: ReadTx, limit: int = 50) -> Sequence[tuple[str, int]]:
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


async def tag(tx: Tx, ticket_id: int, words: str) -> tuple[str, ...]:
    """Give the ticket these tags and take away those with a minus; returns the tags it has then.

    Raises :class:`Unreadable`, :class:`NothingToDo`.
    """
    ticket = await access(tx, ticket_id, "tag")
    wished = words.replace(",", " ").split()
    minus = [read_tag(word[1:]) for word in wished if word[0] in "-−–"]
    plus = [read_tag(word) for word in wished if word[0] not in "-−–"]
    if not await change_tags(tx, ticket, plus, minus):
        raise NothingToDo("refusal.same_tags", number=ticket_id)
    return await tags_of(tx, ticket_id)


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


async def rename_tag(tx: Tx, old: str, new: str) -> int:
    """Give every ticket with the tag ``old`` the tag ``new`` instead; two tags become one where
    ``new`` is there already. Returns how many tickets had it.

    Raises :class:`Unreadable`, and :class:`Refusal` where no ticket has it.
    """
    if not may(tx.actor.role, "tags"):
        raise NotAllowed("tags")
    before, after = read_tag(old), read_tag(new)
    shown = await _open_tickets(tx, before)
    total = await tx.first(select(func.count()).where(TicketTag.tag == before)) or 0
    if not total or before == after:
        raise Refusal("refusal.unknown_tag", tag=before)
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
