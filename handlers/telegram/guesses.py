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

ACTING: Final = frozenset(
    {"close", "cancel", "resolve", "reopen", "take", "release", "freeze", "unfreeze", "escalate"}
    | {"wait", "assign", "unlink", "next_up"}
)
"""Commands that change a ticket where it stands, without another word: they are a guess only where
nothing else is one slip away.
"""
# A list is another name of this command.
_LISTING: Final = "queue"


def closest(typed: str, usable: Collection[str], others: Collection[str] = ()) -> str | None:
    """Return the command that was probably meant, if it is one of ``usable`` and harmless.

    ``others``: names of commands that may have been meant, and are not for this person here. What
    was meant is found among all of them: the next best one would be something else.
    """
    names = sorted({*usable, *others})
    slips = [name for name in names if is_one_slip(typed, name)]
    found = next(iter(get_close_matches(typed, slips or names, n=1)), None)
    if found is None or found not in usable or command_of(found) in NEVER_GUESSED:
        return None
    is_clear = {command_of(name) for name in slips} == {command_of(found)}
    return found if is_clear or command_of(found) not in ACTING else None


def is_one_slip(typed: str, name: str) -> bool:
    """Return whether a letter was left out, added, or another one, or two were swapped."""
    same = 0
    while same < min(len(typed), len(name)) and typed[same] == name[same]:
        same += 1
    mine, right = typed[same:], name[same:]
    is_swapped = mine[:2] == right[:2][::-1] and mine[2:] == right[2:]
    return is_swapped or mine[1:] == right or mine == right[1:] or mine[1:] == right[1:]


def command_of(name: str) -> str:
    """Return the command that has this name among others."""
    return _LISTING if name in LISTS else ALIASES.get(name, name)


def with_other_names(commands: Collection[str]) -> list[str]:
    """Return the operators' commands with their Russian names and those of lists."""
    others = [name for name, command in ALIASES.items() if command in commands]
    return [*commands, *others, *(sorted(LISTS) if _LISTING in commands else ())]
