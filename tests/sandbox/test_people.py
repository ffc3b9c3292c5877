"""What people do: every action gives the right update (checked against aiogram's types too)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sandbox import World
from tests.sandbox.clients import Raw, aiogram_bot


async def fetch(raw: Raw) -> list[dict[str, Any]]:
    """New updates, confirmed."""
    found: list[dict[str, Any]] = await raw.ok("getUpdates")
    if found:
        await raw.ok("getUpdates", offset=found[-1]["update_id"] + 1, limit=1)
    return found


async def test_an_action_happens_even_when_nobody_awaits_it() -> None:
    world = await World.start(token="42:TEST", bot_username="help_bot")
    try:
        anna = world.user("Anna", language="ru")
        op = world.user("Oleg")
        group = world.supergroup("Operators", members=[op], forum=False, bot="admin")
        channel = world.channel("Alerts", bot="admin")
        assert world.api_url.startswith("http://127.0.0.1:")
        async with Raw(world) as raw:
            for chat in (group, channel):
                await raw.ok("sendMessage", chat_id=chat.id, text="hi")
                await chat.expect("hi")
            _ = anna.start()
            _ = anna.block_bot()  # without await: done all the same
            assert anna.chat.access == "blocked"
    finally:
        await world.close()
        await world.close()


async def test_people_send_every_kind_of_message() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", last_name="K", username="anna", premium=True)
        await anna.start("promo_1")
        await anna.say("<i>x</i> 😀 <b>y</b>", parse_mode="HTML")
        for send in (
            anna.send_photo, anna.send_document, anna.send_video, anna.send_voice, anna.send_audio,
            anna.send_video_note, anna.send_animation, anna.send_sticker, anna.send_location,
            anna.send_venue, anna.send_contact, anna.send_poll, anna.send_dice,
        ):  # fmt: skip
            await send()
        found = [u["message"] for u in await fetch(raw)]
        assert found[0]["text"] == "/start promo_1"
        assert found[0]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
        assert found[0]["from"]["is_premium"] and found[0]["chat"]["username"] == "anna"
        assert [(e["type"], e["offset"]) for e in found[1]["entities"]] == [
            ("italic", 0),
            ("bold", 5),
        ]
        names = [
            "photo", "document", "video", "voice", "audio", "video_note", "animation", "sticker",
            "location", "venue", "contact", "poll", "dice",
        ]  # fmt: skip
        assert all(name in message for name, message in zip(names, found[2:], strict=True))
        ids = [m["message_id"] for m in found]
        assert ids == sorted(set(ids))


async def test_people_send_albums_and_edit_and_forward() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, eve = world.user("Anna"), world.user("Eve")
        group = world.supergroup("G", members=[anna], bot="admin")
        album = await anna.send_album(["photo", "video"], caption="both")
        first, second = [u["message"] for u in await fetch(raw)]
        assert first["media_group_id"] == second["media_group_id"]
        assert first["caption"] == "both" and "caption" not in second
        await anna.edit(album[0], "other /cmd")
        edited = (await fetch(raw))[0]["edited_message"]
        assert edited["caption"] == "other /cmd" and edited["edit_date"]
        assert edited["caption_entities"][0]["type"] == "bot_command"
        await anna.forward(await eve.say("origin"))
        forwarded = (await fetch(raw))[1]["message"]
        assert forwarded["forward_origin"]["sender_user"]["id"] == eve.id
        assert forwarded["forward_from"]["id"] == eve.id
        note = await anna.send_location(group, live=600)
        await anna.move(note, 1.0, 2.0)
        kinds = [list(u)[1] for u in await fetch(raw)]
        assert kinds == ["message", "edited_message"]
        with pytest.raises(ValueError, match="can't edit"):
            await eve.edit(note, "x")
        with pytest.raises(ValueError, match="not a member"):
            await eve.say(group, "x")


async def test_replies_in_a_plain_supergroup_carry_their_thread() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        root = await op.say(group, "root")
        one = await op.reply(root, "one")
        await op.reply(one, "two")
        found = [u["message"] for u in await fetch(raw)]
        assert [m.get("message_thread_id") for m in found] == [None, root.id, root.id]
        assert not any(m.get("is_topic_message") for m in found)


async def test_people_reply_to_other_chats_and_to_deleted_messages() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna"), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        letter = await anna.say("letter")
        await op.reply_in(group, letter, "look")
        update = (await fetch(raw))[-1]["message"]
        assert update["external_reply"]["origin"]["sender_user"]["id"] == anna.id
        note = await op.say(group, "note")
        await op.delete(note)
        await op.reply(note, "to nothing")
        update = (await fetch(raw))[-1]["message"]
        assert "reply_to_message" not in update
        assert "message to copy not found" in await raw.refused(
            "copyMessage", chat_id=anna.id, from_chat_id=group.id, message_id=note.id
        )


async def test_blocking_and_starting_again_are_told() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna")
        await anna.start()
        await anna.block_bot()
        with pytest.raises(ValueError, match="blocked"):
            await anna.say("x")
        await anna.start()
        kinds = [list(u)[1] for u in await fetch(raw)]
        assert kinds == ["message", "my_chat_member", "my_chat_member", "message"]


async def test_buttons_are_pressed_late_and_on_deleted_messages() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        keyboard = {"inline_keyboard": [[{"text": "Go", "callback_data": "go"}]]}
        later = asyncio.create_task(anna.press_soon("go", timeout=60))
        await asyncio.sleep(0)  # it waits now
        await raw.ok("sendMessage", chat_id=anna.id, text="x", reply_markup=keyboard)
        assert (await later).query_id
        message = anna.last
        await raw.ok("deleteMessage", chat_id=anna.id, message_id=message.id)
        await anna.press_data(message, "go")
        queries = [u["callback_query"] for u in await fetch(raw)]
        assert queries[0]["message"]["text"] == "x"
        assert queries[1]["message"] == {
            "chat": queries[1]["message"]["chat"],
            "message_id": message.id,
            "date": 0,
        }
        await anna.press_data(message, "go")
        await anna.say("after")
        world.clock.advance(200)  # callback queries live shorter in the queue
        assert [list(u)[1] for u in await fetch(raw)] == ["message"]


async def test_too_big_uploads_are_refused() -> None:
    from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
    from aiogram.types import BufferedInputFile

    async with World.start() as world, aiogram_bot(world) as bot:
        anna = world.user("Anna", started=True)
        sent = await bot.send_document(anna.id, BufferedInputFile(b"x" * (6 << 20), "big.bin"))
        assert sent.document and sent.document.file_size == 6 << 20
        with pytest.raises(TelegramEntityTooLarge):
            await bot.send_document(anna.id, BufferedInputFile(b"x" * (51 << 20), "huge.bin"))
        with pytest.raises(TelegramBadRequest, match="too big"):
            await bot.send_photo(anna.id, BufferedInputFile(b"x" * (11 << 20), "p.png"))


async def test_a_failed_expectation_shows_the_chat() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna")
        await anna.say("hello\nworld")
        keyboard = {
            "inline_keyboard": [
                [{"text": "A", "callback_data": "a"}, {"text": "B", "url": "https://b.ru"}]
            ]
        }
        sent = await raw.ok("sendMessage", chat_id=anna.id, text="choose", reply_markup=keyboard)
        await raw.ok(
            "editMessageText", chat_id=anna.id, message_id=sent["message_id"], text="chosen"
        )
        await anna.react(anna.last, "👍")
        text = anna.transcript(echo=False)
        assert "Anna: hello" in text and "    world" in text
        assert f"#{sent['message_id']} BOT: chosen  <edited 1x; {anna.id} 👍>" in text
        assert world.stats.calls["sendMessage"] == 1
        call = await world.expect_call("editMessageText", chat_id=anna.id, timeout=1)
        assert call.ok and call.params["text"] == "chosen"
        await fetch(raw)
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        latency = world.stats.report()["latency_ms"]
        assert latency["count"] >= 1 and latency["p50"] < 5000
        with pytest.raises(AssertionError, match=r"(?s)no 'zzz'.*BOT: chosen"):
            await anna.expect("zzz", timeout=0.1)
        world.context.violations.add("made_up", "x")
        with pytest.raises(AssertionError, match="made_up"):
            world.assert_clean()
        world.assert_clean(ignore=("made_up",))


async def test_an_anonymous_admin_presses_under_the_own_name() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        await group.promote(op, is_anonymous=True)
        sent = await raw.ok(
            "sendMessage",
            chat_id=group.id,
            text="x",
            reply_markup={"inline_keyboard": [[{"text": "T", "callback_data": "t"}]]},
        )
        await op.say(group, "/take")
        await op.press("T", in_=group)
        message, query = await fetch(raw)
        assert message["message"]["from"]["username"] == "GroupAnonymousBot"
        assert query["callback_query"]["from"]["id"] == op.id  # presses are never anonymous
        assert query["callback_query"]["message"]["message_id"] == sent["message_id"]


async def test_expectations_know_topics_and_order() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        forum = world.supergroup("F", members=[op], bot="admin", forum=True)
        topic = await raw.ok("createForumTopic", chat_id=forum.id, name="Ticket 7")
        await op.say(forum, "go")
        await raw.ok("sendMessage", chat_id=forum.id, text="general")
        await raw.ok(
            "sendMessage",
            chat_id=forum.id,
            text="inside",
            message_thread_id=topic["message_thread_id"],
        )
        assert (await forum.expect(topic="Ticket 7")).text == "inside"
        assert (await forum.expect(topic="General")).text == "general"
        with pytest.raises(AssertionError):
            await forum.expect("inside", timeout=0.1)  # already taken
        await op.say(forum, "next")
        mark = await op.say(forum, "again")
        await raw.ok("sendMessage", chat_id=forum.id, text="answer")
        await op.say(forum, "too early")
        assert (await forum.expect("answer", since=mark, timeout=0.2)).text == "answer"
