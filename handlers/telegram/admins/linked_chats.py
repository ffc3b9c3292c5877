"""The bot was added to a group or a channel: an admin may give it its role there."""

from typing import Any, Final

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, ChatMemberUpdated

from channels.telegram.client.chat_health import examine_chat
from channels.telegram.screens.callbacks import LinkChat
from channels.telegram.screens.setup import offer_link
from core.delivery.linked_chats import ROLES
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender, language_of
from core.setup.linked_chat import OPERATORS, link
from handlers.telegram.admins.setup import AdminPresses, show_checklist
from handlers.telegram.filters import Private, is_workplace
from handlers.telegram.responder import Responder

# Which role a kind of chat can have.
OF_KIND: Final = {"group": "operators", "supergroup": "operators", "channel": "alerts"}
_INSIDE: Final = frozenset({"creator", "administrator", "member"})


def router() -> Router:
    """Being added, and the button that links."""
    room = Router(name="admins/linking")
    room.my_chat_member.register(on_added, AddedByAdmin())
    room.callback_query.register(on_link, Private(), AdminPresses(LinkChat))
    return room


class AddedByAdmin(Filter):
    """An admin of the desk added the bot to a chat, or changed its rights there; gives ``role``.

    Whoever else adds it is not answered: a stranger's group is nobody's business here.
    """

    async def __call__(  # type: ignore[mutable-override]
        self, event: ChatMemberUpdated, desk: Desk
    ) -> bool | dict[str, Any]:
        """The role that this chat could have."""
        role = OF_KIND.get(event.chat.type)
        inside = event.new_chat_member.status in _INSIDE
        if role is None or not inside or event.from_user.id not in desk.company.admins:
            return False
        return {"role": role}


async def on_added(
    event: ChatMemberUpdated, role: str, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """Tell the admin in private what is missing here, or offer to link."""
    own = await _in_private(desk, sender, responder)
    chat = event.chat.id
    if getattr(desk.company, ROLES[role]) == chat or await is_workplace(desk, chat):
        await show_checklist(sender.telegram_id, desk, own, bot)
        return
    health = await examine_chat(bot, role, event.chat.id)
    facts = {"title": event.chat.title or str(event.chat.id), "id": event.chat.id}
    if not health.fine:
        await own.say(sender.telegram_id, own.html(f"setup.{role}.{health.code}", facts))
        return
    another = role == OPERATORS and desk.company.operators_chat is not None
    text = own.html(f"setup.added.{'another' if another else role}", facts)
    await own.say(sender.telegram_id, text, keyboard=offer_link(own.renderer, role, event.chat.id))


async def on_link(
    query: CallbackQuery,
    pressed: LinkChat,
    desk: Desk,
    sender: Sender,
    responder: Responder,
    bot: Bot,
) -> None:
    """Link, if the bot can do its work there; say hello there, and show the checklist."""
    health = await examine_chat(bot, pressed.role, pressed.chat)
    facts = {"title": health.title, "id": pressed.chat}
    if not health.fine:
        raise Refusal(f"setup.toast.{health.code.partition('.')[0]}", **facts)
    desk.company = await desk.run(link, sender, pressed.role, pressed.chat)
    await responder.toast(query)
    await responder.edit(query.message, responder.html(f"setup.linked.{pressed.role}", facts))
    there = Responder(bot, desk, responder.texts, desk.company.language)
    await there.say(pressed.chat, there.html(f"setup.hello.{pressed.role}"))
    if query.message is not None:
        await show_checklist(query.message.chat.id, desk, responder, bot)


async def _in_private(desk: Desk, sender: Sender, responder: Responder) -> Responder:
    locale = await desk.read(language_of, sender.telegram_id, sender.language)
    return Responder(responder.bot, desk, responder.texts, locale)
