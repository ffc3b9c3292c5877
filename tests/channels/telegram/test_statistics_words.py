"""How figures of statistics are said: with the plurals of the language, and nothing empty."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.statistics import _span, ratings_of
from core.reports.spreads import Spread
from core.reports.statistics import Ratings
from core.texts import Texts

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "russian", "english"),
    [
        (1, "спросили 1 раз", "asked 1 time"),
        (2, "спросили 2 раза", "asked 2 times"),
        (35, "спросили 35 раз", "asked 35 times"),
    ],
)
def test_how_often_was_asked_is_said_as_people_count(
    texts: Texts, asked: int, russian: str, english: str
) -> None:
    for locale, said in (("ru", russian), ("en", english)):
        speaks = Renderer(texts, locale, NOW, ZoneInfo("UTC"))
        (line,) = ratings_of(speaks, Ratings(asked, 0, None))
        assert line.endswith(f": {said}")


def test_working_time_is_not_said_where_none_has_passed(texts: Texts) -> None:
    speaks = Renderer(texts, "ru", NOW, ZoneInfo("UTC"))
    real, some = Spread(timedelta(hours=2), timedelta(hours=5), 3), timedelta(hours=1)
    assert "в рабочее время: 1 ч и 1 ч" in _span(speaks, "first", real, Spread(some, some, 3))
    none = Spread(timedelta(0), timedelta(0), 3)
    assert "рабочее время" not in _span(speaks, "first", real, none)
