"""An instant as programs write it is read whatever its zone, and nothing else is (A9)."""

from datetime import UTC, datetime

import pytest

from core.words.instants import read_instant

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "words",
    [
        "2026-12-01T12:00:00Z",
        "2026-12-01t12:00:00z",
        "2026-12-01 12:00:00Z",
        "2026-12-01T12:00:00.000Z",
        "2026-12-01T12:00:00.0000000009Z",
        "2026-12-01T12:00:00+00:00",
        "2026-12-01T12:00:00-00:00",
        "2026-12-01T15:00:00+03:00",
        "2026-12-01T15:00:00 03:00",
        "2026-12-01T07:00:00-05:00",
        "2026-12-01T08:30:00-03:30",
        "2026-12-02T02:00:00+14:00",
        "2026-12-01T11:59:60Z",
        " 2026-12-01T12:00:00Z ",
    ],
)
def test_an_instant_is_read_whatever_its_zone(words: str) -> None:
    at = read_instant(words)
    assert (at, at.tzinfo) == (NOON, UTC)


def test_parts_of_a_second_are_read() -> None:
    assert read_instant("2026-12-01T12:00:00.25-00:00") == NOON.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "words",
    [
        *("", "now", "2026-12-01", "2026-12-01T12:00:00", "2026-12-01T12:00Z", "1764590400"),
        *("2026-13-01T12:00:00Z", "2026-02-30T12:00:00Z", "2026-12-01T24:00:00Z"),
        *("2026-12-01T12:60:00Z", "2026-12-01T12:00:61Z", "2026-12-01T12:00:00+3:00"),
        *("2026-12-01T12:00:00+24:00", "2026-12-01T12:00:00+03:60", "2026-12-01T12:00:00 Z"),
        *("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:60Z", "0000-01-01T00:00:00Z"),
        *("٢٠٢٦-12-01T12:00:00Z", "2026-12-01T12:00:00.Z", "2026-12-01T12:00:00." + "0" * 99 + "Z"),
    ],
)
def test_what_is_no_instant_is_refused(words: str) -> None:
    with pytest.raises(ValueError):
        read_instant(words)
