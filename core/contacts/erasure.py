"""Erases what is known of a customer; statistics and the outline of the journal stay (S31).

Gone are their name, addresses and phones (an address on the blacklist of mail stays there as a
keyed digest), all words of their tickets (answers and notes, too: they
speak of the customer), files, what the search knows, raw updates and mails, and what was sent. What
stays says that a ticket of some topic was opened, answered and solved at certain times.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import String, bindparam, cast, delete, or_, select, text, update

from core.addresses import Address
from core.contacts.erased_senders import hide_senders
from core.contacts.erasure_remains import note_remains, note_traces
from core.contacts.personal_cells import erase_cells
from core.contacts.reads import forget_readers
from core.delivery.outbox_retention import erase_deliveries
from core.errors import Refusal, Unreadable
from core.events import PersonErased
from core.held_updates import forget_held
from core.inbox import NOTHING_SAID, find_files_from
from core.models import (
    AccountMember,
    ApiCall,
    CameraOwner,
    Consent,
    ContactPoint,
    Erasure,
    InboxRow,
    JournalEntry,
    Link,
    Message,
    Note,
    Outage,
    Person,
    PersonMerge,
    PrivateTopic,
    Resolution,
    Restriction,
    SearchSubject,
    SearchWord,
    SentMessage,
    Suggestion,
    Task,
    Ticket,
    TicketField,
)
from core.people.identity import find_by_address
from core.tickets.search_index import hold_index
from core.tx import ReadTx, Tx

NOBODY: Final = "—"
"""What an erased person is called."""
_EMPTY: Final[dict[str, Any]] = {"kind": "text", "text": ""}
_PAGE: Final = 500
# Words of the journal that are codes of ours; every other one is erased.
_CODES: Final = frozenset(
    {
        *("topic", "origin", "verb", "category", "old_category", "clock", "team", "old_team"),
        *("kind", "outcome", "agreement", "calendar", "service", "old_service", "priority"),
        *("old_priority", "part_of", "said_with", "code", "role", "content_kind", "consent"),
        *("version", "closing"),
    }
)
_CODES_OF: Final[Mapping[str, frozenset[str]]] = {
    "ticket_opened": frozenset({"state"}),
    "state_entered": frozenset({"old", "new"}),
    "topic_changed": frozenset({"old", "new"}),
    "ending_described": frozenset({"reason"}),
    "rule_told": frozenset({"to"}),
    "rule_ran": frozenset({"rule", "title", "done"}),
    "field_set": frozenset({"field"}),
    "field_asked": frozenset({"field", "field_kind"}),
}


_ENTRY: Final[Any] = JournalEntry.__table__
_SCRUB: Final = (
    update(_ENTRY)
    .where(_ENTRY.c.id == bindparam("entry"))
    .values(facts=bindparam("scrubbed", type_=_ENTRY.c.facts.type))
)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased. ``files``: names in the store that nothing may refer to any more."""

    person_id: int
    tickets: int
    messages: int
    files: tuple[str, ...]


async def erase(tx: Tx, person_id: int) -> Erased:
    """Erase a customer. Raises :class:`Unreadable` where there is none, :class:`Refusal` for
    somebody of the staff, and while a ticket of theirs goes on.
    """
    person = await tx.find(Person, person_id, hold=True)
    if person is None:
        raise Unreadable("refusal.no_such_person", number=person_id)
    if person.operator_since or person.admin_since or person.address in tx.company.admins:
        raise Refusal("refusal.erase_staff", name=person.name)
    people = await _with_merged(tx, person_id)
    going_on = await tx.all(
        select(Ticket.id).where(Ticket.customer_id.in_(people), Ticket.closed_at.is_(None))
    )
    if going_on:
        numbers = ", ".join(f"#{number}" for number in sorted(going_on))
        raise Refusal("refusal.erase_open", numbers=numbers)
    return await erase_again(tx, person_id)


async def erase_again(tx: Tx, person_id: int) -> Erased:
    """Erase whoever is behind this number without asking: after a restore, say."""
    await hold_index(tx)
    people = await _with_merged(tx, person_id)
    tickets = await tx.all(select(Ticket.id).where(Ticket.customer_id.in_(people)))
    points, proved = await _points_of(tx, people)
    files = await _files_of(tx, people, tickets)
    messages = await _erase_words(tx, people, tickets)
    files |= {*(await forget_held(tx, proved)).files, *await find_files_from(tx, points)}
    await _erase_traces(tx, people, tickets, points, proved)
    await _erase_journal(tx, people, tickets)
    await erase_cells(tx, people)
    await tx.write()
    await hide_senders(tx, points)
    await _erase_people(tx, people, points)
    tx.emit(PersonErased(ticket_id=None, person_id=person_id, tickets=len(tickets)))
    if await tx.find(Erasure, person_id) is None:
        await tx.insert(Erasure(person_id=person_id, at=tx.now))
    tx.forget_rows()
    tx.invalidate_all()
    return Erased(person_id, len(tickets), messages, tuple(sorted(files)))


async def erase_own(tx: Tx, address: Address) -> Erased:
    """Erase whoever writes from this address, because they wish it. Raises what :func:`erase`
    does, and :class:`Refusal` for somebody of whom nothing is known.
    """
    person = await find_by_address(tx, address)
    if person is None:
        raise Refusal("mydata.nothing")
    erased = await erase(tx, person.id)
    await note_remains(tx, erased.files)
    return erased


async def erase_tickets(tx: Tx, tickets: Sequence[int]) -> None:
    """Erase the words of these tickets, whoever wrote them; the people stay known."""
    await hold_index(tx)
    files = await _files_of(tx, (), tickets)
    await _erase_words(tx, (), tickets)
    await _erase_traces(tx, (), tickets, (), ())
    await _erase_journal(tx, (), tickets)
    tx.forget_rows()
    tx.invalidate_all()
    await note_remains(tx, files)


async def list_erased(tx: ReadTx) -> list[int]:
    """Return the numbers of all who were erased."""
    return await tx.all(select(Erasure.person_id).order_by(Erasure.at))


async def _with_merged(tx: ReadTx, person_id: int) -> list[int]:
    merged = select(PersonMerge.person_id).where(PersonMerge.into_id == person_id)
    return [person_id, *await tx.all(merged)]


def _theirs(people: Sequence[int], tickets: Sequence[int]) -> Any:
    return or_(Message.ticket_id.in_(tickets), Message.author_id.in_(people))


async def _points_of(tx: ReadTx, people: Sequence[int]) -> tuple[set[str], set[str]]:
    """Where these people are reached, without what others have proved to be theirs; and of that
    what they have proved themselves: what was only noted of them may be a stranger's.
    """
    theirs = ContactPoint.person_id.in_(people)
    is_proved = ContactPoint.verified_at.is_not(None)
    points = set(await tx.all(select(ContactPoint.value).where(theirs)))
    others = select(ContactPoint.value).where(ContactPoint.value.in_(points), ~theirs, is_proved)
    alone = points - set(await tx.all(others))
    return alone, alone & set(await tx.all(select(ContactPoint.value).where(theirs, is_proved)))


async def _files_of(tx: ReadTx, people: Sequence[int], tickets: Sequence[int]) -> set[str]:
    contents = [
        *await tx.all(select(Message.content).where(_theirs(people, tickets))),
        *await tx.all(select(Note.content).where(Note.ticket_id.in_(tickets))),
    ]
    named = (content.get("file") for content in contents)
    return {str(file["name"]) for file in named if isinstance(file, dict) and file.get("name")}


async def _erase_words(tx: Tx, people: Sequence[int], tickets: Sequence[int]) -> int:
    messages = await tx.change(
        update(Message)
        .where(_theirs(people, tickets))
        .values(
            text="",
            content=_EMPTY,
            album=None,
            source_chat="",
            source_message=cast(Message.id, String),
        )
    )
    for statement in (
        update(Note).where(Note.ticket_id.in_(tickets)).values(text="", content=_EMPTY),
        update(Ticket).where(Ticket.id.in_(tickets)).values(title="", opening="", reason=None),
        update(Task).where(Task.ticket_id.in_(tickets)).values(title="", result=None),
        update(Resolution)
        .where(Resolution.ticket_id.in_(tickets))
        .values(solution=None, comment=None),
        delete(TicketField).where(TicketField.ticket_id.in_(tickets)),
        update(Outage).where(Outage.ticket_id.in_(tickets)).values(words=""),
        delete(Link).where(Link.ticket_id.in_(tickets), Link.url.is_not(None)),
        delete(SearchWord).where(SearchWord.ticket_id.in_(tickets)),
        delete(Suggestion).where(Suggestion.ticket_id.in_(tickets)),
    ):
        await tx.change(statement)
    return messages


async def _erase_traces(
    tx: Tx,
    people: Sequence[int],
    tickets: Sequence[int],
    points: Collection[str],
    proved: Collection[str],
) -> None:
    """What came in and went out as it was. Rows of others may name them, too (a digest, an
    operator's reply that quotes them): those are forgotten in slices, see `erasure_remains`.
    """
    in_their_chat = InboxRow.ordering_key.in_(points)
    theirs = or_(in_their_chat, *(InboxRow.raw.contains(p) for p in points))
    forgotten = {"raw": NOTHING_SAID, "error": None}
    await tx.change(
        update(InboxRow)
        .where(InboxRow.state == "quarantined", theirs)
        .values(state="done", **forgotten)
    )
    await tx.change(
        update(InboxRow)
        .where(InboxRow.state == "done", in_their_chat)
        .values(ordering_key="", **forgotten)
    )
    await erase_deliveries(tx, tickets, people, points, proved)
    for stands in (SentMessage, PrivateTopic):
        await tx.change(delete(stands).where(stands.chat.in_(points)))
    await _erase_answers(tx, tickets)
    await note_traces(tx)


async def _erase_answers(tx: Tx, tickets: Sequence[int]) -> None:
    """What other systems were answered about these tickets goes silent. That they were answered
    stays: a call that comes again must not have its effects twice.
    """
    number = ApiCall.answer["number"].as_integer()
    for call in await tx.all(select(ApiCall).where(number.in_(tickets))):
        call.answer = _silent(call.answer)


async def _erase_people(tx: Tx, people: Sequence[int], points: Collection[str]) -> None:
    await forget_readers(tx, people)
    for statement in (
        delete(ContactPoint).where(ContactPoint.person_id.in_(people)),
        delete(Consent).where(Consent.person_id.in_(people)),
        delete(Restriction).where(Restriction.person_id.in_(people)),
        delete(AccountMember).where(AccountMember.person_id.in_(people)),
        delete(CameraOwner).where(CameraOwner.value.in_(points)),
        delete(SearchSubject).where(
            SearchSubject.kind == "person", SearchSubject.subject_id.in_(people)
        ),
        update(Person)
        .where(Person.id.in_(people))
        .values(name=NOBODY, address=None, dialogue=None, zone=None, unreachable_since=None)
        .values(restricted_until=None),
    ):
        await tx.change(statement)


async def _erase_journal(tx: Tx, people: Sequence[int], tickets: Sequence[int]) -> None:
    """The one change of entries that there is; their protection is lifted meanwhile (v0009)."""
    about = or_(
        JournalEntry.ticket_id.in_(tickets),
        JournalEntry.ticket_id.is_(None),
        JournalEntry.actor_id.in_(people),
    )
    lifted, protected = await _protection(tx)
    for statement in lifted:
        await tx.change(text(statement))
    after = 0
    while rows := await tx.rows(
        select(_ENTRY).where(about, _ENTRY.c.id > after).order_by(_ENTRY.c.id).limit(_PAGE)
    ):
        after = rows[-1].id
        scrubbed = [
            {"entry": row.id, "scrubbed": _scrubbed(row.event, row.facts)}
            for row in rows
            if row.ticket_id is not None or row.actor_id in people or _names(row.facts, people)
        ]
        if scrubbed:
            await tx.change(_SCRUB, scrubbed)
    for statement in protected:
        await tx.change(text(statement))


async def _protection(tx: Tx) -> tuple[list[str], list[str]]:
    """What lifts the protection of the journal, and what puts it back."""
    if not tx.is_sqlite:
        verbs = ("DISABLE", "ENABLE")
        lifted, protected = (f"ALTER TABLE journal {verb} TRIGGER USER" for verb in verbs)
        return [lifted], [protected]
    query = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'journal'"
    listed: Any = text(query).columns(name=String, sql=String)
    triggers = await tx.rows(listed)
    return [f"DROP TRIGGER {name}" for name, _ in triggers], [sql for _, sql in triggers]


def _names(facts: Mapping[str, Any], people: Sequence[int]) -> bool:
    return facts.get("person_id") in people or facts.get("merged_id") in people


def _scrubbed(event: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    codes = _CODES | _CODES_OF.get(event, frozenset())
    return {name: fact if name in codes else _silent(fact) for name, fact in facts.items()}


def _silent(fact: Any) -> Any:
    """The same without words: numbers, instants and spans stay."""
    match fact:
        case str():
            return ""
        case list():
            return [_silent(item) for item in fact]
        case {"$time": _} | {"$span": _}:
            return fact
        case dict():
            return {name: _silent(item) for name, item in fact.items()}
    return fact
