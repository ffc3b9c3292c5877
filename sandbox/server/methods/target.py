"""Where and how a message goes: chat, topic, reply, keyboard."""

from __future__ import annotations

from typing import Any, Final

from sandbox.server.entities import formatted, utf16_len
from sandbox.server.errors import bad_request
from sandbox.server.message import Message, ServerChat
from sandbox.server.methods.parts import check_topic_open, markup_of, thread_of
from sandbox.server.methods.registry import Call

Json = dict[str, Any]
_QUOTABLE: Final = frozenset(
    {"bold", "italic", "underline", "strikethrough", "spoiler", "custom_emoji", "date_time"}
)


def _reply_parameters(call: Call) -> Json | None:
    """``reply_parameters``, or what the older parameters say."""
    params = call.get("reply_parameters")
    if params is None:
        old = int(call.get("reply_to_message_id", 0))
        if not old:
            return None
        lenient = call.get("allow_sending_without_reply")
        return {"message_id": old, "allow_sending_without_reply": lenient}
    if not isinstance(params, dict):
        raise bad_request("object expected as reply parameters", violation="invalid_parameters")
    return params


class Reply:
    """The checked ``reply_parameters``."""

    def __init__(self, call: Call, chat: ServerChat, thread_id: int | None) -> None:
        self.message: Message | None = None
        self.quote: Json | None = None
        self.external: Json | None = None
        self.across: Message | None = None
        params = _reply_parameters(call)
        if params is None:
            return
        lenient = bool(params.get("allow_sending_without_reply"))
        source = chat
        if params.get("chat_id") is not None:
            found = call.telegram.find_chat(params["chat_id"])
            if found is None or (found is not chat and not found.bot_inside):
                raise bad_request("chat not found", violation="chat_not_found")
            source = found
        message = source.visible(int(params.get("message_id") or 0))
        if message is None:
            if lenient and source is chat:
                return
            raise bad_request("message to be replied not found")
        other_topic = chat.has_topics and thread_id is not None and thread_id != message.thread_id
        if params.get("quote"):
            self._quote(message, params)
        if source is not chat or other_topic:
            preview: Json = {"origin": message.origin()}
            if source.kind in ("supergroup", "channel"):
                preview |= {"chat": source.brief(), "message_id": message.id}
            self.external = preview
            self.across = message if source is chat else None
        else:
            self.message = message

    def _quote(self, message: Message, params: Json) -> None:
        text, entities = formatted(
            str(params["quote"]),
            params.get("quote_parse_mode"),
            params.get("quote_entities"),
            limit=1024,
            what="quote",
            detect=False,
        )
        position = message.text.find(text)
        if position < 0:
            raise bad_request("QUOTE_TEXT_INVALID", violation="bad_quote")
        self.quote = {
            "text": text,
            "position": int(params.get("quote_position") or utf16_len(message.text[:position])),
            "is_manual": True,
        }
        kept = [e for e in entities if e["type"] in _QUOTABLE]
        if kept:
            self.quote["entities"] = kept


class Target:
    """Where and how a message goes: everything that all methods of sending share."""

    def __init__(self, call: Call, word: str = "text messages", count: int = 1) -> None:
        self.call = call
        self.chat = call.chat()
        chat = self.chat
        self.thread_id = thread_of(call, chat)
        self.reply = Reply(call, chat, self.thread_id)
        if self.thread_id is None and self.reply.message is not None and chat.has_topics:
            # a reply goes to the topic of the original message
            self.thread_id = self.reply.message.thread_id
        self.markup = markup_of(call, chat)
        self.word = word
        self.count = count

    def check(self) -> None:
        """What Telegram itself checks when a message is sent."""
        call, chat = self.call, self.chat
        if call.get("business_connection_id"):
            raise bad_request("business connection not found", violation="unsupported")
        if call.get("message_effect_id") and chat.kind != "private":
            raise bad_request("EFFECT_CHAT_INVALID", violation="invalid_parameters")
        call.rate(chat, self.count)
        call.check_can_write(chat, self.word)
        check_topic_open(chat, self.thread_id)

    def send(self, content: Json, **more: Any) -> Message:
        """Put a message into the chat."""
        call = self.call
        return call.telegram.bot_messages.send(
            self.chat,
            content,
            markup=self.markup,
            thread_id=self.thread_id,
            reply_to=self.reply.message,
            quote=self.reply.quote,
            external_reply=self.reply.external,
            across=self.reply.across,
            protected=bool(call.get("protect_content")) or self.chat.protected,
            silent=bool(call.get("disable_notification")),
            effect_id=call.get("message_effect_id"),
            **more,
        )

    def ephemeral(self, content: Json) -> Json | None:
        """An ephemeral message, shown to one user only; not kept in the history."""
        params = self.call.get("ephemeral_message_parameters")
        receiver = params.get("receiver_user_id") if params else self.call.get("receiver_user_id")
        if not receiver:
            return None
        if self.chat.kind not in ("group", "supergroup"):
            raise bad_request("ephemeral messages can be sent only to groups and supergroups")
        member = self.chat.members.get(int(receiver))
        if member is None or not member.present:
            raise bad_request("PARTICIPANT_ID_INVALID", violation="invalid_parameters")
        if not self.chat.bot_is_admin and not (params or {}).get("callback_query_id"):
            raise bad_request("not enough rights to send ephemeral messages")
        message = self.call.telegram.bot_messages.send(
            self.chat,
            content,
            markup=self.markup,
            thread_id=self.thread_id,
            reply_to=self.reply.message,
        )
        del self.chat.history[message.id]
        number = message.id
        message.extra = {"receiver_user": member.user, "ephemeral_message_id": number}
        self.chat.store(message)
        return message.to_json() | {"message_id": 0}


def finish(target: Target, content: Json) -> Json:
    """Send one message and return it."""
    target.check()
    ephemeral = target.ephemeral(content)
    if ephemeral is not None:
        return ephemeral
    return target.send(content).to_json()
