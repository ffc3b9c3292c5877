"""Groups, channels, membership, privacy mode, migration, forums."""

from __future__ import annotations

from typing import Any

from sandbox import World
from tests.sandbox.clients import Raw


async def updates(raw: Raw, **params: Any) -> list[dict[str, Any]]:
    """New updates; they are confirmed."""
    found = await raw.ok("getUpdates", **params)
    if found:
        await raw.ok("getUpdates", offset=found[-1]["update_id"] + 1, limit=1)
    return found


async def test_privacy_mode() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg", username="oleg")
        group = world.supergroup("G", members=[op], bot="member")
        sent = await raw.ok("sendMessage", chat_id=group.id, text="hello")
        assert sent["chat"]["type"] == "supergroup"
        await op.say(group, "plain text")
        await op.say(group, "/take 1")
        await op.say(group, "/take@help_bot 2")
        await op.say(group, "/take@other_bot 3")
        await op.say(group, "@help_bot hi")
        await op.reply(group.last, "a reply")
        await op.reply(group.find("plain"), "reply to a person")
        seen = [u["message"]["text"] for u in await updates(raw)]
        assert seen == ["/take 1", "/take@help_bot 2", "@help_bot hi", "a reply"]
        assert (
            await raw.refused(
                "sendMessage",
                chat_id=group.id,
                text="x",
                reply_parameters={"message_id": group.find("plain").id},
            )
            == "Bad Request: message to be replied not found"
        )
        group.promote_bot()
        await op.say(group, "now visible")
        seen = [list(u)[1] for u in await updates(raw)]
        assert seen == ["my_chat_member", "message"]
    async with World.start(privacy=False) as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op])
        await op.say(group, "plain text")
        assert len(await updates(raw)) == 1
        assert (await raw.ok("getMe"))["can_read_all_group_messages"]


async def test_membership_of_the_bot() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op], bot=None)
        assert (
            await raw.refused("sendMessage", chat_id=group.id, text="x")
            == "Bad Request: chat not found"
        )
        await group.add_bot(by=op)
        first, second = await updates(raw)
        assert first["my_chat_member"]["old_chat_member"]["status"] == "left"
        assert first["my_chat_member"]["new_chat_member"]["status"] == "member"
        assert second["message"]["new_chat_members"][0]["id"] == world.bot_id
        await raw.ok("sendMessage", chat_id=group.id, text="x")
        assert await raw.ok("getChatMemberCount", chat_id=group.id) == 3
        await group.remove_bot(by=op)
        assert (
            await raw.refused("sendMessage", chat_id=group.id, text="x")
            == "Forbidden: bot was kicked from the supergroup chat"
        )
        kinds = [list(u)[1] for u in await updates(raw)]
        assert kinds == ["message", "my_chat_member"]
        await op.say(group, "/start")
        assert await updates(raw) == []
        await group.add_bot(by=op, admin=True)
        await raw.ok("leaveChat", chat_id=group.id)
        assert (
            await raw.refused("sendMessage", chat_id=group.id, text="x")
            == "Forbidden: bot is not a member of the supergroup chat"
        )
        await group.add_bot(by=op)
        await group.restrict_bot(by=op)
        assert (
            await raw.refused("sendMessage", chat_id=group.id, text="x")
            == "Bad Request: not enough rights to send text messages to the chat"
        )


async def test_deleted_groups() -> None:
    async with World.start() as world, Raw(world) as raw:
        small, large = world.group("S"), world.supergroup("L")
        await small.delete_chat()
        await large.delete_chat()
        assert (
            await raw.refused("sendMessage", chat_id=small.id, text="x")
            == "Forbidden: the group chat was deleted"
        )
        assert (
            await raw.refused("sendMessage", chat_id=large.id, text="x")
            == "Bad Request: chat not found"
        )


async def test_members() -> None:
    async with World.start() as world, Raw(world) as raw:
        op, eve = world.user("Oleg"), world.user("Eve")
        group = world.supergroup("G", members=[op, eve], bot="admin")
        admins = await raw.ok("getChatAdministrators", chat_id=group.id)
        assert [a["status"] for a in admins] == ["creator", "administrator"]
        await group.promote(op, title="Boss", can_pin_messages=False)
        member = await raw.ok("getChatMember", chat_id=group.id, user_id=op.id)
        assert (member["status"], member["custom_title"]) == ("administrator", "Boss")
        assert member["can_pin_messages"] is False
        assert (await raw.ok("getChatMember", chat_id=group.id, user_id=eve.id))[
            "status"
        ] == "member"
        assert (
            await raw.refused("getChatMember", chat_id=group.id, user_id=5)
            == "Bad Request: member not found"
        )
        assert "user is an administrator" in await raw.refused(
            "banChatMember", chat_id=group.id, user_id=op.id
        )
        await raw.ok("banChatMember", chat_id=group.id, user_id=eve.id)
        assert (await raw.ok("getChatMember", chat_id=group.id, user_id=eve.id))[
            "status"
        ] == "kicked"
        await raw.ok("unbanChatMember", chat_id=group.id, user_id=eve.id)
        assert (await raw.ok("getChatMember", chat_id=group.id, user_id=eve.id))["status"] == "left"
        await updates(raw)
        await eve.join(group)
        assert [list(u)[1] for u in await updates(raw)] == [
            "message"
        ]  # chat_member is not asked for
        await eve.leave(group)
        found = await updates(raw, allowed_updates=["chat_member", "message"])
        assert [list(u)[1] for u in found] == ["message"]  # was created before
        await eve.join(group)
        assert [list(u)[1] for u in await updates(raw)] == ["chat_member", "message"]
        anonymous = world.user("Anon")
        await group.add_member(anonymous)
        await group.promote(anonymous, is_anonymous=True)
        await updates(raw)
        await anonymous.say(group, "who am I")
        message = (await updates(raw))[0]["message"]
        assert message["from"]["username"] == "GroupAnonymousBot"
        assert message["sender_chat"]["id"] == group.id


async def test_migration() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.group("G", members=[op], bot="admin")
        await raw.ok("sendMessage", chat_id=group.id, text="x")
        new = group.migrate()
        found = [u["message"] for u in await updates(raw)]
        assert found[0]["migrate_to_chat_id"] == new.id and found[0]["chat"]["id"] == group.id
        assert found[1]["migrate_from_chat_id"] == group.id and found[1]["chat"]["id"] == new.id
        body = await raw.call("sendMessage", chat_id=group.id, text="x")
        assert body == {
            "ok": False,
            "error_code": 400,
            "description": "Bad Request: group chat was upgraded to a supergroup chat",
            "parameters": {"migrate_to_chat_id": new.id},
        }
        await raw.ok("sendMessage", chat_id=new.id, text="x")
        await op.say(new, "/x")
        assert (await updates(raw))[0]["message"]["chat"]["id"] == new.id


async def test_channels() -> None:
    async with World.start() as world, Raw(world) as raw:
        channel = world.channel("Alerts", username="alerts")
        sent = await raw.ok("sendMessage", chat_id="@alerts", text="x")
        assert sent["sender_chat"]["id"] == channel.id and "from" not in sent
        await channel.expect("x")
        await channel.post("from the owner")
        update = (await updates(raw))[0]
        assert update["channel_post"]["text"] == "from the owner"
        await channel.demote_bot()
        assert (
            await raw.refused("sendMessage", chat_id=channel.id, text="x")
            == "Bad Request: need administrator rights in the channel chat"
        )
        other = world.channel("Closed", bot="kicked")
        assert (
            await raw.refused("sendMessage", chat_id=other.id, text="x")
            == "Forbidden: bot was kicked from the channel chat"
        )


async def test_rights() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup(
            "G", members=[op], bot={"can_pin_messages": False, "can_delete_messages": False}
        )
        theirs = await op.say(group, "x")
        where = {"chat_id": group.id, "message_id": theirs.id}
        assert (
            await raw.refused("pinChatMessage", **where)
            == "Bad Request: not enough rights to manage pinned messages in the chat"
        )
        assert (
            await raw.refused("deleteMessage", **where) == "Bad Request: message can't be deleted"
        )
        await group.promote_bot()
        await raw.ok("pinChatMessage", **where)
        pinned = (await updates(raw))[-1]["message"]
        assert pinned["pinned_message"]["message_id"] == theirs.id
        await raw.ok("deleteMessage", **where)
        await raw.ok("setChatTitle", chat_id=group.id, title="New")
        await raw.ok("setChatDescription", chat_id=group.id, description="D")
        full = await raw.ok("getChat", chat_id=group.id)
        assert (full["title"], full["description"]) == ("New", "D")
        group.demote_bot()
        assert "not enough rights" in await raw.refused("setChatTitle", chat_id=group.id, title="Z")


async def test_invites_and_join_requests() -> None:
    async with World.start() as world, Raw(world) as raw:
        eve = world.user("Eve", bio="hi")
        group = world.supergroup("G", bot="admin")
        link = await raw.ok(
            "createChatInviteLink", chat_id=group.id, name="L", creates_join_request=True
        )
        assert link["creates_join_request"] and not link["is_revoked"]
        await eve.request_join(group, link["invite_link"])
        request = (await updates(raw))[0]["chat_join_request"]
        assert request["from"]["id"] == eve.id and request["invite_link"]["name"] == "L"
        await raw.ok(
            "sendMessage", chat_id=request["user_chat_id"], text="welcome"
        )  # allowed for a while
        await raw.ok("approveChatJoinRequest", chat_id=group.id, user_id=eve.id)
        assert group.member(eve).present
        assert "USER_ALREADY_PARTICIPANT" in await raw.refused(
            "approveChatJoinRequest", chat_id=group.id, user_id=eve.id
        )
        link = await raw.ok(
            "revokeChatInviteLink", chat_id=group.id, invite_link=link["invite_link"]
        )
        assert link["is_revoked"]


async def test_forum() -> None:
    async with World.start() as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin", forum=True)
        chat = {"chat_id": group.id}
        topic = await raw.ok("createForumTopic", **chat, name="Ticket 1", icon_color=7322096)
        thread = topic["message_thread_id"]
        created = (await updates(raw))[0]["message"]
        assert (
            created["forum_topic_created"]["name"] == "Ticket 1"
            and created["message_thread_id"] == thread
        )
        sent = await raw.ok("sendMessage", **chat, text="in", message_thread_id=thread)
        assert sent["is_topic_message"] and sent["message_thread_id"] == thread
        assert sent["reply_to_message"]["forum_topic_created"]
        sent = await raw.ok("sendMessage", **chat, text="general")
        assert "message_thread_id" not in sent
        await op.say(group, "hello", topic="Ticket")
        update = (await updates(raw))[0]["message"]
        assert update["message_thread_id"] == thread
        assert update["reply_to_message"]["message_id"] == thread  # the implicit reply
        assert "message thread not found" in await raw.refused(
            "sendMessage", **chat, text="x", message_thread_id=1
        )
        assert "message thread not found" in await raw.refused(
            "sendMessage", **chat, text="x", message_thread_id=999
        )
        await raw.ok("editForumTopic", **chat, message_thread_id=thread, name="Ticket 1: done")
        assert "TOPIC_NOT_MODIFIED" in await raw.refused(
            "editForumTopic", **chat, message_thread_id=thread, name="Ticket 1: done"
        )
        await raw.ok("closeForumTopic", **chat, message_thread_id=thread)
        assert "TOPIC_NOT_MODIFIED" in await raw.refused(
            "closeForumTopic", **chat, message_thread_id=thread
        )
        await raw.ok("sendMessage", **chat, text="admins may", message_thread_id=thread)
        await op.reopen_topic(group, "Ticket")
        kinds = [
            next(k for k in u["message"] if k.startswith("forum_topic")) for u in await updates(raw)
        ]
        assert kinds == ["forum_topic_edited", "forum_topic_closed", "forum_topic_reopened"]
        await raw.ok("deleteForumTopic", **chat, message_thread_id=thread)
        assert "message thread not found" in await raw.refused(
            "sendMessage", **chat, text="x", message_thread_id=thread
        )
        assert "TOPIC_ID_INVALID" in await raw.refused(
            "closeForumTopic", **chat, message_thread_id=thread
        )
        made = await op.create_topic(group, "By a person")
        group.demote_bot()
        await op.say(group, "/x", topic=made)
        assert "not enough rights to create a topic" in await raw.refused(
            "createForumTopic", **chat, name="n"
        )
        assert "not enough rights to close" in await raw.refused(
            "closeForumTopic", **chat, message_thread_id=made.id
        )
        op_owner = group.owner
        await op_owner.close_topic(group, made)
        assert "TOPIC_CLOSED" in await raw.refused(
            "sendMessage", **chat, text="x", message_thread_id=made.id
        )
        await group.delete_topic(made)
        assert "message thread not found" in await raw.refused(
            "sendMessage", **chat, text="x", message_thread_id=made.id
        )
        plain = world.supergroup("P", bot="admin")
        assert "the chat is not a forum" in await raw.refused(
            "createForumTopic", chat_id=plain.id, name="n"
        )
        await raw.ok(
            "sendMessage", chat_id=plain.id, text="x", message_thread_id=5
        )  # ignored there
        assert any(v.kind == "useless_parameter" for v in world.violations)
        await group.promote_bot()
        await raw.ok("hideGeneralForumTopic", **chat)
        assert group.topics[1].hidden


async def test_topics_in_private_chats() -> None:
    async with World.start(private_topics=True) as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        assert (await raw.ok("getMe"))["has_topics_enabled"]
        topic = await raw.ok("createForumTopic", chat_id=anna.id, name="Case")
        sent = await raw.ok(
            "sendMessage", chat_id=anna.id, text="x", message_thread_id=topic["message_thread_id"]
        )
        assert sent["is_topic_message"]
        await anna.say("in the topic", topic="Case")
        assert (await updates(raw))[-1]["message"]["message_thread_id"] == topic[
            "message_thread_id"
        ]


async def test_reactions_of_people() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        sent = await raw.ok("sendMessage", chat_id=group.id, text="x")
        await op.react(group.get(sent["message_id"]), "👍")
        assert await updates(raw) == []  # not asked for
        await raw.ok("getUpdates", allowed_updates=["message", "message_reaction"])
        await op.react(group.get(sent["message_id"]), "🔥")
        found = (await updates(raw))[0]["message_reaction"]
        assert (
            found["old_reaction"][0]["emoji"] == "👍" and found["new_reaction"][0]["emoji"] == "🔥"
        )
        message = await raw.ok("sendMessage", chat_id=anna.id, text="x")
        await anna.react(anna.chat.get(message["message_id"]), "❤")
        assert (await updates(raw))[0]["message_reaction"]["user"]["id"] == anna.id


async def test_commands_by_scope_and_language() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna, op = (
            world.user("Anna", language="ru", started=True),
            world.user("Oleg", language="en"),
        )
        group = world.supergroup("G", members=[op], bot="admin")

        async def put(name: str, **where: Any) -> None:
            await raw.ok("setMyCommands", commands=[{"command": name, "description": "d"}], **where)

        await put("all")
        await put("priv", scope={"type": "all_private_chats"})
        await put("privru", scope={"type": "all_private_chats"}, language_code="ru")
        await put("ops", scope={"type": "chat", "chat_id": group.id})
        await put("adm", scope={"type": "chat_administrators", "chat_id": group.id})
        assert [c["command"] for c in world.visible_commands(anna)] == ["privru"]
        assert [c["command"] for c in world.visible_commands(op)] == ["priv"]
        assert [c["command"] for c in world.visible_commands(op, group)] == ["ops"]
        assert [c["command"] for c in world.visible_commands(group.owner, group)] == ["adm"]
        assert (await raw.ok("getMyCommands"))[0]["command"] == "all"
        await raw.ok("deleteMyCommands", scope={"type": "all_private_chats"}, language_code="ru")
        assert [c["command"] for c in world.visible_commands(anna)] == ["priv"]
        assert "BOT_COMMAND_INVALID" in await raw.refused(
            "setMyCommands", commands=[{"command": "Bad-Name", "description": "d"}]
        )
        assert "chat not found" in await raw.refused(
            "setMyCommands", commands=[], scope={"type": "chat", "chat_id": 77}
        )
        await raw.ok("setMyDescription", description="Hi", language_code="ru")
        assert await raw.ok("getMyDescription", language_code="ru") == {"description": "Hi"}
        assert await raw.ok("getMyDescription") == {"description": ""}
        await raw.ok("setChatMenuButton", chat_id=anna.id, menu_button={"type": "commands"})
        assert await raw.ok("getChatMenuButton", chat_id=anna.id) == {"type": "commands"}
