"""Who supervises besides the first: a list in the chat, a link to pass on, a button to end it."""

from typing import Any, Final

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.screens import admins
from channels.telegram.screens.callbacks import Dismiss, SetUp
from channels.telegram.screens.screen import Screen
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from core.setup.admins import PREFIX, accept, dismiss, invite, list_admins
from handlers.telegram.admins.setup import AdminPresses, secret_of, show_checklist
from handlers.telegram.filters import Private
from handlers.telegram.responder import Responder

STEPS: Final = frozenset({"admins", "invite"})


def router() -> Router:
    """Everything of it; only admins come past the filters, and whoever holds an invitation."""
    room = Router(name="admins/appointing")
    room.message.register(on_invited, Private(), Invited())
    room.callback_query.register(on_step, Private(), AdminPresses(SetUp), OfAdmins())
    room.callback_query.register(on_dismiss, Private(), AdminPresses(Dismiss))
    return room


class Invited(Filter):
    """``/start admin_…``, written by a person themselves; gives ``secret``."""

    async def __call__(self, event: Message) -> bool | dict[str, Any]:  # type: ignore[mutable-override]
        """The secret of the link."""
        return secret_of(event, PREFIX)


class OfAdmins(Filter):
    """The step is about who supervises."""

    async def __call__(  # type: ignore[mutable-override]
        self, _event: CallbackQuery, pressed: SetUp
    ) -> bool:
        """True for the steps of this room."""
        return pressed.step in STEPS


async def on_invited(
    message: Message, secret: str, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """Whoever opens the link is an admin, and sees what admins see."""
    desk.company = await desk.run(accept, sender, secret)
    await responder.say(message.chat.id, responder.html("setup.appointed"))
    await show_checklist(message.chat.id, desk, responder, bot)


async def on_step(
    query: CallbackQuery, pressed: SetUp, desk: Desk, sender: Sender, responder: Responder, bot: Bot
) -> None:
    """Show the list, or make a link that is passed on."""
    if pressed.step == "admins":
        screen = await _listed(desk, sender, responder)
    else:
        made = await desk.run(invite, sender)
        name = (await bot.me()).username or ""
        screen = admins.invitation(responder.renderer, made, name)
    await responder.toast(query)
    await responder.edit(query.message, screen.html, keyboard=screen.keyboard)


async def on_dismiss(
    query: CallbackQuery, pressed: Dismiss, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Ask once more, or do it."""
    known = {one.id: one for one in await desk.read(list_admins) if one.id}
    one = known.get(pressed.person)
    if one is None:
        raise Refusal("refusal.no_admin")
    if pressed.verb == "ask":
        screen = admins.sure(responder.renderer, one, sender.telegram_id)
        await responder.toast(query)
        await responder.edit(query.message, screen.html, keyboard=screen.keyboard)
        return
    desk.company = await desk.run(dismiss, sender, pressed.person)
    await responder.toast(query, responder.plain("setup.admins.done", {"name": one.name}))
    if one.telegram_id == sender.telegram_id:
        await responder.edit(query.message, responder.html("setup.admins.left"), keyboard=None)
        return
    screen = await _listed(desk, sender, responder)
    await responder.edit(query.message, screen.html, keyboard=screen.keyboard)


async def _listed(desk: Desk, sender: Sender, responder: Responder) -> Screen:
    return admins.admins(responder.renderer, await desk.read(list_admins), sender.telegram_id)
