"""Groups, channels, membership, privacy mode, migration, forums."""

from __future__ import annotations

from sandbox import World
from tests.sandbox.clients import Raw, updates


async def test_in_privacy_mode_the_bot_sees_only_what_is_meant_for_it() -> None:
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
        await group.promote_bot()
        await op.say(group, "now visible")
        seen = [list(u)[1] for u in await updates(raw)]
        assert seen == ["my_chat_member", "message"]
    async with World.start(privacy=False) as world, Raw(world) as raw:
        op = world.user("Oleg")
        group = world.supergroup("G", members=[op])
        await op.say(group, "plain text")
        assert len(await updates(raw)) == 1
        assert (await raw.ok("getMe"))["can_read_all_group_messages"]


async def test_the_bot_learns_where_it_is_a_member() -> None:
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


async def test_a_deleted_group_refuses_the_bot() -> None:
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


async def test_members_are_promoted_banned_and_let_in_again() -> None:
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


async def test_a_basic_group_becomes_a_supergroup() -> None:
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


async def test_a_channel_takes_posts_of_admins_only() -> None:
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


async def test_an_admin_needs_the_right_for_what_it_does() -> None:
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
        await group.demote_bot()
        assert "not enough rights" in await raw.refused("setChatTitle", chat_id=group.id, title="Z")


async def test_join_requests_are_approved_once() -> None:
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
        assert group.members[eve.id].present
        assert "USER_ALREADY_PARTICIPANT" in await raw.refused(
            "approveChatJoinRequest", chat_id=group.id, user_id=eve.id
        )
        link = await raw.ok(
            "revokeChatInviteLink", chat_id=group.id, invite_link=link["invite_link"]
        )
        assert link["is_revoked"]
