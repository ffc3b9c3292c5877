"""How clocks of agreements stand after what happened (B1, C4): a story in each line."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sla.calendar import read_calendar
from core.sla.clock import REACTION, RESOLUTION, ClockState, Step, What, begin, fold, remind_at
from core.sla.explanation import Day, Pause, explain

OFFICE = [["09:00", "13:00"], ["14:00", "18:00"]]
WEEK = [OFFICE] * 5 + [[], []]
MOSCOW = read_calendar("Europe/Moscow", WEEK, {"2026-12-31": []})
HOUR = 3600


def at(words: str) -> datetime:
    """«mon 10:30» of the week of 23 November 2026, by the clocks of Moscow, in UTC."""
    day, clock = words.split()
    number = 23 + ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day)
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, number, hour, minute, tzinfo=UTC) - timedelta(hours=3)


def told(story: str) -> list[Step]:
    """«pauses mon 10:00, runs tue 9:00»."""
    steps = []
    for line in filter(None, story.split(", ")):
        what, _, when = line.partition(" ")
        kind = REACTION if what == "unreacted" else RESOLUTION if what == "missed" else None
        steps.append(Step(at(when), "missed" if kind else what, kind))  # type: ignore[arg-type]
    return steps


def shown(state: ClockState) -> str:
    """The state of a clock in a word or two."""
    parts = []
    if state.due_at is not None:
        parts.append(f"due {state.due_at + timedelta(hours=3):%a %-H:%M}".lower())
    if state.left is not None:
        parts.append(f"left {state.left / HOUR:g}")
    if state.ended_at is not None:
        parts.append(f"ended {state.ended_at + timedelta(hours=3):%a %-H:%M}".lower())
    if state.missed_at is not None:
        parts.append("known")
    return ", ".join(parts)


OPENED = "mon 10:00"


@pytest.mark.parametrize(
    ("hours", "story", "shows"),
    [
        # it runs in working time
        (2, "", "due mon 12:00"),
        (4, "", "due mon 15:00"),
        (8, "", "due tue 10:00"),
        (40, "", "due mon 10:00"),
        # a pause keeps what is left, and it goes on from there
        (4, "pauses mon 12:00", "left 2"),
        (4, "pauses mon 12:00, runs wed 9:00", "due wed 11:00"),
        (4, "pauses mon 12:00, pauses mon 12:30, runs wed 9:00", "due wed 11:00"),
        (4, "pauses mon 12:00, runs sat 12:00", "due mon 11:00"),
        (4, "pauses mon 11:00, runs mon 12:00, pauses mon 15:00, runs wed 9:00", "due wed 10:00"),
        # outside of the hours nothing is lost
        (2, "pauses mon 13:30", "due mon 12:00"),
        (4, "pauses mon 13:30, runs mon 13:45", "due mon 15:00"),
        # back at work without having been away changes nothing
        (4, "runs mon 11:00", "due mon 15:00"),
        # a resolution and an end stop it; taken back, it goes on
        (4, "stops mon 12:00", "left 2, ended mon 12:00"),
        (4, "stops mon 12:00, stops tue 9:00", "left 2, ended mon 12:00"),
        (4, "stops mon 12:00, runs wed 9:00", "due wed 11:00"),
        (4, "pauses mon 11:00, stops mon 12:00, runs wed 9:00", "due wed 12:00"),
        (4, "stops mon 12:00, pauses tue 9:00, runs wed 9:00", "due wed 11:00"),
        # what is overdue stays overdue, whatever comes
        (2, "pauses mon 12:00", "due mon 12:00"),
        (2, "pauses mon 16:00", "due mon 12:00"),
        (2, "pauses mon 16:00, runs tue 9:00", "due mon 12:00"),
        (2, "stops mon 16:00", "due mon 12:00, ended mon 16:00"),
        (2, "stops mon 16:00, runs tue 9:00", "due mon 12:00"),
        # admins know of it once
        (2, "missed mon 12:00", "due mon 12:00, known"),
        (2, "missed mon 12:00, pauses mon 14:00, runs tue 9:00", "due mon 12:00, known"),
        (2, "missed mon 11:00", "due mon 12:00"),
        (2, "unreacted mon 12:00", "due mon 12:00"),
        (2, "pauses mon 11:00, missed tue 9:00", "left 1"),
        # a reaction does not end the work
        (2, "reacted mon 11:00", "due mon 12:00"),
    ],
)
def test_the_clock_of_the_resolution(hours: float, story: str, shows: str) -> None:
    assert shown(fold(MOSCOW, RESOLUTION, int(hours * HOUR), at(OPENED), told(story))) == shows


@pytest.mark.parametrize(
    ("story", "shows"),
    [
        ("", "due mon 12:00"),
        ("reacted mon 11:00", "left 1, ended mon 11:00"),
        ("reacted mon 12:30", "due mon 12:00, ended mon 12:30"),
        ("unreacted mon 12:00, reacted mon 12:30", "due mon 12:00, ended mon 12:30, known"),
        # a reaction cannot be taken back, not even by a reopening
        ("reacted mon 11:00, stops mon 11:30, runs tue 9:00", "left 1, ended mon 11:00"),
        ("reacted mon 11:00, pauses mon 11:30, reacted wed 9:00", "left 1, ended mon 11:00"),
        # who ends a ticket has reacted to it
        ("stops mon 11:00, runs tue 9:00", "left 1, ended mon 11:00"),
        # put off before anybody took it
        ("pauses mon 11:00", "left 1"),
        ("pauses mon 11:00, runs tue 9:00", "due tue 10:00"),
        ("pauses mon 11:00, reacted mon 11:30", "left 1, ended mon 11:30"),
        # late only becomes known after the reaction: still once
        ("reacted mon 12:30, unreacted mon 12:31", "due mon 12:00, ended mon 12:30, known"),
    ],
)
def test_the_clock_of_the_reaction(story: str, shows: str) -> None:
    assert shown(fold(MOSCOW, REACTION, 2 * HOUR, at(OPENED), told(story))) == shows


def test_a_span_that_no_calendar_holds_is_due_out_of_sight() -> None:
    dedup_key = read_calendar("UTC", [[], [], [], [], [], [], [["10:00", "10:01"]]], {})
    clock = begin(dedup_key, 366 * 24 * HOUR, at(OPENED))
    assert clock.due_at is not None and clock.due_at.year > 2045


@pytest.mark.parametrize(
    ("hours", "ahead", "now", "reminds"),
    [
        (8, 2, "mon 10:00", "mon 17:00"),
        (8, 1, "mon 10:00", "mon 18:00"),
        (2, 4, "mon 10:00", "mon 11:30"),  # never more than a quarter of the span
        (8, 2, "mon 17:30", None),
        (8, 2, "tue 12:00", None),
    ],
)
def test_a_reminder_comes_in_working_time_ahead_of_the_deadline(
    hours: int, ahead: int, now: str, reminds: str | None
) -> None:
    clock = begin(MOSCOW, hours * HOUR, at(OPENED))
    expected = None if reminds is None else at(reminds)
    assert remind_at(MOSCOW, clock, at(now), timedelta(hours=ahead)) == expected


WHATS: st.SearchStrategy[What] = st.sampled_from(get_args(What))


@st.composite
def stories(draw: st.DrawFn) -> list[Step]:
    moment, steps = at(OPENED), []
    for _ in range(draw(st.integers(0, 8))):
        moment += timedelta(seconds=draw(st.integers(0, 3 * 24 * HOUR)))
        what = draw(WHATS)
        kind = draw(st.sampled_from([REACTION, RESOLUTION])) if what == "missed" else None
        steps.append(Step(moment, what, kind))
    return steps


@given(stories(), st.sampled_from([REACTION, RESOLUTION]), st.integers(60, 60 * HOUR))
def test_the_arithmetic_accounts_for_every_second_of_the_span(
    steps: list[Step], kind: str, span: int
) -> None:
    told = explain(MOSCOW, kind, span, at(OPENED), steps)
    assert told.reading == fold(MOSCOW, kind, span, at(OPENED), steps)
    pauses = sum(isinstance(line, Pause) for line in told.lines)
    promised = span if told.reading.due_at is not None else span - (told.reading.left or 0)
    lost = promised - told.counted.total_seconds()
    assert 0 <= lost <= pauses  # less than a second for each time it stood


@given(stories(), st.integers(60, 60 * HOUR))
def test_a_pause_never_takes_working_time_away(steps: list[Step], span: int) -> None:
    clock = fold(MOSCOW, RESOLUTION, span, at(OPENED), steps)
    untouched = begin(MOSCOW, span, at(OPENED)).due_at
    assert untouched is not None
    if clock.due_at is not None:
        assert clock.due_at >= untouched - timedelta(seconds=len(steps))
    else:
        assert clock.left is not None and 0 <= clock.left <= span


def test_the_arithmetic_names_days_pauses_and_ends() -> None:
    steps = told("pauses mon 15:00, runs tue 10:00, stops tue 11:00, runs wed 9:30")
    lines = explain(MOSCOW, RESOLUTION, 8 * HOUR, at(OPENED), steps).lines
    assert [line.length for line in lines if isinstance(line, Day)] == [
        timedelta(hours=4),
        timedelta(hours=1),
        timedelta(hours=3),
    ]
    stood = [line for line in lines if isinstance(line, Pause)]
    assert [(line.since, line.until, line.ended) for line in stood] == [
        (at("mon 15:00"), at("tue 10:00"), False),
        (at("tue 11:00"), at("wed 9:30"), True),
    ]
    assert isinstance(lines[0], Day)
    assert lines[0].pieces == (
        (at("mon 10:00"), at("mon 13:00")),
        (at("mon 14:00"), at("mon 15:00")),
    )
