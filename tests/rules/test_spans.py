from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from babel.dates import get_month_names

from core.words.formatters import (
    _LANGUAGES,
    say_ago,
    say_dated,
    say_day,
    say_near,
    say_short_day,
    say_span,
    say_when,
)

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)  # 12:30 in Moscow


def moscow(year: int, month: int, day: int, hour: int = 12, minute: int = 30) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=MOSCOW).astimezone(UTC)


@pytest.mark.parametrize("language", _LANGUAGES)
def test_plurals_and_months_are_those_of_unicode(language: str) -> None:
    ours, theirs = _LANGUAGES[language], Locale.parse(language)
    assert [*map(ours.plural, range(2000))] == [*map(theirs.plural_form, range(2000))]
    assert ours.months == tuple(get_month_names("wide", locale=theirs).values())
    both = zip(ours.months, ours.short_months, strict=True)
    assert all(long[:2] == short[:2] for long, short in both)


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (moscow(2026, 11, 22, 18, 0), "22 ноября, 18:00", "22 November, 18:00"),
        (moscow(2026, 11, 23, 9, 5), "23 ноября, 9:05", "23 November, 9:05"),
        (moscow(2026, 11, 21), "21 ноября, 12:30", "21 November, 12:30"),
        (moscow(2026, 5, 1), "1 мая, 12:30", "1 May, 12:30"),
        (moscow(2027, 1, 3), "3 января 2027, 12:30", "3 January 2027, 12:30"),
    ],
)
def test_what_stays_in_a_chat_has_a_date(at: datetime, russian: str, english: str) -> None:
    assert say_when(at, NOW, MOSCOW, "ru") == russian
    assert say_when(at, NOW, MOSCOW, "en") == english


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (moscow(2026, 11, 22, 18, 0), "сегодня, 18:00", "today, 18:00"),
        (moscow(2026, 11, 22, 23, 59), "сегодня, 23:59", "today, 23:59"),
        (moscow(2026, 11, 23, 0, 0), "завтра, 0:00", "tomorrow, 0:00"),
        (moscow(2026, 11, 23, 9, 5), "завтра, 9:05", "tomorrow, 9:05"),
        (moscow(2026, 11, 21), "вчера, 12:30", "yesterday, 12:30"),
        (moscow(2026, 11, 24), "24 ноя, 12:30", "24 Nov, 12:30"),
        (moscow(2026, 5, 1), "1 мая, 12:30", "1 May, 12:30"),
        (moscow(2027, 9, 3), "3 сен 2027, 12:30", "3 Sep 2027, 12:30"),
    ],
)
def test_a_toast_says_it_as_people_do(at: datetime, russian: str, english: str) -> None:
    assert say_near(at, NOW, MOSCOW, "ru") == russian
    assert say_near(at, NOW, MOSCOW, "en") == english


@pytest.mark.parametrize(
    ("at", "russian", "english"),
    [
        (moscow(2026, 11, 22), "22 ноя, 12:30", "22 Nov, 12:30"),
        (moscow(2026, 11, 21, 9, 5), "21 ноя, 9:05", "21 Nov, 9:05"),
        (moscow(2025, 12, 1), "1 дек 2025, 12:30", "1 Dec 2025, 12:30"),
    ],
)
def test_a_card_says_it_shorter(at: datetime, russian: str, english: str) -> None:
    assert say_dated(at, NOW, MOSCOW, "ru") == russian
    assert say_dated(at, NOW, MOSCOW, "en") == english


def test_a_day_is_said_without_its_hour_and_never_as_a_neighbour_of_today() -> None:
    assert say_day(moscow(2026, 12, 1), NOW, MOSCOW, "ru") == "1 декабря"
    assert say_day(moscow(2026, 11, 23), NOW, MOSCOW, "en") == "23 November"
    assert say_day(moscow(2025, 12, 1), NOW, MOSCOW, "ru") == "1 декабря 2025"
    assert say_short_day(moscow(2026, 12, 1), NOW, MOSCOW, "ru") == "1 дек"
    assert say_short_day(moscow(2026, 11, 23), NOW, MOSCOW, "en") == "23 Nov"
    assert say_short_day(moscow(2025, 12, 1), NOW, MOSCOW, "ru") == "1 дек 2025"


def test_the_day_is_the_readers_own() -> None:
    late = datetime(2026, 11, 22, 20, 0, tzinfo=UTC)
    assert say_near(late, NOW, MOSCOW, "ru") == "сегодня, 23:00"
    assert say_near(late, NOW, ZoneInfo("Asia/Tokyo"), "ru") == "завтра, 5:00"


@pytest.mark.parametrize(
    ("delta", "russian", "english"),
    [
        (timedelta(0), "меньше секунды", "less than a second"),
        (timedelta(seconds=0.4), "меньше секунды", "less than a second"),
        (timedelta(seconds=1), "1 секунда", "1 second"),
        (timedelta(seconds=3), "3 секунды", "3 seconds"),
        (timedelta(seconds=12), "12 секунд", "12 seconds"),
        (timedelta(seconds=21), "21 секунда", "21 seconds"),
        (timedelta(seconds=59.9), "1 мин", "1 min"),
        (timedelta(seconds=119), "1 мин", "1 min"),
        (timedelta(minutes=20), "20 мин", "20 min"),
        (timedelta(hours=3, minutes=20), "3 ч 20 мин", "3 h 20 min"),
        (timedelta(hours=3, minutes=59, seconds=59.9), "4 ч", "4 h"),
        (timedelta(hours=1), "1 ч", "1 h"),
        (timedelta(days=2, hours=4), "2 дня 4 ч", "2 days 4 h"),
        (timedelta(days=2, hours=4, minutes=5), "2 дня 4 ч", "2 days 4 h"),
        (timedelta(days=2, minutes=5), "2 дня", "2 days"),
        (timedelta(days=1), "1 день", "1 day"),
        (timedelta(days=4), "4 дня", "4 days"),
        (timedelta(days=11), "11 дней", "11 days"),
        (timedelta(days=21), "21 день", "21 days"),
        (timedelta(hours=-3), "3 ч", "3 h"),
    ],
)
def test_a_length_is_said_in_two_units_at_most(
    delta: timedelta, russian: str, english: str
) -> None:
    assert say_span(delta, "ru") == russian
    assert say_span(delta, "en") == english


@pytest.mark.parametrize(
    ("delta", "russian", "english"),
    [
        (timedelta(0), "только что", "just now"),
        (timedelta(seconds=0.4), "только что", "just now"),
        (timedelta(seconds=12), "12 секунд назад", "12 seconds ago"),
        (timedelta(days=2, hours=4), "2 дня 4 ч назад", "2 days 4 h ago"),
    ],
)
def test_what_was_a_moment_ago_was_just_now(delta: timedelta, russian: str, english: str) -> None:
    assert say_ago(delta, "ru") == russian
    assert say_ago(delta, "en") == english


def test_one_unit_is_enough_for_a_list() -> None:
    assert say_span(timedelta(days=4, hours=7), "ru", parts=1) == "4 дня"
    assert say_span(timedelta(days=1, hours=2, minutes=3), "en", parts=3) == "1 day 2 h 3 min"


@pytest.mark.parametrize(
    ("locale", "said"), [("ru-RU", "2 дня"), ("en_GB", "2 days"), ("tlh", "2 days")]
)
def test_a_language_we_do_not_speak_is_answered_in_english(locale: str, said: str) -> None:
    assert say_span(timedelta(days=2), locale) == said
