"""Who may do what where in Telegram: the rule that the running desk is held against (S1).

A line says, for a kind of who acts and a kind of place, which commands and buttons are for them
there. All other commands come to what ``others`` says, all other buttons are refused: who presses
one always reads why nothing happens. Edits, reactions and inline queries that are nobody's business
are met with silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from channels.telegram.screens.card import ASSISTED
from channels.telegram.screens.ticket_list import ListPage
from handlers.telegram.operators import commands as group
from tests.handlers.operators.matrix_wishes import BUTTONS, COMMANDS, Wish


class Outcome(Enum):
    """What comes of a wish. ``ALLOWED``: it is heard, and the ticket's state decides."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    SILENT = "silent"


KIND_OF_ACTOR: Final = {
    "admin": "admin",
    "operator": "operator",
    "of_another_team": "operator",  # every operator sees every ticket (S36)
    "former_operator": "customer",
    "customer": "customer",
    "other_customer": "customer",
    "muted": "customer",
    "blocked": "customer",
    "stranger": "customer",
    "anonymous_admin": "faceless",
    "channel": "faceless",
    "linked_channel": "machine",
    "other_bot": "machine",
}
KIND_OF_PLACE: Final = {
    "operators": "group",
    "topic": "group",
    "team": "group",
    "private": "private",
    "foreign": "elsewhere",
    "former": "elsewhere",
    "alerts": "alerts",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What is for somebody somewhere; ``others``: what all other commands come to."""

    commands: frozenset[str]
    buttons: frozenset[type]
    others: Outcome


_NO_COMMANDS: Final = frozenset[str]()
_NO_BUTTONS: Final = frozenset[type]()
_OF_ADMINS: Final = frozenset(name for name, row in group.COMMANDS.items() if row.admins)
# There is no assistant where none is set.
_IN_THE_GROUP: Final = COMMANDS["group"] - set(ASSISTED)
_IN_PRIVATE: Final = COMMANDS["dialogue"] | COMMANDS["reading"] | COMMANDS["customer"]
_NOTHING_SAID: Final = Line(_NO_COMMANDS, _NO_BUTTONS, Outcome.SILENT)
_REFUSED_ALOUD: Final = Line(_NO_COMMANDS, _NO_BUTTONS, Outcome.REFUSED)

RULE: Final[dict[tuple[str, str], Line]] = {
    ("admin", "group"): Line(_IN_THE_GROUP, BUTTONS["group"] | BUTTONS["figures"], Outcome.REFUSED),
    ("admin", "private"): Line(COMMANDS["admin"] | _IN_PRIVATE, BUTTONS["admin"], Outcome.REFUSED),
    ("admin", "alerts"): Line(_NO_COMMANDS, BUTTONS["figures"] | {ListPage}, Outcome.SILENT),
    ("operator", "group"): Line(_IN_THE_GROUP - _OF_ADMINS, BUTTONS["group"], Outcome.REFUSED),
    ("operator", "private"): Line(_IN_PRIVATE, BUTTONS["operator"], Outcome.REFUSED),
    ("operator", "alerts"): _NOTHING_SAID,
    ("customer", "group"): _REFUSED_ALOUD,
    ("customer", "private"): Line(COMMANDS["customer"], BUTTONS["customer"], Outcome.REFUSED),
    ("customer", "alerts"): _NOTHING_SAID,
    ("faceless", "group"): _REFUSED_ALOUD,
    ("faceless", "private"): _NOTHING_SAID,
    ("faceless", "alerts"): _NOTHING_SAID,
    ("machine", "group"): _NOTHING_SAID,
    ("machine", "private"): _NOTHING_SAID,
    ("machine", "alerts"): _NOTHING_SAID,
    **{(who, "elsewhere"): _NOTHING_SAID for who in set(KIND_OF_ACTOR.values())},
}
# Who edits what the desk has passed on: its author, where they wrote it. A reaction counts below
# what the desk has brought its customer. Words behind the bot's name are for whoever works here,
# wherever they write them: what they choose is sent by themselves.
BESIDE: Final = {
    "edit": {("operator", "operators"), ("operator", "topic"), ("customer", "private")},
    "reaction": {("customer", "private")},
    "inline": {
        (actor, where)
        for actor, who in KIND_OF_ACTOR.items()
        for where in KIND_OF_PLACE
        if who in {"admin", "operator"}
    },
}
# With words these are for admins, without them they show.
_BY_ADMINS_WITH_WORDS: Final = {"tags"}


def expected(wish: Wish, actor: str, where: str) -> Outcome:
    """Return what the rule says."""
    who = KIND_OF_ACTOR[actor]
    line = RULE[who, KIND_OF_PLACE[where]]
    if wish.kind in BESIDE:
        return Outcome.ALLOWED if (actor, where) in BESIDE[wish.kind] else Outcome.SILENT
    if wish.kind == "button":
        return Outcome.ALLOWED if wish.form in line.buttons else Outcome.REFUSED
    for_admins = wish.name in _BY_ADMINS_WITH_WORDS and " " in wish.words
    if wish.name in line.commands and not (for_admins and who == "operator"):
        return Outcome.ALLOWED
    return line.others
