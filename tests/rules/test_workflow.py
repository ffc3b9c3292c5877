"""States and moves: what a sound table is, and that ours is one."""

from dataclasses import replace

import pytest

from core.tickets.default_workflow import MOVES, STATES
from core.tickets.workflow import CATEGORIES, Move, State, Workflow

OURS = Workflow(STATES, MOVES)
NEW = State("new", "new", initial=True)
DONE = State("done", "closed", final=True)
END = Move("new", "close", "done")
HEAR = Move("new", "hear", "new")
PIT = State("pit", "open")
HEARS = Move("pit", "hear", "pit")


def test_the_table_of_a_fresh_desk_is_sound() -> None:
    assert OURS.faults() == []
    assert {state.category for state in STATES} == set(CATEGORIES)
    assert OURS.initial.code == "new"


def test_the_smallest_sound_table_has_a_beginning_and_an_end() -> None:
    assert Workflow([NEW, DONE], [END, HEAR]).faults() == []


@pytest.mark.parametrize(
    ("states", "moves", "fault"),
    [
        ([DONE], [], "one_initial"),
        ([NEW, replace(NEW, code="x"), DONE], [END, Move("x", "close", "done")], "one_initial"),
        ([NEW, replace(DONE, category="odd")], [END], "category"),
        ([NEW, replace(DONE, pause=True)], [END], "final_and_more"),
        ([replace(NEW, pause=True), DONE], [END], "initial_and_more"),
        ([NEW, DONE], [END, Move("new", "take", "gone")], "no_such_state"),
        ([NEW, DONE], [END, Move("gone", "take", "new")], "no_such_state"),
        ([NEW, DONE], [END, Move("done", "hear", "new")], "leaves_final"),
        ([NEW], [HEAR], "no_end"),
        ([NEW, DONE], [END], "missing_verb"),
        ([NEW, DONE], [END, HEAR, Move("done", "hear", "new")], "leaves_final"),
        ([NEW, DONE, PIT], [END, HEAR, Move("new", "take", "pit"), HEARS], "dead_end"),
        ([NEW, DONE, PIT], [END, HEAR, HEARS, Move("pit", "close", "done")], "unreachable"),
        ([NEW, DONE, replace(PIT, sources=("gone",))], [END, HEAR, HEARS], "no_such_state"),
        ([NEW, DONE, replace(PIT, resolution=True)], [END, HEAR, HEARS], "missing_verb"),
        ([NEW, DONE, replace(PIT, pause=True)], [END, HEAR, HEARS], "missing_verb"),
        ([NEW, DONE, replace(PIT, active=False)], [END, HEAR, Move("new", "take", "pit")], "off"),
    ],
)
def test_an_unsound_table_says_what_is_wrong(
    states: list[State], moves: list[Move], fault: str
) -> None:
    assert any(fault in found.name for found in Workflow(states, moves).faults())


def test_a_final_state_may_be_left_by_reopening() -> None:
    assert Workflow([NEW, DONE], [END, HEAR, Move("done", "reopen", "new")]).faults() == []


def test_every_open_state_can_be_ended_and_written_into() -> None:
    for code in OURS.open_codes():
        assert "hear" in OURS.verbs(code)
        assert "close" in OURS.verbs(code)
        assert "cancel" in OURS.verbs(code)


def test_a_state_that_is_entered_by_name_is_reached_and_left() -> None:
    pit = replace(PIT, sources=("new",))
    assert (
        Workflow([NEW, DONE, pit], [END, HEAR, HEARS, Move("pit", "close", "done")]).faults() == []
    )


def test_people_see_the_ways_that_are_theirs_and_the_verb_each_counts_as() -> None:
    assert OURS.ways("in_progress", "operator") == {
        "waiting": "wait",
        "frozen": "freeze",
        "resolved": "resolve",
        "closed": "close",
        "cancelled": "cancel",
        "on_hold": "set",
    }
    assert OURS.ways("closed", "operator") == {"reopened": "reopen"}
    guarded = [replace(s, roles=frozenset({"admin"})) if s.final else s for s in STATES]
    assert set(Workflow(guarded, MOVES).ways("frozen", "operator")) == {
        *("in_progress", "waiting", "resolved", "reopened", "on_hold"),
    }
    assert "closed" in Workflow(guarded, MOVES).ways("frozen", "admin")


def test_only_reopening_leads_out_of_an_end() -> None:
    ended = set(OURS.states) - set(OURS.open_codes())
    assert ended == set(OURS.codes("closed", "cancelled"))
    assert {verb for code in ended for verb in OURS.verbs(code)} == {"reopen"}


def test_a_verb_that_leads_nowhere_has_no_target() -> None:
    assert OURS.move("new", "unfreeze") is None
    assert OURS.move("frozen", "unfreeze") == OURS.state("reopened")
