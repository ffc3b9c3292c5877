"""Building blocks of keyboards, the field types of callback data, and menus that stand open.

Every screen defines the callback data of its own buttons as classes of aiogram's `CallbackData`;
`callback_data` lists them all and reads what comes back. The packed forms stand in people's chats
for years: a prefix, the order of fields and the spelling of values never change.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData
from aiogram.methods import EditMessageText, TelegramMethod
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from pydantic import Field

Button = InlineKeyboardButton
Keyboard = InlineKeyboardMarkup

# A label may hold somebody's words: a ticket's title, a topic.
LONGEST_LABEL: Final = 40

# 18 digits fit into the 64 bits of every database.
LARGEST: Final = 10**18 - 1
Id = Annotated[int, Field(ge=1, le=LARGEST)]
PageIndex = Annotated[int, Field(ge=0, le=999_999)]


def one_of(words: Iterable[str]) -> Any:
    """The field holds exactly one of these words."""
    return Field(pattern=f"^(?:{'|'.join(map(re.escape, sorted(words)))})$")


def matching(pattern: str) -> Any:
    """The field matches this regular expression as a whole."""
    return Field(pattern=f"^(?:{pattern})$")


def button(label: str, data: CallbackData) -> Button:
    """A button with its label and its callback data. Raises ValueError above 64 bytes of data."""
    return Button(text=label, callback_data=data.pack())


def rows_of(buttons: Iterable[Button], width: int = 2) -> Keyboard:
    """Buttons in rows of ``width``."""
    listed = list(buttons)
    return Keyboard(
        inline_keyboard=[listed[at : at + width] for at in range(0, len(listed), width)]
    )


def page_turns(page: int, pages: int, turn: Any) -> Iterator[Button]:
    """``‹`` ``2 / 5`` ``›`` for a page counted from 0. ``turn(page)`` gives callback data."""
    if page > 0:
        yield button("‹", turn(page - 1))
    if pages > 1:
        yield button(f"{page + 1} / {pages}", turn(page))
    if page < pages - 1:
        yield button("›", turn(page + 1))


def short(label: str, room: int = LONGEST_LABEL) -> str:
    """The label, cut to ``room`` characters; without it to what fits on a button."""
    return label if len(label) <= room else f"{label[: room - 1].rstrip()}…"


_LONGEST_DATA: Final = 64


def stamped(markup: dict[str, Any], epoch: int) -> dict[str, Any]:
    """Return a keyboard as Telegram gets it, each button's data with the epoch it is sent in (R21).

    Data that has no room for that stays as it is: such a button counts as one of before.
    """
    rows = markup.get("inline_keyboard")
    if rows is None:
        return markup
    return markup | {"inline_keyboard": [[_stamped(each, epoch) for each in row] for row in rows]}


def _stamped(each: dict[str, Any], epoch: int) -> dict[str, Any]:
    data = f"{each.get('callback_data') or ''}~{epoch}"
    if not each.get("callback_data") or len(data) > _LONGEST_DATA:
        return each
    return each | {"callback_data": data}


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
