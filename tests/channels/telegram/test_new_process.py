"""A new process finds what the killed one had sent, and takes nothing else for it (R6)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from aiogram import Bot

from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway, make_bot
from core.db import StoreUnreachable
from core.delivery import outbox_store
from core.delivery.channel import SendError, Sent
from core.desk import Desk
from core.tickets.classification import retitle
from core.tickets.lifecycle import take
from core.tickets.sweep import sweep
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import FINE, interrupted, lost, next_life, settle_lost
from tests.channels.telegram.test_channel import card, opened


async def test_a_new_process_finds_what_the_killed_one_had_sent(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    harness.world.faults.cut(method="sendMessage")
    delivery = await lost(harness)
    bot = make_bot(harness.world.token, harness.world.api_url)
    gateway = Gateway(bot, harness.gateway.pacer)
    channel = TelegramChannel(gateway, harness.desk, harness.texts)
    found = await channel.was_delivered(delivery)
    assert found is not None and found.message_refs == (str(harness.anna.chat.last.id),)
    await bot.session.close()


async def test_a_new_process_finds_a_card_whose_ticket_has_changed(harness: ChannelHarness) -> None:
    number = await harness.open(harness.anna.say("The camera is dark").result)
    harness.world.faults.cut(method="sendMessage")
    await lost(harness)
    await harness.as_operator(lambda tx: take(tx, number))
    await next_life(harness)
    await settle_lost(harness, await interrupted(harness))
    assert len(harness.group.bot_messages) == 1
    assert "👷 Oleg" in card(harness).text
    assert "Взять" not in card(harness).buttons
    harness.world.assert_clean(ignore=FINE)


async def test_a_found_card_shows_what_has_changed_in_its_words_alone(
    harness: ChannelHarness,
) -> None:
    number = await harness.open(harness.anna.say("The camera is dark").result)
    harness.world.faults.cut(method="sendMessage")
    await lost(harness)
    await harness.as_operator(lambda tx: retitle(tx, number, "Camera 7"))
    await next_life(harness)
    await settle_lost(harness, await interrupted(harness))
    assert len(harness.group.bot_messages) == 1 and "Camera 7" in card(harness).text


async def test_a_new_process_finds_an_alert_that_was_sent_before_the_card_stood(
    harness: ChannelHarness,
) -> None:
    await harness.open(harness.anna.say("The camera is dark").result)
    await harness.next()  # the card is on its way
    harness.clock.move(days=8)
    await harness.desk.run(sweep)
    while (delivery := await harness.next()) is not None and delivery.key != "alert.overdue":
        await harness.end(delivery, Sent())
    assert delivery is not None
    harness.world.faults.cut(method="sendMessage")
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    standing, sent = await harness.desk.read(outbox_store.find_interrupted)
    assert (standing.kind, sent.key) == ("card", "alert.overdue")
    await harness.carry(standing)
    channel = await next_life(harness)
    assert await channel.was_delivered(sent) is not None


async def test_a_card_that_was_not_begun_is_not_looked_for(harness: ChannelHarness) -> None:
    await harness.open(harness.anna.say("The camera is dark").result)
    await harness.next()
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    assert not harness.world.stats.calls["editMessageReplyMarkup"]


async def test_a_new_process_takes_nothing_that_stood_there_for_what_was_lost(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    await next_life(harness)
    await harness.pump()
    await harness.answer(number, harness.oleg.say(harness.group, "And the switch").result)
    await next_life(harness)
    await harness.next()  # claimed, and killed before it was sent
    channel = await next_life(harness)
    delivery = await interrupted(harness)
    assert delivery.kind == "content"
    assert await channel.was_delivered(delivery) is None


@asynccontextmanager
async def doomed(harness: ChannelHarness) -> AsyncIterator[Bot]:
    """A bot that answers somebody directly, in a process that keeps no memory of it."""
    bot = make_bot(harness.world.token, harness.world.api_url)
    yield bot
    await bot.session.close()


async def told(harness: ChannelHarness, what: str) -> list[str]:
    """Let what waits leave; how often these words stand with Anna."""
    await harness.pump()
    return [m.text for m in harness.anna.chat.bot_messages if what in m.text and not m.deleted]


async def test_what_a_killed_process_said_besides_is_not_taken_for_a_lost_answer(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    delivery = await harness.next()  # claimed, and killed before it was sent
    assert delivery is not None and delivery.kind == "content"
    async with doomed(harness) as bot:
        await bot.send_message(harness.anna.id, "What this bot can do")
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    await harness.carry(delivery)
    assert await told(harness, "Restart it") == ["Restart it"]


async def test_a_lost_answer_is_found_behind_what_a_killed_process_said_besides(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    delivery = await harness.next()
    assert delivery is not None
    async with doomed(harness) as bot:
        await bot.send_message(harness.anna.id, "What this bot can do")
    harness.world.faults.cut(method="sendMessage")
    left = await harness.carry(delivery)
    stands = harness.anna.chat.last
    assert left.error is not None and left.error.uncertain
    channel = await next_life(harness)
    found = await channel.was_delivered(await interrupted(harness))
    assert found is not None and found.message_refs == (str(stands.id),)
    assert await told(harness, "Restart it") == ["Restart it"]


async def test_what_a_search_has_overwritten_is_not_what_it_looks_for_when_it_begins_again(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    delivery = await harness.next()
    assert delivery is not None
    async with doomed(harness) as bot:
        await bot.send_message(harness.anna.id, "What this bot can do")
    harness.world.faults.cut(method="sendMessage")
    await harness.carry(delivery)
    stands = harness.anna.chat.last
    harness.world.faults.error(500, method="editMessageReplyMarkup", after=1)
    with pytest.raises(SendError):
        await harness.channel.was_delivered(delivery)
    found = await harness.channel.was_delivered(delivery)
    assert found is not None and found.message_refs == (str(stands.id),)
    assert await told(harness, "Restart it") == ["Restart it"]


async def test_what_was_found_is_not_forgotten_while_the_database_is_away(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found once, it is known, and no search would look at it again."""
    await harness.open(harness.anna.say("The camera is dark").result)
    harness.world.faults.cut(method="sendMessage")
    await lost(harness)
    channel, read = await next_life(harness), Desk.read
    delivery = await interrupted(harness)
    asked, fails_at, found = 0, 0, None

    async def away(desk: Desk, what: Any, *given: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == fails_at:
            raise StoreUnreachable("locked")
        return await read(desk, what, *given)

    monkeypatch.setattr(Desk, "read", away)
    while found is None:  # each of the questions fails once, the others before it do not
        asked, fails_at = 0, fails_at + 1
        with suppress(StoreUnreachable):
            found = await channel.was_delivered(delivery)
            assert found is not None
    assert fails_at > 3 and found.message_refs == (str(harness.group.last.id),)
    assert found.note["digest"]


async def test_pictures_are_told_from_what_a_killed_process_said_besides(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.send_photo(harness.group, caption="Like so").result)
    await harness.next()  # claimed, and killed before it was sent
    async with doomed(harness) as bot:
        menu = await bot.send_message(harness.anna.id, "What this bot can do")
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    assert harness.anna.chat.history[menu.message_id].text == "What this bot can do"


async def test_an_album_that_stands_in_part_is_said_again_whole(harness: ChannelHarness) -> None:
    number = await opened(harness)
    for message in harness.anna.send_album(["photo", "photo", "photo"]).result:
        await harness.hear(message, number=number)
    harness.world.faults.cut(method="sendMediaGroup")
    delivery = await lost(harness)
    first, second, third = harness.group.bot_messages[-3:]
    await harness.bot.delete_message(harness.group.id, second.id)
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    assert first.deleted and third.deleted
    left = await harness.carry(delivery)
    assert left.sent is not None and len(left.sent.message_refs) == 3
