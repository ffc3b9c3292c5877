"""Handing over, escalating, duty and tasks, as operators type and press them."""

from typing import Any

import pytest
from sqlalchemy import insert

from channels.telegram.addresses import chat_address
from core.directory.store import put_items
from core.models import Camera, Task
from core.people.identity import Sender
from core.tickets.customer_dialogue import withdraw
from core.tx import Tx
from sandbox import Message as Sent
from tests.actions.company_directory import put_team, team
from tests.handlers.operators.group import Group

pytestmark = pytest.mark.usefixtures("group")


async def with_teams(group: Group) -> None:
    """Two teams; everybody has worked in the group, so that the desk knows them."""
    for who in (group.olga, group.oleg, group.boss):
        await group.says(who, "/on")
        await group.says(who, "/off")
    titles = {"ru": "Первая линия", "en": "First line"}
    first = team("first", titles, level=1, members=[group.olga.id])
    titles = {"ru": "Вторая линия", "en": "Second line"}
    second = team("second", titles, level=2, members=[group.oleg.id])
    await group.desk.run(put_items, [first, second])


async def visit(group: Group, number: int) -> int:
    """An equipment task of the ticket."""

    async def open_one(tx: Tx) -> int:
        camera = {"number": "MOS_1", "name": "Двор", "address": "", "area": "", "folded": ""}
        one = insert(Camera).values(**camera, fields={}, updated_at=tx.now).returning(Camera.id)
        camera_id = await tx.session.scalar(one)
        task = {"kind": "equipment", "title": "Камера MOS_1", "ticket_id": number}
        made = insert(Task).values(**task, camera_id=camera_id, opened_at=tx.now)
        return int(await tx.session.scalar(made.returning(Task.id)) or 0)

    return await group.desk.run(open_one)


def newest(group: Group) -> Sent:
    return group.chat.bot_messages[-1]


async def task_states(group: Group) -> list[Any]:
    return [tuple(row) for row in await group.rows("SELECT state, outcome FROM task ORDER BY id")]


# Handing over


async def test_a_ticket_is_handed_over_by_a_command_with_a_note(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    card = await group.card(number)
    command = await group.says(group.olga, f"/assign {number} Олег не моя тема")
    assert group.answers(command) == [] and command.bot_reactions == ["👌"]
    assert await group.notes(number) == ["не моя тема"]
    await group.deliver()
    assert "👷 Олег" in card.text and "👥 Вторая линия · уровень 2" in card.text
    assert f"#{number} теперь у вас: Олег. Передаёт Ольга." in newest(group).text
    assert newest(group).reply_to is card


async def test_who_has_started_the_bot_hears_of_it_in_private_only(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    await group.oleg.start()
    await group.settle()
    posts = len(group.chat.bot_messages)
    await group.says(group.olga, f"/assign {number} Олег")
    await group.deliver()
    assert f"Ольга передаёт вам #{number}: " in group.oleg.chat.bot_messages[-1].text
    assert len(group.chat.bot_messages) == posts


REFUSED = [
    ("/assign 1", "Не хватает слов. Например: /assign 12 @oleg не моя тема"),
    (
        "/assign 1 @nobody",
        "Оператора @nobody нет. Если он в группе операторов, пусть напишет в ней хоть слово.",
    ),
    (
        "/assign 1 кто-нибудь",
        (
            "«кто-нибудь» — не команда и не оператор. Команды: Первая линия, Вторая линия."
            " Человека — по @имени."
        ),
    ),
    (
        "/escalate 1 1",
        "#1 уже на уровне 1, эскалация ведёт только выше. Передать: /assign 1 команда",
    ),
    ("/escalate 1 3", "На уровне 3 команд нет. Есть уровни: 2."),
    ("/escalate 1 Ольга", "Ольга — не на уровне 2. Передать без эскалации: /assign 1"),
    ("/escalate 999", "Обращения #999 нет."),
    ("/off", "Вы и так не на дежурстве."),
    ("/task", "Не хватает номера задачи. Например: /task 3. Открытые: /tasks"),
    ("/task 9", "Задачи T9 нет. Открытые: /tasks"),
    (
        "/task 9 сломать",
        ("Непонятно: «сломать». Например: /task 9 взять. Новая задача: /task new 12 что сделать"),
    ),
    ("/done 9", "Задачи T9 нет. Открытые: /tasks"),
    ("/tasks чужие", "Списка «чужие» нет. Есть: /tasks, /tasks my и /tasks законченные"),
]


async def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(group: Group) -> None:
    await with_teams(group)
    assert await group.ticket() == 1
    before = await group.everything()
    for words, line in REFUSED:
        command = await group.says(group.olga, words)
        assert group.answers(command) == [line], words
    assert await group.everything() == before


async def test_in_reply_to_the_card_a_figure_is_a_level(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    await group.says(group.olga, "/escalate 2 нужен доступ", await group.card(number))
    assert await group.notes(number) == ["нужен доступ"]
    assert [tuple(row) for row in await group.rows("SELECT team, level FROM ticket_team")] == [
        ("second", 2)
    ]
    await group.deliver()
    assert f"#{number} на уровне 2, «Вторая линия»: Олег. Передаёт Ольга." in newest(group).text


async def test_the_card_offers_teams_and_those_on_duty(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    card = await group.card(number)
    for words in ("/on", "/off", "/on"):  # a card shows no duty, so we react to a reply, too
        assert (await group.says(group.oleg, words, to=card)).bot_reactions == ["👌"]
    await group.presses(group.olga, card, "Ещё")
    assert card.buttons[:2] == ["Передать", "На уровень выше"]
    await group.presses(group.olga, card, "Передать")
    assert card.buttons == ["👥 Первая линия", "👥 Вторая линия", "👷 Олег", "‹ Назад"]
    press = await group.presses(group.olga, card, "👷 Олег")
    assert press.text == f"#{number} передано: Олег."
    await group.deliver()
    assert "👷 Олег" in card.text and "✅ Решено" in card.buttons
    await group.presses(group.oleg, card, "Ещё")
    assert "На уровень выше" not in card.buttons
    press = await group.forges(group.oleg, card, f"t:escalate:{number}")
    assert press.alert and "Выше уровня 2 команд нет." in press.text


async def test_escalating_by_a_button(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "На уровень выше")
    assert card.buttons == ["👥 Вторая линия · 2", "‹ Назад"]
    press = await group.presses(group.olga, card, "👥 Вторая линия · 2")
    assert press.text == f"#{number} теперь на уровне 2: Вторая линия."


async def test_where_nobody_is_to_hand_over_to_a_word_says_how(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Ещё")
    press = await group.presses(group.olga, card, "Передать")
    assert press.alert and f"/assign {number} @имя" in press.text


async def test_teams_and_duty_are_told(group: Group) -> None:
    command = await group.says(group.olga, "/teams")
    assert group.answers(command) == [
        "Команд нет. Их заводит администратор.\nНа дежурстве никого. Начать: /on"
    ]
    await with_teams(group)
    await group.says(group.oleg, "/on")
    command = await group.says(group.olga, "/команды")
    assert group.answers(command) == [
        (
            "Команды\n👥 Первая линия · уровень 1: Ольга\n👥 Вторая линия · уровень 2: Олег\n"
            "На дежурстве: Олег"
        )
    ]


async def test_another_operators_ticket_is_not_handed_over(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    await group.says(group.olga, f"/take {number}")
    for words in (f"/assign {number} Олег", f"/escalate {number}"):
        command = await group.says(group.oleg, words)
        assert "Передавать чужие обращения может администратор." in group.answers(command)[0]
    command = await group.says(group.boss, f"/assign {number} Олег")
    assert group.answers(command) == []


# Tasks


async def test_an_incident_from_its_task_to_its_end(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    card = await group.card(number)
    await group.says(group.olga, "/class инцидент", card)
    await group.says(group.olga, "/take", card)
    await group.deliver()
    assert "🛠 T1 диагностика" in card.text
    await group.says(group.olga, "/escalate Олег нужен доступ", card)
    await group.deliver()
    assert await task_states(group) == [("done", "escalation_required"), ("open", None)]
    assert "🛠 T2 диагностика" in card.text
    command = await group.says(group.oleg, "/done 2 перезапустили сервер")
    assert command.bot_reactions == ["👌"]
    assert await group.notes(number) == ["нужен доступ", "T2: перезапустили сервер"]
    await group.deliver()
    assert "🛠" not in card.text
    journal = await group.says(group.oleg, f"/journal {number}")
    told = "\n".join(group.answers(journal))
    assert "эскалация на уровень 2: Олег" in told
    assert "задача T1 закончена: требуется эскалация" in told
    assert "задача T2 закончена: решение найдено — «перезапустили сервер»" in told


async def test_tasks_are_listed_shown_taken_and_done(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    command = await group.says(group.olga, "/tasks")
    (listed,) = group.answers(command)
    assert listed == (f"Открытые задачи · 1\n🛠 T{task} Камера MOS_1 · не назначен · #{number}")
    await group.presses(group.olga, newest(group), "Мои")
    assert newest(group).text == "У вас нет открытых задач. Все: /tasks"
    await group.says(group.olga, f"/task T{task}")
    screen = newest(group)
    assert screen.text.startswith(f"🛠 T{task} · оборудование\nКамера MOS_1\n🔴 обращение #{number}")
    press = await group.presses(group.olga, screen, "Взять")
    assert press.text == f"Задача T{task} ваша." and "👷 Ольга" in screen.text
    command = await group.says(group.oleg, f"/task {task} взять")
    assert f"Задача T{task} уже взята: Ольга" in group.answers(command)[0]
    await group.presses(group.olga, screen, "Отменить")
    assert screen.buttons == ["Да, отменить", "‹ Назад"]
    await group.presses(group.olga, screen, "Назад")
    press = await group.presses(group.olga, screen, "Выполнена")
    assert press.text == f"Задача T{task} выполнена." and screen.buttons == ["↩ Вернуть"]
    assert await task_states(group) == [("done", "finished")]


async def test_in_reply_to_the_card_the_task_needs_no_number(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    card = await group.card(number)
    await group.says(group.olga, "/take", card)
    await group.says(group.oleg, "/done 2 раза проверили, заменили кабель", card)
    assert await group.notes(number) == [f"T{task}: 2 раза проверили, заменили кабель"]
    await group.deliver()
    assert newest(group).text.startswith(f"🛠 Задача T{task} по #{number} выполнена: 2 раза")
    command = await group.says(group.oleg, "/done ещё раз", card)
    assert group.answers(command) == [f"У #{number} нет открытых задач."]


async def test_the_card_leads_to_its_tasks(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    await group.says(group.olga, f"/take {number}")
    await group.deliver()
    card = await group.card(number)
    assert f"🛠 T{task} оборудование" in card.text
    await group.presses(group.olga, card, "Ещё")
    await group.presses(group.olga, card, "🛠 Задачи")
    assert newest(group).text.startswith(f"🛠 T{task} · оборудование")
    assert newest(group).reply_to is card


# Resolving with open tasks


async def test_resolving_with_an_open_task_asks_and_keeps_the_words(group: Group) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    command = await group.says(group.olga, f"/resolve {number} заменили кабель")
    assert command.bot_reactions == []
    question = newest(group)
    assert question.reply_to is command and f"🛠 T{task} Камера MOS_1" in question.text
    assert question.buttons == ["Завершить все", "Отменить все", "Оставить"]
    assert (await group.row(number)).state == "new"
    press = await group.presses(group.olga, question, "Завершить все")
    assert press.text == f"#{number} решено, клиент узнает." and question.buttons == []
    row = await group.row(number)
    assert (row.state, row.reason) == ("resolved", "заменили кабель")
    assert await task_states(group) == [("done", "with_ticket")]


@pytest.mark.parametrize(
    ("words", "state"),
    [("завершить: заменили", "done"), ("отменить, заменили", "cancelled"), ("оставить", "open")],
)
async def test_by_command_a_word_decides(group: Group, words: str, state: str) -> None:
    number = await group.ticket()
    await visit(group, number)
    command = await group.says(group.olga, f"/resolve {number} {words}")
    if words == "оставить":  # it says nothing to the customer, and is asked about once
        command = await group.says(group.olga, f"/resolve {number} {words}")
    assert command.bot_reactions == ["👌"]
    row = await group.row(number)
    assert (row.state, row.reason) == ("resolved", None if words == "оставить" else "заменили")
    assert (await task_states(group))[0][0] == state


async def test_the_cards_button_asks_too(group: Group) -> None:
    number = await group.ticket()
    await visit(group, number)
    card = await group.card(number)
    await group.resolves(group.olga, card)
    question = newest(group)
    assert (await group.row(number)).state == "new"
    await group.presses(group.olga, question, "Оставить")
    assert (await group.row(number)).state == "resolved"
    assert (await task_states(group))[0][0] == "open"


async def test_the_group_decides_about_tasks_of_a_ticket_that_its_customer_closed(
    group: Group,
) -> None:
    number = await group.ticket()
    task = await visit(group, number)
    await group.desk.run(withdraw, Sender(chat_address(group.anna.id), "Анна"), number)
    await group.deliver()
    news, question = group.chat.bot_messages[-2:]
    assert news.text == f"#{number} закрыл клиент: помощь больше не нужна."
    assert question.text.startswith(f"#{number} закончено, а задачи остались:\n🛠 T{task} Камера")
    assert question.reply_to is await group.card(number)
    assert question.buttons == ["Завершить все", "Отменить все", "Оставить"]
    await group.presses(group.olga, question, "Отменить все")
    assert (question.text, question.buttons) == (f"Задачи по #{number} отменены.", [])
    assert await task_states(group) == [("cancelled", "with_ticket")]


# A group of a team's own


async def test_in_a_teams_own_group_its_tickets_are_worked_on(group: Group) -> None:
    await with_teams(group)
    number = await group.ticket()
    old = await group.card(number)
    chat = group.world.supergroup("Вторая линия", members=[group.oleg], bot="admin")
    title = {"ru": "Вторая линия"}
    await group.desk.run(put_team, "second", title, level=2, chat=chat.id, members=[group.oleg.id])
    await group.says(group.olga, f"/escalate {number}")
    await group.deliver()
    assert old.text == f"➡ #{number} теперь в другой группе: Вторая линия." and not old.buttons
    card = next(m for m in chat.bot_messages if m.keyboard)
    await group.oleg.say(chat, "Смотрю", reply_to=card)
    await group.settle()
    note = await group.oleg.say(chat, "// порт на коммутаторе", reply_to=card)
    await group.settle()
    assert await group.said(number) == ["Смотрю"]
    assert await group.notes(number) == ["порт на коммутаторе"]
    await group.deliver()
    assert note.bot_reactions == ["✍"] and "👷 Олег" in card.text
    await group.presses(group.oleg, card, "Решено")
    assert (await group.row(number)).state == "resolved"


async def test_words_that_are_edited_after_the_ticket_moved_are_read_where_it_is_now(
    group: Group,
) -> None:
    await with_teams(group)
    number = await group.ticket()
    first = await group.anna.say("Погас вчера")
    await group.settle()
    await group.deliver()
    old = newest(group)
    assert old.text == "Погас вчера"
    chat = group.world.supergroup("Вторая линия", members=[group.oleg], bot="admin")
    title = {"ru": "Вторая линия"}
    await group.desk.run(put_team, "second", title, level=2, chat=chat.id, members=[group.oleg.id])
    await group.says(group.olga, f"/escalate {number}")
    await group.deliver()
    posts = len(group.chat.bot_messages)
    edited = f"👤 Анна · #{number} · исправлено"
    for words, shown in (
        ("Погас позавчера", f"{edited}\nПогас позавчера"),
        ("Погас в пятницу", f"{edited}\nПогас в пятницу"),  # where it stands, as everywhere
    ):
        await group.anna.edit(first, words)
        await group.settle()
        await group.deliver()
        (copy,) = [m for m in chat.bot_messages if "Погас" in m.text]
        assert copy.text == shown
        assert copy.reply_to is not None and copy.reply_to.text.startswith(f"🔴 #{number}")
    assert old.text == "Погас вчера" and len(group.chat.bot_messages) == posts
