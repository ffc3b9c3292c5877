"""Which command somebody may have meant who mistyped one."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

from core.words.aliases import ALIASES, LISTS

NEVER_GUESSED: Final = frozenset(
    {"broadcast", "outage"}  # many customers read it
    | {"mute", "block", "unblock"}  # somebody is heard no more, or again
    | {"merge", "merge_tickets", "split"}  # not easily taken back
    | {"on", "off", "undo", "done", "board"}  # it is done at once, and what is meant is not asked
)
"""Commands that must be asked for: a guess stands there to be pressed."""
# A list is another name of this command.
_LISTING: Final = "queue"


def closest(typed: str, usable: Collection[str]) -> str | None:
    """Return the command that is most like what was typed, of ``usable`` ones, if one is like it
    and harmless.
    """
    harmless = [name for name in usable if ALIASES.get(name, name) not in NEVER_GUESSED]
    return next(iter(get_close_matches(typed, harmless, n=1)), None)


def with_other_names(commands: Collection[str]) -> list[str]:
    """Return the operators' commands with their Russian names and those of lists."""
    others = [name for name, command in ALIASES.items() if command in commands]
    return [*commands, *others, *(sorted(LISTS) if _LISTING in commands else ())]
