"""Tickets that resemble one ticket, each with the reasons and a button to make it the parent."""

from collections.abc import Iterator, Sequence
from typing import Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Id, Keyboard, button
from channels.telegram.screens.screen import Renderer, Screen
from core.links.similar import Similar
from core.texts import Key
from core.words.names import clean_name

_TITLE: Final = 60


class MakeParent(CallbackData, prefix="r"):
    """The ticket becomes part of ``parent``."""

    ticket_id: Id
    parent: Id


def draw(renderer: Renderer, ticket_id: int, found: Sequence[Similar]) -> Screen:
    """The similar tickets, or a line that there are none."""
    if not found:
        return Screen(renderer.html("similar.none", number=ticket_id))
    lines = [renderer.html("similar.head", number=ticket_id)]
    lines += [_line(renderer, one) for one in found]
    return Screen("\n".join(lines), _keyboard(renderer, ticket_id, found))


def _line(renderer: Renderer, one: Similar) -> str:
    line = renderer.html(
        "similar.line",
        marker=str(one.line.marker),
        number=one.line.number,
        title=clean_name(one.line.title, _TITLE),
        state=Key(f"card.link.state.{one.category}"),
    )
    return f"{line}\n{' · '.join(_reasons(renderer, one))}"


def _reasons(renderer: Renderer, one: Similar) -> Iterator[str]:
    for reason in one.reasons:
        yield renderer.html(f"similar.reason.{reason}")
    if one.words:
        yield renderer.html("similar.reason.words", words=", ".join(one.words))


def _keyboard(renderer: Renderer, ticket_id: int, found: Sequence[Similar]) -> Keyboard | None:
    rows = [
        [
            button(
                renderer.plain("button.parent", number=one.line.number),
                MakeParent(ticket_id=ticket_id, parent=one.line.number),
            )
        ]
        for one in found
        if not one.child
    ]
    return Keyboard(inline_keyboard=rows) if rows else None
