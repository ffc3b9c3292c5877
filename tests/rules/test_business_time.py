"""Working time, against a counter that looks at every minute's wall clock."""

import random
import time
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest

from core.sla.calendar import BadCalendar, Calendar, Hours, NeverOpen, read_calendar

ZONES = (
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # moves by half an hour
    "Africa/Cairo",  # moves at midnight
)
# The year's changes of the clocks lie in these, in each of the zones that have any.
BEGIN, AUTUMN = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 9, 26, tzinfo=UTC)
DAYS = 58
CASES = 100_000 // len(ZONES) // 2
WORKDAY: list[list[str]] = [["09:00", "13:00"], ["14:00", "18:00"]]
MINUTE = timedelta(minutes=1)


def weekdays(zone: str = "Europe/Moscow") -> Calendar:
    return read_calendar(zone, [WORKDAY] * 5 + [[], []], {"2026-11-04": []})


def random_hours(chance: random.Random) -> Hours:
    cuts = sorted(chance.sample(range(1441), 2 * chance.randint(0, 3)))
    return tuple(zip(cuts[::2], cuts[1::2], strict=True))


def random_calendar(zone: str, begin: datetime, chance: random.Random) -> Calendar:
    days = {
        begin.date() + timedelta(days=chance.randrange(DAYS)): random_hours(chance)
        for _ in range(20)
    }
    week = tuple(random_hours(chance) for _ in range(6))
    return Calendar(ZoneInfo(zone), (((120, 200), (1380, 1440)), *week), days)


def is_open(calendar: Calendar, at: datetime) -> bool:
    wall = at.astimezone(calendar.zone)
    hours = calendar.days.get(wall.date(), calendar.week[wall.weekday()])
    minute = wall.hour * 60 + wall.minute
    return any(opens <= minute < closes for opens, closes in hours)


@pytest.mark.parametrize("begin", [BEGIN, AUTUMN], ids=["spring", "autumn"])
@pytest.mark.parametrize("zone", ZONES)
def test_it_agrees_with_a_counter_of_minutes(zone: str, begin: datetime) -> None:
    chance = random.Random(f"{zone} {begin}")
    calendar = random_calendar(zone, begin, chance)
    minutes = DAYS * 1440
    opened = [is_open(calendar, begin + at * MINUTE) for at in range(minutes)]
    counted = [0, *accumulate(opened)]
    at_count: dict[int, int] = {}
    for at, count in enumerate(counted):
        at_count.setdefault(count, at)
    for _ in range(CASES):
        since, until = sorted(chance.sample(range(minutes), 2))
        worked = counted[until] - counted[since]
        start, end = begin + since * MINUTE, begin + until * MINUTE
        assert calendar.worked(start, end) == worked * MINUTE
        if worked:
            over = at_count[counted[since] + worked]
            assert calendar.after(start, worked * MINUTE) == begin + over * MINUTE


def test_forty_hours_are_added_within_fifty_microseconds() -> None:
    calendar, span = weekdays("Europe/Berlin"), timedelta(hours=40)
    starts = [BEGIN + hours * timedelta(hours=1) for hours in range(2000)]
    calendar.after(starts[-1], span)

    def dedup_key() -> float:
        begun = time.process_time()
        for start in starts:
            calendar.after(start, span)
        return (time.process_time() - begun) / len(starts)

    assert min(dedup_key() for _ in range(5)) <= 50e-6


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 09:00", 4, "2026-11-23 13:00"),
        ("2026-11-23 09:00", 4.5, "2026-11-23 14:30"),  # over lunch
        ("2026-11-20 17:00", 2, "2026-11-23 10:00"),  # over the weekend
        ("2026-11-03 17:00", 2, "2026-11-05 10:00"),  # over a holiday
        ("2026-11-22 03:00", 1, "2026-11-23 10:00"),  # from a Sunday
        ("2026-11-23 13:30", 0, "2026-11-23 13:30"),  # nothing is over at once
    ],
)
def test_spans_end_where_a_person_would_say(start: str, hours: float, end: str) -> None:
    zone = ZoneInfo("Europe/Moscow")
    begin = datetime.fromisoformat(start).replace(tzinfo=zone)
    assert weekdays().after(begin, timedelta(hours=hours)) == datetime.fromisoformat(end).replace(
        tzinfo=zone
    )


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        ("2026-11-23 10:30", {"days": 3}, "2026-11-26 10:30"),
        ("2026-11-20 10:30", {"days": 3}, "2026-11-25 10:30"),  # over the weekend
        ("2026-11-02 10:30", {"days": 2}, "2026-11-05 10:30"),  # over a holiday
        ("2026-11-24 03:25", {"days": 1}, "2026-11-25 09:00"),  # at night
        ("2026-11-21 12:00", {"days": 1}, "2026-11-24 09:00"),  # on a Saturday
        ("2026-11-23 18:00", {"hours": 4}, "2026-11-24 13:00"),  # when all go home
        ("2026-11-20 17:00", {"days": 1, "hours": 2}, "2026-11-24 10:00"),
    ],
)
def test_a_promise_counts_working_days(start: str, span: dict[str, int], end: str) -> None:
    zone = ZoneInfo("Europe/Moscow")
    begin, until = (datetime.fromisoformat(each).replace(tzinfo=zone) for each in (start, end))
    assert weekdays().promised(begin, timedelta(**span)) == until


def test_a_promise_for_a_day_that_ends_earlier_is_for_the_next_working_moment() -> None:
    short = read_calendar("UTC", [WORKDAY] * 5 + [[], []], {"2026-11-27": [["09:00", "13:00"]]})
    start = datetime(2026, 11, 26, 17, tzinfo=UTC)
    assert short.promised(start, timedelta(days=1)) == datetime(2026, 11, 30, 9, tzinfo=UTC)


def test_round_the_clock_a_promise_is_real_time() -> None:
    always = read_calendar("Europe/Moscow", [[["00:00", "24:00"]]] * 7, {})
    chance = random.Random(7)
    for _ in range(500):
        start = BEGIN + timedelta(seconds=chance.randrange(10**7))
        span = timedelta(seconds=chance.randrange(10**6))
        assert always.promised(start, span) == start + span
    assert always.always and not weekdays().always


def test_the_pieces_are_the_arithmetic() -> None:
    zone = ZoneInfo("Europe/Moscow")
    start = datetime(2026, 11, 20, 17, tzinfo=zone)
    end = datetime(2026, 11, 23, 15, tzinfo=zone)
    pieces = weekdays().pieces(start, end)
    assert [(until - since) // timedelta(hours=1) for since, until in pieces] == [1, 4, 1]
    assert sum((until - since for since, until in pieces), timedelta()) == weekdays().worked(
        start, end
    )


def test_an_end_before_the_start_has_no_working_time() -> None:
    assert weekdays().worked(BEGIN + timedelta(days=1), BEGIN) == timedelta()


def test_seconds_are_kept() -> None:
    start = datetime(2026, 11, 23, 9, 0, 7, 250, tzinfo=ZoneInfo("Europe/Moscow"))
    assert weekdays().after(start, timedelta(hours=1)) == start + timedelta(hours=1)


def test_who_never_works_is_told_so() -> None:
    closed = Calendar(ZoneInfo("UTC"), ((),) * 7, {date(2026, 3, 2): ((0, 60),)})
    with pytest.raises(NeverOpen):
        closed.after(BEGIN, timedelta(hours=2))
    with pytest.raises(NeverOpen):
        closed.promised(BEGIN, timedelta(days=1))


@pytest.mark.parametrize(
    ("zone", "week", "days", "says"),
    [
        ("Europe/Nowhere", [WORKDAY] * 7, {}, "no time zone"),
        ("UTC", [WORKDAY] * 6, {}, "seven days"),
        ("UTC", [[]] * 7, {}, "no day"),
        ("UTC", [[["18:00", "09:00"]], *[[]] * 6], {}, "end before"),
        ("UTC", [[["09:00", "13:00"], ["12:00", "18:00"]], *[[]] * 6], {}, "overlap"),
        ("UTC", [[["9", "18:00"]], *[[]] * 6], {}, "no time of a day"),
        ("UTC", [[["09:00", "24:30"]], *[[]] * 6], {}, "no time of a day"),
        ("UTC", [WORKDAY] * 7, {"31.12.2026": []}, "no date"),
    ],
)
def test_a_calendar_that_cannot_be_is_refused_in_words(
    zone: str, week: list[list[list[str]]], days: dict[str, list[list[str]]], says: str
) -> None:
    with pytest.raises(BadCalendar, match=says):
        read_calendar(zone, week, days)
