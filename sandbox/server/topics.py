"""Forum topics."""

from __future__ import annotations

from typing import Any, Final

from sandbox.server.chat import GENERAL_TOPIC, ICON_COLORS, Topic
from sandbox.server.events import Events
from sandbox.server.members import User
from sandbox.server.message import ServerChat

Json = dict[str, Any]

NAME_LIMIT: Final = 128
# Some of the icons that every bot may give to a topic; their ids follow one another.
TOPIC_ICONS: Final = (
    *("📰", "💡", "⚡️", "🎙", "🔝", "🗣", "🆒", "❗️", "📝", "📆", "📁", "🔎", "📣", "🔥", "❤️"),
    *("❓", "📈", "📉", "💎", "💰", "⁉️", "🏠", "🎉", "‼️", "🏆", "🏁", "👀", "☕️", "💬", "✅"),
)
FIRST_ICON: Final = 5_300_000_000_000_000_000


def icon_of(topic: Topic) -> str:
    """The icon as an emoji; empty where it has only a colour."""
    at = int(topic.icon_custom_emoji_id or 0) - FIRST_ICON
    return TOPIC_ICONS[at] if 0 <= at < len(TOPIC_ICONS) else ""


class Topics:
    """Changes of topics with their service messages (``by=None``: the bot)."""

    def __init__(self, events: Events) -> None:
        self.events = events

    def create(
        self,
        chat: ServerChat,
        name: str,
        *,
        by: User | None,
        icon_color: int = ICON_COLORS[0],
        icon_custom_emoji_id: str | None = None,
        implicit: bool = False,
    ) -> Topic:
        """Create a topic. ``implicit``: the person just wrote, and the app has named it."""
        content: Json = {"name": name, "icon_color": icon_color}
        if implicit:
            content["is_name_implicit"] = True
        if icon_custom_emoji_id:
            content["icon_custom_emoji_id"] = icon_custom_emoji_id
        message_id = chat.next_id()
        number = chat.next_topic_id(message_id)
        topic = Topic(number, name, icon_color, icon_custom_emoji_id or None, by_bot=by is None)
        chat.topics[number] = topic
        self.events.service(
            chat, {"forum_topic_created": content}, by, thread_id=number, message_id=message_id
        )
        return topic

    def edit(
        self,
        chat: ServerChat,
        topic: Topic,
        *,
        name: str | None = None,
        icon: str | None = None,
        by: User | None,
    ) -> None:
        """Rename a topic or change its icon."""
        content: Json = {}
        if name is not None and name != topic.name:
            topic.name = content["name"] = name
        if icon is not None and icon != (topic.icon_custom_emoji_id or ""):
            topic.icon_custom_emoji_id = icon or None
            content["icon_custom_emoji_id"] = icon
        if content:
            self._service(chat, topic, {"forum_topic_edited": content}, by)

    def set_closed(self, chat: ServerChat, topic: Topic, *, closed: bool, by: User | None) -> None:
        """Close or reopen a topic."""
        if topic.closed == closed:
            return
        topic.closed = closed
        kind = "forum_topic_closed" if closed else "forum_topic_reopened"
        self._service(chat, topic, {kind: {}}, by)

    def set_hidden(self, chat: ServerChat, *, hidden: bool, by: User | None) -> None:
        """Hide or show the General topic."""
        topic = chat.topics[GENERAL_TOPIC]
        if topic.hidden == hidden:
            return
        topic.hidden = hidden
        if hidden:
            topic.closed = True
        kind = "general_forum_topic_hidden" if hidden else "general_forum_topic_unhidden"
        self._service(chat, topic, {kind: {}}, by)

    def _service(self, chat: ServerChat, topic: Topic, content: Json, by: User | None) -> None:
        thread_id = None if topic.id == GENERAL_TOPIC else topic.id
        self.events.service(chat, content, by, thread_id=thread_id)
