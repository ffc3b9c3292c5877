"""Reads the ticket number at the start of a command's argument: `12`, `#12`, `SR-12`."""

import re
from functools import lru_cache
from typing import Final

from core.words.pasted import is_invisible

GREATEST: Final = 2**31 - 1
"""The greatest number a ticket can have."""

# Dashes as typed, as autocorrected, as copied.
_DASHES: Final = "-‐‑‒–—−"
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SIGN: Final = r"[#№]\s?"
# After the number the line ends, or goes on after a space or a comma; `12:30` is an hour.
_AFTER: Final = r"(?:\s+|[,.:;](?=\s|\Z)\s*|\Z)"

TASK_NUMBER: Final = re.compile(r"(?P<sign>[TtТт]-?)?[#№]?\s?(?P<task>\d{1,12})(?:[\s,.:;]+|\Z)")
"""A task's number at the start of words: `T3`, `3`; the letter is of either alphabet."""


def find_number(text: str, mask: str = "SR-{0}") -> tuple[int, str] | None:
    """Return the number at the start of `text` and what follows it.

    `mask` is how this desk writes numbers, `{0}` standing for the digits. None when the text begins
    with no number that a ticket of this desk could have.
    """
    line = text.strip()
    places = [at for at, char in enumerate(line) if not is_invisible(char)]
    found = _shape(mask).match("".join(line[at] for at in places).translate(_FULL_WIDTH))
    if found is None:
        return None
    number = int(found["masked"] or found["plain"])
    if not 0 < number <= GREATEST:
        return None
    rest = places[found.end()] if found.end() < len(places) else len(line)
    return number, line[rest:]  # as it stands in the text: entities are found by it


def find_masked(text: str, mask: str) -> list[int]:
    """Return all numbers in `text` that are written as the mask says, and stand by themselves."""
    found = (int(match[1]) for match in _anywhere(mask).finditer(text))
    return [number for number in found if 0 < number <= GREATEST]


@lru_cache(maxsize=16)
def _anywhere(mask: str) -> re.Pattern[str]:
    before, _, after = mask.partition("{0}")
    masked = rf"{_literal(before)}(\d{{1,12}}){_literal(after)}"
    return re.compile(rf"(?<!\w){masked}(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=16)
def _shape(mask: str) -> re.Pattern[str]:
    before, _, after = mask.partition("{0}")
    masked = rf"{_literal(before)}(?P<masked>\d{{1,12}}){_literal(after)}"
    plain = rf"(?:{_SIGN})?(?P<plain>\d{{1,12}})"
    return re.compile(rf"(?:{masked}|{plain}){_AFTER}", re.IGNORECASE)


def _literal(text: str) -> str:
    """Return a pattern for the text with any kind of dash in it."""
    return "".join(map(_character, text))


def _character(char: str) -> str:
    if char in _DASHES:
        return f"[{_DASHES}]"
    return re.escape(char)
