"""Ending a ticket whose customer waits for an answer is asked about once."""

import pytest

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_endings import REASONS
from tests.handlers.operators.test_quiet import answer, seen_by

ASKED = "На «Не показывает камера» ещё не ответили."
STATES = """
[[state]]
code = "done_elsewhere"
category = "resolved"
resolution = true
titles = { ru = "Сделали другие", en = "Done elsewhere" }
sources = ["new", "in_progress"]
"""


async def state(group: Group, number: int) -> str:
    return str((await group.row(number)).state)


@pytest.mark.parametrize(
    ("command", "ended"), [("/close", "closed"), ("/resolve", "resolved"), ("/закрыть", "closed")]
)
async def test_ending_a_ticket_without_an_answer_is_asked_about_once(
    group: Group, command: str, ended: str
) -> None:
    number = await group.ticket()
    asked = await group.says(group.olga, f"{command} {number}")
    assert answer(group, asked).text.startswith(ASKED) and seen_by(answer(group, asked))
    assert await state(group, number) == "new"
    again = await group.says(group.olga, f"{command} {number}")
    assert await state(group, number) == ended
    assert group.answers(again) == []


async def test_a_reason_that_only_colleagues_read_is_no_answer(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/close {number} повтор")
    assert await state(group, number) == "new"
    await group.says(group.olga, f"/close {number} повтор")
    assert await state(group, number) == "closed"


@pytest.mark.parametrize("command", ["/resolve {} заменили кабель", "/close {} ! всё починили"])
async def test_an_ending_that_tells_the_customer_why_is_an_answer(
    group: Group, command: str
) -> None:
    number = await group.ticket()
    await group.says(group.olga, command.format(number))
    assert await state(group, number) in {"resolved", "closed"}


async def test_an_answer_that_is_on_its_way_is_one(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/reply {number} Починили")
    await group.says(group.olga, f"/close {number}")
    assert await state(group, number) == "closed"


async def test_thanks_ask_for_no_answer(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/reply {number} Починили")
    await group.deliver()
    await group.anna.say("Спасибо")
    await group.settle()
    await group.says(group.olga, f"/close {number}")
    assert await state(group, number) == "closed"


async def test_a_later_question_is_asked_about_anew_and_so_is_a_colleague(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/close {number}")
    await group.says(group.oleg, f"/close {number}")
    assert await state(group, number) == "new"
    await group.anna.say("Ну что там?")
    await group.settle()
    asked = await group.says(group.olga, f"/close {number}")
    assert answer(group, asked).text.startswith("На «Ну что там?» ещё не ответили.")
    await group.says(group.olga, f"/close {number}")
    assert await state(group, number) == "closed"


async def test_the_cards_button_says_it_and_the_second_press_resolves(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    press = await group.presses(group.olga, card, "Решено")
    assert press.text.startswith(ASKED) and press.alert
    assert await state(group, number) == "new"
    await group.presses(group.olga, card, "Решено")
    assert await state(group, number) == "resolved"


async def test_where_a_button_asks_anyway_it_says_so_and_asks_no_second_time(
    group: Group,
) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "⋯ Ещё")
    press = await group.presses(group.olga, card, "Закрыть")
    assert press.text == f"На «Не показывает камера» в #{number} ещё не ответили."
    await group.presses(group.olga, card, "Да, закрыть")
    assert await state(group, number) == "closed"


async def test_a_reason_is_chosen_after_the_same_words(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(REASONS))
    number = await group.ticket()
    card = await group.card(number)
    press = await group.presses(group.olga, card, "Решено")
    assert press.text.endswith("ещё не ответили.") and "Совет" in card.buttons
    await group.presses(group.olga, card, "Совет")
    assert await state(group, number) == "resolved"


async def test_a_state_of_the_companys_own_that_ends_the_work_is_asked_about(
    group: Group,
) -> None:
    await group.desk.run(apply_directory, read_directory(STATES))
    number = await group.ticket()
    await group.says(group.olga, f"/state {number} Сделали другие")
    assert await state(group, number) == "new"
    await group.says(group.olga, f"/state {number} Сделали другие")
    assert await state(group, number) == "done_elsewhere"


@pytest.mark.parametrize("command", ["/cancel {} спам", "/freeze {} завтра 9:00"])
async def test_what_is_called_off_or_put_off_is_not_asked_about(group: Group, command: str) -> None:
    number = await group.ticket()
    await group.says(group.olga, command.format(number))
    assert await state(group, number) in {"cancelled", "frozen"}
