"""Copies, forwards, replies, reactions, polls, and the newest kinds of messages."""

from __future__ import annotations

from sandbox import World
from tests.sandbox.clients import Raw


async def test_copies_hide_the_author_and_forwards_name_him() -> None:
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


async def test_a_reply_may_quote_what_is_there() -> None:
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


async def test_reactions_polls_and_places_are_checked() -> None:
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


async def test_drafts_rich_and_ephemeral_messages_work() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        await raw.ok("sendMessageDraft", chat_id=anna.id, draft_id=1, text="thinking")
        await raw.ok("sendRichMessage", chat_id=anna.id, rich_message={"html": "<h1>T</h1>"})
        assert world.telegram.drafts[anna.id][0]["text"] == "thinking"
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
