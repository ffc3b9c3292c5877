"""Rules (E2): what happens, what is asked, what is done; all of it typed, nothing of it code."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.automation.actions import NOTICE_TO
from core.automation.rules import EVENTS, SPANS, Rule, Rules
from core.directory.faults import Problem, choices, refusal, shorten
from core.directory.fields import AsPeopleSay, Code, Language, Reference, Span, Title, one_of
from core.directory.kinds.closing import unfit_value
from core.directory.kinds.responses import Target, Text, unknown_target
from core.directory.kinds.tags import NamedTags
from core.directory.schema import Directory, DirectoryEntry, Part
from core.models import RuleRow
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx
from core.words.names import is_blank
from core.words.ratings import RATINGS
from core.words.stems import stems_of
from core.words.when import parse_span

LONGEST_NOTE: Final = 1000
LONGEST_GLOB: Final = 100


def _check_note(value: str) -> str:
    if is_blank(value) or len(value) > LONGEST_NOTE or "\x00" in value:
        raise refusal("text", value, longest=LONGEST_NOTE)
    return value


def _check_glob(value: str) -> str:
    if is_blank(value) or len(value) > LONGEST_GLOB or set(value) & set("[]"):
        raise refusal("glob", value)
    return value


def _check_words(value: str) -> str:
    if not stems_of(value) or len(value) > LONGEST_GLOB:
        raise refusal("words", value)
    return value


def _check_rating(value: int) -> int:
    if value not in RATINGS:
        raise refusal("not_a_choice", str(value), allowed=choices(map(str, RATINGS)))
    return value


def _check_to(value: list[str]) -> list[str]:
    if not value:
        raise refusal("no_addressee", allowed=choices(NOTICE_TO))
    return list(dict.fromkeys(value))


def _check_handle(value: str) -> str:
    if not re.fullmatch(r"@\w{1,64}", value, re.ASCII):
        raise refusal("member", value)
    return value


Event = Annotated[str, *one_of((*EVENTS, *SPANS))]
Note = Annotated[str, AfterValidator(_check_note), Json({"type": "string"})]
Handle = Annotated[
    str, AfterValidator(_check_handle), Json({"type": "string"}), AsPeopleSay("handle")
]
Glob = Annotated[str, AfterValidator(_check_glob), Json({"type": "string"})]
Rating = Annotated[int, AfterValidator(_check_rating), Json({"type": "integer"})]
Words = Annotated[str, AfterValidator(_check_words), Json({"type": "string"})]


class RuleConditions(Part):
    """What is asked of the ticket, its customer and its camera; all that is written must hold."""

    name = "rule_conditions"

    topics: Annotated[list[Code], Reference("topic")] = Field(default_factory=list)
    states: list[Annotated[str, AsPeopleSay("state")]] = Field(default_factory=list)
    origins: list[Code] = Field(default_factory=list)
    unassigned: bool | None = None
    services: Annotated[list[Code], Reference("service")] = Field(default_factory=list)
    categories: Annotated[list[Code], Reference("category")] = Field(default_factory=list)
    priorities: Annotated[list[Code], Reference("priority")] = Field(default_factory=list)
    tags: NamedTags = Field(default_factory=list)
    teams: Annotated[list[Code], Reference("team")] = Field(default_factory=list)
    words: list[Words] = Field(default_factory=list)
    languages: list[Language] = Field(default_factory=list)
    accounts: list[Glob] = Field(default_factory=list)
    cameras: list[Glob] = Field(default_factory=list)
    areas: list[Glob] = Field(default_factory=list)
    ratings: list[Rating] = Field(default_factory=list)
    fields: dict[Code, list[Glob]] = Field(default_factory=dict)


class RuleNotice(Part):
    """What colleagues are told, and which of them."""

    name = "rule_notice"

    to: Annotated[list[Annotated[str, *one_of(NOTICE_TO)]], AfterValidator(_check_to)]
    text: Text


class RuleActions(Part):
    """What is done, in this order."""

    name = "rule_actions"

    priority: Annotated[Code | None, Reference("priority")] = None
    tags: NamedTags = Field(default_factory=list)
    fields: dict[Code, Note] = Field(default_factory=dict)
    team: Annotated[Code | None, Reference("team")] = None
    assignee: Handle | None = None
    escalate: bool = False
    note: Note | None = None
    notice: RuleNotice | None = None
    response: Annotated[Code | None, Reference("response")] = None
    state: Target | None = None
    freeze: Span | None = None


def _if_any(when: RuleConditions | None) -> RuleConditions | None:
    """Conditions of which none is written are none."""
    return when if when is not None and _written(when) else None


class RuleEntry(DirectoryEntry):
    """A rule. ``after``: the span of an event that is one of time."""

    name = "rule"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Rules,)

    code: Code
    title: Title
    event: Event
    after: Span | None = None
    when: Annotated[RuleConditions | None, AfterValidator(_if_any)] = None
    then: RuleActions
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they are run."""
        rows = await tx.all(select(RuleRow).order_by(RuleRow.position, RuleRow.code))
        return [
            cls.stored(
                code=row.code,
                title=row.title,
                event=row.event,
                after=None if row.after is None else timedelta(seconds=row.after),
                when=RuleConditions.stored(**row.conditions) if row.conditions else None,
                then=RuleActions.stored(**_read(row.actions)),
                active=row.active,
            )
            for row in rows
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """It does something; a span belongs to events of time; its states and fields are there."""
        problems = []
        if not _written(self.then):
            problems.append(Problem(("then",), "directory_file.fault.does_nothing"))
        if (self.event in SPANS) != (self.after is not None):
            fault = "no_after" if self.after is None else "after_what"
            facts = {"allowed": choices(SPANS)}
            problems.append(Problem(("after",), f"directory_file.fault.{fault}", facts))
        if self.then.state is not None and self.then.freeze is not None:
            problems.append(Problem(("then", "freeze"), "directory_file.fault.two_states"))
        for path, words in self._fields():
            problems += await unfit_value(tx, directory, path, words)
        problems += await self._unknown_states(tx, directory)
        return [*problems, *unknown_target(directory, ("then", "state"), self.then.state)]

    def _fields(self) -> Iterator[tuple[tuple[str, str, str], str | None]]:
        """Where a field is named, and the value that it is to have, ``None``: it is asked about."""
        for code in self.when.fields if self.when else ():
            yield ("when", "fields", code), None
        for code, words in self.then.fields.items():
            yield ("then", "fields", code), words

    async def _unknown_states(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        known = {*(await workflow_of(tx)).states, *directory.entries("state")}
        facts = {"allowed": choices(sorted(known))}
        return [
            Problem(
                ("when", "states", at),
                "directory_file.fault.not_a_choice",
                {**facts, "value": shorten(code)},
            )
            for at, code in enumerate(self.when.states if self.when else ())
            if code not in known
        ]

    def kept(self) -> Rule:
        """Return it as the desk keeps it."""
        conditions = {} if self.when is None else _written(self.when)
        actions = _written(self.then)
        facts = (self.code, self.title, self.event, self.after, None, conditions, actions)
        return Rule(*facts, active=self.active)

    async def put(self, tx: Tx, position: int) -> None:
        """It runs for what happens from now on, and for spans that pass from now on."""
        row = RuleRow(
            code=self.code,
            position=position,
            title=self.title,
            event=self.event,
            after=self._seconds(),
            since=await self._since(tx),
            conditions={} if self.when is None else _written(self.when),
            actions=_written(self.then),
            active=self.active,
        )
        await self.save(tx, row)

    def _seconds(self) -> int | None:
        return None if self.after is None else int(self.after.total_seconds())

    async def _since(self, tx: Tx) -> datetime | None:
        """From when spans count: from now on, unless it counted the same ones before."""
        old = await tx.find(RuleRow, self.code)
        if old is None or not old.active or (old.event, old.after) != (self.event, self._seconds()):
            return tx.now
        return old.since


def _read(actions: dict[str, Any]) -> dict[str, Any]:
    read = dict(actions)
    if "freeze" in read:
        read["freeze"] = parse_span(read["freeze"])
    if "notice" in read:
        read["notice"] = RuleNotice.stored(**read["notice"])
    return read


def _written(part: Part) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_defaults=True, warnings="none")
