"""Topics, reactions of people, and commands by scope."""

from __future__ import annotations

from typing import Any

from sandbox import World
from tests.sandbox.clients import Raw, updates


async def test_a_forum_has_topics_that_close_and_open() -> None:
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
        await group.demote_bot()
        await op.say(group, "/x", topic=made)
        assert "not enough rights to create a topic" in await raw.refused(
            "createForumTopic", **chat, name="n"
        )
        assert "not enough rights to close" in await raw.refused(
            "closeForumTopic", **chat, message_thread_id=made.id
        )
        op_owner = world.people[group.owner.id]
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


async def test_a_private_chat_may_have_topics() -> None:
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


async def test_topics_of_private_chats_are_numbered_apart_from_messages() -> None:
    async with World.start(private_topics=True) as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        first = await raw.ok("sendMessage", chat_id=anna.id, text="outside")
        topic = await raw.ok("createForumTopic", chat_id=anna.id, name="Case")
        thread = topic["message_thread_id"]
        created = (await updates(raw))[-1]["message"]
        assert created["forum_topic_created"] == {"name": "Case", "icon_color": 7322096}
        assert created["message_thread_id"] == thread != created["message_id"]
        assert created["from"]["is_bot"]
        there = {"chat_id": anna.id, "message_thread_id": thread}
        answered = {"reply_parameters": {"message_id": first["message_id"]}}
        across = await raw.ok("sendMessage", **there, text="x", **answered)
        assert "external_reply" in across and "reply_to_message" not in across
        inside = await raw.ok("sendMessage", **there, text="y")
        answered = {"reply_parameters": {"message_id": inside["message_id"]}}
        followed = await raw.ok("sendMessage", chat_id=anna.id, text="z", **answered)
        assert followed["message_thread_id"] == thread, "a reply stands where its message does"
        refused = await raw.refused("closeForumTopic", **there)
        assert refused.endswith("the chat is not a supergroup forum")
        drawn = await anna.create_topic(anna.chat, "New chat", implicit=True)
        assert (await updates(raw))[-1]["message"]["forum_topic_created"]["is_name_implicit"]
        await anna.chat.delete_topic(drawn)
        gone = {"chat_id": anna.id, "message_thread_id": drawn.id}
        refused = await raw.refused("sendMessage", **gone, text="x")
        assert refused.endswith("message thread not found")
        assert (await raw.refused("editForumTopic", **gone, name="x")).endswith("TOPIC_ID_INVALID")
        assert not anna.chat.history[first["message_id"]].deleted


async def test_reactions_of_people_are_told_to_those_who_asked() -> None:
    async with World.start(strict_polling=False) as world, Raw(world) as raw:
        anna, op = world.user("Anna", started=True), world.user("Oleg")
        group = world.supergroup("G", members=[op], bot="admin")
        sent = await raw.ok("sendMessage", chat_id=group.id, text="x")
        await op.react(group.history[sent["message_id"]], "👍")
        assert await updates(raw) == []  # not asked for
        await raw.ok("getUpdates", allowed_updates=["message", "message_reaction"])
        await op.react(group.history[sent["message_id"]], "🔥")
        found = (await updates(raw))[0]["message_reaction"]
        assert (
            found["old_reaction"][0]["emoji"] == "👍" and found["new_reaction"][0]["emoji"] == "🔥"
        )
        message = await raw.ok("sendMessage", chat_id=anna.id, text="x")
        await anna.react(anna.chat.history[message["message_id"]], "❤")
        assert (await updates(raw))[0]["message_reaction"]["user"]["id"] == anna.id


async def test_commands_depend_on_scope_and_language() -> None:
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
