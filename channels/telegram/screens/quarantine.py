"""Quarantined updates: a page of them, newest first, with buttons that let them be handled again.

What people wrote is not shown: of an error only the words before the first quotation (S34).
"""

from typing import Annotated

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import LARGEST, Keyboard, button, one_of
from channels.telegram.screens.screen import Renderer, Screen
from core.setup.quarantine import QuarantinePage


class QuarantineStep(CallbackData, prefix="qu"):
    """``page``: updates below the number ``id``; ``again``: handle this one again; ``all``: all."""

    verb: Annotated[str, one_of(("page", "again", "all"))]
    id: Annotated[int, Field(ge=0, le=LARGEST)] = 0


def draw_quarantine(renderer: Renderer, page: QuarantinePage) -> Screen:
    """The page, or a line that there is nothing."""
    if not page.updates:
        return Screen(renderer.html("quarantine.empty"))
    lines = [renderer.html("quarantine.head", total=page.total)]
    lines += [
        renderer.html("quarantine.line", id=one.id, at=one.received_at, cause=one.cause)
        for one in page.updates
    ]
    again = [
        button(
            renderer.plain("button.quarantine.again", id=one.id),
            QuarantineStep(verb="again", id=one.id),
        )
        for one in page.updates
    ]
    rows = [again[at : at + 4] for at in range(0, len(again), 4)]
    if page.older is not None:
        older = renderer.plain("button.quarantine.older")
        rows.append([button(older, QuarantineStep(verb="page", id=page.older))])
    rows.append([button(renderer.plain("button.quarantine.all"), QuarantineStep(verb="all"))])
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))
