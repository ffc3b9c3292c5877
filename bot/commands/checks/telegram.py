"""Examines the token, and the chats with the bot's rights there."""

from collections.abc import AsyncIterator
from typing import Final

from aiogram import Bot
from aiogram.exceptions import (
    AiogramError,
    ClientDecodeError,
    TelegramMigrateToChat,
    TelegramUnauthorizedError,
)

from bot.app import company_of, desk_of
from bot.commands.checks.result import Finding, first_line
from bot.database_access import DatabaseUnusable, open_existing
from bot.settings import Settings
from channels.telegram.addresses import own_chat
from channels.telegram.client.chat_health import TEAM, examine_chat
from core.company import Company
from core.delivery.linked_chats import ROLES
from core.setup.company_settings import find_company
from core.teams.teams import TeamFacts, teams_of

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


async def examine_telegram(settings: Settings, bot: Bot) -> AsyncIterator[Finding]:
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
        remedy = f"look at the network, TELEGRAM_PROXY, or TELEGRAM_API_URL: {first_line(error)}"
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
    except DatabaseUnusable:  # examine_database says why
        return company_of(settings), []


async def _chat(bot: Bot, role: str, chat_id: int | None, variable: str, name: str) -> Finding:
    try:
        health = await examine_chat(bot, role, chat_id)
    except TelegramMigrateToChat as moved:
        remedy = f"set {variable} to {moved.migrate_to_chat_id}; a running desk follows by itself"
        return Finding(f"the {name} {chat_id} has become a supergroup", False, remedy)
    except AiogramError as error:
        remedy = f"try again: {first_line(error)}"
        return Finding(f"Telegram does not tell of the {name} {chat_id}", False, remedy)
    if health.fine:
        return Finding(f"the {name} is “{health.title}”, the bot is an admin there", True)
    facts = {"variable": variable, "name": name, "chat": chat_id, "title": health.title}
    what, remedy = (words.format(**facts) for words in _FAULTS[health.code])
    return Finding(what, False, remedy)
