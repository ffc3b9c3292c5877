"""Setting the desk up in private: claim, checklist, choices, test ticket, linked chats, admins."""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.exceptions import AiogramError, TelegramBadRequest, TelegramForbiddenError
from aiogram.types import ChatMemberUpdated

from channels.telegram.addresses import chat_address, chat_id, own_chat
from channels.telegram.client.chat_health import TEAM, Health, examine, examine_chat
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens import setup as screens
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.setup import (
    DismissAdmin,
    LinkChat,
    Progress,
    SetField,
    SetupStep,
    offer_link,
)
from core.company import TOPICS
from core.delivery.linked_chats import ROLES
from core.desk import Desk
from core.errors import Refusal, Unreadable
from core.people.identity import Sender, language_of
from core.setup.admins import accept, dismiss, invite, list_admins
from core.setup.claim import claim
from core.setup.company_settings import answered, ask_for, take_choice
from core.setup.linked_chat import OPERATORS, link
from core.setup.test_ticket import find_test_ticket, send_test_ticket
from core.teams.teams import teams_of
from core.tickets.incoming import IncomingMessage
from core.words.names import clean_name
from core.words.pasted import find_zone
from core.words.when import NotATime, parse_span
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.origin import is_operator_chat
from handlers.telegram.responder import Responder

log = logging.getLogger(__name__)

_LONGEST_NAME: Final = 64
_SHORTEST_DEADLINE: Final = timedelta(minutes=1)


async def on_claim(context: MessageContext, secret: str) -> None:
    """The first to open the link becomes the admin; the checklist leads on."""
    context.desk.company = await context.desk.run(claim, context.sender, secret)
    await context.say(context.responder.html("setup.claimed"))
    await show_checklist(context)


async def show_checklist(context: MessageContext) -> None:
    """Send the checklist to the admin who writes."""
    await send_checklist(context.message.chat.id, context.desk, context.responder, context.bot)


async def send_checklist(chat: int, desk: Desk, responder: Responder, bot: Bot) -> None:
    """Send the checklist with its buttons to this private chat."""
    screen = screens.draw(responder.renderer, await progress_of(desk, bot))
    await responder.say(chat, screen.html, keyboard=screen.keyboard)


async def progress_of(desk: Desk, bot: Bot) -> Progress:
    """How far the set-up is; what Telegram does not tell now counts as unknown."""
    company, teams = desk.company, await desk.read(teams_of)
    try:
        name = (await bot.me()).username or ""
        chats = await examine(bot, company, teams.with_group)
    except AiogramError:
        name = ""
        chats = [Health(role, "unknown", own_chat(getattr(company, ROLES[role]))) for role in ROLES]
        chats += [
            Health(TEAM, "unknown", own_chat(team.chat), team=team.code)
            for team in teams.with_group
        ]
    return Progress(name, chats, company, await desk.read(find_test_ticket), teams)


async def on_step(context: ButtonContext, data: SetupStep) -> None:
    """Do what the button says: the checklist afresh, a question, or the test ticket."""
    if data.step == "trial":
        await _send_test_ticket(context)
    elif data.step == "list":
        await context.desk.run(answered, context.sender)
        await context.toast()
    else:
        await context.desk.run(ask_for, context.sender, data.step)
        text = context.responder.html(f"setup.ask.{data.step}")
        await context.show(Screen(text, screens.choices(context.renderer, data.step)))
        return
    await _edit_to_checklist(context)


async def _edit_to_checklist(context: ButtonContext) -> None:
    progress = await progress_of(context.desk, context.bot)
    await context.edit(screens.draw(context.renderer, progress))


async def _send_test_ticket(context: ButtonContext) -> None:
    message, responder = context.message, context.responder
    if message is None:
        raise Refusal("refusal.outdated")
    words = responder.plain("setup.trial.words")
    content = {"kind": "text", "text": words}
    place = message_ref(message.chat.id, -message.message_id)
    incoming = IncomingMessage(place, "text", words, content)
    number = await context.desk.run(send_test_ticket, context.sender, incoming)
    await context.toast(responder.plain("setup.trial.sent", {"number": number}))


async def on_choice(context: ButtonContext, data: SetField) -> None:
    """A button held the value."""
    value = _READ[data.field](data.value)
    context.desk.company = await context.desk.run(take_choice, context.sender, data.field, value)
    await context.toast(context.responder.plain("setup.chosen"))
    await _edit_to_checklist(context)


async def on_words(context: MessageContext, field: str) -> None:
    """The admin wrote the value of this field."""
    value = _READ[field](context.message.text or "")
    context.desk.company = await context.desk.run(take_choice, context.sender, field, value)
    await show_checklist(context)


def _name(words: str) -> str:
    name = clean_name(words, _LONGEST_NAME)
    if not name:
        raise Unreadable("setup.unreadable.name")
    return name


def _zone(words: str) -> ZoneInfo:
    zone = find_zone(words)
    if zone is None:
        raise Unreadable("setup.unreadable.zone")
    return zone


def _language(words: str) -> str:
    if words.casefold() not in {"ru", "en"}:
        raise Unreadable("setup.ask.language")
    return words.casefold()


def _topics(words: str) -> str:
    if words.casefold() not in TOPICS:
        raise Unreadable("setup.ask.topics")
    return words.casefold()


def _span(words: str) -> timedelta:
    try:
        span = parse_span(words)
    except NotATime:
        raise Unreadable("setup.unreadable.answer_deadline") from None
    if span < _SHORTEST_DEADLINE:
        raise Unreadable("setup.unreadable.answer_deadline")
    return span


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "name": _name,
    "zone": _zone,
    "language": _language,
    "answer_deadline": _span,
    "topics": _topics,
}


# Which role a kind of chat can have.
_ROLES: Final = {"group": "operators", "supergroup": "operators", "channel": "alerts"}
_INSIDE: Final = frozenset({"creator", "administrator", "member"})


def possible_role(event: ChatMemberUpdated, desk: Desk) -> str | None:
    """The role that the chat could have, if an admin added the bot or changed its rights there.

    Whoever else adds it gets no answer: a stranger's group is nobody's business here.
    """
    inside = event.new_chat_member.status in _INSIDE
    if not inside or chat_address(event.from_user.id) not in desk.company.admins:
        return None
    return _ROLES.get(event.chat.type)


async def is_strangers(event: ChatMemberUpdated, desk: Desk) -> bool:
    """True if the bot is now in a chat without a role, and no admin brought it there (S4).

    While nobody is an admin yet, whoever sets the desk up may add the bot before that.
    """
    inside = event.new_chat_member.status in _INSIDE
    admins = desk.company.admins
    if not inside or not admins or chat_address(event.from_user.id) in admins:
        return False
    chat = event.chat.id
    if chat_address(chat) == desk.company.alerts_chat:
        return False
    return not await is_operator_chat(desk, chat)


async def leave(event: ChatMemberUpdated, bot: Bot) -> None:
    """Leave the chat without a word."""
    log.info("the bot leaves a chat of strangers", extra={"chat": event.chat.id})
    with contextlib.suppress(TelegramBadRequest, TelegramForbiddenError):
        await bot.leave_chat(event.chat.id)  # removed again in the meantime


async def on_added(
    event: ChatMemberUpdated, role: str, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """Tell the admin in private what is missing in the chat, or offer to link it."""
    private = await _in_private(desk, sender, responder)
    admin, chat = chat_id(sender.address), event.chat.id
    if getattr(desk.company, ROLES[role]) == chat_address(chat) or await is_operator_chat(
        desk, chat
    ):
        await send_checklist(admin, desk, private, bot)
        return
    health = await examine_chat(bot, role, chat)
    facts = {"title": event.chat.title or str(chat), "id": chat}
    if not health.fine:
        await private.say(admin, private.html(f"setup.{role}.{health.code}", facts))
        return
    another = role == OPERATORS and desk.company.operators_chat is not None
    text = private.html(f"setup.added.{'another' if another else role}", facts)
    await private.say(admin, text, keyboard=offer_link(private.renderer, role, chat))


async def _in_private(desk: Desk, sender: Sender, responder: Responder) -> Responder:
    locale = await desk.read(language_of, sender.address, sender.language)
    return Responder(responder.bot, desk, responder.texts, responder.acknowledgements, locale)


async def on_link(context: ButtonContext, data: LinkChat) -> None:
    """Link the chat, if the bot can do its work there; say hello there, show the checklist."""
    bot, desk, responder = context.bot, context.desk, context.responder
    health = await examine_chat(bot, data.role, data.chat)
    facts = {"title": health.title, "id": data.chat}
    if not health.fine:
        raise Refusal(f"setup.toast.{health.code.partition('.')[0]}", **facts)
    desk.company = await desk.run(link, context.sender, data.role, chat_address(data.chat))
    await context.show(responder.html(f"setup.linked.{data.role}", facts))
    there = replace(responder, locale=desk.company.language, own_zone=None)
    await there.say(data.chat, there.html(f"setup.hello.{data.role}"))
    if context.message is not None:
        await send_checklist(context.message.chat.id, desk, responder, bot)


# The steps of the checklist that are about admins.
ADMIN_STEPS: Final = frozenset({"admins", "invite"})


async def on_invited(context: MessageContext, secret: str) -> None:
    """Whoever opens the link becomes an admin, and sees what admins see."""
    context.desk.company = await context.desk.run(accept, context.sender, secret)
    await context.say(context.responder.html("setup.appointed"))
    await show_checklist(context)


async def on_admin_step(context: ButtonContext, data: SetupStep) -> None:
    """Show the list, or make a link to pass on."""
    if data.step == "admins":
        await context.show(await _admins(context))
        return
    made = await context.desk.run(invite, context.sender)
    name = (await context.bot.me()).username or ""
    await context.show(screens.invitation(context.renderer, made, name))


async def on_dismiss(context: ButtonContext, data: DismissAdmin) -> None:
    """Ask once more, or do it."""
    known = {one.id: one for one in await context.desk.read(list_admins) if one.id}
    one, mine = known.get(data.person), context.sender.address
    if one is None:
        raise Refusal("refusal.no_admin")
    if data.verb == "ask":
        await context.show(screens.confirm_dismissal(context.renderer, one, mine))
        return
    context.desk.company = await context.desk.run(dismiss, context.sender, data.person)
    await context.toast(context.responder.plain("setup.admins.done", {"name": one.name}))
    if one.address == mine:
        await context.edit(Screen(context.responder.html("setup.admins.left")))
    else:
        await context.edit(await _admins(context))


async def _admins(context: ButtonContext) -> Screen:
    found = await context.desk.read(list_admins)
    return screens.draw_admins(context.renderer, found, context.sender.address)
