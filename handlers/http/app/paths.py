"""Where a request leads to, and which ticket it names."""

from http import HTTPStatus
from typing import Final

from fastapi.responses import RedirectResponse

_LONGEST_NUMBER: Final = 15


def number_of(words: str, otherwise: int = 0) -> int:
    """Return a number that was asked for; 0, which no ticket has, for what is none."""
    is_number = words.isascii() and words.isdecimal() and len(words) <= _LONGEST_NUMBER
    return int(words) if is_number else otherwise


def lead_to(start: str) -> RedirectResponse:
    """Lead to the ticket that the app was opened at, or to the table."""
    return see(f"/app/t/{number_of(start)}" if start.isdecimal() else "/app")


def see(path: str) -> RedirectResponse:
    """Lead there after a form, or instead of what was asked for."""
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
