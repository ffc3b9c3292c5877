"""Which buttons ask for something that counts as effort (S40)."""

from collections.abc import Mapping
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.articles import ArticlesFor
from channels.telegram.screens.figure_lists import FigureMenu, FigurePage
from channels.telegram.screens.rules import TryRule
from channels.telegram.screens.ticket_list import ListPage
from core.allowances import HEAVY, LIGHT

# What buttons take; the others take none.
_BUTTONS: Final[Mapping[type[CallbackData], int]] = {
    ListPage: LIGHT,
    FigurePage: LIGHT,
    FigureMenu: LIGHT,
    ArticlesFor: LIGHT,
    TryRule: HEAVY,
}


def effort_of(data: Any) -> int:
    """Return the effort of what a button asks for."""
    return _BUTTONS.get(type(data), 0)
