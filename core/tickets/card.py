"""Everything one looks at: what the card, the customer's list and `/ticket` show (D1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from core.db import Straight
from core.models import Camera, Classification, Message, Note, Person, Ticket, TicketCamera
from core.tickets.behind import NOTHING as NOTHING_BEHIND
from core.tickets.behind import Behind, work_behind
from core.tickets.faulty import FaultyArea, FaultyCamera, faulty_of
from core.tickets.marker import Marker, marker
from core.tickets.promised import NOTHING, Promised, promised_of
from core.tickets.relations import NONE, Relations, reach_of, relations_of
from core.tickets.topics import title_of
from core.tickets.workflow import State
from core.tickets.workflow_store import workflow_of
from core.tx import Look


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
    chat: int | None
    message: int | None
    digest: str | None
    relations: Relations = NONE
    reach: tuple[tuple[str, str], ...] = ()
    promised: Promised = NOTHING
    faulty: FaultyCamera | FaultyArea | None = None
    behind: Behind = NOTHING_BEHIND


async def card_of(look: Look, number: int) -> Card | None:
    """The card's facts as they are now; ``None`` if there is no such ticket."""
    row = (await look.session.execute(_everything(number))).one_or_none()
    if row is None:
        return None
    ticket, customer, assignee_name, earlier_name, kind, camera = row
    workflow = await workflow_of(look)
    state = workflow.state(ticket.state)
    return Card(
        number=ticket.id,
        marker=marker(state, ticket.waiting_since, ticket.answer_due, look.now),
        state=state,
        verbs=workflow.verbs(ticket.state),
        topic=await title_of(look, ticket.topic, look.company.language),
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
        chat=ticket.card_chat,
        message=ticket.card_message,
        digest=ticket.card_digest,
        relations=await relations_of(look, ticket.id),
        reach=() if customer.telegram_id else await reach_of(look, customer.id),
        promised=await promised_of(look, kind),
        faulty=await faulty_of(look, ticket, camera),
        behind=await work_behind(look, ticket.id),
    )


def _everything(number: int) -> Select[*tuple[Any, ...]]:
    """The ticket with all that stands one to one beside it."""
    assignee, earlier = aliased(Person), aliased(Person)
    return (
        select(Ticket, Person, assignee.name, earlier.name, Classification, Camera)
        .outerjoin(Classification, Classification.ticket_id == Ticket.id)
        .outerjoin(TicketCamera, TicketCamera.ticket_id == Ticket.id)
        .outerjoin(Camera, TicketCamera.camera_id == Camera.id)
        .join(Person, Ticket.customer_id == Person.id)
        .outerjoin(assignee, Ticket.assignee_id == assignee.id)
        .outerjoin(earlier, Ticket.earlier_assignee_id == earlier.id)
        .where(Ticket.id == number)
    )


@dataclass(frozen=True, slots=True)
class Words:
    """A public message for showing or sending it again."""

    id: int
    author: str
    from_customer: bool
    text: str
    content: dict[str, Any]
    created_at: datetime
    source_chat: int
    source_message: int
    withdrawn: bool


_AUTHOR: Final = Person.__table__.c
_SAID: Final = Message.__table__.c
_FIRST: Final = Message.__table__.alias("first").c
_WORDS: Final = select(  # in the order of Words
    *(_SAID.id, _AUTHOR.name, _SAID.from_customer, _SAID.text, _SAID.content, _SAID.created_at),
    *(_SAID.source_chat, _SAID.source_message, _SAID.withdrawn_at.is_not(None)),
).where(_SAID.author_id == _AUTHOR.id)
_WORDS_OF: Final = Straight(_WORDS.where(_SAID.id == bindparam("message")))
_WORDS_OF_ALBUM: Final = Straight(
    _WORDS.where(
        _FIRST.id == bindparam("message"),
        _SAID.id >= _FIRST.id,
        _SAID.author_id == _FIRST.author_id,
        _SAID.album == bindparam("album"),
        _SAID.ticket_id.is_not_distinct_from(_FIRST.ticket_id),
    ).order_by(_SAID.source_message)
)
_NEWEST_WORDS: Final = (
    _WORDS.where(_SAID.ticket_id == bindparam("ticket"))
    .order_by(_SAID.id.desc())
    .limit(bindparam("most"))
)
_LAST_FROM_CUSTOMER: Final = Straight(
    select(_SAID.source_message)
    .where(
        _SAID.ticket_id == bindparam("ticket"),
        _SAID.from_customer.is_(True),
        _SAID.source_chat == bindparam("chat"),
        _SAID.id < bindparam("before"),
    )
    .order_by(_SAID.id.desc())
    .limit(1)
)
_TICKET: Final = Ticket.__table__.c
_CARD_PLACE: Final = Straight(
    select(_TICKET.card_message).where(
        _TICKET.id == bindparam("ticket"), _TICKET.card_chat == bindparam("chat")
    )
)


async def words_of(look: Look, message_id: int, album: str | None = None) -> list[Words]:
    """A message, or all pieces of its album that belong to the same ticket, in order."""
    query = _WORDS_OF if album is None else _WORDS_OF_ALBUM
    given = {"message": message_id} | ({} if album is None else {"album": album})
    return [Words(*row) for row in await query.rows(look.session, given)]


async def last_from_customer(look: Look, number: int, chat: int, before: int) -> int | None:
    """The ref of the customer's newest message of the ticket before the message ``before``."""
    given = {"ticket": number, "chat": chat, "before": before}
    return next((ref for (ref,) in await _LAST_FROM_CUSTOMER.rows(look.session, given)), None)


async def card_place(look: Look, number: int, chat: int) -> int | None:
    """The ref of the ticket's card, if it stands in this chat."""
    given = {"ticket": number, "chat": chat}
    return next((ref for (ref,) in await _CARD_PLACE.rows(look.session, given)), None)


async def list_words(look: Look, number: int, limit: int = 10) -> list[Words]:
    """The newest public messages of a ticket, oldest first. Notes are not among them (S24)."""
    rows = await look.session.execute(_NEWEST_WORDS, {"ticket": number, "most": limit})
    return [Words(*row) for row in rows][::-1]


async def list_notes(look: Look, number: int, limit: int = 10) -> list[tuple[datetime, str, str]]:
    """The newest internal notes of a ticket, oldest first: instant, author, text."""
    rows = await look.session.execute(
        select(Note.created_at, Person.name, Note.text)
        .join(Person, Note.author_id == Person.id)
        .where(Note.ticket_id == number)
        .order_by(Note.id.desc())
        .limit(limit)
    )
    return [(at, name, text) for at, name, text in rows][::-1]
