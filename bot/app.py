"""Builds the desk from its settings and runs it: the only module that knows all the parts."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiogram import Bot, Dispatcher
from pydantic import SecretStr

from bot.background import BotProfile, CacheRefresh, ChatHealthWatch
from bot.erasure_cleanup import ErasureCleanup
from bot.health_watch import HealthWatch
from bot.http_server import ANYWHERE, Hosting, HttpServer
from bot.mail import file_linker, handle_mails, mail_fetchers, mail_handler
from bot.migrations import migrate
from bot.peers import Peers, SharedPacer, join_peers
from bot.polling import Poller
from bot.settings import Settings
from bot.sign_of_life import SignOfLife
from bot.update_handler import UpdateHandler
from bot.update_queue import UpdateQueue
from bot.webhook import WebhookIntake
from channels.email.channel import EmailChannel
from channels.email.compose import EMAIL
from channels.email.contents import MailContents
from channels.telegram.addresses import chat_address
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.downloads import telegram_file
from channels.telegram.client.gateway import TIMEOUT as CALL_TIMEOUT
from channels.telegram.client.gateway import Gateway, make_bot
from channels.telegram.client.session import LeanSession
from channels.web.channel import PageChannel
from channels.webhooks.channel import WebhookChannel
from core.addresses import WEB, WEBHOOK, Address
from core.company import Assistance, Company
from core.db import Database, is_transient
from core.delivery.channel import Channel
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Clock, Desk, utc_now
from core.files import Attachments, FileStore, LinkedFiles, store_at
from core.integrations.webhooks import find_webhook
from core.people.contact_points import zone_at
from core.setup.company_settings import find_company, settle
from core.setup.desk_health import take_lead
from core.setup.own_texts import adopt_texts, find_own_texts
from core.setup.restored import mail_stamp
from core.setup.signing_key import make_signing_key
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.delivery_results import FOLLOW_UPS
from handlers import telegram as telegram_handlers
from handlers.mail.fetch import MailFetcher
from handlers.mail.parser_process import ParserProcess
from handlers.telegram.app_address import AppAddress
from handlers.telegram.operators.membership import Memberships
from scheduler.runner import Runner

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from handlers.http.app.telegram_login import TelegramLogin

LOCALES: Final = Path(__file__).resolve().parent.parent / "locales"
# By field of the company: the setting that overrides what was chosen in the chat.
OVERRIDES: Final = {
    "name": "company_name",
    "language": "default_language",
    "zone": "timezone",
    "operators_chat": "operator_chat_id",
    "alerts_chat": "alert_chat_id",
}


def company_of(settings: Settings) -> Company:
    """Return the company's settings as the environment gives them."""
    return Company(
        fixed=frozenset(
            field for field, name in OVERRIDES.items() if name in settings.model_fields_set
        ),
        name=settings.company_name,
        language=settings.default_language,
        zone=settings.timezone,
        answer_deadline=settings.answer_deadline,
        remind_before=settings.remind_before,
        rating_wait=settings.rating_wait,
        unassigned_wait=settings.unassigned_wait,
        mail_when_silent=settings.mail_when_silent,
        admins=frozenset(map(chat_address, settings.admin_ids)),
        named_admins=frozenset(map(chat_address, settings.admin_ids)),
        operators_chat=_chat(settings.operator_chat_id),
        alerts_chat=_chat(settings.alert_chat_id),
        mail_alerts_to=settings.mail_alerts_to,
        number_mask=settings.number_mask,
        letter_channels=frozenset({EMAIL}) if settings.smtp_url else frozenset(),
        outage_faults=settings.outage_faults,
        outage_window=settings.outage_window,
        message_limit=settings.message_limit,
        ticket_limit=settings.ticket_limit,
        number_in_body=settings.number_in_body,
        mail_blacklist=settings.mail_blacklist,
        mail_junk=settings.mail_junk,
        assistance=_assistance(settings),
        assistant_calls=settings.assistant_calls,
        assistant_tokens=settings.assistant_tokens,
    )


def _assistance(settings: Settings) -> Assistance | None:
    if settings.assistant_url is None:
        return None
    return Assistance(settings.assistant_timeout)


def _chat(number: int | None) -> Address | None:
    return None if number is None else chat_address(number)


def desk_of(settings: Settings, database: Database, *, clock: Clock = utc_now) -> Desk:
    """Return the desk with all subscribers to its events."""
    return Desk(database, company_of(settings), SUBSCRIBERS, clock=clock, find_company=find_company)


def bot_of(settings: Settings, token: SecretStr) -> Bot:
    """Return the bot, which reaches Telegram as the settings say."""
    proxy = settings.telegram_proxy
    return make_bot(
        token.get_secret_value(),
        settings.telegram_api_url,
        proxy=None if proxy is None else proxy.get_secret_value(),
    )


log = logging.getLogger(__name__)

# Seconds a stop waits for the updates under way, and then for the deliveries they caused (R16).
STOP_TIMEOUT: Final = 2.0
FETCHER: Final = "mail fetcher"
# Seconds between two looks who leads.
LEAD_EVERY: Final = 0.5


@dataclass(slots=True)
class App:
    """The desk of one process, with all its parts connected."""

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
    poller: Poller | WebhookIntake
    runner: Runner
    memberships: Memberships
    health: HealthWatch
    cleanup: ErasureCleanup
    http: HttpServer | None
    fetchers: Sequence[MailFetcher] = ()
    parser: ParserProcess = field(default_factory=ParserProcess)
    peers: Peers | None = None
    assistant: "Assistant | None" = None
    hosting: Hosting = ANYWHERE
    _name: str = field(default_factory=lambda: secrets.token_hex(8))
    _leading: set[asyncio.Task[None]] = field(default_factory=set)
    _leads_from_the_start: bool = False
    _follows_another: bool = False
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self) -> None:
        """Ask :meth:`run` to finish."""
        self._stop.set()

    async def run(self) -> None:
        """Run until :meth:`stop`, then finish what is under way (R16).

        Raises whatever ends one of the loops: a desk without one of them would fail silently.
        """
        stop = asyncio.create_task(self._stop.wait(), name="stop")
        loops: set[asyncio.Task[None]] = set()
        try:
            if await self._prepare_unless(stop):
                loops |= self._start_loops()
                done, _ = await asyncio.wait({*loops, stop}, return_when=asyncio.FIRST_COMPLETED)
                for task in done - {stop}:
                    task.result()
        finally:
            stop.cancel()
            await self._finish(loops)

    def _start_loops(self) -> set[asyncio.Task[None]]:
        self.runner.start()
        return {
            asyncio.create_task(self.update_queue.run(), name="update queue"),
            asyncio.create_task(self.courier.run(), name="courier"),
            # a changed directory may name other chats for its teams
            asyncio.create_task(
                CacheRefresh(
                    self.desk, self.texts, self.courier.trouble_seen.set, self.adopt
                ).run(),
                name="cache refresh",
            ),
            asyncio.create_task(self._lead(), name="lead"),
            *([] if self.peers is None else [asyncio.create_task(self.peers.run(), name="peers")]),
            *([] if self.http is None else [asyncio.create_task(self.http.run(), name="http")]),
        }

    async def _lead(self) -> None:
        """Fetch, deliver and watch over the desk whenever this process is the one that does (R23).

        Until it is, it only handles updates and serves HTTP.
        """
        is_new = not self._leads_from_the_start
        while True:
            if await self._may_lead() and (not is_new or await self._has_taken_over()):
                await self._lead_while_it_may()
                log.warning("this process has lost the lead")
            is_new = True
            await asyncio.sleep(LEAD_EVERY)

    async def _may_lead(self) -> bool:
        try:
            return await self.database.lead()
        except Exception as error:  # noqa: BLE001 whatever it is, it is tried again
            log.warning("it is not known who leads: %s", error)
            return False

    async def _has_taken_over(self) -> bool:
        """Take over; False if the database cannot be reached for it: it is tried again."""
        try:
            await self._take_over()
        except Exception as error:
            if not is_transient(error):
                raise
            log.warning("the lead cannot be taken over now: %s", error)
            return False
        log.warning("this process leads now")
        return True

    async def _take_over(self) -> None:
        """Find out what the process before has left, if there was one."""
        self.desk.invalidate()
        # a try that failed after this has noted already that it is this process now
        self._follows_another |= await self.desk.run(take_lead, self._name)
        if self._follows_another:
            self.courier.abandon()
            await self.courier.recover(quiet=CALL_TIMEOUT)
        else:
            await self.courier.recover()
        self._follows_another = False
        self.desk.outbox_wakeup.set()

    async def _lead_while_it_may(self) -> None:
        self._leading = self._start_leading()
        lost = asyncio.create_task(self._lead_is_lost(), name="lead")
        try:
            done, _ = await asyncio.wait(
                {*self._leading, lost}, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done - {lost}:
                task.result()
        finally:
            lost.cancel()
        for task in self._leading:
            task.cancel()
        await asyncio.gather(*self._leading, return_exceptions=True)

    def _start_leading(self) -> set[asyncio.Task[None]]:
        return {
            asyncio.create_task(self.poller.run(), name="poller"),
            asyncio.create_task(
                BotProfile(self.bot, self.desk, self.texts).run(), name="bot profile"
            ),
            asyncio.create_task(
                ChatHealthWatch(self.bot, self.desk, self.courier).run(), name="chat health"
            ),
            asyncio.create_task(self.memberships.run(), name="memberships"),
            asyncio.create_task(self.health.run(), name="health"),
            asyncio.create_task(self.cleanup.run(), name="erasure cleanup"),
            *(asyncio.create_task(each.run(), name=FETCHER) for each in self.fetchers),
            *(
                []
                if self.assistant is None
                else [asyncio.create_task(self.assistant.run(), name="assistant")]
            ),
        }

    async def _lead_is_lost(self) -> None:
        if self.database.is_sqlite:  # the file's lock is never lost
            await asyncio.Event().wait()
        while self.database.leads():  # noqa: ASYNC110 it ends by the clock, too
            await asyncio.sleep(LEAD_EVERY)

    async def _prepare_unless(self, stop: asyncio.Task[Any]) -> bool:
        """Return whether all is prepared; False if a stop came first, as it may while Telegram is
        out of reach.
        """
        work = asyncio.create_task(self.prepare(), name="prepare")
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            work.result()
            return True
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        return False

    def _listen(self, http: HttpServer) -> None:
        """Take the address; where the desk is reached at that very one, links in chats say it."""
        host, port = http.bind()
        self.hosting.listening((host, port))
        app: AppAddress = self.dispatcher["app"]
        if self.hosting.frames and app.public_url is None:
            app.public_url = f"http://{host}:{port}"

    async def prepare(self) -> None:
        """Bring the database up to date, and recover deliveries that a killed process left."""
        if self.http is not None:
            self._listen(self.http)
        await migrate(self.database)
        self.adopt(await self.desk.run(settle))
        adopt_texts(self.texts, await self.desk.read(find_own_texts))
        await self.desk.run(make_signing_key)
        self._leads_from_the_start = await self.database.lead()
        if self._leads_from_the_start:
            if not self.database.is_sqlite:
                await self.desk.run(take_lead, self._name)
            await self.courier.recover()

    def adopt(self, company: Company) -> None:
        """Replace the company's settings, from the next transaction on."""
        self.desk.company = company
        if isinstance(self.bot.session, LeanSession):
            self.bot.session.epoch = company.epoch

    async def _finish(self, loops: set[asyncio.Task[None]]) -> None:
        """Stop what comes in, finish the updates, then the deliveries under way, then close all."""
        if self.http is not None:
            self.http.stop()
        for task in (*loops, *self._leading):
            if task.get_name() in ("poller", "lead", FETCHER):
                task.cancel()
        served = (task for task in loops if task.get_name() == "http")
        await asyncio.gather(*served, return_exceptions=True)
        await asyncio.gather(self.update_queue.stop(STOP_TIMEOUT), self.runner.stop(STOP_TIMEOUT))
        await asyncio.gather(
            self.courier.stop(STOP_TIMEOUT),
            self.dispatcher["acknowledgements"].finish(STOP_TIMEOUT),
        )
        for task in (*loops, *self._leading):
            task.cancel()
        await asyncio.gather(*loops, *self._leading, return_exceptions=True)
        with contextlib.suppress(Exception):  # whatever fails, the desk ends
            if self.database.leads():
                await self.health.stop()
        for channel in self.channels.values():
            with contextlib.suppress(Exception):
                await channel.close()
        if self.assistant is not None:
            await self.assistant.close()
        self.parser.close()
        await self.bot.session.close()
        await self.database.close()


def build(
    settings: Settings,
    database: Database,
    *,
    pacer: Pacer | None = None,
    clock: Clock = utc_now,
    texts: Texts | None = None,
    hosting: Hosting = ANYWHERE,
) -> App:
    """Connect everything. ``database`` is held by the caller; ``pacer``: other limits; ``texts``:
    the catalogues, where they have been read already; ``hosting``: where it runs.
    """
    if settings.bot_token is None:
        raise ValueError("no token: the caller runs the sandbox instead")
    desk = desk_of(settings, database, clock=clock)
    texts = texts or Texts.load(LOCALES, settings.default_language)
    bot = bot_of(settings, settings.bot_token)
    pacer = pacer or (Pacer() if database.is_sqlite else SharedPacer())
    gateway = Gateway(bot, pacer)
    news = asyncio.Event()
    peers = None if database.is_sqlite else join_peers(desk, gateway, pacer, news)
    files = store_at(settings.files_url)
    channels = _channels(settings, desk, texts, gateway, files)
    memberships = Memberships(bot, desk)
    assistant = _assistant(settings, desk, texts)
    address = AppAddress(settings.public_url)
    dispatcher = telegram_handlers.dispatcher(
        desk, texts, gateway.open_menus, memberships, files, address, assistant
    )

    leads = gateway.leads = None if database.is_sqlite else database.leads
    courier = Courier(desk, channels, pacer, FOLLOW_UPS, leads)
    mails = mail_handler(settings, desk, texts, files)
    handler = UpdateHandler(bot, desk, dispatcher, gateway, courier, handle_mails(mails))
    update_queue = UpdateQueue(desk, handler.handle, news)
    stored = news.set if peers is None else partial(_tell_stored, news, peers)
    fetchers = mail_fetchers(settings, desk, files, stored, lambda: update_queue.waiting)
    poller = _intake(settings, bot, desk, stored, partial(courier.reached, "telegram"))
    runner = Runner(desk, settings.sweep_interval)
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
        poller,
        runner,
        memberships,
        HealthWatch(
            desk,
            channels,
            lambda: time.monotonic() - poller.last_poll,
            lambda: runner.overdue().get("sweep", 0.0),
            lambda: poller.has_rival,
            None if database.path is None else database.path.parent,
            lambda: any(fetcher.is_silent() for fetcher in fetchers),
            SignOfLife(settings.ping_url),
        ),
        ErasureCleanup(desk, files),
        _http(
            settings, desk, texts, poller, pacer, files, memberships, bot, hosting.frames, assistant
        ),
        fetchers,
        mails.parser,
        peers,
        assistant,
        hosting,
    )


def _assistant(settings: Settings, desk: Desk, texts: Texts) -> "Assistant | None":
    """The assistant, where a server is named; a desk without it imports nothing of it (X17)."""
    if settings.assistant_url is None:
        return None
    from channels.assistant.client import ModelClient
    from core.assistant.service import Assistant

    key = settings.assistant_key
    client = ModelClient(
        settings.assistant_url,
        settings.assistant_model.strip(),
        None if key is None else key.get_secret_value().strip(),
        settings.assistant_timeout.total_seconds(),
    )
    return Assistant(desk, texts, client)


def _tell_stored(news: asyncio.Event, peers: Peers) -> None:
    news.set()
    peers.tell("stored")


def _intake(
    settings: Settings,
    bot: Bot,
    desk: Desk,
    stored: Callable[[], None],
    reached: Callable[[], None],
) -> Poller | WebhookIntake:
    if settings.webhook_url is None or settings.webhook_secret is None:
        return Poller(bot, desk, stored, reached)
    secret = settings.webhook_secret.get_secret_value()
    return WebhookIntake(bot, desk, stored, settings.webhook_url, secret, reached)


def _http(
    settings: Settings,
    desk: Desk,
    texts: Texts,
    intake: Poller | WebhookIntake,
    pacer: Pacer,
    files: FileStore,
    memberships: Memberships,
    bot: Bot,
    frames: tuple[str, ...],
    assistant: "Assistant | None",
) -> HttpServer | None:
    """The HTTP door, where something needs it; a desk without it imports nothing of it."""
    if not settings.serves_http:
        return None

    def make_app() -> Any:
        from handlers.http.app.staff_access import Entrance
        from handlers.http.door import make_door
        from handlers.http.health import Vitals
        from handlers.http.telegram_webhook import Webhook

        webhook = None
        if isinstance(intake, WebhookIntake):
            webhook = Webhook(intake.secret, intake.receive)
        vitals = Vitals(partial(_since_intake, desk, intake), lambda: pacer.floods)
        entrance = None
        if settings.bot_token is not None:
            token = settings.bot_token.get_secret_value()
            entrance = Entrance(token, memberships.confirm, frames, _telegram_login(settings))
        return make_door(
            desk,
            texts,
            vitals,
            webhook,
            public_url=settings.public_url,
            files=files,
            fetch=telegram_file(bot),
            entrance=entrance,
            assistant=assistant,
        )

    return HttpServer(settings.http_listen, make_app, desk.changes.end)


def _telegram_login(settings: Settings) -> "TelegramLogin | None":
    """Telegram's login in an ordinary browser, where BotFather has given a secret for it."""
    from handlers.http.app.telegram_login import TelegramLogin

    secret, token, public_url = (
        *(settings.telegram_login_secret, settings.bot_token),
        settings.public_url,
    )
    if secret is None or token is None or public_url is None:
        return None
    client_id = token.get_secret_value().partition(":")[0]
    return TelegramLogin(client_id, secret.get_secret_value(), public_url)


def _since_intake(desk: Desk, intake: Poller | WebhookIntake) -> float:
    """Seconds since Telegram was heard of; where another process asks, that one knows."""
    return time.monotonic() - intake.last_poll if desk.database.leads() else 0.0


def _channels(
    settings: Settings, desk: Desk, texts: Texts, gateway: Gateway, files: FileStore
) -> Mapping[str, Channel]:
    linked = LinkedFiles(files, file_linker(settings, desk))
    channels: dict[str, Channel] = {"telegram": TelegramChannel(gateway, desk, texts, linked)}
    channels[WEBHOOK] = WebhookChannel(
        lambda number: desk.read(find_webhook, number), desk.clock, lambda: desk.company.epoch
    )
    if settings.serves_http:
        channels[WEB] = PageChannel()
    if settings.smtp_url is not None and settings.mail_from is not None:
        url = settings.smtp_url.get_secret_value()
        channels["email"] = EmailChannel(
            url,
            settings.mail_from,
            texts,
            lambda address: desk.read(zone_at, address),
            partial(desk.read, mail_stamp),
            contents=MailContents(
                desk, Attachments(files, telegram_file(gateway.bot)), settings.public_url
            ),
        )
    return channels
