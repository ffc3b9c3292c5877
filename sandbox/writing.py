"""What people write: texts, replies, forwards, edits, reactions, pins."""

from __future__ import annotations

from typing import Any, overload

from sandbox.account import Account
from sandbox.chat import Chat
from sandbox.done import Done
from sandbox.entities import TEXT_LIMIT, detect_entities, formatted
from sandbox.markup.plain import Entity
from sandbox.message import Message
from sandbox.topic import GENERAL_TOPIC, Topic

Json = dict[str, Any]
TopicLike = Topic | int | str | None


class Writing(Account):
    """Second layer of :class:`~sandbox.person.Person`: words."""

    def _send(
        self,
        chat: Chat | None,
        content: Json,
        *,
        topic: TopicLike = None,
        reply_to: Message | None = None,
        **more: Any,
    ) -> Message:
        chat = chat or (reply_to.chat if reply_to is not None else self.chat)
        thread_id = more.pop("thread_id", None)
        if topic is not None:
            found = topic if isinstance(topic, Topic) else chat.topic(topic)
            thread_id = None if found.id == GENERAL_TOPIC else found.id
        elif reply_to is not None and thread_id is None and reply_to.chat is chat:
            thread_id = reply_to.thread_id
        return self.world.post(
            chat, self._me, content, reply_to=reply_to, thread_id=thread_id, **more
        )

    @overload
    def say(self, where: Chat, text: str, /, **how: Any) -> Done[Message]: ...
    @overload
    def say(self, where: str, /, **how: Any) -> Done[Message]: ...
    def say(self, where: Chat | str, text: str | None = None, /, **how: Any) -> Done[Message]:
        """Write to the bot, or into ``chat``: ``say("text")``, ``say(group, "text", topic=…)``.

        ``parse_mode`` formats the text, ``reply_to`` and ``quote`` make it a reply.
        """
        if isinstance(where, str):
            chat, words = None, where
        else:
            chat, words = where, text or ""
        parse_mode = how.pop("parse_mode", None)
        entities = how.pop("entities", None)
        if parse_mode or entities:
            words, entities = formatted(words, parse_mode, entities, limit=10**6)
        else:
            entities = detect_entities(words)
        if len(words) <= TEXT_LIMIT:
            return Done(self._say_part(chat, words, entities, how))
        # the apps split long texts
        parts = [words[i : i + TEXT_LIMIT] for i in range(0, len(words), TEXT_LIMIT)]
        return Done([self._say_part(chat, p, detect_entities(p), how) for p in parts][-1])

    def _say_part(
        self, chat: Chat | None, words: str, entities: list[Entity], how: Json
    ) -> Message:
        content: Json = {"text": words}
        if entities:
            content["entities"] = entities
        return self._send(chat, content, **how)

    def reply(
        self, message: Message, text: str, *, quote: str | None = None, **how: Any
    ) -> Done[Message]:
        """Reply to a message, in its chat and topic."""
        if quote is not None:
            position = message.text.index(quote)
            before = message.text[:position]
            how["quote"] = {
                "text": quote,
                "position": len(before.encode("utf-16-le")) // 2,
                "is_manual": True,
            }
        return self.say(message.chat, text, reply_to=message, **how)

    def reply_in(self, chat: Chat, message: Message, text: str, **how: Any) -> Done[Message]:
        """Reply in a chat; the message may belong to another chat (an external reply)."""
        if message.chat is chat:
            return self.reply(message, text, **how)
        how["external_reply"] = {"origin": message.origin(), **_content_preview(message)}
        return self.say(chat, text, **how)

    def forward(self, message: Message, to: Chat | None = None, **how: Any) -> Done[Message]:
        """Forward a message."""
        content = dict(message.content)
        return Done(self._send(to, content, forward_origin=message.origin(), **how))

    def edit(self, message: Message, text: str, *, parse_mode: str | None = None) -> Done[Message]:
        """Edit the text or caption of an own message."""
        if message.sender is not self:
            raise ValueError(f"{self.name} can't edit {message!r}")
        plain, entities = formatted(text, parse_mode, None, limit=4096)
        field_text, field_entities = message.content_text_fields()
        content = dict(message.content) | {field_text: plain}
        content.pop(field_entities, None)
        if entities:
            content[field_entities] = entities
        self.world.edited_by_person(message, content)
        return Done(message)

    def move(self, message: Message, latitude: float, longitude: float) -> Done[Message]:
        """Update an own live location."""
        place = dict(message.content["location"]) | {"latitude": latitude, "longitude": longitude}
        self.world.edited_by_person(message, {"location": place})
        return Done(message)

    def delete(self, message: Message) -> Done[None]:
        """Delete a message for everyone; bots get no update about this."""
        message.deleted = True
        self.world.touched()
        return Done(None)

    def react(self, message: Message, *emoji: str) -> Done[None]:
        """Set the reactions (none: remove them)."""
        self.world.reacted(message, self._me, [{"type": "emoji", "emoji": e} for e in emoji])
        return Done(None)

    def pin(self, message: Message) -> Done[Message]:
        """Pin a message."""
        return Done(self.world.pin(message, by=self._me))

    def unpin(self, message: Message) -> Done[None]:
        """Unpin a message; bots get no update about this."""
        message.pinned = False
        return Done(None)


def _content_preview(message: Message) -> Json:
    preview: Json = {}
    if message.chat.kind in ("supergroup", "channel"):
        preview |= {"chat": message.chat.brief(), "message_id": message.id}
    if message.kind in ("photo", "document", "video", "voice", "audio", "sticker"):
        preview[message.kind] = message.content[message.kind]
    return preview
