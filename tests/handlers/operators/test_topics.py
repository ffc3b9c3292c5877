"""Operators in a group that is a forum: what they write in a ticket's topic, and in «General»."""

import pytest

from channels.telegram.addresses import chat_address
from core.delivery.topics import note_forums
from sandbox import Message
from sandbox.server.chat import Topic
from tests.handlers.operators.group import Group


@pytest.fixture
async def forum(group: Group) -> Group:
    await group.chat.make_forum()
    await group.desk.run(note_forums, [(chat_address(group.chat.id), True)])
    return group


async def topic_of(forum: Group, number: int) -> Topic:
    card = await forum.card(number)
    assert card.thread_id is not None
    return forum.chat.topics[card.thread_id]


def last_in(forum: Group, topic: Topic) -> Message:
    return [m for m in forum.chat.bot_messages if m.thread_id == topic.id][-1]


async def test_an_answer_is_a_reply_to_the_card_in_the_topic(forum: Group) -> None:
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    await forum.says(forum.olga, "Проверяем", await forum.card(number), topic=topic)
    assert await forum.said(number) == ["Проверяем"]
    await forum.says(forum.olga, "Кофе?", topic=topic)
    assert await forum.said(number) == ["Проверяем"], "anything else stays inside"
    assert not await forum.notes(number)


async def test_an_answer_is_a_reply_to_the_customers_message_in_the_topic(forum: Group) -> None:
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    await forum.anna.say("И вторая тоже")
    await forum.settle()
    await forum.deliver()
    words = last_in(forum, topic)
    assert words.text == "И вторая тоже"
    await forum.says(forum.olga, "Обе проверим", words, topic=topic)
    assert await forum.said(number) == ["Обе проверим"]


async def test_a_company_may_take_every_message_in_a_topic_for_an_answer(forum: Group) -> None:
    forum.known_as(topics="all")
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    asked = await forum.says(forum.olga, "Проверяем", topic=topic)
    await forum.says(forum.oleg, "Уже едем", asked, topic=topic)
    await forum.says(forum.oleg, "// ключ у вахтёра", topic=topic)
    await forum.says(forum.oleg, "Кофе?")
    assert await forum.said(number) == ["Проверяем", "Уже едем"]
    assert await forum.notes(number) == ["ключ у вахтёра"]


async def test_commands_and_notes_in_a_topic_are_about_its_ticket(forum: Group) -> None:
    number, other = await forum.ticket(), await forum.ticket("Вторая", by=forum.boss)
    topic = await topic_of(forum, number)
    await forum.says(forum.olga, "/take", topic=topic)
    await forum.says(forum.olga, "// ключ у вахтёра", topic=topic)
    assert (await forum.row(number)).assignee_id is not None
    assert (await forum.row(other)).assignee_id is None
    assert await forum.notes(number) == ["ключ у вахтёра"]
    await forum.says(forum.olga, f"/take {other}", topic=topic)
    assert (await forum.row(other)).assignee_id is not None, "a number says which one is meant"


async def test_what_a_command_shows_stands_in_its_topic(forum: Group) -> None:
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    typed = await forum.says(forum.olga, "/ticket", topic=topic)
    (shown,) = [m for m in forum.chat.bot_messages if m.reply_to is typed]
    assert shown.thread_id == topic.id and f"#{number}" in shown.text


async def test_general_takes_commands(forum: Group) -> None:
    number = await forum.ticket()
    await forum.says(forum.olga, f"/take {number}")
    assert (await forum.row(number)).assignee_id is not None
    typed = await forum.says(forum.olga, "/queue")
    (shown,) = [m for m in forum.chat.bot_messages if m.reply_to is typed]
    assert shown.thread_id is None


async def test_a_topic_of_nobodys_ticket_is_a_place_to_talk(forum: Group) -> None:
    forum.known_as(topics="all")
    number = await forum.ticket()
    lunch = await forum.olga.create_topic(forum.chat, "Обед")
    await forum.says(forum.olga, "Кофе?", topic=lunch)
    assert not await forum.said(number)


async def test_a_topic_closed_by_hand_is_opened_again_while_its_ticket_is_open(
    forum: Group,
) -> None:
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    await forum.chat.promote(forum.olga)
    await forum.olga.close_topic(forum.chat, topic)
    await forum.settle()
    assert topic.closed
    await forum.deliver()
    assert not topic.closed


async def test_buttons_of_a_card_in_a_topic_work(forum: Group) -> None:
    number = await forum.ticket()
    press = await forum.presses(forum.olga, await forum.card(number), "Взять")
    assert press.answered and (await forum.row(number)).assignee_id is not None


async def test_a_group_with_topics_lets_an_admin_choose_what_they_are_for(forum: Group) -> None:
    number = await forum.ticket()
    topic = await topic_of(forum, number)
    await forum.boss.say("/setup")
    await forum.settle()
    await forum.presses(forum.boss, forum.boss.last, "Темы")
    assert forum.boss.last.buttons[:3] == ["Клиенту — ответы", "Клиенту — всё", "Без тем"]
    await forum.presses(forum.boss, forum.boss.last, "Без тем")
    assert forum.desk.company.topics == "off"
    await forum.deliver()
    card = await forum.card(number)
    assert card.thread_id is None and topic.id != card.id, "open tickets come into the chat"


async def test_a_group_without_topics_has_no_such_choice(group: Group) -> None:
    await group.boss.say("/setup")
    await group.settle()
    assert "Темы" not in group.boss.last.buttons


async def test_a_group_that_gets_topics_shows_it_with_its_next_message(group: Group) -> None:
    number = await group.ticket()
    for enabled in (True, False):
        await group.chat.make_forum(enabled=enabled)
        await group.says(group.olga, "Кофе?")
        await group.deliver()
        assert ((await group.card(number)).thread_id is not None) is enabled
