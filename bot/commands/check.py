"""``python -m bot check``: examines all that the desk needs; says how to mend what is wrong."""

import argparse
import asyncio
import os
from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramMigrateToChat,
    TelegramUnauthorizedError,
)

from bot.app import bot_of, company_of, desk_of
from bot.commands import FINE, WRONG
from bot.database_access import DatabaseUnusable, open_existing, open_for_writing
from bot.error_reports import NotTaken, try_out
from bot.http_server import CannotListen, open_socket
from bot.migrations import has_tables, pending
from bot.settings import Settings
from bot.sign_of_life import NotHeard, call
from channels.email.channel import EmailChannel
from channels.email.compose import named_mailbox
from channels.telegram.addresses import own_chat
from channels.telegram.client.chat_health import TEAM, examine_chat
from core.company import Company
from core.db import Database, DatabaseInUse
from core.delivery.channel import SendError
from core.delivery.linked_chats import ROLES
from core.files import store_at
from core.setup.company_settings import find_company
from core.setup.desk_health import find_heartbeat
from core.setup.restored import MailStamp
from core.teams.teams import TeamFacts, teams_of
from core.tickets.mailboxes import bare, mailboxes_of
from handlers.mail.fetch import probe, reason_of
from handlers.mail.mailbox_url import MailboxUrl, is_loopback

# By role: the variable that names the chat, and what the chat is called here.
_CHATS: Final = {
    "operators": ("OPERATOR_CHAT_ID", "operator group"),
    "alerts": ("ALERT_CHAT_ID", "alert channel"),
}
# Where the chat of a team is set.
_TEAM_SETTING: Final = "the team's chat in the directory"
# By the code of a chat's health: what is wrong, and what to do about it.
_FAULTS: Final = {
    "unlinked": (
        "no {name}",
        (
            "write /setup to the bot; or add it to the {name}, make it an admin, "
            "and set {variable} to its id"
        ),
    ),
    "gone": (
        "the {name} {chat} is out of reach",
        "look at {variable}, and add the bot there as an admin",
    ),
    "not_group": (
        "the {name} {chat} is not a group",
        "set {variable} to the id of a group: in “{title}”, a channel, nobody can answer",
    ),
    "not_admin": (
        "the bot is not an admin of the {name}",
        "make the bot an admin of “{title}”; otherwise it does not see what is said",
    ),
    "lacks.can_delete_messages": (
        "the {name}: the bot lacks the right “Delete messages”",
        "allow it in the bot's admin rights, to take answers back and tidy up",
    ),
    "lacks.can_pin_messages": (
        "the {name}: the bot lacks the right “Pin messages”",
        "allow it in the bot's admin rights, to keep the board in sight",
    ),
    "lacks.can_manage_topics": (
        "the {name}: the bot lacks the right “Manage topics”",
        "grant it in the list of administrators, or choose in /setup to do without topics",
    ),
    "lacks.can_post_messages": (
        "the {name}: the bot lacks the right “Post messages”",
        "allow it in the bot's admin rights, to alert admins",
    ),
}


# By symptom (`core.setup.desk_health.CODES`): what is wrong, and what to do about it.
_SYMPTOMS: Final = {
    "poll": "it has not heard Telegram for a minute",
    "rival": "another process takes updates away with the same BOT_TOKEN",
    "mail": "it fetches no mail, or cannot store one",
    "sweep": "it has not checked deadlines for a minute",
    "undelivered": "messages have been waiting for a minute and cannot be delivered",
    "failed": "messages could not be delivered",
    "disk": "the disk is nearly full",
    "copies": "it cannot copy updates to UPDATE_COPIES_DIR",
}
_REMEDIES: Final = {
    "poll": "look at the network, TELEGRAM_PROXY, and the log for `polling will go on`",
    "rival": "stop the other process, or get another token from @BotFather",
    "mail": "look at IMAP_URL and at what is said of the mailboxes below",
    "sweep": "look at the log for `a job failed`",
    "undelivered": "write /health to the bot, and look at the log for `a delivery failed`",
    "failed": "write /health to the bot: it lists them, with buttons",
    "disk": "make room: without it nothing is taken in",
    "copies": "look at that folder and its disk; the desk works without it",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one examination; ``remedy`` says what to do when it is not fine."""

    what: str
    fine: bool
    remedy: str = ""

    def __str__(self) -> str:
        """A line for a terminal."""
        return f"ok     {self.what}" if self.fine else f"WRONG  {self.what}\n       → {self.remedy}"


async def command(settings: Settings, _: argparse.Namespace) -> int:
    """Print every finding. Returns 2 if one of them is not fine."""
    findings = await examine(settings)
    for finding in findings:
        print(finding)
    return FINE if all(finding.fine for finding in findings) else WRONG


async def examine(settings: Settings) -> list[Finding]:
    """Examine everything; one fault does not stop the rest."""
    findings = [finding async for finding in _database(settings)]
    findings += [finding async for finding in _heartbeat(settings)]
    findings.append(await _files(settings))
    findings += _copies(settings)
    findings += [finding async for finding in _assistant(settings)]
    if settings.bot_token is None:
        findings.append(
            Finding(
                "no BOT_TOKEN", False, "get one from @BotFather; without it only the sandbox runs"
            )
        )
        return findings
    bot = bot_of(settings, settings.bot_token)
    try:
        findings += [finding async for finding in _telegram(settings, bot)]
        findings += [finding async for finding in _http(settings, bot)]
    finally:
        await bot.session.close()
    findings += [finding async for finding in _mail(settings)]
    findings += [finding async for finding in _records(settings)]
    findings += [finding async for finding in _mailboxes(settings)]
    findings += [finding async for finding in _sign_of_life(settings)]
    findings += [finding async for finding in _error_reports(settings)]
    return findings


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url.get_secret_value()
    name = "SQLite database" if url.startswith("sqlite") else "PostgreSQL database"
    try:
        async with open_for_writing(url) as database:
            tables = await _tables(database, name)
        yield Finding(f"{name} can be written to", True)
        yield tables
    except DatabaseInUse:
        yield Finding(f"{name} is in use: the desk is running", True)
    except DatabaseUnusable as why:
        yield Finding(f"{name} cannot be worked with", False, f"look at DATABASE_URL: {why}")


async def _tables(database: Database, name: str) -> Finding:
    """Say whether the tables are those of this release; a new database has none yet."""
    if not await pending(database):
        return Finding(f"{name}: tables are up to date", True)
    if not await has_tables(database):
        return Finding(f"{name} is empty: the first `python -m bot run` makes the tables", True)
    remedy = (
        "make a backup, stop a desk of an earlier release, and run `python -m bot migrate`; "
        "`python -m bot run` brings them up to date as well before it works"
    )
    return Finding(f"{name}: tables are those of an earlier release", False, remedy)


def _copies(settings: Settings) -> Iterator[Finding]:
    """Look at the folder that updates are copied to."""
    folder = settings.update_copies_dir
    if folder is None:
        return
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        remedy = f"make the folder {folder}, let the desk write there, and mount its disk"
        yield Finding("updates cannot be copied to UPDATE_COPIES_DIR", False, remedy)
        return
    database = Database(settings.database_url.get_secret_value()).path
    if database is not None and database.exists() and _disk_of(database) == _disk_of(folder):
        remedy = "name a folder on another disk: what takes the database takes the copies, too"
        yield Finding("UPDATE_COPIES_DIR is on the disk of the database", False, remedy)
    else:
        yield Finding(f"updates are copied to {folder}", True)


def _disk_of(path: Path) -> int:
    return path.stat().st_dev


async def _heartbeat(settings: Settings) -> AsyncIterator[Finding]:
    """Read what the desk last said of itself."""
    try:
        async with open_existing(settings.database_url.get_secret_value()) as database:
            desk = desk_of(settings, database)
            beat = await desk.read(find_heartbeat)
    except DatabaseUnusable:  # _database says why
        return
    if beat is None:
        return
    at = beat.at.astimezone(settings.timezone)
    if beat.stopped:
        remedy = "start it: `python -m bot run`, or its service"
        yield Finding(f"the desk was stopped at {at:%Y-%m-%d %H:%M:%S}", False, remedy)
    elif beat.is_silent(desk.clock()) or await _is_free(settings):
        remedy = "it hangs or has died: look at its log, and start it again"
        yield Finding(f"the desk gave no sign of life since {at:%Y-%m-%d %H:%M:%S}", False, remedy)
    else:
        yield Finding(f"the desk runs, its last sign of life is of {at:%H:%M:%S}", True)
    for code in () if beat.stopped else beat.sick:
        yield Finding(f"the desk is sick: {_SYMPTOMS[code]}", False, _REMEDIES[code])


async def _is_free(settings: Settings) -> bool:
    """Return whether no process holds a SQLite file: whatever it said last, the desk has died."""
    url = settings.database_url.get_secret_value()
    if not url.startswith("sqlite"):
        return False
    try:
        async with open_existing(url, exclusive=True):
            return True
    except DatabaseInUse:
        return False


async def _telegram(settings: Settings, bot: Bot) -> AsyncIterator[Finding]:
    try:
        me = await bot.get_me()
    except TelegramUnauthorizedError:
        yield Finding("Telegram does not know BOT_TOKEN", False, "ask @BotFather for the right one")
        return
    except ClientDecodeError:
        remedy = "look at TELEGRAM_API_URL: what answers there does not speak the Bot API"
        yield Finding("Telegram cannot be understood", False, remedy)
        return
    except AiogramError as error:
        remedy = f"look at the network, TELEGRAM_PROXY, or TELEGRAM_API_URL: {_first_line(error)}"
        yield Finding("Telegram cannot be reached", False, remedy)
        return
    yield Finding(f"the bot is @{me.username}", True)
    company, teams = await _company(settings)
    for role, (variable, name) in _CHATS.items():
        yield await _chat(bot, role, own_chat(getattr(company, ROLES[role])), variable, name)
    for team in teams:
        yield await _chat(
            bot, TEAM, own_chat(team.chat), _TEAM_SETTING, f"group of the team {team.code}"
        )
    if not company.admins:
        remedy = (
            "open the link that the log prints when the desk starts, "
            "or set ADMIN_IDS to the Telegram ids of those who supervise"
        )
        yield Finding("nobody is an admin", False, remedy)


async def _company(settings: Settings) -> tuple[Company, list[TeamFacts]]:
    """Read the company and the teams with a group of their own; works beside a running desk."""
    try:
        async with open_existing(settings.database_url.get_secret_value()) as database:
            desk = desk_of(settings, database)
            return await desk.read(find_company), (await desk.read(teams_of)).with_group
    except DatabaseUnusable:  # _database says why
        return company_of(settings), []


async def _chat(bot: Bot, role: str, chat_id: int | None, variable: str, name: str) -> Finding:
    try:
        health = await examine_chat(bot, role, chat_id)
    except TelegramMigrateToChat as moved:
        remedy = f"set {variable} to {moved.migrate_to_chat_id}; a running desk follows by itself"
        return Finding(f"the {name} {chat_id} has become a supergroup", False, remedy)
    except AiogramError as error:
        remedy = f"try again: {_first_line(error)}"
        return Finding(f"Telegram does not tell of the {name} {chat_id}", False, remedy)
    if health.fine:
        return Finding(f"the {name} is “{health.title}”, the bot is an admin there", True)
    facts = {"variable": variable, "name": name, "chat": chat_id, "title": health.title}
    what, remedy = (words.format(**facts) for words in _FAULTS[health.code])
    return Finding(what, False, remedy)


# Seconds that one request of ours may take.
_HTTP_PATIENCE: Final = aiohttp.ClientTimeout(total=10)


async def _http(settings: Settings, bot: Bot) -> AsyncIterator[Finding]:
    """Ask the running desk over HTTP, or take its address for a moment; then look at the webhook
    from outside, as Telegram does.
    """
    if not settings.serves_http:
        return
    host, port = settings.http_listen
    here = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    async with aiohttp.ClientSession(timeout=_HTTP_PATIENCE) as session:
        runs = port != 0 and await _status(session.get(f"{here}/healthz")) == HTTPStatus.OK
        yield Finding(f"HTTP is served on {here}", True) if runs else _can_listen(settings)
        if settings.public_url is not None and runs:
            yield await _public_url_leads_here(session, settings.public_url)
        if settings.webhook_url is not None and runs:
            status = await _status(session.post(settings.webhook_url))
            yield _webhook_leads_here(settings.webhook_url, status)
            yield await _webhook_as_telegram_sees_it(settings.webhook_url, bot)


async def _public_url_leads_here(session: aiohttp.ClientSession, url: str) -> Finding:
    """Look where links of ours lead: at the desk, under a certificate for that name."""
    asked = f"{url.rstrip('/')}/healthz"
    try:
        async with session.get(asked, allow_redirects=False) as answer:
            ours = answer.status == HTTPStatus.OK and await answer.content.read(3) == b"ok"
            if ours:
                return Finding(f"PUBLIC_URL {url} leads to the desk", True)
            other = answer.status if answer.status != HTTPStatus.OK else "with a page of another"
            seen, remedy = f"answers {other}, not as the desk", "let the proxy pass all of it"
    except aiohttp.ClientConnectorCertificateError as error:
        seen = f"has a certificate that does not count: {error.certificate_error}"
        remedy = "renew it, or name in PUBLIC_URL what it was made out for"
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        seen, remedy = f"cannot be reached from here: {type(error).__name__}", "look at the proxy"
    return Finding(f"PUBLIC_URL {url} {seen}", False, f"{remedy}; links in messages lead there")


async def _status(request: Any) -> int | None:
    try:
        async with request as response:
            return int(response.status)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return None


def _can_listen(settings: Settings) -> Finding:
    try:
        open_socket(settings.http_listen).close()
    except CannotListen as error:
        return Finding(str(error), False, "set HTTP_LISTEN to a free address of this machine")
    return Finding("HTTP_LISTEN is free; the desk serves HTTP there when it runs", True)


def _webhook_leads_here(url: str, status: int | None) -> Finding:
    if status == HTTPStatus.UNAUTHORIZED:
        return Finding("WEBHOOK_URL leads to the desk, which refuses who has no secret", True)
    seen = "cannot be reached from here" if status is None else f"answers {status} instead of 401"
    remedy = "let the proxy pass it to /telegram of HTTP_LISTEN"
    return Finding(f"WEBHOOK_URL {url} {seen}", False, remedy)


async def _webhook_as_telegram_sees_it(url: str, bot: Bot) -> Finding:
    try:
        info = await bot.get_webhook_info()
    except AiogramError as error:
        return Finding("Telegram does not tell of the webhook", False, _first_line(error))
    if info.url != url:
        remedy = "start the desk, it sets the webhook; another desk with this token would undo it"
        return Finding(f"Telegram has another webhook: {info.url or 'none'}", False, remedy)
    if info.pending_update_count and info.last_error_message:
        remedy = "look at the proxy, the certificate and the firewall"
        return Finding(f"Telegram does not get through: {info.last_error_message}", False, remedy)
    return Finding("Telegram brings updates to the webhook", True)


def _first_line(error: AiogramError) -> str:
    """Return the error without the server's answer."""
    return str(getattr(error, "message", error)).splitlines()[0]


async def _mail(settings: Settings) -> AsyncIterator[Finding]:
    if settings.smtp_url is None or settings.mail_from is None:
        return
    url = settings.smtp_url.get_secret_value()
    channel = EmailChannel(url, settings.mail_from, _NoTexts(), _utc, _no_stamp)
    try:
        await channel.probe()
        yield Finding("the mail server lets us in", True)
    except SendError as error:
        remedy = f"look at SMTP_URL: host, port, scheme, user and password ({error})"
        yield Finding("the mail server does not let us in", False, remedy)
    finally:
        await channel.close()


async def _no_stamp() -> MailStamp:
    """Stand in for what Message-IDs are made of: a probe writes no mail."""
    return MailStamp(0, b"")


async def _records(settings: Settings) -> AsyncIterator[Finding]:
    """Look up what others ask of the domain that we send from."""
    if settings.mail_from is None:
        return
    from bot.commands.mail_dns import missing_records

    domain = named_mailbox(settings.mail_from).domain
    for record in await missing_records(domain):
        yield Finding(f"mails of {domain} may be taken for spam: add {record}", True)


async def _mailboxes(settings: Settings) -> AsyncIterator[Finding]:
    """Log in to each mailbox that mail is fetched from."""
    for secret in settings.imap_url:
        url = MailboxUrl.parse(secret.get_secret_value())
        try:
            count = await asyncio.to_thread(probe, url)
        except Exception as error:  # noqa: BLE001 whatever it is, it is told
            remedy = f"look at IMAP_URL: host, port, user, password, folder ({reason_of(error)})"
            yield Finding(f"the mailbox of {url} cannot be read", False, remedy)
        else:
            yield Finding(f"the mailbox of {url} can be read, {count} mails are in it", True)
    if settings.imap_url and not settings.mail_authorities:
        yield Finding(
            "senders of mails are not checked: MAIL_AUTHORITIES names no server of yours", True
        )
    for address in await _unfetched(settings):
        remedy = (
            "add the account that its mail comes to to IMAP_URL, and its address to "
            "SUPPORT_ADDRESSES; or switch it off in the directory"
        )
        yield Finding(f"the directory's mailbox {address} is fetched from nowhere", False, remedy)


async def _unfetched(settings: Settings) -> list[str]:
    """Return the directory's mailboxes in use whose mail comes to no account that is read: neither
    one of that name, nor one that gets it as one of ``SUPPORT_ADDRESSES``.
    """
    users = [MailboxUrl.parse(url.get_secret_value()).user.lower() for url in settings.imap_url]
    named = map(str.lower, settings.support_addresses if users else ())
    fetched = {bare(address) for address in (*users, *named)}
    try:
        async with open_existing(settings.database_url.get_secret_value()) as database:
            mailboxes = await desk_of(settings, database).read(mailboxes_of)
    except DatabaseUnusable:  # _database says why
        return []
    return [
        address
        for address, one in mailboxes.items()
        if one.active and not {address, bare(address)} & fetched
    ]


async def _files(settings: Settings) -> Finding:
    """Store something where mails and their files lie, read it, and delete it."""
    url = settings.files_url
    is_bucket = url.startswith("s3:")
    try:
        await store_at(url).probe()
    except ImportError:
        return Finding(f"{url} needs obstore", False, "install the desk with the extra `s3`")
    except (OSError, ValueError) as error:
        remedy = "look at FILES_URL: {}".format(
            f"bucket, AWS_ variables, rights to put, get and delete ({_only_line(error)})"
            if is_bucket
            else f"the desk's user must be able to write there ({_only_line(error)})"
        )
        return Finding(f"files cannot be stored in {url}", False, remedy)
    return Finding(f"files can be stored in {url}", True)


async def _assistant(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the assistant's server which models it has; that costs nothing."""
    url, model = settings.assistant_url, settings.assistant_model.strip()
    if url is None:
        return
    from channels.assistant.client import ModelClient
    from core.assistant.model import ModelError

    key = settings.assistant_key
    secret = None if key is None else key.get_secret_value().strip()
    client = ModelClient(url, model, secret, _MODEL_PATIENCE)
    try:
        yield _model_is_there(url, model, await client.models())
    except ModelError as error:
        remedy = f"look at ASSISTANT_URL and ASSISTANT_KEY ({error}); the desk works without it"
        yield Finding(f"the assistant at {url} does not answer", False, remedy)
    finally:
        await client.close()
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        yield Finding(f"what the assistant at {url} is asked is not encrypted on its way", True)


# Seconds that the assistant's server may take to say which models it has.
_MODEL_PATIENCE: Final = 10.0


def _model_is_there(url: str, model: str, offered: Collection[str]) -> Finding:
    """Servers that list no models are taken at their word."""
    if not offered or model in offered:
        return Finding(f"the assistant at {url} answers, with {model}", True)
    listed = ", ".join(sorted(offered)[:8])
    return Finding(f"the assistant at {url} has no model {model}", False, f"it has: {listed}")


async def _sign_of_life(settings: Settings) -> AsyncIterator[Finding]:
    """Call the machine elsewhere that waits for signs of life."""
    if settings.ping_url is None:
        return
    try:
        await call(settings.ping_url)
    except NotHeard as why:
        remedy = f"look at PING_URL: it must answer a GET with 2xx ({why})"
        yield Finding("the sign of life does not arrive", False, remedy)
    else:
        yield Finding("the sign of life arrives", True)


async def _error_reports(settings: Settings) -> AsyncIterator[Finding]:
    """Ask the Sentry server whether it takes reports with this key."""
    if settings.sentry_dsn is None:
        return
    try:
        await try_out(settings.sentry_dsn)
    except NotTaken as why:
        remedy = f"look at SENTRY_DSN: copy it from the project's settings in Sentry ({why})"
        yield Finding("errors cannot be reported to Sentry", False, remedy)
    else:
        yield Finding("errors can be reported to Sentry", True)


def _only_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


async def _utc(_address: str) -> ZoneInfo:
    """Stand in for the recipient's time zone: a probe writes no mail."""
    return ZoneInfo("UTC")


class _NoTexts:
    """Stands in for the texts: a probe writes no mail."""

    def say(self, *_: Any, **__: Any) -> str:
        return ""
