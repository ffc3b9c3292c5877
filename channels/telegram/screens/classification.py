"""The choice of a ticket's service, category or priority."""

from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Id, button, matching, one_of, rows_of, short
from channels.telegram.screens.screen import Renderer, Screen
from core.texts import Key
from core.tickets.card import Card
from core.tickets.classes import ASPECTS, CATEGORY, PRIORITY, SERVICE, Classes

# What each of the two commands chooses.
OF_COMMAND: Final = {"class": (SERVICE, CATEGORY), "priority": (PRIORITY,)}

# A button carries the first letter of the aspect.
_BY_LETTER: Final = {aspect[0]: aspect for aspect in ASPECTS}


class Classify(CallbackData, prefix="kd"):
    """The ticket is of this service, category or priority: ``letter`` is the aspect's first."""

    letter: Annotated[str, one_of(_BY_LETTER)]
    code: Annotated[str, matching("[a-z0-9_.-]{1,32}")]
    ticket_id: Id

    @property
    def aspect(self) -> str:
        """Which of the three it is."""
        return _BY_LETTER[self.letter]


def command_of(aspect: str) -> str:
    """Which command chooses this aspect."""
    return "priority" if aspect == PRIORITY else "class"


def draw(renderer: Renderer, command: str, card: Card, classes: Classes) -> Screen:
    """What the ticket is now, and a button for everything that ``command`` can make of it."""
    facts = {
        "number": card.number,
        "kind": " · ".join(card.promised.titles(renderer.locale)) or Key("operators.kind.none"),
    }
    keys = ("operators.kind", f"operators.kind.{command}")
    chosen = {(one.aspect, one.code) for one in card.promised.kind}
    buttons = [
        button(
            short(f"✓ {title}" if (aspect, one.code) in chosen else title),
            Classify(letter=aspect[0], code=one.code, ticket_id=card.number),
        )
        for aspect in OF_COMMAND[command]
        for one in classes.offered(aspect)
        for title in (one.title(renderer.locale),)
    ]
    return Screen("\n".join(renderer.html(key, **facts) for key in keys), rows_of(buttons))
