"""The company's settings: one table of the file. Environment variables are their start values."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Self
from zoneinfo import ZoneInfo

from core.company import TOPICS, Company, Limit
from core.company_choices import CHOICES, find_chosen
from core.delivery.topics import move_all_open_tickets
from core.directory.faults import Problem, shorten
from core.directory.fields import Span, Title, Zone, format_span, one_of
from core.directory.kinds.setting_types import (
    LANGUAGES,
    MOST_MASKS,
    OFF,
    BudgetOrOff,
    Colour,
    Consent,
    LimitOrOff,
    Mailboxes,
    Mask,
    Masks,
    Senders,
    SeveralOrOff,
    SpanOrOff,
    Version,
)
from core.directory.schema import TAG, Directory, DirectoryEntry
from core.inbox import REDELIVERED_WITHIN
from core.models import Setting
from core.tickets.tag_list import LISTED, WAYS
from core.tx import ReadTx, Tx

_SHORTEST: Final = timedelta(minutes=1)
_LONGEST_WINDOW: Final = timedelta(days=7)
# What is erased does not come back: a slip of the pen must not erase last week.
_SHORTEST_KEPT: Final = timedelta(days=30)
# A mail server tries for up to five days, and says then that a mail did not arrive.
_RETURNED_WITHIN: Final = timedelta(days=7)
# A program that has had no answer tries for so long, and its call is to have its effects once.
_CALLED_AGAIN_WITHIN: Final = timedelta(days=1)


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
    tags: Annotated[str, *one_of(WAYS)] | None = None
    outage_faults: SeveralOrOff | None = None
    outage_window: Span | None = None
    message_limit: LimitOrOff | None = None
    ticket_limit: LimitOrOff | None = None
    mail_ticket_limit: LimitOrOff | None = None
    topics: Annotated[str, *one_of(TOPICS)] | None = None
    number_mask: Mask | None = None
    former_number_masks: Masks | None = None
    number_in_body: bool | None = None
    mail_blacklist: Senders | None = None
    mail_junk: bool | None = None
    mail_alerts_to: Mailboxes | None = None
    assistant_calls: BudgetOrOff | None = None
    assistant_tokens: BudgetOrOff | None = None
    keep_words: SpanOrOff | None = None
    keep_people: SpanOrOff | None = None
    keep_updates: Span | None = None
    keep_deliveries: Span | None = None
    keep_calls: Span | None = None
    keep_reads: Span | None = None
    reads_an_hour: BudgetOrOff | None = None
    consent: Consent | None = None
    consent_version: Version | None = None
    colour: Colour | None = None

    @property
    def key_value(self) -> str:
        """There is one."""
        return ""

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """What counts now, chosen or not."""
        company = await find_chosen(tx)
        return [cls.stored(**{name: one.show(company) for name, one in _FIELDS.items()})]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """What a variable fixes stays; a reminder comes before its deadline."""
        now = (await self.load(tx))[0]
        fixed = [
            Problem((name,), f"{_FAULT}fixed", {"variable": CHOICES[one.field].variable})
            for name, one in _FIELDS.items()
            if one.field in tx.company.fixed and self._changes(now, name)
        ]
        if self.mail_alerts_to and self._changes(now, "mail_alerts_to") and not _has_mail(tx):
            fixed.append(Problem(("mail_alerts_to",), f"{_FAULT}no_mail"))
        wrong = (*self._wrong_deadlines(now), *self._wrong_spans(now))
        return [*fixed, *wrong, *self._unlisted_tags(directory)]

    def _unlisted_tags(self, directory: Directory) -> Iterator[Problem]:
        """Once only listed tags are given, what the file leaves out must name no other, either."""
        for kind, entries in directory.stored.items() if self.tags == LISTED else ():
            for key, entry in entries.items():
                if key not in directory.put.get(kind, {}):
                    yield from _naming_unlisted(entry, directory)

    def _wrong_deadlines(self, now: Self) -> Iterator[Problem]:
        deadline = self.answer_deadline or now.answer_deadline
        remind = self.remind_before or now.remind_before
        if not any(self._changes(now, name) for name in ("answer_deadline", "remind_before")):
            return  # what counts already stands in the file that the desk writes
        if deadline is not None and deadline < _SHORTEST:
            yield Problem(("answer_deadline",), f"{_FAULT}short_deadline")
        if deadline is not None and remind is not None and remind >= deadline:
            facts = {"remind": format_span(remind), "deadline": format_span(deadline)}
            at = "remind_before" if self.remind_before else "answer_deadline"
            both = ("answer_deadline", "remind_before")
            yield Problem((at,), f"{_FAULT}late_reminder", facts, hangs_on=both)

    def _wrong_spans(self, now: Self) -> Iterator[Problem]:
        """Start values of variables stay possible, as long as nothing else is written."""
        for name, (least, most, fault) in _BOUNDS.items():
            span = getattr(self, name)
            if not isinstance(span, timedelta) or not self._changes(now, name):
                continue
            if span < least:
                facts = {"days": least.days, "least": format_span(least)}
                yield Problem((name,), f"{_FAULT}{fault}", facts)
            elif most is not None and span > most:
                facts = {"le": format_span(most), "value": format_span(span)}
                yield Problem((name,), f"{_FAULT}too_large", facts)

    def _changes(self, now: Self, name: str) -> bool:
        return getattr(self, name) not in (None, getattr(now, name))

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Only what is otherwise than now is chosen: start values stay start values."""
        now = (await self.load(tx))[0]
        changed = {
            one.field: one.take(getattr(self, name))
            for name, one in _FIELDS.items()
            if self._changes(now, name)
        }
        if "number_mask" in changed:
            changed["former_number_masks"] = _former(tx.company, changed)
        for field, value in changed.items():
            kept = CHOICES[field].keep(value)
            await self.save(tx, Setting(name=field, value={"is": kept}, at=tx.now))
        tx.choose(**changed)
        if "topics" in changed:
            await tx.write()
            await move_all_open_tickets(tx)

    def switched_off(self) -> Self | None:
        """It is never out of use."""
        return None


_FAULT: Final = "directory_file.fault."
# By field: from where to where it may be, and what is said of a shorter one.
_BOUNDS: Final[dict[str, tuple[timedelta, timedelta | None, str]]] = {
    "keep_words": (_SHORTEST_KEPT, None, "short_keeping"),
    "keep_people": (_SHORTEST_KEPT, None, "short_keeping"),
    "keep_updates": (REDELIVERED_WITHIN, None, "short_updates"),
    "keep_deliveries": (_RETURNED_WITHIN, None, "short_deliveries"),
    "keep_calls": (_CALLED_AGAIN_WITHIN, None, "short_calls"),
    "keep_reads": (_SHORTEST_KEPT, None, "short_keeping"),
    "outage_window": (_SHORTEST, _LONGEST_WINDOW, "short_window"),
}


def _naming_unlisted(entry: DirectoryEntry, directory: Directory) -> Iterator[Problem]:
    for _, kind, word in entry.references():
        if kind == TAG and not directory.knows(TAG, word):
            facts = {"where": f"{entry.name} {entry.key_value}", "value": shorten(word)}
            yield Problem(("tags",), f"{_FAULT}unlisted_tag", facts)


def _has_mail(tx: ReadTx) -> bool:
    return bool(tx.company.letter_channels)


def _former(company: Company, changed: dict[str, Any]) -> tuple[str, ...]:
    """Numbers that were written so far stay readable: they stand in mails of years. Of more than
    the file may name the oldest go.
    """
    before = changed.get("former_number_masks", company.former_number_masks)
    masks = dict.fromkeys([*before, company.number_mask])
    return tuple(mask for mask in masks if mask != changed["number_mask"])[-MOST_MASKS:]


class _Field:
    """The company's field for one of the file: how it is shown there, how it is taken."""

    def __init__(
        self,
        field: str,
        show: Callable[[Any], Any] = lambda value: value,
        take: Callable[[Any], Any] = lambda value: value,
    ) -> None:
        self.field = field
        self._show = show
        self.take = take

    def show(self, company: Company) -> Any:
        """Return what the file says of it."""
        return self._show(getattr(company, self.field))


def _or_off(field: str, kinds: type | tuple[type, ...] = timedelta) -> _Field:
    return _Field(
        field,
        lambda value: OFF if value is None else value,
        lambda value: value if isinstance(value, kinds) else None,
    )


# By field of the file.
_FIELDS: Final[dict[str, _Field]] = {
    "company": _Field("name", lambda name: name or None),
    "language": _Field("language"),
    "zone": _Field("zone", lambda zone: zone.key, ZoneInfo),
    "answer_deadline": _Field("answer_deadline"),
    "remind_before": _Field("remind_before"),
    "rating_wait": _or_off("rating_wait"),
    "unassigned_wait": _or_off("unassigned_wait"),
    "mail_when_silent": _or_off("mail_when_silent"),
    "keep_assignee_on_reopen": _Field("keep_assignee_on_reopen"),
    "sign_answers": _Field("sign_answers"),
    "offer_articles": _Field("offer_articles"),
    "tags": _Field("tags"),
    "outage_faults": _Field(
        "outage_faults", lambda n: n or OFF, lambda value: 0 if value == OFF else value
    ),
    "outage_window": _Field("outage_window"),
    "message_limit": _or_off("message_limit", Limit),
    "ticket_limit": _or_off("ticket_limit", Limit),
    "mail_ticket_limit": _or_off("mail_ticket_limit", Limit),
    "topics": _Field("topics"),
    "number_mask": _Field("number_mask"),
    "former_number_masks": _Field("former_number_masks", list, tuple),
    "number_in_body": _Field("number_in_body"),
    "mail_blacklist": _Field("mail_blacklist", list, tuple),
    "mail_junk": _Field("mail_junk"),
    "mail_alerts_to": _Field("mail_alerts_to", list, tuple),
    "assistant_calls": _or_off("assistant_calls", int),
    "assistant_tokens": _or_off("assistant_tokens", int),
    "keep_words": _or_off("keep_words"),
    "keep_people": _or_off("keep_people"),
    "keep_updates": _Field("keep_updates"),
    "keep_deliveries": _Field("keep_deliveries"),
    "keep_calls": _Field("keep_calls"),
    "keep_reads": _Field("keep_reads"),
    "reads_an_hour": _or_off("reads_an_hour", int),
    "consent": _Field(
        "consent",
        lambda texts: dict(texts) or OFF,
        lambda value: {} if value == OFF else value,
    ),
    "consent_version": _Field("consent_version"),
    "colour": _Field(
        "colour",
        lambda digits: f"#{digits}" if digits else OFF,
        lambda value: "" if value == OFF else value.removeprefix("#"),
    ),
}
