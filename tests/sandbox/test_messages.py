"""Sending, editing, deleting and copying messages."""

from __future__ import annotations

import asyncio

from sandbox import World
from tests.sandbox.clients import Raw


async def test_the_bot_writes_only_to_those_who_started_it() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, eve = world.user("Anna"), world.user("Eve")
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op])
        assert (
            await raw.refused("sendMessage", chat_id=eve.id, text="x")
            == "Bad Request: chat not found"
        )
        await op.say(group, "/x")  # now the bot has met him
        assert (
            await raw.refused("sendMessage", chat_id=op.id, text="x")
            == "Forbidden: bot can't initiate conversation with a user"
        )
        await anna.start()
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        await anna.block_bot()
        for _ in range(3):
            assert (
                await raw.refused("sendMessage", chat_id=anna.id, text="x")
                == "Forbidden: bot was blocked by the user"
            )
            await asyncio.sleep(0.6)
        repeated = [v for v in world.violations if v.kind == "writes_to_refusing_chat"]
        assert [v.severity for v in repeated] == ["warning", "error"]
        await anna.unblock_bot()
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        await anna.delete_account()
        assert (
            await raw.refused("sendMessage", chat_id=anna.id, text="x")
            == "Forbidden: user is deactivated"
        )
        kinds = [list(u)[1] for u in await raw.ok("getUpdates")]
        assert kinds == ["message", "message", "my_chat_member", "my_chat_member"]


async def test_a_wrong_message_is_refused_in_telegrams_words() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        refused = raw.refused
        to = {"chat_id": anna.id}
        assert await refused("sendMessage", text="x") == "Bad Request: chat_id is empty"
        assert await refused("sendMessage", **to) == "Bad Request: message text is empty"
        assert await refused("sendMessage", chat_id=1, text="x") == "Bad Request: chat not found"
        assert (
            await refused("sendMessage", chat_id="@no", text="x") == "Bad Request: chat not found"
        )
        assert (
            await refused("sendMessage", **to, text="x" * 4097)
            == "Bad Request: message is too long"
        )
        assert (
            await refused("sendMessage", **to, text="<b>x", parse_mode="HTML")
            == "Bad Request: can't parse entities: Can't find end tag corresponding to start tag "
            '"b"'
        )
        assert (
            await refused("sendMessage", **to, text="x", reply_parameters={"message_id": 5})
            == "Bad Request: message to be replied not found"
        )
        sent = await raw.ok(
            "sendMessage",
            **to,
            text="x",
            reply_parameters={"message_id": 5, "allow_sending_without_reply": True},
        )
        assert "reply_to_message" not in sent
        assert (
            await refused("sendMessage", **to, text="x", message_thread_id=7)
            == "Bad Request: message thread not found"
        )
        body = await raw.call("noSuchMethod")
        assert (body["error_code"], body["description"]) == (404, "Not Found: method not found")
        await raw.ok("sendMessage", **to, text="x", txt="y", link_preview_options={"zz": 1})
        found = {v.kind for v in world.violations}
        assert {
            "invalid_parameters",
            "too_long",
            "bad_entities",
            "unknown_method",
            "unknown_parameter",
        } <= found
        texts = [v.text for v in world.violations if v.kind == "unknown_parameter"]
        assert texts == ["unknown parameter 'txt'", "unknown parameter 'link_preview_options.zz'"]


async def test_odd_requests_get_proper_answers() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        async with raw.session.get(
            raw.url("sendMessage"), params={"chat_id": str(anna.id), "text": "GET"}
        ) as response:
            assert (await response.json())["result"]["text"] == "GET"
        async with raw.session.post(
            raw.url("SENDMESSAGE"),
            data={
                "chat_id": str(anna.id),
                "text": "form",
                "reply_markup": '{"inline_keyboard":[[{"text":"a","callback_data":"b"}]]}',
            },
        ) as response:
            assert (await response.json())["result"]["reply_markup"]
        async with raw.session.post(
            raw.url("getMe"), data=b"{", headers={"Content-Type": "application/json"}
        ) as response:
            assert response.status == 400
        async with raw.session.get(f"{world.api_url}/bot42:WRONG/getMe") as response:
            assert (response.status, (await response.json())["description"]) == (
                401,
                "Unauthorized",
            )
        async with raw.session.get(f"{world.api_url}/botxx/getMe") as response:
            assert response.status == 404
        async with raw.session.get(f"{world.api_url}/") as response:
            assert response.status == 404
        anna.transcript()
        assert [m.text for m in anna.messages] == ["GET", "form"]


async def test_only_own_messages_are_edited_and_only_changed() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        sent = await raw.ok("sendMessage", chat_id=anna.id, text="one", reply_markup=keyboard)
        where = {"chat_id": anna.id, "message_id": sent["message_id"]}
        same = (
            "Bad Request: message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
        assert (
            await raw.refused("editMessageText", **where, text="one", reply_markup=keyboard) == same
        )
        edited = await raw.ok("editMessageText", **where, text="two", reply_markup=keyboard)
        assert (
            edited["text"] == "two" and edited["edit_date"] and edited["reply_markup"] == keyboard
        )
        edited = await raw.ok("editMessageText", **where, text="three")
        assert "reply_markup" not in edited  # an absent keyboard is removed
        await raw.ok("editMessageReplyMarkup", **where, reply_markup=keyboard)
        assert await raw.refused("editMessageReplyMarkup", **where, reply_markup=keyboard) == same
        assert (
            await raw.refused("editMessageText", chat_id=anna.id, message_id=99999, text="x")
            == "Bad Request: message to edit not found"
        )
        theirs = await anna.say("mine")
        assert (
            await raw.refused("editMessageText", chat_id=anna.id, message_id=theirs.id, text="x")
            == "Bad Request: message can't be edited"
        )
        assert (
            await raw.refused("editMessageCaption", **where, caption="x")
            == "Bad Request: there is no caption in the message to edit"
        )
        reply = await raw.ok(
            "sendMessage", chat_id=anna.id, text="k", reply_markup={"keyboard": [["x"]]}
        )
        assert (
            await raw.refused(
                "editMessageText", chat_id=anna.id, message_id=reply["message_id"], text="z"
            )
            == "Bad Request: message can't be edited"
        )
        assert (
            await raw.refused(
                "editMessageText", **where, text="q", reply_markup={"keyboard": [["x"]]}
            )
            == "Bad Request: inline keyboard expected"
        )
        message = anna.chat.get(sent["message_id"])
        assert message is not None
        assert [r.text for r in message.revisions] == ["one", "two", "three"]
        found = await anna.expect("two", since="start", edited=True)
        assert found is message and found.text == "three"


async def test_messages_are_deleted_and_pinned() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        one = await anna.say("one")
        sent = await raw.ok("sendMessage", chat_id=anna.id, text="x")
        await raw.ok("pinChatMessage", chat_id=anna.id, message_id=sent["message_id"])
        assert [m.text for m in anna.chat.pinned] == ["x"]
        chat = await raw.ok("getChat", chat_id=anna.id)
        assert chat["pinned_message"]["text"] == "x"
        await raw.ok("unpinChatMessage", chat_id=anna.id)
        assert (
            await raw.refused("unpinChatMessage", chat_id=anna.id)
            == "Bad Request: message to unpin not found"
        )
        await raw.ok("deleteMessage", chat_id=anna.id, message_id=one.id)
        assert one.deleted
        assert (
            await raw.refused("deleteMessage", chat_id=anna.id, message_id=one.id)
            == "Bad Request: message to delete not found"
        )
        await raw.ok("deleteMessages", chat_id=anna.id, message_ids=[one.id, sent["message_id"]])
        world.clock.advance(49 * 3600)
        young = await raw.ok("sendMessage", chat_id=anna.id, text="y")
        world.clock.advance(49 * 3600)
        assert (
            await raw.refused("deleteMessage", chat_id=anna.id, message_id=young["message_id"])
            == "Bad Request: message can't be deleted"
        )
