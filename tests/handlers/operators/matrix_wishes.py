"""Everything that can be asked of the desk in Telegram, taken from the tables that it is routed by:
each command, each kind of button, an edit, a reaction, words behind the bot's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from channels.telegram.screens.callback_data import KINDS
from handlers.telegram import pressed_buttons
from handlers.telegram.admins import routes as admins
from handlers.telegram.customer import routes as customer
from handlers.telegram.operators import commands as group
from handlers.telegram.operators import private
from handlers.telegram.operators.buttons import HANDLERS
from tests.channels.telegram.test_callbacks import IN_CHATS

# What each table's commands are for; a name may stand in several of them.
COMMANDS: Final[dict[str, frozenset[str]]] = {
    "group": frozenset(group.COMMANDS),
    "reading": frozenset(group.READING),
    "admin": frozenset(admins.COMMANDS),
    "dialogue": frozenset(private.COMMANDS),
    "customer": frozenset(customer.COMMANDS),
}
# Which kinds of buttons have a handler, by where they stand or by who presses them in private.
BUTTONS: Final[dict[str, frozenset[type]]] = {
    "group": frozenset(HANDLERS),
    "figures": frozenset(admins.FIGURES),
    **{
        role.name.lower(): frozenset(table)
        for role, table in pressed_buttons.PRIVATE_BUTTONS.items()
    },
}
# One button of each kind; those with a number are about ticket 1.
EXAMPLES: Final = {type(data): raw.replace("12", "1") for raw, data in IN_CHATS.items()}
_WORDS: Final = {
    "find": "калитка",
    "who": "Канарейкина",
    "contact": "1 +79161234567",
    "merge": "1 2",
    "reply": "1 привет",
    "write": "anna@example.com привет",
    "freeze": "1 2d",
    "contract": "A-1",
    "key": "create x",
    "webhook": "add x https://x.example/",
    "report": "overdue",
    "directory": "versions",
    "rules": "try 1",
    "mute": "1 2h спам",
    "block": "1 2h спам",
}


# What people do without a command or a button, and what Telegram carries of it.
BESIDE: Final = {"edit": "правка", "reaction": "👍", "inline": "камеру"}


@dataclass(frozen=True, slots=True)
class Wish:
    """Something asked for: ``kind`` is how, ``name`` is what, ``words`` is what Telegram carries;
    ``form``: of a button.
    """

    kind: str
    name: str
    words: str
    form: type | None = None


def wishes(*, bare: bool = True) -> Iterator[Wish]:
    """Everything there is; ``bare``: commands also without a word behind them."""
    for name, words in BESIDE.items():  # first: a customer may have themselves erased below
        yield Wish(name, name, words)
    for name in sorted(frozenset().union(*COMMANDS.values())):
        yield Wish("command", name, f"/{name} {_WORDS.get(name, '1 слова')}")
        if bare:
            yield Wish("command", name, f"/{name}")
    for kind in KINDS:
        yield Wish("button", kind.__name__, EXAMPLES[kind], kind)
