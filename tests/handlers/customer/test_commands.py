"""Commands: those of others, those of nobody, those that are none; and leaving a dialogue."""

import pytest

from tests.handlers.customer.room import PrivateRoom


async def test_operators_commands_work_in_their_group(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await room.open_ticket(anna)
    before = await room.everything()
    await room.say(anna, "/take 1")
    assert anna.last.text == room.says(language, "refusal.operators_only", command="/take")
    assert await room.everything() == before


async def test_a_slip_of_the_finger_is_understood(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/hepl")
    assert anna.last.text == "Не знаю команды /hepl. Может быть, /help?"
    await room.say(anna, "/abracadabra <b>x</b>")
    assert anna.last.text == "Не знаю команды /abracadabra. Что можно здесь: /help"
    assert await room.rows("SELECT id FROM person") == []


async def test_commands_are_read_in_any_case_and_with_the_bots_name(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, f"/HELP@{room.world.bot_username}")
    assert anna.last.text.startswith("Просто напишите")


@pytest.mark.parametrize("words", ["/12/3 подъезд", "/ не работает", "//", "/квартира 5"])
async def test_a_slash_alone_makes_no_command(room: PrivateRoom, words: str) -> None:
    anna = room.customer()
    await room.say(anna, words)
    assert anna.last.text == "Передать это в поддержку?"


@pytest.mark.parametrize("words", ["/start", "/new", "📝 Новое обращение", "/take 1"])
async def test_borrowed_words_are_content(room: PrivateRoom, words: str) -> None:
    anna, boris = room.customer(), room.customer("Борис")
    theirs = await room.say(boris, words)
    await anna.forward(theirs)
    await room.settle()
    assert anna.last.text == "Передать это в поддержку?"
    vera = room.customer("Вера")
    bot = {"id": 5, "is_bot": True, "first_name": "Other", "username": "other_bot"}
    await vera.send_content({"text": words, "via_bot": bot})
    await room.settle()
    assert vera.last.text == "Передать это в поддержку?"


async def test_cancel_when_there_is_nothing(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says(language, "customer.left.nothing")


async def test_cancel_leaves_the_new_ticket(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    await room.press(anna, "Оплата")
    room.restart()
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says("ru", "customer.left.describe")
    await room.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"


async def test_cancel_forgets_what_waits_for_a_place(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "ой")
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says("ru", "customer.left.file")
    assert await room.rows("SELECT id FROM message") == []


async def test_cancel_leaves_the_ticket_that_one_looked_at(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says("ru", "customer.left.continue", number=number)
    await room.say(anna, "/cancel")
    assert anna.last.text == room.says("ru", "customer.left.nothing")


async def test_start_in_the_middle_begins_afresh(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    await room.press(anna, "Оплата")
    await room.say(anna, "/start")
    await room.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"
    await room.say(anna, "/start")
    await room.press(anna, "Открыть обращение")
    assert await room.rows("SELECT title FROM ticket") == [("Привет",)]


@pytest.mark.parametrize(
    "data",
    [
        "",
        "x",
        "t:take:1",
        "o:0",
        "o:-1",
        "c:y:99",
        "l:own:+:zzz",
        "l:queue:+:",
        "m:nowhere",
        "p:",
        "\u0000",
    ],
)
async def test_forged_buttons_change_nothing(room: PrivateRoom, data: str) -> None:
    anna = room.customer()
    await room.open_ticket(anna)
    before = await room.everything()
    await room.say(anna, "/help")
    press = await room.forge(anna, data)
    if not data.startswith("l:own"):  # a cursor of nonsense shows the list from its start
        assert press.text == "Кнопка устарела." and press.alert
    assert await room.everything() == before
