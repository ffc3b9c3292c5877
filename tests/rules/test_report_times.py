"""When a report on schedule was to go last, and which week it tells of (C7, H1)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from core.delivery.report_posts import last_week
from core.directory.fields import DAYS
from core.reports.schedule import WEEKDAYS, last_time
from core.sla.calendar import Calendar, read_calendar
from core.words.clock import format_clock, read_clock

MOSCOW = ZoneInfo("Europe/Moscow")
WORKDAYS = [[["09:00", "18:00"]]] * 5 + [[], []]
NINE = 540


def hours(**days: list[list[str]]) -> Calendar:
    named = {name.removeprefix("d").replace("_", "-"): pairs for name, pairs in days.items()}
    return read_calendar("Europe/Moscow", WORKDAYS, named)


def went(now: str, days: tuple[str, ...] = ("mon",), calendar: Calendar | None = None) -> str:
    moment = datetime.fromisoformat(now).replace(tzinfo=MOSCOW)
    at = last_time(days, NINE, MOSCOW, calendar, moment)
    return "never" if at is None else f"{at.astimezone(MOSCOW):%a %d.%m %H:%M}"


@pytest.mark.parametrize(
    ("now", "days", "expected"),
    [
        ("2026-11-23 08:59", ("mon",), "Mon 16.11 09:00"),
        ("2026-11-23 09:00", ("mon",), "Mon 23.11 09:00"),
        ("2026-11-29 23:59", ("mon",), "Mon 23.11 09:00"),
        ("2026-11-25 12:00", ("mon", "wed", "fri"), "Wed 25.11 09:00"),
        ("2026-11-25 08:00", ("mon", "wed", "fri"), "Mon 23.11 09:00"),
        ("2026-11-25 12:00", (), "never"),
    ],
)
def test_the_last_time_by_the_companys_clock(
    now: str, days: tuple[str, ...], expected: str
) -> None:
    assert went(now, days) == expected


def test_a_holiday_puts_it_off_to_the_next_working_day() -> None:
    new_year = hours(d2026_11_23=[], d2026_11_24=[])
    assert went("2026-11-23 12:00", calendar=new_year) == "Mon 16.11 09:00"
    assert went("2026-11-25 08:59", calendar=new_year) == "Mon 16.11 09:00"
    assert went("2026-11-25 09:00", calendar=new_year) == "Wed 25.11 09:00"


def test_a_day_on_which_nobody_ever_works_is_chosen_on_purpose() -> None:
    assert went("2026-11-28 10:00", ("sat",), hours()) == "Sat 28.11 09:00"


def test_a_day_off_in_the_week_that_is_worked_for_once_is_no_holiday() -> None:
    worked = hours(d2026_11_28=[["09:00", "18:00"]])
    assert went("2026-11-28 10:00", ("sat",), worked) == "Sat 28.11 09:00"


def test_hours_that_never_open_again_put_nothing_off() -> None:
    free = {date.fromordinal(date(2026, 11, 1).toordinal() + n): () for n in range(366 * 21)}
    shut = Calendar(MOSCOW, (((540, 1080),),) * 7, free)
    assert went("2026-11-24 10:00", calendar=shut) == "Mon 23.11 09:00"


def test_the_clock_of_another_zone_is_not_asked() -> None:
    utc = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)  # nine in Moscow
    assert last_time(("mon",), NINE, MOSCOW, None, utc) == utc


@pytest.mark.parametrize("day", range(23, 30))
def test_the_last_whole_week_ends_on_the_sunday_before(day: int) -> None:
    assert last_week(date(2026, 11, day)) == (date(2026, 11, 16), date(2026, 11, 22))


def test_days_are_named_as_in_the_directory() -> None:
    assert WEEKDAYS == DAYS


@pytest.mark.parametrize(
    ("words", "minute"), [("9:00", 540), ("09:05", 545), ("00:00", 0), ("23:59", 1439)]
)
def test_a_time_of_the_day_is_read_and_written(words: str, minute: int) -> None:
    assert read_clock(words) == minute
    assert read_clock(format_clock(minute)) == minute


@pytest.mark.parametrize("words", ["24:00", "9", "9:60", "", "09:00\n", "٠٩:٠٠"])
def test_what_is_no_time_of_a_day_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        read_clock(words)
