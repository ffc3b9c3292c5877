"""A private chat with topics: whoever writes in one is answered there (X7)."""

import pytest

from core.delivery.private_topics import note_mode
from sandbox import Message as Sent
from sandbox import Person
from tests.handlers.customer.chat import PrivateChat


@pytest.fixture
def anna(chat: PrivateChat) -> Person:
    """A customer of a bot whose private chats have topics."""
    turn(chat, topics=True)
    return chat.customer("Анна")


def turn(chat: PrivateChat, *, topics: bool) -> None:
    chat.world.context.options.private_topics = topics


async def topic(chat: PrivateChat, anna: Person, name: str) -> int:
    made = await anna.create_topic(anna.chat, name)
    await chat.settle()
    return made.id


def told(anna: Person, thread: int | None) -> list[Sent]:
    return [one for one in anna.chat.bot_messages if one.thread_id == thread]


async def test_the_menu_answers_in_the_topic_where_it_was_asked(
    chat: PrivateChat, anna: Person
) -> None:
    bills = await topic(chat, anna, "Счета")
    for words in ("/start", "/my", "/help", "/new", "/language", "/mydata", "/tke"):
        await chat.say(anna, words, topic=bills)
    assert len(told(anna, bills)) == 7
    assert told(anna, None) == []
    chat.world.assert_clean()


async def test_what_comes_of_words_in_a_topic_stays_in_it(chat: PrivateChat, anna: Person) -> None:
    bills = await topic(chat, anna, "Счета")
    await chat.say(anna, "Списали дважды", topic=bills)
    (question,) = told(anna, bills)
    await chat.press(anna, "Открыть обращение", message=question)
    await chat.answer(1, "Вернём завтра")
    await chat.move(1, "resolve")
    await chat.deliver()
    opened, *later = [one.text for one in told(anna, bills)]
    assert opened == question.text and opened.startswith("Обращение #1 принято")
    assert later == ["Вернём завтра", "По обращению #1 готово. Всё работает?"]
    assert told(anna, None) == []
    chat.world.assert_clean()


async def test_answers_in_topics_do_not_say_which_ticket_they_are_about(
    chat: PrivateChat, anna: Person
) -> None:
    opens = ("Открыть обращение", "Новое обращение")
    for name, words, button in zip(("Счета", "Камера"), ("Списали", "Темно"), opens, strict=True):
        there = await topic(chat, anna, name)
        await chat.say(anna, words, topic=there)
        await chat.press(anna, button, topic=there)
    await chat.answer(1, "Вернём завтра")
    await chat.deliver()
    assert anna.last.text == "Вернём завтра"


async def test_a_deleted_topic_loses_nothing(chat: PrivateChat, anna: Person) -> None:
    bills = await topic(chat, anna, "Счета")
    await chat.say(anna, "Списали дважды", topic=bills)
    await chat.press(anna, "Открыть обращение", topic=bills)
    await anna.chat.delete_topic(bills)
    await chat.answer(1, "Вернём завтра")
    await chat.deliver()
    assert anna.last.text == "Вернём завтра"


async def test_a_question_in_a_topic_that_is_deleted_is_asked_outside(
    chat: PrivateChat, anna: Person
) -> None:
    bills = await topic(chat, anna, "Счета")
    await anna.say("Списали дважды", topic=bills)
    await anna.chat.delete_topic(bills)
    await chat.settle()
    assert [one.buttons for one in told(anna, None)] == [["Открыть обращение", "Нет, я случайно"]]


async def test_a_bot_whose_topics_were_switched_off_goes_on_without(
    chat: PrivateChat, anna: Person
) -> None:
    bills = await topic(chat, anna, "Счета")
    await chat.say(anna, "Списали дважды", topic=bills)
    await chat.press(anna, "Открыть обращение", topic=bills)
    turn(chat, topics=False)
    await chat.answer(1, "Вернём завтра")
    await chat.deliver()
    assert told(anna, None)[-1].text == "Вернём завтра"
    joined = await chat.say(anna, "Спасибо, жду")
    assert joined.bot_reactions == ["👌"]
    assert await chat.rows("SELECT DISTINCT ticket_id FROM message") == [(1,)]


async def test_a_ticket_of_the_main_chat_goes_on_in_a_topic_of_its_own(
    chat: PrivateChat, anna: Person, language: str
) -> None:
    anna = chat.customer("Анна", language)
    await chat.desk.run(note_mode, on=True)
    await chat.say(anna, "Списали дважды")
    (question,) = told(anna, None)
    await chat.press(anna, chat.says(language, "button.file.open"), message=question)
    await chat.settle()
    (own,) = anna.chat.topics.values()
    assert own.name == "#1 · Списали дважды"
    assert question.text == chat.says(language, "customer.filed.topic", number=1)
    assert question.buttons == []
    (opened,) = told(anna, own.id)
    assert "#1" in opened.text and opened.reply_to is None
    await chat.say(anna, "За октябрь", topic=own.id)
    await chat.say(anna, "/my")
    assert "#1" in told(anna, None)[-1].text
    assert await chat.rows("SELECT DISTINCT ticket_id FROM message") == [(1,)]
    chat.world.assert_clean()


async def test_a_double_of_a_topic_is_removed(chat: PrivateChat, anna: Person) -> None:
    await chat.desk.run(note_mode, on=True)
    await chat.say(anna, "Списали дважды")
    await chat.press(anna, "Открыть обращение")
    double = chat.world.telegram.topics.create(anna.chat, "#1 · Списали дважды", by=None)
    await chat.settle()
    assert double.deleted and not next(iter(anna.chat.topics.values())).deleted


async def test_a_persons_name_of_a_topic_is_heard_of(chat: PrivateChat, anna: Person) -> None:
    await chat.desk.run(note_mode, on=True)
    bills = await topic(chat, anna, "Счета")
    drawn = (await anna.create_topic(anna.chat, "Новый чат", implicit=True)).id
    await chat.settle()
    for thread in (bills, drawn):
        await chat.say(anna, "Списали дважды", topic=thread)
        await chat.press(anna, "бращение", topic=thread)
        await chat.deliver()
    names = {thread: made.name for thread, made in anna.chat.topics.items()}
    assert names == {bills: "Счета", drawn: "#2 · Списали дважды"}
    await anna.rename_topic(anna.chat, drawn, "Банк")
    await chat.settle()
    await chat.move(2, "cancel")
    await chat.deliver()
    assert anna.chat.topics[drawn].name == "Банк"


async def test_words_whose_ticket_goes_on_elsewhere_have_a_sign(
    chat: PrivateChat, anna: Person
) -> None:
    await chat.desk.run(note_mode, on=True)
    bills = await topic(chat, anna, "Счета")
    for thread, signs in ((None, ["👌"]), (bills, []), (bills, ["👌"])):
        await chat.say(anna, "/new", topic=thread)
        await chat.press(anna, "Оплата", message=told(anna, thread)[-1])
        said = await chat.say(anna, "Списали дважды", topic=thread)
        assert said.bot_reactions == signs
