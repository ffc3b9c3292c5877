"""A lost message is looked for behind what stands there, also in a chat in which the desk says
little (R6): a channel of alerts is quiet while a group is busy.
"""

import pytest
from sqlalchemy import text

from core.delivery import outbox_retention, probe_contexts, sent_messages
from core.delivery.channel import Delivery
from core.tickets.sweep import sweep
from core.tx import Tx
from sandbox import Message
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.lost_answers import interrupted, next_life


@pytest.fixture(autouse=True)
def busy_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process recalls no more than what was said last, which was said elsewhere."""
    monkeypatch.setattr(sent_messages, "RECALLED", 1)
    monkeypatch.setattr(probe_contexts, "ENOUGH", 1)


async def next_alert(harness: ChannelHarness) -> Delivery:
    """Another ticket is late: all else leaves, and its alert is claimed."""
    await harness.open(harness.anna.say("The camera is dark").result)
    await harness.pump()
    harness.clock.move(days=8)
    await harness.desk.run(sweep)
    here = str(harness.alerts.id)
    while (delivery := await harness.next()) is not None and delivery.address != here:
        await harness.carry(delivery)
    assert delivery is not None and delivery.kind == "text"
    return delivery


async def one_alert(harness: ChannelHarness) -> Message:
    """An alert that stands in the channel of alerts, and much that was said elsewhere since."""
    await harness.carry(await next_alert(harness))
    await harness.pump()
    await harness.open(harness.anna.say("And the yard one").result)
    await harness.pump()
    return harness.alerts.last


def looks(message: Message) -> tuple[object, ...]:
    """All that a search could have changed about it."""
    return message.text, message.inline_keyboard, len(message.revisions), message.deleted


async def earlier_alert(
    harness: ChannelHarness, *, forgotten: bool
) -> tuple[Message, tuple[object, ...]]:
    """An alert that an earlier process has posted, and how it looks; ``forgotten``: deliveries are,
    as where somebody was erased.
    """
    earlier = await one_alert(harness)
    if forgotten:
        await harness.desk.run(outbox_retention.forget_ended, 0, 10_000, 10_000)
    await next_life(harness)
    return earlier, looks(earlier)


@pytest.mark.parametrize("forgotten", [False, True])
async def test_an_alert_that_was_not_sent_is_not_found_in_an_earlier_one(
    harness: ChannelHarness, forgotten: bool
) -> None:
    earlier, looked = await earlier_alert(harness, forgotten=forgotten)
    await next_alert(harness)  # claimed, and the process is killed before it is sent
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    assert looks(earlier) == looked


@pytest.mark.parametrize("forgotten", [False, True])
async def test_an_alert_whose_answer_was_lost_is_found_behind_the_earlier_one(
    harness: ChannelHarness, forgotten: bool
) -> None:
    earlier, looked = await earlier_alert(harness, forgotten=forgotten)
    delivery = await next_alert(harness)
    harness.world.faults.cut(method="sendMessage")
    left = await harness.carry(delivery)
    assert left.error is not None and left.error.uncertain
    channel = await next_life(harness)
    found = await channel.was_delivered(await interrupted(harness))
    assert found is not None and found.message_refs == (str(harness.alerts.last.id),)
    assert looks(earlier) == looked


async def test_what_was_posted_of_no_ticket_is_not_overwritten_by_a_search(
    harness: ChannelHarness,
) -> None:
    """Nothing is written down of it; the process that posted it noted its number with what it
    claimed later.
    """
    await one_alert(harness)
    await harness.gateway.bot.send_message(harness.alerts.id, "The week in numbers")
    posted = harness.alerts.last
    await harness.open(harness.anna.say("And the gate").result)
    await harness.pump()
    await next_life(harness)
    await next_alert(harness)
    channel = await next_life(harness)
    assert await channel.was_delivered(await interrupted(harness)) is None
    assert posted.inline_keyboard is None and not posted.revisions and not posted.deleted


async def test_a_backlog_does_not_hide_what_the_process_before_knew(
    harness: ChannelHarness,
) -> None:
    """Rows that have not left have nothing noted."""
    await one_alert(harness)
    await harness.gateway.bot.send_message(harness.alerts.id, "The week in numbers")
    newest = harness.alerts.last.id
    await harness.open(harness.anna.say("And the gate").result)
    await harness.pump()
    await harness.open(harness.anna.say("And the fence").result)  # its rows wait
    channel = await next_life(harness)
    assert channel.probe_context()["newest"][str(harness.alerts.id)] == newest


async def test_what_another_bot_knew_of_private_chats_is_not_taken_over(
    harness: ChannelHarness,
) -> None:
    """Each bot counts them by itself: above a mark of another one nothing would be found."""
    await one_alert(harness)
    await note(harness, '{"newest": {"shared": 500000}}')
    channel = await next_life(harness)
    assert channel.probe_context()["newest"]["shared"] < 500000


@pytest.mark.parametrize("broken", ["{", "7", "null"])
async def test_a_note_that_cannot_be_read_keeps_no_process_from_beginning(
    harness: ChannelHarness, broken: str
) -> None:
    await one_alert(harness)
    await note(harness, broken)
    await next_life(harness)


async def note(harness: ChannelHarness, context: str) -> None:
    """Let this be noted with the newest row."""
    change = text(
        "UPDATE outbox SET probe_context = :noted WHERE id = (SELECT max(id) FROM outbox)"
    )

    async def noted(tx: Tx) -> None:
        await tx.session.execute(change, {"noted": context})

    await harness.desk.run(noted)
