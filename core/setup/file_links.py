"""Links to stored files, for whoever is shown them: signed, and good for a while."""

from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

from core.setup.signing_key import is_signed, signature

LIFETIME: Final = timedelta(days=30)


def file_link(public_url: str, key: bytes, name: str, title: str, now: datetime) -> str:
    """Return the address of a stored file until `LIFETIME` from ``now``."""
    until = int((now + LIFETIME).timestamp())
    signed = signature(key, _words(name, until))
    return f"{public_url}/files/{name}/{until}/{signed}/{quote(title, safe='')}"


def is_valid_link(key: bytes, name: str, until: int, signed: str, now: datetime) -> bool:
    """Return whether we have made this link, and it still counts."""
    try:
        over = datetime.fromtimestamp(until, UTC) < now
    except (OverflowError, ValueError, OSError):
        return False
    return not over and is_signed(key, _words(name, until), signed)


def _words(name: str, until: int) -> str:
    return f"file {name} {until}"
