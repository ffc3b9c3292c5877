"""``check``: looks at everything the desk needs and says what to do about what is wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Final

from aiogram import Bot
from aiogram.enums import ChatType
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramMigrateToChat,
    TelegramUnauthorizedError,
)
from aiogram.types import ChatMemberAdministrator, ChatMemberOwner, User

from bot.app import company_of, desk_of
from bot.migrate import pending
from bot.opening import Unusable, opened_as_it_is, opened_to_write
from bot.settings import Settings
from channels.email.channel import EmailChannel
from channels.telegram.gateway import make_bot
from core.company import Company
from core.db import DatabaseInUse
from core.delivery.channel import SendError
from core.setup.choices import find_company

_GROUPS: Final = (ChatType.GROUP, ChatType.SUPERGROUP)


@dataclass(frozen=True, slots=True)
class _Place:
    """A chat of the desk, and what the bot must be allowed to do there: right, title, what for.

    A right that Telegram does not know in a chat of that kind (posting, in a group) is not missing.
    """

    variable: str
    field: str  # of the company
    name: str
    rights: tuple[tuple[str, str, str], ...]
    must_be_group: bool = False


_OPERATORS: Final = _Place(
    "OPERATOR_CHAT_ID",
    "operators_chat",
    "operator group",
    (
        ("can_delete_messages", "Delete messages", "to take answers back and tidy up"),
        ("can_pin_messages", "Pin messages", "to keep the board in sight"),
    ),
    must_be_group=True,
)
_ALERTS: Final = _Place(
    "ALERT_CHAT_ID",
    "alerts_chat",
    "alert channel",
    (("can_post_messages", "Post messages", "to alert admins"),),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. ``remedy`` says what to do when it is not fine."""

    what: str
    fine: bool
    remedy: str = ""

    def __str__(self) -> str:
        """A line for a terminal."""
        return f"ok     {self.what}" if self.fine else f"WRONG  {self.what}\n       → {self.remedy}"


async def examine(settings: Settings) -> list[Finding]:
    """Look at everything; what one look finds wrong does not stop the others."""
    findings = [finding async for finding in _database(settings)]
    if settings.bot_token is None:
        findings.append(
            Finding(
                "no BOT_TOKEN", False, "get one from @BotFather; without it only the sandbox runs"
            )
        )
        return findings
    bot = make_bot(settings.bot_token.get_secret_value(), settings.telegram_api_url)
    try:
        findings += [finding async for finding in _telegram(settings, bot)]
    finally:
        await bot.session.close()
    findings += [finding async for finding in _mail(settings)]
    findings += _unused(settings)
    return findings


def _unused(settings: Settings) -> list[Finding]:
    """What is set, understood, and not used yet: better said than wondered about."""
    unused = [
        ("IMAP_URL", settings.imap_url, "mail does not open tickets yet"),
        ("SUPPORT_ADDRESSES", settings.support_addresses, "mail does not open tickets yet"),
        ("WEBHOOK_URL", settings.webhook_url, "updates are fetched by long polling"),
    ]
    return [Finding(f"{name} has no effect: {why}", True) for name, value, why in unused if value]


async def _database(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.database_url.get_secret_value()
    name = "SQLite database" if url.startswith("sqlite") else "PostgreSQL database"
    try:
        async with opened_to_write(url) as database:
            behind = await pending(database)
        yield Finding(f"{name} can be written to", True)
        yield Finding(f"{name}: tables {'are behind' if behind else 'are up to date'}", True)
    except DatabaseInUse:
        yield Finding(f"{name} is in use: the desk is running", True)
    except Unusable as why:
        yield Finding(f"{name} cannot be worked with", False, f"look at DATABASE_URL: {why}")


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
        remedy = f"look at the network, a proxy, or TELEGRAM_API_URL: {_first_line(error)}"
        yield Finding("Telegram cannot be reached", False, remedy)
        return
    yield Finding(f"the bot is @{me.username}", True)
    company = await _company(settings)
    for place in (_OPERATORS, _ALERTS):
        async for finding in _chat(bot, me, getattr(company, place.field), place):
            yield finding
    if not company.admins:
        remedy = (
            "open the link that the log prints when the desk starts, "
            "or set ADMIN_IDS to the Telegram ids of those who supervise"
        )
        yield Finding("nobody is an admin", False, remedy)


async def _company(settings: Settings) -> Company:
    """As the environment and the choices made in the chat have it; a look, beside the desk too."""
    try:
        async with opened_as_it_is(settings.database_url.get_secret_value()) as database:
            return await desk_of(settings, database).read(find_company)
    except Unusable:  # _database says why
        return company_of(settings)


async def _chat(bot: Bot, me: User, chat_id: int | None, place: _Place) -> AsyncIterator[Finding]:
    name, variable = place.name, place.variable
    if chat_id is None:
        remedy = (
            f"write /setup to the bot; or add it to the {name}, make it an admin, "
            f"and set {variable} to its id"
        )
        yield Finding(f"no {name}", False, remedy)
        return
    try:
        chat = await bot.get_chat(chat_id)
        member = await bot.get_chat_member(chat_id, me.id)
    except TelegramMigrateToChat as moved:
        remedy = f"set {variable} to {moved.migrate_to_chat_id}; a running desk follows by itself"
        yield Finding(f"the {name} {chat_id} has become a supergroup", False, remedy)
        return
    except AiogramError as error:
        remedy = f"look at {variable}, and add the bot there as an admin: {_first_line(error)}"
        yield Finding(f"the {name} {chat_id} is out of reach", False, remedy)
        return
    if place.must_be_group and chat.type not in _GROUPS:
        remedy = f"set {variable} to the id of a group: «{chat.title}» is a {chat.type}"
        yield Finding(f"the {name} {chat_id} is not a group", False, remedy)
        return
    if not isinstance(member, ChatMemberAdministrator | ChatMemberOwner):
        remedy = f"make the bot an admin of «{chat.title}»; otherwise it does not see what is said"
        yield Finding(f"the bot is not an admin of the {name}", False, remedy)
        return
    yield Finding(f"the {name} is «{chat.title}», the bot is an admin there", True)
    for right, title, purpose in place.rights:
        if getattr(member, right, None) is False:
            remedy = f"allow it in the bot's admin rights, {purpose}"
            yield Finding(f"the {name}: the bot lacks the right «{title}»", False, remedy)


def _first_line(error: AiogramError) -> str:
    """What went wrong, without what the server has answered to it."""
    return str(getattr(error, "message", error)).splitlines()[0]


async def _mail(settings: Settings) -> AsyncIterator[Finding]:
    if settings.smtp_url is None or settings.mail_from is None:
        return
    url = settings.smtp_url.get_secret_value()
    channel = EmailChannel(url, settings.mail_from, _Silent(), settings.timezone)
    try:
        await channel.probe()
        yield Finding("the mail server lets us in", True)
    except SendError as error:
        remedy = f"look at SMTP_URL: host, port, scheme, user and password ({error})"
        yield Finding("the mail server does not let us in", False, remedy)
    finally:
        await channel.close()


class _Silent:
    """A probe writes no letter, so it needs no words."""

    def say(self, *_: Any, **__: Any) -> str:
        return ""
