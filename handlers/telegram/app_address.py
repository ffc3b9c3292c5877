"""Where the staff's app is, as links in chats say it (D2)."""

from dataclasses import dataclass
from typing import Final

from aiogram import Bot

_PAYLOAD: Final = "app"


@dataclass(slots=True)
class AppAddress:
    """``public_url``: what links to the desk's pages begin with; ``None``: nothing leads there. A
    desk that is reached where it listens learns it when it does.
    """

    public_url: str | None = None

    async def link(self, bot: Bot, ticket_id: int | None = None) -> str | None:
        """Return what a button in a group opens: the app itself, at this ticket, where the bot has
        a main Mini App; else the private chat, which leads on. ``None`` where there is no app.

        See https://core.telegram.org/bots/webapps#launching-the-main-mini-app
        """
        me = await bot.me()
        is_secure = (self.public_url or "").startswith("https://")  # Telegram opens nothing else
        if not (me.has_main_web_app and is_secure):
            return await self.private_link(bot, ticket_id)
        return f"https://t.me/{me.username}?startapp" + (
            "" if ticket_id is None else f"=t{ticket_id}"
        )

    async def private_link(self, bot: Bot, ticket_id: int | None = None) -> str | None:
        """Return what opens the private chat with the ways into the app."""
        if self.public_url is None:
            return None
        number = "" if ticket_id is None else f"_{ticket_id}"
        return f"https://t.me/{(await bot.me()).username}?start={_PAYLOAD}{number}"
