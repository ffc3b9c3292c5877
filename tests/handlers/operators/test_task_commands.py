"""Making, giving and reopening tasks, and the list of ended ones, as operators type and press."""

import pytest
from sqlalchemy import select

from core.models import Camera, TicketCamera
from core.tx import Tx
from tests.handlers.operators.group import Group
from tests.handlers.operators.test_work import newest, task_states, visit, with_teams

pytestmark = pytest.mark.usefixtures("group")


async def test_a_task_is_made_given_done_and_opened_again_by_commands(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    await group.says(group.olga, f"/task new {number} заменить кабель")
    lines = ["🛠 T1 · оборудование", "заменить кабель", f"🔴 обращение #{number}"]
    assert newest(group).text.startswith("\n".join(lines))
    await group.says(group.olga, "/task 1 передать Олег")
    assert "👷 Олег" in newest(group).text
    await group.deliver()
    assert f"🛠 T1 по #{number} теперь у вас: Олег. Передаёт Ольга." in newest(group).text
    await group.says(group.oleg, "/done 1 заменил")
    await group.says(group.olga, "/task 1 вернуть опять темно")
    assert await task_states(group) == [("open", None)]
    assert await group.notes(number) == ["T1: заменил", "T1: опять темно"]
    journal = await group.says(group.olga, f"/journal {number}")
    told = "\n".join(group.answers(journal))
    for line in ("T1 заведена: «заменить кабель»", "T1 передана: Олег", "T1 снова открыта"):
        assert f"задача {line}" in told


async def test_in_reply_to_a_card_a_new_task_needs_no_number(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.says(group.olga, "/задача новая 2 камеры проверить", card)
    assert "\n2 камеры проверить\n" in newest(group).text
    await group.deliver()
    assert "🛠 T1 оборудование" in card.text


async def test_what_is_wrong_with_a_new_task_is_said_with_an_example(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    await group.says(group.olga, f"/task new {number}")
    before = await group.everything()
    for words, line in (
        ("/task new", "Не хватает номера: /task new 12"),
        ("/task new 999 кабель", "Обращения #999 нет."),
        (f"/task new {number}", f"У #{number} уже есть задача, которую никто не взял: T1."),
        ("/task 1 передать", "Не хватает слов. Например: /task 3 передать @oleg"),
        ("/task 1 передать first", "Задачу берёт человек, не команда."),
        ("/task 1 вернуть", "Задача T1 и так открыта."),
    ):
        command = await group.says(group.olga, words)
        assert group.answers(command)[0].startswith(line), words
    assert await group.everything() == before


async def test_a_task_is_given_and_opened_again_by_buttons(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    task = await visit(group, number)
    await group.says(group.olga, f"/task {task}")
    screen = newest(group)
    await group.presses(group.olga, screen, "👷 Передать")
    assert screen.buttons == ["👷 Вера", "👷 Олег", "👷 Ольга", "‹ Назад"]
    press = await group.presses(group.olga, screen, "👷 Олег")
    assert press.text == f"Задача T{task} передана: Олег." and "👷 Олег" in screen.text
    await group.presses(group.oleg, screen, "Выполнена")
    assert screen.buttons == ["↩ Вернуть"]
    press = await group.presses(group.olga, screen, "↩ Вернуть")
    assert press.text == f"Задача T{task} снова открыта."
    assert await task_states(group) == [("open", None)]


async def test_ended_tasks_are_a_list_of_their_own(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    await group.says(group.olga, "/tasks законченные")
    assert newest(group).text == "Законченных задач нет."
    await group.says(group.olga, f"/done {task} заменили")
    await group.says(group.olga, "/tasks")
    listed = newest(group)
    await group.presses(group.olga, listed, "Законченные")
    head, line = listed.text.split("\n")
    assert head == "Законченные задачи"
    assert line.startswith(f"🛠 T{task} Камера MOS_1 · Ольга · #{number} · выполнена, ")
    assert listed.buttons == ["Все", "Мои"]


async def test_the_card_of_a_fault_without_a_task_offers_one(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    await group.says(group.olga, f"/done {task}")
    await group.desk.run(_tie, number)
    card = await group.card(number)
    await group.presses(group.olga, card, "Ещё")
    assert "🛠 Новая задача" in card.buttons
    await group.presses(group.olga, card, "🛠 Новая задача")
    assert await task_states(group) == [("done", "finished"), ("open", None)]
    assert newest(group).reply_to is card and "🙋 Взять" in newest(group).buttons


async def _tie(tx: Tx, number: int) -> None:
    """The ticket is about the only camera."""
    camera = await tx.first(select(Camera.id))
    await tx.insert(TicketCamera(ticket_id=number, camera_id=camera))
