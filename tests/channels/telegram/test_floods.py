"""A flood in the group: one post, which grows, leads to all of it, and is never doubled."""

from datetime import timedelta

import pytest

from core.company import Limit
from sandbox import Message
from tests.channels.telegram.house import House
from tests.channels.telegram.test_faults import FINE, lost, settle_lost


@pytest.fixture
async def number(house: House) -> int:
    house.known_as(message_limit=Limit(2, timedelta(minutes=1)))
    number = await house.open(house.anna.say("The camera is dark").result)
    await house.pump()
    return number


async def writes(house: House, count: int) -> None:
    for one in range(count):
        await house.hear(house.anna.say(f"and <b>{one}</b>").result)


def floods(house: House) -> list[Message]:
    return [m for m in house.group.bot_messages if "подряд" in m.text]


async def test_a_flood_is_one_post_that_grows(house: House, number: int) -> None:
    await writes(house, 4)
    await house.pump()
    (post,) = floods(house)
    assert post.text == f"👤 Anna · #{number}: ещё 3 сообщения подряд, последнее:\nand <b>3</b>"
    await writes(house, 2)
    await house.pump()
    assert floods(house) == [post]
    assert post.text == f"👤 Anna · #{number}: ещё 5 сообщений подряд, последнее:\nand <b>1</b>"
    assert post.reply_to is house.group.bot_messages[0]  # the card
    house.world.assert_clean()


async def test_a_post_that_somebody_deleted_is_posted_again(house: House, number: int) -> None:
    await writes(house, 3)
    await house.pump()
    (post,) = floods(house)
    await house.oleg.delete(post)
    await writes(house, 1)
    await house.pump()
    assert [m for m in floods(house) if m is not post] and number


async def test_a_post_whose_answer_was_lost_is_found_though_the_flood_has_grown(
    house: House, number: int
) -> None:
    await writes(house, 3)
    for _ in range(2):  # what the flood began with, and what its author is told
        assert (await house.carry(await house.next())).error is None  # type: ignore[arg-type]
    house.world.faults.cut(method="sendMessage")
    delivery = await lost(house)
    assert delivery.kind == "flood"
    await writes(house, 2)
    await settle_lost(house, delivery)
    (post,) = floods(house)
    assert "ещё 4 сообщения" in post.text and number
    house.world.assert_clean(ignore=FINE)


async def test_beyond_the_limit_of_tickets_both_sides_read_where_the_words_are(
    house: House,
) -> None:
    house.known_as(ticket_limit=Limit(1, timedelta(hours=1)))
    number = await house.open(house.anna.say("The camera is dark").result)
    assert await house.open(house.anna.say("And I paid twice").result) == number
    await house.pump()
    assert house.anna.last.text == (
        f"Обращений за последнее время много, поэтому добавили сообщение к обращению #{number}."
        " Оператор прочитает всё."
    )
    posted = house.group.bot_messages[-1].text
    assert posted.endswith("слова из нового добавлены сюда.\nAnd I paid twice")
    house.world.assert_clean()
