"""What one person asked for concerns nobody else (X16)."""

import time
from types import SimpleNamespace
from typing import Any

import pytest

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from handlers.telegram import responder
from handlers.telegram.acknowledgements import Acknowledgements
from handlers.telegram.responder import Responder
from sandbox import Message as Sent
from tests.handlers.operators.group import Group

CHOICES = """
[[response]]
code = "ready"
title = "Готово"
texts = { ru = "Готово." }

[[closing_reason]]
code = "cable"
titles = { ru = "Замена кабеля", en = "New cable" }

[[field]]
code = "contract"
kind = "text"
titles = { ru = "Договор", en = "Contract" }
"""


def seen_by(message: Sent) -> int | None:
    """The one person who sees a message of the group; None: everybody."""
    receiver = message.extra.get("receiver_user")
    return None if receiver is None else int(receiver["id"])


def answer(group: Group, to: Sent) -> Sent:
    """What was answered to a message in the group."""
    return next(m for m in group.chat.bot_messages if m.reply_to is to)


@pytest.mark.parametrize(
    "command",
    ["/queue", "/my", "/overdue", "/find камера", "/ticket 1", "/journal 1", "/help", "/who Анна"],
)
async def test_what_one_asked_for_is_seen_by_them_alone(group: Group, command: str) -> None:
    await group.ticket()
    asked = await group.says(group.olga, command)
    assert seen_by(answer(group, asked)) == group.olga.id


MENUS = [
    *("/t 1", "/kb 1", "/class 1", "/priority 1", "/topic 1", "/state 1", "/field 1"),
    *("/tasks", "/tasks ended", "/similar 1", "/messages 1", "/spent 1", "/reason 1"),
    *("/contact 1 имя Анна", "/new", "/call"),
]


@pytest.mark.parametrize("command", MENUS)
async def test_a_menu_is_seen_by_whoever_asked_for_it(group: Group, command: str) -> None:
    await furnish(group)
    posts = len(group.chat.bot_messages)
    asked = await group.says(group.olga, command)
    assert [seen_by(one) for one in group.chat.bot_messages[posts:]] == [group.olga.id]
    assert answer(group, asked).text


async def test_a_task_is_looked_at_alone_and_what_is_done_to_it_is_seen_by_all(
    group: Group,
) -> None:
    await furnish(group)
    made = answer(group, await group.says(group.olga, "/task new 1 заменить кабель"))
    looked = answer(group, await group.says(group.olga, "/task 1"))
    taken = answer(group, await group.says(group.oleg, "/task 1 взять"))
    assert [seen_by(one) for one in (made, looked, taken)] == [None, group.olga.id, None]


async def test_what_was_chosen_of_a_menu_that_one_sees_is_done(group: Group) -> None:
    await furnish(group)
    menu = answer(group, await group.says(group.olga, "/topic 1"))
    press = await group.presses(group.olga, menu, "Оплата")
    assert "Оплата" in press.text and (await group.row(1)).topic == "payment"
    assert seen_by(menu) == group.olga.id


async def test_an_answer_from_a_menu_that_one_sees_is_seen_by_all_and_gets_its_receipt(
    group: Group,
) -> None:
    await furnish(group)
    menu = answer(group, await group.says(group.olga, "/t 1 ready"))
    await group.presses(group.olga, menu, "Отправить")
    await group.deliver()
    assert group.anna.last.text.endswith("Готово.")
    seen = [one for one in group.chat.bot_messages if "Готово." in one.text]
    (shown,) = (one for one in seen if seen_by(one) is None)
    assert "Ольга" in shown.text
    await group.deliver()
    assert shown.bot_reactions == ["👌"]
    await group.says(group.olga, "/undo", to=shown)
    assert await group.said(1) == []


async def test_where_a_menu_comes_in_private_its_buttons_work_there(group: Group) -> None:
    await furnish(group)
    await group.olga.start()
    await group.settle()
    await group.chat.demote_bot()
    posts = len(group.chat.bot_messages)
    await group.says(group.olga, "/topic 1")
    await group.presses(group.olga, group.olga.last, "Оплата")
    assert (await group.row(1)).topic == "payment"
    await group.says(group.olga, "/t 1 ready")
    assert len(group.chat.bot_messages) == posts
    await group.presses(group.olga, group.olga.last, "Отправить")
    assert await group.said(1) == ["Готово."]
    await group.deliver()
    assert any("Готово." in one.text for one in group.chat.bot_messages[posts:])


async def furnish(group: Group) -> None:
    """A ticket, and something to choose from."""
    await group.desk.run(apply_directory, read_directory(CHOICES))
    await group.ticket("Не показывает камера")
    await group.says(group.olga, "/resolve 1 сделали")
    await group.says(group.olga, "/reopen 1")
    await group.deliver()


async def test_a_refused_command_is_told_to_whoever_typed_it(group: Group) -> None:
    asked = await group.says(group.olga, "/take 999")
    assert seen_by(answer(group, asked)) == group.olga.id


async def test_what_one_person_sees_is_turned_for_them(group: Group) -> None:
    for n in range(12):
        await group.ticket(f"Беда {n}")
    queue = answer(group, await group.says(group.olga, "/queue"))
    first = queue.text
    await group.presses(group.olga, queue, "›")
    assert "Беда 11" in queue.text and "Беда 11" not in first
    assert seen_by(queue) == group.olga.id


async def test_a_journal_behind_a_button_is_seen_by_whoever_pressed(group: Group) -> None:
    card = await group.card(await group.ticket())
    await group.presses(group.olga, card, "⋯ Ещё")
    press = await group.presses(group.olga, card, "Журнал")
    assert press.text == "Показано ниже."
    assert seen_by(answer(group, card)) == group.olga.id


async def test_a_bot_without_rights_answers_in_private_and_leaves_a_sign(group: Group) -> None:
    await group.ticket()
    await group.olga.start()
    await group.settle()
    await group.chat.demote_bot()
    posts = len(group.chat.bot_messages)
    asked = await group.says(group.olga, "/queue")
    await group.acknowledged()
    assert group.olga.last.text.startswith("Очередь · 1")
    assert asked.bot_reactions == ["👌"]
    assert len(group.chat.bot_messages) == posts


async def test_a_toast_says_that_it_was_shown_in_private(group: Group) -> None:
    card = await group.card(await group.ticket())
    await group.olga.start()
    await group.settle()
    await group.chat.demote_bot()
    await group.presses(group.olga, card, "⋯ Ещё")
    press = await group.presses(group.olga, card, "Журнал")
    await group.acknowledged()
    assert press.text == "Показано в вашем личном чате."
    assert group.olga.last.text.startswith("Журнал #1") and card.bot_reactions == []


async def test_where_there_is_no_other_way_the_answer_is_removed_after_a_while(
    group: Group,
) -> None:
    await group.ticket()
    await group.chat.demote_bot()
    told = answer(group, await group.says(group.olga, "/queue"))
    await group.deliver()
    assert seen_by(told) is None and not told.deleted
    group.clock.move(minutes=10)
    await group.deliver()
    assert told.deleted


async def test_a_sign_that_finds_no_room_at_once_is_not_swallowed(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responder, "SHOWING", 0.5)  # nobody waits for longer
    number = await group.ticket()
    group.world.faults.flood(30, method="setMessageReaction")  # the group is full
    asked = await group.says(group.olga, f"/take {number}")
    await group.acknowledged()
    assert asked.bot_reactions == []
    group.world.faults.clear()
    group.restart()  # who has begun anew knows of no flood; the sign is in the database
    await group.deliver()
    assert asked.bot_reactions == ["👌"]


async def test_of_two_signs_on_one_message_the_newer_stands_in_the_end(group: Group) -> None:
    """The older one found no room; it must not come after the newer."""
    asked = await group.says(group.olga, "words")
    message: Any = SimpleNamespace(chat=SimpleNamespace(id=group.chat.id), message_id=asked.id)
    signs = Acknowledgements()
    for emoji, is_late in (("👀", True), ("👌", False)):
        answers = Responder(group.bot, group.desk, group.texts, signs, "ru")
        answers.deadline = time.monotonic() + 1.0
        if is_late:
            group.world.faults.hang(30, method="setMessageReaction")
        answers.react(message, emoji)
        await signs.finish(5.0)
        group.clock.move(seconds=1)
        group.world.faults.clear()
    await group.deliver()
    assert asked.bot_reactions == ["👌"]
