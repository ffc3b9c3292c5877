"""A bot whose private chats have topics: one for each ticket, in its customer's chat (X7)."""

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.private_topics import ASKED
from core.delivery.channel import Delivery, SendError
from core.delivery.private_topics import note_mode, note_named
from core.tickets.classification import retitle
from core.tickets.conversation import edit
from core.tickets.lifecycle import move
from core.tickets.private_topics import adopt_topic
from sandbox import Message
from sandbox.server.chat import Topic
from sandbox.server.topics import icon_of
from tests.channels.telegram.harness import ChannelHarness


@pytest.fixture
async def threaded(harness: ChannelHarness) -> ChannelHarness:
    """A desk whose bot has topics in private chats, as it knows by now."""
    await turn(harness, topics=True)
    return harness


async def turn(harness: ChannelHarness, *, topics: bool, known: bool | None = None) -> None:
    harness.world.context.options.private_topics = topics
    await harness.desk.run(lambda tx: note_mode(tx, on=topics if known is None else known))


async def opened(harness: ChannelHarness, text: str = "The camera is dark") -> int:
    number = await harness.open(harness.anna.say(text).result)
    await harness.pump()
    return number


async def answered(harness: ChannelHarness, number: int, text: str = "Restart it") -> Message:
    await harness.answer(number, harness.oleg.say(harness.group, text).result)
    await harness.pump()
    return harness.anna.chat.find(text)


def topics_of(harness: ChannelHarness) -> list[Topic]:
    return [topic for topic in harness.anna.chat.topics.values() if not topic.deleted]


def told(harness: ChannelHarness, topic: Topic | None) -> list[str]:
    thread = None if topic is None else topic.id
    return [m.text for m in harness.anna.chat.bot_messages if m.thread_id == thread]


async def first_for(harness: ChannelHarness, number: int) -> Delivery:
    """The first delivery to the ticket's customer; what is before it leaves."""
    while delivery := await harness.next():
        if delivery.person_id is not None and delivery.ticket_id == number:
            return delivery
        await harness.carry(delivery)
    raise AssertionError("nothing waits for the customer")


async def test_a_ticket_has_a_topic_called_by_the_customers_words(threaded: ChannelHarness) -> None:
    number = await opened(threaded)
    (topic,) = topics_of(threaded)
    assert (topic.name, icon_of(topic)) == (f"#{number} · The camera is dark", "💬")
    assert [text.startswith(f"Обращение #{number} принято") for text in told(threaded, topic)] == [
        True
    ]
    assert (await answered(threaded, number)).thread_id == topic.id
    assert told(threaded, None) == []
    threaded.world.assert_clean()


async def test_a_topic_never_shows_the_title(threaded: ChannelHarness) -> None:
    number = await opened(threaded)
    await threaded.as_operator(lambda tx: retitle(tx, number, "A rude customer"))
    await answered(threaded, number)
    assert [topic.name for topic in topics_of(threaded)] == [f"#{number} · The camera is dark"]


async def test_a_topic_shows_that_its_ticket_has_ended_and_goes_on_again(
    threaded: ChannelHarness,
) -> None:
    number = await opened(threaded)
    (topic,) = topics_of(threaded)
    await threaded.as_operator(lambda tx: move(tx, number, "cancel"))
    await threaded.pump()
    assert icon_of(topic) == "✅"
    await threaded.as_operator(lambda tx: move(tx, number, "reopen"))
    await threaded.pump()
    assert icon_of(topic) == "💬" and topics_of(threaded) == [topic]
    threaded.world.assert_clean()


async def test_a_ticket_that_its_customer_closes_ends_its_topic_too(
    threaded: ChannelHarness,
) -> None:
    number = await opened(threaded)
    await answered(threaded, number)
    await threaded.as_operator(lambda tx: move(tx, number, "resolve"))
    await threaded.pump()
    await threaded.hear(threaded.anna.say("да, всё работает", topic=topics_of(threaded)[0]).result)
    await threaded.pump()
    assert icon_of(topics_of(threaded)[0]) == "✅"


async def test_a_deleted_topic_is_made_again(threaded: ChannelHarness) -> None:
    number = await opened(threaded)
    (first,) = topics_of(threaded)
    await threaded.anna.chat.delete_topic(first)
    answer = await answered(threaded, number)
    (second,) = topics_of(threaded)
    assert second.name == first.name and answer.thread_id == second.id


async def test_a_topic_that_the_customer_began_is_the_tickets_and_gets_its_name(
    threaded: ChannelHarness,
) -> None:
    made = await threaded.anna.create_topic(threaded.anna.chat, "Новый чат", implicit=True)
    number = await threaded.open(threaded.anna.say("The camera is dark", topic=made).result)
    await threaded.pump()
    assert topics_of(threaded) == [made] and made.name == f"#{number} · The camera is dark"
    assert len(told(threaded, made)) == 1


async def test_a_name_that_a_person_gave_a_topic_stays(threaded: ChannelHarness) -> None:
    made = await threaded.anna.create_topic(threaded.anna.chat, "Моя камера")
    chat = chat_address(threaded.anna.id)
    await threaded.desk.run(note_named, chat, str(made.id))
    await threaded.open(threaded.anna.say("The camera is dark", topic=made).result)
    await threaded.pump()
    assert (made.name, icon_of(made)) == ("Моя камера", "💬")


async def test_a_topic_whose_answer_was_lost_is_found_by_what_telegram_tells(
    threaded: ChannelHarness,
) -> None:
    number = await threaded.open(threaded.anna.say("The camera is dark").result)
    threaded.world.faults.cut(method="createForumTopic")
    delivery = await first_for(threaded, number)
    assert (await threaded.carry(delivery)).error is not None
    with pytest.raises(SendError):
        await threaded.channel.was_delivered(delivery)
    (topic,) = topics_of(threaded)
    chat = chat_address(threaded.anna.id)
    assert await threaded.desk.run(adopt_topic, chat, str(topic.id), topic.name)
    assert await threaded.channel.was_delivered(delivery) is None
    await threaded.carry(delivery)
    assert topics_of(threaded) == [topic] and len(told(threaded, topic)) == 1


async def test_a_topic_that_nobody_hears_of_is_made_again_and_the_double_is_known(
    threaded: ChannelHarness,
) -> None:
    number = await threaded.open(threaded.anna.say("The camera is dark").result)
    threaded.world.faults.cut(method="createForumTopic")
    delivery = await first_for(threaded, number)
    await threaded.carry(delivery)
    for _ in range(ASKED):
        with pytest.raises(SendError):
            await threaded.channel.was_delivered(delivery)
    assert await threaded.channel.was_delivered(delivery) is None
    await threaded.carry(delivery)
    lost, second = topics_of(threaded)
    assert told(threaded, lost) == [] and len(told(threaded, second)) == 1
    chat = chat_address(threaded.anna.id)
    assert not await threaded.desk.run(adopt_topic, chat, str(lost.id), lost.name), "to be removed"
    assert await threaded.desk.run(adopt_topic, chat, str(second.id), second.name)


async def test_a_chat_that_takes_no_topic_is_used_without(threaded: ChannelHarness) -> None:
    threaded.world.faults.error(
        400, description="Bad Request: BOT_FORUM_CREATE_FORBIDDEN", method="createForumTopic"
    )
    number = await opened(threaded)
    assert topics_of(threaded) == [] and len(told(threaded, None)) == 1
    assert (await answered(threaded, number)).thread_id is None, "it is not asked each time"


async def test_a_mode_that_was_switched_off_unnoticed_loses_nothing(
    threaded: ChannelHarness,
) -> None:
    number = await opened(threaded)
    await turn(threaded, topics=False, known=True)
    assert (await answered(threaded, number)).thread_id is None
    await turn(threaded, topics=False)
    assert (await answered(threaded, number, "Is it better?")).thread_id is None


async def test_a_ticket_of_before_gets_a_topic_with_its_next_message(
    harness: ChannelHarness,
) -> None:
    number, ended = await opened(harness), await opened(harness, "Another one")
    await harness.as_operator(lambda tx: move(tx, ended, "cancel"))
    await harness.pump()
    await turn(harness, topics=True)
    answer = await answered(harness, number)
    (topic,) = topics_of(harness)
    assert answer.thread_id == topic.id and topic.name.startswith(f"#{number} ")


async def test_what_is_edited_is_edited_where_it_stands(harness: ChannelHarness) -> None:
    number = await opened(harness)
    said = harness.oleg.say(harness.group, "Restart it").result
    await harness.answer(number, said)
    await harness.pump()
    await turn(harness, topics=True)
    said = harness.oleg.edit(said, "Restart it twice").result
    await harness.as_operator(lambda tx: edit(tx, harness.read(said)))
    await harness.pump()
    assert topics_of(harness) == [] and told(harness, None)[-1] == "Restart it twice"
