"""``/state`` and the buttons of states: what is possible now, and nothing else (B1)."""

from typing import Final

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from tests.handlers.operators.group import Group


async def test_a_state_is_named_by_the_beginning_of_its_name_with_a_reason(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/состояние {number} ждём других: кабель едет")
    row = await group.row(number)
    assert (row.state, row.reason) == ("on_hold", "кабель едет")
    await group.deliver()
    assert command.bot_reactions == ["👌"]
    card = await group.card(number)
    assert "⏸ Ждём других: кабель едет" in card.text


async def test_without_a_name_the_possible_ones_are_buttons(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/state {number}")
    (shown,) = group.answers(command)
    assert shown.startswith(f"#{number} сейчас «Новое». Перевести в:")
    assert group.chat.bot_messages[-1].buttons == [
        "В работе",
        "Ждём клиента",
        "Заморожено",
        "Решено",
        "Закрыто",
        "Отменено",
        "Ждём других",
    ]


async def test_what_is_not_there_is_told_with_what_is(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/state {number} у соседа")
    (said,) = group.answers(command)
    assert said.startswith(
        "Состояния «у соседа» нет. Можно: «В работе», «Ждём клиента», «Заморожено»"
    )


async def test_a_button_behind_more_moves_the_ticket_by_name(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Состояние")
    assert "Ждём других" in card.buttons and "Новое" not in card.buttons
    press = await group.presses(group.olga, card, "Ждём других")
    assert press.text == f"#{number}: «Ждём других»."
    assert (await group.row(number)).state == "on_hold"
    await group.deliver()
    assert "Разморозить" in card.buttons


LEAVES: Final = """
[[state]]
code = "supplier"
titles = { ru = "Поставщик", en = "Supplier" }
category = "on_hold"
pause = true
sources = ["new"]
leave_list = true
"""


async def test_after_a_state_that_leaves_the_list_the_next_ticket_is_offered(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(LEAVES))
    numbers = [await group.ticket(words) for words in ("Первое", "Второе", "Третье")]
    await group.says(group.olga, f"/state {numbers[0]} поставщик")
    assert f"#{numbers[1]}" in group.chat.bot_messages[-1].text
    card = await group.card(numbers[1])
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "Состояние")
    await group.presses(group.olga, card, "Поставщик")
    assert f"#{numbers[2]}" in group.chat.bot_messages[-1].text
    said = len(group.chat.bot_messages)
    await group.says(group.olga, f"/state {numbers[2]} ждём других")
    assert len(group.chat.bot_messages) == said, "the other states leave no list"


async def test_a_state_is_known_by_the_name_that_it_had(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/state {number} отложено: ждём деталь")
    assert (await group.row(number)).state == "frozen"
