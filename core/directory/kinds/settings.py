"""The company's settings: one table of the file. Environment variables are their start values."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, PlainSerializer, PlainValidator
from pydantic import WithJsonSchema as Json

from core.company import Company
from core.company_choices import CHOICES, find_chosen
from core.directory.faults import Problem, choices, refusal
from core.directory.fields import Span, Title, Zone, format_span, one_of
from core.directory.schema import Directory, DirectoryEntry
from core.models import Setting
from core.tx import ReadTx, Tx
from core.words.names import is_blank, units
from core.words.when import NotATime, parse_span

OFF: Final = "off"
LANGUAGES: Final = ("ru", "en")
VERSION: Final = r"[A-Za-z0-9._-]{1,16}"
"""The version of the consent, as its buttons carry it."""
# A message of a chat has room for so much and the words of the question.
LONGEST_CONSENT: Final = 3000
_SHORTEST: Final = timedelta(minutes=1)
# What is erased does not come back: a slip of the pen must not erase last week.
_SHORTEST_KEPT: Final = timedelta(days=30)


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


def _check_version(value: str) -> str:
    if not re.fullmatch(VERSION, value, re.ASCII):
        raise refusal("version", value)
    return value


Version = Annotated[
    str, AfterValidator(_check_version), Json({"type": "string", "pattern": f"^{VERSION}$"})
]


class SettingsEntry(DirectoryEntry):
    """What counts for the whole company. A line that the file leaves out stays as it is."""

    name = "settings"
    single = True
    key = ""
    caches: ClassVar[tuple[type, ...]] = ()

    company: Title | None = None
    language: Annotated[str, *one_of(LANGUAGES)] | None = None
    zone: Zone | None = None
    answer_deadline: Span | None = None
    remind_before: Span | None = None
    rating_wait: SpanOrOff | None = None
    unassigned_wait: SpanOrOff | None = None
    mail_when_silent: SpanOrOff | None = None
    keep_assignee_on_reopen: bool | None = None
    sign_answers: bool | None = None
    offer_articles: bool | None = None
    keep_words: SpanOrOff | None = None
    keep_people: SpanOrOff | None = None
    consent: Consent | None = None
    consent_version: Version | None = None

    @property
    def key_value(self) -> str:
        """There is one."""
        return ""

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """What counts now, chosen or not."""
        company = await find_chosen(tx)
        return [cls.stored(**{name: show(company) for name, (_, show, _) in _FIELDS.items()})]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """What a variable fixes stays; a reminder comes before its deadline."""
        now = (await self.load(tx))[0]
        fixed = [
            Problem((name,), "directory_file.fault.fixed", {"variable": CHOICES[field].variable})
            for name, (field, _, _) in _FIELDS.items()
            if field in tx.company.fixed and self._changes(now, name)
        ]
        deadline = self.answer_deadline or now.answer_deadline
        remind = self.remind_before or now.remind_before
        if deadline is not None and deadline < _SHORTEST:
            fixed.append(Problem(("answer_deadline",), "directory_file.fault.short_deadline"))
        if deadline is not None and remind is not None and remind >= deadline:
            facts = {"remind": format_span(remind), "deadline": format_span(deadline)}
            at = "remind_before" if self.remind_before else "answer_deadline"
            both = ("answer_deadline", "remind_before")
            late = "directory_file.fault.late_reminder"
            fixed.append(Problem((at,), late, facts, hangs_on=both))
        return [*fixed, *self._too_short()]

    def _too_short(self) -> list[Problem]:
        given = {name: getattr(self, name) for name in ("keep_words", "keep_people")}
        return [
            Problem((name,), "directory_file.fault.short_keeping", {"days": _SHORTEST_KEPT.days})
            for name, span in given.items()
            if isinstance(span, timedelta) and span < _SHORTEST_KEPT
        ]

    def _changes(self, now: Self, name: str) -> bool:
        return getattr(self, name) not in (None, getattr(now, name))

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Only what is otherwise than now is chosen: start values stay start values."""
        now = (await self.load(tx))[0]
        changed: dict[str, Any] = {}
        for name, (field, _, take) in _FIELDS.items():
            if self._changes(now, name):
                changed[field] = take(getattr(self, name))
                kept = CHOICES[field].keep(changed[field])
                await self.save(tx, Setting(name=field, value={"is": kept}, at=tx.now))
        tx.choose(**changed)

    def switched_off(self) -> Self | None:
        """It is never out of use."""
        return None


def _off(span: timedelta | None) -> timedelta | str:
    return OFF if span is None else span


def _on(value: timedelta | str) -> timedelta | None:
    return value if isinstance(value, timedelta) else None


def _same(field: str) -> tuple[str, Callable[[Company], Any], Callable[[Any], Any]]:
    return field, lambda company: getattr(company, field), lambda value: value


# By field of the file: the company's field, how it is shown, how it is taken.
_FIELDS: Final[dict[str, tuple[str, Callable[[Company], Any], Callable[[Any], Any]]]] = {
    "company": ("name", lambda company: company.name or None, str),
    "language": _same("language"),
    "zone": ("zone", lambda company: company.zone.key, ZoneInfo),
    "answer_deadline": _same("answer_deadline"),
    "remind_before": _same("remind_before"),
    "rating_wait": ("rating_wait", lambda company: _off(company.rating_wait), _on),
    "unassigned_wait": ("unassigned_wait", lambda company: _off(company.unassigned_wait), _on),
    "mail_when_silent": ("mail_when_silent", lambda company: _off(company.mail_when_silent), _on),
    "keep_assignee_on_reopen": _same("keep_assignee_on_reopen"),
    "sign_answers": _same("sign_answers"),
    "offer_articles": _same("offer_articles"),
    "keep_words": ("keep_words", lambda company: _off(company.keep_words), _on),
    "keep_people": ("keep_people", lambda company: _off(company.keep_people), _on),
    "consent": (
        "consent",
        lambda company: dict(company.consent) or OFF,
        lambda value: {} if value == OFF else value,
    ),
    "consent_version": _same("consent_version"),
}
