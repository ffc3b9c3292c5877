"""Consent in the chat: asked before anything is stored, and nothing of the words is lost (S31)."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.polling import GetRawUpdates, row_of
from core import inbox
from core.contacts.consents import HELD_FOR, MOST_HELD, PAUSE, settle_held
from core.contacts.retention import apply_retention
from core.delivery import outbox_store
from core.tickets.delivery_results import arrived
from sandbox import Person, Press
from tests.handlers.customer.chat import PrivateChat

TEXT = "Храним имя и слова <b>год</b>, чтобы ответить."
YES, NO = "Даю согласие", "Не даю"


async def handle(chat: PrivateChat) -> None:
    """What people did goes through the inbox, as it does in a running desk."""
    how = {"limit": 100, "timeout": 0, "allowed_updates": list[str]()}
    while updates := await chat.bot(GetRawUpdates(offset=chat._offset, **how)):
        chat._offset = updates[-1]["update_id"] + 1
        batch = [raw for one in updates if (raw := row_of(one)) is not None]
        await chat.desk.run(inbox.store, "telegram", batch)
        await work(chat)


async def work(chat: PrivateChat) -> None:
    """Handle what waits, and let leave what waits for customers."""
    while waiting := await chat.desk.read(inbox.list_unfinished, 0, 100):
        for stored in waiting:
            with chat.desk.handling(stored.id) as row:
                await chat.feed_raw(orjson.loads(stored.raw))
                if not row.done:
                    await chat.desk.run(inbox.change_nothing)
    await chat.acknowledged()
    await leave(chat)


async def leave(chat: PrivateChat) -> None:
    found = await chat.rows(
        "SELECT id FROM outbox WHERE state = 'queued' AND kind = 'text'"
        " AND CAST(address AS INTEGER) > 0 ORDER BY id"
    )
    for delivery in await chat.desk.run(outbox_store.claim, [one for (one,) in found], {}):
        sent = await chat.channel.send(delivery)
        await chat.desk.run(arrived, delivery, sent)
        await chat.desk.run(outbox_store.end, delivery.id, "sent")


async def say(chat: PrivateChat, who: Person, words: str, **how: Any) -> Any:
    message = await who.say(words, **how)
    await handle(chat)
    return message


async def press(chat: PrivateChat, who: Person, label: str, **where: Any) -> Press:
    made = await who.press(label, **where)
    await handle(chat)
    return made


def asks(chat: PrivateChat, text: str = TEXT, version: str = "1") -> None:
    chat.known_as(consent={"ru": text, "en": "We keep your words."}, consent_version=version)


async def everything(chat: PrivateChat) -> list[int]:
    tables = ("person", "contact_point", "message", "ticket", "journal", "search_word", "consent")
    return [(await chat.rows(f"SELECT count(*) FROM {name}"))[0][0] for name in tables]  # noqa: S608


@pytest.fixture
def anna(chat: PrivateChat) -> Person:
    asks(chat)
    return chat.customer()


async def test_words_are_held_unread_and_open_a_ticket_after_a_yes(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "Камера не работает")
    await say(chat, anna, "С самого утра")
    asked = [one for one in anna.chat.bot_messages if YES in one.buttons]
    assert len(asked) == 1 and TEXT in asked[0].text and asked[0].buttons == [YES, NO]
    assert await everything(chat) == [0] * 7
    await press(chat, anna, YES, message=asked[0])
    ((number, opening),) = await chat.rows("SELECT id, opening FROM ticket")
    said = await chat.rows("SELECT text FROM message WHERE ticket_id=:n ORDER BY id", n=number)
    assert [text for (text,) in said] == ["Камера не работает", "С самого утра"]
    assert "Камера не работает" in opening
    assert "Вы согласились" in asked[0].text and not asked[0].buttons
    told = [one.text for one in anna.chat.bot_messages]
    assert any("Спасибо. Передаём" in one for one in told)
    assert any(f"Обращение #{number} принято" in one for one in told)
    ((version, origin),) = await chat.rows("SELECT version, origin FROM consent")
    assert (version, origin) == ("1", "telegram")
    ((first,),) = await chat.rows("SELECT event FROM journal ORDER BY id LIMIT 1")
    assert first == "consent_given"


async def test_after_a_yes_nobody_is_asked_again(chat: PrivateChat, anna: Person) -> None:
    await say(chat, anna, "Камера не работает")
    await press(chat, anna, YES)
    before = len(anna.chat.bot_messages)
    await say(chat, anna, "И ещё одно")
    assert not any(one.buttons for one in anna.chat.bot_messages[before:])
    assert (await chat.rows("SELECT count(*) FROM message"))[0][0] == 2


async def test_after_a_no_nothing_is_left_of_the_words(chat: PrivateChat, anna: Person) -> None:
    await say(chat, anna, "Камера не работает")
    await press(chat, anna, NO)
    assert "стёрли" in anna.last.text
    assert await everything(chat) == [0] * 7
    left = await chat.rows("SELECT raw FROM inbox WHERE CAST(raw AS TEXT) LIKE '%Камера%'")
    assert left == []
    await say(chat, anna, "Передумала")
    assert anna.last.buttons == [YES, NO]


async def test_a_start_is_asked_at_once_and_greeted_after_the_yes(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "/start")
    assert anna.last.buttons == [YES, NO] and await everything(chat) == [0] * 7
    await press(chat, anna, YES)
    assert "Анна" in anna.last.text and "Здравствуйте" in anna.last.text
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 0
    await say(chat, anna, "Камера не работает")
    assert any("Передать" in one.text for one in anna.chat.bot_messages)


async def test_words_right_after_a_start_are_held_and_not_asked_about_again(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "/start")
    await say(chat, anna, "Камера не работает")
    asked = [one for one in anna.chat.bot_messages if YES in one.buttons]
    assert len(asked) == 1
    await press(chat, anna, YES, message=asked[0])
    assert [text for (text,) in await chat.rows("SELECT text FROM message")] == [
        "Камера не работает"
    ]


async def test_what_was_refused_has_changed_or_is_long_past_is_asked_about_again(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "/start")
    await press(chat, anna, NO)
    await say(chat, anna, "Передумала")
    assert anna.last.buttons == [YES, NO]
    await press(chat, anna, NO)
    await say(chat, anna, "/start")
    asks(chat, "Храним два года.", "2")
    await say(chat, anna, "Камера")
    assert "Храним два года." in anna.last.text
    await press(chat, anna, NO)
    await say(chat, anna, "/start")
    chat.clock.move(PAUSE.total_seconds() + 1)
    before = anna.last
    await say(chat, anna, "Камера")
    assert anna.last is not before and anna.last.buttons == [YES, NO]


async def test_another_version_asks_again_and_loses_nothing_of_a_ticket_that_goes_on(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "Камера не работает")
    await press(chat, anna, YES)
    asks(chat, "Храним два года.", "2")
    await say(chat, anna, "Всё ещё темно")
    asked = anna.last
    assert "Храним два года." in asked.text
    assert (await chat.rows("SELECT count(*) FROM message"))[0][0] == 1
    await press(chat, anna, YES, message=asked)
    said = await chat.rows("SELECT ticket_id, text FROM message ORDER BY id")
    assert [tuple(row) for row in said] == [(1, "Камера не работает"), (1, "Всё ещё темно")]
    versions = await chat.rows("SELECT version FROM consent ORDER BY version")
    assert [version for (version,) in versions] == ["1", "2"]


async def test_a_yes_to_a_text_that_has_changed_counts_for_nothing(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "Камера не работает")
    old = anna.last
    asks(chat, "Совсем другой текст.", "2")
    made = await press(chat, anna, YES, message=old)
    assert "изменился" in (await made.answer()).text
    assert await everything(chat) == [0] * 7
    assert "Совсем другой текст." in anna.last.text
    await press(chat, anna, YES, message=anna.last)
    assert (await chat.rows("SELECT count(*) FROM ticket"))[0][0] == 1
    again = await press(chat, anna, YES, message=old) if old.buttons else None
    assert again is None or "устарела" in (await again.answer()).text


async def test_buttons_of_before_are_refused_until_then(chat: PrivateChat) -> None:
    boris = chat.customer("Борис")
    number = await chat.open_ticket(boris)
    asks(chat)
    made = await boris.press_data(boris.last, f"ow:{number}")
    await handle(chat)
    assert "согласны" in (await made.answer()).text
    assert boris.last.buttons == [YES, NO]


async def test_an_edit_of_held_words_is_the_words(chat: PrivateChat, anna: Person) -> None:
    message = await say(chat, anna, "Камера не рабоает")
    await anna.edit(message, "Камера не работает")
    await handle(chat)
    await press(chat, anna, YES)
    assert [text for (text,) in await chat.rows("SELECT text FROM message")] == [
        "Камера не работает"
    ]


async def test_who_says_nothing_is_forgotten_in_a_week(chat: PrivateChat, anna: Person) -> None:
    await say(chat, anna, "Камера не работает")
    await say(chat, anna, "/mydata")
    assert "лежит нераскрытым (сообщений: 1)" in anna.last.text
    chat.clock.move(HELD_FOR.total_seconds() - 60)
    assert await chat.desk.run(settle_held) == 0
    chat.clock.move(120)
    assert await chat.desk.run(settle_held) == 1
    assert await chat.rows("SELECT raw FROM inbox WHERE CAST(raw AS TEXT) LIKE '%Камера%'") == []
    await say(chat, anna, "/mydata")
    assert "ничего о вас не храним" in anna.last.text


async def test_where_nobody_is_asked_any_more_what_is_held_is_handled(
    chat: PrivateChat, anna: Person
) -> None:
    await say(chat, anna, "Камера не работает")
    chat.known_as(consent={})
    assert await chat.desk.run(settle_held) == 1
    await work(chat)
    assert [text for (text,) in await chat.rows("SELECT text FROM message")] == [
        "Камера не работает"
    ]


async def test_one_person_fills_no_inbox(chat: PrivateChat, anna: Person) -> None:
    await say(chat, anna, "0")
    for number in range(1, MOST_HELD + 5):
        await anna.say(str(number))
    await handle(chat)
    held = "SELECT count(*) FROM inbox WHERE state = 'held'"
    assert (await chat.rows(held))[0][0] == MOST_HELD
    assert sum(YES in one.buttons for one in anna.chat.bot_messages) == 1


async def test_what_was_agreed_to_is_in_my_data(chat: PrivateChat, anna: Person) -> None:
    await say(chat, anna, "Камера не работает")
    await press(chat, anna, YES)
    await say(chat, anna, "/mydata")
    assert "Согласие на обработку данных: версия 1" in anna.last.text


async def test_a_company_that_asks_nothing_and_its_staff_notice_nothing(
    chat: PrivateChat,
) -> None:
    boris = chat.customer("Борис")
    await say(chat, boris, "Камера не работает")
    assert YES not in boris.last.buttons and "Передать" in boris.last.text
    assert await chat.desk.run(apply_retention) == 0
    assert timedelta(days=7) == HELD_FOR


async def test_it_is_asked_in_the_readers_language(chat: PrivateChat) -> None:
    asks(chat)
    john = chat.customer("John", "en")
    await say(chat, john, "The camera is dark")
    assert "We keep your words." in john.last.text and john.last.buttons[0] == "I agree"
