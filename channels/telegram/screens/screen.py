"""What every screen is made of: a renderer for its texts, HTML that fits, a keyboard."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiogram.types import InlineKeyboardMarkup

from core.addresses import MessageRef
from core.texts import Texts
from core.words.names import LONGEST_MESSAGE, split_text, units, visible

_TAG: Final = re.compile(r"<[^>]*>")
_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders texts of the catalogues for one reader: in their language and zone, at one instant.

    `html` escapes every fact; `plain` is for button labels, toasts and everything without markup.
    """

    texts: Texts
    locale: str
    now: datetime
    zone: ZoneInfo

    def html(self, key: str, /, **facts: Any) -> str:
        """The text as HTML."""
        return self.texts.say(
            self.locale, key, facts, now=self.now, zone=self.zone, escape=html.escape
        )

    def plain(self, key: str, /, **facts: Any) -> str:
        """The text without markup."""
        return self.texts.say(self.locale, key, facts, now=self.now, zone=self.zone)


@dataclass(frozen=True, slots=True)
class Screen:
    """The HTML of a message and the keyboard below it."""

    html: str
    keyboard: InlineKeyboardMarkup | None = None

    @property
    def digest(self) -> str:
        """Equal for equal screens: an edit that changes nothing is not sent."""
        buttons = "" if self.keyboard is None else self.keyboard.model_dump_json(exclude_none=True)
        return sha256(f"{self.html}\n{buttons}".encode()).hexdigest()[:_DIGEST]

    @property
    def plain(self) -> str:
        """The text without markup, for when Telegram cannot parse ours (R12)."""
        return plain_of(self.html)


def plain_of(text: str) -> str:
    """HTML of ours without its markup."""
    return html.unescape(_TAG.sub("", text))


def clipped(words: str, limit: int) -> str:
    """A person's words, safe to show, at most ``limit`` characters; «…» marks a cut."""
    words = visible(words).strip()
    parts = split_text(words, limit)
    if len(parts) > 1:
        return f"{parts[0]}…"
    return parts[0] if parts else ""


def packed(blocks: Sequence[str]) -> list[str]:
    """Join blocks of HTML into as few messages as they need, in order, without splitting a block.

    Telegram does not count markup. A block longer than a message is split and loses its markup.
    """
    messages: list[str] = []
    left = 0
    for part in chain.from_iterable(map(_fitting, blocks)):
        length = units(plain_of(part))
        if messages and length < left:
            messages[-1] += f"\n{part}"
            left -= length + 1
        else:
            messages.append(part)
            left = LONGEST_MESSAGE - length
    return messages


def _fitting(block: str) -> Iterator[str]:
    words = plain_of(block)
    if units(words) <= LONGEST_MESSAGE:
        yield block
    else:
        yield from map(html.escape, split_text(words))


_SUPERGROUP: Final = "-100"


def url_of(place: MessageRef | None) -> str | None:
    """The link to a message; only messages of supergroups have one."""
    if place is None or not place.chat.startswith(_SUPERGROUP):
        return None
    return f"https://t.me/c/{place.chat.removeprefix(_SUPERGROUP)}/{place.message}"
