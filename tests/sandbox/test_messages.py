"""Sending, editing, deleting and copying messages."""

from __future__ import annotations

import asyncio

import pytest

from sandbox import World
from sandbox.images import png
from tests.sandbox.clients import Raw, aiogram_bot


async def test_who_can_be_written_to() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, eve = world.user("Anna"), world.user("Eve")
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op])
        assert (
            await raw.refused("sendMessage", chat_id=eve.id, text="x")
            == "Bad Request: chat not found"
        )
        op.say(group, "/x")  # now the bot has met him
        assert (
            await raw.refused("sendMessage", chat_id=op.id, text="x")
            == "Forbidden: bot can't initiate conversation with a user"
        )
        anna.start()
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        anna.block_bot()
        for _ in range(3):
            assert (
                await raw.refused("sendMessage", chat_id=anna.id, text="x")
                == "Forbidden: bot was blocked by the user"
            )
            await asyncio.sleep(0.6)
        repeated = [v for v in world.violations if v.kind == "writes_to_refusing_chat"]
        assert [v.severity for v in repeated] == ["warning", "error"]
        anna.unblock_bot()
        await raw.ok("sendMessage", chat_id=anna.id, text="x")
        anna.delete_account()
        assert (
            await raw.refused("sendMessage", chat_id=anna.id, text="x")
            == "Forbidden: user is deactivated"
        )
        kinds = [list(u)[1] for u in await raw.ok("getUpdates")]
        assert kinds == ["message", "message", "my_chat_member", "my_chat_member"]


async def test_errors_of_sending() -> None:
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
            == "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\""
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


async def test_odd_requests() -> None:
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


async def test_edits() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        keyboard = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
        sent = await raw.ok("sendMessage", chat_id=anna.id, text="one", reply_markup=keyboard)
        where = {"chat_id": anna.id, "message_id": sent["message_id"]}
        same = "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message"
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


async def test_delete_and_pin() -> None:
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


async def test_media_and_files() -> None:
    async with World.start() as world, aiogram_bot(world) as bot:
        from aiogram.exceptions import TelegramBadRequest
        from aiogram.types import BufferedInputFile, InputMediaDocument, InputMediaPhoto

        anna = world.user("Anna", started=True)
        image = png(300, 200)
        sent = await bot.send_photo(
            anna.id, BufferedInputFile(image, "a.png"), caption="<b>c</b>", parse_mode="HTML"
        )
        assert sent.photo and (sent.photo[-1].width, sent.photo[-1].height) == (300, 200)
        assert sent.caption_entities and sent.caption_entities[0].type == "bold"
        got = await anna.expect("c", kind="photo")
        assert got.file_bytes == image
        again = await bot.send_photo(anna.id, sent.photo[-1].file_id)
        assert again.photo and again.photo[-1].file_unique_id == sent.photo[-1].file_unique_id
        document = await bot.send_document(anna.id, BufferedInputFile(b"data", "report.csv"))
        assert document.document and document.document.file_name == "report.csv"
        assert document.document.mime_type == "text/csv"
        for call, text in [
            (
                lambda: bot.send_photo(anna.id, BufferedInputFile(b"no image", "a.png")),
                "IMAGE_PROCESS_FAILED",
            ),
            (
                lambda: bot.send_photo(anna.id, document.document.file_id),
                "can't use file of type Document as Photo",
            ),
            (
                lambda: bot.send_photo(anna.id, "https://a.ru/x.png"),
                "failed to get HTTP URL content",
            ),
            (lambda: bot.send_photo(anna.id, "garbage"), "wrong remote file identifier"),
            (
                lambda: bot.send_document(anna.id, BufferedInputFile(b"", "a")),
                "file must be non-empty",
            ),
            (
                lambda: bot.send_photo(anna.id, sent.photo[-1].file_id, caption="x" * 1025),
                "message caption is too long",
            ),
        ]:
            with pytest.raises(TelegramBadRequest, match=text):
                await call()
        album = await bot.send_media_group(
            anna.id,
            [
                InputMediaPhoto(media=BufferedInputFile(image, "1.png"), caption="album"),
                InputMediaPhoto(media=sent.photo[-1].file_id),
            ],
        )
        assert len({m.media_group_id for m in album}) == 1
        with pytest.raises(TelegramBadRequest, match="can't be mixed"):
            await bot.send_media_group(
                anna.id,
                [
                    InputMediaPhoto(media=sent.photo[-1].file_id),
                    InputMediaDocument(media=document.document.file_id),
                ],
            )
        edited = await bot.edit_message_media(
            InputMediaDocument(media=document.document.file_id, caption="new"),
            chat_id=anna.id,
            message_id=sent.message_id,
        )
        assert edited.document and edited.caption == "new"

        theirs = await anna.send_document(data=b"log", name="log.txt")
        file = await bot.get_file(theirs.media["file_id"])
        assert file.file_path and file.file_path.startswith("documents/")
        data = await bot.download(theirs.media["file_id"])
        assert data and data.read() == b"log"
        big = await anna.send_video(size=21 << 20)
        with pytest.raises(TelegramBadRequest, match="file is too big"):
            await bot.get_file(big.media["file_id"])


async def test_copies_and_forwards() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        text = await anna.say("<b>bold</b>", parse_mode="HTML")
        photo = await anna.send_photo(caption="look")
        album = await anna.send_album(["photo", "video"], caption="both")
        pair = {"chat_id": group.id, "from_chat_id": anna.id}
        copied = await raw.ok("copyMessage", **pair, message_id=text.id)
        message = group.get(copied["message_id"])
        assert message and message.entity_texts("bold") == ["bold"] and not message.forward_origin
        copied = await raw.ok("copyMessage", **pair, message_id=photo.id, caption="other")
        message = group.get(copied["message_id"])
        assert message and message.text == "other" and message.kind == "photo"
        forwarded = await raw.ok("forwardMessage", **pair, message_id=text.id)
        assert forwarded["forward_origin"]["sender_user"]["id"] == anna.id
        anna.hidden_forwards = True
        forwarded = await raw.ok("forwardMessage", **pair, message_id=text.id)
        assert forwarded["forward_origin"]["type"] == "hidden_user"
        ids = await raw.ok("copyMessages", **pair, message_ids=[m.id for m in album])
        groups = {group.history[i["message_id"]].media_group_id for i in ids}
        assert len(ids) == 2 and len(groups) == 1 and None not in groups
        assert (
            await raw.refused("copyMessage", **pair, message_id=9999)
            == "Bad Request: message to copy not found"
        )
        assert (
            await raw.refused("forwardMessage", **pair, message_id=9999)
            == "Bad Request: message to forward not found"
        )
        assert "increasing" in await raw.refused(
            "copyMessages", **pair, message_ids=[album[1].id, album[0].id]
        )


async def test_replies_and_quotes() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        first = await anna.say("😀 the camera is broken")
        sent = await raw.ok(
            "sendMessage",
            chat_id=anna.id,
            text="x",
            reply_parameters={"message_id": first.id, "quote": "camera"},
        )
        assert sent["quote"] == {"text": "camera", "position": 7, "is_manual": True}
        assert sent["reply_to_message"]["text"] == first.text
        assert "QUOTE_TEXT_INVALID" in await raw.refused(
            "sendMessage",
            chat_id=anna.id,
            text="x",
            reply_parameters={"message_id": first.id, "quote": "nothing"},
        )
        sent = await raw.ok(
            "sendMessage",
            chat_id=group.id,
            text="x",
            reply_parameters={"message_id": first.id, "chat_id": anna.id},
        )
        assert sent["external_reply"]["origin"]["sender_user"]["id"] == anna.id
        bots = group.last
        await op.reply(bots, "ok", quote="x")
        update = (await raw.ok("getUpdates"))[-1]["message"]
        assert update["reply_to_message"]["message_id"] == bots.id
        assert update["quote"]["text"] == "x"
        assert "reply_to_message" not in update["reply_to_message"]


async def test_reactions_polls_places() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        message = await anna.say("x")
        react = {"chat_id": anna.id, "message_id": message.id}
        await raw.ok("setMessageReaction", **react, reaction=[{"type": "emoji", "emoji": "👍"}])
        assert message.bot_reactions == ["👍"]
        assert "REACTION_INVALID" in await raw.refused(
            "setMessageReaction", **react, reaction=[{"type": "emoji", "emoji": "🚀"}]
        )
        await raw.ok("setMessageReaction", **react, reaction=[])
        assert message.bot_reactions == []
        poll = await raw.ok(
            "sendPoll",
            chat_id=anna.id,
            question="?",
            options=[{"text": "a"}, {"text": "b"}],
            is_anonymous=False,
        )
        assert [o["text"] for o in poll["poll"]["options"]] == ["a", "b"]
        await anna.vote(anna.last, 1)
        kinds = [list(u)[1] for u in await raw.ok("getUpdates")]
        assert kinds == ["message", "poll_answer", "poll"]
        stopped = await raw.ok("stopPoll", chat_id=anna.id, message_id=poll["message_id"])
        assert stopped["is_closed"] and stopped["total_voter_count"] == 1
        await raw.ok("sendLocation", chat_id=anna.id, latitude=55.7, longitude="37.6")
        await raw.ok("sendVenue", chat_id=anna.id, latitude=1, longitude=2, title="t", address="a")
        await raw.ok("sendContact", chat_id=anna.id, phone_number="+7900", first_name="A")
        await raw.ok("sendDice", chat_id=anna.id)
        await raw.ok("sendChatAction", chat_id=anna.id, action="typing")
        assert [a[1] for a in anna.chat.actions] == ["typing"]
        assert "wrong parameter action" in await raw.refused(
            "sendChatAction", chat_id=anna.id, action="dancing"
        )


async def test_newest_kinds() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        await raw.ok("sendMessageDraft", chat_id=anna.id, draft_id=1, text="thinking")
        await raw.ok("sendRichMessage", chat_id=anna.id, rich_message={"html": "<h1>T</h1>"})
        assert world.drafts[anna.id][0]["text"] == "thinking"
        sent = await raw.ok(
            "sendMessage",
            chat_id=group.id,
            text="only for you",
            ephemeral_message_parameters={"receiver_user_id": op.id},
        )
        assert sent["message_id"] == 0 and sent["receiver_user"]["id"] == op.id
        assert "business connection" in await raw.refused(
            "sendChecklist",
            chat_id=anna.id,
            business_connection_id="x",
            checklist={"title": "t", "tasks": [{"id": 1, "text": "a"}]},
        )
