"""Reads and writes the time of a day as clocks show it: ``09:00``."""

import re
from typing import Final

CLOCK: Final = r"([01]?\d|2[0-3]):([0-5]\d)"


def read_clock(words: str) -> int:
    """Return the minutes after midnight. Raises ValueError for what is no time of a day."""
    found = re.fullmatch(CLOCK, words, re.ASCII)
    if found is None:
        raise ValueError(words)
    return int(found[1]) * 60 + int(found[2])


def format_clock(minute: int) -> str:
    """Return the time that is so many minutes after midnight."""
    return f"{minute // 60:02}:{minute % 60:02}"
