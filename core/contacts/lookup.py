"""Finds people by phone, address, @handle, ticket or name, and what is known of them (A7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, or_, select

from core.models import Account, AccountMember, ContactPoint, Contract, Person, PersonMerge, Ticket
from core.people.contact_points import Point, handles_of, holders_of, points_of, read_point
from core.people.restrictions import Restricted, list_restricted
from core.tickets.catalog import workflow_of
from core.tickets.list_lines import Line, lines_of
from core.tickets.search import search
from core.tx import ReadTx
from core.words.numbers import find_number
from core.words.stems import asked, stems_of

MOST: Final = 6
"""So many people are offered; whoever looks for more says more."""

_TICKETS_SHOWN: Final = 8
_PAGES: Final = 5
_PAGE: Final = 100


@dataclass(frozen=True, slots=True)
class Known:
    """A person in a list: the name, and what tells them from others of that name.

    ``writes``: they have written to us, so that an answer reaches them.
    """

    id: int
    name: str
    handle: str | None
    writes: bool
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What operators see of a person. ``twins`` share a phone or an address with them.

    ``open`` are tickets that have not ended, newest first; ``total`` counts all.
    """

    known: Known
    language: str
    zone: str | None
    account: str | None
    contracts: tuple[str, ...]
    lost: bool
    open: tuple[Line, ...]
    total: int
    twins: tuple[Known, ...]
    restricted: Restricted | None = None


async def find_people(tx: ReadTx, words: str) -> tuple[Known, ...]:
    """Return whom the words may mean, best match first, at most `MOST`.

    A phone or an address means its owners; ``@handle`` and a ticket's number mean one person;
    anything else is a name, or words of it.
    """
    point = read_point(words)
    if point is not None:
        found = await holders_of(tx, point)
    elif words.strip().startswith("@"):
        found = await _by_handle(tx, words.strip().removeprefix("@"))
    elif (number := find_number(words, *tx.company.number_masks)) and not number[1].strip():
        found = await _of_ticket(tx, number[0])
    else:
        found = await _by_name(tx, words)
    known = tuple([await _known(tx, person) for person in found[:MOST]])
    if len(known) > 1:  # of one, all is shown
        _note_shown(tx, known)
    return known


def _note_shown(tx: ReadTx, listed: Iterable[Known]) -> None:
    for one in listed:
        tx.shows(one.id, "found")


async def _by_handle(tx: ReadTx, handle: str) -> Sequence[Person]:
    query = (
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .where(ContactPoint.handle == handle.lower())
    )
    return await tx.all(query.order_by(Person.id).limit(MOST))


async def _of_ticket(tx: ReadTx, ticket_id: int) -> Sequence[Person]:
    query = (
        select(Person).join(Ticket, Ticket.customer_id == Person.id).where(Ticket.id == ticket_id)
    )
    return await tx.all(query)


async def _by_name(tx: ReadTx, words: str) -> Sequence[Person]:
    """Search the index of tickets, which has their customers' names; people without a ticket in it
    are searched by the name itself.
    """
    stems = asked(words)
    if not stems:
        return ()
    found: dict[int, Person] = {}
    start: int | None = None
    for _ in range(_PAGES):
        page = await search(tx, words, start=start, limit=_PAGE)
        for person in await _customers(tx, page.numbers):
            if _is_called(person.name, stems):
                found[person.id] = person
        start = page.more
        if start is None or len(found) >= MOST:
            break
    return list(found.values()) or await _by_spelling(tx, words)


def _is_called(name: str, stems: Sequence[str]) -> bool:
    named = stems_of(name)
    return all(any(stem.startswith(one) for stem in named) for one in stems)


async def _customers(tx: ReadTx, numbers: Sequence[int]) -> Sequence[Person]:
    query = (
        select(Person)
        .join(Ticket, Ticket.customer_id == Person.id)
        .where(Ticket.id.in_(numbers))
        .order_by(Ticket.id.desc())
    )
    return await tx.all(query)


async def _by_spelling(tx: ReadTx, words: str) -> Sequence[Person]:
    """Try a few spellings, because SQLite folds the case of Latin letters only."""
    typed = words.strip()
    spellings = {typed, typed.lower(), typed.title()}
    gone = select(PersonMerge.person_id)
    query = (
        select(Person)
        .where(
            or_(*(Person.name.contains(one, autoescape=True) for one in sorted(spellings))),
            Person.id.not_in(gone),
        )
        .order_by(Person.id.desc())
        .limit(MOST)
    )
    return await tx.all(query)


async def _known(tx: ReadTx, person: Person) -> Known:
    return Known(
        person.id,
        person.name,
        (await handles_of(tx, [person.id])).get(person.id),
        person.address is not None,
        await points_of(tx, person.id),
    )


async def person_facts(tx: ReadTx, person_id: int) -> PersonFacts | None:
    """Return the person's facts, following redirects; ``None`` if there is nobody."""
    post = await tx.find(PersonMerge, person_id)
    person = await tx.find(Person, person_id if post is None else post.into_id)
    if person is None:
        return None
    tx.shows(person.id, "person")
    account, contracts = await _account(tx, person.id)
    numbers, total = await _tickets(tx, person.id)
    return PersonFacts(
        known=await _known(tx, person),
        language=person.language,
        zone=person.zone,
        account=account,
        contracts=contracts,
        lost=person.unreachable_since is not None,
        open=await lines_of(tx, numbers),
        total=total,
        twins=await _twins(tx, person.id),
        restricted=next(iter(await list_restricted(tx, person.id)), None),
    )


async def _account(tx: ReadTx, person_id: int) -> tuple[str | None, tuple[str, ...]]:
    query = (
        select(Account.name, Contract.number)
        .join(AccountMember, AccountMember.account_id == Account.id)
        .outerjoin(Contract, Contract.account_id == Account.id)
        .where(AccountMember.person_id == person_id)
        .order_by(Contract.number)
    )
    rows = await tx.rows(query)
    name = rows[0][0] if rows else None
    return name, tuple(row[1] for row in rows if row[1])


async def _tickets(tx: ReadTx, person_id: int) -> tuple[list[int], int]:
    theirs = Ticket.customer_id == person_id
    codes = (await workflow_of(tx)).open_codes()
    query = select(Ticket.id).where(theirs, Ticket.state.in_(codes)).order_by(Ticket.id.desc())
    numbers = await tx.all(query.limit(_TICKETS_SHOWN))
    total = await tx.first(select(func.count()).select_from(Ticket).where(theirs))
    return numbers, int(total or 0)


async def _twins(tx: ReadTx, person_id: int) -> tuple[Known, ...]:
    own = select(ContactPoint.kind, ContactPoint.value).where(ContactPoint.person_id == person_id)
    shared = own.subquery()
    query = (
        select(Person)
        .join(ContactPoint, ContactPoint.person_id == Person.id)
        .join(
            shared,
            (shared.c.kind == ContactPoint.kind) & (shared.c.value == ContactPoint.value),
        )
        .where(Person.id != person_id)
        .order_by(Person.id)
        .limit(MOST)
    )
    twins = tuple([await _known(tx, person) for person in await tx.all(query)])
    _note_shown(tx, twins)
    return twins
