"""Links of a ticket: to other tickets, and to objects elsewhere with a state beside them (B19)."""

import re
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select

from core.errors import NothingToDo, Refusal, Unreadable
from core.events import ObjectLinked, TicketLinked, Unlinked
from core.links.showing import Linked, is_anything_linked
from core.models import Link, Ticket
from core.tickets.access import access
from core.tickets.parents import leave_parent, set_parent
from core.tickets.relations import TICKET, URL
from core.tx import Tx
from core.words.aliases import PARENT
from core.words.names import clean_name
from core.words.numbers import find_number

MOST: Final = 20
"""So many links a ticket has; a card with more is read by nobody."""

_LONGEST_URL: Final = 1000
_LONGEST_TITLE: Final = 120
_LONGEST_STATE: Final = 64
_STATE: Final = re.compile(r"\s*\[([^\[\]]+)\]\s*\Z")


async def link(tx: Tx, number: int, words: str) -> Ticket:
    """What an operator writes behind `/link 12`: ``#15``, ``#15 parent``, or an address with a
    title and a state in brackets, ``https://… Cable order [paid]``.

    Raises :class:`Unreadable` with examples; of an address that is linked already the new title
    and state are noted.
    """
    numbered = find_number(words, tx.company.number_mask)
    if numbered is None:
        return await _link_object(tx, number, words)
    other, rest = numbered
    if rest.strip().casefold() in PARENT:
        return await set_parent(tx, number, other)
    if rest.strip():
        raise Unreadable("refusal.no_link", words=words[:40], number=number)
    return await _link_ticket(tx, number, other)


async def _link_ticket(tx: Tx, number: int, other: int) -> Ticket:
    ticket = await access(tx, number, "link")
    await access(tx, other, "link")
    if other == number:
        raise Refusal("refusal.link_itself", number=number)
    if await _between(tx, number, other) is not None:
        raise NothingToDo("refusal.link_already", number=number, other=other)
    await _demand_room(tx, number)
    row = await tie(tx, number, TICKET, other)
    for one, far in ((number, other), (other, number)):
        tx.emit(TicketLinked(ticket_id=one, link_id=row.id, other=far))
    return ticket


async def tie(tx: Tx, number: int, kind: str, other: int) -> Link:
    """A row between two tickets, for an action that says itself what has happened."""
    if not await is_anything_linked(tx):
        tx.forget(Linked)
    row = Link(ticket_id=number, kind=kind, other_id=other, at=tx.now)
    await tx.put(row)
    return row


async def _between(tx: Tx, one: int, other: int) -> Link | None:
    query = select(Link).where(
        or_(
            (Link.ticket_id == one) & (Link.other_id == other),
            (Link.ticket_id == other) & (Link.other_id == one),
        )
    )
    return (await tx.session.scalars(query.limit(1))).one_or_none()


async def _link_object(tx: Tx, number: int, words: str) -> Ticket:
    ticket = await access(tx, number, "link")
    url, title, state = _read_object(words, number)
    query = select(Link).where(Link.ticket_id == number, Link.url == url)
    row = (await tx.session.scalars(query.limit(1))).one_or_none()
    if row is None:
        await _demand_room(tx, number)
        row = Link(ticket_id=number, kind=URL, url=url, title=title, state=state, at=tx.now)
        await tx.put(row)
        old = None
    else:
        old, same = row.state, (title or row.title, state) == (row.title, row.state)
        if same:
            raise NothingToDo("refusal.object_already", number=number)
        row.title, row.state = title or row.title, state
    tx.emit(
        ObjectLinked(
            ticket_id=number,
            link_id=row.id,
            url=url,
            title=row.title,
            state=row.state,
            old_state=old,
        )
    )
    return ticket


def _read_object(words: str, number: int) -> tuple[str, str | None, str | None]:
    """Address, title, state. Only the web: whoever taps a link knows where it leads."""
    first, _, rest = words.strip().partition(" ")
    try:
        parts = urlsplit(first)
        well = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        well = False
    if not well or len(first) > _LONGEST_URL or not first.isprintable():
        raise Unreadable("refusal.no_link", words=words[:40], number=number)
    found = _STATE.search(rest)
    state = clean_name(found[1], _LONGEST_STATE) if found else None
    title = rest[: found.start()] if found else rest
    return first, clean_name(title, _LONGEST_TITLE) if title.strip() else None, state


async def _demand_room(tx: Tx, number: int) -> None:
    query = select(Link.id).where(or_(Link.ticket_id == number, Link.other_id == number))
    if len((await tx.session.scalars(query.limit(MOST))).all()) >= MOST:
        raise Refusal("refusal.too_many_links", number=number, limit=MOST)


async def unlink(tx: Tx, number: int, words: str) -> Ticket:
    """Take away the link to ``#15`` (a parent too), or to an address.

    Raises :class:`NothingToDo` when there is none.
    """
    numbered = find_number(words, tx.company.number_mask)
    ticket = await access(tx, number, "link")
    if numbered is None:
        query = select(Link).where(Link.ticket_id == number, Link.url == words.strip())
        row = (await tx.session.scalars(query.limit(1))).one_or_none()
    else:
        row = await _between(tx, number, numbered[0])
        if row is None:
            return await leave_parent(tx, number, numbered[0])
    if row is None:
        raise NothingToDo("refusal.no_such_link", number=number)
    ends = [(row.ticket_id, row.url or f"#{row.other_id}")]
    if row.other_id is not None:
        ends.append((row.other_id, f"#{row.ticket_id}"))
    link_id = row.id
    await tx.session.delete(row)
    await tx.session.flush()
    for one, what in ends:
        tx.emit(Unlinked(ticket_id=one, link_id=link_id, what=what))
    return ticket
