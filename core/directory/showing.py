"""The directory as it is, in the words of the file: what is shown can be applied again."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core.models import (
    Agreement,
    AgreementTerm,
    CalendarRow,
    Category,
    Person,
    PriorityRow,
    Service,
    Team,
    TeamMember,
    Topic,
)
from core.tx import ReadTx

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
_BARE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


async def show_directory(tx: ReadTx) -> str:
    """All of it as text."""
    parts = [part async for part in _parts(tx)]
    return "\n".join(parts)


async def _parts(tx: ReadTx) -> Any:
    for topic in await tx.session.scalars(select(Topic).order_by(Topic.position)):
        answer = None if topic.answer_seconds is None else say_span(topic.answer_seconds)
        yield _entry(
            "topic", code=topic.code, titles=topic.titles or {}, answer=answer, active=topic.active
        )
    for service in await tx.session.scalars(select(Service).order_by(Service.position)):
        yield _entry("service", code=service.code, titles=service.titles, active=service.active)
    for category in await tx.session.scalars(select(Category).order_by(Category.position)):
        yield _entry(
            "category",
            code=category.code,
            titles=category.titles,
            diagnosed=category.diagnosed or None,
            active=category.active,
        )
    for priority in await tx.session.scalars(select(PriorityRow).order_by(PriorityRow.rank)):
        yield _entry("priority", code=priority.code, titles=priority.titles, active=priority.active)
    for calendar in await tx.session.scalars(select(CalendarRow).order_by(CalendarRow.code)):
        yield _calendar(calendar)
    for agreement in await tx.session.scalars(select(Agreement).order_by(Agreement.code)):
        yield _entry(
            "agreement",
            code=agreement.code,
            title=agreement.title,
            calendar=agreement.calendar,
            default=agreement.is_default or None,
            terms=await _terms(tx, agreement.code),
        )
    for team in await tx.session.scalars(select(Team).order_by(Team.level, Team.code)):
        yield _entry(
            "team",
            code=team.code,
            titles=team.titles,
            level=team.level,
            chat=team.chat,
            members=await _members(tx, team.code),
            active=team.active,
        )


def _calendar(calendar: CalendarRow) -> str:
    week = dict(zip(DAYS, map(_hours, calendar.week["days"]), strict=True))
    worked = {day: _hours(pairs) for day, pairs in sorted(calendar.days.items()) if pairs}
    return _entry(
        "calendar",
        code=calendar.code,
        title=calendar.title,
        zone=calendar.zone,
        week={day: hours for day, hours in week.items() if hours},
        days=worked or None,
        holidays=sorted(day for day, pairs in calendar.days.items() if not pairs) or None,
    )


def _hours(pairs: Sequence[Sequence[str]]) -> list[str]:
    return [f"{opens}-{closes}" for opens, closes in pairs]


async def _terms(tx: ReadTx, agreement: str) -> list[dict[str, str]]:
    query = (
        select(AgreementTerm).where(AgreementTerm.agreement == agreement).order_by(AgreementTerm.id)
    )
    return [
        {
            name: value
            for name, value in {
                "service": term.service,
                "category": term.category,
                "priority": term.priority,
                "reaction": None if term.reaction is None else say_hours(term.reaction),
                "resolution": None if term.resolution is None else say_hours(term.resolution),
            }.items()
            if value is not None
        }
        for term in await tx.session.scalars(query)
    ]


async def _members(tx: ReadTx, team: str) -> list[str | int]:
    query = (
        select(Person.username, Person.telegram_id)
        .join(TeamMember, TeamMember.person_id == Person.id)
        .where(TeamMember.team == team)
        .order_by(Person.id)
    )
    return [
        f"@{username}" if username else int(telegram_id or 0)
        for username, telegram_id in await tx.session.execute(query)
    ]


def say_span(seconds: int) -> str:
    """A span in its largest whole unit: ``3d``, ``90m``."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def say_hours(seconds: int) -> str:
    """A span of working time: never in days, because nobody knows how long one would be."""
    size, unit = next((size, unit) for size, unit in _UNITS[1:] if seconds % size == 0)
    return f"{timedelta(seconds=seconds) // timedelta(seconds=size)}{unit}"


def _entry(kind: str, **says: Any) -> str:
    """A table of the file. What is not said, and that an entry is active, needs no words."""
    lines = [f"[[{kind}]]"]
    for name, value in says.items():
        if value is None or (name == "active" and value is True):
            continue
        lines.append(f"{name} = {_value(value)}")
    return "\n".join([*lines, ""])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_pairs(value)) + " }" if value else "{}"
    if isinstance(value, list):
        if value and isinstance(value[0], Mapping):
            return "[\n" + "".join(f"  {_value(item)},\n" for item in value) + "]"
        return "[" + ", ".join(map(_value, value)) + "]"
    # TOML's basic strings and numbers are written as JSON's, if nothing is escaped needlessly
    return json.dumps(value, ensure_ascii=False)


def _pairs(value: Mapping[str, Any]) -> Iterator[str]:
    for name, item in value.items():
        bare = set(name) <= _BARE
        yield f"{name if bare else json.dumps(name, ensure_ascii=False)} = {_value(item)}"
