"""The free icons of topics, by their emoji."""

from collections.abc import Mapping, Sequence

from aiogram.methods import GetForumTopicIconStickers

from channels.telegram.client.gateway import Gateway


class TopicIcons:
    """Knows the ids of the icons that every bot may give to a topic."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._ids: Mapping[str, str] | None = None

    async def id_of(self, emoji: Sequence[str]) -> str:
        """The id of the first of these that there is; empty if there is none. Asked for once."""
        if self._ids is None:
            found = await self._gateway.call(GetForumTopicIconStickers())
            self._ids = {
                _bare(sticker.emoji or ""): sticker.custom_emoji_id or "" for sticker in found
            }
        return next((self._ids[sign] for sign in map(_bare, emoji) if sign in self._ids), "")


def _bare(emoji: str) -> str:
    """Without the sign that asks for a coloured picture: servers set it as they like."""
    return emoji.removesuffix("\ufe0f")
