"""Keeps an eye on the desk's chats: whether the bot is in them, and may do its work there (X14)."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Final

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramMigrateToChat

from channels.telegram.client.chat_health import examine
from core.delivery.courier import Courier
from core.delivery.linked_chats import move_chat
from core.desk import Desk
from core.setup.chat_health import Condition, find_news, tell
from core.teams.teams import teams_of

log = logging.getLogger(__name__)

# Seconds between two looks when nobody calls: admins hear of a trouble within a minute.
LOOK_EVERY: Final = 30.0
# After a call: what has changed comes in several updates.
GATHER: Final = 0.2


@dataclass(slots=True)
class ChatHealthWatch:
    """Looks every now and then, and at once when ``courier.trouble_seen`` is set."""

    bot: Bot
    desk: Desk
    courier: Courier

    async def run(self) -> None:
        """Until cancelled. A line that is down is nobody's trouble here: it is asked again."""
        while True:
            self.courier.trouble_seen.clear()
            try:
                await self._look()
            except AiogramError as error:
                log.info("the chats cannot be looked at now: %s", error)
            except Exception:
                log.exception("the chats could not be looked at")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await self.courier.trouble_seen.wait()
            await asyncio.sleep(GATHER)

    async def _look(self) -> None:
        try:
            teams = (await self.desk.read(teams_of)).housed
            found = await examine(self.bot, self.desk.company, teams)
        except TelegramMigrateToChat as moved:
            await self._follow(moved)
            return
        seen = [Condition(each.role, each.code, each.chat, each.title, each.team) for each in found]
        if not await self.desk.read(find_news, seen):
            return
        for well in await self.desk.run(tell, seen):
            self.courier.resume(str(well.chat))

    async def _follow(self, moved: TelegramMigrateToChat) -> None:
        """A group has become a supergroup, and nobody has told us: stored ids follow."""
        old = int(getattr(moved.method, "chat_id", 0))
        self.desk.company = await self.desk.run(move_chat, old, moved.migrate_to_chat_id)
        self.courier.trouble_seen.set()
