"""What people paste is read as they mean it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from core.words.contact_values import read_email, read_phone, typed_phone
from core.words.numbers import find_number
from core.words.pasted import find_zone, fold_number, visible

INVISIBLE = [
    "\u200b",
    "\u200e",
    "\u200f",
    "\u202a",
    "\u202d",
    "\u202c",
    "\u2060",
    "\ufeff",
    "\u00ad",
]
WINTER = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.mark.parametrize("sign", INVISIBLE)
def test_signs_that_nobody_sees_change_nothing(sign: str) -> None:
    def pasted(words: str) -> str:
        return sign + sign.join(words) + sign

    assert visible(pasted("+7 916")) == "+7 916"
    assert read_phone(pasted("+7 916 123-45-67")) == "+79161234567"
    assert typed_phone(pasted("8 916 123-45-67")) == "+79161234567"
    assert read_email(pasted("anna@example.org")) == "anna@example.org"
    number = find_number(pasted("#12"))
    assert number is not None
    assert number[0] == 12
    assert fold_number(pasted("MOS_12")) == "mos_12"


@pytest.mark.parametrize(
    "spelling", ["КАМ-12", "kam-12", "Kам‑12", "№ KAM-12", "#кам-12", " kam - 12 "]
)
def test_one_camera_has_many_spellings(spelling: str) -> None:
    assert fold_number(spelling) == fold_number("KAM-12")


@pytest.mark.parametrize(("one", "other"), [("MOS_1", "MOS_11"), ("12", "1-2"), ("NOR1", "R1")])
def test_different_cameras_stay_different(one: str, other: str) -> None:
    assert fold_number(one) != fold_number(other)


def test_what_follows_a_number_stays_as_it_was_written() -> None:
    assert find_number("\u200e12\u200e семья 👩\u200d👧") == (12, "семья 👩\u200d👧")


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("GMT+3", 3), ("UTC+3", 3), ("utc +03:00", 3), ("+3", 3), ("МСК", 3), ("МСК+2", 5),
        ("MSK-1", 2), ("UTC", 0), ("GMT+0", 0), ("UTC-5", -5), ("GMT−5", -5), ("UTC+5:30", 5.5),
        ("Etc/GMT+3", -3), ("Europe/Moscow", 3), ("europe/moscow", 3), ("Moscow", 3), ("Москва", 3),
        ("Новосибирск", 7), ("Petersburg", 3), ("Saint Petersburg", 3), ("санкт-петербург", 3),
        ("Питер", 3), ("Екатеринбург", 5), ("New York", -5), ("Нью-Йорк", -5), ("Орёл", 3),
        ("\u200eАлматы", 5), ("Ростов-на-Дону", 3), ("Berlin", 1), ("Киев", 2),
    ],
)  # fmt: skip
def test_a_zone_is_read_as_people_say_it(words: str, hours: float) -> None:
    zone = find_zone(words)
    assert zone is not None
    assert WINTER.astimezone(zone).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize(
    "words", ["", "Europe", "Asia", "Etc", "GMT+25", "UTC+3:10", "Луна", "../x", "12"]
)
def test_what_is_no_zone_is_none(words: str) -> None:
    assert find_zone(words) is None


def test_every_name_of_the_database_is_its_zone() -> None:
    for name in available_timezones() - {"GMT+0", "GMT-0"}:
        zone = find_zone(name)
        assert zone is not None
        assert zone.key == name
