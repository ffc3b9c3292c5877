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


_MASK: Final = "SR-{0}"
_LONGEST_MASK: Final = 40
# A digit beside the number would run into it: 2{0} makes 215 of ticket 15.
_MASK_SHAPE: Final = re.compile(r"(?:[^{}]*[^{}\d])?\{0\}(?:[^{}\d][^{}]*)?")


def is_mask(text: str) -> bool:
    """Return whether numbers can be written so: `{0}` once, on one line of a subject."""
    fits = len(text) <= _LONGEST_MASK and text.isprintable() and text == text.strip()
    return fits and _MASK_SHAPE.fullmatch(text) is not None


def find_number(text: str, *masks: str) -> tuple[int, str] | None:
    """Return the number at the start of `text` and what follows it.

    `masks` are how this desk writes numbers and wrote them before, `{0}` standing for the digits.
    None when the text begins with no number that a ticket of this desk could have.
    """
    line = text.strip()
    places = [at for at, char in enumerate(line) if not is_invisible(char)]
    found = _shape(masks or (_MASK,)).match(
        "".join(line[at] for at in places).translate(_FULL_WIDTH)
    )
    if found is None:
        return None
    number = int(next(digits for digits in found.groups() if digits))
    if not 0 < number <= GREATEST:
        return None
    rest = places[found.end()] if found.end() < len(places) else len(line)
    return number, line[rest:]  # as it stands in the text: entities are found by it


def find_masked(text: str, *masks: str) -> list[int]:
    """Return all numbers in `text` that are written as one of the masks says, and stand by
    themselves.
    """
    matches = _anywhere(masks).finditer(text)
    found = (int(next(digits for digits in match.groups() if digits)) for match in matches)
    return [number for number in found if 0 < number <= GREATEST]


@lru_cache(maxsize=16)
def _anywhere(masks: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(_masked, masks))})(?!\w)", re.IGNORECASE)


@lru_cache(maxsize=16)
def _shape(masks: tuple[str, ...]) -> re.Pattern[str]:
    plain = rf"(?:{_SIGN})?(\d{{1,12}})"
    return re.compile(rf"(?:{'|'.join([*map(_masked, masks), plain])}){_AFTER}", re.IGNORECASE)


def _masked(mask: str) -> str:
    before, _, after = mask.partition("{0}")
    return rf"{_literal(before)}(\d{{1,12}}){_literal(after)}"


def _literal(text: str) -> str:
    """Return a pattern for the text with any kind of dash in it."""
    return "".join(map(_character, text))


def _character(char: str) -> str:
    if char in _DASHES:
        return f"[{_DASHES}]"
    return re.escape(char)
