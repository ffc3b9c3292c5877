"""One message of ours as it should stand: HTML and buttons."""

import html
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from core.words.names import split_text, visible

_TAG: Final = re.compile(r"<[^>]*>")
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class Screen:
    """What a message shows."""

    html: str
    keyboard: InlineKeyboardMarkup | None = None

    @property
    def digest(self) -> str:
        """The same for what looks the same: such an edit is not worth a call."""
        buttons = "" if self.keyboard is None else self.keyboard.model_dump_json(exclude_none=True)
        return sha256(f"{self.html}\n{buttons}".encode()).hexdigest()[:_DIGEST]

    @property
    def plain(self) -> str:
        """The words without markup, for when Telegram does not understand ours (R12)."""
        return plain_of(self.html)


def plain_of(text: str) -> str:
    """HTML of ours as mere words."""
    return html.unescape(_TAG.sub("", text))


def clipped(words: str, limit: int) -> str:
    """Somebody's words, safe to show among ours, not longer than ``limit``; «…» tells of more."""
    words = visible(words).strip()
    parts = split_text(words, limit)
    if len(parts) > 1:
        return f"{parts[0]}…"
    return parts[0] if parts else ""
