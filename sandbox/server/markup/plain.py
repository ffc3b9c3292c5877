"""What all parse modes share: the text under construction, errors, entities."""

from __future__ import annotations

import re
from typing import Any, Final

Entity = dict[str, Any]

SPACE: Final = b" \t\n\r\v\f\0"
END: Final = b"\0\0\0\0"  # lets the scanners look ahead without bounds checks


class MarkupError(ValueError):
    """The text can't be parsed; the message is the tail of "can't parse entities: ..."."""


class Out:
    """Plain text under construction with its length in UTF-16 code units."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.utf16 = 0

    def byte(self, value: int) -> None:
        self.data.append(value)
        if value & 0xC0 != 0x80:  # the first byte of a character
            self.utf16 += 2 if value >= 0xF0 else 1

    def char(self, code: int) -> None:
        self.data += chr(code).encode("utf-8", "surrogatepass")
        self.utf16 += 2 if code > 0xFFFF else 1

    def text(self) -> str:
        try:
            return self.data.decode()
        except UnicodeDecodeError:
            raise MarkupError(
                "Text contains invalid Unicode characters after decoding HTML entities, check for "
                "unmatched surrogate code units"
            ) from None


def sort_entities(entities: list[Entity]) -> list[Entity]:
    """Order by offset, the longer first."""
    return sorted(entities, key=lambda e: (e["offset"], -e["length"]))


def custom_emoji(value: str, offset: int, length: int) -> Entity:
    if not re.fullmatch(r"-?\d+", value) or int(value) == 0:
        raise MarkupError("Invalid custom emoji identifier specified")
    return {"type": "custom_emoji", "offset": offset, "length": length, "custom_emoji_id": value}


def date_time(unix: int, fmt: str, offset: int, length: int) -> Entity:
    if fmt and not re.fullmatch(r"r|w?[dD]?[tT]?", fmt):
        raise MarkupError("Invalid date-time format specified")
    entity: Entity = {"type": "date_time", "offset": offset, "length": length, "unix_time": unix}
    if fmt:
        entity["date_time_format"] = fmt
    return entity


def scan(pattern: re.Pattern[bytes], src: bytes, start: int) -> re.Match[bytes]:
    """Match a pattern that also matches nothing, so that it always matches."""
    found = pattern.match(src, start)
    if found is None:
        raise MarkupError(f"Unexpected byte at byte offset {start}")
    return found
