"""Buttons: finding and pressing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.attaching import Attaching
from sandbox.chat import Chat
from sandbox.done import Done
from sandbox.message import Message
from sandbox.topic import GENERAL_TOPIC, Topic
from sandbox.writing import TopicLike

if TYPE_CHECKING:
    from sandbox.person import Person

Json = dict[str, Any]


@dataclass(eq=False)
class Press:
    """A pressed button; for inline callback buttons also the bot's answer."""

    person: Person
    button: Json
    message: Message
    query_id: str | None = None
    pressed_at: float = 0.0
    sent: Message | None = None  # what a reply keyboard button sent
    answered: bool = False
    answers: int = 0
    answered_at: float = 0.0
    text: str = ""
    alert: bool = False
    url: str | None = None
    extra: Json = field(default_factory=dict)

    async def answer(self, timeout: float = 5.0) -> Press:
        """Wait until the bot answers the callback query."""
        world = self.person.world
        if self.query_id is None:
            raise AssertionError(f"{self.button['text']!r} is not a callback button")
        if not await world.signal.until(lambda: self.answered, timeout * world.patience):
            raise AssertionError(
                self.message.chat.explain(
                    f"the bot did not answer the press of {self.button['text']!r} in {timeout} s"
                )
            )
        return self


class Pressing(Attaching):
    """Fourth layer of :class:`~sandbox.person.Person`: buttons."""

    def find_button(
        self,
        label: str,
        *,
        in_: Chat | None = None,
        message: Message | None = None,
        topic: TopicLike = None,
    ) -> tuple[Message, Json]:
        """The newest visible button whose label contains ``label`` (exact labels first)."""
        chat = message.chat if message is not None else (in_ or self.chat)
        shown = [message] if message is not None else list(reversed(chat.messages))
        thread: int | None = None
        if topic is not None:
            found = topic if isinstance(topic, Topic) else chat.topic(topic)
            thread = found.id
        for candidate in shown:
            if not candidate.from_bot:
                continue
            if thread is not None and (candidate.thread_id or GENERAL_TOPIC) != thread:
                continue
            hidden = chat.reply_keyboards.get(self.id) is not candidate
            if candidate.reply_keyboard is not None and hidden:
                continue
            button = candidate.button(label)
            if button is not None:
                return candidate, button
        raise AssertionError(
            chat.explain(
                f"no button {label!r} for {self.name} in {chat.title!r}; "
                f"visible: {self.visible_buttons(chat)}"
            )
        )

    def visible_buttons(self, in_: Chat | None = None) -> list[str]:
        """Labels of the buttons in the chat, the newest message first."""
        chat = in_ or self.chat
        labels: list[str] = []
        for message in reversed(chat.bot_messages):
            if message.reply_keyboard is None or chat.reply_keyboards.get(self.id) is message:
                labels += message.buttons
        return labels

    def press(
        self,
        label: str,
        *,
        in_: Chat | None = None,
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
        if shown.inline_keyboard is not None:
            return Done(self._press_inline(shown, button))
        return Done(self._press_reply(shown, button, data, share))

    def press_at(self, message: Message, row: int, column: int) -> Done[Press]:
        """Press the button at this place of the message; ``LookupError`` if none is there."""
        markup = message.markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        standing = message.chat.reply_keyboards.get(self.id) is message
        if message.inline_keyboard is None and not standing:
            raise LookupError("the keyboard is gone")
        if not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
            raise LookupError("there is no such button")
        button = rows[row][column]
        if message.inline_keyboard is not None:
            return Done(self._press_inline(message, button))
        key = {"text": button} if isinstance(button, str) else button
        return Done(self._press_reply(message, key, None, ()))

    async def press_soon(self, label: str, *, timeout: float = 5.0, **where: Any) -> Press:
        """Wait until there is a button with the label, then press it."""

        def look() -> bool:
            try:
                self.find_button(
                    label,
                    **{key: where[key] for key in ("in_", "message", "topic") if key in where},
                )
            except AssertionError:
                return False
            return True

        await self.world.signal.until(look, timeout * self.world.patience)
        return await self.press(label, **where)

    def press_data(self, message: Message, data: str) -> Done[Press]:
        """Send a callback query with any data, as a modified client could do."""
        press = Press(
            self._me,
            {"text": "?", "callback_data": data},
            message,
            pressed_at=self.world.clock.now(),
        )
        message.chat.mark()
        self.world.callback(press, data)
        return Done(press)

    def _press_inline(self, message: Message, button: Json) -> Press:
        press = Press(self._me, button, message, pressed_at=self.world.clock.now())
        message.chat.mark()
        if "callback_data" in button:
            self.world.callback(press, str(button["callback_data"]))
        elif "url" in button or "login_url" in button:
            press.url = str(button.get("url") or button["login_url"]["url"])
        elif "web_app" in button:
            press.url = str(button["web_app"]["url"])
        elif "copy_text" in button:
            press.text = str(button["copy_text"]["text"])
        return press

    def _press_reply(
        self, message: Message, button: Json, data: str | None, share: Sequence[Person]
    ) -> Press:
        press = Press(self._me, button, message, pressed_at=self.world.clock.now())
        chat = message.chat
        where: Json = {"reply_to": message} if chat.kind != "private" else {}
        if button.get("request_contact"):
            press.sent = self.send_contact(chat, reply_to=message).result
        elif button.get("request_location"):
            press.sent = self.send_location(chat, reply_to=message).result
        elif button.get("request_users"):
            users = [{"user_id": p.id, "first_name": p.first_name} for p in share]
            request_id = button["request_users"]["request_id"]
            press.sent = self._send(
                chat, {"users_shared": {"request_id": request_id, "users": users}}
            )
        elif button.get("request_chat"):
            shared = {"request_id": button["request_chat"]["request_id"], "chat_id": int(data or 0)}
            press.sent = self._send(chat, {"chat_shared": shared})
        elif button.get("web_app"):
            if data is None:
                press.url = str(button["web_app"]["url"])
                return press
            press.sent = self._send(
                chat, {"web_app_data": {"data": data, "button_text": button["text"]}}
            )
        else:
            press.sent = self.say(chat, str(button["text"]), **where).result
        if (message.reply_keyboard or {}).get("one_time_keyboard"):
            chat.reply_keyboards.pop(self.id, None)
        return press
