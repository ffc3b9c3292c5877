"""Lines of lists of tickets: what each says, and how it is read."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, select

from core.addresses import MessageRef
from core.db import PreparedStatement, constant
from core.db.statements import for_each_database, one_of_numbers
from core.delivery.sent_messages import CARD
from core.models import Camera, Person, SentMessage, Ticket, TicketCamera
from core.tickets.catalog import subject_of, workflow_of
from core.tickets.lateness import AGREED_DUE
from core.tickets.tag_list import Tag, titles_of
from core.tickets.tags import tags_by_ticket
from core.tickets.workflow import Marker, marker, sign_of
from core.tx import ReadTx

PAGE: Final = 10
COUNTED: Final = 1000
"""Nobody counts further; a greater number means: so many, and more."""
PLACE: Final = (Ticket.queue_rank, Ticket.queue_at, Ticket.id)
LINES: Final = select(
    *PLACE,
    Ticket.state,
    Ticket.opened_at,
    Ticket.waiting_since,
    Ticket.answer_due,
    Ticket.frozen_until,
    Ticket.closed_at,
    Person.name,
    AGREED_DUE.label("agreed"),
).outerjoin_from(Ticket, Person, Ticket.assignee_id == Person.id)
# Asked for the tickets of one page: beside the order of the list it would cost its index.
_ABOUT_ANY: Final = (
    select(
        *(Ticket.id, Ticket.opening, Ticket.title, Ticket.topic, Person.name.label("customer")),
        *(Camera.number, Camera.name.label("camera"), Camera.address),
        *(SentMessage.channel, SentMessage.chat, SentMessage.message),
    )
    .join_from(Ticket, Person, Ticket.customer_id == Person.id)
    .outerjoin(TicketCamera, TicketCamera.ticket_id == Ticket.id)
    .outerjoin(Camera, TicketCamera.camera_id == Camera.id)
    .outerjoin(
        SentMessage, and_(SentMessage.ticket_id == Ticket.id, SentMessage.role == constant(CARD))
    )
)
_OF_PAGE: Final = one_of_numbers(Ticket.id, "numbers")
_ABOUT: Final = PreparedStatement(for_each_database(lambda one: _ABOUT_ANY.where(_OF_PAGE[one])))


class _About(NamedTuple):
    id: int
    opening: str
    title: str
    topic: str | None
    customer: str
    number: str | None
    camera: str | None
    address: str | None
    card: MessageRef | None


def _about(row: Sequence[Any]) -> _About:
    *facts, channel, chat, message = row
    return _About._make([*facts, None if message is None else MessageRef(channel, chat, message)])


@dataclass(frozen=True, slots=True)
class Line:
    """A ticket in a list. ``subject`` tells it from every other; ``place`` is where its card
    stands; ``late_since``: since when a deadline of its agreement has passed, ``agreed_due``: when
    the nearest will; ``listed``: what the company says of those of the ``tags`` that it lists.
    """

    number: int
    marker: str
    title: str
    customer: str
    subject: str
    place: MessageRef | None
    assignee: str | None
    opened_at: datetime
    answer_due: datetime | None
    frozen_until: datetime | None
    closed_at: datetime | None
    late_since: datetime | None = None
    agreed_due: datetime | None = None
    tags: tuple[str, ...] = ()
    listed: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """Lines, and the cursors of both ends where there is more.

    ``place`` counts the pages turned; the list may have moved meanwhile. ``total`` and ``overdue``
    count the whole list up to `COUNTED` and one more; ``None``: unknown. ``other``: the cursor of
    the same list in another order, if there is one; ``best``: what fits best comes first;
    ``partly``: it ends, or begins, where enough was looked at, and more may fit beyond.
    """

    view: str
    lines: tuple[Line, ...]
    place: int = 1
    before: str | None = None
    after: str | None = None
    total: int | None = None
    overdue: int | None = None
    title: str | None = None
    other: str | None = None
    best: bool = False
    partly: bool = False


async def lines_of(tx: ReadTx, numbers: Iterable[int]) -> tuple[Line, ...]:
    """Return these tickets as lines, in this order."""
    wanted = list(numbers)
    rows = await tx.rows(LINES.where(Ticket.id.in_(wanted)))
    found = {line.number: line for line in await lines_of_rows(tx, rows)}
    return tuple(found[number] for number in wanted if number in found)


async def lines_of_rows(tx: ReadTx, rows: Sequence[Any]) -> tuple[Line, ...]:
    """Return the rows with what each ticket is about, in their order."""
    if not rows:
        return ()
    numbers = [row.id for row in rows]
    about = await _ABOUT.rows(tx.session, {"numbers": json.dumps(numbers)})
    known = {one.id: one for one in map(_about, about)}
    tags = await tags_by_ticket(tx, numbers)
    return tuple([await _line(tx, row, known[row.id], tags.get(row.id, ())) for row in rows])


async def _line(tx: ReadTx, row: Any, about: _About, tags: tuple[str, ...]) -> Line:
    state = (await workflow_of(tx)).state(row.state)
    shown = marker(state, row.waiting_since, row.answer_due, tx.now, row.agreed)
    passed = row.agreed is not None and row.agreed <= tx.now
    return Line(
        number=row.id,
        marker=sign_of(state, shown),
        title=about.title,
        customer=about.customer,
        subject=await subject_of(tx, about),
        place=about.card,
        assignee=row.name,
        opened_at=row.opened_at,
        answer_due=row.answer_due,
        frozen_until=row.frozen_until,
        closed_at=row.closed_at,
        late_since=row.agreed if passed and shown is Marker.OVERDUE else None,
        agreed_due=None if passed else row.agreed,
        tags=tags,
        listed=await titles_of(tx, tags) if tags else (),
    )
