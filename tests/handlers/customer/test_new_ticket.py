"""A ticket from the menu, and where free words belong (A1, A4, A10, A11)."""

import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from channels.telegram.messages import message_parser
from core.errors import Refusal
from core.texts import Texts
from core.tickets import intake
from sandbox import Message, Person
from tests.actions.test_hot_path import measured
from tests.handlers.customer.chat import PrivateChat
from tests.harness import PATIENCE
from tests.rounds import best_of


async def test_menu_topic_words_and_it_is_a_ticket(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await anna.start()
    await chat.settle()
    await chat.press(anna, chat.says(language, "button.menu.new"))
    screen = anna.last
    title = {"ru": "Оплата", "en": "Payment"}[language]
    assert screen.text == chat.says(language, "customer.topics")
    assert [len(row) for row in screen.keyboard] == [2, 2, 2]
    await chat.press(anna, title)
    assert anna.last is screen, "the same message is edited"
    assert screen.text.startswith(f"{title}.")
    first = await chat.say(anna, "Списали дважды")
    assert anna.last is screen, "the confirmation comes from the outbox, once"
    assert await chat.notices() == ["ticket.opened"]
    second = await chat.say(anna, "За октябрь")
    assert first.bot_reactions == []
    assert second.bot_reactions == ["👌"]
    tickets = await chat.rows("SELECT topic, state, customer_id FROM ticket")
    assert tickets == [("payment", "new", 1)]
    assert (await chat.rows("SELECT count(*) FROM message WHERE ticket_id = 1"))[0][0] == 2
    chat.world.assert_clean()


async def test_words_that_join_a_ticket_look_up_who_wrote_them_once(chat: PrivateChat) -> None:
    """They are answered with a sign: in which language is nobody's question before."""
    anna = chat.customer()
    await chat.open_ticket(anna)
    await chat.say(anna, "И звука нет")  # what is kept is read
    with measured(chat.desk) as cost:
        said = await chat.say(anna, "Второй день")
    assert said.bot_reactions == ["👌"]
    asked = [each for each in cost.statements if "contact_point" in each]
    assert len(asked) == 1 and "person.dialogue" in asked[0], str(cost)


async def test_words_are_refused_in_the_language_of_who_wrote_them(
    chat: PrivateChat, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise Refusal("refusal.outdated")

    anna = chat.customer("Анна", language)
    await chat.open_ticket(anna)
    monkeypatch.setattr(intake, "hear", refuse)
    await chat.say(anna, "Не показывает")
    assert anna.last.text == chat.says(language, "refusal.outdated")


async def test_a_restart_in_the_middle_does_not_show(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/new")
    chat.restart()
    await chat.press(
        anna,
        chat.texts.say(language, "button.menu.back", now=chat.clock(), zone=chat.desk.company.zone),
    )
    await chat.say(anna, "/new")
    await chat.forge(anna, "p:access")
    chat.restart()
    await chat.say(anna, "Не могу войти")
    chat.restart()
    await chat.say(anna, "И в приложение тоже")
    assert await chat.rows("SELECT topic FROM ticket") == [("access",)]
    assert await chat.notices() == ["ticket.opened"]


async def test_the_way_back_leads_to_the_topics_and_out(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    screen = anna.last
    await chat.press(anna, "Оплата")
    await chat.press(anna, "‹ Назад")
    assert screen.text == chat.says("ru", "customer.topics")
    await chat.press(anna, "‹ Назад")
    assert screen.text == chat.says("ru", "customer.back") and not screen.buttons
    await chat.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"
    assert await chat.rows("SELECT id FROM ticket") == []


async def test_words_instead_of_a_topic_make_the_ticket(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    await chat.say(anna, "Камера не показывает")
    assert await chat.rows("SELECT topic, title FROM ticket") == [(None, "Камера не показывает")]


async def test_a_new_ticket_begun_days_ago_is_forgotten(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    await chat.press(anna, "Оплата")
    chat.clock.ahead = timedelta(days=2)
    await chat.say(anna, "Привет")
    assert anna.last.text == "Передать это в поддержку?"


async def test_a_topic_that_is_not_offered_any_more(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    before = await chat.everything()
    press = await chat.forge(anna, "p:nonsense")
    assert press.text == "Кнопка устарела." and press.alert
    assert await chat.everything() == before


# Free words.


async def ask(chat: PrivateChat, language: str, *words: str) -> Person:
    anna = chat.customer("Анна", language)
    for word in words:
        await chat.say(anna, word)
    return anna


async def test_free_words_are_kept_and_never_typed_twice(chat: PrivateChat, language: str) -> None:
    anna = await ask(chat, language, "Камера не работает", "Со вчерашнего дня")
    asked = anna.last
    assert len(anna.chat.bot_messages) == 1, "a burst is asked about once"
    assert asked.text == chat.says(language, "customer.ask.whether")
    await chat.press(anna, chat.says(language, "button.file.open"))
    confirmed = chat.says(language, "ticket.opened", number=1, due=chat.clock() + timedelta(days=3))
    assert asked.text == confirmed and not asked.buttons
    assert anna.chat.bot_messages == [asked], "one message, not two"
    kept = await chat.rows("SELECT text FROM message WHERE ticket_id = 1 ORDER BY id")
    assert kept == [("Камера не работает",), ("Со вчерашнего дня",)]
    assert await chat.notices() == ["ticket.opened"]


async def test_the_kept_words_survive_a_restart(chat: PrivateChat) -> None:
    anna = await ask(chat, "ru", "Камера не работает")
    chat.restart()
    await chat.press(anna, "Открыть обращение")
    assert await chat.rows("SELECT title FROM ticket") == [("Камера не работает",)]


async def test_written_by_accident(chat: PrivateChat, language: str) -> None:
    anna = await ask(chat, language, "ой")
    await chat.press(anna, chat.says(language, "button.file.forget"))
    assert anna.last.text == chat.says(language, "customer.filed.forgotten")
    assert await chat.rows("SELECT id FROM message") == []


@pytest.mark.parametrize("data", ["w:new", "w:no", "w:1"])
async def test_an_answer_to_a_question_that_was_answered(chat: PrivateChat, data: str) -> None:
    anna = await ask(chat, "ru", "Камера не работает")
    await chat.press(anna, "Открыть обращение")
    before = await chat.everything()
    press = await chat.forge(anna, data)
    assert press.text == "Кнопка устарела." and press.alert
    assert await chat.everything() == before


async def test_a_topic_is_an_answer_to_whether(chat: PrivateChat) -> None:
    anna = await ask(chat, "ru", "Списали дважды")
    await chat.say(anna, "📝 Новое обращение")
    await chat.press(anna, "Оплата")
    assert anna.last.text.startswith("Обращение #1 принято.") and not anna.last.buttons
    assert await chat.rows("SELECT topic, opening FROM ticket") == [("payment", "Списали дважды")]


async def test_a_topic_pressed_twice_makes_one_ticket_whose_confirmation_stays(
    chat: PrivateChat,
) -> None:
    anna = await ask(chat, "ru", "Списали дважды")
    await chat.say(anna, "📝 Новое обращение")
    screen = anna.last
    await anna.press("Оплата")
    await chat.press(anna, "Оплата")
    assert screen.text.startswith("Обращение #1 принято.") and not screen.buttons
    for data in ("p:payment", "m:back", "m:new", "m:mine"):
        press = await person_presses(chat, anna, screen, data)
        assert press.text == "Кнопка устарела." and press.alert, data
    assert screen.text.startswith("Обращение #1 принято.") and not screen.buttons
    joined = await chat.say(anna, "За октябрь")
    assert joined.bot_reactions == ["👌"]
    assert await chat.rows("SELECT id FROM ticket") == [(1,)]


async def person_presses(chat: PrivateChat, who: Person, on: Any, data: str) -> Any:
    press = await who.press_data(on, data)
    await chat.settle()
    return press


async def test_words_kept_long_ago_are_not_what_a_new_ticket_is_about(chat: PrivateChat) -> None:
    anna = await ask(chat, "ru", "Здравствуйте")
    chat.clock.ahead = timedelta(hours=3)
    await chat.say(anna, "/new")
    await chat.press(anna, "Оплата")
    assert anna.last.text.startswith("Оплата. Опишите")


async def test_with_one_open_ticket_words_join_it(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
    chat.clock.ahead = timedelta(hours=5)
    said = await chat.say(anna, "Ещё вот что")
    assert said.bot_reactions == ["👌"]
    assert await chat.rows("SELECT ticket_id FROM message ORDER BY id") == [(number,), (number,)]


async def test_with_several_open_we_ask_which(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    first = await chat.open_ticket(anna)
    async with chat.database.write() as session:
        await session.execute(text("UPDATE ticket SET title = 'Секретное заглавие'"))
    await chat.say(anna, "/new")
    await chat.say(anna, "Без темы")
    chat.clock.ahead = timedelta(hours=1)
    await chat.say(anna, "Где ответ?")
    asked = anna.last
    assert asked.text == chat.says(language, "customer.ask.which")
    labels = ["#2 Без темы", "#1 Нет изображения"]
    assert asked.buttons == [*labels, chat.says(language, "button.file.new")]
    await chat.press(anna, labels[1])
    assert asked.text == chat.says(language, "customer.filed.joined", number=first)
    joined = await chat.rows("SELECT text FROM message WHERE ticket_id = 1 ORDER BY id")
    assert joined[-1] == ("Где ответ?",)
    await chat.say(anna, "Жду")  # goes on in the ticket that was chosen
    assert (await chat.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (first,)


async def test_somebody_elses_ticket_is_no_choice(chat: PrivateChat) -> None:
    boris = chat.customer("Борис")
    theirs = await chat.open_ticket(boris)
    anna = await ask(chat, "ru", "Камера не работает")
    before = await chat.everything()
    for number in (theirs, 999, 10**17):
        press = await chat.forge(anna, f"w:{number}")
        assert press.text == "Кнопка устарела."
    assert await chat.everything() == before
    await chat.press(anna, "Открыть обращение")
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 2


async def test_a_reply_goes_to_the_ticket_of_what_it_answers(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.say(anna, "/new")
    first = await chat.say(anna, "Первое")
    await chat.say(anna, "/new")
    await chat.say(anna, "Второе")
    await chat.say(anna, "К первому", reply_to=first)
    assert (await chat.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (1,)


# Everything that can be sent.


async def test_an_album_is_one_ticket_and_one_question(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.send_album(4, caption="Вот так видно")
    await chat.settle()
    assert [m.text for m in anna.chat.bot_messages] == ["Передать это в поддержку?"]
    await chat.press(anna, "Открыть обращение")
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 1
    assert (await chat.rows("SELECT count(*) FROM message WHERE ticket_id = 1"))[0][0] == 4
    pieces = await anna.send_album(3)
    await chat.settle()
    assert [piece.bot_reactions for piece in pieces] == [["👌"], [], []]


async def test_every_kind_that_can_be_carried_joins(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
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
    await chat.settle()
    assert all(message.bot_reactions == ["👌"] for message in sent)
    joined = await chat.rows("SELECT count(*) FROM message WHERE ticket_id = :n", n=number)
    assert joined == [(len(sent) + 1,)]
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    for kind in ("фото", "видео", "голосовое", "файл", "аудио", "стикер", "место", "контакт"):
        assert f"· {kind}" in anna.last.text


async def test_what_cannot_be_carried_is_refused_by_name(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await anna.send_poll()
    await chat.settle()
    assert (
        anna.last.text
        == {
            "ru": "Опрос передать не получится. Опишите словами или пришлите фото.",
            "en": "A poll cannot be passed on. Describe it in words, or send a photo.",
        }[language]
    )
    await anna.send_dice()
    await chat.settle()
    refused = await chat.rows("SELECT event FROM journal WHERE ticket_id IS NULL ORDER BY id")
    assert refused == [("kind_refused",), ("kind_refused",)]
    assert await chat.rows("SELECT id FROM message") == []


def test_every_refused_kind_has_a_name(texts: Texts) -> None:
    kinds = {f"kind.{kind.value}" for kind in message_parser._REFUSED}
    for locale in texts.locales:
        assert kinds <= texts.keys(locale)


async def test_service_messages_are_nobodys_words(chat: PrivateChat) -> None:
    anna = chat.customer()
    await anna.send_content({"message_auto_delete_timer_changed": {"message_auto_delete_time": 60}})
    await chat.settle()
    assert anna.chat.bot_messages == []
    assert await chat.rows("SELECT id FROM person") == []


async def test_edited_words_are_edited_in_the_ticket(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
    said = await chat.say(anna, "Дом 10")
    await anna.edit(said, "Дом 12")
    await chat.settle()
    texts = await chat.rows("SELECT text FROM message WHERE ticket_id = :n ORDER BY id", n=number)
    assert texts[-1] == ("Дом 12",)
    edits = await chat.rows("SELECT count(*) FROM journal WHERE event = 'message_edited'")
    assert edits == [(1,)]


async def test_an_edit_of_nothing_we_know_changes_nothing(chat: PrivateChat) -> None:
    anna = chat.customer()
    said = await chat.say(anna, "/help")
    before = await chat.everything()
    await anna.edit(said, "/take 12")
    await chat.settle()
    anybody: dict[str, list[Any]] = {"person": [], "contact_point": []}
    assert await chat.everything() | anybody == before | anybody


async def test_a_sign_that_waits_for_its_turn_does_not_hold_up_the_conversation(
    chat: PrivateChat,
) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna)
    count = "SELECT count(*) FROM message WHERE ticket_id = :n"
    waits, said = iter((2, 10, 60)), list[Message]()

    async def signs_before_their_turn() -> float:
        """A busy machine may take longer than they wait until the three are handled."""
        ((before,),) = await chat.rows(count, n=number)
        chat.gateway.pacer.blocked(str(anna.id), time.monotonic() + next(waits))
        said[:] = [await anna.say(words) for words in ("И ещё", "И вот ещё", "Всё")]
        assert await chat.hand_over() == 3
        assert await chat.rows(count, n=number) == [(before + 3,)]
        shown = sum(bool(message.bot_reactions) for message in said)
        await chat.settle()
        return shown

    assert await best_of(signs_before_their_turn, 1, rounds=3) == 0
    await chat.app.routes.acknowledgements.finish(PATIENCE)
    assert [message.bot_reactions for message in said] == [["👌"]] * 3


@pytest.mark.parametrize("words", ["Спасибо!", "хорошо", "👍"])
async def test_thanks_describe_nothing_and_the_question_stays(
    chat: PrivateChat, language: str, words: str
) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/new")
    await chat.press(anna, {"ru": "Оплата", "en": "Payment"}[language])
    await chat.say(anna, words)
    assert anna.last.text == chat.says(language, "refusal.describe")
    assert await chat.rows("SELECT id FROM ticket") == []
    await chat.say(anna, "Списали дважды")
    assert await chat.rows("SELECT topic FROM ticket") == [("payment",)]
