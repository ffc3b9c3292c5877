"""A flood in the group: one post, which grows, leads to all of it, and is never doubled."""

from datetime import timedelta

import pytest

from core.company import Limit
from sandbox import Message
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import FINE, lost, settle_lost


@pytest.fixture
async def number(harness: ChannelHarness) -> int:
    harness.known_as(message_limit=Limit(2, timedelta(minutes=1)))
    number = await harness.open(harness.anna.say("The camera is dark").result)
    await harness.pump()
    return number


async def writes(harness: ChannelHarness, count: int) -> None:
    for one in range(count):
        await harness.hear(harness.anna.say(f"and <b>{one}</b>").result)


def floods(harness: ChannelHarness) -> list[Message]:
    return [m for m in harness.group.bot_messages if "подряд" in m.text]


async def test_a_flood_is_one_post_that_grows(harness: ChannelHarness, number: int) -> None:
    await writes(harness, 4)
    await harness.pump()
    (post,) = floods(harness)
    assert post.text == f"👤 Anna · #{number}: ещё 3 сообщения подряд, последнее:\nand <b>3</b>"
    await writes(harness, 2)
    await harness.pump()
    assert floods(harness) == [post]
    assert post.text == f"👤 Anna · #{number}: ещё 5 сообщений подряд, последнее:\nand <b>1</b>"
    assert post.reply_to is harness.group.bot_messages[0]  # the card
    harness.world.assert_clean()


async def test_a_post_that_somebody_deleted_is_posted_again(
    harness: ChannelHarness, number: int
) -> None:
    await writes(harness, 3)
    await harness.pump()
    (post,) = floods(harness)
    await harness.oleg.delete(post)
    await writes(harness, 1)
    await harness.pump()
    assert [m for m in floods(harness) if m is not post] and number


async def test_a_post_whose_answer_was_lost_is_found_though_the_flood_has_grown(
    harness: ChannelHarness, number: int
) -> None:
    await writes(harness, 3)
    for _ in range(2):  # what the flood began with, and what its author is told
        assert (await harness.carry(await harness.next())).error is None  # type: ignore[arg-type]
    harness.world.faults.cut(method="sendMessage")
    delivery = await lost(harness)
    assert delivery.kind == "flood"
    await writes(harness, 2)
    await settle_lost(harness, delivery)
    (post,) = floods(harness)
    assert "ещё 4 сообщения" in post.text and number
    harness.world.assert_clean(ignore=FINE)


async def test_beyond_the_limit_of_tickets_both_sides_read_where_the_words_are(
    harness: ChannelHarness,
) -> None:
    harness.known_as(ticket_limit=Limit(1, timedelta(hours=1)))
    number = await harness.open(harness.anna.say("The camera is dark").result)
    assert await harness.open(harness.anna.say("And I paid twice").result) == number
    await harness.pump()
    assert harness.anna.last.text == (
        f"Обращений за последнее время много, поэтому добавили сообщение к обращению #{number}."
        " Оператор прочитает всё."
    )
    posted = harness.group.bot_messages[-1].text
    assert posted.endswith("слова из нового добавлены сюда.\nAnd I paid twice")
    harness.world.assert_clean()
