"""A bot whose private chats have topics: a customer's tickets side by side, each in one (X7)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sandbox import Message, Person
from sandbox.server.chat import Topic
from sandbox.server.topics import icon_of
from tests.e2e.looking import assert_sealed, soon
from tests.e2e.stage import EXPECTED, Stage, staged

WORDS = {
    "ru": {
        "open": "Открыть обращение",
        "which": "К какому",
        "new": "Новое обращение",
        "there": "теме этого чата",
        "in": "принято",
        "list": "Мои обращения",
    },
    "en": {
        "open": "Open a ticket",
        "which": "Which",
        "new": "New ticket",
        "there": "topic of its own",
        "in": "is in",
        "list": "My tickets",
    },
}


@pytest.fixture(params=["ru", "en"])
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("topics")
    told: dict[str, Any] = {"language": request.param, "private_topics": True, "draws_soon": True}
    async with staged(folder, **told) as stage, stage.process():
        await known(stage)
        yield stage
        assert_sealed(stage)
        # what the desk does not know yet of a mode that was switched off, it is told
        stage.world.assert_clean(ignore=(*EXPECTED, "not_a_forum"))


async def known(stage: Stage) -> None:
    """The desk has asked whether its private chats have topics."""
    await soon(lambda: stage.query("SELECT 1 FROM system_state WHERE name = 'private_topics'"))


def topics_of(person: Person) -> list[Topic]:
    return [topic for topic in person.chat.topics.values() if not topic.deleted]


def told(person: Person, topic: Topic | None) -> list[Message]:
    thread = None if topic is None else topic.id
    return [one for one in person.chat.bot_messages if one.thread_id == thread]


def number_of(topic: Topic) -> int:
    found = re.match(r"#(\d+) · ", topic.name)
    assert found is not None, topic.name
    return int(found[1])


async def opens_outside(stage: Stage, anna: Person, words: dict[str, str], text: str) -> Topic:
    """From the main chat: the ticket gets a topic of its own."""
    before = topics_of(anna)
    await anna.say(text)
    await anna.press_soon(words["open"])
    await anna.expect(words["there"], edited=True)
    (made,) = [topic for topic in topics_of(anna) if topic not in before]
    await anna.expect(words["in"], topic=made.id)
    assert made.name == f"#{number_of(made)} · {text}"
    return made


async def test_two_tickets_side_by_side_each_in_its_topic(
    stage: Stage, words: dict[str, str]
) -> None:
    anna = stage.customer("Anna")
    gate = await opens_outside(stage, anna, words, "Калитка не открывается")
    # just writing begins a topic, where users may make some
    bill = await anna.create_topic(anna.chat, "New chat", implicit=True)
    await anna.say("Списали дважды", topic=bill)
    question = await anna.expect(words["which"], topic=bill.id)
    await anna.press(words["new"], message=question)
    await anna.expect(words["in"], topic=bill.id)
    assert bill.name == f"#{number_of(bill)} · Списали дважды"

    answered = [("Проверьте питание", gate), ("Вернём завтра", bill)]
    for text, topic in answered:
        card = await stage.card(number_of(topic))
        await stage.olga.reply(card, text)
        assert (await anna.expect(text)).text == text
        assert told(anna, topic)[-1].text == text, "no header says which ticket it is about"
    await anna.say("Питание есть", topic=gate)
    relayed = await stage.group.expect("Питание есть")
    assert relayed.reply_to is not None and f"#{number_of(gate)}" in relayed.reply_to.text
    await anna.say("/my")
    listed = await anna.expect(f"#{number_of(bill)}")
    assert listed.thread_id is None, "the main chat keeps the menu and the lists"
    assert f"#{number_of(gate)}" in listed.text


async def test_a_topic_ends_and_goes_on_with_its_ticket(
    stage: Stage, words: dict[str, str]
) -> None:
    anna = stage.customer("Anna")
    gate = await opens_outside(stage, anna, words, "Калитка не открывается")
    first = number_of(gate)
    await stage.olga.say(stage.group, f"/cancel {first}")
    await anna.expect(f"#{first}", topic=gate.id)
    await stage.settle()
    assert icon_of(gate) == "✅"
    await anna.say("Опять не открывается", topic=gate)
    await anna.expect(words["in"], topic=gate.id)
    await stage.settle()
    assert (icon_of(gate), number_of(gate)) == ("💬", first + 1)
    assert topics_of(anna) == [gate]


async def test_a_topic_that_was_deleted_is_made_again(stage: Stage, words: dict[str, str]) -> None:
    anna = stage.customer("Anna")
    gate = await opens_outside(stage, anna, words, "Калитка не открывается")
    await anna.chat.delete_topic(gate)
    await stage.olga.reply(await stage.card(number_of(gate)), "Проверьте питание")
    answer = await anna.expect("Проверьте питание")
    (again,) = topics_of(anna)
    assert answer.thread_id == again.id and again.name == gate.name


async def test_a_kill_while_a_topic_is_made_leaves_one(stage: Stage, words: dict[str, str]) -> None:
    anna = stage.customer("Anna")
    await anna.say("Калитка не открывается")
    assert stage.bot is not None
    stage.world.faults.crash(stage.bot, method="createForumTopic")
    await anna.press_soon(words["open"])
    await stage.bot.wait(30)
    assert len(topics_of(anna)) == 1, "it was made, and nobody was told"
    await stage.bot.start()
    await anna.expect(words["in"], timeout=60)
    await stage.settle()
    (topic,) = topics_of(anna)
    assert [words["in"] in one.text for one in told(anna, topic)] == [True]


async def test_without_topics_any_more_the_chat_goes_on_and_loses_nothing(
    stage: Stage, words: dict[str, str]
) -> None:
    anna = stage.customer("Anna")
    gate = await opens_outside(stage, anna, words, "Калитка не открывается")
    stage.world.context.options.private_topics = False
    await stage.olga.reply(await stage.card(number_of(gate)), "Проверьте питание")
    assert (await anna.expect("Проверьте питание")).thread_id is None
    await anna.say("Питание есть")
    await stage.group.expect("Питание есть")
