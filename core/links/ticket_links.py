"""Links between tickets and to objects elsewhere (B19), and splitting tickets (A6)."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import or_, select

from core.addresses import MessageRef
from core.delivery.card_updates import refresh_cards
from core.delivery.notices import CARD_WAIT
from core.delivery.pacing import Priority
from core.errors import NothingToDo, Refusal, Unreadable
from core.events import (
    Event,
    ObjectLinked,
    SplitOff,
    StateEntered,
    TicketLinked,
    TicketSplit,
    Unlinked,
)
from core.models import Link, Message, Note, Person, Ticket
from core.subscribers import Subscriber
from core.tickets.classification import inherit_kind
from core.tickets.customer_message import TITLE_LENGTH, open_ticket
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.lifecycle import access
from core.tickets.parents import leave_parent, set_parent
from core.tickets.relations import (
    MERGE,
    SPLIT,
    TICKET,
    URL,
    Linked,
    is_anything_linked,
    link_tickets,
)
from core.tx import ReadTx, Tx
from core.words.aliases import PARENT
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number

MOST: Final = 20
"""So many links a ticket has; a card with more is read by nobody."""

_LONGEST_URL: Final = 1000
_LONGEST_TITLE: Final = 120
_LONGEST_STATE: Final = 64
_STATE: Final = re.compile(r"\[([^\[\]]+)\]\Z")


async def link(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Apply an operator's `/link 12 …`: ``#15``, ``#15 parent``, or an address with a title and a
    state in brackets, ``https://… Cable order [paid]``.

    Raises :class:`Unreadable` with examples; an address that is linked already gets the new title
    and state.
    """
    numbered = find_number(words, *tx.company.number_masks)
    if numbered is None:
        return await link_object(tx, ticket_id, *_read_object(words, ticket_id))
    other, rest = numbered
    if rest.strip().casefold() in PARENT:
        return await set_parent(tx, ticket_id, other)
    if rest.strip():
        raise Unreadable("refusal.no_link", words=words[:40], number=ticket_id)
    return await _link_ticket(tx, ticket_id, other)


async def _link_ticket(tx: Tx, ticket_id: int, other: int) -> Ticket:
    ticket = await access(tx, ticket_id, "link")
    await access(tx, other, "link")
    if other == ticket_id:
        raise Refusal("refusal.link_itself", number=ticket_id)
    if await _between(tx, ticket_id, other) is not None:
        raise NothingToDo("refusal.link_already", number=ticket_id, other=other)
    await _demand_capacity(tx, ticket_id)
    row = await link_tickets(tx, ticket_id, TICKET, other)
    for one, far in ((ticket_id, other), (other, ticket_id)):
        tx.emit(TicketLinked(ticket_id=one, link_id=row.id, other=far))
    return ticket


async def _between(tx: Tx, one: int, other: int) -> Link | None:
    """Return the link between two tickets; of several, none that a merge has made."""
    query = select(Link).where(
        or_(
            (Link.ticket_id == one) & (Link.other_id == other),
            (Link.ticket_id == other) & (Link.other_id == one),
        )
    )
    links = await tx.all(query.order_by(Link.id))
    return min(links, key=lambda link: link.kind == MERGE, default=None)


async def link_object(
    tx: Tx, ticket_id: int, url: str, title: str | None, state: str | None
) -> Ticket:
    """Link an object elsewhere, or note its new title and state.

    Raises :class:`Unreadable` for what is no web address, :class:`NothingToDo`.
    """
    ticket = await access(tx, ticket_id, "link")
    _demand_web_address(url, url, ticket_id)
    query = select(Link).where(Link.ticket_id == ticket_id, Link.url == url)
    row = await tx.first(query.limit(1))
    if row is None:
        await _demand_capacity(tx, ticket_id)
        row = Link(ticket_id=ticket_id, kind=URL, url=url, title=title, state=state, at=tx.now)
        await tx.insert(row)
        old = None
    else:
        old, same = row.state, (title or row.title, state) == (row.title, row.state)
        if same:
            raise NothingToDo("refusal.object_already", number=ticket_id)
        row.title, row.state = title or row.title, state
    tx.emit(
        ObjectLinked(
            ticket_id=ticket_id,
            link_id=row.id,
            url=url,
            title=row.title,
            state=row.state,
            old_state=old,
        )
    )
    return ticket


def _read_object(words: str, ticket_id: int) -> tuple[str, str | None, str | None]:
    """Return address, title and state. Only web addresses, so that it is clear where one leads."""
    first, _, rest = words.strip().partition(" ")
    _demand_web_address(first, words, ticket_id)
    found = _STATE.search(rest)
    state = clean_name(found[1], _LONGEST_STATE) if found else None
    title = rest[: found.start()] if found else rest
    return first, clean_name(title, _LONGEST_TITLE) if title.strip() else None, state


def _demand_web_address(url: str, words: str, ticket_id: int) -> None:
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        well = False
    if not well or len(url) > _LONGEST_URL or not url.isprintable():
        raise Unreadable("refusal.no_link", words=words[:40], number=ticket_id)


async def _demand_capacity(tx: Tx, ticket_id: int) -> None:
    query = select(Link.id).where(or_(Link.ticket_id == ticket_id, Link.other_id == ticket_id))
    if len(await tx.all(query.limit(MOST))) >= MOST:
        raise Refusal("refusal.too_many_links", number=ticket_id, limit=MOST)


async def unlink(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Remove the link to ``#15`` (a parent too), or to an address.

    Raises :class:`NothingToDo` when there is none, :class:`Refusal` for two that were merged: that
    is taken back as a whole, or not at all.
    """
    numbered = find_number(words, *tx.company.number_masks)
    ticket = await access(tx, ticket_id, "link")
    if numbered is None:
        query = select(Link).where(Link.ticket_id == ticket_id, Link.url == words.strip())
        row = await tx.first(query.limit(1))
    else:
        row = await _between(tx, ticket_id, numbered[0])
        if row is None:
            return await leave_parent(tx, ticket_id, numbered[0])
        if row.kind == MERGE:
            raise Refusal("refusal.unlink_merged", number=row.ticket_id, other=row.other_id)
    if row is None:
        raise NothingToDo("refusal.no_such_link", number=ticket_id)
    ends = [(row.ticket_id, row.url or f"#{row.other_id}")]
    if row.other_id is not None:
        ends.append((row.other_id, f"#{row.ticket_id}"))
    link_id = row.id
    await tx.delete(row)
    for one, what in ends:
        tx.emit(Unlinked(ticket_id=one, link_id=link_id, what=what))
    return ticket


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Queue a refresh of the cards that show one of these tickets."""
    moved = {
        event.ticket_id
        for event in events
        if isinstance(event, StateEntered)
        and event.ticket_id is not None
        and event.category != event.old_category
    }
    if moved and await is_anything_linked(tx):
        others = await _linked_with(tx, moved) - moved  # their own cards are refreshed anyway
        await refresh_cards(tx, sorted(others), Priority.CARD_REFRESH, wait=CARD_WAIT)


async def _linked_with(tx: ReadTx, numbers: Collection[int]) -> set[int]:
    query = select(Link.ticket_id, Link.other_id).where(
        Link.other_id.is_not(None),
        or_(Link.ticket_id.in_(numbers), Link.other_id.in_(numbers)),
    )
    return {end for ends in await tx.rows(query) for end in ends}


SUBSCRIBER: Final = Subscriber(
    "cards of linked tickets", (StateEntered,), record, unless_empty=Linked
)


ORIGIN: Final = "split"


@dataclass(frozen=True, slots=True)
class Fragment:
    """What the command replies to: its address, and the quote, or else all of it.

    ``command`` is the operator's own message, at which the new ticket's words are stored.
    """

    ref: MessageRef
    quote: str | None
    command: MessageRef
    title: str = ""


async def split(tx: Tx, fragment: Fragment) -> tuple[Ticket, Ticket]:
    """Open a ticket for the same customer, topic and kind, with the fragment as its words, and link
    both.

    Its title is the fragment's beginning, or ``title``. The customer is told. Raises
    :class:`Unreadable` where the message belongs to no ticket, or has no text.
    """
    found = await find_location(tx, fragment.ref)
    if found is None or found.ticket_id is None:
        raise Unreadable("refusal.split_what")
    old = await access(tx, found.ticket_id, "split")
    words = await _words(tx, found.message_id, found.note_id, old)
    text = (fragment.quote or words).strip()
    if is_blank(text):
        raise Unreadable("refusal.split_nothing", number=old.id)
    customer = await tx.get(Person, old.customer_id)
    said = IncomingMessage(fragment.command, "text", text, {"kind": "text", "text": text})
    new = await open_ticket(
        tx,
        customer,
        [said],
        topic=old.topic,
        origin=ORIGIN,
        title=clean_name(fragment.title or text, TITLE_LENGTH),
    )
    await inherit_kind(tx, old, new)
    await link_tickets(tx, new.id, SPLIT, old.id)
    tx.emit(TicketSplit(ticket_id=new.id, source=old.id, message_id=found.message_id))
    tx.emit(SplitOff(ticket_id=old.id, other=new.id))
    return new, old


async def _words(tx: Tx, message_id: int | None, note_id: int | None, ticket: Ticket) -> str:
    """Return the whole text of the message; of a card, the words that the ticket began with."""
    if message_id is not None:
        return (await tx.get(Message, message_id)).text
    if note_id is not None:
        return (await tx.get(Note, note_id)).text
    return ticket.opening
