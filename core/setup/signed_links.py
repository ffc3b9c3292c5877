"""Links that are signed, so that nobody finds what they were not given: to stored files, for a
while, and to the page of a ticket (A9).
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from core.signing_key import is_signed, signature

LIFETIME: Final = timedelta(days=30)
_SIGNED: Final = re.compile(r"([1-9][0-9]{0,14})-([0-9a-f]{20})", re.ASCII)


def file_link(public_url: str, key: bytes, name: str, title: str, now: datetime) -> str:
    """Return the address of a stored file until `LIFETIME` from ``now``."""
    until = int((now + LIFETIME).timestamp())
    signed = signature(key, _of_file(name, until))
    return f"{public_url}/files/{name}/{until}/{signed}/{quote(title, safe='')}"


def is_valid_link(key: bytes, name: str, until: int, signed: str, now: datetime) -> bool:
    """Return whether we have made this link, and it still counts."""
    try:
        over = datetime.fromtimestamp(until, UTC) < now
    except (OverflowError, ValueError, OSError):
        return False
    return not over and is_signed(key, _of_file(name, until), signed)


def _of_file(name: str, until: int) -> str:
    return f"file {name} {until}"


def follow_path(key: bytes, number: int) -> str:
    """Return the path of a ticket's page."""
    return f"/t/{number}-{signature(key, _of_page(number))}"


def followed_number(key: bytes, signed: str) -> int | None:
    """Return the ticket that the end of such a path names; ``None`` if we have not made it."""
    found = _SIGNED.fullmatch(signed)
    if found is None or not is_signed(key, _of_page(int(found[1])), found[2]):
        return None
    return int(found[1])


def _of_page(number: int) -> str:
    return f"follow:{number}"
