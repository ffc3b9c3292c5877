"""Whoever is not an operator here and now changes nothing and learns nothing (S1–S5)."""

from collections.abc import Awaitable, Callable

import pytest
from aiogram.exceptions import TelegramServerError

from sandbox import Chat, Message
from tests.handlers.operators.group import Group

COMMANDS = (
    "/take 1",
    "/reply 1 привет",
    "/close 1",
    "/ticket 1",
    "/queue",
    "/find камера",
    "ответ",
)


async def injected(group: Group, card: Message, words: str, **sender: object) -> list[str]:
    """A message that only Telegram itself could have made."""
    before = len(group.chat.bot_messages)
    group.world.inject(
        {
            "message": {
                "message_id": 9000,
                "date": card.date,
                "chat": group.chat.brief(),
                "text": words,
                "reply_to_message": card.to_json(nested=False),
                **sender,
            }
        }
    )
    await group.settle()
    return [m.text for m in group.chat.bot_messages[before:]]


async def another_bot(group: Group, words: str, card: Message) -> list[str]:
    return await injected(
        group, card, words, **{"from": {"id": 77, "is_bot": True, "first_name": "B"}}
    )


async def channel(group: Group, words: str, card: Message) -> list[str]:
    """The channel that the group belongs to."""
    sender = {"id": -1009, "type": "channel", "title": "C"}
    return await injected(
        group,
        card,
        words,
        sender_chat=sender,
        is_automatic_forward=True,
        **{"from": {"id": 777000, "is_bot": False, "first_name": "Telegram"}},
    )


async def forwarder(group: Group, words: str, card: Message) -> list[str]:
    """Somebody who forwards a command; a reply to the card even, which no app can do."""
    origin = {"type": "hidden_user", "sender_user_name": "X", "date": card.date}
    return await injected(
        group, card, words, forward_origin=origin, **{"from": group.oleg.to_json()}
    )


async def via_bot(group: Group, words: str, card: Message) -> list[str]:
    """Words of another bot, sent by a person."""
    bot = {"id": 5, "is_bot": True, "first_name": "B"}
    return await injected(group, card, words, via_bot=bot, **{"from": group.oleg.to_json()})


Way = Callable[[Group, str, Message], Awaitable[list[str]]]


@pytest.mark.parametrize("way", [forwarder, another_bot, channel])
async def test_what_no_person_says_is_ignored(group: Group, way: Way) -> None:
    await group.ticket()
    card = await group.card(1)
    before = await group.everything()
    for words in COMMANDS:
        assert await way(group, words, card) == []
    assert await group.everything() == before


@pytest.mark.parametrize("words", ["/new", "/queue", "/take 1"])
async def test_what_an_operator_forwards_in_private_is_content(group: Group, words: str) -> None:
    card = await group.card(await group.ticket())
    await group.says(group.olga, "/note 1 видела", card)  # she works here
    await group.olga.start()
    await group.settle()
    await group.olga.forward(await group.world.user("Ева", started=True).say(words))
    await group.settle()
    await group.deliver()
    assert group.olga.last.text == "Передать это в поддержку?", group.olga.chat.transcript()


async def test_an_answer_sent_through_an_inline_bot_is_the_persons_answer(group: Group) -> None:
    number = await group.ticket()
    assert await via_bot(group, "Вот карта проезда", await group.card(number)) == []
    assert await group.said(number) == ["Вот карта проезда"]


async def test_a_command_through_an_inline_bot_is_refused_aloud(group: Group) -> None:
    number = await group.ticket()
    before = await group.everything()
    (line,) = await via_bot(group, f"/take {number}", await group.card(number))
    assert line.startswith("Команды через другого бота не выполняются")
    assert await group.everything() == before


async def test_without_a_face_nothing_is_done(group: Group) -> None:
    await group.ticket()
    card = await group.card(1)
    await group.chat.promote(group.oleg, is_anonymous=True)
    await group.settle()
    before = await group.everything()
    for words in COMMANDS:
        sent = await group.says(group.oleg, words, card)
        (line,) = group.answers(sent)
        assert line.startswith("Вы пишете от имени группы")
    named = {"sender_chat": group.chat.brief(), "from": group.olga.to_json()}
    for words in COMMANDS:  # whoever Telegram names beside the chat
        (line,) = await injected(group, card, words, **named)
        assert line.startswith("Вы пишете от имени группы")
    assert await group.everything() == before
    chatter = await group.says(group.oleg, "просто слова")
    assert group.answers(chatter) == []


async def test_other_groups_get_nothing(group: Group) -> None:
    await group.ticket()
    eve = group.world.user("Ева")
    foreign: Chat = group.world.supergroup("Чужая", members=[eve, group.olga], bot="admin")
    before = await group.everything()
    for words in COMMANDS:
        await eve.say(foreign, words)
        await group.olga.say(foreign, words)
    await group.settle()
    assert await group.everything() == before
    assert foreign.bot_messages == []


async def test_buttons_count_only_in_the_group(group: Group) -> None:
    await group.ticket()
    eve = group.world.user("Ева", started=True)
    foreign = group.world.supergroup("Чужая", members=[eve], bot="admin")
    own = await group.bot.send_message(foreign.id, "x")
    private = await group.bot.send_message(eve.id, "x")
    before = await group.everything()
    for chat, message_ref in ((foreign, own.message_id), (eve.chat, private.message_id)):
        message = chat.get(message_ref)
        assert message is not None
        for data in ("t:take:1", "t:close!:1", "f:week:1", "l:queue:+:", "a:1"):
            press = await group.forges(eve, message, data)
            assert (await press.answer()).text == "Кнопка устарела."
    assert await group.everything() == before
    assert len(foreign.bot_messages) == len(eve.chat.bot_messages) == 1


async def test_who_has_left_is_refused_until_they_come_back(group: Group) -> None:
    await group.ticket()
    card = await group.card(1)
    await group.oleg.leave(group.chat)
    await group.settle()
    before = await group.everything()
    for data in ("t:take:1", "t:more:1", "t:journal:1", "l:queue:+:"):
        press = await group.forges(group.oleg, card, data)
        assert "нет прав" in (await press.answer()).text
    assert await group.everything() == before
    await group.oleg.join(group.chat)
    await group.settle()
    press = await group.presses(group.oleg, card, "Взять")
    assert press.text == "Обращение #1 ваше."


async def test_a_bot_without_rights_learns_of_leaving_too(group: Group) -> None:
    await group.ticket()
    card = await group.card(1)
    group.world.inject(
        {
            "message": {
                "message_id": 9001,
                "date": card.date,
                "chat": group.chat.brief(),
                "from": group.oleg.to_json(),
                "left_chat_member": group.oleg.to_json(),
            }
        }
    )
    await group.settle()
    press = await group.presses(group.oleg, card, "Взять")
    assert "нет прав" in (await press.answer()).text
    assert (await group.row(1)).assignee_id is None


async def test_our_name_is_asked_for_only_where_a_command_calls_a_bot_by_it(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    name = (await group.bot.me()).username
    group.bot._me = None
    group.world.faults.error(502, method="getMe")
    await group.says(group.olga, "Проверяем", card)
    await group.says(group.olga, f"/title {number} Кабель")
    assert (await group.row(number)).title == "Кабель" and await group.said(number) == ["Проверяем"]
    with pytest.raises(TelegramServerError):  # for the lanes to try again
        await group.says(group.olga, f"/title@{name} {number} Другое")
    await group.says(group.olga, f"/title@other_bot {number} Чужое")
    assert (await group.row(number)).title == "Кабель"
    await group.says(group.olga, f"/title@{name} {number} Другое")
    assert (await group.row(number)).title == "Другое"
