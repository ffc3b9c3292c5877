"""A link to a file is ours, for that file, and not for ever."""

from datetime import UTC, datetime, timedelta
from urllib.parse import unquote, urlsplit

import pytest

from core.setup.signed_links import LIFETIME, file_link, is_valid_link

NOW = datetime(2026, 11, 24, tzinfo=UTC)
KEY = b"k" * 32


def parts(link: str) -> tuple[str, int, str, str]:
    name, until, signed, title = urlsplit(link).path.removeprefix("/files/").split("/")
    return name, int(until), signed, unquote(title)


def test_a_link_counts_for_its_file_and_its_time() -> None:
    name, until, signed, title = parts(file_link("https://x.test", KEY, "ab", "план/1.pdf", NOW))
    assert (name, title) == ("ab", "план/1.pdf")
    assert is_valid_link(KEY, name, until, signed, NOW + LIFETIME - timedelta(seconds=1))
    assert not is_valid_link(KEY, name, until, signed, NOW + LIFETIME + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("name", "more", "key"), [("ac", 0, KEY), ("ab", 1, KEY), ("ab", 10**30, KEY), ("ab", 0, b"x")]
)
def test_a_link_that_was_changed_counts_for_nothing(name: str, more: int, key: bytes) -> None:
    _, until, signed, _ = parts(file_link("https://x.test", KEY, "ab", "x", NOW))
    assert not is_valid_link(key, name, until + more, signed, NOW)
