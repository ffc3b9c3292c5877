"""What somebody asks for counts as effort, and may not read for ever (S40)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.figure_lists import FigureMenu, FigurePage
from channels.telegram.screens.rules import TryRule
from channels.telegram.screens.ticket_list import ListPage
from core.allowances import HEAVY, LIGHT, Turn
from core.desk import Desk, reading_within
from core.people.identity import Sender

# Seconds that one reading for somebody may take; what is asked for in the chat takes less than one.
READING: Final = 10.0

# What buttons take; the others take none.
_BUTTONS: Final[Mapping[type[CallbackData], int]] = {
    ListPage: LIGHT,
    FigurePage: LIGHT,
    FigureMenu: LIGHT,
    TryRule: HEAVY,
}


def effort_of(data: Any) -> int:
    """Return the effort of what a button asks for."""
    return _BUTTONS.get(type(data), 0)


@contextmanager
def limited(desk: Desk, sender: Sender, effort: int) -> Iterator[Turn | None]:
    """Take a turn of this person for what is done in this block, unless it takes no effort.

    Raises :class:`AskedTooMuch`, and :class:`Refusal` where reading takes too long.
    """
    if not effort:
        yield None
        return
    with desk.allowances.begin(sender.address, effort) as turn, reading_within(READING):
        yield turn
