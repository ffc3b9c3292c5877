"""Junk in every parameter of every method must give a proper answer, never an internal error."""

from __future__ import annotations

import json
import random
from typing import Any

from sandbox import World
from sandbox.server.images import png
from sandbox.server.media import Upload
from sandbox.server.schema import method_index
from tests.sandbox.clients import Raw

JUNK: list[Any] = [
    "",
    " ",
    "0",
    "-1",
    "abc",
    "@x",
    "null",
    "true",
    "[]",
    "{}",
    "[[]]",
    '{"type":"x"}',
    "1" * 30,
    "a" * 5000,
    '[{"type":"photo","media":"x"},{"type":"photo","media":"attach://f"}]',
    '{"type":"emoji","emoji":"👍"}',
    '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}',
    '{"keyboard":[["a"]]}',
    "[1,2,3]",
    '{"message_id":1}',
    '{"message_id":"x","quote":5}',
    '{"html":"<b>x</b>"}',
    '[{"text":"a"},{"text":"b"}]',
    "<b>x",
    "*x",
    1,
    -5,
    0.5,
    True,
    None,
    [],
    {},
    [1],
    ["a"],
    {"a": 1},
    [{"a": 1}],
    [[{"text": "a"}]],
    {"type": "photo", "media": 1},
    {"inline_keyboard": [[{"text": "a", "url": 5}]]},
    {"inline_keyboard": 5},
    {"keyboard": [[5]]},
    {"message_id": -1},
    {"message_id": 1, "quote": "x"},
    {"receiver_user_id": 1},
    "HTML",
    "MarkdownV2",
]


async def storm(seed: int, *, lean: bool, rounds: int) -> None:
    chance = random.Random(seed)
    async with World.start(lean=lean, selfcheck=True, strict_polling=False) as world, Raw(world):
        anna, op = world.user("Anna", started=True, username="anna"), world.user("Oleg")
        forum = world.supergroup("F", members=[op], bot="admin", forum=True, username="forum")
        group = world.group("G", members=[op], bot="member")
        channel = world.channel("C")
        chats = [anna.chat, forum, group, channel]
        topic = world.telegram.topics.create(forum, "T", by=None)
        for text in ("one", "two"):
            await anna.say(text)
            await op.say(forum, text)
            for chat in chats:
                await world.api.dispatcher.dispatch(
                    "sendMessage", {"chat_id": chat.id, "text": text}, {}
                )
        media = anna.send_photo().result.media
        await anna.send_album(2)
        assert media is not None

        def good(name: str) -> Any:
            chat = chance.choice(chats)
            return {
                "chat_id": chat.id,
                "from_chat_id": chat.id,
                "user_id": chance.choice([anna.id, op.id]),
                "message_id": chance.choice([*chat.history, 7]),
                "message_ids": json.dumps(sorted(chat.history)[:2]),
                "message_thread_id": chance.choice([topic.id, 1, 5]),
                "text": "text",
                "name": "name",
                "photo": media["file_id"],
                "file_id": media["file_id"],
                "media": json.dumps([{"type": "photo", "media": media["file_id"]}] * 2),
                "reaction": [{"type": "emoji", "emoji": "👍"}],
                "commands": [{"command": "a", "description": "b"}],
                "callback_query_id": "1",
                "draft_id": 1,
                "action": "typing",
                "latitude": 1,
                "longitude": 2,
                "options": ["a", "b"],
                "question": "q",
                "permissions": {},
            }.get(name)

        skip = {"getupdates", "setwebhook", "logout", "close", "leavechat"}
        for info in method_index().values():
            if info.name.lower() in skip:
                continue
            for _ in range(rounds):
                params: dict[str, Any] = {}
                for parameter in info.parameters.values():
                    lucky = good(parameter.name)
                    if lucky is not None and chance.random() < 0.75:
                        params[parameter.name] = lucky
                    elif parameter.required or chance.random() < 0.15:
                        params[parameter.name] = chance.choice(JUNK)
                uploads = {"f": Upload("f.png", png())} if chance.random() < 0.2 else {}
                outcome = await world.api.dispatcher.dispatch(info.name, params, uploads)
                assert outcome is not None
                body = json.loads(outcome[1])
                assert outcome[0] != 500, (info.name, params, body)
                assert body["ok"] == (outcome[0] == 200)
        for chat in chats:
            assert chat.transcript(echo=False)
        assert not world.internal_errors, world.internal_errors[:3]


async def test_junk_never_breaks_the_server() -> None:
    await storm(1, lean=False, rounds=20)


async def test_junk_never_breaks_the_lean_mode() -> None:
    await storm(2, lean=True, rounds=20)
