"""Reads an instant as programs write it: «2026-12-01T09:00:00Z» (RFC 3339)."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_LEAP: Final = 60
# In an address «+» means a blank: who did not write it as %2B sends one before the zone.
_INSTANT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d):(?P<second>\d\d)(?:\.(?P<part>\d+))?"
    r"(?:[Zz]|(?P<sign>[-+ ])(?P<zone>(?:[01]\d|2[0-3]):[0-5]\d))",
    re.ASCII,
)
_LONGEST: Final = 64


def read_instant(words: str) -> datetime:
    """Return the instant, in UTC: its zone is said, as ``Z`` or a distance. A leap second is the
    one behind it; more digits than microseconds have are left out. Raises ValueError.
    """
    found = _INSTANT.fullmatch(words.strip()) if len(words) <= _LONGEST else None
    if found is None:
        raise ValueError("no instant with a zone")
    second, part = int(found["second"]), (found["part"] or "")[:6].ljust(6, "0")
    leaps = second == _LEAP
    told = f"{found['day']}T{found['minute']}:{second - leaps:02}.{part}{_zone(found)}"
    try:
        return (datetime.fromisoformat(told) + timedelta(seconds=leaps)).astimezone(UTC)
    except OverflowError as error:  # a zone away from the first or the last year
        raise ValueError("no instant that can be told in UTC") from error


def _zone(found: re.Match[str]) -> str:
    if found["zone"] is None:
        return "+00:00"
    return f"{'-' if found['sign'] == '-' else '+'}{found['zone']}"
