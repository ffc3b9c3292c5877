"""What Telegram has sent although it did not say so is found, and nothing stands twice (R6)."""

import asyncio
from typing import Any

import pytest
from aiogram.methods import SendSticker

from channels.telegram.client.gateway import Gateway
from core.db import StoreUnreachable
from core.tickets.lifecycle import take
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import FINE, lost, settle_lost
from tests.channels.telegram.test_channel import card, opened


async def test_a_card_whose_answer_was_lost_is_found(harness: ChannelHarness) -> None:
    number = await harness.open(harness.anna.say("The camera is dark").result)
    harness.world.faults.cut(method="sendMessage")
    delivery = await lost(harness)
    await settle_lost(harness, delivery)
    assert len(harness.group.bot_messages) == 1
    await harness.as_operator(lambda tx: take(tx, number))
    await harness.pump()
    assert "👷 Oleg" in card(harness).text and len(harness.group.bot_messages) == 1
    harness.world.assert_clean(ignore=FINE)


async def test_an_answer_whose_answer_was_lost_is_not_doubled(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    harness.world.faults.cut(method="sendMessage")
    delivery = await lost(harness)
    await harness.anna.say("meanwhile")
    await settle_lost(harness, delivery)
    answers = [m for m in harness.anna.chat.bot_messages if m.text == "Restart it"]
    assert len(answers) == 1
    harness.world.assert_clean(ignore=(*FINE, "bad_edit"))


async def test_plain_words_whose_answer_was_lost_are_found_though_their_markup_is_not_read(
    harness: ChannelHarness,
) -> None:
    number, faults = await opened(harness), harness.world.faults
    facts = {"number": number, "reason": "<b>cable", "closes": None}
    told = harness.delivery("text", harness.anna.chat, key="ticket.closed_reason", facts=facts)
    odd = "Bad Request: can't parse entities: odd"
    faults.error(400, method="sendMessage", description=odd)
    faults.cut(method="sendMessage")
    left = await harness.carry(told)
    assert left.error is not None and left.error.uncertain
    before = len(harness.anna.chat.bot_messages)
    faults.error(400, method="editMessageText", description=odd)
    found = await harness.channel.was_delivered(told)
    assert found is not None and found.message_refs == (str(harness.anna.chat.last.id),)
    assert len(harness.anna.chat.bot_messages) == before
    harness.world.assert_clean(ignore=FINE)


@pytest.mark.parametrize("fault", ["error", "garbage", "drop"])
async def test_what_never_arrived_is_sent_again(harness: ChannelHarness, fault: str) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    getattr(harness.world.faults, fault)(method="sendMessage")
    delivery = await lost(harness)
    assert await harness.channel.was_delivered(delivery) is None
    await harness.carry(delivery)
    assert harness.anna.chat.last.text == "Restart it"
    harness.world.assert_clean(ignore=FINE)


async def test_an_album_whose_answer_was_lost_is_found_whole(harness: ChannelHarness) -> None:
    number = await opened(harness)
    for message in harness.anna.send_album(["photo", "photo", "photo"]).result:
        await harness.hear(message, number=number)
    harness.world.faults.cut(method="sendMediaGroup")
    delivery = await lost(harness)
    found = await harness.channel.was_delivered(delivery)
    assert (
        found is not None and len(found.message_refs) == 3 and len(set(found.note["messages"])) == 3
    )
    harness.world.assert_clean(ignore=FINE)


async def test_a_parcel_in_parts_goes_on_where_it_stopped(harness: ChannelHarness) -> None:
    number = await opened(harness)
    harness.group.history.pop(card(harness).id)
    await harness.hear(harness.anna.send_sticker().result, number=number)
    harness.world.faults.flood(1, method="sendSticker")
    delivery = await harness.next()
    assert delivery is not None
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.reason == "flood"
    await asyncio.sleep(1.1)
    left = await harness.carry(delivery)
    assert left.sent is not None and len(left.sent.message_refs) == 2
    kinds = [m.kind for m in harness.group.bot_messages]
    assert kinds == ["text", "sticker"]


async def test_a_part_whose_answer_was_lost_is_found_and_the_rest_is_added(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    harness.group.history.pop(card(harness).id)
    await harness.hear(harness.anna.send_sticker().result, number=number)
    harness.world.faults.cut(method="sendMessage")
    delivery = await harness.next()
    assert delivery is not None
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    found = await harness.channel.was_delivered(delivery)
    assert found is not None and len(found.message_refs) == 2
    assert [m.kind for m in harness.group.bot_messages] == ["text", "sticker"]


async def test_a_part_that_stands_is_known_when_a_mistake_of_ours_stops_the_next(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await opened(harness)
    harness.group.history.pop(card(harness).id)
    await harness.hear(harness.anna.send_sticker().result, number=number)
    delivery, call = await harness.next(), Gateway.call
    assert delivery is not None

    async def stumbles(gateway: Gateway, method: Any) -> Any:
        if isinstance(method, SendSticker) and method.reply_parameters is None:
            raise StoreUnreachable("locked")
        return await call(gateway, method)

    with monkeypatch.context() as stumbling, pytest.raises(StoreUnreachable):
        stumbling.setattr(Gateway, "call", stumbles)
        await harness.carry(delivery)
    found = await harness.channel.was_delivered(delivery)
    assert found is not None and len(found.message_refs) == 2
    assert [m.kind for m in harness.group.bot_messages] == ["text", "sticker"]
