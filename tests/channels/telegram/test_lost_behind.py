"""What was lost behind the words of others: how far it is looked for, and by what (R6)."""

import json
from dataclasses import replace

import pytest

from bot.polling import row_of
from channels.telegram import talk
from channels.telegram.client.delivery_probe import AHEAD
from core import inbox
from core.delivery.channel import Delivery, SendError
from sandbox import Chat
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import interrupted, lost, next_life
from tests.channels.telegram.test_channel import opened


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
