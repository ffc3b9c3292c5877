from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words.when import (
    FARTHEST,
    NotATime,
    TimeInPast,
    When,
    WhenError,
    parse_span,
    parse_when,
)

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)  # a Sunday, 12:30 in Moscow

# Read at 2026-11-22 12:30, a Sunday.
TIMES = """
10s                      2026-11-22 12:30:10
90 секунд                2026-11-22 12:31:30
15m                      2026-11-22 12:45
15 мин                   2026-11-22 12:45
15 мин.                  2026-11-22 12:45
4h                       2026-11-22 16:30
4 hours                  2026-11-22 16:30
2ч                       2026-11-22 14:30
2 ч                      2026-11-22 14:30
через 2 часа             2026-11-22 14:30
in 2 hours               2026-11-22 14:30
in an hour               2026-11-22 13:30
через час                2026-11-22 13:30
час                      2026-11-22 13:30
полчаса                  2026-11-22 13:00
через полчаса            2026-11-22 13:00
half an hour             2026-11-22 13:00
полтора часа             2026-11-22 14:00
1.5h                     2026-11-22 14:00
2,5 часа                 2026-11-22 15:00
пару часов               2026-11-22 14:30
a couple of hours        2026-11-22 14:30
1h30m                    2026-11-22 14:00
1ч 30м                   2026-11-22 14:00
2 часа 30 минут          2026-11-22 15:00
2d                       2026-11-24 12:30
2D                       2026-11-24 12:30
2д                       2026-11-24 12:30
3 дня                    2026-11-25 12:30
на 3 дня                 2026-11-25 12:30
for 3 days               2026-11-25 12:30
три дня                  2026-11-25 12:30
2 дня 4 часа             2026-11-24 16:30
48 часов                 2026-11-24 12:30
1w                       2026-11-29 12:30
неделя                   2026-11-29 12:30
через неделю             2026-11-29 12:30
на неделю                2026-11-29 12:30
a week                   2026-11-29 12:30
2 недели                 2026-12-06 12:30
через месяц              2026-12-22 12:30
через полтора месяца     2027-01-06 12:30
полгода                  2027-05-22 12:30
завтра                   2026-11-23 09:00
ЗАВТРА                   2026-11-23 09:00
до завтра                2026-11-23 09:00
until tomorrow           2026-11-23 09:00
завтра 9:00              2026-11-23 09:00
завтра, 9:00             2026-11-23 09:00
завтра в 9               2026-11-23 09:00
завтра в 10:15           2026-11-23 10:15
завтра 9.30              2026-11-23 09:30
завтра к 18 часам        2026-11-23 18:00
завтра утром             2026-11-23 09:00
завтра вечером           2026-11-23 18:00
завтра вечером в 7       2026-11-23 19:00
завтра в 7 вечера        2026-11-23 19:00
завтра в полдень         2026-11-23 12:00
tomorrow 9am             2026-11-23 09:00
tomorrow at 9:30 pm      2026-11-23 21:30
tomorrow in the morning  2026-11-23 09:00
tomorrow evening         2026-11-23 18:00
9am tomorrow             2026-11-23 09:00
18:00 завтра             2026-11-23 18:00
в 18:00 в пятницу        2026-11-27 18:00
сегодня 18:00            2026-11-22 18:00
сегодня вечером          2026-11-22 18:00
today 6pm                2026-11-22 18:00
послезавтра              2026-11-24 09:00
day after tomorrow       2026-11-24 09:00
пн                       2026-11-23 09:00
Пн.                      2026-11-23 09:00
до пн                    2026-11-23 09:00
понедельник 9:00         2026-11-23 09:00
до понедельника          2026-11-23 09:00
вс                       2026-11-29 09:00
в воскресенье            2026-11-29 09:00
sunday                   2026-11-29 09:00
sun                      2026-11-29 09:00
в пятницу                2026-11-27 09:00
до пятницы 10:00         2026-11-27 10:00
к четвергу               2026-11-26 09:00
mon                      2026-11-23 09:00
monday 9:00              2026-11-23 09:00
till friday              2026-11-27 09:00
this friday              2026-11-27 09:00
next friday              2026-11-27 09:00
в следующий вторник      2026-11-24 09:00
next week                2026-11-23 09:00
на следующей неделе      2026-11-23 09:00
next month               2026-12-01 09:00
2026-12-01               2026-12-01 09:00
2026-12-01 14:30         2026-12-01 14:30
2026/12/01               2026-12-01 09:00
до 2026-12-01            2026-12-01 09:00
01.12                    2026-12-01 09:00
до 01.12                 2026-12-01 09:00
1.12.2026                2026-12-01 09:00
01.12.26                 2026-12-01 09:00
01.12.2026 9:00          2026-12-01 09:00
1 декабря                2026-12-01 09:00
1-го декабря             2026-12-01 09:00
до 1 декабря             2026-12-01 09:00
1 дек 10:00              2026-12-01 10:00
1 декабря, 9:00          2026-12-01 09:00
1 декабря 2027 года      2027-12-01 09:00
1 декабря 2027 в 10      2027-12-01 10:00
December 1               2026-12-01 09:00
December 1st, 2027       2027-12-01 09:00
dec 1 10:00              2026-12-01 10:00
1st of December          2026-12-01 09:00
1 марта                  2027-03-01 09:00
29 февраля               2028-02-29 09:00
9:00                     2026-11-23 09:00
12:30                    2026-11-23 12:30
12:31                    2026-11-22 12:31
до 18:00                 2026-11-22 18:00
к 18                     2026-11-22 18:00
в 18 часов               2026-11-22 18:00
в 3 часа дня             2026-11-22 15:00
5pm                      2026-11-22 17:00
12am                     2026-11-23 00:00
noon                     2026-11-23 12:00
until midnight           2026-11-23 00:00
завтра 18-00             2026-11-23 18:00
завтра в 18-30           2026-11-23 18:30
к 18-00                  2026-11-22 18:00
завтра 18 часов          2026-11-23 18:00
завтра в шесть вечера    2026-11-23 18:00
завтра шесть вечера      2026-11-23 18:00
завтра в шесть часов вечера  2026-11-23 18:00
завтра к трём часам дня  2026-11-23 15:00
завтра в час дня         2026-11-23 13:00
в семь вечера            2026-11-22 19:00
tomorrow at six pm       2026-11-23 18:00
завтра после обеда       2026-11-23 14:00
завтра до обеда          2026-11-23 13:00
завтра к вечеру          2026-11-23 18:00
tomorrow after lunch     2026-11-23 14:00
после обеда              2026-11-22 14:00
after lunch              2026-11-22 14:00
до вечера                2026-11-22 18:00
к вечеру                 2026-11-22 18:00
вечером                  2026-11-22 18:00
до утра                  2026-11-23 09:00
tonight                  2026-11-22 20:00
this evening             2026-11-22 18:00
до конца дня             2026-11-22 18:00
до конца рабочего дня    2026-11-22 18:00
end of day               2026-11-22 18:00
EOD                      2026-11-22 18:00
до конца недели          2026-11-22 18:00
by the end of the week   2026-11-22 18:00
до конца месяца          2026-11-30 18:00
через 2 рабочих дня      2026-11-24 12:30
через рабочий день       2026-11-23 12:30
на три рабочих дня       2026-11-25 12:30
5 рабочих дней           2026-11-27 12:30
in 2 business days       2026-11-24 12:30
25 числа                 2026-11-25 09:00
до 25 числа              2026-11-25 09:00
25-го числа в 10:00      2026-11-25 10:00
5-го числа               2026-12-05 09:00
5-го                     2026-12-05 09:00
31 числа                 2026-12-31 09:00
on the 5th               2026-12-05 09:00
недельку                 2026-11-29 12:30
на недельку              2026-11-29 12:30
через часок              2026-11-22 13:30
пару деньков             2026-11-24 12:30
12/15                    2026-12-15 09:00
15/12                    2026-12-15 09:00
12/12                    2026-12-12 09:00
25/12/2026               2026-12-25 09:00
"""

PAST = [
    "вчера", "позавчера", "yesterday", "вчера 18:00", "вчера вечером", "2020-01-01", "01.01.2020",
    "2026-11-22 12:30", "21 ноября", "21.11", "November 20", "сегодня", "сегодня 9:00", "today 8am",
    "2 часа назад", "3 days ago", "до вчера",
]  # fmt: skip

BROKEN = [
    "25:99", "24:00", "12:60", "завтра 25:99", "завтра в 9:75", "2026-13-45", "2026-02-30",
    "31.02.2027",
    "45 декабря", "December 45", "31 ноября", "30 февраля", "0d", "0 часов", "-5m", "-2 дня",
    "100y",
    "2000d", "99999999999999999h", "9999999d", "9999-12-31", "2040-01-01", "10:00-12:00", "2-3 дня",
    "12", "9.30", "2026-12-01T14:30", "01/12/2026", "5/6", "13/13", "0 рабочих дней", "32 числа",
    "завтра в пять-шесть", "завтра 9-10", "завтра в полдевятого", "3 дня до завтра",
    "завтра 2 часа",
    "в пятницу к пяти-шести",
]  # fmt: skip

REASONS = [
    "", "ждём до завтра", "ждём поставку", "нужно 2 дня", "день добрый", "неделя тишины обещана",
    "5 м кабеля", "12 камер не работают", "в 9 подъезде нет света", "в ремонте",
    "на складе", "до конца",
    "пн-пт не работает", "сегодня не приедут", "sun glare on the lens", "sat on it", "by mistake",
    "monitor is dark", "march of progress", "мая прекрасна", "16:9 экран", "100% брак", "/take",
    "24/7 мониторинг", "утренний обход", "вечером приедет мастер", "шесть камер не видно",
    "10-15 камер не работают", "рабочий телефон", "конец связи", "в час по чайной ложке",
    "waiting for tomorrow", "a", "в", "через", "часовой ушёл", "2dx",
]  # fmt: skip


def local(at: datetime | None, zone: ZoneInfo = MOSCOW) -> str:
    assert at is not None
    assert at.utcoffset() == timedelta(0)
    return at.astimezone(zone).replace(tzinfo=None).isoformat(" ")


def lines(table: str) -> list[tuple[str, str]]:
    cells = (line.split("  ", 1) for line in table.strip().splitlines())
    return [(text.strip(), at.strip().ljust(16)) for text, at in cells]


@pytest.mark.parametrize(("text", "at"), lines(TIMES))
def test_a_time_in_words_is_read(text: str, at: str) -> None:
    when = parse_when(text, NOW, MOSCOW)
    assert local(when.at) == (at if at.count(":") == 2 else f"{at}:00")
    assert not when.rest


@pytest.mark.parametrize(("text", "at"), lines(TIMES))
def test_what_follows_the_time_is_the_reason(text: str, at: str) -> None:
    when = parse_when(f"  {text} — ждём поставку: 2 камеры  ", NOW, MOSCOW)
    # «час», «неделя» and bare hours are times only when they stand alone or before a dash.
    if when.at is None:
        assert text in {"час", "неделя", "недельку", "sun"}
        return
    assert local(when.at).startswith(at.strip())
    assert when.rest == "ждём поставку: 2 камеры"


@pytest.mark.parametrize(
    ("text", "at", "rest"),
    [
        ("2d ждём поставку", "2026-11-24 12:30:00", "ждём поставку"),
        ("завтра 9:00 ждём", "2026-11-23 09:00:00", "ждём"),
        ("завтра в 9 ждём", "2026-11-23 09:00:00", "ждём"),
        ("завтра в 5 подъезде меняют", "2026-11-23 09:00:00", "в 5 подъезде меняют"),
        ("пн, ждём Ёлкина", "2026-11-23 09:00:00", "ждём Ёлкина"),
        ("завтра\nмастер", "2026-11-23 09:00:00", "мастер"),
        ("1 декабря 2 камеры", "2026-12-01 09:00:00", "2 камеры"),
        ("3 дня — до завтра не приедут", "2026-11-25 12:30:00", "до завтра не приедут"),
        ("завтра 10-15 камер проверят", "2026-11-23 09:00:00", "10-15 камер проверят"),
        ("25 числа, ждём счёт", "2026-11-25 09:00:00", "ждём счёт"),
        ("до вечера мастер занят", "2026-11-22 18:00:00", "мастер занят"),
        ("through friday", None, "through friday"),
    ],
)
def test_the_reason_keeps_its_words(text: str, at: str | None, rest: str) -> None:
    when = parse_when(text, NOW, MOSCOW)
    assert (when.at and local(when.at)) == at
    assert when.rest == rest


@pytest.mark.parametrize("text", REASONS)
def test_a_reason_alone_is_never_taken_for_a_time(text: str) -> None:
    assert parse_when(text, NOW, MOSCOW) == When(None, text)


@pytest.mark.parametrize("text", PAST)
def test_a_time_that_has_passed_is_refused_in_the_writers_words(text: str) -> None:
    with pytest.raises(TimeInPast) as refused:
        parse_when(f"{text}", NOW, MOSCOW)
    assert refused.value.words == text


@pytest.mark.parametrize("text", BROKEN)
def test_a_malformed_time_is_refused_in_the_writers_words(text: str) -> None:
    with pytest.raises(NotATime) as refused:
        parse_when(text, NOW, MOSCOW)
    assert refused.value.words == text


def test_the_refusal_names_the_time_and_not_the_reason() -> None:
    with pytest.raises(TimeInPast) as refused:
        parse_when("Позавчера обещали", NOW, MOSCOW)
    assert refused.value.words == "Позавчера"


@pytest.mark.parametrize(
    ("now", "text", "at"),
    [
        # Berlin, 28 March 2027: 02:00 becomes 03:00, so 02:30 is never shown.
        ("2027-03-27 12:00", "завтра 2:30", "2027-03-28 01:30"),
        ("2027-03-27 12:00", "завтра 9:00", "2027-03-28 07:00"),
        ("2027-03-27 12:00", "1d", "2027-03-28 11:00"),
        ("2027-03-27 12:00", "24h", "2027-03-28 12:00"),
        # 25 October 2026: 03:00 becomes 02:00, so 02:30 is shown twice.
        ("2026-10-24 12:00", "завтра 2:30", "2026-10-25 00:30"),
        ("2026-10-25 00:40", "2:30", "2026-10-25 01:30"),
        ("2026-10-24 12:00", "1d", "2026-10-25 13:00"),
    ],
)
def test_clocks_that_are_moved_do_not_move_the_promise(now: str, text: str, at: str) -> None:
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    when = parse_when(text, instant, BERLIN)
    assert when.at == datetime.fromisoformat(at).replace(tzinfo=UTC)


def test_a_month_from_its_last_day_ends_on_the_last_day_there_is() -> None:
    now = datetime(2027, 1, 31, 9, 0, tzinfo=UTC)
    assert local(parse_when("через месяц", now, MOSCOW).at) == "2027-02-28 12:00:00"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("3d", timedelta(days=3)),
        ("90s", timedelta(seconds=90)),
        (" 15m ", timedelta(minutes=15)),
        ("1h 30m", timedelta(hours=1, minutes=30)),
        ("2 часа", timedelta(hours=2)),
        ("полчаса", timedelta(minutes=30)),
        ("неделя", timedelta(weeks=1)),
        ("0.5d", timedelta(hours=12)),
        ("месяц", timedelta(days=30)),
        ("1 год", timedelta(days=365)),
    ],
)
def test_a_length_is_read(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "3", "d", "0d", "-3d", "завтра", "3d ждём", "100y", "9" * 5000 + "d"]
)
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(NotATime):
        parse_span(text)


PIECES = st.sampled_from([text for text, _ in lines(TIMES)] + PAST + BROKEN + REASONS)
WORDS = st.one_of(st.text(), PIECES, st.lists(st.one_of(PIECES, st.text())).map(" ".join))
NOWS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 -- hypothesis wants it so
    max_value=datetime(2035, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(text=WORDS, now=NOWS, zone=st.sampled_from([MOSCOW, BERLIN, ZoneInfo("Asia/Kolkata")]))
def test_whatever_is_written_gives_a_time_ahead_or_a_plain_refusal(
    text: str, now: datetime, zone: ZoneInfo
) -> None:
    try:
        when = parse_when(text, now, zone)
    except WhenError as refused:
        assert refused.words in text  # noqa: PT017 -- it may raise or not
        return
    assert when.at is None or now < when.at <= now + FARTHEST
    assert when.rest in text
