"""The directory by its parts in an admin's private chat: the kinds, the entries of one, an entry.

One screen for every kind: what an entry is, its class of the directory says.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import (
    Button,
    Keyboard,
    button,
    matching,
    one_of,
    rows_of,
    short,
)
from channels.telegram.screens.entry_buttons import NAMES, EntryStep
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.entry_edits import MARK, EntryFacts
from core.words.names import clean_name

# So many fit a phone in rows of two, and a company's everyday lists are no longer: each of their
# entries is two taps away. Further ones are found by their words.
PAGE: Final = 40
_TITLE: Final = 30


class DirectoryKinds(CallbackData, prefix="dk"):
    """All kinds."""


class DirectoryKind(CallbackData, prefix="dl"):
    """The entries of a kind, from page 0."""

    kind: Annotated[str, one_of(NAMES)]
    page: Annotated[int, Field(ge=0, le=999)]


class DirectoryPart(CallbackData, prefix="de"):
    """An entry: ``show`` it, switch it ``on`` or ``off``."""

    step: Annotated[str, one_of(("show", "on", "off"))]
    kind: Annotated[str, one_of(NAMES)]
    mark: Annotated[str, matching(f"[0-9a-f]{{{MARK}}}")]


def draw_kinds(
    renderer: Renderer, counts: Sequence[tuple[str, int]], *, ready: bool = True
) -> Screen:
    """What the directory has, with how many of each. ``ready``: the set-up is done."""
    buttons = [
        button(
            renderer.plain("button.directory.kind", title=_title(renderer, kind), n=count),
            DirectoryKind(kind=kind, page=0),
        )
        for kind, count in counts
    ]
    lines = [renderer.html("directory_chat.kinds"), *hint_of_setup(renderer, ready=ready)]
    return Screen("\n".join(lines), rows_of(buttons))


def hint_of_setup(renderer: Renderer, *, ready: bool) -> list[str]:
    """A line on what comes first, where the desk has no group of operators yet."""
    return [] if ready else [renderer.html("directory_chat.not_ready")]


def kind_named(renderer: Renderer, words: str) -> str | None:
    """Return the kind whose title in any language, or name in the file, the words are."""
    named = words.casefold().strip()
    readers = [replace(renderer, locale=locale) for locale in renderer.texts.locales]
    titles = ((kind, _title(reader, kind)) for reader in readers for kind in NAMES)
    return next((kind for kind, title in titles if named in {kind, title.casefold()}), None)


def draw_entries(
    renderer: Renderer,
    kind: str,
    found: Sequence[EntryFacts],
    page: int = 0,
    *,
    ready: bool = True,
) -> Screen:
    """The entries of a kind, a page of them; those that are off are marked. ``ready``: as above."""
    buttons = page_of_buttons(renderer, kind, [entry_button(renderer, one) for one in found], page)
    key = "directory_chat.entries" if found else "directory_chat.no_entries"
    lines = [renderer.html(key, title=_title(renderer, kind))]
    if len(found) > PAGE:
        lines.append(renderer.html("directory_chat.by_words"))
    lines += hint_of_setup(renderer, ready=ready)
    return Screen("\n".join(lines), _with_back(renderer, buttons, DirectoryKinds()))


def page_of_buttons(
    renderer: Renderer, kind: str, buttons: Sequence[Button], page: int
) -> list[Button]:
    """A page of the buttons of a kind's entries, what turns it, and what begins another entry."""
    page = min(page, max(len(buttons) - 1, 0) // PAGE)
    shown = list(buttons[page * PAGE : (page + 1) * PAGE])
    turns = [("earlier", page - 1)] if page else []
    turns += [("later", page + 1)] if (page + 1) * PAGE < len(buttons) else []
    shown += [
        button(renderer.plain(f"button.directory.{turn}"), DirectoryKind(kind=kind, page=to))
        for turn, to in turns
    ]
    return [*shown, new_button(renderer, kind)]


def draw_found(renderer: Renderer, found: Sequence[EntryFacts], words: str) -> Screen:
    """The entries of any kind with these words, and of which kind each is."""
    facts = {"words": clean_name(words, _TITLE), "n": len(found)}
    if not found:
        return Screen(renderer.html("directory_chat.found_none", **facts))
    lines = [renderer.html("directory_chat.found", **facts)]
    if len(found) > PAGE:
        lines.append(renderer.html("directory_chat.found_more", n=len(found) - PAGE))
    buttons = [_found_button(renderer, one) for one in found[:PAGE]]
    return Screen("\n".join(lines), _with_back(renderer, buttons, DirectoryKinds()))


def _found_button(renderer: Renderer, one: EntryFacts) -> Button:
    facts = {"title": clean_name(one.title, _TITLE), "kind": _title(renderer, one.kind)}
    label = short(renderer.plain("button.directory.found", **facts))
    return button(label, DirectoryPart(step="show", kind=one.kind, mark=one.mark))


def entry_button(renderer: Renderer, one: EntryFacts) -> Button:
    """Opens an entry; one that is off, or is opened by the menu instead, is marked."""
    look = "menu_entry" if one.by_menu else "off_entry" if one.active is False else "entry"
    label = renderer.plain(f"button.directory.{look}", title=clean_name(one.title, _TITLE))
    return button(label, DirectoryPart(step="show", kind=one.kind, mark=one.mark))


def new_button(renderer: Renderer, kind: str) -> Button:
    """Begins another entry of a kind."""
    return button(renderer.plain("button.entry.new"), EntryStep(step="new", kind=kind, mark=""))


def _with_back(renderer: Renderer, buttons: Sequence[Button], back: CallbackData) -> Keyboard:
    label = renderer.plain("button.setup.back")
    rows = rows_of(buttons).inline_keyboard
    return Keyboard(inline_keyboard=[*rows, [button(label, back)]])


def _title(renderer: Renderer, kind: str) -> str:
    return renderer.plain(f"directory_part.{kind}")
