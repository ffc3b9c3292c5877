"""Thirteen kinds of who acts, in seven places, with every command and every kind of button that the
desk is routed by: each is allowed, refused or met with silence as the rule says (S1).

Whatever is not allowed changes no row of the desk's work and shows nobody a word of a customer.
"""

import math
from typing import Final

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.screens.callback_data import KINDS
from core import allowances
from handlers.telegram import pressed_buttons
from handlers.telegram.operators import membership
from tests.handlers.operators.group import Group
from tests.handlers.operators.matrix_cast import (
    ACTORS,
    EMAIL,
    NAME,
    PLACES,
    WORDS,
    Cast,
    Seen,
    cast_of,
)
from tests.handlers.operators.matrix_rule import (
    KIND_OF_ACTOR,
    KIND_OF_PLACE,
    RULE,
    Outcome,
    expected,
)
from tests.handlers.operators.matrix_wishes import BUTTONS, COMMANDS, EXAMPLES, Wish, wishes

# Refusals for who is not meant, or asks where it is not heard; all others are about the wish.
_DENIALS: Final = frozenset(
    {
        *("refusal.not_allowed", "refusal.operators_only", "operators.faceless"),
        *("refusal.unknown_command", "refusal.unknown_command_guess"),
        *("refusal.in_private_only", "refusal.staff_only", "refusal.admins_only"),
    }
)
# A button that has no meaning where it stands is refused as one that is over; so is one that has.
_OVER: Final = "refusal.outdated"


def outcome(wish: Wish, seen: Seen, rule: Outcome) -> Outcome:
    """What has come of a wish. ``rule`` decides about a button that is refused as outdated: who
    must not press it, and who may, read the same.
    """
    if seen.refusals and wish.kind == "button" and set(seen.refusals) == {_OVER}:
        return Outcome.REFUSED if rule is Outcome.REFUSED else Outcome.ALLOWED
    if _DENIALS & set(seen.refusals):
        return Outcome.REFUSED
    return Outcome.ALLOWED if seen.refusals or seen.said or seen.changed else Outcome.SILENT


def test_all_that_is_routed_is_in_the_matrix() -> None:
    assert set(EXAMPLES) == set(KINDS)
    assert frozenset().union(*BUTTONS.values()) <= set(KINDS)
    assert {role.name.lower() for role in pressed_buttons.PRIVATE_BUTTONS} <= set(BUTTONS)
    assert {wish.name for wish in wishes() if wish.kind == "command"} == frozenset().union(
        *COMMANDS.values()
    )


def test_the_rule_has_a_line_for_everybody_everywhere() -> None:
    assert set(KIND_OF_ACTOR) == set(ACTORS)
    assert set(KIND_OF_PLACE) == set(PLACES)
    kinds = {(who, where) for who in KIND_OF_ACTOR.values() for where in KIND_OF_PLACE.values()}
    assert set(RULE) == kinds


@pytest.mark.parametrize("actor", ACTORS)
async def test_each_wish_comes_to_what_the_rule_says_and_nothing_else_is_changed_or_shown(
    group: Group, monkeypatch: pytest.MonkeyPatch, actor: str
) -> None:
    monkeypatch.setattr(membership, "CONFIRMED_FOR", 0.0)  # the hour is always over
    monkeypatch.setattr(allowances, "ALLOWED", math.inf)  # nobody has asked too much
    monkeypatch.setattr(allowances, "HEAVY", math.inf)  # nor is anything of theirs under way
    async with cast_of(group) as cast:
        if actor == "former_operator":  # that they left is noted, once
            await cast.act(Wish("command", "queue", "/queue"), actor, "operators")
        faults: list[str] = []
        for where in PLACES:
            at_work = where == "operators" and KIND_OF_ACTOR[actor] in {"admin", "operator"}
            asked = [*wishes(bare=at_work or where == "private")]
            denied = [one for one in asked if expected(one, actor, where) is not Outcome.ALLOWED]
            before = await cast.work()
            faults += await play(cast, denied, actor, where)
            assert await cast.work() == before, where
            allowed = [one for one in asked if one not in denied]
            faults += await play(cast, allowed, actor, where)
        if KIND_OF_ACTOR[actor] == "admin":
            assert {"who", "contact"} <= cast.showed_contacts
        assert not faults, f"{len(faults)}:\n" + "\n".join(faults[:40])


async def play(cast: Cast, asked: list[Wish], actor: str, where: str) -> list[str]:
    """Let it be asked for; returns what does not come to what the rule says."""
    faults = []
    await cast.has_changed()
    for wish in asked:
        rule = expected(wish, actor, where)
        seen = await cast.act(wish, actor, where, look=rule is Outcome.ALLOWED)
        what = f"{actor} in {where}: {wish.words!r} ({wish.name})"
        came = outcome(wish, seen, rule)
        if came is not rule:
            faults.append(f"{what} is {came.value}, not {rule.value}: {seen.refusals}")
        if EMAIL in seen.shown and not is_noted(seen, cast, actor):
            faults.append(f"{what} shows a customer's address and it is not in the journal of that")
        if (WORDS in seen.shown or NAME in seen.shown) and not may_see(rule, actor):
            faults.append(f"{what} shows a customer's words")
    return faults


def is_noted(seen: Seen, cast: Cast, actor: str) -> bool:
    """Who works here has a customer's contact data only where it is written down (S36)."""
    if KIND_OF_ACTOR[actor] not in {"admin", "operator"}:
        return actor == "customer"
    reader = str(chat_address(cast.people[actor].id))
    return any(one == reader for one, _ in seen.noted)


def may_see(rule: Outcome, actor: str) -> bool:
    """Who works here is shown what customers say; its author is shown their own."""
    return rule is Outcome.ALLOWED and (
        actor == "customer" or KIND_OF_ACTOR[actor] in {"admin", "operator"}
    )
