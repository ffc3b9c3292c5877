"""The five markers and the order of the queue (C3, D4)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tickets.default_workflow import STATES
from core.tickets.workflow import RESOLVED, Marker, State, marker, queue_rank

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SOON, LATE = NOW + timedelta(seconds=1), NOW - timedelta(hours=1)
BY_CODE = {state.code: state for state in STATES}
instants = st.none() | st.sampled_from([LATE, NOW, SOON])


@pytest.mark.parametrize(
    ("code", "waiting", "due", "shown"),
    [
        ("new", LATE, SOON, "🔴"),
        ("in_progress", LATE, NOW, "⭕"),
        ("reopened", LATE, LATE, "⭕"),
        ("in_progress", None, None, "🟢"),
        ("waiting", None, None, "🟢"),
        ("waiting", LATE, SOON, "🔴"),
        ("resolved", None, None, "🟢"),
        ("frozen", LATE, None, "🟡"),
        ("frozen", None, None, "🟡"),
        ("closed", None, None, "⚪"),
        ("cancelled", LATE, LATE, "⚪"),
    ],
)
def test_a_ticket_shows_its_marker(
    code: str, waiting: datetime | None, due: datetime | None, shown: str
) -> None:
    assert marker(BY_CODE[code], waiting, due, NOW) == shown


@pytest.mark.parametrize(
    ("code", "waiting", "agreed", "shown"),
    [
        ("in_progress", None, NOW, "⭕"),
        ("in_progress", None, SOON, "🟢"),
        ("new", LATE, LATE, "⭕"),
        ("waiting", None, LATE, "🟢"),
        ("waiting", LATE, LATE, "⭕"),
        ("frozen", LATE, LATE, "🟡"),
        ("resolved", None, LATE, "🟢"),
        ("closed", None, LATE, "⚪"),
    ],
)
def test_a_ticket_is_late_by_its_agreement_too(
    code: str, waiting: datetime | None, agreed: datetime, shown: str
) -> None:
    assert marker(BY_CODE[code], waiting, SOON if waiting else None, NOW, agreed) == shown


def test_the_deadline_itself_is_overdue() -> None:
    assert marker(BY_CODE["new"], LATE, NOW, NOW) is Marker.OVERDUE
    assert marker(BY_CODE["new"], LATE, NOW, NOW - timedelta(microseconds=1)) == "🔴"


@given(st.sampled_from(STATES), instants, instants)
def test_flags_decide_and_names_do_not(
    state: State, waiting: datetime | None, due: datetime | None
) -> None:
    renamed = State("x", state.category, state.initial, state.pause, state.resolution, state.final)
    assert marker(renamed, waiting, due, NOW) is marker(state, waiting, due, NOW)
    assert queue_rank(renamed, waiting) == queue_rank(state, waiting)


@given(st.sampled_from(STATES), instants, instants)
def test_the_queue_agrees_with_the_markers(
    state: State, waiting: datetime | None, due: datetime | None
) -> None:
    shown, rank = marker(state, waiting, due, NOW), queue_rank(state, waiting)
    if state.final:
        assert rank is None
    elif state.resolution:
        assert rank == RESOLVED
    elif rank == 0:
        assert shown in {Marker.NEEDS_ANSWER, Marker.OVERDUE}
    else:
        assert shown is (Marker.ANSWERED if rank == 1 else Marker.FROZEN)
