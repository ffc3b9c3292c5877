"""One message of ours as it should stand: HTML and buttons."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from core.words.names import LONGEST_MESSAGE, split_text, units, visible

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


def packed(blocks: Sequence[str]) -> list[str]:
    """Blocks of HTML as few messages, in their order: none is torn, and each message fits.

    Telegram counts what is read, so markup is free. A block that no message takes is cut all the
    same, and loses its markup: the words matter more.
    """
    messages: list[str] = []
    room = 0
    for part in chain.from_iterable(map(_fitting, blocks)):
        length = units(plain_of(part))
        if messages and length < room:
            messages[-1] += f"\n{part}"
            room -= length + 1
        else:
            messages.append(part)
            room = LONGEST_MESSAGE - length
    return messages


def _fitting(block: str) -> Iterator[str]:
    words = plain_of(block)
    if units(words) <= LONGEST_MESSAGE:
        yield block
    else:
        yield from map(html.escape, split_text(words))
