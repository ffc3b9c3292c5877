"""Three loops beside the updates: the bot's profile, the health of its chats, the directory cache.

Each checks its subject at an interval, logs what fails, and goes on: the desk works without it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramRetryAfter,
)

from channels.telegram.addresses import chat_address, own_chats
from channels.telegram.client.chat_health import Health, examine
from channels.telegram.screens.bot_profile import introduce, write_introduction, write_withdrawal
from channels.telegram.screens.screen import Renderer
from core.addresses import Address
from core.company import Company
from core.contacts.reads import write_reads
from core.db import log_failure
from core.delivery.courier import Courier
from core.delivery.linked_chats import move_chat
from core.delivery.private_topics import bot_has_topics, note_mode
from core.delivery.topics import forum_chats_of, note_forums
from core.desk import Desk
from core.directory.versions import current_version
from core.equipment.cameras import has_cameras
from core.knowledge.catalogue import public_articles
from core.setup.chat_health import Condition, find_news, tell
from core.setup.claim import offer_claim
from core.setup.company_settings import find_company
from core.setup.own_texts import adopt_texts, find_own_texts
from core.setup.profile_state import (
    ProfileState,
    find_profile_state,
    linked_operator_chats,
    note_profile_state,
    reachable_admins,
)
from core.teams.teams import teams_of
from core.texts import Texts
from core.tickets.catalog import usual_span
from core.tx import ReadTx

log = logging.getLogger(__name__)

# Seconds until a change of the company, an admin or a chat shows in the bot's lists of commands.
PROFILE_INTERVAL: Final = 5.0
PROFILE_RETRY: Final = 60.0
# Seconds between two examinations without a cause: admins hear of a fault within a minute (X14).
HEALTH_INTERVAL: Final = 30.0
# Seconds to wait after a cause: one change often comes as several updates.
HEALTH_DELAY: Final = 0.2
# Seconds after which an applied directory file holds for everybody, at the latest (E3).
CACHE_INTERVAL: Final = 1.0
# Seconds between two times at which it is written down who has looked at contact data.
READS_INTERVAL: Final = 2.0


@dataclass(slots=True)
class BotProfile:
    """Keeps what Telegram shows of the bot (its commands, its descriptions) up to date."""

    bot: Bot
    desk: Desk
    texts: Texts

    async def run(self) -> None:
        """Run until cancelled; first print the link by which somebody becomes the first admin."""
        offered = told = False
        while True:
            pause = PROFILE_INTERVAL
            try:
                if not offered:
                    await self._offer_claim()
                    offered = True
                if not told:
                    await self._tell_on_hold()
                    told = True
                await self._introduce()
            except AiogramError as error:
                log.warning("the bot could not introduce itself yet: %s", error)
                pause = max(PROFILE_RETRY, getattr(error, "retry_after", 0.0))
            except Exception as error:  # noqa: BLE001 the desk works without it
                log_failure(log, "the bot could not introduce itself", error)
                pause = PROFILE_RETRY
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

    async def _tell_on_hold(self) -> None:
        """After a restore admins are told directly: what is delivered otherwise is on hold."""
        if not self.desk.company.on_hold:
            return
        log.warning("restored from a backup: nothing is sent until an admin answers /restored")
        for admin in own_chats(await self.desk.read(reachable_admins)):
            locale = self.desk.company.language
            renderer = Renderer(self.texts, locale, self.desk.clock(), self.desk.company.zone)
            with contextlib.suppress(TelegramForbiddenError):
                await self.bot.send_message(admin, renderer.plain("restored.begun"))

    async def _introduce(self) -> None:
        company = self.desk.company
        renderers = [
            Renderer(self.texts, locale, self.desk.clock(), company.zone)
            for locale in self.texts.locales
        ]
        admins = await self.desk.read(reachable_admins)
        cameras, span = await self.desk.read(has_cameras), await self.desk.read(usual_span)
        chats = await self.desk.read(linked_operator_chats)
        groups = own_chats(chats)
        introduction = write_introduction(
            renderers,
            company,
            own_chats(admins),
            span=span,
            groups=groups,
            cameras=cameras,
            articles=await self.desk.read(_locales_with_articles, self.texts.locales),
        )
        before = await self.desk.read(find_profile_state)
        if before.digest != introduction.digest:
            former = before.admins - company.admins
            withdrawn = write_withdrawal(renderers, groups, own_chats(former))
            await introduce(self.bot, (*withdrawn, *introduction.calls))
            await self.desk.run(note_profile_state, ProfileState(introduction.digest, admins))


async def _locales_with_articles(tx: ReadTx, locales: Iterable[str]) -> list[str]:
    return [locale for locale in locales if await public_articles(tx, locale)]


@dataclass(slots=True)
class ChatHealthWatch:
    """Checks whether the bot is in its chats and has its rights there (X14).

    It does so at an interval, and at once when ``courier.trouble_seen`` is set.
    """

    bot: Bot
    desk: Desk
    courier: Courier

    async def run(self) -> None:
        """Run until cancelled. Telegram out of reach is no fault of a chat: it is tried again."""
        while True:
            self.courier.trouble_seen.clear()
            try:
                await self._examine()
            except TelegramRetryAfter as error:
                log.info("the chats cannot be examined now: %s", error)
                await asyncio.sleep(error.retry_after)  # whatever is seen meanwhile
            except AiogramError as error:
                log.info("the chats cannot be examined now: %s", error)
            except Exception as error:  # noqa: BLE001 the same
                log_failure(log, "the chats could not be examined", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(HEALTH_INTERVAL):
                    await self.courier.trouble_seen.wait()
            await asyncio.sleep(HEALTH_DELAY)

    async def _examine(self) -> None:
        try:
            teams = (await self.desk.read(teams_of)).with_group
            found = await examine(self.bot, self.desk.company, teams)
        except TelegramMigrateToChat as moved:
            await self._follow(moved)
            return
        await self._note_forums(found)
        await self._note_private_topics()
        conditions = [
            Condition(each.role, each.code, _address(each.chat), each.title, each.team)
            for each in found
        ]
        if not await self.desk.read(find_news, conditions):
            return
        for recovered in await self.desk.run(tell, conditions):
            if recovered.chat is not None:
                self.courier.resume(recovered.chat.chat)

    async def _note_forums(self, found: Sequence[Health]) -> None:
        """Note which groups have topics: open tickets move when one gets or loses them (X7)."""
        chats = [
            (chat_address(each.chat), each.forum)
            for each in found
            if each.chat is not None and each.title
        ]
        known = await self.desk.read(forum_chats_of)
        news = [(chat, forum) for chat, forum in chats if (chat in known) != forum]
        if news:
            await self.desk.run(note_forums, news)

    async def _note_private_topics(self) -> None:
        """Note whether the bot's private chats have topics: its owner may switch them (X7)."""
        on = bool((await self.bot.get_me()).has_topics_enabled)
        if on != await self.desk.read(bot_has_topics):
            await self.desk.run(note_mode, on=on)

    async def _follow(self, moved: TelegramMigrateToChat) -> None:
        """Replace the stored id of a group that became a supergroup without our being told."""
        old = chat_address(int(getattr(moved.method, "chat_id", 0)))
        new = chat_address(moved.migrate_to_chat_id)
        self.desk.company = await self.desk.run(move_chat, old, new)
        self.courier.trouble_seen.set()


def _address(chat: int | None) -> Address | None:
    return None if chat is None else chat_address(chat)


async def _company_now(tx: ReadTx) -> Company:
    """The company's settings of the directory that is kept, and of no newer one."""
    company = await find_company(tx)
    await tx.demand_version()
    return company


@dataclass(slots=True)
class ReadsJournal:
    """Writes down who has looked at contact data, every few seconds and at the end (S36). What is
    killed in between loses as much.
    """

    desk: Desk

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(READS_INTERVAL)
            await self.write()

    async def write(self) -> None:
        """Write down what waits; what cannot be written waits for the next time."""
        reads = self.desk.contact_reads.take()
        if not reads:
            return
        try:
            await self.desk.run(write_reads, reads)
        except Exception as error:  # noqa: BLE001 whatever it is, it is tried again
            self.desk.contact_reads.give_back(reads)
            log_failure(log, "it could not be written down who has looked at contacts", error)


@dataclass(slots=True)
class CacheRefresh:
    """Empties the directory cache when another process has changed the directory (E3).

    ``changed`` is called then, and the company's settings are read anew: a file may have chosen
    others, or an admin in another process; so are its own ``texts`` (G3). The check reads the end
    of one index.
    """

    desk: Desk
    texts: Texts
    changed: Callable[[], None]
    adopt: Callable[[Company], None]

    async def run(self) -> None:
        """Run until cancelled. What was cached before the first check may be older than it."""
        seen: int | None = None
        while True:
            try:
                seen = await self._look(seen)
            except Exception as error:  # noqa: BLE001 the same
                log_failure(log, "it could not be seen whether the directory has changed", error)
            await asyncio.sleep(CACHE_INTERVAL)

    async def _look(self, seen: int | None) -> int:
        """Return which version is in force now; a new one is named in the log once all of it is."""
        now = await self.desk.read(current_version)
        if now != seen:
            self.desk.invalidate()
            adopt_texts(self.texts, await self.desk.read(find_own_texts))
            if seen is not None:
                self.changed()
        if now != seen or not self.desk.database.is_sqlite:
            await self._read_company()
        if now != seen:
            log.info("version %s of the directory is in force", now)
        return now

    async def _read_company(self) -> None:
        company = self.desk.company
        found = await self.desk.read(_company_now)
        if found != company and self.desk.company is company:
            self.adopt(found)
