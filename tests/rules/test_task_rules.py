"""What becomes of the tasks of a ticket: the table of B9 and B11, a test for each line. Pure."""

from typing import Any

import pytest

from core import events as e
from core.tasks.rules import CLOSING, Cause, cause_of
from core.tasks.task_actions import Choice, read_choice

GIVEN: dict[str, Any] = {"ticket_id": 1, "to": "x", "by": "y", "first": False, "concerns": ()}
GIVEN |= {"level": 1, "old_level": 1}


def assigned(
    old: tuple[int | None, str | None], new: tuple[int | None, str | None], *, up: bool = False
) -> e.TicketAssigned:
    facts = {"old_assignee_id": old[0], "old_team": old[1], "assignee_id": new[0], "team": new[1]}
    return (e.TicketEscalated if up else e.TicketAssigned)(**(GIVEN | facts))


def moved(old: str, new: str, clock: str) -> e.StateEntered:
    return e.StateEntered(
        ticket_id=1,
        verb="x",
        old=old,
        new=new,
        old_category=old,
        category=new,
        reason=None,
        until=None,
        assignee_id=None,
        waiting_since=None,
        answer_due=None,
        clock=clock,
    )


def kinds(old: str | None, new: str | None) -> e.TicketClassified:
    facts: dict[str, Any] = {"service": None, "old_service": None, "priority": None}
    return e.TicketClassified(
        ticket_id=1, old_priority=None, category=new, old_category=old, **facts
    )


TAKEN = e.TicketTaken(ticket_id=1, assignee_id=3, by_answer=False, first=True)
RELEASED = e.TicketReleased(ticket_id=1, assignee_id=3)


@pytest.mark.parametrize(
    ("event", "cause"),
    [
        (TAKEN, Cause.ASSIGNED),
        (assigned((None, None), (3, None)), Cause.ASSIGNED),
        (assigned((None, "a"), (3, "b")), Cause.ASSIGNED),
        (assigned((3, "a"), (4, "a")), Cause.HANDED_OVER),
        (assigned((3, "a"), (3, "b")), Cause.HANDED_OVER),
        (assigned((3, "a"), (None, "b")), Cause.HANDED_OVER),
        (assigned((3, "a"), (3, "a")), None),
        (assigned((3, "a"), (4, "b"), up=True), Cause.ESCALATED),
        (assigned((None, "a"), (None, "b"), up=True), Cause.ESCALATED),
        (RELEASED, Cause.RELEASED),
        (moved("open", "resolved", "stops"), Cause.SOLVED),
        (moved("waiting", "resolved", "stops"), Cause.SOLVED),
        (moved("open", "cancelled", "stops"), Cause.CANCELLED),
        (moved("resolved", "cancelled", "stops"), Cause.CANCELLED),
        (moved("open", "closed", "stops"), Cause.CLOSED),
        (moved("open", "frozen", "pauses"), Cause.POSTPONED),
        (moved("open", "waiting", "pauses"), Cause.POSTPONED),
        (moved("new", "open", "runs"), None),
        (moved("open", "open", "runs"), None),
        (moved("frozen", "frozen", "pauses"), None),
        (moved("frozen", "open", "runs"), Cause.RESUMED),
        (moved("resolved", "open", "runs"), Cause.RESUMED),
        (moved("closed", "open", "runs"), Cause.RESUMED),
        (kinds("incident", "incident"), None),
        (kinds("question", "incident"), Cause.RECLASSIFIED),
        (kinds("incident", None), Cause.RECLASSIFIED),
        (e.TitleChanged(ticket_id=1, old="a", new="b"), None),
    ],
)
def test_what_an_event_is_to_the_tasks_of_its_ticket(event: e.Event, cause: Cause | None) -> None:
    assert cause_of(event) is cause


def test_every_cause_has_its_line() -> None:
    assert set(CLOSING) == set(Cause)


@pytest.mark.parametrize(
    ("cause", "state", "outcome", "renew"),
    [
        (Cause.ASSIGNED, None, None, True),
        (Cause.SOLVED, "done", "solution_found", False),
        (Cause.CANCELLED, "cancelled", "ticket_cancelled", False),
        (Cause.POSTPONED, "done", "more_information", False),
        (Cause.HANDED_OVER, "done", "escalation_needed", True),
        (Cause.RELEASED, "done", "escalation_needed", False),
        (Cause.ESCALATED, "done", "escalation_required", True),
        (Cause.RESUMED, None, None, True),
        (Cause.CLOSED, "cancelled", "ticket_closed", False),
        (Cause.RECLASSIFIED, "cancelled", "reclassified", True),
    ],
)
def test_how_open_tasks_end_and_whether_there_is_a_new_one(
    cause: Cause, state: str | None, outcome: str | None, renew: bool
) -> None:
    line = CLOSING[cause]
    assert (line.state, line.outcome, line.renew) == (state, outcome, renew)


def test_only_a_cancelled_ticket_takes_its_equipment_tasks_along() -> None:
    assert [cause for cause, line in CLOSING.items() if "equipment" in line.kinds] == [
        Cause.CANCELLED
    ]


@pytest.mark.parametrize(
    ("words", "choice", "reason"),
    [
        ("complete", Choice.COMPLETE, ""),
        ("complete: new cable", Choice.COMPLETE, "new cable"),
        ("Завершить: заменили кабель", Choice.COMPLETE, "заменили кабель"),
        ("отменить, приедут в мае", Choice.CANCEL, "приедут в мае"),
        ("оставить — мастер едет", Choice.LEAVE, "мастер едет"),
        ("leave", Choice.LEAVE, ""),
        ("оставить всё как есть", None, "оставить всё как есть"),
        ("cancel the old contract", None, "cancel the old contract"),
        ("заменили: кабель", None, "заменили: кабель"),
        ("", None, ""),
    ],
)
def test_what_becomes_of_tasks_is_said_by_a_word_apart(
    words: str, choice: Choice | None, reason: str
) -> None:
    assert read_choice(words) == (choice, reason)
