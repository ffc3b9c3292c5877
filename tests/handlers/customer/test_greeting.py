"""Start, help, language, and who may be written to."""

import pytest

from sandbox.server.markup.plain import Entity
from tests.handlers.customer.chat import PrivateChat


async def test_start_greets_by_name_and_shows_the_menu(chat: PrivateChat, language: str) -> None:
    chat.known_as(name="Наш двор")
    anna = chat.customer("Анна", language)
    await anna.start()
    await chat.settle()
    assert "Анна" in anna.last.text and "Наш двор" in anna.last.text
    assert chat.says(language, "button.menu.new") in anna.last.buttons
    assert chat.says(language, "button.menu.mine") in anna.last.buttons
    assert "3 " in anna.last.text
    chat.world.assert_clean()


async def test_a_payload_that_means_nothing_is_a_plain_start(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.start("door_' OR 1=1")
    await chat.settle()
    assert anna.last.text.startswith("Здравствуйте, Анна. Это поддержка.\n")


@pytest.mark.parametrize("name", ["<b>Anna</b>", "&lt;", "</a><script>", "\u202eannA"])
async def test_a_hostile_name_is_only_a_name(chat: PrivateChat, name: str) -> None:
    anna = chat.customer(name)
    await anna.start()
    await chat.settle()
    shown = name.replace("\u202e", "")
    assert f"Здравствуйте, {shown}." in anna.last.text
    formats: list[Entity] = [e for e in anna.last.entities if e["type"] != "bot_command"]
    assert not formats


async def test_a_name_of_nothing_is_not_said(chat: PrivateChat) -> None:
    anna = chat.customer("\u3164")
    await anna.start()
    await chat.settle()
    assert anna.last.text.startswith("Здравствуйте. Это поддержка.")


async def test_help_names_every_command(chat: PrivateChat, language: str) -> None:
    anna = chat.customer(language=language)
    await chat.say(anna, "/help")
    for command in ("/new", "/my", "/language", "/cancel"):
        assert command in anna.last.text


async def test_the_language_is_chosen_and_the_menu_follows(chat: PrivateChat) -> None:
    anna = chat.customer(language="ru")
    await anna.start()
    await chat.say(anna, "/language")
    asked = anna.last
    await chat.press(anna, "English")
    assert asked.text == chat.says("en", "customer.language.chosen")
    assert "📝 New ticket" in anna.last.buttons
    assert (await chat.rows("SELECT language, language_chosen FROM person")) == [("en", 1)]
    await chat.press(anna, "📝 New ticket")
    assert anna.last.text == chat.says("en", "customer.topics")
    await chat.say(anna, "📝 Новое обращение")  # the old keyboard may still be on a screen
    assert anna.last.text == chat.says("en", "customer.topics")


async def test_a_language_that_we_do_not_speak_is_not_chosen(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/language")
    before = await chat.everything()
    press = await chat.forge(anna, "g:de")
    assert press.text == "Кнопка устарела."
    assert await chat.everything() == before


async def test_who_blocks_the_bot_is_out_of_reach_until_they_are_back(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
    await anna.block_bot()
    await chat.settle()
    assert (await chat.rows("SELECT unreachable_since IS NULL FROM person")) == [(0,)]
    told = await chat.rows("SELECT ticket_id FROM journal WHERE event = 'person_unreachable'")
    assert told == [(number,)]
    await anna.unblock_bot()
    await chat.settle()
    assert (await chat.rows("SELECT unreachable_since IS NULL FROM person")) == [(1,)]


async def test_a_stranger_who_blocks_the_bot_is_nobody(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.block_bot()
    await chat.settle()
    assert await chat.rows("SELECT id FROM person") == []


async def test_start_makes_reachable_again(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.start()
    await anna.block_bot()
    await chat.settle()
    await anna.start()
    await chat.settle()
    assert (await chat.rows("SELECT unreachable_since IS NULL FROM person")) == [(1,)]
