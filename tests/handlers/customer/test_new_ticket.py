"""A ticket from the menu, and where free words belong (A1, A4, A10, A11)."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from channels.telegram.messages import message_parser
from core.texts import Texts
from sandbox import Person
from tests.handlers.customer.room import PrivateRoom
from tests.harness import PATIENCE


async def test_menu_topic_words_and_it_is_a_ticket(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await anna.start()
    await room.settle()
    await room.press(anna, room.says(language, "button.menu.new"))
    screen = anna.last
    title = {"ru": "Оплата", "en": "Payment"}[language]
    assert screen.text == room.says(language, "customer.topics")
    assert [len(row) for row in screen.keyboard] == [2, 2, 2]
    await room.press(anna, title)
    assert anna.last is screen, "the same message is edited"
    assert screen.text.startswith(f"{title}.")
    first = await room.say(anna, "Списали дважды")
    assert anna.last is screen, "the confirmation comes from the outbox, once"
    assert await room.notices() == ["ticket.opened"]
    second = await room.say(anna, "За октябрь")
    assert first.bot_reactions == []
    assert second.bot_reactions == ["👌"]
    tickets = await room.rows("SELECT topic, state, customer_id FROM ticket")
    assert tickets == [("payment", "new", 1)]
    assert (await room.rows("SELECT count(*) FROM message WHERE ticket_id = 1"))[0][0] == 2
    room.world.assert_clean()


async def test_a_restart_in_the_middle_does_not_show(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await room.say(anna, "/new")
    room.restart()
    await room.press(
        anna,
        room.texts.say(language, "button.menu.back", now=room.clock(), zone=room.desk.company.zone),
    )
    await room.say(anna, "/new")
    await room.forge(anna, "p:access")
    room.restart()
    await room.say(anna, "Не могу войти")
    room.restart()
    await room.say(anna, "И в приложение тоже")
    assert await room.rows("SELECT topic FROM ticket") == [("access",)]
    assert await room.notices() == ["ticket.opened"]


async def test_the_way_back_leads_to_the_topics_and_out(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    screen = anna.last
    await room.press(anna, "Оплата")
    await room.press(anna, "‹ Назад")
    assert screen.text == room.says("ru", "customer.topics")
    await room.press(anna, "‹ Назад")
    assert screen.text == room.says("ru", "customer.back") and not screen.buttons
    await room.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"
    assert await room.rows("SELECT id FROM ticket") == []


async def test_words_instead_of_a_topic_make_the_ticket(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    await room.say(anna, "Камера не показывает")
    assert await room.rows("SELECT topic, title FROM ticket") == [(None, "Камера не показывает")]


async def test_a_new_ticket_begun_days_ago_is_forgotten(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    await room.press(anna, "Оплата")
    room.clock.ahead = timedelta(days=2)
    await room.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"


async def test_a_topic_that_is_not_offered_any_more(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    before = await room.everything()
    press = await room.forge(anna, "p:nonsense")
    assert press.text == "Кнопка устарела." and press.alert
    assert await room.everything() == before


# Free words.


async def ask(room: PrivateRoom, language: str, *words: str) -> Person:
    anna = room.customer("Анна", language)
    for word in words:
        await room.say(anna, word)
    return anna


async def test_free_words_are_kept_and_never_typed_twice(room: PrivateRoom, language: str) -> None:
    anna = await ask(room, language, "Камера не работает", "Со вчерашнего дня")
    asked = anna.last
    assert len(anna.chat.bot_messages) == 1, "a burst is asked about once"
    assert asked.text == room.says(language, "customer.ask.whether")
    await room.press(anna, room.says(language, "button.file.open"))
    assert asked.text == room.says(language, "customer.filed.opened") and not asked.buttons
    kept = await room.rows("SELECT text FROM message WHERE ticket_id = 1 ORDER BY id")
    assert kept == [("Камера не работает",), ("Со вчерашнего дня",)]
    assert await room.notices() == ["ticket.opened"]


async def test_the_kept_words_survive_a_restart(room: PrivateRoom) -> None:
    anna = await ask(room, "ru", "Камера не работает")
    room.restart()
    await room.press(anna, "Открыть обращение")
    assert await room.rows("SELECT title FROM ticket") == [("Камера не работает",)]


async def test_written_by_accident(room: PrivateRoom, language: str) -> None:
    anna = await ask(room, language, "ой")
    await room.press(anna, room.says(language, "button.file.forget"))
    assert anna.last.text == room.says(language, "customer.filed.forgotten")
    assert await room.rows("SELECT id FROM message") == []


@pytest.mark.parametrize("data", ["w:new", "w:no", "w:1"])
async def test_an_answer_to_a_question_that_was_answered(room: PrivateRoom, data: str) -> None:
    anna = await ask(room, "ru", "Камера не работает")
    await room.press(anna, "Открыть обращение")
    before = await room.everything()
    press = await room.forge(anna, data)
    assert press.text == "Кнопка устарела." and press.alert
    assert await room.everything() == before


async def test_a_topic_is_an_answer_to_whether(room: PrivateRoom) -> None:
    anna = await ask(room, "ru", "Списали дважды")
    await room.say(anna, "📝 Новое обращение")
    await room.press(anna, "Оплата")
    assert anna.last.text == "Оплата. Передали в поддержку то, что вы написали."
    assert await room.rows("SELECT topic, opening FROM ticket") == [("payment", "Списали дважды")]


async def test_words_kept_long_ago_are_not_what_a_new_ticket_is_about(room: PrivateRoom) -> None:
    anna = await ask(room, "ru", "Здравствуйте")
    room.clock.ahead = timedelta(hours=3)
    await room.say(anna, "/new")
    await room.press(anna, "Оплата")
    assert anna.last.text.startswith("Оплата. Опишите")


async def test_with_one_open_ticket_words_join_it(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    room.clock.ahead = timedelta(hours=5)
    said = await room.say(anna, "Ещё вот что")
    assert said.bot_reactions == ["👌"]
    assert await room.rows("SELECT ticket_id FROM message ORDER BY id") == [(number,), (number,)]


async def test_with_several_open_we_ask_which(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    first = await room.open_ticket(anna)
    async with room.database.write() as session:
        await session.execute(text("UPDATE ticket SET title = 'Секретное заглавие'"))
    await room.say(anna, "/new")
    await room.say(anna, "Без темы")
    room.clock.ahead = timedelta(hours=1)
    await room.say(anna, "Где ответ?")
    asked = anna.last
    assert asked.text == room.says(language, "customer.ask.which")
    labels = ["#2 Без темы", "#1 Нет изображения"]
    assert asked.buttons == [*labels, room.says(language, "button.file.new")]
    await room.press(anna, labels[1])
    assert asked.text == room.says(language, "customer.filed.joined", number=first)
    joined = await room.rows("SELECT text FROM message WHERE ticket_id = 1 ORDER BY id")
    assert joined[-1] == ("Где ответ?",)
    await room.say(anna, "Жду")  # goes on in the ticket that was chosen
    assert (await room.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (first,)


async def test_somebody_elses_ticket_is_no_choice(room: PrivateRoom) -> None:
    boris = room.customer("Борис")
    theirs = await room.open_ticket(boris)
    anna = await ask(room, "ru", "Камера не работает")
    before = await room.everything()
    for number in (theirs, 999, 10**17):
        press = await room.forge(anna, f"w:{number}")
        assert press.text == "Кнопка устарела."
    assert await room.everything() == before
    await room.press(anna, "Открыть обращение")
    assert (await room.rows("SELECT count(*) FROM ticket"))[0][0] == 2


async def test_a_reply_goes_to_the_ticket_of_what_it_answers(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.say(anna, "/new")
    first = await room.say(anna, "Первое")
    await room.say(anna, "/new")
    await room.say(anna, "Второе")
    await room.say(anna, "К первому", reply_to=first)
    assert (await room.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (1,)


# Everything that can be sent.


async def test_an_album_is_one_ticket_and_one_question(room: PrivateRoom) -> None:
    anna = room.customer()
    await anna.send_album(4, caption="Вот так видно")
    await room.settle()
    assert [m.text for m in anna.chat.bot_messages] == ["Передать это в поддержку?"]
    await room.press(anna, "Открыть обращение")
    assert (await room.rows("SELECT count(*) FROM ticket"))[0][0] == 1
    assert (await room.rows("SELECT count(*) FROM message WHERE ticket_id = 1"))[0][0] == 4
    pieces = await anna.send_album(3)
    await room.settle()
    assert [piece.bot_reactions for piece in pieces] == [["👌"], [], []]


async def test_every_kind_that_can_be_carried_joins(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    sent = [
        await anna.send_photo(),
        await anna.send_video(),
        await anna.send_voice(),
        await anna.send_video_note(),
        await anna.send_document(),
        await anna.send_audio(),
        await anna.send_animation(),
        await anna.send_sticker(),
        await anna.send_location(),
        await anna.send_venue(),
        await anna.send_contact(),
    ]
    await room.settle()
    assert all(message.bot_reactions == ["👌"] for message in sent)
    joined = await room.rows("SELECT count(*) FROM message WHERE ticket_id = :n", n=number)
    assert joined == [(len(sent) + 1,)]
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    for kind in ("фото", "видео", "голосовое", "файл", "аудио", "стикер", "место", "контакт"):
        assert f"· {kind}" in anna.last.text


async def test_what_cannot_be_carried_is_refused_by_name(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await anna.send_poll()
    await room.settle()
    assert (
        anna.last.text
        == {
            "ru": "Опрос передать не получится. Опишите словами или пришлите фото.",
            "en": "A poll cannot be passed on. Describe it in words, or send a photo.",
        }[language]
    )
    await anna.send_dice()
    await room.settle()
    refused = await room.rows("SELECT event FROM journal WHERE ticket_id IS NULL")
    assert refused == [("kind_refused",), ("kind_refused",)]
    assert await room.rows("SELECT id FROM message") == []


def test_every_refused_kind_has_a_name(texts: Texts) -> None:
    kinds = {f"kind.{kind.value}" for kind in message_parser._REFUSED}
    for locale in texts.locales:
        assert kinds <= texts.keys(locale)


async def test_service_messages_are_nobodys_words(room: PrivateRoom) -> None:
    anna = room.customer()
    await anna.send_content({"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}})
    await room.settle()
    assert anna.chat.bot_messages == []
    assert await room.rows("SELECT id FROM person") == []


async def test_edited_words_are_edited_in_the_ticket(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    said = await room.say(anna, "Дом 10")
    await anna.edit(said, "Дом 12")
    await room.settle()
    texts = await room.rows("SELECT text FROM message WHERE ticket_id = :n ORDER BY id", n=number)
    assert texts[-1] == ("Дом 12",)
    edits = await room.rows("SELECT count(*) FROM journal WHERE event = 'message_edited'")
    assert edits == [(1,)]


async def test_an_edit_of_nothing_we_know_changes_nothing(room: PrivateRoom) -> None:
    anna = room.customer()
    said = await room.say(anna, "/help")
    before = await room.everything()
    await anna.edit(said, "/take 12")
    await room.settle()
    anybody: dict[str, list[Any]] = {"person": [], "contact_point": []}
    assert await room.everything() | anybody == before | anybody


async def test_a_sign_that_waits_for_its_turn_does_not_hold_up_the_conversation(
    room: PrivateRoom,
) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna)
    room.gateway.pacer.blocked(str(anna.id), time.monotonic() + 2)
    said = [await anna.say(words) for words in ("И ещё", "И вот ещё", "Всё")]
    assert await room.hand_over() == 3
    stored = await room.rows("SELECT count(*) FROM message WHERE ticket_id = :n", n=number)
    assert stored == [(4,)]
    assert [message.bot_reactions for message in said] == [[], [], []]
    await room.settle()
    await room.dispatcher["acknowledgements"].finish(PATIENCE)
    assert [message.bot_reactions for message in said] == [["👌"]] * 3
