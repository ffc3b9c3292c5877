"""What goes wrong on the way, and what becomes of it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest
from aiogram import Bot
from aiogram.methods import SendSticker

from bot.polling import row_of
from channels.telegram import talk
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.delivery_probe import AHEAD
from channels.telegram.client.gateway import Gateway, make_bot
from core import inbox
from core.db import StoreUnreachable
from core.delivery import outbox_store
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.courier import Courier
from core.desk import Desk
from core.setup.desk_health import take_lead
from core.tickets.classification import retitle
from core.tickets.delivery_results import FOLLOW_UPS
from core.tickets.lifecycle import take
from core.tickets.sweep import sweep
from sandbox import Chat
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.test_channel import card, opened
from tests.rounds import best_of

FINE = ("not_modified",)


async def lost(harness: ChannelHarness) -> Any:
    """Send the next delivery, whose answer gets lost."""
    delivery = await harness.next()
    assert delivery is not None
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    return delivery


async def settle_lost(harness: ChannelHarness, delivery: Any) -> None:
    found = await harness.channel.was_delivered(delivery)
    assert found is not None
    await harness.end(delivery, found)
    await harness.pump()


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


async def next_life(harness: ChannelHarness) -> TelegramChannel:
    """The channel of a new process, which knows only what is stored."""
    harness.restart()
    await harness.channel.recall()
    return harness.channel


async def interrupted(harness: ChannelHarness) -> Delivery:
    """The row that the killed process was sending."""
    (delivery,) = await harness.desk.read(outbox_store.find_interrupted)
    return delivery


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


async def test_what_was_lost_among_many_words_of_others_is_found(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.hear(harness.anna.say("and the yard one").result, number=number)
    delivery = await harness.next()
    assert delivery is not None
    for _ in range(30):  # more than an end of a chat is long, and the desk has not heard of it
        _ = harness.oleg.say(harness.group, "talk").result
    harness.world.faults.cut(method="sendMessage")
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is not None


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_new_process_asks_nothing_about_what_people_are_known_to_have_written_since(
    harness: ChannelHarness, arrived: bool
) -> None:
    """The one before has stored it: each look would be a call, and the group silent meanwhile."""
    number = await opened(harness)
    await harness.hear(harness.anna.say("and the yard one").result, number=number)
    if arrived:
        harness.world.faults.cut(method="sendMessage")
        await lost(harness)
    else:
        assert await harness.next() is not None
    for place in (harness.group, harness.oleg.chat):
        said = [harness.oleg.say(place, "talk").result for _ in range(200)]
        told = [{"update_id": m.id, "message": m.to_json()} for m in said]
        rows = [row for update in told if (row := row_of(update)) is not None]
        await harness.desk.run(inbox.store, f"telegram:{place.id}", rows)
    harness.world.updates.clear()
    channel, before = await next_life(harness), harness.world.stats.calls["editMessageReplyMarkup"]
    found = await channel.was_delivered(await interrupted(harness))
    assert (found is not None) is arrived
    assert harness.world.stats.calls["editMessageReplyMarkup"] - before <= AHEAD


async def lost_behind(harness: ChannelHarness, place: Chat, words: int) -> Delivery:
    """An answer to Anna is lost: it stands behind words that Telegram has, and the desk has not."""
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    delivery = await harness.next()
    assert delivery is not None
    for _ in range(words):
        _ = harness.oleg.say(place, "talk").result
    harness.world.faults.cut(method="sendMessage")
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    return delivery


async def store_what_waits(harness: ChannelHarness) -> None:
    """The poller does so; nobody handles it yet."""
    waits = [json.loads(update.body) for update in harness.world.updates.queue]
    rows = [row for update in waits if (row := row_of(update)) is not None]
    await harness.desk.run(inbox.store, "telegram:1", rows)
    harness.world.updates.clear()


async def test_what_was_lost_behind_words_that_nobody_has_read_is_found(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Private chats have one counter: from one chat nobody sees what was written in the others."""
    monkeypatch.setattr(talk, "ASKED", 0)
    delivery = await lost_behind(harness, harness.oleg.chat, 3 * AHEAD)
    found = await harness.channel.was_delivered(delivery)
    assert found is not None and found.message_refs == (str(harness.anna.chat.last.id),)


async def test_what_nobody_has_handled_yet_costs_no_calls(harness: ChannelHarness) -> None:
    delivery = await lost_behind(harness, harness.oleg.chat, 3 * AHEAD)
    calls = harness.world.stats.calls
    with pytest.raises(SendError) as left:
        await harness.channel.was_delivered(delivery)
    assert (left.value.reason, left.value.retry_after) == ("busy", talk.PAUSE)
    assert not calls["editMessageReplyMarkup"]
    await store_what_waits(harness)
    assert await harness.channel.was_delivered(delivery) is not None
    assert 0 < calls["editMessageReplyMarkup"] <= AHEAD


async def test_a_search_that_was_broken_off_goes_on_where_it_stopped(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A long one would never come to its end where every hundredth call fails."""
    monkeypatch.setattr(talk, "ASKED", 0)
    delivery = await lost_behind(harness, harness.oleg.chat, 3 * AHEAD)
    harness.world.faults.error(500, method="editMessageReplyMarkup", after=2 * AHEAD)
    with pytest.raises(SendError):
        await harness.channel.was_delivered(delivery)
    calls = harness.world.stats.calls
    before = calls["editMessageReplyMarkup"]
    assert before >= 2 * AHEAD
    assert await harness.channel.was_delivered(delivery) is not None
    assert calls["editMessageReplyMarkup"] - before < 2 * AHEAD


async def test_what_nobody_reads_keeps_a_lost_answer_waiting_not_for_ever(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "ASKED", 3)
    delivery = await lost_behind(harness, harness.oleg.chat, 3 * AHEAD)
    for _ in range(3):
        with pytest.raises(SendError):
            await harness.channel.was_delivered(delivery)
    assert await harness.channel.was_delivered(delivery) is not None


async def test_an_update_that_cannot_be_read_keeps_no_process_from_beginning(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.hear(harness.anna.say("and the yard one").result, number=number)
    assert await harness.next() is not None
    torn = inbox.Raw("1", "chat", '{"message": {"chat"')
    await harness.desk.run(inbox.store, "telegram:1", [torn])
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None


async def test_what_stands_far_behind_the_newest_is_found_by_its_mark(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    harness.world.faults.cut(method="sendMessage")
    await lost(harness)
    channel = await next_life(harness)
    for _ in range(400):  # an hour of lives too short to find out
        said = harness.anna.say("Are you there?").result
        channel._gateway.known_ids.note(harness.anna.id, said.id)
    harness.world.updates.clear()
    found = await channel.was_delivered(await interrupted(harness))
    assert found is not None
    assert [
        harness.anna.chat.history[int(message_ref)].text for message_ref in found.message_refs
    ] == ["Restart it"]


async def test_a_new_process_that_knows_little_does_not_look_for_ever(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    for _ in range(400):
        harness.anna.chat.next_id()
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    claimed = await harness.next()
    assert claimed is not None
    delivery = replace(claimed, probe_context={})
    channel = await next_life(harness)
    channel._gateway.known_ids.note(harness.anna.id, harness.anna.say("meanwhile").result.id)
    assert await channel.was_delivered(delivery) is None
    assert harness.world.stats.calls["editMessageReplyMarkup"] < 200


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


async def test_a_flood_holds_one_chat_and_not_the_others(harness: ChannelHarness) -> None:
    number = await opened(harness)

    async def others_are_served_after() -> float:
        harness.world.faults.flood(2, method="sendMessage", chat=harness.anna)
        began = time.monotonic()
        await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
        delivery = await harness.next()
        assert delivery is not None
        left = await harness.carry(delivery)
        assert left.error is not None and left.error.retry_after == 2
        await harness.carry(harness.delivery("card", harness.alerts, ticket_id=number))
        others = time.monotonic() - began
        await harness.carry(delivery)
        assert time.monotonic() - began >= 2
        assert harness.anna.chat.last.text == "Restart it"
        return others

    assert await best_of(others_are_served_after, 1) < 1
    harness.world.assert_clean()


async def test_a_direct_answer_waits_a_flood_out(harness: ChannelHarness) -> None:
    harness.world.faults.flood(1, method="sendMessage", times=2)
    began = time.monotonic()
    await harness.bot.send_message(harness.anna.id, "menu")
    assert time.monotonic() - began >= 2
    harness.world.assert_clean()


async def test_a_customer_who_blocked_the_bot_is_told_of_once(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.anna.block_bot()
    written = harness.oleg.say(harness.group, "Restart it").result
    await harness.answer(number, written)
    lefts = await harness.pump()
    errors = [left.error for left in lefts if left.error]
    assert [(error.reason, error.permanent) for error in errors] == [("blocked", True)]
    failed = harness.group.find("Не доставлено")
    assert failed.text == (
        f"Не доставлено по #{number}: бот заблокирован. 👤 Anna. Чем ещё связаться: /who {number}"
    )
    assert failed.reply_to is written and failed.buttons == ["Повторить"]
    assert "бот заблокирован" in card(harness).text
    harness.world.assert_clean()


async def test_a_group_that_moved_says_where_to(harness: ChannelHarness) -> None:
    small = harness.world.group("Small", members=[harness.oleg], bot="admin")
    number = await opened(harness)
    big = small.migrate()
    left = await harness.carry(harness.delivery("card", small, ticket_id=number))
    assert left.error is not None
    assert left.error.moved_to == str(getattr(big, "result", big).id)


async def test_without_the_right_to_write_nothing_is_lost(harness: ChannelHarness) -> None:
    number = await opened(harness)
    channel = harness.world.channel("Locked", bot={"can_post_messages": False})
    left = await harness.carry(harness.delivery("card", channel, ticket_id=number))
    assert left.error is not None and left.error.configuration and not left.error.permanent


async def test_a_wrong_token_stops_the_channel(harness: ChannelHarness) -> None:
    bot = make_bot("42:WRONG", harness.world.api_url)
    channel = TelegramChannel(Gateway(bot, harness.gateway.pacer), harness.desk, harness.texts)
    number = await opened(harness)
    delivery = harness.delivery("card", harness.alerts, ticket_id=number)
    with pytest.raises(Exception) as caught:
        await channel.send(delivery)
    assert getattr(caught.value, "configuration", False)
    assert "WRONG" not in str(caught.value)
    await bot.session.close()


async def test_a_server_out_of_reach_is_no_riddle(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.world.server.close()
    left = await harness.carry(harness.delivery("card", harness.alerts, ticket_id=number))
    assert left.error is not None and left.error.reason == "network"
    assert not left.error.uncertain and not left.error.permanent
    await harness.world.server.start()


async def test_changes_of_what_is_gone_are_done(harness: ChannelHarness) -> None:
    number = await opened(harness)
    added = harness.anna.say("and the yard one").result
    await harness.hear(added, number=number)
    await harness.pump()
    harness.group.history.pop(harness.group.last.id)
    for kind in ("edit", "delete"):
        left = await harness.carry(
            harness.delivery(kind, harness.group, ticket_id=number, message_id=2)
        )
        assert left.error is None
    reaction = harness.delivery("reaction", harness.group, facts={"emoji": "👌", "reply": 99_999})
    assert (await harness.carry(reaction)).error is None


async def test_markup_that_telegram_does_not_read_goes_as_plain_words(
    harness: ChannelHarness,
) -> None:
    harness.world.faults.error(
        400, method="sendMessage", description="Bad Request: can't parse entities: odd"
    )
    number = await harness.open(harness.anna.say("a <b> c").result)
    await harness.pump()
    assert f"#{number} · Обращение" in card(harness).text and "a <b> c" in card(harness).text
    assert card(harness).entities == [] or not card(harness).entity_texts("bold")
    harness.world.assert_clean()


async def test_the_courier_and_the_channel_agree(harness: ChannelHarness) -> None:
    """Lost answers on every tenth call, a flood and errors: each thing stands there once."""
    from core.desk import utc_now

    harness.desk.clock = utc_now
    harness.world.faults.cut(times=2, method="sendMessage", after=3)
    harness.world.faults.error(500, times=2, after=6)
    harness.world.faults.flood(1, chat=harness.group, after=4)
    courier = Courier(
        harness.desk, {"telegram": harness.channel}, harness.gateway.pacer, FOLLOW_UPS
    )
    running = asyncio.create_task(courier.run())
    numbers = [await harness.open(harness.anna.say(f"Trouble {n}").result) for n in range(4)]
    for number in numbers:
        await harness.answer(number, harness.oleg.say(harness.group, f"Answer {number}").result)

    def everything() -> bool:
        told = [m.text for m in harness.anna.chat.bot_messages]
        receipts_seen = [m for m in harness.group.messages if m.bot_reactions == ["👌"]]
        return len(receipts_seen) == 4 and sum("Answer" in text for text in told) >= 4

    def all_green() -> bool:
        cards = [m.text for m in harness.group.bot_messages if "Trouble" in m.text]
        return len(cards) >= 4 and all("🟢" in text for text in cards)

    await harness.world.until(everything, timeout=40)
    await harness.world.until(all_green, timeout=20)
    await courier.stop()
    running.cancel()
    told = [m.text for m in harness.anna.chat.bot_messages]
    assert len([text for text in told if "Answer" in text]) == 4
    assert len([text for text in told if "принято" in text]) == 4
    cards = [m for m in harness.group.bot_messages if "Trouble" in m.text]
    assert len(cards) == 4 and all("🟢" in m.text for m in cards)
    harness.world.assert_clean(ignore=(*FINE, "bad_edit"))


async def test_who_takes_over_finds_out_what_the_process_before_has_left(
    harness: ChannelHarness,
) -> None:
    """Its address gets nothing else until that is known (R23)."""
    await harness.open(await harness.anna.say("It does not work"))
    await harness.desk.run(take_lead, "the one before")
    left = await harness.next()
    assert left is not None  # claimed, and nobody knows whether it was sent
    assert not harness.app.courier.is_busy(left.address)
    await harness.app._take_over()
    assert harness.app.courier.is_busy(left.address)
    await harness.app.courier.stop(0.1)
