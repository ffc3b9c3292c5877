"""People's words become values of the file: spans, hours, days, titles, yes and no (X12)."""

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

import pytest

from core.directory.kinds import KINDS
from core.directory.shapes import Shape, asked_fields
from core.directory.spoken import Known, read_answer
from core.words.working_hours import read_hours, read_week
from tests.channels.telegram.hostile import HOSTILE

TODAY: Final = date(2026, 11, 29)
KNOWN: Final = Known(
    TODAY,
    {("kind", "priority"): {"срочно": "urgent", "обычно": "normal"}},
    {"term": {"срочность": "priority", "реакция": "reaction", "решение": "resolution"}},
)
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


def on(days: Iterable[int], *hours: str) -> dict[int, list[str]]:
    return {day: [*hours] for day in days}


MON_FRI: Final = on(range(5), "09:00-18:00")


def shape(kind: str, *path: str) -> Shape:
    found = asked_fields(_BY_NAME[kind], ("ru", "en"))
    return next(one.shape for one in found if one.path == path)


@pytest.mark.parametrize(
    ("words", "week"),
    [
        ("пн–пт 9:00–18:00", MON_FRI),
        ("Mon-Fri 9:00-18:00", MON_FRI),
        ("будни с 9 до 18", MON_FRI),
        ("Monday to Friday 9am–6pm", MON_FRI),
        ("9:00 – 18:00", MON_FRI),
        ("пн-пт 9-18, сб 10–14, вс выходной", {**MON_FRI, 5: ["10:00-14:00"], 6: []}),
        ("weekdays 9:00–18:00; Sat 10–14; Sun closed", {**MON_FRI, 5: ["10:00-14:00"], 6: []}),
        ("пн и ср: 9–13, 14–18", on((0, 2), "09:00-13:00", "14:00-18:00")),
        ("ежедневно круглосуточно", on(range(7), "00:00-24:00")),
        ("пт–пн 10-12", on((4, 5, 6, 0), "10:00-12:00")),
        ("сб 12am–12pm", {5: ["00:00-12:00"]}),
        ("когда-нибудь", None),
        ("пн", None),
        ("", None),
    ],
)
def test_hours_of_a_week_are_read(words: str, week: Any) -> None:
    assert read_week(words) == week


def test_hours_of_one_day_have_no_other_days_in_them() -> None:
    assert read_hours("9–13 и 14:00–18:00") == ["09:00-13:00", "14:00-18:00"]
    assert read_hours("выходной") == []
    assert read_hours("пн 9–13") is None


@pytest.mark.parametrize(
    ("kind", "path", "words", "before", "value"),
    [
        ("calendar", ("week",), "сб 10-14", {"mon": ["x"]}, {"mon": ["x"], "sat": ["10:00-14:00"]}),
        ("calendar", ("week",), "пн выходной", {"mon": ["x"], "tue": ["y"]}, {"tue": ["y"]}),
        ("calendar", ("days",), "31 декабря 9–15", None, {"2026-12-31": ["09:00-15:00"]}),
        ("calendar", ("days",), "31.12 –", {"2026-12-31": ["x"]}, {}),
        ("calendar", ("holidays",), "8 марта", ["2027-01-01"], ["2027-01-01", "2027-03-08"]),
        ("calendar", ("holidays",), "8 March", [], ["2027-03-08"]),
        ("calendar", ("holidays",), "1–3 января", [], ["2027-01-01", "2027-01-02", "2027-01-03"]),
        ("calendar", ("holidays",), "31.12–1.01", [], ["2026-12-31", "2027-01-01"]),
        ("calendar", ("holidays",), "32 марта", [], ["32 марта"]),
        ("calendar", ("zone",), "Омск", "UTC", "Asia/Omsk"),
        ("report", ("at",), "9", None, "9:00"),
        ("report", ("at",), "9.30", None, "9:30"),
        ("team", ("members",), "@olga, 12345", ["@oleg"], ["@oleg", "@olga", 12345]),
        ("team", ("level",), "2", 1, 2),
        ("team", ("chat",), "−100500", None, -100500),
        ("category", ("diagnosed",), "да", False, True),
        ("category", ("diagnosed",), "No.", True, False),
        ("topic", ("answer",), "3 дня", None, "3 дня"),
        ("settings", ("keep_words",), "выкл", "3y", "off"),
        ("settings", ("message_limit",), "10 за минуту", "off", "10/1m"),
        ("settings", ("ticket_limit",), "5 per hour", "off", "5/1h"),
        ("settings", ("ticket_limit",), "5/2h", "off", "5/2h"),
        ("settings", ("ticket_limit",), "5", "off", "5"),
        ("settings", ("outage_faults",), "3", "off", 3),
        ("settings", ("outage_faults",), "выкл", 3, "off"),
        ("mailbox", ("priority",), "Срочно", None, "urgent"),
        ("field", ("choices",), "первый, второй", [], ["первый", "второй"]),
        (
            "agreement",
            ("terms",),
            "Срочность: срочно\nРеакция: 2 ч",
            [{"priority": "urgent", "reaction": "4h", "resolution": "8h"}],
            [{"priority": "urgent", "reaction": "2 ч", "resolution": "8h"}],
        ),
        (
            "agreement",
            ("terms",),
            "Реакция: 1 ч\nРешение: –",
            [{"priority": "urgent", "reaction": "4h"}],
            [{"priority": "urgent", "reaction": "4h"}, {"reaction": "1 ч"}],
        ),
    ],
)
def test_an_answer_becomes_a_value(
    kind: str, path: tuple[str, ...], words: str, before: Any, value: Any
) -> None:
    assert read_answer(shape(kind, *path), words, before, KNOWN) == value


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_hostile_words_are_read_as_words(kind: Any) -> None:
    for asked in asked_fields(kind, ("ru", "en")):
        for words in (*HOSTILE, "-" * 4000, "пн–" * 1000, "1:" * 1500):
            read_answer(asked.shape, words, None, KNOWN)
