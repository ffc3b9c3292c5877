"""The facts that the ticket's card, the customer's list and `/ticket` show (D1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, bindparam, func, select
from sqlalchemy.orm import aliased

from core.addresses import Address, MessageRef
from core.db import PreparedStatement, constant, known_row
from core.delivery.sent_messages import CARD
from core.events import StateEntered, name_of
from core.models import (
    AccountMember,
    Camera,
    Classification,
    Clock,
    JournalEntry,
    Message,
    NextContact,
    Note,
    Outage,
    Person,
    Resolution,
    SentMessage,
    Task,
    Team,
    Ticket,
    TicketCamera,
    TicketParent,
    TicketTag,
    TicketTeam,
)
from core.models.tickets import IS_OPEN
from core.tickets.answering import who_answers
from core.tickets.catalog import ASPECTS, ClassFacts, classes_of, topic_title, workflow_of
from core.tickets.fields import Fields, Filled, filled_of
from core.tickets.relations import NONE, Relations, reach_of, relations_of
from core.tickets.resolutions import Ending, ending_of
from core.tickets.tag_list import Tag, titles_of
from core.tickets.workflow import Marker, State, marker
from core.tx import ReadTx

_TEAM: Final = select(TicketTeam.level, Team.titles, Team.code).outerjoin_from(
    TicketTeam, Team, TicketTeam.team == Team.code
)
_TASKS: Final = (
    select(Task.id, Task.kind, Person.name)
    .outerjoin_from(Task, Person, Task.assignee_id == Person.id)
    .where(IS_OPEN)
    .order_by(Task.id)
)


@dataclass(frozen=True, slots=True)
class OpenTask:
    """An unfinished task; ``assignee`` is None if nobody has taken it."""

    id: int
    kind: str
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Behind:
    """Who works on the ticket: ``team`` is a title; ``level`` of support, 1 is the first."""

    team: str | None = None
    level: int = 1
    tasks: tuple[OpenTask, ...] = ()


NO_WORK: Final = Behind()


async def work_behind(tx: ReadTx, ticket_id: int) -> Behind:
    """Return the team, the tasks and the level of the ticket."""
    rows = await tx.session.execute(_TASKS.where(Task.ticket_id == ticket_id))
    tasks = tuple(OpenTask(*row) for row in rows)
    place: Any = (
        await tx.session.execute(_TEAM.where(TicketTeam.ticket_id == ticket_id))
    ).one_or_none()
    if place is None:
        return Behind(tasks=tasks)
    titles = dict(place.titles or {})
    title = titles.get(tx.company.language) or next(iter(titles.values()), place.code)
    return Behind(title, place.level, tasks)


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """A running clock, ``reaction`` or ``resolution``. ``left``: working seconds, while it is
    paused.
    """

    kind: str
    due_at: datetime | None
    left: int | None


@dataclass(frozen=True, slots=True)
class Promised:
    """Service, category and priority, where set, and the running clocks.

    ``agreed``: an agreement counts for the ticket; ``due_at``: the nearest deadline of the clocks.
    """

    kind: tuple[ClassFacts, ...] = ()
    clocks: tuple[ClockFacts, ...] = ()
    agreed: bool = False
    due_at: datetime | None = None

    def titles(self, language: str) -> tuple[str, ...]:
        """Return the titles of the classification."""
        return tuple(one.title(language) for one in self.kind)


NO_AGREEMENT: Final = Promised()


async def promised_of(tx: ReadTx, row: Classification | None) -> Promised:
    """Return what was promised for the ticket; no query if it has no classification."""
    if row is None:
        return NO_AGREEMENT
    classes = await classes_of(tx)
    chosen = [classes.get(aspect, getattr(row, aspect)) for aspect in ASPECTS]
    kind = tuple(one for one in chosen if one is not None)
    if row.agreement is None:
        return Promised(kind)
    query = (
        select(Clock.kind, Clock.due_at, Clock.left)
        .where(Clock.ticket_id == row.ticket_id, Clock.ended_at.is_(None))
        .order_by(Clock.kind)
    )
    clocks = tuple(ClockFacts(*clock) for clock in await tx.session.execute(query))
    nearest = min((one.due_at for one in clocks if one.due_at is not None), default=None)
    return Promised(kind, clocks, agreed=True, due_at=nearest)


class AnyTag:
    """The cache's key of whether any ticket has a tag."""


async def tags_of(tx: ReadTx, ticket_id: int) -> tuple[str, ...]:
    """Return the ticket's tags by alphabet; no query while nobody has ever used one (D3)."""
    if not await tx.any_row(AnyTag, select(TicketTag.tag)):
        return ()
    query = select(TicketTag.tag).where(TicketTag.ticket_id == ticket_id)
    return tuple(await tx.all(query.order_by(TicketTag.tag)))


# The origin of a ticket that operators opened for an area: nobody's own, everybody's there (X9).
OUTAGE: Final = "outage"


@dataclass(frozen=True, slots=True)
class FaultyCamera:
    """The camera: number, place, and its area, which may be empty."""

    number: str
    place: str
    area: str


@dataclass(frozen=True, slots=True)
class FaultyArea:
    """The outage: how many tickets are part of it, and when it should be over."""

    area: str
    parts: int
    until: datetime | None


async def faulty_of(
    tx: ReadTx, ticket: Ticket, camera: Camera | None
) -> FaultyCamera | FaultyArea | None:
    """Return the camera or the outage of the ticket; ``camera`` is its camera's id."""
    if camera is not None:
        return FaultyCamera(camera.number, camera.address or camera.name, camera.area)
    if ticket.origin != OUTAGE:
        return None
    outage = await tx.session.get(Outage, ticket.id)
    if outage is None:
        return None
    query = (
        select(func.count()).select_from(TicketParent).where(TicketParent.parent_id == ticket.id)
    )
    return FaultyArea(outage.area, int(await tx.session.scalar(query) or 0), outage.until)


@dataclass(frozen=True, slots=True)
class EndedBy:
    """Who ended a ticket; ``customer``: its own."""

    name: str
    customer: bool


@dataclass(frozen=True, slots=True)
class Card:
    """A ticket as operators see it. Instants are aware; names may be empty, never missing."""

    number: int
    marker: Marker
    state: State
    verbs: frozenset[str]
    topic: str | None
    title: str
    opening: str
    customer: str
    customer_lost: bool
    assignee: str | None
    assignee_id: int | None
    earlier_assignee: str | None
    answer_due: datetime | None
    waiting_since: datetime | None
    frozen_until: datetime | None
    reason: str | None
    opened_at: datetime
    closed_at: datetime | None
    follows: int | None
    reopened: int
    place: MessageRef | None
    digest: str | None
    relations: Relations = NONE
    reach: tuple[tuple[str, str], ...] = ()
    promised: Promised = NO_AGREEMENT
    faulty: FaultyCamera | FaultyArea | None = None
    behind: Behind = NO_WORK
    tags: tuple[str, ...] = ()
    listed: tuple[Tag, ...] = ()  # what the company says of those of the tags that it lists
    thread: str | None = None
    ending: Ending | None = None
    fields: tuple[Filled, ...] = ()
    origin: str = ""
    contact: datetime | None = None
    ended_by: EndedBy | None = None
    language: str | None = None  # the customer's, where it is not the company's
    answering: tuple[str, ...] = ()  # who has begun to answer just now
    translated: bool = False  # there is an assistant for the customer's language
    technical: bool = False  # a camera or an account is behind it: there are technical data


_ASSIGNEE, _EARLIER = aliased(Person), aliased(Person)
_PEOPLE: Final = (Person, _ASSIGNEE.name, _EARLIER.name)
_ENDED: Final = select(func.max(Resolution.at)).where(Resolution.ticket_id == bindparam("ticket"))
# The ticket with its rows of one-to-one tables.
_EVERYTHING: Final[Select[*tuple[Any, ...]]] = (
    select(Ticket, *_PEOPLE, Classification, Camera, SentMessage, Resolution, NextContact.at)
    .add_columns(AccountMember.account_id)
    .outerjoin(AccountMember, AccountMember.person_id == Ticket.customer_id)
    .outerjoin(NextContact, NextContact.ticket_id == Ticket.id)
    .outerjoin(
        Resolution,
        and_(Resolution.ticket_id == Ticket.id, Resolution.at == _ENDED.scalar_subquery()),
    )
    .outerjoin(Classification, Classification.ticket_id == Ticket.id)
    .outerjoin(TicketCamera, TicketCamera.ticket_id == Ticket.id)
    .outerjoin(Camera, TicketCamera.camera_id == Camera.id)
    .outerjoin(
        SentMessage, and_(SentMessage.ticket_id == Ticket.id, SentMessage.role == constant(CARD))
    )
    .join(Person, Ticket.customer_id == Person.id)
    .outerjoin(_ASSIGNEE, Ticket.assignee_id == _ASSIGNEE.id)
    .outerjoin(_EARLIER, Ticket.earlier_assignee_id == _EARLIER.id)
    .where(Ticket.id == bindparam("ticket"))
)


async def card_of(tx: ReadTx, ticket_id: int) -> Card | None:
    """Return the card's facts as they are now, or ``None`` if there is no such ticket."""
    row = (await tx.session.execute(_EVERYTHING, {"ticket": ticket_id})).one_or_none()
    if row is None:
        return None
    ticket, customer, assignee_name, earlier_name, kind, camera, sent, ending, contact, account = (
        row
    )
    workflow = await workflow_of(tx)
    state = workflow.state(ticket.state)
    relations = await relations_of(tx, ticket.id)
    promised = await promised_of(tx, kind)
    foreign = customer.language != tx.company.language
    reach = () if customer.address else await reach_of(tx, customer.id)
    if reach:
        tx.shows(customer.id, "card")
    tags = await tags_of(tx, ticket.id)
    return Card(
        number=ticket.id,
        marker=marker(state, ticket.waiting_since, ticket.answer_due, tx.now, promised.due_at),
        state=state,
        verbs=frozenset() if relations.merged else workflow.verbs(ticket.state),
        topic=await topic_title(tx, ticket.topic, tx.company.language),
        title=ticket.title,
        opening=ticket.opening,
        customer=customer.name,
        customer_lost=customer.unreachable_since is not None,
        assignee=assignee_name,
        assignee_id=ticket.assignee_id,
        earlier_assignee=earlier_name if ticket.assignee_id is None else None,
        answer_due=ticket.answer_due,
        waiting_since=ticket.waiting_since,
        frozen_until=ticket.frozen_until,
        reason=ticket.reason,
        opened_at=ticket.opened_at,
        closed_at=ticket.closed_at,
        follows=ticket.follows_id,
        reopened=ticket.reopened,
        place=None if sent is None else MessageRef(sent.channel, sent.chat, sent.message),
        digest=None if sent is None else sent.digest,
        relations=relations,
        reach=reach,
        promised=promised,
        faulty=await faulty_of(tx, ticket, camera),
        behind=await work_behind(tx, ticket.id),
        tags=tags,
        listed=await titles_of(tx, tags) if tags else (),
        thread=None if sent is None else sent.thread,
        ending=None if ending is None else await ending_of(tx, ending),
        fields=tuple(await filled_of(tx, ticket)) if tx.cache.get(Fields, True) else (),
        origin=ticket.origin,
        contact=contact,
        ended_by=await _ended_by(tx, ticket) if state.clock == "stops" else None,
        language=customer.language if foreign else None,
        answering=tuple(await who_answers(tx, ticket.id)),
        translated=foreign and tx.company.assistance is not None,
        technical=camera is not None or account is not None,
    )


async def _ended_by(tx: ReadTx, ticket: Ticket) -> EndedBy | None:
    """Return who made the ticket's latest move; ``None``: it went by itself."""
    moves = select(Person.id, Person.name).join(JournalEntry, JournalEntry.actor_id == Person.id)
    moves = moves.where(JournalEntry.ticket_id == ticket.id, JournalEntry.event == _MOVED)
    latest = select(func.max(JournalEntry.id)).where(
        JournalEntry.ticket_id == ticket.id, JournalEntry.event == _MOVED
    )
    rows = await tx.rows(moves.where(JournalEntry.id == latest.scalar_subquery()))
    return next((EndedBy(name, person == ticket.customer_id) for person, name in rows), None)


_MOVED: Final = name_of(StateEntered)


@dataclass(frozen=True, slots=True)
class Words:
    """A public message, to be shown or sent again."""

    id: int
    author: str
    from_customer: bool
    text: str
    content: dict[str, Any]
    created_at: datetime
    withdrawn: bool


_AUTHOR: Final = Person.__table__.c
_SAID: Final = Message.__table__.c
_FIRST: Final = Message.__table__.alias("first").c
_WORDS: Final = select(  # in the order of Words
    *(_SAID.id, _AUTHOR.name, _SAID.from_customer, _SAID.text, _SAID.content, _SAID.created_at),
    _SAID.withdrawn_at.is_not(None),
).where(_SAID.author_id == _AUTHOR.id)
_WORDS_OF: Final = PreparedStatement(_WORDS.where(_SAID.id == bindparam("message")))
_WORDS_OF_ALBUM: Final = PreparedStatement(
    _WORDS.where(
        _FIRST.id == bindparam("message"),
        _SAID.id >= _FIRST.id,
        _SAID.author_id == _FIRST.author_id,
        _SAID.album == bindparam("album"),
        _SAID.ticket_id.is_not_distinct_from(_FIRST.ticket_id),
    ).order_by(_SAID.id)
)
_NEWEST_WORDS: Final = (
    _WORDS.where(_SAID.ticket_id == bindparam("ticket"))
    .order_by(_SAID.id.desc())
    .limit(bindparam("most"))
)
_LAST_FROM_CUSTOMER: Final = PreparedStatement(
    select(_SAID.source_message)
    .where(
        _SAID.ticket_id == bindparam("ticket"),
        _SAID.from_customer.is_(True),
        _SAID.source_channel == bindparam("channel"),
        _SAID.source_chat == bindparam("chat"),
        _SAID.id < bindparam("before"),
    )
    .order_by(_SAID.id.desc())
    .limit(1)
)


async def words_of(tx: ReadTx, message_id: int, album: str | None = None) -> list[Words]:
    """Return a message, or all pieces of its album in the same ticket, in order."""
    said = None if album is not None else known_row(tx.session, Message, message_id)
    if said is not None:  # what this transaction writes need not be read back
        author, withdrawn = await tx.get(Person, said.author_id), said.withdrawn_at is not None
        what = (said.from_customer, said.text, said.content, said.created_at)
        return [Words(said.id, author.name, *what, withdrawn)]
    query = _WORDS_OF if album is None else _WORDS_OF_ALBUM
    given = {"message": message_id} | ({} if album is None else {"album": album})
    return [Words(*row) for row in await query.rows(tx.session, given)]


async def last_from_customer(
    tx: ReadTx, ticket_id: int, chat: Address, before: int
) -> MessageRef | None:
    """Return the customer's newest message of the ticket in this chat before ``before``."""
    given = {"ticket": ticket_id, "channel": chat.channel, "chat": chat.chat, "before": before}
    rows = await _LAST_FROM_CUSTOMER.rows(tx.session, given)
    return next((MessageRef(chat.channel, chat.chat, name) for (name,) in rows), None)


async def list_words(tx: ReadTx, ticket_id: int, limit: int = 10) -> list[Words]:
    """Return the newest public messages of a ticket, oldest first; without notes (S24)."""
    rows = await tx.session.execute(_NEWEST_WORDS, {"ticket": ticket_id, "most": limit})
    return [Words(*row) for row in rows][::-1]


async def list_notes(
    tx: ReadTx, ticket_id: int, limit: int = 10
) -> list[tuple[datetime, str, str]]:
    """Return the newest internal notes of a ticket, oldest first: instant, author, text."""
    rows = await tx.session.execute(
        select(Note.created_at, Person.name, Note.text)
        .join(Person, Note.author_id == Person.id)
        .where(Note.ticket_id == ticket_id)
        .order_by(Note.id.desc())
        .limit(limit)
    )
    return [(at, name, text) for at, name, text in rows][::-1]
