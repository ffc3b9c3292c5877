"""The directory as a file: what is shown can be applied, what is wrong changes nothing."""

from collections.abc import AsyncIterator

import pytest

from core.desk import Desk
from core.directory.applying import OnlyChecked, apply_directory
from core.directory.reading import BadDirectory, read_directory
from core.directory.showing import show_directory
from core.people.identity import recognise
from tests.actions.people import OLGA

SAMPLE = """
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }
answer = "1d"

[[service]]
code = "video"
titles = { ru = "Видеонаблюдение", en = "Video surveillance" }

[[calendar]]
code = "office"
title = "Office hours"
zone = "Europe/Moscow"
week = { mon = ["09:00-13:00", "14:00-18:00"], tue = ["09:00-18:00"] }
days = { 2026-12-30 = ["09:00-16:00"] }
holidays = ["2027-01-01"]

[[agreement]]
code = "standard"
title = "Standard"
calendar = "office"
default = true
terms = [
  { priority = "urgent", reaction = "30m", resolution = "4h" },
  { service = "video", category = "incident", resolution = "16h" },
  { reaction = "4h" },
]

[[team]]
code = "field"
titles = { ru = "Выездная бригада", en = "Field crew" }
level = 2
members = ["@olga"]
"""


async def apply(desk: Desk, text: str, *, really: bool = True) -> list[str]:
    return await desk.run(apply_directory, read_directory(text), really=really)


async def faults(desk: Desk, text: str) -> list[str]:
    with pytest.raises(BadDirectory) as wrong:
        await apply(desk, text)
    return list(wrong.value.faults)


@pytest.fixture(autouse=True)
async def as_it_was(desk: Desk) -> AsyncIterator[None]:
    """Somebody to be a member; topics are seeded once for all tests, so they are put back."""
    before = await desk.read(show_directory)
    await desk.run(recognise, OLGA)
    yield
    await apply(desk, before)


async def test_what_is_shown_can_be_applied_and_changes_nothing(desk: Desk) -> None:
    await apply(desk, SAMPLE)
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []
    assert await desk.read(show_directory) == shown


async def test_a_file_becomes_the_directory_and_the_difference_says_how(desk: Desk) -> None:
    difference = await apply(desk, SAMPLE)
    assert '+answer = "1d"' in difference
    assert "+[[team]]" in difference
    shown = await desk.read(show_directory)
    for line in ('members = ["@olga"]', 'holidays = ["2027-01-01"]', "default = true"):
        assert line in shown
    assert '{ priority = "urgent", reaction = "30m", resolution = "4h" }' in shown
    assert 'code = "general"' in shown  # what the file does not name stays


async def test_a_check_says_the_difference_and_changes_nothing(desk: Desk) -> None:
    before = await desk.read(show_directory)
    with pytest.raises(OnlyChecked) as checked:
        await apply(desk, SAMPLE, really=False)
    assert "+[[agreement]]" in checked.value.args[0]
    assert await desk.read(show_directory) == before


async def test_a_file_with_one_fault_changes_nothing_at_all(desk: Desk) -> None:
    before = await desk.read(show_directory)
    said = await faults(desk, SAMPLE.replace('calendar = "office"', 'calendar = "nowhere"'))
    assert said == ["agreement standard: there is no calendar 'nowhere'"]
    assert await desk.read(show_directory) == before


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[topic", "this is no TOML"),
        ("[[colour]]\ncode='x'", "nobody knows [[colour]]"),
        ("topic = 3", "topic is written as tables: [[topic]]"),
        ("[[topic]]\ncode='x'", "topic x: titles is missing"),
        ("[[topic]]\ntitles={ru='x'}", "topic no. 1: code is missing"),
        ("[[topic]]\ncode=3\ntitles={ru='x'}", "topic 3: code is no str"),
        ("[[topic]]\ncode='x'\ntitles={ru='x'}\nanswr='1d'", "topic x: nobody knows 'answr'"),
        ("[[service]]\ncode='x'\ntitles={ru='x'}\n" * 2, "service x: this code stands"),
    ],
)
def test_what_can_be_seen_without_the_database_is_said_at_once(text: str, says: str) -> None:
    with pytest.raises(BadDirectory) as wrong:
        read_directory(text)
    assert any(fault.startswith(says) for fault in wrong.value.faults)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"1d"', '"some day"', "topic payment: 'some day' is no length of time"),
        ('code = "payment"', 'code = "Оплата"', "topic Оплата: a code has"),
        ("mon =", "monday =", "calendar office: week has no day 'monday'"),
        ('["09:00-18:00"]', '["9 to 6"]', "calendar office: hours are written"),
        ('["09:00-18:00"]', '"09:00-18:00"', "calendar office: hours are a list"),
        ("Europe/Moscow", "Europe/Nowhere", "calendar office: 'Europe/Nowhere'"),
        ('"2027-01-01"', '"1.1.2027"', "calendar office: '1.1.2027' is no date"),
        ('"urgent"', '"panic"', "agreement standard, term 1: there is no priority 'panic'"),
        ('reaction = "4h" }', 'reaction = "4h", colour = "red" }', "agreement standard: a term"),
        ('"@olga"', '"@nobody"', "team field"),
    ],
)
async def test_each_fault_is_said_with_where_it_is(
    desk: Desk, old: str, new: str, says: str
) -> None:
    assert any(fault.startswith(says) for fault in await faults(desk, SAMPLE.replace(old, new)))
