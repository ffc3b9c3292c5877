"""Reads what a question to the assistant is about, and whose data are to be masked in it (X17).

For words that a customer may read, nothing is read that customers may not: no internal note, no
internal article. A summary is for colleagues, and has the notes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import or_, select

from core.address_holders import is_at
from core.errors import Refusal
from core.knowledge.catalogue import PUBLIC, Article
from core.knowledge.using import find_for
from core.links.similar import similar_to
from core.models import (
    Account,
    AccountMember,
    Camera,
    CameraOwner,
    ContactPoint,
    Contract,
    Message,
    Note,
    Person,
    Resolution,
    Ticket,
    TicketCamera,
)
from core.people.operator_ids import operator_ids_of
from core.tx import ReadTx
from core.words.contact_values import EMAIL, PHONE
from core.words.masking import ADDRESS, CONTACT, NUMBER, PERSON

DRAFT: Final = "draft"
SUMMARY: Final = "summary"
TRANSLATION: Final = "translation"
ANSWER: Final = "answer"
KINDS: Final = (DRAFT, SUMMARY, TRANSLATION, ANSWER)
FOR_CUSTOMER: Final = frozenset({DRAFT, ANSWER})
"""What is suggested as an answer to the customer; the others are for colleagues."""

CUSTOMER: Final = "customer"
STAFF: Final = "support"
NOTE: Final = "note"
# So many messages of a ticket are read, the newest.
_MESSAGES: Final = {DRAFT: 30, SUMMARY: 200, TRANSLATION: 200, ANSWER: 5}
_TRANSLATED: Final = 5
_ARTICLES: Final = 3
_SOLVED: Final = 3
_ANSWERS: Final = 2


@dataclass(frozen=True, slots=True)
class Utterance:
    """Words, and who says them: `customer`, `support` or `note`."""

    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Material:
    """What a question is made of. ``words``: what is to be translated; ``customer``:
    the name to be answered. ``solved``: similar tickets
    of others, by their number. ``known``: what is to be masked wherever it stands.
    """

    said: tuple[Utterance, ...]
    words: str = ""
    customer: str = ""
    articles: tuple[Article, ...] = ()
    solved: tuple[tuple[int, tuple[Utterance, ...]], ...] = ()
    known: frozenset[tuple[str, str]] = field(default_factory=frozenset)


async def read_material(tx: ReadTx, ticket: Ticket, kind: str, words: str = "") -> Material:
    """Return what the assistant is to know for this. ``words``: those of an operator, to be
    translated. Raises :class:`Refusal` if there is nothing to go by.
    """
    said = await _conversation(tx, ticket, _MESSAGES[kind], notes=kind == SUMMARY)
    if kind == TRANSLATION:
        words, said = _unanswered(said), ()
    if not words.strip() and not said:
        raise Refusal("refusal.assistant_nothing", number=ticket.id)
    articles, solved = await _found(tx, ticket) if kind == DRAFT else ((), ())
    customer = (await tx.get(Person, ticket.customer_id)).name if kind == DRAFT else ""
    known = await _known(tx, [ticket.id, *(number for number, _ in solved)])
    return Material(said, words, customer, articles, solved, known)


async def _conversation(
    tx: ReadTx, ticket: Ticket, most: int, *, notes: bool
) -> tuple[Utterance, ...]:
    """Return the newest words of a ticket, in order; of one without any, those on its card."""
    query = (
        select(Message.created_at, Message.from_customer, Message.text)
        .where(Message.ticket_id == ticket.id, Message.withdrawn_at.is_(None), Message.text != "")
        .order_by(Message.id.desc())
    )
    found = [
        (at, Utterance(CUSTOMER if theirs else STAFF, text))
        for at, theirs, text in reversed(await tx.rows(query.limit(most)))
    ]
    if notes:
        noted = select(Note.created_at, Note.text).where(Note.ticket_id == ticket.id)
        rows = await tx.rows(noted.order_by(Note.id.desc()).limit(most))
        found += [(at, Utterance(NOTE, text)) for at, text in reversed(rows) if text]
        found.sort(key=lambda one: one[0])
    if not found and ticket.opening.strip():
        return (Utterance(CUSTOMER, ticket.opening),)
    return tuple(said for _, said in found)


def _unanswered(said: Sequence[Utterance]) -> str:
    """Return what the customer has said since our last answer, or else said last."""
    theirs: list[str] = []
    for one in reversed(said):
        if one.by != CUSTOMER and theirs:
            break
        if one.by == CUSTOMER:
            theirs.insert(0, one.text)
    return "\n\n".join(theirs[-_TRANSLATED:])


async def _found(
    tx: ReadTx, ticket: Ticket
) -> tuple[tuple[Article, ...], tuple[tuple[int, tuple[Utterance, ...]], ...]]:
    linked, others = await find_for(tx, ticket.id, "")
    public = [one for one in [*linked, *others] if one.status == PUBLIC]
    solved = [one.line.number for one in await similar_to(tx, ticket.id) if one.solved]
    told = [(number, await _solution(tx, number)) for number in solved[:_SOLVED]]
    return tuple(public[:_ARTICLES]), tuple(one for one in told if len(one[1]) > 1)


async def _solution(tx: ReadTx, ticket_id: int) -> tuple[Utterance, ...]:
    """Return how a ticket began, what was answered last, and how it was solved."""
    ticket = await tx.get(Ticket, ticket_id)
    answers = select(Message.text).where(
        Message.ticket_id == ticket_id,
        Message.from_customer.is_(False),
        Message.withdrawn_at.is_(None),
        Message.delivered_at.is_not(None),
        Message.text != "",
    )
    last = await tx.all(answers.order_by(Message.id.desc()).limit(_ANSWERS))
    solved = select(Resolution.solution).where(
        Resolution.ticket_id == ticket_id, Resolution.solution.is_not(None)
    )
    solution = await tx.all(solved.order_by(Resolution.at.desc()).limit(1))
    said = [*reversed(last), *(one for one in solution if one)]
    return (Utterance(CUSTOMER, ticket.opening), *(Utterance(STAFF, text) for text in said))


async def _known(tx: ReadTx, tickets: Sequence[int]) -> frozenset[tuple[str, str]]:
    """Return who and what these tickets are about, and who works here."""
    customers = await tx.all(select(Ticket.customer_id).where(Ticket.id.in_(tickets)))
    points = await tx.rows(
        select(ContactPoint.kind, ContactPoint.value, ContactPoint.handle).where(
            ContactPoint.person_id.in_(customers)
        )
    )
    known = {(PERSON, name) for name in await _names(tx, customers, tickets)}
    known |= {(CONTACT, value) for kind, value, _ in points if kind in (EMAIL, PHONE)}
    known |= {(CONTACT, handle) for _, _, handle in points if handle}
    known |= await _accounts(tx, customers)
    return frozenset(known | await _cameras(tx, tickets, [value for _, value, _ in points]))


async def _names(tx: ReadTx, customers: Sequence[int], tickets: Sequence[int]) -> list[str]:
    """Return the names of the customers, of whoever wrote there, and of all who work here."""
    written = select(Message.author_id).where(Message.ticket_id.in_(tickets))
    noted = select(Note.author_id).where(Note.ticket_id.in_(tickets))
    authors = {*customers, *await tx.all(written), *await tx.all(noted)}
    staff = tx.company.admins | await operator_ids_of(tx)
    return [
        *await tx.all(select(Person.name).where(Person.id.in_(authors))),
        *await tx.all(select(Person.name).where(is_at(staff))),
    ]


async def _accounts(tx: ReadTx, customers: Iterable[int]) -> set[tuple[str, str]]:
    theirs = select(AccountMember.account_id).where(AccountMember.person_id.in_(customers))
    names = await tx.all(select(Account.name).where(Account.id.in_(theirs)))
    numbers = await tx.all(select(Contract.number).where(Contract.account_id.in_(theirs)))
    return {*((NUMBER, name) for name in names), *((NUMBER, number) for number in numbers)}


async def _cameras(
    tx: ReadTx, tickets: Sequence[int], points: Sequence[str]
) -> set[tuple[str, str]]:
    about = select(TicketCamera.camera_id).where(TicketCamera.ticket_id.in_(tickets))
    owned = select(CameraOwner.camera_id).where(CameraOwner.value.in_(points))
    query = select(Camera.number, Camera.name, Camera.address).where(
        or_(Camera.id.in_(about), Camera.id.in_(owned))
    )
    found = set[tuple[str, str]]()
    for number, name, address in await tx.rows(query):
        found |= {(NUMBER, number), (ADDRESS, name), (ADDRESS, address)}
    return {one for one in found if one[1].strip()}
