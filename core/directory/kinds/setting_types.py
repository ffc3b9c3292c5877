"""The types of the company's settings: how each is written in the file, and what is refused."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Annotated, Any, Final

from pydantic import AfterValidator, PlainSerializer, PlainValidator
from pydantic import WithJsonSchema as Json

from core.company import BUDGETED, LIMITED, SEVERAL, Limit
from core.directory.faults import choices, refusal
from core.directory.fields import AsPeopleSay, format_span
from core.words.contact_values import read_email
from core.words.names import is_blank, units
from core.words.numbers import is_mask
from core.words.when import NotATime, parse_span

OFF: Final = "off"
LANGUAGES: Final = ("ru", "en")
VERSION: Final = r"[A-Za-z0-9._-]{1,16}"
"""The version of the consent, as its buttons carry it."""
_COLOUR: Final = "#[0-9a-fA-F]{6}"
# A message of a chat has room for so much and the words of the question.
LONGEST_CONSENT: Final = 3000
# An address of mail has no more.
_LONGEST_ENTRY: Final = 254
_MOST_ENTRIES: Final = 1000
# Each is looked for in every message.
MOST_MASKS: Final = 20


def _read_span_or_off(value: Any) -> timedelta | str:
    if value == OFF or isinstance(value, timedelta):
        return value  # type: ignore[no-any-return]
    try:
        return parse_span(str(value))
    except NotATime:
        raise refusal("span_or_off", value) from None


def _write_span_or_off(value: timedelta | str) -> str:
    return format_span(value) if isinstance(value, timedelta) else value


SpanOrOff = Annotated[
    timedelta | str,
    PlainValidator(_read_span_or_off),
    PlainSerializer(_write_span_or_off),
    Json({"type": "string", "examples": ["3d", OFF]}),
]


# Numbers


def _number_or_off(allowed: range) -> tuple[Any, Any]:
    def read(value: Any) -> int | str:
        if value == OFF:
            return OFF
        if type(value) is not int or value not in allowed:
            raise refusal("count_or_off", value, least=allowed[0], most=allowed[-1])
        return value

    number = {"type": "integer", "minimum": allowed[0], "maximum": allowed[-1]}
    return PlainValidator(read), Json({"anyOf": [number, {"type": "string", "enum": [OFF]}]})


SeveralOrOff = Annotated[int | str, *_number_or_off(SEVERAL)]
BudgetOrOff = Annotated[int | str, *_number_or_off(BUDGETED)]


def _read_limit(value: Any) -> Limit | str:
    if value == OFF or isinstance(value, Limit):
        return value  # type: ignore[no-any-return]
    count, _, span = str(value).partition("/")
    try:
        known = count.isascii() and count.isdecimal() and len(count) <= len(str(LIMITED[-1]))
        if isinstance(value, str) and known and int(count) in LIMITED:
            return Limit(int(count), parse_span(span))
    except NotATime:
        pass
    raise refusal("limit", value, most=LIMITED[-1])


def _write_limit(value: Limit | str) -> str:
    return f"{value.count}/{format_span(value.span)}" if isinstance(value, Limit) else value


LimitOrOff = Annotated[
    Limit | str,
    PlainValidator(_read_limit),
    PlainSerializer(_write_limit),
    Json({"type": "string", "examples": ["10/1m", OFF]}),
    AsPeopleSay("limit"),
]


# Numbers of tickets, and whom mail comes from and goes to


def _check_mask(value: str) -> str:
    if not is_mask(value):
        raise refusal("mask", value, slot="{0}")
    return value


Mask = Annotated[str, AfterValidator(_check_mask), Json({"type": "string", "examples": ["SR-{0}"]})]


def _each(
    check: Callable[[str], str | None], fault: str, most: int = _MOST_ENTRIES
) -> AfterValidator:
    """Each of a list is as ``check`` returns it, once; None is refused."""

    def read(value: list[str]) -> list[str]:
        if len(value) > most:
            raise refusal("too_large", said=str(len(value)), le=most)
        known = {one: check(one.strip()) for one in value}
        wrong = next((one for one, is_ in known.items() if is_ is None), None)
        if wrong is not None:
            raise refusal(fault, wrong, slot="{0}")
        return list(dict.fromkeys(one for one in known.values() if one is not None))

    return AfterValidator(read)


def _sender(entry: str) -> str | None:
    """An address, a domain, or a part of what stands before the @."""
    bad = is_blank(entry) or len(entry) > _LONGEST_ENTRY or re.search(r"[\s,;<>\"\0]", entry)
    return None if bad or entry.count("@") > 1 or entry == "@" else entry.lower()


def _former_mask(value: str) -> str | None:
    return value if is_mask(value) else None


Masks = Annotated[list[str], _each(_former_mask, "mask", MOST_MASKS)]
Senders = Annotated[list[str], _each(_sender, "blacklisted")]
Mailboxes = Annotated[list[str], _each(read_email, "mailbox")]


# The consent


def _read_consent(value: Any) -> dict[str, str] | str:
    if value == OFF:
        return OFF
    if not isinstance(value, dict) or not value:
        raise refusal("consent", value)
    for language, text in value.items():
        if language not in LANGUAGES:
            raise refusal("not_a_choice", language, allowed=choices(LANGUAGES))
        if not isinstance(text, str) or is_blank(text) or "\0" in text:
            raise refusal("consent", text)
        if units(text) > LONGEST_CONSENT:
            raise refusal("long_consent", text, longest=LONGEST_CONSENT)
    return value


Consent = Annotated[
    dict[str, str] | str,
    PlainValidator(_read_consent),
    Json(
        {
            "type": ["object", "string"],
            "propertyNames": {"enum": list(LANGUAGES)},
            "additionalProperties": {"type": "string", "maxLength": LONGEST_CONSENT},
        }
    ),
]


def _check_colour(value: str) -> str:
    if value != OFF and not re.fullmatch(_COLOUR, value, re.ASCII):
        raise refusal("web_colour", value)
    return value.lower()


Colour = Annotated[
    str,
    AfterValidator(_check_colour),
    Json({"type": "string", "pattern": f"^({_COLOUR}|{OFF})$", "examples": ["#1a5fb4", OFF]}),
]


def _check_version(value: str) -> str:
    if not re.fullmatch(VERSION, value, re.ASCII):
        raise refusal("version", value)
    return value


Version = Annotated[
    str, AfterValidator(_check_version), Json({"type": "string", "pattern": f"^{VERSION}$"})
]
