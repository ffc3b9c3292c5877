"""The company's own fields of tickets (B18): which there are, what may stand in them, what must.

A value is kept as text: a number as `12.5`, a day as `2026-12-01`, yes or no as `yes` or `no`, a
person or a camera as its id.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from sqlalchemy import func, select

from core.errors import Refusal, Unreadable
from core.models import Camera, Classification, ContactPoint, FieldRow, Person, Ticket, TicketField
from core.people.contact_points import holders_of, read_point
from core.tx import ReadTx
from core.words.aliases import YES_OR_NO
from core.words.names import clean_name, is_blank, unquoted
from core.words.periods import read_day

OPENING: Final = "opening"
RESOLVING: Final = "resolving"
CLOSING: Final = "closing"
MOMENTS: Final = (OPENING, RESOLVING, CLOSING)
LONGEST: Final = 500
_PLAIN: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,6})?")
YES_NO: Final = ("yes", "no")
EMPTY: Final = frozenset({"-", "–", "—"})
"""Words that empty a field."""


@dataclass(frozen=True, slots=True)
class Field:
    """A field. ``topics`` and ``categories``: of whose tickets it is, none: of all; ``required``:
    at which of :data:`MOMENTS` it must be filled.
    """

    code: str
    titles: Mapping[str, str]
    kind: str
    choices: tuple[str, ...]
    topics: frozenset[str]
    categories: frozenset[str]
    required: str | None
    active: bool

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)

    @property
    def is_free(self) -> bool:
        """Whether any words fit it."""
        return self.kind == "text"

    def names(self) -> list[str]:
        """Return what people may call it."""
        return [name.casefold() for name in (self.code, *self.titles.values())]

    def concerns(self, topic: str | None, category: str | None) -> bool:
        """Return whether tickets of this topic and category have it."""
        fits = not self.topics or topic in self.topics
        return self.active and fits and (not self.categories or category in self.categories)


class Fields(dict[str, Field]):
    """All of them by code, in the order of the directory."""


async def fields_of(tx: ReadTx) -> Fields:
    """Return the fields, cached until the directory changes."""
    return await tx.cached(Fields, _read_fields)


async def _read_fields(tx: ReadTx) -> Fields:
    rows = await tx.all(select(FieldRow).order_by(FieldRow.position, FieldRow.code))
    return Fields(
        (
            row.code,
            Field(
                row.code,
                dict(row.titles),
                row.kind,
                tuple(row.options.get("choices", ())),
                frozenset(row.options.get("topics", ())),
                frozenset(row.options.get("categories", ())),
                row.required,
                row.active,
            ),
        )
        for row in rows
    )


# What may stand in them


async def read_value(tx: ReadTx, field: Field, words: str) -> str:
    """Return what the words mean, as it is kept. Raises :class:`Unreadable` with what is wanted."""
    words = words.strip()
    value = None if is_blank(words) else await _READERS[field.kind](tx, field, words)
    if value is None:
        facts = {"words": words[:40], "field": field.title(tx.company.language)}
        allowed = list(field.choices)
        key = f"refusal.field_value.{field.kind}"
        raise Unreadable(key, **facts, allowed=allowed, longest=LONGEST)
    return value


async def _text(_tx: ReadTx, _field: Field, words: str) -> str | None:
    return words if len(words) <= LONGEST and "\x00" not in words else None


async def _number(_tx: ReadTx, _field: Field, words: str) -> str | None:
    plain = "".join(words.split()).replace(",", ".").replace("−", "-")
    return f"{Decimal(plain).normalize():f}" if _PLAIN.fullmatch(plain) else None


async def _date(tx: ReadTx, _field: Field, words: str) -> str | None:
    try:
        return read_day(words, tx.now.astimezone(tx.company.zone).date()).isoformat()
    except ValueError:
        return None


async def _choice(_tx: ReadTx, field: Field, words: str) -> str | None:
    wanted = unquoted(words).casefold()
    whole = [choice for choice in field.choices if choice.casefold() == wanted]
    begun = [choice for choice in field.choices if choice.casefold().startswith(wanted)]
    return whole[0] if whole else begun[0] if len(begun) == 1 else None


async def _yes_no(_tx: ReadTx, _field: Field, words: str) -> str | None:
    return YES_OR_NO.get(words.casefold().rstrip(".!"))


async def _person(tx: ReadTx, _field: Field, words: str) -> str | None:
    """By a phone, an address, a `@name` or the whole name, if that is one person's."""
    point = read_point(words)
    if point is not None:
        return next((str(one.id) for one in await holders_of(tx, point)), None)
    if words.startswith("@"):
        handle = ContactPoint.handle == words[1:].lower()
        holders = select(ContactPoint.person_id).where(handle).order_by(ContactPoint.person_id)
        number = await tx.first(holders.limit(1))
        return None if number is None else str(number)
    named = await tx.all(select(Person.id).where(Person.name == clean_name(words)).limit(2))
    return str(named[0]) if len(named) == 1 else None


async def _camera(tx: ReadTx, _field: Field, words: str) -> str | None:
    same = func.lower(Camera.number) == words.lower()
    cameras = select(Camera.id).where(same).order_by(Camera.number != words, Camera.id)
    number = await tx.first(cameras.limit(1))
    return None if number is None else str(number)


_READERS: Final[Mapping[str, Callable[[ReadTx, Field, str], Awaitable[str | None]]]] = {
    "text": _text,
    "number": _number,
    "date": _date,
    "choice": _choice,
    "person": _person,
    "camera": _camera,
    "yes_no": _yes_no,
}
KINDS: Final = tuple(_READERS)


# What stands in them


@dataclass(frozen=True, slots=True)
class Filled:
    """A field of a ticket with what it holds; ``shown``: text, a day as an instant, yes or no as
    `yes` or `no`; ``None``: nothing.
    """

    field: Field
    value: str | None
    shown: str | datetime | None


async def filled_of(tx: ReadTx, ticket: Ticket) -> list[Filled]:
    """Return the fields of a ticket, filled or not, and whatever else it still holds.

    No query where the company has no fields.
    """
    fields = await fields_of(tx)
    if not fields:
        return []
    values = await values_of(tx, ticket.id)
    category = await _category(tx, ticket.id) if _by_category(fields) else None
    return [
        Filled(field, values.get(code), await show_value(tx, field, values.get(code)))
        for code, field in fields.items()
        if code in values or field.concerns(ticket.topic, category)
    ]


def _by_category(fields: Fields) -> bool:
    return any(field.categories for field in fields.values())


async def _category(tx: ReadTx, ticket_id: int) -> str | None:
    query = select(Classification.category).where(Classification.ticket_id == ticket_id)
    return await tx.first(query)


async def values_of(tx: ReadTx, ticket_id: int) -> dict[str, str]:
    """Return what the ticket's fields hold, by code."""
    query = select(TicketField.field, TicketField.value).where(TicketField.ticket_id == ticket_id)
    return {code: value for code, value in await tx.rows(query)}  # noqa: C416 a row is no pair


async def show_value(tx: ReadTx, field: Field, value: str | None) -> str | datetime | None:
    """Return what people read of a value."""
    if value is None or field.kind not in _SHOWN:
        return value
    return await _SHOWN[field.kind](tx, value)


async def _shown_number(tx: ReadTx, value: str) -> str:
    return value if tx.company.language.startswith("en") else value.replace(".", ",")


async def _shown_date(tx: ReadTx, value: str) -> datetime:
    noon = datetime.combine(date.fromisoformat(value), time(12), tx.company.zone)
    return noon.astimezone(UTC)


async def _shown_person(tx: ReadTx, value: str) -> str:
    person = await tx.find(Person, int(value))
    return value if person is None else person.name


async def _shown_camera(tx: ReadTx, value: str) -> str:
    camera = await tx.find(Camera, int(value))
    if camera is None:
        return value
    return " · ".join(part for part in (camera.number, camera.address or camera.name) if part)


_SHOWN: Final[Mapping[str, Callable[[ReadTx, str], Awaitable[str | datetime]]]] = {
    "number": _shown_number,
    "date": _shown_date,
    "person": _shown_person,
    "camera": _shown_camera,
}


async def searched_texts(tx: ReadTx, ticket_id: int) -> list[str]:
    """Return the words of a ticket's fields, by which it is found."""
    fields, values = await fields_of(tx), await values_of(tx, ticket_id)
    return [
        searched(field, value, await show_value(tx, field, value))
        for code, value in values.items()
        if (field := fields.get(code)) is not None
    ]


async def texts_by_field(tx: ReadTx, ticket_id: int) -> dict[str, str]:
    """Return what a ticket's fields say, by code: a choice, a number of a camera, yes or no."""
    fields, values = await fields_of(tx), await values_of(tx, ticket_id)
    shown = {}
    for code, value in values.items():
        if code in fields:
            text = await show_value(tx, fields[code], value)
            shown[code] = text if isinstance(text, str) else value
    return shown


def searched(field: Field, value: str, shown: str | datetime | None) -> str:
    """Return the words by which a value is found: a yes is not."""
    if field.kind == "yes_no":
        return ""
    return shown if isinstance(shown, str) else value


# What is missing


class FieldsMissing(Refusal):
    """The ticket cannot be resolved or closed before these ``fields`` are filled."""

    def __init__(self, ticket_id: int, fields: Sequence[Field], language: str) -> None:
        names = [field.title(language) for field in fields]
        super().__init__("refusal.fields_missing", number=ticket_id, fields=names, first=names[0])
        self.number = ticket_id
        self.fields = tuple(fields)


async def missing_of(tx: ReadTx, ticket: Ticket, *moments: str) -> list[Field]:
    """Return the fields that must be filled at these moments, and are not."""
    required = [one for one in (await fields_of(tx)).values() if one.required in moments]
    if not required:
        return []
    return [
        one.field
        for one in await filled_of(tx, ticket)
        if one.field in required and one.value is None
    ]


async def asked_at_opening(
    tx: ReadTx, topic: str | None, category: str | None = None
) -> list[Field]:
    """Return the fields that a new ticket of this topic and category must have."""
    fields = (await fields_of(tx)).values()
    return [one for one in fields if one.required == OPENING and one.concerns(topic, category)]


async def demand_fields(tx: ReadTx, ticket: Ticket, *moments: str) -> None:
    """Raise :class:`FieldsMissing` for a ticket without what is required at these moments."""
    if moments and (missing := await missing_of(tx, ticket, *moments)):
        raise FieldsMissing(ticket.id, missing, tx.company.language)


async def find_field(tx: ReadTx, ticket: Ticket, words: str) -> tuple[Field, str]:
    """Return the field that the words begin with, the longest name first, and the other words.

    Raises :class:`Unreadable` with the fields of the ticket.
    """
    offered = [one.field for one in await filled_of(tx, ticket)]
    folded = words.casefold()
    named = [(name, field) for field in offered for name in field.names()]
    for name, field in sorted(named, key=lambda one: -len(one[0])):
        rest = words[len(name) :]
        if folded.startswith(name) and (not rest or rest[0] in " :=\n"):
            return field, rest.lstrip(" :=\n")
    if not offered:
        raise await no_fields(tx, ticket.id)
    known = [field.title(tx.company.language) for field in offered]
    raise Unreadable("refusal.no_such_field", words=words[:40], allowed=known, number=ticket.id)


async def no_fields(tx: ReadTx, ticket_id: int) -> Unreadable:
    """Return why the ticket has none: other topics and kinds have, or the company has none."""
    key = "refusal.no_fields_here" if await fields_of(tx) else "refusal.no_fields"
    return Unreadable(key, number=ticket_id)
