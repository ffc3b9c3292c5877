"""What goes wrong on the way, and what becomes of it."""

import asyncio
import time

import pytest

from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway, make_bot
from core.delivery.courier import Courier
from core.setup.desk_health import take_lead
from core.tickets.delivery_results import FOLLOW_UPS
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import FINE
from tests.channels.telegram.test_channel import card, opened
from tests.rounds import best_of


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
