"""Every keyboard of the desk. Labels come from the catalogues, what they do from `callbacks`."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from aiogram.types import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    KeyboardButton,
    ReplyKeyboardMarkup,
)

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import (
    FREEZES,
    AnswerRetry,
    Callback,
    Classify,
    Confirm,
    File,
    FreezeFor,
    Language,
    Menu,
    Mine,
    Question,
    QueuePage,
    TicketVerb,
    Topic,
)
from core.texts import Texts

Button = InlineKeyboardButton
Keyboard = InlineKeyboardMarkup

# A label that is somebody's words: a ticket's title, a topic.
LONGEST_LABEL: Final = 40
# Languages are named in themselves, so that whoever cannot read the rest can read this.
LANGUAGES: Final = ("ru", "en")
# Labels of buttons tell no times.
_NO_TIME: Final = datetime(2000, 1, 1, tzinfo=UTC)
_NO_ZONE: Final = ZoneInfo("UTC")


def button(label: str, does: Callback) -> Button:
    """A button with a label and what it does."""
    return Button(text=label, callback_data=does.pack())


def rows_of(buttons: Iterable[Button], width: int = 2) -> Keyboard:
    """Buttons in rows, two in a row unless told otherwise."""
    listed = list(buttons)
    return Keyboard(
        inline_keyboard=[listed[at : at + width] for at in range(0, len(listed), width)]
    )


# On a ticket's card. What is offered are verbs that the ticket's state allows.

# what a card shows at once, in this order
_FIRST: Final = ("take", "unfreeze", "resolve", "wait", "freeze")
_TAKEN: Final = frozenset({"take"})
_UNTAKEN: Final = frozenset({"wait"})


def card(
    renderer: Renderer,
    ticket_id: int,
    verbs: Collection[str],
    *,
    taken: bool,
    frozen: bool,
    ended: bool,
) -> Keyboard:
    """The buttons of a card; of an ended ticket only the way back."""
    if ended:
        shown = ["reopen"] if "reopen" in verbs else []
        return rows_of(_verbs(renderer, ticket_id, shown))
    hidden = (_TAKEN if taken else _UNTAKEN) | ({"freeze"} if frozen else {"unfreeze"})
    if frozen:
        hidden |= {"take", "wait"}
    shown = [verb for verb in _FIRST if verb in verbs and verb not in hidden]
    if not shown and "reopen" in verbs:
        shown = ["reopen"]
    return rows_of(_verbs(renderer, ticket_id, [*shown, "more"]))


def more(
    renderer: Renderer,
    ticket_id: int,
    verbs: Collection[str],
    *,
    taken: bool,
    also: Sequence[str] = (),
) -> Keyboard:
    """What a card does not show at once; the destructive last. ``also``: what this ticket offers
    besides, such as its tasks.
    """
    hidden: Collection[str] = () if taken else ("release",)
    offered = [verb for verb in ("release",) if verb in verbs and verb not in hidden]
    ends = [verb for verb in ("close", "cancel") if verb in verbs]
    return rows_of(_verbs(renderer, ticket_id, [*offered, *also, "journal", *ends, "back"]))


def freeze(renderer: Renderer, ticket_id: int) -> Keyboard:
    """For how long."""
    choices = [
        button(renderer.plain(f"button.freeze.{code}"), FreezeFor(ticket_id, code))
        for code in FREEZES
    ]
    return rows_of([*choices, *_verbs(renderer, ticket_id, ["back"])])


def ask_again(renderer: Renderer, ticket_id: int, verb: str) -> Keyboard:
    """Before what cannot be undone lightly: ``close`` or ``cancel``."""
    sure = button(renderer.plain(f"button.sure.{verb}"), TicketVerb(f"{verb}!", ticket_id))
    return rows_of([sure, *_verbs(renderer, ticket_id, ["back"])])


def kinds(offered: Iterable[tuple[Classify, str, bool]]) -> Keyboard:
    """Services, categories or priorities as ``(what it does, title, whether it is so now)``."""
    return rows_of(
        button(short(f"✓ {title}" if now else title), wish) for wish, title, now in offered
    )


def _verbs(renderer: Renderer, ticket_id: int, verbs: Iterable[str]) -> Iterator[Button]:
    for verb in verbs:
        yield button(renderer.plain(f"button.verb.{verb}"), TicketVerb(verb, ticket_id))


# In the operators' group, elsewhere.


def retry(renderer: Renderer, message_id: int) -> Keyboard:
    """Under the word that an answer did not arrive."""
    return rows_of([button(renderer.plain("button.retry"), AnswerRetry(message_id))])


def question(renderer: Renderer, message_id: int) -> Keyboard:
    """Under words taken for thanks."""
    return rows_of([button(renderer.plain("button.question"), Question(message_id))])


def open_card(renderer: Renderer, url: str) -> Keyboard:
    """The way from an alert to the card."""
    return rows_of([Button(text=renderer.plain("button.open"), url=url)])


def show_all(renderer: Renderer, view: str) -> Keyboard:
    """From a digest to the list it tells of."""
    return rows_of([button(renderer.plain("button.show_all"), QueuePage(view))])


def pages(view: str, place: str, before: str | None, after: str | None) -> Keyboard | None:
    """``‹`` ``1 / 2`` ``›``: only the ways that there are; ``None`` for a single page.

    ``before`` and ``after`` are the cursors of the ends of this page.
    """
    row: list[Button] = []
    if before is not None:
        row.append(button("‹", QueuePage(view, before, backward=True)))
    if after is not None:
        row.append(button("›", QueuePage(view, after)))
    if not row:
        return None
    row.insert(1 if before is not None else 0, button(place, QueuePage(view)))
    return Keyboard(inline_keyboard=[row])


# For customers.


def menu(renderer: Renderer, *, cameras: bool = False, share: bool = False) -> ReplyKeyboardMarkup:
    """The keyboard that always stands below a customer's chat.

    ``cameras``: the company has some; ``share``: above all, one's own phone can be shared.
    """
    labels = {name: KeyboardButton(text=renderer.plain(key)) for name, key in _MENU.items()}
    rows = [[labels["new"], labels["mine"]]]
    if cameras:
        rows = [[labels["new"], labels["cameras"]], [labels["mine"]]]
    if share:
        phone = KeyboardButton(text=renderer.plain("button.share_phone"), request_contact=True)
        rows.insert(0, [phone])
    return ReplyKeyboardMarkup(keyboard=rows, resize_keyboard=True, is_persistent=True)


_MENU: Final = {
    "new": "button.menu.new",
    "cameras": "button.menu.cameras",
    "mine": "button.menu.mine",
}


def menu_words(texts: Texts) -> dict[str, str]:
    """What the buttons of `menu` say in every language: label → name of the menu's step."""
    return {
        Renderer(texts, locale, _NO_TIME, _NO_ZONE).plain(key): name
        for locale in texts.locales
        for name, key in _MENU.items()
    }


def topics(renderer: Renderer, choices: Iterable[tuple[str, str]]) -> Keyboard:
    """Topics as ``(code, title)``, two in a row."""
    offered = [button(short(title), Topic(code)) for code, title in choices]
    return rows_of([*offered, _back(renderer)])


def back(renderer: Renderer) -> Keyboard:
    """Only the way back."""
    return rows_of([_back(renderer)])


def _back(renderer: Renderer) -> Button:
    return button(renderer.plain("button.menu.back"), Menu("back"))


def file_whether(renderer: Renderer) -> Keyboard:
    """No ticket is open: shall these words make one?"""
    return rows_of(
        [
            button(renderer.plain("button.file.open"), File()),
            button(renderer.plain("button.file.forget"), File(forget=True)),
        ]
    )


def file_which(renderer: Renderer, choices: Iterable[tuple[int, str]]) -> Keyboard:
    """Several are open, as ``(number, what it is about)``: where do these words belong?"""
    own = [[button(_numbered(number, about), File(number))] for number, about in choices]
    return Keyboard(inline_keyboard=[*own, [button(renderer.plain("button.file.new"), File())]])


def own_tickets(renderer: Renderer, numbers: Sequence[int]) -> Keyboard:
    """The customer's tickets by number, four in a row, and the way to a new one."""
    own = [button(f"#{number}", Mine(number)) for number in numbers]
    rows = [own[at : at + 4] for at in range(0, len(own), 4)]
    new = button(renderer.plain("button.menu.new"), Menu("new"))
    return Keyboard(inline_keyboard=[*rows, [new]])


def resolved(renderer: Renderer, ticket_id: int) -> Keyboard:
    """Does everything work?"""
    return rows_of(
        [
            button(renderer.plain("button.confirm.yes"), Confirm(ticket_id, yes=True)),
            button(renderer.plain("button.confirm.no"), Confirm(ticket_id, yes=False)),
        ]
    )


def languages(renderer: Renderer) -> Keyboard:
    """The languages that we speak."""
    return rows_of(
        button(renderer.plain(f"button.language.{code}"), Language(code)) for code in LANGUAGES
    )


def _numbered(ticket_id: int, about: str) -> str:
    return short(f"#{ticket_id} {about}".rstrip())


def short(label: str) -> str:
    """A label that fits on a button."""
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1].rstrip()}…"
