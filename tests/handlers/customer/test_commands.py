"""Commands: those of others, those of nobody, those that are none; and leaving a dialogue."""

import pytest

from tests.handlers.customer.chat import PrivateChat


async def test_operators_commands_are_theirs(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await chat.open_ticket(anna)
    before = await chat.everything()
    await chat.say(anna, "/take 1")
    assert anna.last.text == chat.says(language, "refusal.staff_only", command="/take")
    assert await chat.everything() == before


async def test_a_slip_of_the_finger_is_understood(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/hepl")
    assert anna.last.text == "Не знаю команды /hepl. Может быть, /help?"
    await chat.say(anna, "/abracadabra <b>x</b>")
    assert anna.last.text == "Не знаю команды /abracadabra. Что можно здесь: /help"
    assert await chat.rows("SELECT id FROM person") == []


async def test_commands_are_read_in_any_case_and_with_the_bots_name(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, f"/HELP@{chat.world.bot_username}")
    assert anna.last.text.startswith("Просто напишите")


@pytest.mark.parametrize("words", ["/12/3 подъезд", "/ не работает", "//", "/квартира 5"])
async def test_a_slash_alone_makes_no_command(chat: PrivateChat, words: str) -> None:
    anna = chat.customer()
    await chat.say(anna, words)
    assert anna.last.text == "Передать это в поддержку?"


@pytest.mark.parametrize("words", ["/start", "/new", "📝 Новое обращение", "/take 1"])
async def test_borrowed_words_are_content(chat: PrivateChat, words: str) -> None:
    anna, boris = chat.customer(), chat.customer("Борис")
    theirs = await chat.say(boris, words)
    await anna.forward(theirs)
    await chat.settle()
    assert anna.last.text == "Передать это в поддержку?"
    vera = chat.customer("Вера")
    bot = {"id": 5, "is_bot": True, "first_name": "Other", "username": "other_bot"}
    await vera.send_content({"text": words, "via_bot": bot})
    await chat.settle()
    assert vera.last.text == "Передать это в поддержку?"


async def test_cancel_when_there_is_nothing(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says(language, "customer.left.nothing")


async def test_cancel_leaves_the_new_ticket(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    await chat.press(anna, "Оплата")
    chat.restart()
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says("ru", "customer.left.describe")
    await chat.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"


async def test_cancel_forgets_what_waits_for_a_place(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "ой")
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says("ru", "customer.left.file")
    assert await chat.rows("SELECT id FROM message") == []


async def test_cancel_leaves_the_ticket_that_one_looked_at(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says("ru", "customer.left.continue", number=number)
    await chat.say(anna, "/cancel")
    assert anna.last.text == chat.says("ru", "customer.left.nothing")


async def test_start_in_the_middle_begins_afresh(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    await chat.press(anna, "Оплата")
    await chat.say(anna, "/start")
    await chat.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"
    await chat.say(anna, "/start")
    await chat.press(anna, "Открыть обращение")
    assert await chat.rows("SELECT title FROM ticket") == [("Привет",)]


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
async def test_forged_buttons_change_nothing(chat: PrivateChat, data: str) -> None:
    anna = chat.customer()
    await chat.open_ticket(anna)
    before = await chat.everything()
    await chat.say(anna, "/help")
    press = await chat.forge(anna, data)
    if not data.startswith("l:own"):  # a cursor of nonsense shows the list from its start
        assert press.text == "Кнопка устарела." and press.alert
    assert await chat.everything() == before
