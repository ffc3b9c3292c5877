"""What Telegram shows of the bot: its commands for each role and chat, its description, its menu.

Telegram shows the narrowest scope that fits, and in it the reader's language, or else the entry
without a language. Nothing is set twice: a digest of everything says whether there is news.
"""

import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.methods import (
    DeleteMyCommands,
    SetChatMenuButton,
    SetMyCommands,
    SetMyDescription,
    SetMyShortDescription,
    TelegramMethod,
)
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatMember,
    BotCommandScopeUnion,
    MenuButtonCommands,
)

from channels.telegram.screens.card import ASSISTED
from channels.telegram.screens.screen import Renderer
from core.company import Company
from core.texts import Key

log = logging.getLogger(__name__)

CUSTOMER: Final = ("new", "my", "language", "mydata", "cancel", "help")
# Only where there are cameras to tell of: after the first of the others.
CAMERA: Final = ("camera",)
# Only where there are articles in the reader's language, or in the company's: after those.
ARTICLES: Final = ("faq",)
OPERATOR: Final = (
    "queue",
    "my",
    "overdue",
    "find",
    "views",
    "next_up",
    "ticket",
    "data",
    "transcript",
    "take",
    "reply",
    "t",
    "kb",
    *ASSISTED,
    "note",
    "wait",
    "freeze",
    "unfreeze",
    "state",
    "resolve",
    "reason",
    "spent",
    "used",
    "field",
    "assign",
    "escalate",
    "tasks",
    "done",
    "on",
    "off",
    "close",
    "release",
    "reopen",
    "cancel",
    "class",
    "priority",
    "next",
    "why",
    "times",
    "new",
    "call",
    "write",
    "who",
    "split",
    "merge_tickets",
    "similar",
    "link",
    "outage",
    "topic",
    "title",
    "messages",
    "tag",
    "tags",
    "journal",
    "undo",
    "board",
    "app",
    "help",
)
# What only admins can do is offered to them alone.
ADMIN_IN_GROUP: Final = (*OPERATOR, "report", "stats")
ADMIN_IN_PRIVATE: Final = (
    *CUSTOMER,
    *(
        "report",
        "stats",
        "app",
        "health",
        "quarantine",
        "junk",
        "restored",
        "export",
        "key",
        "webhook",
        "t",
        "rules",
        "directory",
        "notices",
        "texts",
        "kb",
        "setup",
    ),
)
# What Telegram shows to readers of any other language.
OTHERWISE: Final = "en"


@dataclass(frozen=True, slots=True)
class Introduction:
    """Calls that make the bot known, in their order, and the digest of what they say."""

    calls: tuple[TelegramMethod[Any], ...]
    digest: str


def write_introduction(
    renderers: Iterable[Renderer],
    company: Company,
    admins: Collection[int],
    *,
    span: timedelta | Key,
    groups: Collection[int] = (),
    cameras: bool = False,
    articles: Collection[str] = (),
) -> Introduction:
    """What is to be said, in every language of ``renderers``.

    ``admins`` are those who can be reached, ``groups`` the groups in which operators work. An
    answer is promised within ``span``.

    Telegram keeps commands only for people who have written to the bot. ``cameras``: the company
    has some, and so there is a command for them; ``articles``: the languages whose readers have
    some, and so one for these.
    """
    renderers = tuple(renderers)
    more = {
        one.locale: (*(CAMERA if cameras else ()), *(ARTICLES if one.locale in articles else ()))
        for one in renderers
    }
    facts = {"company": company.name, "span": span}
    calls = tuple(_calls(renderers, company, facts, admins, tuple(groups), more))
    said = "\n".join(f"{call.__api_method__} {call.model_dump_json()}" for call in calls)
    return Introduction(calls, hashlib.sha256(said.encode()).hexdigest())


def write_withdrawal(
    renderers: Iterable[Renderer], groups: Collection[int], former: Collection[int]
) -> tuple[TelegramMethod[Any], ...]:
    """What takes back the commands of those who are no admins any more."""
    calls: list[TelegramMethod[Any]] = []
    for admin in sorted(former):
        scope = BotCommandScopeChat(chat_id=admin)
        for renderer in renderers:
            calls += [
                DeleteMyCommands(scope=scope, language_code=code) for code in _codes(renderer)
            ]
        for group in groups:
            member = BotCommandScopeChatMember(chat_id=group, user_id=admin)
            calls.append(DeleteMyCommands(scope=member))
    return tuple(calls)


async def introduce(bot: Bot, calls: Iterable[TelegramMethod[Any]]) -> None:
    """Say it. Raises what the line to Telegram raises; then all is said again later.

    What Telegram refuses (a chat that we were removed from, somebody who is not in the group) is
    passed over: it would be refused again.
    """
    for call in calls:
        try:
            await bot(call)
        except (TelegramBadRequest, TelegramForbiddenError) as refused:
            log.info("Telegram refused a part of the introduction: %s", refused)


def _calls(
    renderers: tuple[Renderer, ...],
    company: Company,
    facts: Mapping[str, Any],
    admins: Collection[int],
    groups: tuple[int, ...],
    more: Mapping[str, tuple[str, ...]],
) -> Iterator[TelegramMethod[Any]]:
    for renderer in renderers:
        for code in _codes(renderer):
            yield from _texts(renderer, code, facts)
            for scope, names in _in_private(admins):
                listed = _commands(
                    renderer, "private", (*names[:1], *more[renderer.locale], *names[1:])
                )
                yield SetMyCommands(commands=listed, scope=scope, language_code=code)
        if renderer.locale == company.language:  # in a group everybody reads the company's
            for scope, names in _in_groups(groups, admins):
                offered = [one for one in names if company.assistance or one not in ASSISTED]
                yield SetMyCommands(commands=_commands(renderer, "group", offered), scope=scope)
    yield SetChatMenuButton(menu_button=MenuButtonCommands())


def _codes(renderer: Renderer) -> tuple[str | None, ...]:
    """The reader's languages that a text is for; ``None`` stands for all that have no own."""
    return (renderer.locale, None) if renderer.locale == OTHERWISE else (renderer.locale,)


def _texts(
    renderer: Renderer, code: str | None, facts: Mapping[str, Any]
) -> Iterator[TelegramMethod[Any]]:
    named = "_company" if facts["company"] else ""
    yield SetMyDescription(
        description=renderer.plain(f"introduction.description{named}", **facts), language_code=code
    )
    yield SetMyShortDescription(
        short_description=renderer.plain(f"introduction.about{named}", **facts), language_code=code
    )


def _in_private(
    admins: Collection[int],
) -> Iterator[tuple[BotCommandScopeUnion, tuple[str, ...]]]:
    yield BotCommandScopeAllPrivateChats(), CUSTOMER
    for admin in sorted(admins):
        yield BotCommandScopeChat(chat_id=admin), ADMIN_IN_PRIVATE


def _in_groups(
    groups: Collection[int], admins: Collection[int]
) -> Iterator[tuple[BotCommandScopeUnion, tuple[str, ...]]]:
    for group in groups:
        yield BotCommandScopeChat(chat_id=group), OPERATOR
        for admin in sorted(admins):
            yield BotCommandScopeChatMember(chat_id=group, user_id=admin), ADMIN_IN_GROUP


def _commands(renderer: Renderer, where: str, names: Iterable[str]) -> list[BotCommand]:
    return [
        BotCommand(command=name, description=renderer.plain(f"command.{where}.{name}"))
        for name in names
    ]
