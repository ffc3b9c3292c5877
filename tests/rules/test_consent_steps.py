"""What becomes of a mail whose author has not agreed, and which letter asks them (S31)."""

from datetime import UTC, datetime, timedelta

import pytest

from core.contacts.written_consents import (
    MOST_ASKED,
    ONCE_MORE,
    Step,
    letter_due,
    step_of,
)
from core.delivery.consent_letters import AGAIN, ASK, Question
from core.words.consent_answers import ConsentWord

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
YES, NO = ConsentWord.YES, ConsentWord.NO


def asked(version: str = "2", *, is_open: bool = True, ago: timedelta = timedelta(0)) -> Question:
    return Question(version, is_open, NOW - ago)


ANSWERED = Question("2", is_open=False, at=NOW, is_answered=True)


@pytest.mark.parametrize(
    ("word", "question", "missing", "step"),
    [
        (YES, asked(), True, Step.AGREE),
        (NO, asked(), True, Step.REFUSE),
        (None, asked(), True, Step.HOLD),
        (YES, None, True, Step.HOLD),
        (NO, None, True, Step.HOLD),
        (None, None, True, Step.HOLD),
        (YES, asked("1"), True, Step.FORGET),
        (NO, asked("1"), True, Step.REFUSE),
        (YES, asked(is_open=False), True, Step.AGREE),
        (NO, asked(is_open=False), True, Step.REFUSE),
        (YES, ANSWERED, True, Step.AGREE),
        (NO, ANSWERED, True, Step.PASS),
        (YES, asked(), False, Step.PASS),
    ],
)
def test_what_becomes_of_a_mail(
    word: ConsentWord | None, question: Question | None, missing: bool, step: Step
) -> None:
    assert step_of(word, question, "2", missing=missing) is step


DAY = ONCE_MORE


@pytest.mark.parametrize(
    ("before", "answers", "letter"),
    [
        ([], False, ASK),
        ([asked()], False, None),
        ([asked()], True, AGAIN),
        ([asked(ago=DAY)], False, AGAIN),
        ([asked(ago=DAY), asked()], True, None),
        ([asked(ago=2 * DAY), asked(ago=2 * DAY)], False, None),
        ([asked("1")], False, ASK),
        ([asked(is_open=False)], False, ASK),
        ([asked(is_open=False)] * (MOST_ASKED - 1), False, ASK),
        ([asked(is_open=False)] * MOST_ASKED, False, None),
        ([asked("1")] * MOST_ASKED, True, None),
    ],
)
def test_which_letter_asks(before: list[Question], answers: bool, letter: str | None) -> None:
    assert letter_due(before, "2", NOW, answers=answers) == letter
