"""What a customer begins: the menu below the chat, a language, a new ticket."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import KeyboardButton, ReplyKeyboardMarkup

from channels.telegram.screens.buttons import (
    Id,
    Keyboard,
    button,
    matching,
    one_of,
    rows_of,
    short,
)
from channels.telegram.screens.screen import Renderer, Screen
from core.texts import Texts
from core.words.names import clean_name

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
    "faq": "button.menu.faq",
}


class Menu(CallbackData, prefix="m"):
    """A step of the customer's menu."""

    step: Annotated[str, one_of((*_LABELS, "back", "language"))]


class ChooseLanguage(CallbackData, prefix="g"):
    """Use this language from now on."""

    code: Annotated[str, matching("[a-z]{2,3}")]


def menu(
    renderer: Renderer, *, cameras: bool = False, articles: bool = False, share: bool = False
) -> ReplyKeyboardMarkup:
    """The keyboard that always stands below a customer's chat.

    ``cameras``, ``articles``: the company has some; ``share``: above all, one's own phone can be
    shared.
    """
    labels = {step: KeyboardButton(text=renderer.plain(key)) for step, key in _LABELS.items()}
    rows = [[labels["new"], labels["mine"]]]
    if cameras:
        rows = [[labels["new"], labels["cameras"]], [labels["mine"]]]
    if articles:
        rows = [*rows[:-1], [*rows[-1], labels["faq"]]] if cameras else [*rows, [labels["faq"]]]
    if share:
        phone = KeyboardButton(text=renderer.plain("button.share_phone"), request_contact=True)
        rows.insert(0, [phone])
    return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, is_persistent=True)


def menu_words(texts: Texts) -> dict[str, str]:
    """The labels of `menu` in every language: label → step. What a button said before, and what
    it would say if the company did not call it otherwise, is still understood.
    """
    steps = {key: step for step, key in _LABELS.items()}
    found = {label: steps[key] for label, key in texts.former.items() if key in steps}
    for locale in texts.locales:
        found |= {texts.shipped(locale, key)[0]: step for key, step in steps.items()}
    for locale in texts.locales:
        renderer = Renderer(texts, locale, _NO_TIME, _NO_ZONE)
        found |= {renderer.plain(key): step for key, step in steps.items()}
    return found


def living_menu_words(texts: Texts) -> Mapping[str, str]:
    """Return `menu_words`, which change with the texts that the company says."""
    words = menu_words(texts)

    def renew() -> None:
        now = menu_words(texts)
        words.clear()
        words.update(now)

    texts.watch(renew)
    return words


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


class ChooseTopic(CallbackData, prefix="p"):
    """What the new ticket is about: a topic's code."""

    code: Annotated[str, matching("[A-Za-z0-9_.-]{1,48}")]


class FileMessages(CallbackData, prefix="w"):
    """Where the kept messages belong: the id of a ticket, ``new``, or ``no`` to forget them."""

    where: Annotated[str, matching("new|no|[1-9][0-9]{0,17}")]

    @property
    def forget(self) -> bool:
        """They belong nowhere."""
        return self.where == "no"

    @property
    def ticket_id(self) -> int | None:
        """The ticket that they belong to; ``None`` for a new one."""
        return int(self.where) if self.where.isdecimal() else None


def topics(renderer: Renderer, choices: Iterable[tuple[str, str]]) -> Screen:
    """What is the ticket about? ``choices`` are codes and titles; writing at once answers, too."""
    offered = [button(short(title), ChooseTopic(code=code)) for code, title in choices]
    key = "customer.topics" if offered else "customer.describe.free"
    back = button(renderer.plain("button.menu.back"), Menu(step="back"))
    return Screen(renderer.html(key), rows_of([*offered, back]))


def file_whether(renderer: Renderer) -> Keyboard:
    """No ticket is open: shall these words make one?"""
    return rows_of(
        [
            button(renderer.plain("button.file.open"), FileMessages(where="new")),
            button(renderer.plain("button.file.forget"), FileMessages(where="no")),
        ]
    )


def file_which(renderer: Renderer, choices: Iterable[tuple[int, str]]) -> Keyboard:
    """Several are open, as ``(ticket_id, about)``: where do these words belong?"""
    own = [
        [button(short(f"#{ticket_id} {about}".rstrip()), FileMessages(where=str(ticket_id)))]
        for ticket_id, about in choices
    ]
    new = button(renderer.plain("button.file.new"), FileMessages(where="new"))
    return Keyboard(inline_keyboard=[*own, [new]])


class AnswerField(CallbackData, prefix="af"):
    """An answer to what a new ticket must have: the number of the choice, counted from 0; of yes
    and no likewise; ``n``: none.
    """

    at: Annotated[str, matching("n|[0-9]{1,2}")]
    ticket_id: Id
    field: Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]

    @property
    def choice(self) -> int:
        """The number of the choice, -1 for none."""
        return int(self.at) if self.at.isdecimal() else -1


def answer_field(renderer: Renderer, facts: Mapping[str, Any]) -> Keyboard:
    """What can be chosen for a field, and the way past it."""
    labels = [short(clean_name(option)) for option in facts.get("options") or ()]
    if facts["field_kind"] == "yes_no":
        labels = [renderer.plain("button.field.yes"), renderer.plain("button.field.no")]
    number, field = facts["number"], facts["field"]
    offered = [
        button(label, AnswerField(at=str(at), ticket_id=number, field=field))
        for at, label in enumerate(labels[:_MOST_CHOICES])
    ]
    skip = AnswerField(at="n", ticket_id=number, field=field)
    return rows_of([*offered, button(renderer.plain("button.field.skip"), skip)])


# A keyboard has at most a hundred buttons.
_MOST_CHOICES: Final = 99
