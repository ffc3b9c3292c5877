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


def test_the_table_of_a_fresh_desk_is_sound() -> None:
    assert OURS.faults() == []
    assert {state.category for state in STATES} == set(CATEGORIES)
    assert OURS.initial.code == "new"


def test_the_smallest_sound_table_has_a_beginning_and_an_end() -> None:
    assert Workflow([NEW, DONE], [END, HEAR]).faults() == []


@pytest.mark.parametrize(
    ("states", "moves", "fault"),
    [
        ([DONE], [], "exactly one state must be initial, not 0"),
        ([NEW, replace(NEW, code="x"), DONE], [END, Move("x", "close", "done")], "not 2"),
        ([NEW, replace(DONE, category="odd")], [END], "unknown category odd"),
        ([NEW, replace(DONE, pause=True)], [END], "neither pauses nor resolves"),
        ([replace(NEW, pause=True), DONE], [END], "an initial state has no other flag"),
        ([NEW, DONE], [END, Move("new", "take", "gone")], "no state gone"),
        ([NEW, DONE], [END, Move("gone", "take", "new")], "no state gone"),
        ([NEW, DONE], [END, Move("done", "hear", "new")], "left by reopening only"),
        ([NEW], [], "no state is final"),
        ([NEW, DONE], [END], "new: nobody would hear the customer"),
        ([NEW, DONE], [END, HEAR, Move("done", "hear", "new")], "left by reopening only"),
        ([NEW, DONE, State("pit", "open")], [END, Move("new", "take", "pit")], "pit: no way"),
    ],
)
def test_an_unsound_table_says_what_is_wrong(
    states: list[State], moves: list[Move], fault: str
) -> None:
    assert any(fault in found for found in Workflow(states, moves).faults())


def test_a_final_state_may_be_left_by_reopening() -> None:
    assert Workflow([NEW, DONE], [END, HEAR, Move("done", "reopen", "new")]).faults() == []


def test_every_open_state_can_be_ended_and_written_into() -> None:
    for code in OURS.open_codes():
        assert "hear" in OURS.verbs(code)
        assert "close" in OURS.verbs(code)
        assert "cancel" in OURS.verbs(code)


def test_only_reopening_leads_out_of_an_end() -> None:
    ended = set(OURS.states) - set(OURS.open_codes())
    assert ended == set(OURS.codes("closed", "cancelled"))
    assert {verb for code in ended for verb in OURS.verbs(code)} == {"reopen"}


def test_a_verb_that_leads_nowhere_has_no_target() -> None:
    assert OURS.move("new", "unfreeze") is None
    assert OURS.move("frozen", "unfreeze") == OURS.state("reopened")
