"""Who may do what: everything that is not granted is denied (G1)."""

import pytest

from core.people.permissions import PERMISSIONS, may
from core.tickets.default_workflow import MOVES

ROLES = ("customer", "operator", "admin", "system")


def test_what_nobody_has_granted_is_denied() -> None:
    assert not any(may(role, "delete everything") for role in ROLES)
    assert not any(may(role, verb) for role in ("", "stranger", "Admin") for verb in PERMISSIONS)


def test_every_move_of_the_table_is_somebodys() -> None:
    assert {move.verb for move in MOVES} <= set(PERMISSIONS)
    assert all(PERMISSIONS.values())


def test_only_known_roles_are_named() -> None:
    assert {role for roles in PERMISSIONS.values() for role in roles} <= set(ROLES)


def test_an_admin_may_do_whatever_an_operator_may() -> None:
    assert all("admin" in roles for roles in PERMISSIONS.values() if "operator" in roles)


def test_customers_speak_and_judge_and_nothing_else() -> None:
    granted = {verb for verb in PERMISSIONS if may("customer", verb)}
    assert granted == {"hear", "confirm", "dispute", "rate", "withdraw", "answer_field"}


@pytest.mark.parametrize("verb", ["wake", "expire", "junk"])
def test_what_the_clock_does_no_person_may(verb: str) -> None:
    assert [role for role in ROLES if may(role, verb)] == ["system"]


@pytest.mark.parametrize(
    "verb", ["release_any", "undo_any", "report", "merge_any", "contract", "tags", "set_up"]
)
def test_supervision_is_for_admins(verb: str) -> None:
    assert [role for role in ROLES if may(role, verb)] == ["admin"]
