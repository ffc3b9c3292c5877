"""The list that somebody looked at last: from a ticket they go back to it as it was (D2), also to
the tickets behind a figure of the statistics (H1).
"""

from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import Response

from core.reports.measured import FIGURES
from handlers.http.app.board import TICKETS
from handlers.http.app.narrowing import read_query

COOKIE: Final = "frontdoor_list"
# What the way to the tickets behind a figure says, whose own field no other list has.
_FIGURE: Final = "figure"
_OF_FIGURE: Final[tuple[str, ...]] = (_FIGURE, "since", "until", "scope", "part", "before", "after")
# A list, its filters, its order, words, a cursor.
_FIELDS: Final = 20
# Browsers drop a cookie with more than 4,096 bytes, its name and attributes counted.
_LONGEST: Final = 3800


def note_list(page: Response, path: str, *, secure: bool) -> None:
    """Let the browser keep the path of a list until it is closed; nothing, where it is too long.
    ``secure``: it came by https; Telegram's own page embeds us, so that the cookie has to be
    allowed there.
    """
    how = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    query = urlsplit(path).query
    value = query if len(query) <= _LONGEST else ""
    page.headers.append("Set-Cookie", f"{COOKIE}={value}; Path=/app; HttpOnly; {how}")


def forget_list(page: Response) -> None:
    """Take it away: whoever comes in next has looked at none."""
    page.headers.append("Set-Cookie", f"{COOKIE}=; Path=/app; Max-Age=0; HttpOnly")


def last_list(request: Request) -> str:
    """Return the path of the list that was looked at last; of the queue, if it is not known."""
    try:
        pairs = parse_qsl(request.cookies.get(COOKIE, ""), max_num_fields=_FIELDS)
    except ValueError:
        pairs = []
    given = dict(pairs)
    if not given:
        return "/app"
    if given.get(_FIGURE) in FIGURES:
        kept = {name: given[name] for name in _OF_FIGURE if name in given}
        return f"{TICKETS}?{urlencode(kept)}"
    cursor = {name: given[name] for name in ("before", "after") if name in given}
    return read_query(given).path(**cursor)
