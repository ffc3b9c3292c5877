"""A period of whole days, as an admin types it behind `/stats`."""

from datetime import date

import pytest

from core.words.periods import read_period

TODAY = date(2026, 11, 28)


@pytest.mark.parametrize(
    ("words", "since", "until", "rest"),
    [
        ("", date(2026, 11, 22), TODAY, ""),
        ("неделя", date(2026, 11, 22), TODAY, ""),
        ("сегодня", TODAY, TODAY, ""),
        ("Вчера оплата", date(2026, 11, 27), date(2026, 11, 27), "оплата"),
        ("month @olga", date(2026, 10, 30), TODAY, "@olga"),
        ("Качество изображения", date(2026, 11, 22), TODAY, "Качество изображения"),
        ("1.11-30.11", date(2026, 11, 1), date(2026, 11, 30), ""),
        ("1.10 – 31.10 оплата", date(2026, 10, 1), date(2026, 10, 31), "оплата"),
        ("2026-11-01 2026-11-15", date(2026, 11, 1), date(2026, 11, 15), ""),
        (
            "2026-11-01-2026-11-15 первая линия",
            date(2026, 11, 1),
            date(2026, 11, 15),
            "первая линия",
        ),
        ("31.12", date(2025, 12, 31), date(2025, 12, 31), ""),
        ("29.02", date(2024, 2, 29), date(2024, 2, 29), ""),
        ("31.12-5.01", date(2025, 12, 31), date(2026, 1, 5), ""),
    ],
)
def test_a_period_is_read(words: str, since: date, until: date, rest: str) -> None:
    assert read_period(words, TODAY) == (since, until, rest)


@pytest.mark.parametrize(
    "words",
    [
        "31.02",
        "2026-13-01",
        "2026-11-15 2026-11-01",
        "00.10 оплата",
        "2016-11-01 2026-11-28",
        "1.1.0001-31.12.9999",
    ],
)
def test_a_day_that_is_none_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        read_period(words, TODAY)
