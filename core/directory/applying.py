"""Entries of a file become the company's directory, all of them or none."""

import difflib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select

from core.directory.agreements import (
    BadEntry,
    put_agreement,
    put_calendar,
    put_category,
    put_priority,
    put_service,
)
from core.directory.changes import note_applied
from core.directory.reading import BadDirectory, Entry
from core.directory.showing import DAYS, show_directory
from core.directory.topics import put_topic
from core.models import Person
from core.sla.terms import Kind, Spans, Term
from core.teams.teams import BadTeam, put_team
from core.tx import Tx
from core.words.when import NotATime, parse_span

_TERM: Final = frozenset({"service", "category", "priority", "reaction", "resolution"})


class OnlyChecked(Exception):
    """All of it can be applied; nothing was. Its argument is the difference that it would make."""


async def apply_directory(tx: Tx, entries: Sequence[Entry], *, really: bool = True) -> list[str]:
    """Put every entry. Returns the lines of the difference, as of a file to its successor.

    Raises :class:`BadDirectory` with all that is wrong; with ``really=False`` :class:`OnlyChecked`,
    so that nothing stays.
    """
    before = await show_directory(tx)
    faults = []
    for entry in entries:
        try:
            await _PUT[entry.kind](tx, entry)
            await tx.session.flush()
        except (BadEntry, BadTeam) as wrong:
            faults.append(str(wrong))
        except NotATime as wrong:
            faults.append(f"{entry.where}: {wrong.words!r} is no length of time such as 4h")
    if faults:
        raise BadDirectory(*faults)
    tx.session.expire_all()
    difference = list(_difference(before, await show_directory(tx)))
    if not really:
        raise OnlyChecked(difference)
    if difference:
        await note_applied(tx)
    return difference


def _difference(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    for number, line in enumerate(lines):
        if number > 1:  # the two names of files that there are not
            yield line


async def _put_topic(tx: Tx, entry: Entry) -> None:
    says = entry.says
    answer = parse_span(says["answer"]) if "answer" in says else None
    await put_topic(
        tx,
        says["code"],
        says["titles"],
        position=entry.position,
        answer=answer,
        active=says.get("active", True),
    )


async def _put_service(tx: Tx, entry: Entry) -> None:
    says = entry.says
    await put_service(
        tx,
        says["code"],
        says["titles"],
        position=entry.position,
        active=says.get("active", True),
    )


async def _put_category(tx: Tx, entry: Entry) -> None:
    says = entry.says
    await put_category(
        tx,
        says["code"],
        says["titles"],
        position=entry.position,
        diagnosed=says.get("diagnosed", False),
        active=says.get("active", True),
    )


async def _put_priority(tx: Tx, entry: Entry) -> None:
    says = entry.says
    await put_priority(
        tx, says["code"], says["titles"], rank=entry.position + 1, active=says.get("active", True)
    )


async def _put_calendar(tx: Tx, entry: Entry) -> None:
    says = entry.says
    unknown = set(says["week"]) - set(DAYS)
    if unknown:
        raise BadEntry(entry.where, f"week has no day {min(unknown)!r}; days: {', '.join(DAYS)}")
    week = [_hours(entry, says["week"].get(day, [])) for day in DAYS]
    days = {day: _hours(entry, hours) for day, hours in says.get("days", {}).items()}
    days |= {str(day): [] for day in says.get("holidays", [])}
    await put_calendar(tx, says["code"], says["title"], zone=says["zone"], week=week, days=days)


def _hours(entry: Entry, listed: Any) -> list[list[str]]:
    if not isinstance(listed, list):
        raise BadEntry(entry.where, 'hours are a list such as ["09:00-13:00", "14:00-18:00"]')
    pairs = [str(hours).split("-") for hours in listed]
    if any(len(pair) != len(("from", "to")) for pair in pairs):
        raise BadEntry(entry.where, 'hours are written "09:00-18:00"')
    return pairs


async def _put_agreement(tx: Tx, entry: Entry) -> None:
    says = entry.says
    await put_agreement(
        tx,
        says["code"],
        says["title"],
        calendar=says["calendar"],
        terms=[_term(entry, term) for term in says["terms"]],
        default=says.get("default", False),
    )


def _term(entry: Entry, says: Any) -> Term:
    if not isinstance(says, Mapping) or set(says) - _TERM:
        raise BadEntry(entry.where, f"a term says only {', '.join(sorted(_TERM))}")
    kind = Kind(says.get("service"), says.get("category"), says.get("priority"))
    spans = [
        int(parse_span(str(says[name])).total_seconds()) if name in says else None
        for name in ("reaction", "resolution")
    ]
    return Term(kind, Spans(*spans))


async def _put_team(tx: Tx, entry: Entry) -> None:
    says = entry.says
    await put_team(
        tx,
        says["code"],
        says["titles"],
        level=says.get("level", 1),
        chat=says.get("chat"),
        members=[await _member(tx, entry, who) for who in says.get("members", [])],
        active=says.get("active", True),
    )


async def _member(tx: Tx, entry: Entry, who: Any) -> int:
    """The Telegram id of somebody who is written by it, or by the name that Telegram knows."""
    if isinstance(who, int):
        return who
    name = str(who).removeprefix("@")
    query = select(Person.telegram_id).where(func.lower(Person.username) == name.lower())
    found = [known for known in await tx.session.scalars(query) if known is not None]
    if len(found) != 1:
        raise BadEntry(entry.where, f"nobody called @{name} has written to us; an id works as well")
    return found[0]


_PUT: Final[Mapping[str, Callable[[Tx, Entry], Awaitable[None]]]] = {
    "topic": _put_topic,
    "service": _put_service,
    "category": _put_category,
    "priority": _put_priority,
    "calendar": _put_calendar,
    "agreement": _put_agreement,
    "team": _put_team,
}
