"""What a restored desk would send, and the buttons that let it go."""

from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import button, one_of, rows_of
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.setup.restored import Held, HeldRow
from core.texts import Key
from core.words.names import clean_name

# Characters of a message's words.
LONGEST: Final = 60


class ReleaseStep(CallbackData, prefix="rel"):
    """Let all that waits leave, or only what was written after the restore."""

    what: Annotated[str, one_of(("all", "new"))]


def draw_held(renderer: Renderer, held: Held | None) -> Screen:
    """The deliveries that wait, answers first, or a line that nothing is on hold."""
    if held is None:
        return Screen(renderer.html("restored.nothing"))
    lines = [renderer.html("restored.head", at=held.at, old=held.old, new=held.new)]
    lines += [_line(renderer, row) for row in held.rows]
    more = held.old + held.new - len(held.rows)
    if more > 0:
        lines.append(renderer.html("restored.more", count=more))
    buttons = [button(renderer.plain("button.restored.new"), ReleaseStep(what="new"))]
    if held.old:
        buttons.append(button(renderer.plain("button.restored.all"), ReleaseStep(what="all")))
    return Screen("\n".join(lines), rows_of(buttons, 1))


def _line(renderer: Renderer, row: HeldRow) -> str:
    """One delivery: whose ticket where it is about one, for whom, and the words."""
    age = "old" if row.is_old else "new"
    about = {} if row.ticket_id is None else {"number": row.ticket_id}
    return renderer.html(
        f"restored.line.{age}" if about else f"restored.line.{age}.no_ticket",
        **about,
        to=clean_name(row.name) if row.name else Key("restored.to_group"),
        words=clipped(row.words, LONGEST) if row.words else Key(f"restored.kind.{row.kind}"),
    )
