"""Buttons: finding them, and what comes of pressing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.people.contents import contact_content, location_content, text_contents
from sandbox.people.expect import explain
from sandbox.server.actions import CallbackQuery
from sandbox.server.chat import GENERAL_TOPIC
from sandbox.server.members import User
from sandbox.server.message import Message, ServerChat

Json = dict[str, Any]

MOSCOW = (55.7558, 37.6173)


@dataclass(eq=False)
class Press:
    """A pressed button; for inline callback buttons also the bot's answer."""

    person: User
    button: Json
    message: Message
    query: CallbackQuery | None = None  # of a callback button
    sent: Message | None = None  # what a reply keyboard button sent
    link: str | None = None  # what a link or Web App button opens
    copied: str = ""  # what a copy button puts into the clipboard

    @property
    def query_id(self) -> str | None:
        """Identifier of the callback query."""
        return self.query.id if self.query is not None else None

    @property
    def answered(self) -> bool:
        """The bot has answered the callback query."""
        return self.query is not None and self.query.answered

    @property
    def text(self) -> str:
        """What the answer says, or what was copied."""
        return self.query.text if self.query is not None else self.copied

    @property
    def alert(self) -> bool:
        """The answer is shown as an alert."""
        return self.query is not None and self.query.alert

    @property
    def url(self) -> str | None:
        """What the answer or the button opens."""
        return self.query.url if self.query is not None else self.link

    async def answer(self, timeout: float = 5.0) -> Press:
        """Wait until the bot answers the callback query."""
        label, context = self.button["text"], self.message.chat.context
        if self.query is None:
            raise AssertionError(f"{label!r} is not a callback button")
        if not await context.signal.until(lambda: self.answered, timeout * context.patience):
            problem = f"the bot did not answer the press of {label!r} in {timeout} s"
            raise AssertionError(explain(self.message.chat, problem))
        return self


def has_keyboard(message: Message, user_id: int) -> bool:
    """The reply keyboard of the message stands below this user's input field."""
    return message.chat.reply_keyboards.get(user_id) is message


def find_button(
    messages: Sequence[Message], user_id: int, label: str, thread: int | None
) -> tuple[Message, Json] | None:
    """The newest button that the user sees and whose label contains ``label``."""
    for message in reversed(messages):
        if not message.from_bot:
            continue
        if thread is not None and (message.thread_id or GENERAL_TOPIC) != thread:
            continue
        if message.reply_keyboard is not None and not has_keyboard(message, user_id):
            continue
        button = message.button(label)
        if button is not None:
            return message, button
    return None


def visible_buttons(chat: ServerChat, user_id: int) -> list[str]:
    """Labels of the buttons in the chat, the newest message first."""
    labels: list[str] = []
    for message in reversed(chat.bot_messages):
        if message.reply_keyboard is None or has_keyboard(message, user_id):
            labels += message.buttons
    return labels


def button_at(message: Message, user_id: int, row: int, column: int) -> Json:
    """The button at this place of the message; ``LookupError`` if none is there."""
    markup = message.markup or {}
    rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
    if message.inline_keyboard is None and not has_keyboard(message, user_id):
        raise LookupError("the keyboard is gone")
    if not 0 <= row < len(rows) or not 0 <= column < len(rows[row]):
        raise LookupError("there is no such button")
    button = rows[row][column]
    return {"text": button} if isinstance(button, str) else button


def opened_by(button: Json) -> str | None:
    """The address that an inline button opens."""
    if "url" in button or "login_url" in button:
        return str(button.get("url") or button["login_url"]["url"])
    return str(button["web_app"]["url"]) if "web_app" in button else None


def key_content(person: User, button: Json, data: str | None, share: Sequence[User]) -> Json:
    """The message that a button of a reply keyboard sends."""
    if button.get("request_contact"):
        return contact_content(person)
    if button.get("request_location"):
        return location_content(*MOSCOW)
    if button.get("request_users"):
        users = [{"user_id": p.id, "first_name": p.first_name} for p in share]
        request_id = button["request_users"]["request_id"]
        return {"users_shared": {"request_id": request_id, "users": users}}
    if button.get("request_chat"):
        request_id = button["request_chat"]["request_id"]
        return {"chat_shared": {"request_id": request_id, "chat_id": int(data or 0)}}
    if button.get("web_app"):
        return {"web_app_data": {"data": data, "button_text": button["text"]}}
    return text_contents(str(button["text"]))[-1]
