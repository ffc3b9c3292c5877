"""Notices in an admin's private chat: what people are told, and how, with an example (G3, G4)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens import notices
from channels.telegram.screens.buttons import (
    Button,
    Keyboard,
    button,
    matching,
    one_of,
    rows_of,
)
from channels.telegram.screens.directory_entries import (
    DirectoryKinds,
    entry_button,
    page_of_buttons,
)
from channels.telegram.screens.screen import Renderer, Screen
from core.delivery.notice_events import EVENTS
from core.delivery.own_notices import WAYS
from core.delivery.own_words import OWN, OWN_FACTS
from core.directory.entry_edits import EntryFacts
from core.directory.kinds.notices import NoticeEntry
from core.directory.notice_edits import NoticeFacts
from core.texts import Key, pack
from core.words.templates import FIRST_NAME

DIGEST: Final = 8
_NAMES: Final = tuple(EVENTS)
DELAYS: Final[Mapping[str, timedelta | None]] = {
    "now": None,
    "10m": timedelta(minutes=10),
    "1h": timedelta(hours=1),
    "1d": timedelta(days=1),
}
SAY: Final = {"say_ru": "ru", "say_en": "en"}
_STEPS: Final = ("show", "on", "off", "plain", *DELAYS, *WAYS, *SAY)
# What an example is about.
_NUMBER: Final = 12
_TIMES: Final = {"due": timedelta(days=2), "until": timedelta(days=7)}
_WORDS: Final = ("customer", "operator", "topic", "camera", "place", "title", "to", "why", "reason")


class NoticeList(CallbackData, prefix="ol"):
    """All notices."""


class NoticeStep(CallbackData, prefix="os"):
    """Show a notice, perhaps after one thing of it was changed."""

    event: Annotated[str, one_of(_NAMES)]
    step: Annotated[str, one_of(_STEPS)]


class NoticeText(CallbackData, prefix="ot"):
    """``keep`` the words that the message answers, if they are still those, or ``drop`` them."""

    step: Annotated[str, one_of(("keep", "drop"))]
    event: Annotated[str, one_of(_NAMES)]
    digest: Annotated[str, matching(f"[0-9a-f]{{{DIGEST}}}")]


def draw_notices(
    renderer: Renderer,
    found: Sequence[NoticeFacts],
    narrower: Sequence[EntryFacts] = (),
    page: int = 0,
) -> Screen:
    """All of them, a page at a time; those of which nobody is told are marked. ``narrower``:
    entries for a topic or a category alone.
    """
    buttons = [
        button(
            renderer.plain(
                "button.notice.event" if one.on else "button.notice.off_event",
                title=Key(f"notices.event.{one.event}"),
            ),
            NoticeStep(event=one.event, step="show"),
        )
        for one in found
    ]
    buttons += [entry_button(renderer, one) for one in narrower]
    buttons = page_of_buttons(renderer, NoticeEntry.name, buttons, page)
    return Screen(renderer.html("notices.head"), _with_back(renderer, buttons, DirectoryKinds()))


def draw_notice(renderer: Renderer, one: NoticeFacts) -> Screen:
    """How people are told of it, an example in every language, and what can be changed."""
    how_to_say = renderer.html(
        "notices.how_to_say",
        command=f"/notices {one.event} {renderer.locale}",
        variables=" ".join(f"{{{name}}}" for name in EVENTS[one.event].variables),
    )
    lines = [_title(renderer, one), *_how(renderer, one), *_examples(renderer, one), how_to_say]
    buttons = [_step(renderer, one, name) for name in _steps(one)]
    return Screen("\n".join(lines), _with_back(renderer, buttons, NoticeList()))


def draw_preview(renderer: Renderer, one: NoticeFacts, digest: str) -> Screen:
    """What would be said, in every language, and the buttons to decide."""
    lines = [_title(renderer, one), renderer.html("notices.preview"), *_examples(renderer, one)]
    buttons = [
        button(
            renderer.plain(f"button.notice.{step}"),
            NoticeText(step=step, event=one.event, digest=digest),
        )
        for step in ("keep", "drop")
    ]
    return Screen("\n".join(lines), rows_of(buttons))


def _title(renderer: Renderer, one: NoticeFacts) -> str:
    return renderer.html("notices.title", title=Key(f"notices.event.{one.event}"))


def _how(renderer: Renderer, one: NoticeFacts) -> Iterator[str]:
    if not one.on:
        yield renderer.html("notices.off")
    elif one.delay:
        yield renderer.html("notices.delayed", span=one.delay)
    if one.on and not one.colleagues:
        yield renderer.html(f"notices.by.{one.channel}")
    if one.narrower:
        yield renderer.html("notices.narrower", codes=", ".join(one.narrower))


def _examples(renderer: Renderer, one: NoticeFacts) -> Iterator[str]:
    others = [locale for locale in renderer.texts.locales if locale != renderer.locale]
    for locale in (renderer.locale, *others):
        said = _example(Renderer(renderer.texts, locale, renderer.now, renderer.zone), one)
        yield renderer.html("notices.example", language=Key(f"button.language.{locale}"), said=said)


def _example(reader: Renderer, one: NoticeFacts) -> str:
    """What somebody would read of an invented ticket."""
    times = {name: reader.now + span for name, span in _TIMES.items()}
    words = {name: reader.plain(f"notices.example.{name}") for name in _WORDS}
    facts: dict[str, Any] = times | words
    facts |= {"number": _NUMBER, "level": 2, "rating": 5, "value": 5, "company": one.company}
    facts |= {"by": words["operator"], FIRST_NAME: words["customer"]}
    own = one.texts.get(reader.locale)
    if own is not None:
        facts |= {OWN: own, OWN_FACTS: dict(facts)}
    return notices.draw(reader, EVENTS[one.event].keys[0], pack(facts), None).plain


def _steps(one: NoticeFacts) -> Iterator[str]:
    """What can be changed by a tap; how it is now needs no button."""
    yield "off" if one.on else "on"
    if one.texts:
        yield "plain"
    if not one.on:
        return
    yield from (name for name, span in DELAYS.items() if span != one.delay)
    if not one.colleagues:
        yield from (way for way in WAYS if way != one.channel)
    yield from SAY


def _step(renderer: Renderer, one: NoticeFacts, name: str) -> Button:
    data = NoticeStep(event=one.event, step=name)
    return button(renderer.plain(f"button.notice.step.{name}"), data)


def _with_back(renderer: Renderer, buttons: Sequence[Button], back: CallbackData) -> Keyboard:
    rows = rows_of(buttons).inline_keyboard
    last = [button(renderer.plain("button.setup.back"), back)]
    return Keyboard(inline_keyboard=[*rows, last])
