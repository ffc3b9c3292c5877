"""What the bot writes into the chats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sandbox.server.context import Context
from sandbox.server.members import User
from sandbox.server.message import Message, ServerChat

Json = dict[str, Any]


class BotMessages:
    """From the bot to people."""

    def __init__(self, context: Context, users: Mapping[int, User]) -> None:
        self.context = context
        self.users = users
        self.observers: list[Callable[[ServerChat, Message], None]] = []

    def send(
        self, chat: ServerChat, content: Json, *, markup: Json | None = None, **more: Any
    ) -> Message:
        """The bot's new message."""
        message = Message(
            chat, chat.next_id(), self.context.clock.unix(), content, from_bot=True, **more
        )
        message.sent_markup = markup
        if markup is not None:
            if "inline_keyboard" in markup:
                message.inline_keyboard = markup
            else:
                self._reply_markup(message, markup)
        chat.store(message)
        self.context.stats.messages_sent += 1
        for observer in self.observers:
            observer(chat, message)
        chat.record("new", message)
        return message

    def _reply_markup(self, message: Message, markup: Json) -> None:
        chat = message.chat
        if chat.kind == "private":
            targets = [chat.id]
        else:
            targets = [uid for uid, member in chat.members.items() if member.present]
            if markup.get("selective"):
                chosen = {e["user"]["id"] for e in message.entities if e["type"] == "text_mention"}
                names = {part[1:].lower() for part in message.entity_texts("mention")}
                chosen |= {
                    uid
                    for uid in targets
                    if uid in self.users
                    and (self.users[uid].username or "").lower() in names
                    and self.users[uid].username
                }
                if message.reply_to is not None and message.reply_to.sender is not None:
                    chosen.add(message.reply_to.sender.id)
                targets = [uid for uid in targets if uid in chosen]
        if markup.get("keyboard"):
            message.reply_keyboard = markup
            for uid in targets:
                chat.reply_keyboards[uid] = message
        elif markup.get("remove_keyboard"):
            for uid in targets:
                chat.reply_keyboards.pop(uid, None)

    def edit(
        self, message: Message, content: Json | None, markup: Json | None, *, silent: bool = False
    ) -> None:
        """The bot edits its message; ``content=None`` keeps the content."""
        message.revisions.append(message.snapshot())
        if content is not None:
            message.content = content
        message.inline_keyboard = markup
        if not silent:
            message.edit_date = self.context.clock.unix()
        message.chat.record("edit", message)
