"""What happens in the chats, as updates for the bot."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from sandbox.server.context import Context
from sandbox.server.members import User
from sandbox.server.message import Message, ServerChat
from sandbox.server.updates import Updates

Json = dict[str, Any]

# service messages about its own actions that a bot gets as updates
_OWN_SERVICE: Final = frozenset(
    {
        "new_chat_title", "new_chat_photo", "delete_chat_photo", "left_chat_member",
        "pinned_message", "forum_topic_created", "forum_topic_edited", "forum_topic_closed",
        "forum_topic_reopened", "general_forum_topic_hidden", "general_forum_topic_unhidden",
    }
)  # fmt: skip


class Events:
    """Makes updates, and the service messages that come with some of them."""

    def __init__(self, context: Context, updates: Updates, chats: Mapping[int, ServerChat]) -> None:
        self.context = context
        self.updates = updates
        self.chats = chats

    def meet(self, user_id: int) -> None:
        """The bot knows this user from now on."""
        private = self.chats.get(user_id)
        if private is not None:
            private.known = True

    def emit(
        self, kind: str, payload: Json, chat: ServerChat | None, person: User | None = None
    ) -> int | None:
        """Send an update to the bot; ``None`` if it does not want this kind."""
        if chat is not None:
            chat.known = chat.known or kind != "chat_member"
        if person is not None:
            self.meet(person.id)
        key_id = chat.id if chat is not None else (person.id if person is not None else 0)
        group = "query" if kind in ("callback_query", "inline_query") else "message"
        self.context.active_at = time.monotonic()
        chat_id = chat.id if chat is not None else None
        return self.updates.put(kind, payload, chat_id, (group, key_id))

    def emit_message(self, message: Message, by: User | None, *, edited: bool = False) -> None:
        """An update about a new or edited message or post."""
        kind = "channel_post" if message.chat.kind == "channel" else "message"
        name = f"edited_{kind}" if edited else kind
        self.emit(name, message.to_json(), message.chat, by)

    def sees(self, message: Message) -> bool:
        """Privacy mode: is the message meant for the bot?"""
        chat = message.chat
        if (
            chat.kind in ("private", "channel")
            or not self.context.options.privacy
            or chat.bot_is_admin
        ):
            return True
        if message.is_service or message.via_bot is not None:
            return True
        if message.reply_to is not None and message.reply_to.from_bot:
            return True
        name = self.context.bot_username.lower()
        for entity in message.entities:
            part = message.text.encode("utf-16-le")[
                entity["offset"] * 2 : (entity["offset"] + entity["length"]) * 2
            ].decode("utf-16-le")
            if entity["type"] == "bot_command":
                target = part.partition("@")[2].lower()
                if not target or target == name:
                    return True
            elif (entity["type"] == "mention" and part[1:].lower() == name) or (
                entity["type"] == "text_mention" and entity["user"]["id"] == self.context.bot_id
            ):
                return True
        return False

    def service(
        self,
        chat: ServerChat,
        content: Json,
        by: User | None,
        *,
        thread_id: int | None = None,
        message_id: int | None = None,
        force: bool = False,
    ) -> Message:
        """A service message about an action of a person or of the bot."""
        member = chat.members.get(by.id) if by is not None else None
        message = Message(
            chat,
            message_id or chat.next_id(),
            self.context.clock.unix(),
            content,
            from_bot=by is None,
            sender=by,
            anonymous=bool(member and member.anonymous),
            thread_id=thread_id,
        )
        if by is not None:
            message.seq = chat.mark()
        message.visible = force or chat.bot_inside
        chat.store(message)
        kind = message.kind
        if message.visible and (by is not None or kind in _OWN_SERVICE):
            self.emit_message(message, by)
        return message

    def pin(self, message: Message, by: User | None) -> Message:
        """Pin a message (``by=None``: the bot) with the service message about this."""
        message.pinned = True
        if by is None:
            message.chat.record("pin", message)
        thread_id = message.thread_id
        return self.service(message.chat, {"pinned_message": message}, by, thread_id=thread_id)
