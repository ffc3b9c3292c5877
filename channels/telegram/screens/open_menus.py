"""Menus that stand open on cards: a refresh of the card must not take them from under the finger.

What is known of them lives in memory: after a restart a refresh shows the card's own buttons.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from aiogram.methods import EditMessageText, TelegramMethod
from aiogram.types import InlineKeyboardMarkup

# Whoever opened a menu chooses within so many seconds, or has gone away.
OPEN_FOR: Final = 60.0

MessagePlace = tuple[int | str, int]


@dataclass(frozen=True, slots=True)
class _Overlay:
    keyboard: InlineKeyboardMarkup
    opener: str  # what the button carries that leads to it
    until: float


@dataclass(slots=True)
class OpenMenus:
    """Open menus by chat and message."""

    clock: Callable[[], float] = time.monotonic
    _open: dict[MessagePlace, _Overlay] = field(default_factory=dict)

    def open(self, place: MessagePlace, keyboard: InlineKeyboardMarkup, opener: str) -> None:
        """A menu is about to be shown; ``opener`` is the data of the card's button that leads
        there.
        """
        now = self.clock()
        self._open = {where: one for where, one in self._open.items() if one.until > now}
        self._open[place] = _Overlay(keyboard, opener, now + OPEN_FOR)

    def close(self, place: MessagePlace) -> None:
        """A button below this message was pressed: whatever stood open has done its part."""
        self._open.pop(place, None)

    def keep(self, method: TelegramMethod[Any]) -> TelegramMethod[Any]:
        """The refresh of a card with the open menu's buttons, if the card still leads to it."""
        if not isinstance(method, EditMessageText):
            return method
        overlay = self._open.get((method.chat_id or 0, method.message_id or 0))
        if overlay is None or overlay.until <= self.clock():
            return method
        if overlay.opener not in _carried(method.reply_markup):
            return method
        return method.model_copy(update={"reply_markup": overlay.keyboard})


def _carried(keyboard: InlineKeyboardMarkup | None) -> Iterator[str | None]:
    for row in keyboard.inline_keyboard if keyboard is not None else ():
        for button in row:
            yield button.callback_data
