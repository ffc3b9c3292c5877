"""A customer's new ticket: what it is about, and where words without a ticket belong."""

from collections.abc import Iterable
from typing import Annotated

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Keyboard, button, matching, rows_of, short
from channels.telegram.screens.customer_menu import Menu
from channels.telegram.screens.screen import Renderer, Screen


class ChooseTopic(CallbackData, prefix="p"):
    """What the new ticket is about: a topic's code."""

    code: Annotated[str, matching("[A-Za-z0-9_.-]{1,48}")]


class FileMessages(CallbackData, prefix="w"):
    """Where the kept messages belong: the id of a ticket, ``new``, or ``no`` to forget them."""

    where: Annotated[str, matching("new|no|[1-9][0-9]{0,17}")]

    @property
    def forget(self) -> bool:
        """They belong nowhere."""
        return self.where == "no"

    @property
    def ticket_id(self) -> int | None:
        """The ticket that they belong to; ``None`` for a new one."""
        return int(self.where) if self.where.isdecimal() else None


def topics(renderer: Renderer, choices: Iterable[tuple[str, str]]) -> Screen:
    """What is the ticket about? ``choices`` are codes and titles; writing at once answers, too."""
    offered = [button(short(title), ChooseTopic(code=code)) for code, title in choices]
    key = "customer.topics" if offered else "customer.describe.free"
    back = button(renderer.plain("button.menu.back"), Menu(step="back"))
    return Screen(renderer.html(key), rows_of([*offered, back]))


def file_whether(renderer: Renderer) -> Keyboard:
    """No ticket is open: shall these words make one?"""
    return rows_of(
        [
            button(renderer.plain("button.file.open"), FileMessages(where="new")),
            button(renderer.plain("button.file.forget"), FileMessages(where="no")),
        ]
    )


def file_which(renderer: Renderer, choices: Iterable[tuple[int, str]]) -> Keyboard:
    """Several are open, as ``(ticket_id, about)``: where do these words belong?"""
    own = [
        [button(short(f"#{ticket_id} {about}".rstrip()), FileMessages(where=str(ticket_id)))]
        for ticket_id, about in choices
    ]
    new = button(renderer.plain("button.file.new"), FileMessages(where="new"))
    return Keyboard(inline_keyboard=[*own, [new]])
