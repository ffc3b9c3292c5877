"""The company's directory as a file in an admin's private chat: the difference, or the faults."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import button, matching, one_of, rows_of
from channels.telegram.screens.rules import DIGEST, try_buttons
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.deadlines import Touched
from core.directory.faults import Fault
from core.directory.store import OnlyChecked
from core.words.names import units

# What a message shows of a difference or of faults; the rest is in a file below it.
_SHOWN: Final = 3000

Number = Annotated[int, Field(ge=0, le=10**9)]


class DirectoryStep(CallbackData, prefix="dir"):
    """Apply the file that the message answers, ``recount`` deadlines with it, or ``drop`` it.

    ``version``: of the directory that the difference was shown for; ``digest``: of the file.
    """

    step: Annotated[str, one_of(("apply", "recount", "drop"))]
    version: Number
    digest: Annotated[str, matching(f"[0-9a-f]{{{DIGEST}}}")]


class RestoreVersion(CallbackData, prefix="dirv"):
    """Bring version ``number`` back, and ``recount`` deadlines or ``keep`` them; the difference was
    shown for ``version``.
    """

    step: Annotated[str, one_of(("keep", "recount"))]
    number: Number
    version: Number


def draw_difference(
    renderer: Renderer, checked: OnlyChecked, digest: str, rules: Sequence[str] = ()
) -> Screen:
    """What the file would change, what becomes of open tickets, and the ways on; ``rules``: those
    of the file, which can be tried.
    """
    steps = ("apply", "recount", "drop") if checked.touched.choice else ("apply", "drop")
    buttons = [
        button(
            renderer.plain(f"button.directory.{step}"),
            DirectoryStep(step=step, version=checked.version, digest=digest),
        )
        for step in steps
    ]
    buttons[-1:-1] = try_buttons(renderer, rules, digest)
    head = renderer.html("directory_chat.head")
    return Screen("\n".join([head, *_change(renderer, checked)]), rows_of(buttons, width=1))


def draw_restoring(renderer: Renderer, checked: OnlyChecked, number: int) -> Screen:
    """What bringing a version back would change, what becomes of open tickets, and the buttons."""
    head = renderer.html("directory_chat.restoring", number=number)
    steps = {"keep": "restore"} | ({"recount": "restore_recount"} if checked.touched.choice else {})
    buttons = [
        button(
            renderer.plain(f"button.directory.{label}", number=number),
            RestoreVersion(step=step, number=number, version=checked.version),
        )
        for step, label in steps.items()
    ]
    return Screen("\n".join([head, *_change(renderer, checked)]), rows_of(buttons, width=1))


def _change(renderer: Renderer, checked: OnlyChecked) -> Iterator[str]:
    yield from shown_lines(renderer, checked.difference)
    yield from touched_lines(renderer, checked.touched)


def touched_lines(renderer: Renderer, told: Touched) -> Iterator[str]:
    """How many open tickets a change is about."""
    counts = {
        "touched": told.answers,
        "agreed": told.agreed,
        "hours": told.hours,
        "default": told.default,
    }
    for key, n in counts.items():
        if n:
            yield renderer.html(f"directory_chat.{key}", n=n)


def draw_faults(renderer: Renderer, faults: Sequence[Fault]) -> Screen:
    """All that is wrong with the file, each with its line."""
    said = [renderer.plain(fault.text.key, **fault.text.facts) for fault in faults]
    head = renderer.html("directory_chat.faults", n=len(said))
    return Screen("\n".join([head, *shown_lines(renderer, said)]))


def shown_lines(renderer: Renderer, lines: Sequence[str]) -> Iterator[str]:
    """Yield as many of the lines as a message shows, and how many are left."""
    shown, left = _fitting(lines)
    yield renderer.html("directory_chat.lines", lines=shown)
    if left:
        yield renderer.html("directory_chat.more", n=left)


def is_cut(lines: Sequence[str]) -> bool:
    """True if a message does not show all of them."""
    return _fitting(lines)[1] > 0


def _fitting(lines: Sequence[str]) -> tuple[str, int]:
    """The first of the lines, as many as a message shows, and how many are left."""
    taken, size = 0, 0
    for line in lines:
        size += units(line) + 1
        if size > _SHOWN:
            break
        taken += 1
    if not taken and lines:
        return lines[0][:_SHOWN], len(lines)
    return "\n".join(lines[:taken]), len(lines) - taken
