"""People: the other side of the chats with the bot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, overload

from sandbox.people import buttons, contents
from sandbox.people.buttons import MOSCOW, Press
from sandbox.people.chat import Chat
from sandbox.people.done import Done
from sandbox.people.expect import Pattern, explain
from sandbox.server.chat import GENERAL_TOPIC, Topic
from sandbox.server.members import InviteLink, User
from sandbox.server.message import Message, ServerChat
from sandbox.server.telegram import Telegram

Json = dict[str, Any]
TopicLike = Topic | int | str | None


class WorldForPeople(Protocol):
    """The world, as far as its people know it; ``world.py`` imports this file."""

    telegram: Telegram
    chats: dict[int, Chat]

    async def until(
        self, condition: Callable[[], Any], timeout: float = 5.0, what: str = "the condition"
    ) -> None:
        """Wait until a condition holds."""
        ...

    def visible_commands(self, person: User, chat: ServerChat | None = None) -> list[Json]:
        """Commands that the app shows to the person in the chat."""
        ...


class Person(User):
    """A user of Telegram. Actions happen at once; awaiting them is optional but handy.

    ``how`` is what all ways of sending have in common: ``topic``, ``reply_to``, ``caption``,
    ``parse_mode``… Without a chat it goes to the private chat with the bot. The list is long, and
    the work is done elsewhere: in `contents.py`, `buttons.py` and the server's parts.
    """

    def __init__(self, world: WorldForPeople, user_id: int, first_name: str, **about: Any) -> None:
        super().__init__(user_id, first_name, **about)
        self.world = world
        self.telegram = world.telegram
        self.chat = Chat(
            world.telegram, world.chats, "private", user_id, self.full_name, person=self
        )

    @property
    def messages(self) -> list[Message]:
        """Messages of the private chat with the bot."""
        return self.chat.messages

    @property
    def last(self) -> Message:
        """The bot's newest message in the private chat."""
        return self.chat.last

    def transcript(self, last: int | None = None, *, echo: bool = True) -> str:
        """Transcript of the private chat."""
        return self.chat.transcript(last, echo=echo)

    async def expect(
        self, pattern: Pattern = None, *, in_: Chat | None = None, **how: Any
    ) -> Message:
        """The bot's next matching message to this person (or in ``in_``), edits included."""
        return await (in_ or self.chat).expect(pattern, **how)

    async def expect_none(
        self, pattern: Pattern = None, *, in_: Chat | None = None, **how: Any
    ) -> None:
        """Assert that the bot sends nothing matching."""
        await (in_ or self.chat).expect_none(pattern, **how)

    def __repr__(self) -> str:
        return f"<Person {self.full_name} {self.id}>"

    # ------------------------------------------------------------------ words

    def _send(
        self,
        chat: ServerChat | None,
        content: Json,
        *,
        topic: TopicLike = None,
        reply_to: Message | None = None,
        **more: Any,
    ) -> Message:
        chat = chat or (reply_to.chat if reply_to is not None else self.chat)
        thread_id = more.pop("thread_id", None)
        if topic is not None:
            found = chat.topic(topic)
            thread_id = None if found.id == GENERAL_TOPIC else found.id
        elif reply_to is not None and thread_id is None and reply_to.chat is chat:
            thread_id = reply_to.thread_id
        post = self.telegram.actions.post
        return post(chat, self, content, reply_to=reply_to, thread_id=thread_id, **more)

    @overload
    def say(self, where: ServerChat, text: str, /, **how: Any) -> Done[Message]: ...
    @overload
    def say(self, where: str, /, **how: Any) -> Done[Message]: ...
    def say(self, where: ServerChat | str, text: str | None = None, /, **how: Any) -> Done[Message]:
        """Write to the bot, or into ``chat``: ``say("text")``, ``say(group, "text", topic=…)``.

        ``parse_mode`` formats the text, ``reply_to`` and ``quote`` make it a reply.
        """
        chat, words = (None, where) if isinstance(where, str) else (where, text or "")
        parse_mode, entities = how.pop("parse_mode", None), how.pop("entities", None)
        parts = contents.text_contents(words, parse_mode, entities)
        return Done([self._send(chat, part, **how) for part in parts][-1])

    def reply(
        self, message: Message, text: str, *, quote: str | None = None, **how: Any
    ) -> Done[Message]:
        """Reply to a message, in its chat and topic."""
        if quote is not None:
            how["quote"] = contents.quote_of(message, quote)
        return self.say(message.chat, text, reply_to=message, **how)

    def reply_in(self, chat: ServerChat, message: Message, text: str, **how: Any) -> Done[Message]:
        """Reply in a chat; the message may belong to another chat (an external reply)."""
        if message.chat is chat:
            return self.reply(message, text, **how)
        return self.say(chat, text, external_reply=contents.external_reply_to(message), **how)

    def forward(self, message: Message, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Forward a message."""
        content = dict(message.content)
        return Done(self._send(to, content, forward_origin=message.origin(), **how))

    def edit(self, message: Message, text: str, *, parse_mode: str | None = None) -> Done[Message]:
        """Edit the text or caption of an own message."""
        if message.sender is not self:
            raise ValueError(f"{self.name} can't edit {message!r}")
        content = contents.edited_content(message, text, parse_mode)
        self.telegram.actions.edited_by_person(message, content)
        return Done(message)

    def move(self, message: Message, latitude: float, longitude: float) -> Done[Message]:
        """Update an own live location."""
        place = dict(message.content["location"]) | {"latitude": latitude, "longitude": longitude}
        self.telegram.actions.edited_by_person(message, {"location": place})
        return Done(message)

    def delete(self, message: Message) -> Done[None]:
        """Delete a message for everyone; bots get no update about this."""
        message.deleted = True
        self.telegram.context.touched()
        return Done(None)

    def react(self, message: Message, *emoji: str) -> Done[None]:
        """Set the reactions (none: remove them)."""
        given = [{"type": "emoji", "emoji": e} for e in emoji]
        self.telegram.actions.reacted(message, self, given)
        return Done(None)

    def pin(self, message: Message) -> Done[Message]:
        """Pin a message."""
        return Done(self.telegram.events.pin(message, by=self))

    def unpin(self, message: Message) -> Done[None]:
        """Unpin a message; bots get no update about this."""
        message.pinned = False
        return Done(None)

    # ------------------------------------------------------------------ files

    def _send_file(self, kind: str, to: ServerChat | None, how: Json) -> Done[Message]:
        content = contents.file_content(self.telegram, kind, how)
        return Done(self._send(to, content, **how))

    def send_photo(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a photo: ``caption``, ``data`` (bytes), ``name``, ``topic``, ``reply_to``…"""
        return self._send_file("photo", to, how)

    def send_document(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a file; ``size`` may pretend it is big."""
        return self._send_file("document", to, how)

    def send_video(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a video."""
        return self._send_file("video", to, how)

    def send_voice(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a voice message."""
        return self._send_file("voice", to, how)

    def send_video_note(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a round video."""
        return self._send_file("video_note", to, how)

    def send_audio(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a music file."""
        return self._send_file("audio", to, how)

    def send_animation(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send an animation (GIF)."""
        return self._send_file("animation", to, how)

    def send_sticker(self, to: ServerChat | None = None, **how: Any) -> Done[Message]:
        """Send a sticker."""
        return self._send_file("sticker", to, how)

    def send_album(
        self,
        items: Sequence[str] | int = 2,
        to: ServerChat | None = None,
        *,
        caption: str | None = None,
        **how: Any,
    ) -> Done[list[Message]]:
        """Send an album: kinds such as ``["photo", "video"]``, or a number of photos."""
        kinds = ["photo"] * items if isinstance(items, int) else list(items)
        group = self.telegram.context.new_media_group()
        sent = []
        for index, kind in enumerate(kinds):
            about = {"media_group_id": group, "caption": caption if index == 0 else None}
            sent.append(self._send_file(kind, to, how | about).result)
        return Done(sent)

    # ------------------------------------------------------------------ other contents

    def send_location(
        self,
        to: ServerChat | None = None,
        *,
        latitude: float = MOSCOW[0],
        longitude: float = MOSCOW[1],
        live: int | None = None,
        **how: Any,
    ) -> Done[Message]:
        """Send a point on the map (``live``: a live location for so many seconds)."""
        return Done(self._send(to, contents.location_content(latitude, longitude, live), **how))

    def send_venue(
        self,
        to: ServerChat | None = None,
        *,
        title: str = "Office",
        address: str = "1 Main st.",
        latitude: float = MOSCOW[0],
        longitude: float = MOSCOW[1],
        **how: Any,
    ) -> Done[Message]:
        """Send a venue."""
        place = contents.location_content(latitude, longitude)
        return Done(
            self._send(to, {"venue": place | {"title": title, "address": address}} | place, **how)
        )

    def send_contact(
        self,
        to: ServerChat | None = None,
        *,
        person: Person | None = None,
        phone: str | None = None,
        first_name: str | None = None,
        **how: Any,
    ) -> Done[Message]:
        """Send a contact: the own one unless ``person`` or ``phone`` are given."""
        content = contents.contact_content(person or self, phone, first_name)
        return Done(self._send(to, content, **how))

    def send_poll(
        self,
        to: ServerChat | None = None,
        *,
        question: str = "?",
        options: Sequence[str] = ("a", "b"),
        **how: Any,
    ) -> Done[Message]:
        """Send a poll."""
        poll = self.telegram.actions.new_poll(question, list(options))
        return Done(self._send(to, {"poll": poll}, **how))

    def send_dice(
        self, to: ServerChat | None = None, *, emoji: str = "🎲", value: int = 4, **how: Any
    ) -> Done[Message]:
        """Send a dice."""
        return Done(self._send(to, {"dice": {"emoji": emoji, "value": value}}, **how))

    def send_content(
        self, content: Json, to: ServerChat | None = None, **how: Any
    ) -> Done[Message]:
        """Send any content given as Bot API fields."""
        return Done(self._send(to, content, **how))

    # ------------------------------------------------------------------ buttons

    def find_button(
        self,
        label: str,
        *,
        in_: ServerChat | None = None,
        message: Message | None = None,
        topic: TopicLike = None,
    ) -> tuple[Message, Json]:
        """The newest visible button whose label contains ``label`` (exact labels first)."""
        chat = message.chat if message is not None else (in_ or self.chat)
        shown = [message] if message is not None else chat.messages
        thread = None if topic is None else chat.topic(topic).id
        found = buttons.find_button(shown, self.id, label, thread)
        if found is None:
            visible = self.visible_buttons(chat)
            problem = f"no button {label!r} for {self.name} in {chat.title!r}; visible: {visible}"
            raise AssertionError(explain(chat, problem))
        return found

    def visible_buttons(self, in_: ServerChat | None = None) -> list[str]:
        """Labels of the buttons in the chat, the newest message first."""
        return buttons.visible_buttons(in_ or self.chat, self.id)

    def press(
        self,
        label: str,
        *,
        in_: ServerChat | None = None,
        message: Message | None = None,
        topic: TopicLike = None,
        data: str | None = None,
        share: Sequence[Person] = (),
    ) -> Done[Press]:
        """Press the newest visible button with the label.

        Inline buttons send a callback query (``press.answer()`` waits for the bot's answer), reply
        keyboard buttons send their text, contact, location, users (``share``) or Web App ``data``.
        """
        shown, button = self.find_button(label, in_=in_, message=message, topic=topic)
        return Done(self._press(shown, button, data, share))

    def press_at(self, message: Message, row: int, column: int) -> Done[Press]:
        """Press the button at this place of the message; ``LookupError`` if none is there."""
        button = buttons.button_at(message, self.id, row, column)
        return Done(self._press(message, button, None, ()))

    async def press_soon(self, label: str, *, timeout: float = 5.0, **where: Any) -> Press:
        """Wait until there is a button with the label, then press it."""
        places = {key: where[key] for key in ("in_", "message", "topic") if key in where}

        def look() -> bool:
            try:
                self.find_button(label, **places)
            except AssertionError:
                return False
            return True

        context = self.telegram.context
        await context.signal.until(look, timeout * context.patience)
        return await self.press(label, **where)

    def press_data(self, message: Message, data: str) -> Done[Press]:
        """Send a callback query with any data, as a modified client could do."""
        return Done(self._press_inline(message, {"text": "?", "callback_data": data}))

    def _press(
        self, message: Message, button: Json, data: str | None, share: Sequence[Person]
    ) -> Press:
        if message.inline_keyboard is not None:
            return self._press_inline(message, button)
        return self._press_key(message, button, data, share)

    def _press_inline(self, message: Message, button: Json) -> Press:
        press = Press(self, button, message)
        message.chat.mark()
        if "callback_data" in button:
            callback = self.telegram.actions.callback
            press.query = callback(self, message, button, str(button["callback_data"]))
        elif "copy_text" in button:
            press.copied = str(button["copy_text"]["text"])
        else:
            press.link = buttons.opened_by(button)
        return press

    def _press_key(
        self, message: Message, button: Json, data: str | None, share: Sequence[Person]
    ) -> Press:
        """A button of a reply keyboard. The apps make it a reply where it is not private."""
        press = Press(self, button, message)
        if button.get("web_app") and data is None:
            press.link = str(button["web_app"]["url"])
            return press
        chat, content = message.chat, buttons.key_content(self, button, data, share)
        kind = next(iter(content))
        replies = kind in ("contact", "location") or (kind == "text" and chat.kind != "private")
        press.sent = self._send(chat, content, reply_to=message if replies else None)
        if (message.reply_keyboard or {}).get("one_time_keyboard"):
            chat.reply_keyboards.pop(self.id, None)
        return press

    # ------------------------------------------------------------------ the private chat

    def start(self, payload: str | None = None) -> Done[Message]:
        """Press Start (also after a block), optionally from a deep link with a payload."""
        if self.chat.access == "blocked":
            self.telegram.membership.set_access(self.chat, "started")
        return self.say(f"/start {payload}" if payload else "/start")

    def block_bot(self) -> Done[None]:
        """Stop and block the bot."""
        self.telegram.membership.set_access(self.chat, "blocked")
        return Done(None)

    def unblock_bot(self) -> Done[None]:
        """Unblock the bot."""
        self.telegram.membership.set_access(self.chat, "started")
        return Done(None)

    def delete_account(self) -> Done[None]:
        """Delete the account: writing to it gives "user is deactivated"."""
        self.chat.access = "deactivated"
        return Done(None)

    def clear_history(self) -> Done[None]:
        """Delete the private chat's history for both sides."""
        for message in self.chat.messages:
            message.deleted = True
        return Done(None)

    # ------------------------------------------------------------------ polls and inline mode

    def vote(self, message: Message, *options: int) -> Done[None]:
        """Vote in a poll (no options: retract the vote)."""
        self.telegram.actions.voted(message, self, list(options))
        return Done(None)

    def inline_query(self, text: str, *, offset: str = "", chat_type: str = "sender") -> Done[str]:
        """Type ``@bot text`` somewhere; returns the query's identifier."""
        return Done(self.telegram.actions.inline_query(self, text, offset, chat_type))

    async def inline_results(self, query_id: str, timeout: float = 5.0) -> list[Json]:
        """Wait for what the bot offers for an inline query."""
        query, context = self.telegram.actions.inline_queries[query_id], self.telegram.context
        answered = context.signal.until(lambda: query["answer"] is not None, timeout)
        if not await answered:
            raise AssertionError(f"the bot did not answer an inline query in {timeout} s")
        return list(query["answer"]["results"])

    def choose_inline(
        self, result: Json, to: ServerChat | None = None, **how: Any
    ) -> Done[Message]:
        """Choose one of the offered results: its words are sent, marked with the bot's name."""
        content = result["input_message_content"]
        words, entities = content["message_text"], content.get("entities")
        (said,) = contents.text_contents(words, content.get("parse_mode"), entities)
        return Done(self._send(to, said, via_bot=self.telegram.context.bot_user, **how))

    # ------------------------------------------------------------------ groups

    def join(self, chat: Chat, link: InviteLink | str | None = None) -> Done[Message | None]:
        """Join a group or channel."""
        join = self.telegram.membership.join
        return Done(join(chat.migrated_to or chat, self, None, link))

    def leave(self, chat: Chat) -> Done[Message | None]:
        """Leave a group or channel."""
        return Done(self.telegram.membership.leave(chat, self, None))

    def request_join(self, chat: Chat, link: InviteLink | str | None = None) -> Done[None]:
        """Ask to join."""
        self.telegram.membership.request_join(chat, self, link)
        return Done(None)

    def create_topic(self, chat: Chat, name: str, *, implicit: bool = False) -> Done[Topic]:
        """Create a topic in a forum, or in one's own chat. ``implicit``: by just writing, so that
        the app has named it.
        """
        return Done(self.telegram.topics.create(chat, name, by=self, implicit=implicit))

    def rename_topic(self, chat: Chat, topic: TopicLike, name: str) -> Done[None]:
        """Rename a topic (``None``: the General topic)."""
        self.telegram.topics.edit(chat, _topic(chat, topic), name=name, by=self)
        return Done(None)

    def close_topic(self, chat: Chat, topic: TopicLike) -> Done[None]:
        """Close a topic (``None``: the General topic)."""
        self.telegram.topics.set_closed(chat, _topic(chat, topic), closed=True, by=self)
        return Done(None)

    def reopen_topic(self, chat: Chat, topic: TopicLike) -> Done[None]:
        """Reopen a topic (``None``: the General topic)."""
        self.telegram.topics.set_closed(chat, _topic(chat, topic), closed=False, by=self)
        return Done(None)


def _topic(chat: Chat, topic: TopicLike) -> Topic:
    return chat.topic(GENERAL_TOPIC if topic is None else topic)
