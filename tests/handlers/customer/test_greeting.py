"""Start, help, language, and who may be written to."""

import pytest

from sandbox.server.markup.plain import Entity
from tests.handlers.customer.room import PrivateRoom


async def test_start_greets_by_name_and_shows_the_menu(room: PrivateRoom, language: str) -> None:
    room.known_as(name="Наш двор")
    anna = room.customer("Анна", language)
    await anna.start()
    await room.settle()
    assert "Анна" in anna.last.text and "Наш двор" in anna.last.text
    assert room.says(language, "button.menu.new") in anna.last.buttons
    assert room.says(language, "button.menu.mine") in anna.last.buttons
    assert "3 " in anna.last.text
    room.world.assert_clean()


async def test_a_payload_that_means_nothing_is_a_plain_start(room: PrivateRoom) -> None:
    anna = room.customer()
    await anna.start("door_' OR 1=1")
    await room.settle()
    assert anna.last.text.startswith("Здравствуйте, Анна. Это поддержка.\n")


@pytest.mark.parametrize("name", ["<b>Anna</b>", "&lt;", "</a><script>", "\u202eannA"])
async def test_a_hostile_name_is_only_a_name(room: PrivateRoom, name: str) -> None:
    anna = room.customer(name)
    await anna.start()
    await room.settle()
    shown = name.replace("\u202e", "")
    assert f"Здравствуйте, {shown}." in anna.last.text
    formats: list[Entity] = [e for e in anna.last.entities if e["type"] != "bot_command"]
    assert not formats


async def test_a_name_of_nothing_is_not_said(room: PrivateRoom) -> None:
    anna = room.customer("\u3164")
    await anna.start()
    await room.settle()
    assert anna.last.text.startswith("Здравствуйте. Это поддержка.")


async def test_help_names_every_command(room: PrivateRoom, language: str) -> None:
    anna = room.customer(language=language)
    await room.say(anna, "/help")
    for command in ("/new", "/my", "/language", "/cancel"):
        assert command in anna.last.text


async def test_the_language_is_chosen_and_the_menu_follows(room: PrivateRoom) -> None:
    anna = room.customer(language="ru")
    await anna.start()
    await room.say(anna, "/language")
    asked = anna.last
    await room.press(anna, "English")
    assert asked.text == room.says("en", "customer.language.chosen")
    assert "📝 New ticket" in anna.last.buttons
    assert (await room.rows("SELECT language, language_chosen FROM person")) == [("en", 1)]
    await room.press(anna, "📝 New ticket")
    assert anna.last.text == room.says("en", "customer.topics")
    await room.say(anna, "📝 Новое обращение")  # the old keyboard may still be on a screen
    assert anna.last.text == room.says("en", "customer.topics")


async def test_a_language_that_we_do_not_speak_is_not_chosen(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/language")
    before = await room.everything()
    press = await room.forge(anna, "g:de")
    assert press.text == "Кнопка устарела."
    assert await room.everything() == before


async def test_who_blocks_the_bot_is_out_of_reach_until_they_are_back(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    await anna.block_bot()
    await room.settle()
    assert (await room.rows("SELECT unreachable_since IS NULL FROM person")) == [(0,)]
    told = await room.rows("SELECT ticket_id FROM journal WHERE event = 'person_unreachable'")
    assert told == [(number,)]
    await anna.unblock_bot()
    await room.settle()
    assert (await room.rows("SELECT unreachable_since IS NULL FROM person")) == [(1,)]


async def test_a_stranger_who_blocks_the_bot_is_nobody(room: PrivateRoom) -> None:
    anna = room.customer()
    await anna.block_bot()
    await room.settle()
    assert await room.rows("SELECT id FROM person") == []


async def test_start_makes_reachable_again(room: PrivateRoom) -> None:
    anna = room.customer()
    await anna.start()
    await anna.block_bot()
    await room.settle()
    await anna.start()
    await room.settle()
    assert (await room.rows("SELECT unreachable_since IS NULL FROM person")) == [(1,)]
