"""The bot was added to a group or a channel: an admin may give the chat its role."""

import contextlib
import logging
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramForbiddenError
from aiogram.types import ChatMemberUpdated

from channels.telegram.client.chat_health import examine_chat
from channels.telegram.screens.setup import LinkChat, offer_link
from core.delivery.linked_chats import ROLES
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender, language_of
from core.setup.linked_chat import OPERATORS, link
from handlers.telegram.admins.setup import send_checklist
from handlers.telegram.context import ButtonContext
from handlers.telegram.origin import is_operator_chat
from handlers.telegram.responder import Responder

log = logging.getLogger(__name__)

# Which role a kind of chat can have.
_ROLES: Final = {"group": "operators", "supergroup": "operators", "channel": "alerts"}
_INSIDE: Final = frozenset({"creator", "administrator", "member"})


def possible_role(event: ChatMemberUpdated, desk: Desk) -> str | None:
    """The role that the chat could have, if an admin added the bot or changed its rights there.

    Whoever else adds it gets no answer: a stranger's group is nobody's business here.
    """
    inside = event.new_chat_member.status in _INSIDE
    if not inside or event.from_user.id not in desk.company.admins:
        return None
    return _ROLES.get(event.chat.type)


async def is_strangers(event: ChatMemberUpdated, desk: Desk) -> bool:
    """True if the bot is now in a chat without a role, and no admin brought it there (S4).

    While nobody is an admin yet, whoever sets the desk up may add the bot before that.
    """
    inside = event.new_chat_member.status in _INSIDE
    if not inside or not desk.company.admins or event.from_user.id in desk.company.admins:
        return False
    chat = event.chat.id
    return chat != desk.company.alerts_chat and not await is_operator_chat(desk, chat)


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
    admin, chat = sender.telegram_id, event.chat.id
    if getattr(desk.company, ROLES[role]) == chat or await is_operator_chat(desk, chat):
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
    locale = await desk.read(language_of, sender.telegram_id, sender.language)
    return Responder(responder.bot, desk, responder.texts, locale)


async def on_link(context: ButtonContext, data: LinkChat) -> None:
    """Link the chat, if the bot can do its work there; say hello there, show the checklist."""
    bot, desk, responder = context.bot, context.desk, context.responder
    health = await examine_chat(bot, data.role, data.chat)
    facts = {"title": health.title, "id": data.chat}
    if not health.fine:
        raise Refusal(f"setup.toast.{health.code.partition('.')[0]}", **facts)
    desk.company = await desk.run(link, context.sender, data.role, data.chat)
    await context.show(responder.html(f"setup.linked.{data.role}", facts))
    there = Responder(bot, desk, responder.texts, desk.company.language)
    await there.say(data.chat, there.html(f"setup.hello.{data.role}"))
    if context.message is not None:
        await send_checklist(context.message.chat.id, desk, responder, bot)
