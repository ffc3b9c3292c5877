"""Links to the page of a ticket: signed, so that nobody finds it who was not given it (A9)."""

import re
from typing import Final

from core.setup.signing_key import is_signed, signature

_SIGNED: Final = re.compile(r"([1-9][0-9]{0,14})-([0-9a-f]{20})", re.ASCII)


def follow_path(key: bytes, number: int) -> str:
    """Return the path of a ticket's page."""
    return f"/t/{number}-{signature(key, _words(number))}"


def followed_number(key: bytes, signed: str) -> int | None:
    """Return the ticket that the end of such a path names; ``None`` if we have not made it."""
    found = _SIGNED.fullmatch(signed)
    if found is None or not is_signed(key, _words(int(found[1])), found[2]):
        return None
    return int(found[1])


def _words(number: int) -> str:
    return f"follow:{number}"
