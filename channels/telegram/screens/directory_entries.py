"""The directory by its parts in an admin's private chat: the kinds, the entries of one, an entry.

One screen for every kind: what an entry is, its class of the directory says.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, one_of, rows_of
from channels.telegram.screens.entry_buttons import NAMES, EntryStep
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.entry_edits import MARK, EntryFacts
from core.words.names import clean_name

PAGE: Final = 10
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


def draw_kinds(renderer: Renderer, counts: Sequence[tuple[str, int]]) -> Screen:
    """What the directory has, with how many of each."""
    buttons = [
        button(
            renderer.plain("button.directory.kind", title=_title(renderer, kind), n=count),
            DirectoryKind(kind=kind, page=0),
        )
        for kind, count in counts
    ]
    return Screen(renderer.html("directory_chat.kinds"), rows_of(buttons))


def draw_entries(
    renderer: Renderer, kind: str, found: Sequence[EntryFacts], page: int = 0
) -> Screen:
    """The entries of a kind, a page of them; those that are off are marked."""
    page = min(page, max(len(found) - 1, 0) // PAGE)
    shown = found[page * PAGE : (page + 1) * PAGE]
    buttons = [entry_button(renderer, one) for one in shown]
    turns = [("earlier", page - 1)] if page else []
    turns += [("later", page + 1)] if (page + 1) * PAGE < len(found) else []
    buttons += [
        button(renderer.plain(f"button.directory.{turn}"), DirectoryKind(kind=kind, page=to))
        for turn, to in turns
    ]
    buttons.append(new_button(renderer, kind))
    key = "directory_chat.entries" if found else "directory_chat.no_entries"
    text = renderer.html(key, title=_title(renderer, kind))
    return Screen(text, _with_back(renderer, buttons, DirectoryKinds()))


def entry_button(renderer: Renderer, one: EntryFacts) -> Button:
    """Opens an entry; one that is off is marked."""
    key = "button.directory.off_entry" if one.active is False else "button.directory.entry"
    label = renderer.plain(key, title=clean_name(one.title, _TITLE))
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
