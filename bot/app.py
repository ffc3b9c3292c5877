"""Builds the whole desk from settings and connects its rooms: the only one who knows everybody."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiogram import Bot, Dispatcher

from bot.bot_profile import BotProfile
from bot.cache_refresh import CacheRefresh
from bot.chat_health import ChatHealthWatch
from bot.commands.migrate import migrate
from bot.polling import Poller
from bot.settings import Settings
from bot.update_handler import Handler
from bot.update_queue import UpdateQueue
from channels.email.channel import EmailChannel
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway, make_bot
from core.company import Company
from core.db import Database
from core.delivery.channel import Channel
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Clock, Desk, utc_now
from core.people.contact_points import zone_at
from core.setup.company_settings import settle
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.delivery_results import FOLLOW_UPS
from handlers import telegram as telegram_handlers
from scheduler.runner import Runner

LOCALES: Final = Path(__file__).resolve().parent.parent / "locales"
# Fields of the company that may be chosen in the chat, unless their variable says something.
CHOSEN: Final = {
    "name": "company_name",
    "language": "default_language",
    "zone": "timezone",
    "answer_deadline": "answer_deadline",
    "operators_chat": "operator_chat_id",
    "alerts_chat": "alert_chat_id",
}


def company_of(settings: Settings) -> Company:
    """The company's settings as the environment gives them."""
    return Company(
        fixed=frozenset(
            field for field, name in CHOSEN.items() if name in settings.model_fields_set
        ),
        name=settings.company_name,
        language=settings.default_language,
        zone=settings.timezone,
        answer_deadline=settings.answer_deadline,
        remind_before=settings.remind_before,
        rating_wait=settings.rating_wait,
        admins=frozenset(settings.admin_ids),
        named_admins=frozenset(settings.admin_ids),
        operators_chat=settings.operator_chat_id,
        alerts_chat=settings.alert_chat_id,
        mail_alerts_to=settings.mail_alerts_to,
        number_mask=settings.number_mask,
        outage_faults=settings.outage_faults,
        outage_window=settings.outage_window,
    )


def desk_of(settings: Settings, database: Database, *, clock: Clock = utc_now) -> Desk:
    """The desk with everybody who acts upon its events."""
    return Desk(database, company_of(settings), SUBSCRIBERS, clock=clock)


log = logging.getLogger(__name__)

# How long a stop waits for what is under way, and then for the deliveries that came of it (R16).
PATIENCE: Final = 2.0


@dataclass(slots=True)
class App:
    """The running desk. :meth:`run` returns when it was asked to stop, all work finished."""

    settings: Settings
    database: Database
    desk: Desk
    texts: Texts
    bot: Bot
    gateway: Gateway
    dispatcher: Dispatcher
    channels: Mapping[str, Channel]
    courier: Courier
    update_queue: UpdateQueue
    poller: Poller
    runner: Runner
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ask to stop."""
        self._stop.set()

    async def run(self) -> None:
        """Prepare, work, and on a stop finish what is under way (R16).

        Raises whatever ends one of the loops: half a desk is worse than none.
        """
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        loops: set[asyncio.Task[None]] = set()
        try:
            if await self._prepared_before(stop):
                loops |= self._begin()
                done, _ = await asyncio.wait({*loops, stop}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stop}:
                    task.result()
        finally:
            stop.cancel()
            await self._wind_down(loops)

    def _begin(self) -> set[asyncio.Task[None]]:
        self.runner.start()
        return {
            asyncio.create_task(self.poller.run(), name="poller"),
            asyncio.create_task(self.update_queue.run(), name="lanes"),
            asyncio.create_task(self.courier.run(), name="courier"),
            asyncio.create_task(
                BotProfile(self.bot, self.desk, self.texts).run(), name="introducer"
            ),
            asyncio.create_task(
                ChatHealthWatch(self.bot, self.desk, self.courier).run(), name="watcher"
            ),
            # with the directory, the chats of teams may be others
            asyncio.create_task(
                CacheRefresh(self.desk, self.courier.trouble_seen.set).run(), name="rereader"
            ),
        }

    async def _prepared_before(self, stop: asyncio.Task[Any]) -> bool:
        """Prepare, unless a stop comes first: Telegram may be out of reach for long."""
        work = asyncio.create_task(self.prepare(), name="prepare")
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            return True
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return False

    async def prepare(self) -> None:
        """Bring the database up to date and find out what a killed process left unfinished."""
        await migrate(self.database)
        self.adopt(await self.desk.run(settle))
        await self.courier.recover()

    def adopt(self, company: Company) -> None:
        """The company has changed: the next transaction sees it so."""
        self.desk.company = company

    async def _wind_down(self, loops: set[asyncio.Task[None]]) -> None:
        """Take nothing in, finish the updates, then the deliveries under way, then let go."""
        for task in loops:
            if task.get_name() == "poller":
                task.cancel()
        await asyncio.gather(self.update_queue.stop(PATIENCE), self.runner.stop(PATIENCE))
        await self.courier.stop(PATIENCE)
        for task in loops:
            task.cancel()
        await asyncio.gather(*loops, return_exceptions=True)
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()
        await self.bot.session.close()
        await self.database.close()


def build(
    settings: Settings,
    database: Database,
    *,
    pacer: Pacer | None = None,
    clock: Clock = utc_now,
) -> App:
    """Connect everything. ``database`` is locked by the sender; ``pacer``: another pace."""
    if settings.bot_token is None:
        raise ValueError("no token: the caller runs the sandbox instead")
    desk = desk_of(settings, database, clock=clock)
    texts = Texts.load(LOCALES, settings.default_language)
    bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url)
    pacer = pacer or Pacer()
    gateway = Gateway(bot, pacer)
    channels = _channels(settings, desk, texts, gateway)
    dispatcher = telegram_handlers.dispatcher(desk, texts, gateway.open_menus)

    def stored(batch: Sequence[Mapping[str, Any]]) -> None:
        del batch
        update_queue.news.set()

    courier = Courier(desk, channels, pacer, FOLLOW_UPS)
    update_queue = UpdateQueue(desk, Handler(bot, desk, dispatcher, gateway, courier).handle)
    return App(
        settings,
        database,
        desk,
        texts,
        bot,
        gateway,
        dispatcher,
        channels,
        courier,
        update_queue,
        Poller(bot, desk, stored),
        Runner(desk, settings.sweep_interval),
    )


def _channels(
    settings: Settings, desk: Desk, texts: Texts, gateway: Gateway
) -> Mapping[str, Channel]:
    channels: dict[str, Channel] = {"telegram": TelegramChannel(gateway, desk, texts)}
    if settings.smtp_url is not None and settings.mail_from is not None:
        url = settings.smtp_url.get_secret_value()
        channels["email"] = EmailChannel(
            url, settings.mail_from, texts, lambda address: desk.read(zone_at, address)
        )
    return channels
