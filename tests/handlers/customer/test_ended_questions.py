"""The buttons of «does everything work?» go with their question, whoever has ended it."""

import pytest

from sandbox import Message as Sent
from tests.handlers.operators.group import Group


async def resolved(group: Group) -> tuple[int, Sent]:
    """A ticket that was resolved, and the question below it."""
    number = await group.ticket()
    await group.says(group.olga, f"/resolve {number} заменили кабель")
    await group.deliver()
    question = group.anna.last
    assert question.keyboard[0] == ["Да, спасибо", "Нет, не решено"]
    return number, question


@pytest.mark.parametrize(
    ("words", "left"),
    [("да, всё работает", 1), ("нет, опять темно", 0), ("А когда придёт мастер?", 0)],
)
async def test_words_that_end_the_question_take_its_buttons(
    group: Group, words: str, left: int
) -> None:
    _, question = await resolved(group)
    await group.anna.say(words)
    await group.settle()
    await group.deliver()
    assert len(question.keyboard) == left, "a yes leaves the ratings"
    assert not any("Да" in label or "Нет" in label for label in question.buttons)


@pytest.mark.parametrize(("command", "left"), [("/close", 1), ("/reopen", 0), ("/cancel", 0)])
async def test_so_does_an_operator_who_ends_it(group: Group, command: str, left: int) -> None:
    number, question = await resolved(group)
    await group.says(group.olga, f"{command} {number}")
    await group.deliver()
    assert len(question.keyboard) == left


async def test_ratings_that_are_left_can_be_given(group: Group) -> None:
    number, question = await resolved(group)
    await group.says(group.olga, f"/close {number}")
    await group.deliver()
    await group.presses(group.anna, question, question.buttons[-1])
    ((rating,),) = await group.rows("SELECT rating FROM resolution WHERE asked")
    assert rating == 5


async def test_a_question_whose_own_button_was_pressed_becomes_what_was_done(group: Group) -> None:
    _, question = await resolved(group)
    await group.presses(group.anna, question, "Нет, не решено")
    await group.deliver()
    assert question.keyboard == [] and "Заменили" not in question.text


async def test_of_two_questions_the_other_loses_its_buttons_too(group: Group) -> None:
    _, question = await resolved(group)
    await group.anna.say("посмотрю вечером")
    await group.settle()
    await group.deliver()
    again = group.anna.last
    assert again is not question and len(again.keyboard) == 2
    await group.presses(group.anna, again, "Да")
    await group.deliver()
    assert len(question.keyboard) == 1, "the ratings"


async def test_a_question_that_arrives_after_it_was_ended_has_no_buttons(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/resolve {number} заменили кабель")
    await group.says(group.olga, f"/reopen {number}")
    await group.deliver()
    asked = [one for one in group.anna.chat.bot_messages if "заменили кабель" in one.text]
    assert [one.keyboard for one in asked] == [[]]
