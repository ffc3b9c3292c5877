"""A topic of a forum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    pass

Json = dict[str, Any]

GENERAL_TOPIC: Final = 1
ICON_COLORS: Final = (7322096, 16766590, 13338331, 9367192, 16749490, 16478047)


@dataclass(eq=False, slots=True)
class Topic:
    """A topic of a forum (or of a private chat with topics)."""

    id: int
    name: str
    icon_color: int = ICON_COLORS[0]
    icon_custom_emoji_id: str | None = None
    closed: bool = False
    hidden: bool = False
    deleted: bool = False
    by_bot: bool = False

    def to_json(self) -> Json:
        """``ForumTopic``."""
        data: Json = {
            "message_thread_id": self.id,
            "name": self.name,
            "icon_color": self.icon_color,
        }
        if self.icon_custom_emoji_id:
            data["icon_custom_emoji_id"] = self.icon_custom_emoji_id
        return data
