"""A group that is a forum: a topic per ticket, its icon the marker, its first message the card."""

import pytest

from channels.telegram.addresses import chat_address
from channels.telegram.client.api_errors import ApiRefusal, refusal_of
from channels.telegram.client.delivery_probe import END
from core.delivery.topics import note_forums
from core.tickets.lifecycle import move, take
from sandbox import Message
from sandbox.server.chat import Topic
from sandbox.server.topics import FIRST_ICON, TOPIC_ICONS
from tests.channels.telegram.harness import ChannelHarness


@pytest.fixture
async def forum(harness: ChannelHarness) -> ChannelHarness:
    """A desk whose group has topics, as it knows by now."""
    await turn(harness, topics=True)
    return harness


async def turn(harness: ChannelHarness, *, topics: bool) -> None:
    await harness.group.make_forum(enabled=topics)
    await harness.desk.run(note_forums, [(chat_address(harness.group.id), topics)])


async def opened(harness: ChannelHarness, text: str = "The camera is dark") -> int:
    number = await harness.open(harness.anna.say(text).result)
    await harness.pump()
    return number


def topics_of(harness: ChannelHarness) -> list[Topic]:
    return [topic for topic in harness.group.topics.values() if topic.id != 1 and not topic.deleted]


def topic_of(harness: ChannelHarness, number: int) -> Topic:
    (found,) = [topic for topic in topics_of(harness) if topic.name.startswith(f"#{number} ")]
    return found


def icon_of(topic: Topic) -> str:
    return TOPIC_ICONS[int(topic.icon_custom_emoji_id or 0) - FIRST_ICON]


def in_topic(harness: ChannelHarness, topic: Topic) -> list[Message]:
    return [m for m in harness.group.bot_messages if m.thread_id == topic.id and not m.is_service]


async def test_a_ticket_has_a_topic_whose_first_message_is_its_card_and_pinned(
    forum: ChannelHarness,
) -> None:
    number = await opened(forum)
    topic = topic_of(forum, number)
    assert topic.name == f"#{number} · Anna · The camera is dark"
    assert icon_of(topic) == "❗️"
    (card,) = in_topic(forum, topic)
    assert card.text.startswith(f"🔴 #{number}") and card.pinned
    forum.world.assert_clean()


async def test_the_icon_of_a_topic_is_the_marker_of_its_ticket(forum: ChannelHarness) -> None:
    number = await opened(forum)
    await forum.answer(number, forum.oleg.say(forum.group, "Restart it").result)
    await forum.pump()
    assert icon_of(topic_of(forum, number)) == "💬"
    await forum.as_operator(lambda tx: move(tx, number, "freeze"))
    await forum.pump()
    assert icon_of(topic_of(forum, number)) == "📆"
    forum.world.assert_clean()


async def test_a_topic_is_closed_and_opened_with_its_ticket(forum: ChannelHarness) -> None:
    number = await opened(forum)
    await forum.as_operator(lambda tx: move(tx, number, "cancel"))
    await forum.pump()
    topic = topic_of(forum, number)
    assert (topic.closed, icon_of(topic)) == (True, "✅")
    await forum.as_operator(lambda tx: move(tx, number, "reopen"))
    await forum.pump()
    assert (topic.closed, icon_of(topic)) == (False, "❗️")
    forum.world.assert_clean()


async def test_messages_of_a_ticket_go_to_its_topic(forum: ChannelHarness) -> None:
    number = await opened(forum)
    await forum.hear(forum.anna.send_photo(caption="like this").result, number=number)
    for message in forum.anna.send_album(["photo", "video"], caption="all").result:
        await forum.hear(message, number=number)
    await forum.pump()
    card, photo, *album = in_topic(forum, topic_of(forum, number))
    assert photo.text == "like this" and photo.reply_to is card and len(album) == 2
    other = await opened(forum, "Another one")
    assert len(in_topic(forum, topic_of(forum, other))) == 1
    forum.world.assert_clean()


async def test_without_its_card_a_ticket_speaks_in_its_topic_all_the_same(
    forum: ChannelHarness,
) -> None:
    number = await opened(forum)
    topic = topic_of(forum, number)
    (card,) = in_topic(forum, topic)
    forum.group.history.pop(card.id)
    await forum.hear(forum.anna.say("and the yard one").result, number=number)
    await forum.pump()
    assert f"👤 Anna · #{number}\nand the yard one" in [m.text for m in in_topic(forum, topic)]


async def test_a_deleted_topic_is_made_again_with_its_card(forum: ChannelHarness) -> None:
    number = await opened(forum)
    first = topic_of(forum, number)
    await forum.group.delete_topic(first)
    await forum.hear(forum.anna.say("and the yard one").result, number=number)
    await forum.pump()
    second = topic_of(forum, number)
    assert second is not first
    assert {m.text.split("\n")[-1] for m in in_topic(forum, second)} >= {"and the yard one"}
    assert any(m.pinned and m.text.startswith("🔴") for m in in_topic(forum, second))
    await forum.as_operator(lambda tx: take(tx, number))
    await forum.pump()
    assert [topic.id for topic in topics_of(forum)] == [second.id]


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Bad Request: message thread not found", ApiRefusal.TOPIC_LOST),
        ("Bad Request: TOPIC_DELETED", ApiRefusal.TOPIC_LOST),
        ("Bad Request: TOPIC_ID_INVALID", ApiRefusal.TOPIC_LOST),
        ("Bad Request: TOPIC_CLOSED", ApiRefusal.TOPIC_CLOSED),
        ("Bad Request: TOPIC_NOT_MODIFIED", ApiRefusal.UNCHANGED),
        ("Bad Request: CHAT_NOT_MODIFIED", ApiRefusal.UNCHANGED),
        ("Bad Request: the chat is not a supergroup forum", ApiRefusal.NO_FORUM),
        ("Bad Request: the chat is not a forum", ApiRefusal.NO_FORUM),
    ],
)
def test_every_spelling_of_a_lost_topic_is_known(words: str, meaning: ApiRefusal) -> None:
    from aiogram.exceptions import TelegramBadRequest
    from aiogram.methods import SendMessage

    error = TelegramBadRequest(SendMessage(chat_id=1, text="x"), words)
    assert refusal_of(error) is meaning


@pytest.mark.parametrize("words", ["TOPIC_DELETED", "TOPIC_ID_INVALID", "message thread not found"])
async def test_whatever_a_deleted_topic_is_called_it_is_made_again(
    forum: ChannelHarness, words: str
) -> None:
    number = await opened(forum)
    forum.world.faults.error(400, description=f"Bad Request: {words}", method="sendPhoto")
    await forum.hear(forum.anna.send_photo(caption="like this").result, number=number)
    await forum.pump()
    assert len(topics_of(forum)) == 2  # the server still has the first one
    assert any(m.text.endswith("like this") for m in forum.group.bot_messages)


async def test_a_topic_that_was_closed_by_hand_is_opened_for_the_next_words(
    forum: ChannelHarness,
) -> None:
    number = await opened(forum)
    topic = topic_of(forum, number)
    topic.closed = True
    forum.world.faults.error(
        400, description="Bad Request: TOPIC_CLOSED", method="sendMessage", chat=forum.group
    )
    await forum.hear(forum.anna.say("and the yard one").result, number=number)
    await forum.pump()
    assert not topic.closed and in_topic(forum, topic)[-1].text == "and the yard one"


async def test_a_lost_response_makes_no_second_topic(forum: ChannelHarness) -> None:
    number = await forum.open(forum.anna.say("The camera is dark").result)
    await forum.oleg.create_topic(forum.group, "Lunch")
    forum.world.faults.cut(method="createForumTopic")
    card = await forum.next()
    assert card is not None
    left = await forum.carry(card)
    assert left.error is not None and left.error.uncertain
    assert await forum.channel.was_delivered(card) is None, "the card itself was not sent"
    await forum.carry(card)
    assert sorted(topic.name for topic in topics_of(forum)) == [
        f"#{number} · Anna · The camera is dark",
        "Lunch",
    ]
    assert forum.group.topic("Lunch").icon_custom_emoji_id is None
    assert len(in_topic(forum, topic_of(forum, number))) == 1


async def test_a_topic_that_was_made_behind_words_that_nobody_has_read_is_found(
    forum: ChannelHarness,
) -> None:
    number = await forum.open(forum.anna.say("The camera is dark").result)
    card = await forum.next()
    assert card is not None
    for _ in range(2 * END):
        _ = forum.oleg.say(forum.group, "talk").result
    forum.world.faults.cut(method="createForumTopic")
    assert (await forum.carry(card)).error is not None
    assert await forum.channel.was_delivered(card) is None, "the card itself was not sent"
    await forum.carry(card)
    assert [topic.name for topic in topics_of(forum)] == [f"#{number} · Anna · The camera is dark"]


async def test_a_topic_that_was_never_made_is_made_after_a_lost_response(
    forum: ChannelHarness,
) -> None:
    number = await forum.open(forum.anna.say("The camera is dark").result)
    forum.world.faults.drop(method="createForumTopic")
    card = await forum.next()
    assert card is not None
    assert (await forum.carry(card)).error is not None
    assert await forum.channel.was_delivered(card) is None, "the card itself was not sent"
    await forum.carry(card)
    assert [topic.name for topic in topics_of(forum)] == [f"#{number} · Anna · The camera is dark"]


async def test_a_group_that_becomes_a_forum_moves_its_open_tickets_into_topics(
    harness: ChannelHarness,
) -> None:
    number, ended = await opened(harness), await opened(harness, "Another one")
    await harness.as_operator(lambda tx: move(tx, ended, "cancel"))
    await harness.pump()
    old = harness.group.bot_messages[0]
    await turn(harness, topics=True)
    await harness.pump()
    assert [topic.name for topic in topics_of(harness)] == [
        f"#{number} · Anna · The camera is dark"
    ]
    (card,) = in_topic(harness, topic_of(harness, number))
    assert old.text == f"➡ #{number} теперь здесь."
    link = {"url": f"https://t.me/c/{str(harness.group.id)[4:]}/{card.id}"}
    assert [entity for entity in old.entities if link.items() <= entity.items()]
    harness.world.assert_clean(ignore=("not_modified",))


async def test_a_forum_that_becomes_a_plain_group_has_the_cards_in_the_chat_again(
    forum: ChannelHarness,
) -> None:
    number = await opened(forum)
    (old,) = in_topic(forum, topic_of(forum, number))
    await turn(forum, topics=False)
    await forum.pump()
    assert old.text == f"➡ #{number} теперь здесь."
    assert forum.group.last.text.startswith(f"🔴 #{number}")
    await forum.hear(forum.anna.say("and the yard one").result, number=number)
    await forum.pump()
    assert forum.group.last.text == "and the yard one"
    answered = forum.group.last.reply_to
    assert answered is not None and answered.text.startswith(f"🔴 #{number}")


async def test_a_group_that_lost_its_topics_unnoticed_is_used_as_a_plain_one(
    forum: ChannelHarness,
) -> None:
    await forum.group.make_forum(enabled=False)
    number = await opened(forum)
    assert forum.group.last.text.startswith(f"🔴 #{number}") and not topics_of(forum)


async def test_a_company_may_do_without_topics(forum: ChannelHarness) -> None:
    forum.known_as(topics="off")
    number = await opened(forum)
    assert not topics_of(forum) and forum.group.last.text.startswith(f"🔴 #{number}")


async def test_without_the_right_to_make_topics_the_group_is_used_as_a_plain_one(
    forum: ChannelHarness,
) -> None:
    forum.world.faults.error(
        400,
        description="Bad Request: not enough rights to create a topic",
        method="createForumTopic",
    )
    number = await opened(forum)
    assert not topics_of(forum) and forum.group.last.text.startswith(f"🔴 #{number}")


async def test_what_is_about_no_ticket_stands_in_general(forum: ChannelHarness) -> None:
    await opened(forum)
    facts = {"n": 1, "tickets": "#1"}
    left = await forum.carry(forum.delivery("text", forum.group, key="group.storm", facts=facts))
    assert left.sent is not None and forum.group.last.thread_id is None


async def test_a_name_that_somebody_gave_a_topic_stays(forum: ChannelHarness) -> None:
    number = await opened(forum)
    topic = topic_of(forum, number)
    await forum.oleg.rename_topic(forum.group, topic, "Mine")
    await forum.as_operator(lambda tx: move(tx, number, "freeze"))
    await forum.pump()
    assert topic.name == "Mine" and icon_of(topic) == "📆"
