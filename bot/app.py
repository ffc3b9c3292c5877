"""Builds the desk from its settings: the only module that knows all the parts."""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiogram import Bot
from pydantic import SecretStr

from bot.erasure_cleanup import ErasureCleanup
from bot.health_watch import HealthWatch
from bot.http_server import ANYWHERE, Hosting, HttpServer
from bot.mail import StoredMails, file_linker, mail_fetchers, mail_handler
from bot.peers import SharedPacer, StoredHere, join_peers
from bot.polling import Poller
from bot.process import App
from bot.settings import Settings
from bot.sign_of_life import SignOfLife
from bot.update_copies import UpdateCopies, copies_in
from bot.update_handler import UpdateHandler
from bot.update_queue import UpdateQueue
from bot.webhook import WebhookIntake
from channels.telegram.addresses import chat_address
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.downloads import telegram_file
from channels.telegram.client.gateway import Gateway, make_bot
from channels.web.channel import PageChannel
from channels.webhooks.channel import WebhookChannel
from core.addresses import WEB, WEBHOOK, Address
from core.company import Assistance, Company
from core.db import Database
from core.delivery.channel import Channel
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Clock, Desk, utc_now
from core.files import Attachments, FileStore, LinkedFiles, store_at
from core.inbox import Raw
from core.integrations.webhooks import find_webhook
from core.people.contact_points import zone_at
from core.setup.company_settings import find_company
from core.setup.restored import mail_stamp
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.delivery_results import FOLLOW_UPS
from core.words.contact_values import EMAIL
from handlers.http.precedence import precedence_of
from handlers.telegram import UpdateRoutes
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
    routes = UpdateRoutes(
        bot, desk, texts, gateway.open_menus, memberships, files, address, assistant
    )

    leads = gateway.leads = None if database.is_sqlite else database.leads
    courier = Courier(desk, channels, pacer, FOLLOW_UPS, leads)
    mails = StoredMails(partial(mail_handler, settings, desk, texts, files))
    handler = UpdateHandler(bot, desk, routes, gateway, courier, mails.handle)
    update_queue = UpdateQueue(desk, handler.handle, news)
    stored = news.set if peers is None else StoredHere(news, update_queue, peers)
    fetchers = mail_fetchers(settings, desk, files, stored, lambda: update_queue.waiting)
    copies = copies_in(settings.update_copies_dir)
    reached = partial(courier.reached, "telegram")
    poller = _intake(settings, bot, desk, stored, reached, copies, update_queue.take)
    runner = Runner(desk, settings.sweep_interval)
    return App(
        settings,
        database,
        desk,
        texts,
        bot,
        gateway,
        routes,
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
            lambda: copies is not None and copies.is_failing,
        ),
        ErasureCleanup(desk, files, copies),
        _http(
            settings, desk, texts, poller, pacer, files, memberships, bot, hosting.frames, assistant
        ),
        fetchers,
        mails,
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


def _intake(
    settings: Settings,
    bot: Bot,
    desk: Desk,
    stored: Callable[[], None],
    reached: Callable[[], None],
    copies: UpdateCopies | None,
    take: Callable[[str, Raw], asyncio.Future[int] | None],
) -> Poller | WebhookIntake:
    if settings.webhook_url is None or settings.webhook_secret is None:
        return Poller(bot, desk, stored, reached, copies, take)
    secret = settings.webhook_secret.get_secret_value()
    return WebhookIntake(bot, desk, stored, settings.webhook_url, secret, reached, copies)


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

    secret = intake.secret if isinstance(intake, WebhookIntake) else None
    precedence = partial(precedence_of, secret=secret)
    return HttpServer(settings.http_listen, make_app, desk.changes.end, precedence)


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
        from channels.email.channel import EmailChannel
        from channels.email.contents import MailContents

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
