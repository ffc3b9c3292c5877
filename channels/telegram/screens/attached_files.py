"""Files of the company on screens: what goes with a response or an article, and adding them."""

from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, one_of, short
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.company_files import KINDS
from core.directory.entry_edits import MARK, EntryFacts
from core.tickets.attached_files import LARGEST_TOGETHER, MOST, AttachedFile
from core.words.names import clean_name

# So much of a file's name in the store tells it from the others of its entry.
NAME: Final = 8
_MEGABYTE: Final = 1_000_000


class EntryFiles(CallbackData, prefix="df"):
    """Files of an entry of the directory: ``add`` those that come next, that is ``done``, or
    ``drop`` the one whose ``name`` begins so.
    """

    step: Annotated[str, one_of(("add", "done", "drop"))]
    kind: Annotated[str, one_of(KINDS)]
    mark: Annotated[str, matching(f"[0-9a-f]{{{MARK}}}")]
    name: Annotated[str, matching(f"([0-9a-f]{{{NAME}}})?")] = ""


def file_lines(renderer: Renderer, files: Sequence[AttachedFile]) -> list[str]:
    """A line for each file, with its size."""
    return [_line(renderer, file) for file in files]


def _line(renderer: Renderer, file: AttachedFile) -> str:
    name = clean_name(file.title, 120)
    if file.size < _MEGABYTE:
        return renderer.html("files.line", name=name, kilobytes=max(-(-file.size // 1000), 1))
    return renderer.html("files.large_line", name=name, megabytes=round(file.size / _MEGABYTE))


def file_buttons(renderer: Renderer, entry: EntryFacts) -> list[Button]:
    """To take a file out of an entry, and to add one; none where its kind has no files."""
    if entry.files is None:
        return []
    found = [
        button(
            short(renderer.plain("button.files.drop", name=clean_name(file.title, 40))),
            EntryFiles(step="drop", kind=entry.kind, mark=entry.mark, name=file.name[:NAME]),
        )
        for file in entry.files
    ]
    if len(entry.files) < MOST:
        add = EntryFiles(step="add", kind=entry.kind, mark=entry.mark)
        found.append(button(renderer.plain("button.files.add"), add))
    return found


def ask_for_files(renderer: Renderer, entry: EntryFacts) -> Screen:
    """Files that come next go to this entry."""
    facts = {"most": MOST, "megabytes": LARGEST_TOGETHER // _MEGABYTE}
    title = clean_name(entry.title)
    return Screen(renderer.html("files.ask", title=title, **facts), _done(renderer, entry))


def draw_added(renderer: Renderer, entry: EntryFacts, name: str) -> Screen:
    """One has come; more may follow."""
    title, count = clean_name(entry.title), len(entry.files or ())
    said = renderer.html("files.added", name=clean_name(name, 120), title=title, n=count)
    return Screen(said, _done(renderer, entry))


def _done(renderer: Renderer, entry: EntryFacts) -> Keyboard:
    done = EntryFiles(step="done", kind=entry.kind, mark=entry.mark)
    return Keyboard(inline_keyboard=[[button(renderer.plain("button.files.done"), done)]])
