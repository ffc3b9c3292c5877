"""What tickets are found by of their customer and their camera, kept true in the index (D5).

Each of their words stands in the index with every ticket, so that a search meets a phone, a company
or a street as it meets any word, newest ticket first (ADR 40). `SearchSubject` remembers which
words these are. Whatever changes them, and whether or not the journal tells of it: they are
compared with what they should be, and the index catches up word by word.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import and_, delete, exists, literal, or_, select, union_all

from core.db import insert_or
from core.models import (
    Account,
    AccountMember,
    Camera,
    ContactPoint,
    Contract,
    Person,
    SearchSubject,
    SearchWord,
    Ticket,
    TicketCamera,
)
from core.tx import ReadTx, Tx
from core.words.contact_values import DETAILS, EMAIL, PHONE
from core.words.questions import words_of_account, words_of_camera, words_of_person

PERSON: Final = "person"
CAMERA: Final = "camera"
KINDS: Final = (PERSON, CAMERA)

WALKED: Final = 500
"""So many subjects are compared in one step of a walk through all of them."""

# So many rows of the index change in one transaction, or those of one word: others wait meanwhile.
_MOST_CHANGED: Final = 5000
_SETTLED: Final = 100

Words = Mapping[int, set[str]]


# What their words should be


async def words_of(tx: ReadTx, kind: str, subjects: Collection[int]) -> Words:
    """Return the words of these people or cameras as they are known now."""
    if not subjects:
        return {}
    return await (_words_of_people if kind == PERSON else _words_of_cameras)(tx, subjects)


async def _words_of_people(tx: ReadTx, people: Collection[int]) -> Words:
    query = select(Person.id, Person.name, AccountMember.account_id)
    query = query.outerjoin(AccountMember, AccountMember.person_id == Person.id)
    rows = await tx.rows(query.where(Person.id.in_(people)))
    points, accounts = await _points(tx, people), await _accounts(tx, {row[2] for row in rows})
    return {
        person: words_of_person(
            name, points[person, PHONE], points[person, EMAIL], points[person, ""]
        )
        | accounts.get(account or 0, set())
        for person, name, account in rows
    }


async def _points(tx: ReadTx, people: Collection[int]) -> Mapping[tuple[int, str], list[str]]:
    """Return phones and addresses by person and kind; public names under no kind."""
    point = ContactPoint
    query = select(point.person_id, point.kind, point.value, point.handle).where(
        point.person_id.in_(people), or_(point.kind.in_(DETAILS), point.handle.is_not(None))
    )
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    for person, kind, value, handle in await tx.rows(query):
        if kind in DETAILS:
            found[person, kind].append(value)
        if handle:
            found[person, ""].append(handle)
    return found


async def _accounts(tx: ReadTx, accounts: Collection[int | None]) -> Words:
    wanted = accounts - {None} if isinstance(accounts, set) else accounts
    if not wanted:
        return {}
    named = select(Account.id, Account.name).where(Account.id.in_(wanted))
    numbers = select(Contract.account_id, Contract.number).where(Contract.account_id.in_(wanted))
    words: dict[int, set[str]] = defaultdict(set)
    for account, name in await tx.rows(union_all(named, numbers)):
        words[account] |= words_of_account([name])
    return words


async def _words_of_cameras(tx: ReadTx, cameras: Collection[int]) -> Words:
    query = select(Camera.id, Camera.number, Camera.name, Camera.address)
    rows = await tx.rows(query.where(Camera.id.in_(cameras)))
    return {camera: words_of_camera(*known) for camera, *known in rows}


# Who has fallen behind


async def note_changes(tx: Tx, kind: str, subjects: Collection[int]) -> None:
    """Note of which people or cameras the index does not know the words as they are now."""
    if not subjects:
        return
    present = await words_of(tx, kind, subjects)
    query = select(SearchSubject.subject_id, SearchSubject.words).where(
        SearchSubject.kind == kind, SearchSubject.subject_id.in_(subjects)
    )
    known = {number: set(words.split()) for number, words in await tx.rows(query)}
    behind = [one for one, words in present.items() if known.get(one, set()) != words]
    if behind:
        fresh = {"kind": kind, "words": "", "mixed": False, "behind_since": tx.now}
        insert = insert_or(tx.session, SearchSubject).on_conflict_do_update(
            index_elements=["kind", "subject_id"], set_={"behind_since": tx.now}
        )
        await tx.change(insert, [fresh | {"subject_id": one} for one in sorted(behind)])


async def take_over(tx: Tx, stays: int, goes: int) -> None:
    """All tickets of ``goes`` are ``stays``'s now: either may have words that the other lacks."""
    one = await tx.find(SearchSubject, (PERSON, stays), hold=True)
    other = await tx.find(SearchSubject, (PERSON, goes), hold=True)
    words = {word for row in (one, other) if row is not None for word in row.words.split()}
    if other is not None:
        await tx.delete(other)
    if one is None:
        one = SearchSubject(kind=PERSON, subject_id=stays)
        await tx.insert(one)
    one.words, one.mixed, one.behind_since = _written(words), True, tx.now
    await tx.write()


async def words_tied(tx: ReadTx, tickets: Collection[int]) -> dict[int, set[str]]:
    """Return the words by which these tickets must be found as all others of their customer and
    camera are; what these have not got yet, all get together.
    """
    subject = SearchSubject
    whose = and_(subject.kind == PERSON, subject.subject_id == Ticket.customer_id)
    about = and_(subject.kind == CAMERA, subject.subject_id == TicketCamera.camera_id)
    queries = (
        select(Ticket.id, subject.words).join(subject, whose).where(Ticket.id.in_(tickets)),
        select(TicketCamera.ticket_id, subject.words)
        .join(subject, about)
        .where(TicketCamera.ticket_id.in_(tickets)),
    )
    tied: dict[int, set[str]] = defaultdict(set)
    for query in queries:
        for ticket, words in await tx.rows(query):
            tied[ticket] |= set(words.split())
    return tied


async def subjects_of(tx: ReadTx, tickets: Collection[int]) -> dict[str, list[int]]:
    """Return the customers and the cameras of these tickets, by kind."""
    customers = select(Ticket.customer_id).where(Ticket.id.in_(tickets)).distinct()
    cameras = select(TicketCamera.camera_id).where(TicketCamera.ticket_id.in_(tickets)).distinct()
    return {PERSON: await tx.all(customers), CAMERA: await tx.all(cameras)}


async def members_of(tx: ReadTx, accounts: Collection[int]) -> list[int]:
    """Return who belongs to these accounts."""
    if not accounts:
        return []
    return await tx.all(
        select(AccountMember.person_id).where(AccountMember.account_id.in_(accounts))
    )


async def walk(tx: Tx, kind: str, after: int) -> int | None:
    """Compare the next people or cameras that tickets have, whatever the journal tells of them.
    Returns where to go on; ``None``: these were the last.
    """
    number, used = (
        (Person.id, exists().where(Ticket.customer_id == Person.id))
        if kind == PERSON
        else (Camera.id, exists().where(TicketCamera.camera_id == Camera.id))
    )
    query = select(number).where(number > after, used).order_by(number).limit(WALKED)
    subjects = await tx.all(query)
    await note_changes(tx, kind, subjects)
    return subjects[-1] if len(subjects) == WALKED else None


# Catching up


async def settle(tx: Tx) -> bool:
    """Bring tickets of those who are behind up to date, so many that others do not wait long.
    Returns whether there is more to do.
    """
    query = select(SearchSubject).where(SearchSubject.behind_since.is_not(None))
    rows = await tx.all(query.order_by(SearchSubject.behind_since).limit(_SETTLED))
    words: dict[str, Words] = {}
    for kind in KINDS:
        words[kind] = await words_of(tx, kind, [row.subject_id for row in rows if row.kind == kind])
    left = _MOST_CHANGED
    for row in rows:
        left = await _settle(tx, row, words[row.kind].get(row.subject_id, set()), left)
        if left <= 0:
            return True
    return len(rows) == _SETTLED


async def _settle(tx: Tx, row: SearchSubject, should: set[str], left: int) -> int:
    """Change words until ``left`` rows were; returns how many are left."""
    known = set(row.words.split())
    lacking = should if row.mixed else should - known
    for word, gone in [*((one, True) for one in sorted(known - should)), *_added(lacking)]:
        if left <= 0:
            break
        left -= max(1, await (_take_out if gone else _put_in)(tx, row, word))
        known = known - {word} if gone else known | {word}
    else:
        row.mixed, row.behind_since = False, None
    row.words = _written(known)
    return left


def _added(words: Iterable[str]) -> Sequence[tuple[str, bool]]:
    return [(word, False) for word in sorted(words)]


def _written(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


async def _put_in(tx: Tx, row: SearchSubject, word: str) -> int:
    found = _tickets_of(row).add_columns(literal(word))
    insert = insert_or(tx.session, SearchWord).from_select(["ticket_id", "word"], found)
    return await tx.change(insert.on_conflict_do_nothing())


async def _take_out(tx: Tx, row: SearchSubject, word: str) -> int:
    """Take the word from their tickets, but not where it is their camera's, or customer's, too."""
    number = SearchWord.ticket_id
    theirs = (number.in_(_tickets_of(row)), number.not_in(_with_word(row, word)))
    return await tx.change(delete(SearchWord).where(SearchWord.word == word, *theirs))


def _tickets_of(row: SearchSubject) -> Any:
    if row.kind == PERSON:
        return select(Ticket.id).where(Ticket.customer_id == row.subject_id)
    return select(TicketCamera.ticket_id).where(TicketCamera.camera_id == row.subject_id)


def _with_word(row: SearchSubject, word: str) -> Any:
    """Select those of their tickets whose other subject has the word."""
    other, subject = CAMERA if row.kind == PERSON else PERSON, SearchSubject
    its = TicketCamera.camera_id if other == CAMERA else Ticket.customer_id
    mine = Ticket.customer_id if other == CAMERA else TicketCamera.camera_id
    padded = literal(" ") + subject.words + literal(" ")
    return (
        select(Ticket.id)
        .join(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .join(subject, and_(subject.kind == other, subject.subject_id == its))
        .where(mine == row.subject_id, padded.contains(f" {word} ", autoescape=True))
    )
