"""The gate: in turn, at a pace, and nothing about ids forgotten."""

import asyncio
import time
from typing import Any

import pytest
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import (
    AnswerCallbackQuery,
    CopyMessages,
    DeleteMessages,
    EditMessageText,
    GetMe,
    SendChatAction,
    SendMediaGroup,
    SendMessage,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.types import InputMediaPhoto

from channels.telegram.client.api_errors import ApiRefusal, judge, refusal_of
from channels.telegram.client.gateway import (
    REMEMBERED,
    SHARED,
    Gateway,
    KnownIds,
    count_of,
    counter_of,
    is_change,
    make_bot,
)
from core.delivery.pacing import Pacer, Priority
from sandbox import World
from tests.rounds import best_of
from tests.unhurried import Unhurried

SEND = SendMessage(chat_id=1, text="x")
EDIT = EditMessageText(chat_id=1, message_id=2, text="x")


def test_what_counts_and_how_much() -> None:
    photos: list[Any] = [InputMediaPhoto(media="f")] * 3
    assert (
        is_change(SEND)
        and is_change(EDIT)
        and is_change(SetMessageReaction(chat_id=1, message_id=2))
    )
    free: list[TelegramMethod[Any]] = [
        GetMe(),
        SendChatAction(chat_id=1, action="typing"),
        AnswerCallbackQuery(callback_query_id="1"),
    ]
    assert not any(map(is_change, free))
    assert count_of(SendMediaGroup(chat_id=1, media=photos)) == 3
    assert count_of(CopyMessages(chat_id=1, from_chat_id=2, message_ids=[1, 2])) == 2
    assert count_of(DeleteMessages(chat_id=1, message_ids=[1, 2])) == 1
    assert count_of(SEND) == 1


async def test_one_call_is_in_flight_for_a_chat_and_chats_go_side_by_side() -> None:
    async with World.start(latency=0.2) as world:
        people = [world.user(f"U{n}", started=True) for n in range(4)]
        bot = make_bot(world.token, world.api_url)
        gateway = Gateway(bot, Unhurried())
        await bot.send_message(people[0].id, "first")  # types and connections are made
        began = time.monotonic()
        await asyncio.gather(*(bot.send_message(people[0].id, str(n)) for n in range(4)))
        in_turn = time.monotonic() - began
        assert in_turn >= 0.8

        async def side_by_side() -> float:
            began = time.monotonic()
            await asyncio.gather(*(bot.send_message(p.id, "hi") for p in people))
            return time.monotonic() - began

        assert await best_of(side_by_side, 0.8) < 0.8
        said = [m.text for m in people[0].chat.bot_messages]
        assert said[:6] == ["first", "0", "1", "2", "3", "hi"]
        assert gateway.turns.is_idle
        await bot.session.close()
        world.assert_clean()


async def test_the_pace_is_kept_and_the_urgent_overtake() -> None:
    async with World.start(rate_limits=True, clock_speed=1) as world:
        group = world.supergroup("G", bot="admin")
        bot = make_bot(world.token, world.api_url)
        pacer = Pacer()
        gateway = Gateway(bot, pacer)

        async def post(priority: Priority) -> None:
            with gateway.at(priority):
                await bot.send_message(group.id, priority.name)

        await asyncio.gather(*(post(Priority.GROUP_NEWS) for _ in range(14)))
        late = asyncio.create_task(post(Priority.DIGEST))
        await asyncio.sleep(0.1)
        await asyncio.wait_for(post(Priority.ANSWER_TO_ACTOR), 30)
        assert not late.done()
        late.cancel()

        async def five_in_a_row() -> float:
            anna = world.user("Anna", started=True)
            began = time.monotonic()
            for n in range(5):
                await bot.send_message(anna.id, str(n))
            return time.monotonic() - began

        assert 1.5 < await best_of(five_in_a_row, 4) < 4
        assert not [call for call in world.calls if call.code == 429]
        await bot.session.close()
        world.assert_clean()


async def test_a_long_flood_is_not_waited_out() -> None:
    async with World.start() as world:
        anna = world.user("Anna", started=True)
        bot = make_bot(world.token, world.api_url)
        gateway = Gateway(bot, Pacer())
        world.faults.flood(300)
        with pytest.raises(TelegramRetryAfter):
            await bot.send_message(anna.id, "x")
        assert gateway.pacer.delay(str(anna.id), Priority.ANSWER_TO_ACTOR, time.monotonic()) > 200
        await bot.session.close()


async def test_ids_are_remembered_by_counter() -> None:
    async with World.start() as world:
        anna = world.user("Anna", started=True)
        group = world.supergroup("G", bot="admin")
        bot = make_bot(world.token, world.api_url)
        gateway = Gateway(bot, Unhurried())
        sent = await bot.send_message(anna.id, "x")
        posted = await bot.send_message(group.id, "x")
        copy = await bot.copy_message(group.id, anna.id, sent.message_id)
        seen = gateway.known_ids
        assert seen.is_known(anna.id, sent.message_id) and seen.is_known(group.id, copy.message_id)
        assert seen.newest(group.id) == copy.message_id > posted.message_id
        gateway.known_ids.note(anna.id, sent.message_id + 5)
        assert seen.newest(world.user("Boris").id) == sent.message_id + 5
        assert seen.newest_ids() == {SHARED: sent.message_id + 5, str(group.id): copy.message_id}
        await bot.session.close()


def test_private_chats_and_basic_groups_share_a_counter() -> None:
    assert counter_of(5) == counter_of(-5) == counter_of("77") == SHARED
    assert counter_of(-1001234567890) == "-1001234567890"


def test_the_oldest_ids_are_forgotten() -> None:
    seen = KnownIds()
    for message_ref in range(REMEMBERED + 10):
        seen.note(1, message_ref)
    assert not seen.is_known(1, 5) and seen.is_known(1, REMEMBERED)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("Bad Request: message is not modified: specified new", ApiRefusal.UNCHANGED),
        ("Bad Request: message to edit not found", ApiRefusal.GONE),
        ("Bad Request: message to delete not found", ApiRefusal.GONE),
        ("Bad Request: message to react not found", ApiRefusal.GONE),
        ("Bad Request: message can't be edited", ApiRefusal.FOREIGN),
        ("Bad Request: message can't be deleted for everyone", ApiRefusal.GONE),
        ("Bad Request: MESSAGE_ID_INVALID", ApiRefusal.GONE),
        ("Bad Request: message to be replied not found", ApiRefusal.REPLY_LOST),
        ("Bad Request: can't parse entities: unexpected end tag", ApiRefusal.UNREADABLE),
        ("Bad Request: chat not found", None),
        ("Bad Request: message is too long", None),
    ],
)
def test_refusals_are_known_by_telegrams_words(words: str, refusal: ApiRefusal | None) -> None:
    assert refusal_of(TelegramBadRequest(SEND, words)) is refusal


@pytest.mark.parametrize(
    ("error", "reason", "bits"),
    [
        (TelegramForbiddenError(SEND, "Forbidden: bot was blocked by the user"), "blocked", "p"),
        (TelegramForbiddenError(SEND, "Forbidden: user is deactivated"), "blocked", "p"),
        (
            TelegramForbiddenError(SEND, "Forbidden: bot was kicked from the group chat"),
            "blocked",
            "p",
        ),
        (TelegramBadRequest(SEND, "Bad Request: chat not found"), "blocked", "p"),
        (TelegramBadRequest(SEND, "Bad Request: wrong file identifier"), "bad_request", "p"),
        (
            TelegramBadRequest(SEND, "Bad Request: not enough rights to send text messages"),
            "configuration",
            "c",
        ),
        (TelegramUnauthorizedError(SEND, "Unauthorized"), "configuration", "c"),
        (TelegramServerError(SEND, "Internal Server Error"), "busy", "u"),
        (TelegramServerError(EDIT, "Internal Server Error"), "busy", ""),
        (TelegramNetworkError(SEND, "Request timeout error"), "network", "u"),
        (TelegramNetworkError(EDIT, "Request timeout error"), "network", ""),
        (TelegramRetryAfter(SEND, "Too Many", 7), "flood", ""),
        (TelegramAPIError(SEND, "Too Many Requests: later"), "flood", ""),
    ],
)
def test_refusals_are_judged(error: TelegramAPIError, reason: str, bits: str) -> None:
    judged = judge(error, error.method)
    told = ("p" if judged.permanent else "") + ("u" if judged.uncertain else "")
    assert (judged.reason, told + ("c" if judged.configuration else "")) == (reason, bits)
    assert (judged.retry_after is not None) == (reason == "flood")
