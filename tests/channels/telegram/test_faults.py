"""What goes wrong on the way, and what becomes of it."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from aiogram import Bot

from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway, make_bot
from core.delivery import outbox_store
from core.delivery.channel import Delivery, Sent
from core.delivery.courier import Courier
from core.tickets.classification import retitle
from core.tickets.delivery_results import FOLLOW_UPS
from core.tickets.lifecycle import take
from core.tickets.sweep import sweep
from tests.channels.telegram.house import House
from tests.channels.telegram.test_channel import card, opened

FINE = ("not_modified",)


async def lost(house: House) -> Any:
    """Send the next parcel, whose answer gets lost."""
    delivery = await house.next()
    assert delivery is not None
    left = await house.carry(delivery)
    assert left.error is not None and left.error.uncertain
    return delivery


async def settle_lost(house: House, delivery: Any) -> None:
    found = await house.channel.was_delivered(delivery)
    assert found is not None
    await house.end(delivery, found)
    await house.pump()


async def test_a_card_whose_answer_was_lost_is_found(house: House) -> None:
    number = await house.open(house.anna.say("The camera is dark").result)
    house.world.faults.cut(method="sendMessage")
    delivery = await lost(house)
    await settle_lost(house, delivery)
    assert len(house.group.bot_messages) == 1
    await house.as_operator(lambda tx: take(tx, number))
    await house.pump()
    assert "👷 Oleg" in card(house).text and len(house.group.bot_messages) == 1
    house.world.assert_clean(ignore=FINE)


async def test_an_answer_whose_answer_was_lost_is_not_doubled(house: House) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    house.world.faults.cut(method="sendMessage")
    delivery = await lost(house)
    await house.anna.say("meanwhile")
    await settle_lost(house, delivery)
    answers = [m for m in house.anna.chat.bot_messages if m.text == "Restart it"]
    assert len(answers) == 1
    house.world.assert_clean(ignore=(*FINE, "bad_edit"))


@pytest.mark.parametrize("fault", ["error", "garbage", "drop"])
async def test_what_never_arrived_is_sent_again(house: House, fault: str) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    getattr(house.world.faults, fault)(method="sendMessage")
    delivery = await lost(house)
    assert await house.channel.was_delivered(delivery) is None
    await house.carry(delivery)
    assert house.anna.chat.last.text == "Restart it"
    house.world.assert_clean(ignore=FINE)


async def test_an_album_whose_answer_was_lost_is_found_whole(house: House) -> None:
    number = await opened(house)
    for message in house.anna.send_album(["photo", "photo", "photo"]).result:
        await house.hear(message, number=number)
    house.world.faults.cut(method="sendMediaGroup")
    delivery = await lost(house)
    found = await house.channel.was_delivered(delivery)
    assert (
        found is not None and len(found.message_refs) == 3 and len(set(found.note["messages"])) == 3
    )
    house.world.assert_clean(ignore=FINE)


async def test_a_new_process_finds_what_the_killed_one_had_sent(house: House) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    house.world.faults.cut(method="sendMessage")
    delivery = await lost(house)
    bot = make_bot(house.world.token, house.world.api_url)
    gateway = Gateway(bot, house.gateway.pacer)
    channel = TelegramChannel(gateway, house.desk, house.texts)
    found = await channel.was_delivered(delivery)
    assert found is not None and found.message_refs == (str(house.anna.chat.last.id),)
    await bot.session.close()


async def next_life(house: House) -> TelegramChannel:
    """The channel of a new process, which knows only what is stored."""
    house.restart()
    await house.channel.recall()
    return house.channel


async def interrupted(house: House) -> Delivery:
    """The row that the killed process was sending."""
    (delivery,) = await house.desk.read(outbox_store.find_interrupted)
    return delivery


async def test_a_new_process_finds_a_card_whose_ticket_has_changed(house: House) -> None:
    number = await house.open(house.anna.say("The camera is dark").result)
    house.world.faults.cut(method="sendMessage")
    await lost(house)
    await house.as_operator(lambda tx: take(tx, number))
    await next_life(house)
    await settle_lost(house, await interrupted(house))
    assert len(house.group.bot_messages) == 1
    assert "👷 Oleg" in card(house).text
    assert "Взять" not in card(house).buttons
    house.world.assert_clean(ignore=FINE)


async def test_a_found_card_shows_what_has_changed_in_its_words_alone(house: House) -> None:
    number = await house.open(house.anna.say("The camera is dark").result)
    house.world.faults.cut(method="sendMessage")
    await lost(house)
    await house.as_operator(lambda tx: retitle(tx, number, "Camera 7"))
    await next_life(house)
    await settle_lost(house, await interrupted(house))
    assert len(house.group.bot_messages) == 1 and "Camera 7" in card(house).text


async def test_a_new_process_finds_an_alert_that_was_sent_before_the_card_stood(
    house: House,
) -> None:
    await house.open(house.anna.say("The camera is dark").result)
    await house.next()  # the card is on its way
    house.clock.move(days=8)
    await house.desk.run(sweep)
    while (delivery := await house.next()) is not None and delivery.key != "alert.overdue":
        await house.end(delivery, Sent())
    assert delivery is not None
    house.world.faults.cut(method="sendMessage")
    left = await house.carry(delivery)
    assert left.error is not None and left.error.uncertain
    standing, sent = await house.desk.read(outbox_store.find_interrupted)
    assert (standing.kind, sent.key) == ("card", "alert.overdue")
    await house.carry(standing)
    channel = await next_life(house)
    assert await channel.was_delivered(sent) is not None


async def test_a_card_that_was_not_begun_is_not_looked_for(house: House) -> None:
    await house.open(house.anna.say("The camera is dark").result)
    await house.next()
    channel = await next_life(house)
    assert await channel.was_delivered(await interrupted(house)) is None
    assert not house.world.stats.calls["editMessageReplyMarkup"]


async def test_a_new_process_takes_nothing_that_stood_there_for_what_was_lost(
    house: House,
) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    await next_life(house)
    await house.pump()
    await house.answer(number, house.oleg.say(house.group, "And the switch").result)
    await next_life(house)
    await house.next()  # claimed, and killed before it was sent
    channel = await next_life(house)
    delivery = await interrupted(house)
    assert delivery.kind == "content"
    assert await channel.was_delivered(delivery) is None


@asynccontextmanager
async def doomed(house: House) -> AsyncIterator[Bot]:
    """A bot that answers somebody directly, in a process that keeps no memory of it."""
    bot = make_bot(house.world.token, house.world.api_url)
    yield bot
    await bot.session.close()


async def told(house: House, what: str) -> list[str]:
    """Let what waits leave; how often these words stand with Anna."""
    await house.pump()
    return [m.text for m in house.anna.chat.bot_messages if what in m.text and not m.deleted]


async def test_what_a_killed_process_said_besides_is_not_taken_for_a_lost_answer(
    house: House,
) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    delivery = await house.next()  # claimed, and killed before it was sent
    assert delivery is not None and delivery.kind == "content"
    async with doomed(house) as bot:
        await bot.send_message(house.anna.id, "What this bot can do")
    channel = await next_life(house)
    assert await channel.was_delivered(await interrupted(house)) is None
    await house.carry(delivery)
    assert await told(house, "Restart it") == ["Restart it"]


async def test_a_lost_answer_is_found_behind_what_a_killed_process_said_besides(
    house: House,
) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    delivery = await house.next()
    assert delivery is not None
    async with doomed(house) as bot:
        await bot.send_message(house.anna.id, "What this bot can do")
    house.world.faults.cut(method="sendMessage")
    left = await house.carry(delivery)
    stands = house.anna.chat.last
    assert left.error is not None and left.error.uncertain
    channel = await next_life(house)
    found = await channel.was_delivered(await interrupted(house))
    assert found is not None and found.message_refs == (str(stands.id),)
    assert await told(house, "Restart it") == ["Restart it"]


async def test_pictures_are_told_from_what_a_killed_process_said_besides(house: House) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.send_photo(house.group, caption="Like so").result)
    await house.next()  # claimed, and killed before it was sent
    async with doomed(house) as bot:
        menu = await bot.send_message(house.anna.id, "What this bot can do")
    channel = await next_life(house)
    assert await channel.was_delivered(await interrupted(house)) is None
    assert house.anna.chat.history[menu.message_id].text == "What this bot can do"


async def test_an_album_that_stands_in_part_is_said_again_whole(house: House) -> None:
    number = await opened(house)
    for message in house.anna.send_album(["photo", "photo", "photo"]).result:
        await house.hear(message, number=number)
    house.world.faults.cut(method="sendMediaGroup")
    delivery = await lost(house)
    first, second, third = house.group.bot_messages[-3:]
    await house.bot.delete_message(house.group.id, second.id)
    channel = await next_life(house)
    assert await channel.was_delivered(await interrupted(house)) is None
    assert first.deleted and third.deleted
    left = await house.carry(delivery)
    assert left.sent is not None and len(left.sent.message_refs) == 3


async def test_what_was_lost_among_many_words_of_others_is_found(house: House) -> None:
    number = await opened(house)
    await house.hear(house.anna.say("and the yard one").result, number=number)
    delivery = await house.next()
    assert delivery is not None
    for _ in range(30):  # more than an end of a chat is long, and the desk has not heard of it
        _ = house.oleg.say(house.group, "talk").result
    house.world.faults.cut(method="sendMessage")
    left = await house.carry(delivery)
    assert left.error is not None and left.error.uncertain
    channel = await next_life(house)
    assert await channel.was_delivered(await interrupted(house)) is not None


async def test_what_stands_far_behind_the_newest_is_found_by_its_mark(house: House) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    house.world.faults.cut(method="sendMessage")
    await lost(house)
    channel = await next_life(house)
    for _ in range(400):  # an hour of lives too short to find out
        said = house.anna.say("Are you there?").result
        channel._gateway.known_ids.note(house.anna.id, said.id)
    found = await channel.was_delivered(await interrupted(house))
    assert found is not None
    assert [
        house.anna.chat.history[int(message_ref)].text for message_ref in found.message_refs
    ] == ["Restart it"]


async def test_a_new_process_that_knows_little_does_not_look_for_ever(house: House) -> None:
    number = await opened(house)
    for _ in range(400):
        house.anna.chat.next_id()
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    claimed = await house.next()
    assert claimed is not None
    delivery = replace(claimed, probe_context={})
    channel = await next_life(house)
    channel._gateway.known_ids.note(house.anna.id, house.anna.say("meanwhile").result.id)
    assert await channel.was_delivered(delivery) is None
    assert house.world.stats.calls["editMessageReplyMarkup"] < 200


async def test_a_parcel_in_parts_goes_on_where_it_stopped(house: House) -> None:
    number = await opened(house)
    house.group.history.pop(card(house).id)
    await house.hear(house.anna.send_sticker().result, number=number)
    house.world.faults.flood(1, method="sendSticker")
    delivery = await house.next()
    assert delivery is not None
    left = await house.carry(delivery)
    assert left.error is not None and left.error.reason == "flood"
    await asyncio.sleep(1.1)
    left = await house.carry(delivery)
    assert left.sent is not None and len(left.sent.message_refs) == 2
    kinds = [m.kind for m in house.group.bot_messages]
    assert kinds == ["text", "sticker"]


async def test_a_part_whose_answer_was_lost_is_found_and_the_rest_is_added(house: House) -> None:
    number = await opened(house)
    house.group.history.pop(card(house).id)
    await house.hear(house.anna.send_sticker().result, number=number)
    house.world.faults.cut(method="sendMessage")
    delivery = await house.next()
    assert delivery is not None
    left = await house.carry(delivery)
    assert left.error is not None and left.error.uncertain
    found = await house.channel.was_delivered(delivery)
    assert found is not None and len(found.message_refs) == 2
    assert [m.kind for m in house.group.bot_messages] == ["text", "sticker"]


async def test_a_flood_holds_one_chat_and_not_the_others(house: House) -> None:
    number = await opened(house)
    house.world.faults.flood(2, method="sendMessage", chat=house.anna)
    began = time.monotonic()
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    delivery = await house.next()
    assert delivery is not None
    left = await house.carry(delivery)
    assert left.error is not None and left.error.retry_after == 2
    await house.carry(house.delivery("card", house.alerts, ticket_id=number))
    assert time.monotonic() - began < 1
    await house.carry(delivery)
    assert time.monotonic() - began >= 2
    assert house.anna.chat.last.text == "Restart it"
    house.world.assert_clean()


async def test_a_direct_answer_waits_a_flood_out(house: House) -> None:
    house.world.faults.flood(1, method="sendMessage", times=2)
    began = time.monotonic()
    await house.bot.send_message(house.anna.id, "menu")
    assert time.monotonic() - began >= 2
    house.world.assert_clean()


async def test_a_customer_who_blocked_the_bot_is_told_of_once(house: House) -> None:
    number = await opened(house)
    await house.anna.block_bot()
    written = house.oleg.say(house.group, "Restart it").result
    await house.answer(number, written)
    lefts = await house.pump()
    errors = [left.error for left in lefts if left.error]
    assert [(error.reason, error.permanent) for error in errors] == [("blocked", True)]
    failed = house.group.find("Не доставлено")
    assert failed.text == (
        f"Не доставлено по #{number}: бот заблокирован. 👤 Anna. Чем ещё связаться: /who {number}"
    )
    assert failed.reply_to is written and failed.buttons == ["Повторить"]
    assert "бот заблокирован" in card(house).text
    house.world.assert_clean()


async def test_a_group_that_moved_says_where_to(house: House) -> None:
    small = house.world.group("Small", members=[house.oleg], bot="admin")
    number = await opened(house)
    big = small.migrate()
    left = await house.carry(house.delivery("card", small, ticket_id=number))
    assert left.error is not None
    assert left.error.moved_to == str(getattr(big, "result", big).id)


async def test_without_the_right_to_write_nothing_is_lost(house: House) -> None:
    number = await opened(house)
    channel = house.world.channel("Locked", bot={"can_post_messages": False})
    left = await house.carry(house.delivery("card", channel, ticket_id=number))
    assert left.error is not None and left.error.configuration and not left.error.permanent


async def test_a_wrong_token_stops_the_channel(house: House) -> None:
    bot = make_bot("42:WRONG", house.world.api_url)
    channel = TelegramChannel(Gateway(bot, house.gateway.pacer), house.desk, house.texts)
    number = await opened(house)
    delivery = house.delivery("card", house.alerts, ticket_id=number)
    with pytest.raises(Exception) as caught:
        await channel.send(delivery)
    assert getattr(caught.value, "configuration", False)
    assert "WRONG" not in str(caught.value)
    await bot.session.close()


async def test_a_server_out_of_reach_is_no_riddle(house: House) -> None:
    number = await opened(house)
    await house.world.server.close()
    left = await house.carry(house.delivery("card", house.alerts, ticket_id=number))
    assert left.error is not None and left.error.reason == "network"
    assert not left.error.uncertain and not left.error.permanent
    await house.world.server.start()


async def test_changes_of_what_is_gone_are_done(house: House) -> None:
    number = await opened(house)
    added = house.anna.say("and the yard one").result
    await house.hear(added, number=number)
    await house.pump()
    house.group.history.pop(house.group.last.id)
    for kind in ("edit", "delete"):
        left = await house.carry(house.delivery(kind, house.group, ticket_id=number, message_id=2))
        assert left.error is None
    reaction = house.delivery("reaction", house.group, facts={"emoji": "👌", "reply": 99_999})
    assert (await house.carry(reaction)).error is None


async def test_markup_that_telegram_does_not_read_goes_as_plain_words(house: House) -> None:
    house.world.faults.error(
        400, method="sendMessage", description="Bad Request: can't parse entities: odd"
    )
    number = await house.open(house.anna.say("a <b> c").result)
    await house.pump()
    assert f"#{number} · Обращение" in card(house).text and "a <b> c" in card(house).text
    assert card(house).entities == [] or not card(house).entity_texts("bold")
    house.world.assert_clean()


async def test_the_courier_and_the_channel_agree(house: House) -> None:
    """Lost answers on every tenth call, a flood and errors: each thing stands there once."""
    from core.desk import utc_now

    house.desk.clock = utc_now
    house.world.faults.cut(times=2, method="sendMessage", after=3)
    house.world.faults.error(500, times=2, after=6)
    house.world.faults.flood(1, chat=house.group, after=4)
    courier = Courier(house.desk, {"telegram": house.channel}, house.gateway.pacer, FOLLOW_UPS)
    running = asyncio.create_task(courier.run())
    numbers = [await house.open(house.anna.say(f"Trouble {n}").result) for n in range(4)]
    for number in numbers:
        await house.answer(number, house.oleg.say(house.group, f"Answer {number}").result)

    def everything() -> bool:
        told = [m.text for m in house.anna.chat.bot_messages]
        receipts_seen = [m for m in house.group.messages if m.bot_reactions == ["👌"]]
        return len(receipts_seen) == 4 and sum("Answer" in text for text in told) >= 4

    def all_green() -> bool:
        cards = [m.text for m in house.group.bot_messages if "Trouble" in m.text]
        return len(cards) >= 4 and all("🟢" in text for text in cards)

    await house.world.until(everything, timeout=40)
    await house.world.until(all_green, timeout=20)
    await courier.stop()
    running.cancel()
    told = [m.text for m in house.anna.chat.bot_messages]
    assert len([text for text in told if "Answer" in text]) == 4
    assert len([text for text in told if "принято" in text]) == 4
    cards = [m for m in house.group.bot_messages if "Trouble" in m.text]
    assert len(cards) == 4 and all("🟢" in m.text for m in cards)
    house.world.assert_clean(ignore=(*FINE, "bad_edit"))
