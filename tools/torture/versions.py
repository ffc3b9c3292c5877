"""Versions of a company's directory whose parts belong together, and whether what the desk wrote
down is of one of them.

Version seven gives an answer seven hours, its choice of the field «Шаг» is `7`, its rules are
called `7` and fill in `7`; they move the ticket to `odd`, to which only odd versions have a way.
A rule of one version that meets the fields, the states or the deadline of another one shows in the
journal: its action was not possible, or left something else than the rule's name says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

_SIDES: Final = ("even", "odd")
_NOWHERE: Final = '["on_hold"]'  # a state must be entered from somewhere; no ticket is there


def directory(version: int) -> str:
    """Return the file of a version, 1 or more."""
    side, other = _SIDES[version % 2], _SIDES[1 - version % 2]
    ways = f'["new", "in_progress", "reopened", "waiting", "{other}"]'
    required = 'required = "resolving"' if version % 2 else ""
    return f"""
[settings]
answer_deadline = "{version}h"
remind_before = "10m"

{_state(side, f"Шаг {version}", ways)}
{_state(other, f"Прежде шага {version}", _NOWHERE)}
[[field]]
code = "step"
titles = {{ ru = "Шаг" }}
kind = "choice"
choices = ["{version}", "{version} или позже"]
{required}

{_rule("opened", version, side)}
{_rule("customer_wrote", version, side)}
"""


def _state(code: str, title: str, sources: str) -> str:
    return f"""
[[state]]
code = "{code}"
titles = {{ ru = "{title}" }}
category = "open"
sources = {sources}
"""


def _rule(event: str, version: int, side: str) -> str:
    return f"""
[[rule]]
code = "{event}"
title = "{version}"
event = "{event}"
then = {{ fields = {{ step = "{version}" }}, state = "{side}" }}
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the journal. ``by``: the process that wrote it, if that is known."""

    ticket: int
    at: datetime
    event: str
    facts: Mapping[str, Any]
    by: str = ""


@dataclass(slots=True)
class _Standing:
    """What a ticket holds after some lines of the journal."""

    state: str = ""
    step: str | None = None
    newest: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that was handled: when, by which version."""

    at: datetime
    version: int


@dataclass(slots=True)
class Judgement:
    """What the journal shows: ``seen`` for each message, ``faults`` in words."""

    seen: list[Seen] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def judge(entries: Iterable[Entry]) -> Judgement:
    """Judge a journal, in its order: lines of one ticket and instant are one transaction."""
    made, standing = Judgement(), defaultdict[int, _Standing](_Standing)
    for transaction in _transactions(entries):
        first = transaction[0]
        told = f"ticket {first.ticket} at {first.at.isoformat()}"
        version, faults = _judge_one(transaction, standing[first.ticket])
        made.faults += [f"{told}: {fault}" for fault in faults]
        if version is not None:
            made.seen.append(Seen(first.at, version))
    return made


def _transactions(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    by_ticket: dict[int, list[list[Entry]]] = defaultdict(list)
    for entry in entries:
        known = by_ticket[entry.ticket]
        if not known or known[-1][0].at != entry.at:
            known.append([])
        known[-1].append(entry)
    for transactions in by_ticket.values():
        yield from transactions


_ARRIVALS: Final = ("ticket_opened", "customer_wrote")


def _judge_one(entries: list[Entry], standing: _Standing) -> tuple[int | None, list[str]]:
    """Which version a customer's message was handled by, and what is not of it."""
    for entry in entries:
        _follow(entry, standing)
    if not any(entry.event in _ARRIVALS for entry in entries):
        return None, []
    named = {int(entry.facts["title"]) for entry in entries if entry.event == "rule_ran"}
    if len(named) != 1:
        return None, [f"rules of versions {sorted(named)}"]
    (version,) = named
    faults = [*_parts(entries, standing, version)]
    if version < standing.newest[entries[0].by]:
        faults.append(f"version {version} after {standing.newest[entries[0].by]}")
    standing.newest[entries[0].by] = version
    return version, faults


def _follow(entry: Entry, standing: _Standing) -> None:
    match entry.event:
        case "ticket_opened":
            standing.state = entry.facts["state"]
        case "state_entered":
            standing.state = entry.facts["new"]
        case "field_set" if entry.facts["field"] == "step":
            standing.step = entry.facts["value"]


def _parts(entries: list[Entry], standing: _Standing, version: int) -> Iterator[str]:
    """What a message left, and is not of this version."""
    if standing.step != str(version):
        yield f"the rule is of {version}, the field of {standing.step}"
    if standing.state != _SIDES[version % 2]:
        yield f"the rule is of {version}, the state is {standing.state}"
    for entry in entries:
        begins = entry.event == "ticket_opened" or entry.facts.get("turned")
        due = entry.facts.get("answer_due") if begins and entry.event in _ARRIVALS else None
        if due is not None and _hours(entry.at, due) != version:
            yield f"the rule is of {version}, the deadline of {_hours(entry.at, due)}"


def _hours(begun: datetime, due: Mapping[str, str]) -> int:
    """Hours to a deadline; what waited for its turn has a few minutes less."""
    return round((datetime.fromisoformat(due["$time"]) - begun).total_seconds() / 3600)
