"""What the bot says of itself once Telegram can be reached: its commands, the claim's link."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiogram import Bot
from aiogram.exceptions import AiogramError

from channels.telegram.introduction import introduce, write_introduction, write_withdrawal
from channels.telegram.voice import Voice
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.setup.claim import offer_claim
from core.setup.introduced import (
    Introduced,
    find_introduced,
    note_introduced,
    reachable_admins,
    working_rooms,
)
from core.texts import Texts

log = logging.getLogger(__name__)

# How soon a change of the company, an admin or a chat shows in the lists of commands.
LOOK_EVERY: Final = 5.0
AGAIN_AFTER: Final = 60.0


@dataclass(slots=True)
class Introducer:
    """Keeps what Telegram knows of the bot as the company is."""

    bot: Bot
    desk: Desk
    texts: Texts

    async def run(self) -> None:
        """Until cancelled. Trouble is logged, and tried again: the desk works without it."""
        offered = False
        while True:
            pause = LOOK_EVERY
            try:
                if not offered:
                    await self._offer_claim()
                    offered = True
                await self._introduce()
            except AiogramError as error:
                log.warning("the bot could not introduce itself yet: %s", error)
                pause = AGAIN_AFTER
            except Exception:
                log.exception("the bot could not introduce itself")
                pause = AGAIN_AFTER
            await asyncio.sleep(pause)

    async def _offer_claim(self) -> None:
        name = (await self.bot.me()).username
        payload = await self.desk.run(offer_claim)
        if payload is not None:
            log.warning(
                "nobody is an admin yet; open this link in Telegram to become one: "
                "https://t.me/%s?start=%s",
                name,
                payload,
            )

    async def _introduce(self) -> None:
        company = self.desk.company
        voices = [
            Voice(self.texts, locale, self.desk.clock(), company.zone)
            for locale in self.texts.locales
        ]
        admins = await self.desk.read(reachable_admins)
        cameras = await self.desk.read(has_cameras)
        rooms = await self.desk.read(working_rooms)
        introduction = write_introduction(voices, company, admins, rooms=rooms, cameras=cameras)
        before = await self.desk.read(find_introduced)
        if before.digest != introduction.digest:
            former = before.admins - company.admins
            withdrawn = write_withdrawal(voices, rooms, former)
            await introduce(self.bot, (*withdrawn, *introduction.calls))
            await self.desk.run(note_introduced, Introduced(introduction.digest, admins))
