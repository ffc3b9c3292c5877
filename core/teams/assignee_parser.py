"""Reads who is meant in a command: a team by title or code, a colleague by @handle or name, also
by a name with an @ before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.addresses import Address
from core.errors import Unreadable
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import TeamFacts, teams_of
from core.tx import ReadTx

_LEVEL: Final = re.compile(r"[lL]?([1-9])(?=[\s,:]|\Z)[\s,:]*")
_HANDLE: Final = re.compile(r"@(\w{1,64})", re.ASCII)
# What may stand between the name and the reason.
_PAUSE: Final = " \t\n\xa0,:;.—–-"


@dataclass(frozen=True, slots=True)
class Target:
    """A team, or a colleague."""

    team: TeamFacts | None = None
    person: Colleague | None = None


@dataclass(frozen=True, slots=True)
class AssignmentWish:
    """The target, the level, and the reason; what was not said is empty."""

    target: Target | None = None
    level: int | None = None
    why: str = ""


async def read_hand_over(
    tx: ReadTx, words: str, mentioned: Address | None = None
) -> AssignmentWish:
    """Read ``@user why`` or ``team why``.

    ``mentioned``: the address of a person without a handle who is named first. Raises
    :class:`Unreadable` with the choices.
    """
    target, why = await _read_target(tx, words, mentioned)
    if target is None:
        target, why = await _guess(tx, words)
    return AssignmentWish(target, why=why)


async def read_escalation(
    tx: ReadTx, words: str, mentioned: Address | None = None
) -> AssignmentWish:
    """Read ``[level] [@user or team] [why]``: what is no whole name is a reason.

    Raises :class:`Unreadable` for a handle that no operator has.
    """
    found = _LEVEL.match(words)
    level = None if found is None else int(found[1])
    rest = words if found is None else words[found.end() :]
    target, why = await _read_target(tx, rest, mentioned)
    return AssignmentWish(target, level, why)


async def _read_target(
    tx: ReadTx, words: str, mentioned: Address | None
) -> tuple[Target | None, str]:
    colleagues = await colleagues_of(tx)
    named = _HANDLE.match(words)
    if named is not None and (one := _by_handle(colleagues, named[1])) is not None:
        return one, words[named.end() :].lstrip(_PAUSE)
    whole, words = words, words.removeprefix("@")
    best: tuple[int, Target] | None = None
    for name, target in await _names(tx, colleagues, mentioned):
        if _begins(words, name) and (best is None or len(name) > best[0]):
            best = len(name), target
    if best is None:
        return await _guess(tx, whole) if whole.startswith("@") else (None, words)
    return best[1], words[best[0] :].lstrip(_PAUSE)


def _by_handle(colleagues: Sequence[Colleague], handle: str) -> Target | None:
    wanted = handle.casefold()
    return next((Target(person=one) for one in colleagues if one.handle == wanted), None)


async def _names(
    tx: ReadTx, colleagues: Sequence[Colleague], mentioned: Address | None
) -> list[tuple[str, Target]]:
    """Return all whole names, a team's before a person's; a name of two people means neither."""
    names = [
        (name, Target(team=team))
        for team in (await teams_of(tx)).offered
        for name in (team.code, *team.titles.values())
    ]
    for one in colleagues:
        namesakes = [other for other in colleagues if other.name == one.name]
        is_mentioned = mentioned is not None and one.address == mentioned
        if is_mentioned or len(namesakes) == 1:
            names.append((one.name, Target(person=one)))
    return names


def _begins(words: str, name: str) -> bool:
    after = words[len(name) : len(name) + 1]
    return words[: len(name)].casefold() == name.casefold() and not after.isalnum()


async def _guess(tx: ReadTx, words: str) -> tuple[Target, str]:
    """Return the one target whose name begins with the first word."""
    first, _, why = words.partition(" ")
    wanted = first.strip(_PAUSE + "@").casefold()
    teams, colleagues = (await teams_of(tx)).offered, await colleagues_of(tx)
    found = [
        Target(team=team)
        for team in teams
        if any(name.casefold().startswith(wanted) for name in (team.code, *team.titles.values()))
    ]
    found += [Target(person=one) for one in colleagues if _is_called(one, wanted)]
    if wanted and len(found) == 1:
        return found[0], why.lstrip(_PAUSE)
    if wanted and found:
        names = ", ".join(name_of(tx, target) for target in found[:8])
        raise Unreadable("refusal.which_colleague", words=first[:40], names=names)
    if first.startswith("@"):
        raise Unreadable("refusal.no_such_handle", words=first[:40])
    titles = ", ".join(team.title(tx.company.language) for team in teams)
    key = "refusal.no_such_target" if titles else "refusal.no_such_colleague"
    raise Unreadable(key, words=first[:40], teams=titles)


def _is_called(one: Colleague, wanted: str) -> bool:
    return any(word.casefold().startswith(wanted) for word in one.name.split())


def name_of(tx: ReadTx, target: Target) -> str:
    """Return the target's name in the company's language; of namesakes the handle."""
    if target.person is None:
        return "" if target.team is None else target.team.title(tx.company.language)
    one = target.person
    return f"{one.name} (@{one.handle})" if one.handle else one.name
