"""What the API takes and gives: these classes are its OpenAPI document."""

from datetime import date, datetime
from operator import attrgetter
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StringConstraints,
    model_validator,
)

from channels.telegram.addresses import NEVER_A_PERSON, chat_address
from core.addresses import API
from core.integrations.intake import Customer, NewTicket
from core.integrations.particulars import Particulars
from core.people.contact_points import Point
from core.tickets.classification import ClassWish
from core.tickets.details import Details
from core.tickets.facts import PublicMessage, TicketFacts
from core.tickets.relations import LinkFacts
from core.words.contact_values import EMAIL, LONGEST, PHONE, read_email, typed_phone
from core.words.names import is_blank

LARGEST: Final = 2**53


def _storable(words: str) -> str:
    """PostgreSQL keeps no NUL; words without a visible sign say nothing."""
    if "\0" in words or is_blank(words):
        raise ValueError("must have a visible character, and no NUL")
    return words


def _phone(words: str) -> str:
    found = typed_phone(words)
    if found is None:
        raise ValueError("must be a phone with + and its country code")
    return found


def _email(words: str) -> str:
    found = read_email(words)
    if found is None:
        raise ValueError("must be an e-mail address")
    return found


def _person(number: int) -> int:
    if number in NEVER_A_PERSON:
        raise ValueError("is an account of Telegram's own")
    return number


_Checked: Final = AfterValidator(_storable)
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), _Checked]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=300), _Checked]
Words = Annotated[str, StringConstraints(min_length=1, max_length=20_000), _Checked]
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=150), _Checked]
Title = Annotated[str, StringConstraints(min_length=1, max_length=120), _Checked]
Code = Annotated[str, StringConstraints(pattern=r"^[\w-]{1,32}$")]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=40), _Checked]
# Also a number, a yes or a no as JSON has them.
FieldValue = (
    StrictBool | StrictInt | StrictFloat | Annotated[str, StringConstraints(max_length=600)]
)
Note = Annotated[str, StringConstraints(min_length=1, max_length=64), _Checked]


class _Given(BaseModel):
    """What a caller sends: a name that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid")


class CustomerIn(_Given):
    """Whose ticket it is: a name, and at least one way to know them by."""

    name: Name
    email: Annotated[str, StringConstraints(max_length=LONGEST), AfterValidator(_email)] | None = (
        None
    )
    phone: Annotated[str, StringConstraints(max_length=40), AfterValidator(_phone)] | None = None
    telegram_id: Annotated[int, Field(ge=1, le=LARGEST), AfterValidator(_person)] | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        if self.email is None and self.phone is None and self.telegram_id is None:
            raise ValueError("give email, phone or telegram_id")
        return self

    def to_customer(self) -> Customer:
        """Return the customer as the desk asks for them."""
        given = ((EMAIL, self.email), (PHONE, self.phone))
        points = tuple(Point(kind, value) for kind, value in given if value is not None)
        address = None if self.telegram_id is None else chat_address(self.telegram_id)
        return Customer(self.name, address, points)


class TicketIn(_Given):
    """A new ticket. `topic`, `service`, `category`, `priority` and the names in `fields` are codes
    of the directory; fields that the company requires at the opening must be there. `channel` is
    where the customer came from; `external_id` is what you call the ticket: the same again is the
    same ticket.
    """

    customer: CustomerIn
    subject: Subject
    text: Words
    topic: Code | None = None
    service: Code | None = None
    category: Code | None = None
    priority: Code | None = None
    fields: dict[Code, FieldValue] = Field(default_factory=dict, max_length=100)
    tags: list[Tag] = Field(default_factory=list, max_length=20)
    channel: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,15}$")] = API
    external_id: ExternalId | None = None

    def to_ticket(self) -> NewTicket:
        """Return the ticket as the desk opens it."""
        return NewTicket(
            self.customer.to_customer(),
            self.subject,
            self.text,
            self.topic,
            self.channel,
            self.external_id,
            Particulars(
                {code: _words_of(value) for code, value in self.fields.items()},
                ClassWish(self.service, self.category, self.priority),
                self.tags,
            ),
        )


def _words_of(value: object) -> str:
    """Return what somebody would write for it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


class MessageIn(_Given):
    """Words of the ticket's customer."""

    text: Words
    external_id: ExternalId | None = None


class ObjectIn(_Given):
    """An object elsewhere that the ticket is linked to, and how it fares."""

    url: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^https?://\S+$")]
    title: Title | None = None
    state: Note | None = None


class _Shown(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class LinkOut(_Shown):
    """A link: to the ticket `other`, or to an object at `url` with its title and state."""

    id: int
    kind: str
    other: int | None
    url: str | None
    title: str | None
    state: str | None


class TagOut(_Shown):
    """A tag: the word, and what the company calls it by language, which may be nothing."""

    word: str
    titles: dict[str, str]


class TicketOut(_Shown):
    """A ticket. `state_category`: what kind of state it is in; `service`, `category`, `priority`:
    what it is classified as; `fields`: the company's own, by code, a number as `12.5`, a day as
    `2026-12-01`; `days`: whole days in work, which stop at the end.
    """

    number: int
    subject: str
    marker: Literal["needs_answer", "overdue", "answered", "frozen", "closed"]
    state: str
    state_category: str
    topic: str | None
    service: str | None
    category: str | None
    priority: str | None
    tags: list[TagOut]
    fields: dict[str, str]
    channel: str
    customer_id: int
    customer: str
    assignee: str | None
    opened_at: datetime
    waiting_since: datetime | None
    answer_due: datetime | None
    frozen_until: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    days: int
    reopened: int
    follows: int | None


class TicketWithLinks(TicketOut):
    """A ticket and what it is linked to."""

    links: list[LinkOut]


# Free columns of a file: title and content.
Columns = Annotated[dict[str, str], BeforeValidator(dict)]


class CameraOut(_Shown):
    """A camera. `columns`: what else its file said, by title."""

    number: str
    name: str
    address: str
    area: str
    active: bool
    columns: Columns


class ContractOut(_Shown):
    """A contract; `agreement` is a title. `in_force`: today."""

    number: str
    agreement: str | None
    since: date | None
    until: date | None
    in_force: bool
    columns: Columns


class AccountOut(_Shown):
    """A company or household that customers belong to; `agreement`: agreed with all of it."""

    name: str
    agreement: str | None
    columns: Columns
    contracts: list[ContractOut]


class TechnicalDataOut(_Shown):
    """What is behind a ticket."""

    number: int
    camera: CameraOut | None
    account: AccountOut | None


class OpenedOut(TicketOut):
    """A ticket that was opened. `follow_url`: a page on which its customer reads and answers; give
    it to nobody else. Without PUBLIC_URL there is none.
    """

    follow_url: str | None


class MessageOut(_Shown):
    """A public message. Internal notes are never given out."""

    id: int
    from_customer: bool
    author: str
    kind: str
    text: str
    at: datetime
    edited_at: datetime | None
    delivered_at: datetime | None


class TicketPage(BaseModel):
    """Tickets, newest first. `next`: the cursor of the page behind this one, if there is one; where
    several filters meet a page may be short, or empty, and have one behind it.
    """

    items: list[TicketOut]
    next: str | None


class MessagePage(BaseModel):
    """Messages, oldest first. `next`: the cursor of the page behind this one, if there is one."""

    items: list[MessageOut]
    next: str | None


class MessageMade(BaseModel):
    """Where the message is. `number` is another ticket than was named where that one has ended."""

    number: int
    message_id: int


class FaultOut(BaseModel):
    """A part of the request that is wrong."""

    at: str
    why: str


class ProblemOut(BaseModel):
    """An error (RFC 9457). `code` is stable."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    scope: str | None = None
    limit: int | None = None
    errors: list[FaultOut] | None = None


_OTHERWISE: Final = frozenset({"state_category", "category", "tags", "fields"})
_AS_THEY_ARE: Final = tuple(name for name in TicketOut.model_fields if name not in _OTHERWISE)
_facts_as_they_are: Final = attrgetter(*_AS_THEY_ARE)


def ticket_row(ticket: TicketFacts, details: Details) -> dict[str, Any]:
    """Return a ticket as it is given out, of what JSON is made of: in a list of many the checks of
    :class:`TicketOut` would cost several times what the list does.
    """
    row: dict[str, Any] = dict(zip(_AS_THEY_ARE, _facts_as_they_are(ticket), strict=True))
    row["state_category"], row["category"] = ticket.category, ticket.kind
    row["tags"] = [{"word": word, "titles": dict(of)} for word, of in details.tags.items()]
    row["fields"] = dict(details.fields)
    return row


def ticket_out(ticket: TicketFacts, details: Details) -> TicketOut:
    """Return a ticket as it is given out."""
    return TicketOut(**ticket_row(ticket, details))


def opened_out(ticket: TicketOut, public_url: str | None, path: str) -> OpenedOut:
    """Return a ticket that was opened, with the page to follow it."""
    url = None if public_url is None else public_url + path
    return OpenedOut(**ticket.model_dump(), follow_url=url)


def ticket_with_links(ticket: TicketOut, links: tuple[LinkFacts, ...]) -> TicketWithLinks:
    """Return a ticket with its links as it is given out."""
    shown = [LinkOut.model_validate(link) for link in links]
    return TicketWithLinks(**ticket.model_dump(), links=shown)


def message_out(said: PublicMessage) -> MessageOut:
    """Return a message as it is given out."""
    return MessageOut.model_validate(said)
