"""Whose time a ticket's time was (C8): read from journal entries alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.sla.calendar import read_calendar
from core.tickets.metrics import Entry, Measures, measure

OPENED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def after(hours: float) -> datetime:
    return OPENED + timedelta(hours=hours)


def opened() -> Entry:
    return OPENED, "ticket_opened", {"state": "new"}


def wrote(hours: float, *, turned: bool = True) -> Entry:
    return after(hours), "customer_wrote", {"turned": turned}


def delivered(hours: float, *, owed: bool = False) -> Entry:
    return after(hours), "answer_delivered", {"waiting_since": OPENED if owed else None}


def withdrawn(hours: float) -> Entry:
    return after(hours), "answer_withdrawn", {"waiting_since": OPENED}


def moved(hours: float, state: str, category: str, *, owed: bool = False) -> Entry:
    facts: dict[str, Any] = {"new": state, "category": category}
    return after(hours), "state_entered", facts | {"waiting_since": OPENED if owed else None}


def hours(span: timedelta | None) -> float | None:
    return None if span is None else span / timedelta(hours=1)


def told(measures: Measures) -> dict[str, float | None]:
    return {
        "first": hours(measures.first_response),
        "life": hours(measures.life),
        "us": hours(measures.by_us),
        "them": hours(measures.by_customer),
    }


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ([], (None, 10, 10, 0)),
        ([delivered(2)], (2, 10, 2, 0)),
        ([delivered(2), delivered(3)], (2, 10, 2, 0)),
        ([delivered(2), wrote(5)], (2, 10, 7, 0)),
        ([delivered(2), wrote(5, turned=False)], (2, 10, 2, 0)),
        ([delivered(2), withdrawn(3)], (2, 10, 9, 0)),
        # taken, but not answered: the customer still waits for us
        ([moved(1, "in_progress", "open", owed=True), delivered(4)], (4, 10, 4, 0)),
        # a question: from now on it is their turn
        ([moved(1, "waiting", "waiting"), delivered(1)], (1, 10, 1, 9)),
        (
            [
                moved(1, "waiting", "waiting"),
                delivered(1),
                moved(6, "reopened", "open", owed=True),
                wrote(6),
                delivered(8),
            ],
            (1, 10, 3, 5),
        ),
        # put off, or resolved: nobody's time
        ([moved(2, "frozen", "frozen", owed=True)], (None, 10, 2, 0)),
        ([delivered(1), moved(2, "resolved", "resolved")], (1, 10, 1, 0)),
        # after the end there is no more of it, until it is taken back
        ([delivered(1), moved(4, "closed", "closed")], (1, 4, 1, 0)),
        (
            [
                delivered(1),
                moved(4, "closed", "closed"),
                moved(8, "reopened", "open", owed=True),
            ],
            (1, 6, 3, 0),
        ),
        ([moved(3, "cancelled", "cancelled")], (None, 3, 3, 0)),
        # the name of a state means nothing
        ([moved(3, "at_the_plumbers", "waiting")], (None, 10, 3, 7)),
    ],
)
def test_whose_time_it_was(story: list[Entry], expected: tuple[float | None, ...]) -> None:
    measures = measure([opened(), *story], after(10))
    assert tuple(told(measures).values()) == expected


def test_time_in_each_state_adds_up_where_a_state_comes_back() -> None:
    story = [
        opened(),
        moved(1, "in_progress", "open"),
        moved(3, "waiting", "waiting"),
        moved(4, "in_progress", "open"),
        moved(9, "closed", "closed"),
    ]
    states = measure(story, after(100)).states
    assert {code: hours(span) for code, span in states.items()} == {
        "new": 1,
        "in_progress": 7,
        "waiting": 1,
    }


def test_with_a_calendar_it_is_working_time() -> None:
    office = read_calendar("UTC", [[["09:00", "18:00"]]] * 5 + [[], []], {})
    measures = measure([opened(), delivered(26)], after(24 * 7), office.worked)
    assert told(measures) == {"first": 11.0, "life": 45.0, "us": 11.0, "them": 0.0}


def test_other_entries_mean_nothing() -> None:
    noise: list[Entry] = [(after(n), "note_written", {"note_id": n}) for n in range(1, 9)]
    assert told(measure([opened(), *noise], after(10))) == told(measure([opened()], after(10)))


CATEGORIES = ("new", "open", "waiting", "frozen", "resolved")


@given(st.lists(st.tuples(st.integers(0, 50), st.sampled_from(CATEGORIES), st.booleans())))
def test_states_add_up_to_the_whole_life(moves: list[tuple[int, str, bool]]) -> None:
    at, story = 0, [opened()]
    for gap, category, owed in moves:
        at += gap
        story.append(moved(at, category, category, owed=owed))
    measures = measure(story, after(at + 5))
    assert measures.life == timedelta(hours=at + 5)
    assert sum(measures.states.values(), start=timedelta()) == measures.life
    assert measures.by_us + measures.by_customer <= measures.life
