"""What the bot says of itself once Telegram can be reached: its commands, the claim's link."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Final

from aiogram import Bot
from aiogram.exceptions import AiogramError

from channels.telegram.screens.bot_profile import introduce, write_introduction, write_withdrawal
from channels.telegram.screens.screen import Renderer
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.setup.claim import offer_claim
from core.setup.profile_state import (
    ProfileState,
    find_profile_state,
    linked_operator_chats,
    note_profile_state,
    reachable_admins,
)
from core.texts import Texts

log = logging.getLogger(__name__)

# How soon a change of the company, an admin or a chat shows in the lists of commands.
LOOK_EVERY: Final = 5.0
AGAIN_AFTER: Final = 60.0


@dataclass(slots=True)
class BotProfile:
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
            Renderer(self.texts, locale, self.desk.clock(), company.zone)
            for locale in self.texts.locales
        ]
        admins = await self.desk.read(reachable_admins)
        cameras = await self.desk.read(has_cameras)
        rooms = await self.desk.read(linked_operator_chats)
        introduction = write_introduction(voices, company, admins, groups=rooms, cameras=cameras)
        before = await self.desk.read(find_profile_state)
        if before.digest != introduction.digest:
            former = before.admins - company.admins
            withdrawn = write_withdrawal(voices, rooms, former)
            await introduce(self.bot, (*withdrawn, *introduction.calls))
            await self.desk.run(note_profile_state, ProfileState(introduction.digest, admins))
