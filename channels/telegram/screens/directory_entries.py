"""The directory by its parts in an admin's private chat: the kinds, the entries of one, an entry.

One screen for every kind: what an entry is, its class of the directory says.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.attached_files import file_buttons, file_lines
from channels.telegram.screens.buttons import Button, Keyboard, button, matching, one_of, rows_of
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.entry_edits import MARK, EntryFacts
from core.directory.kinds import KINDS
from core.words.names import clean_name, units

_NAMES: Final = tuple(kind.name for kind in KINDS)
PAGE: Final = 10
_TITLE: Final = 30
# An entry with a longer table is changed in the file.
LONGEST: Final = 3500


class DirectoryKinds(CallbackData, prefix="dk"):
    """All kinds."""


class DirectoryKind(CallbackData, prefix="dl"):
    """The entries of a kind, from page 0."""

    kind: Annotated[str, one_of(_NAMES)]
    page: Annotated[int, Field(ge=0, le=999)]


class DirectoryPart(CallbackData, prefix="de"):
    """An entry: ``show`` it, switch it ``on`` or ``off``."""

    step: Annotated[str, one_of(("show", "on", "off"))]
    kind: Annotated[str, one_of(_NAMES)]
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
    buttons = [
        button(
            renderer.plain(
                "button.directory.off_entry" if one.active is False else "button.directory.entry",
                title=clean_name(one.title, _TITLE),
            ),
            DirectoryPart(step="show", kind=kind, mark=one.mark),
        )
        for one in shown
    ]
    turns = [("earlier", page - 1)] if page else []
    turns += [("later", page + 1)] if (page + 1) * PAGE < len(found) else []
    buttons += [
        button(renderer.plain(f"button.directory.{turn}"), DirectoryKind(kind=kind, page=to))
        for turn, to in turns
    ]
    key = "directory_chat.entries" if found else "directory_chat.no_entries"
    text = renderer.html(key, title=_title(renderer, kind), kind=kind)
    return Screen(text, _with_back(renderer, buttons, DirectoryKinds()))


def draw_entry(renderer: Renderer, one: EntryFacts) -> Screen:
    """An entry as the file has it: copied, changed and sent back it is another."""
    fits = units(one.table) <= LONGEST
    head = renderer.html("directory_chat.entry_head", title=clean_name(one.title))
    lines = [head]
    if fits:
        lines += [renderer.html("directory_chat.lines", lines=one.table.strip())]
    lines += file_lines(renderer, one.files or ())
    lines += [renderer.html("directory_chat.entry_how" if fits else "directory_chat.entry_long")]
    buttons = file_buttons(renderer, one)
    if one.active is not None:
        step = "off" if one.active else "on"
        data = DirectoryPart(step=step, kind=one.kind, mark=one.mark)
        buttons.append(button(renderer.plain(f"button.directory.{step}"), data))
    back: CallbackData = DirectoryKind(kind=one.kind, page=0)
    return Screen(
        "\n".join(lines), _with_back(renderer, buttons, DirectoryKinds() if one.single else back)
    )


def _with_back(renderer: Renderer, buttons: Sequence[Button], back: CallbackData) -> Keyboard:
    label = renderer.plain("button.setup.back")
    rows = rows_of(buttons).inline_keyboard
    return Keyboard(inline_keyboard=[*rows, [button(label, back)]])


def _title(renderer: Renderer, kind: str) -> str:
    return renderer.plain(f"directory_part.{kind}")
