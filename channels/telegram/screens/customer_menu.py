"""What always stands in a customer's chat: the menu, the way back, the choice of a language."""

from datetime import UTC, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import KeyboardButton, ReplyKeyboardMarkup

from channels.telegram.screens.buttons import Keyboard, button, matching, one_of, rows_of
from channels.telegram.screens.screen import Renderer
from core.texts import Texts

# Languages are named in themselves, so that whoever cannot read the rest can read this.
LANGUAGES: Final = ("ru", "en")
# Labels of buttons contain no times.
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NO_ZONE: Final = ZoneInfo("UTC")
# Steps whose button always stands below the chat.
_LABELS: Final = {
    "new": "button.menu.new",
    "cameras": "button.menu.cameras",
    "mine": "button.menu.mine",
}


class Menu(CallbackData, prefix="m"):
    """A step of the customer's menu."""

    step: Annotated[str, one_of((*_LABELS, "back", "language"))]


class ChooseLanguage(CallbackData, prefix="g"):
    """Use this language from now on."""

    code: Annotated[str, matching("[a-z]{2,3}")]


def menu(renderer: Renderer, *, cameras: bool = False, share: bool = False) -> ReplyKeyboardMarkup:
    """The keyboard that always stands below a customer's chat.

    ``cameras``: the company has some; ``share``: above all, one's own phone can be shared.
    """
    labels = {step: KeyboardButton(text=renderer.plain(key)) for step, key in _LABELS.items()}
    rows = [[labels["new"], labels["mine"]]]
    if cameras:
        rows = [[labels["new"], labels["cameras"]], [labels["mine"]]]
    if share:
        phone = KeyboardButton(text=renderer.plain("button.share_phone"), request_contact=True)
        rows.insert(0, [phone])
    return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, is_persistent=True)


def menu_words(texts: Texts) -> dict[str, str]:
    """The labels of `menu` in every language: label → step."""
    return {
        Renderer(texts, locale, _NO_TIME, _NO_ZONE).plain(key): step
        for locale in texts.locales
        for step, key in _LABELS.items()
    }


def back_to(renderer: Renderer, step: str = "back") -> Keyboard:
    """Only the way back, to this step of the menu."""
    return rows_of([button(renderer.plain("button.menu.back"), Menu(step=step))])


def new_ticket(renderer: Renderer) -> Keyboard:
    """Only the way to a new ticket."""
    return rows_of([button(renderer.plain("button.menu.new"), Menu(step="new"))])


def languages(renderer: Renderer) -> Keyboard:
    """The languages to choose from."""
    return rows_of(
        button(renderer.plain(f"button.language.{code}"), ChooseLanguage(code=code))
        for code in LANGUAGES
    )
