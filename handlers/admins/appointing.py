"""Who supervises besides the first: a list in the chat, a link to pass on, a button to end it."""

from typing import Any, Final

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram import appointing
from channels.telegram.callbacks import Dismiss, SetUp
from channels.telegram.screens import Screen
from core.desk import Desk
from core.errors import Refusal
from core.people.directory import Caller
from core.setup.admins import PREFIX, accept, dismiss, invite, list_admins
from handlers.admins.setup import AdminPresses, secret_of, show_checklist
from handlers.filters import Private
from handlers.speech import Speech

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
    message: Message, secret: str, desk: Desk, caller: Caller, speech: Speech, bot: Bot
) -> None:
    """Whoever opens the link is an admin, and sees what admins see."""
    desk.company = await desk.run(accept, caller, secret)
    await speech.say(message.chat.id, speech.html("setup.appointed"))
    await show_checklist(message.chat.id, desk, speech, bot)


async def on_step(
    query: CallbackQuery, pressed: SetUp, desk: Desk, caller: Caller, speech: Speech, bot: Bot
) -> None:
    """Show the list, or make a link that is passed on."""
    if pressed.step == "admins":
        screen = await _listed(desk, caller, speech)
    else:
        made = await desk.run(invite, caller)
        name = (await bot.me()).username or ""
        screen = appointing.invitation(speech.voice, made, name)
    await speech.toast(query)
    await speech.edit(query.message, screen.html, keyboard=screen.keyboard)


async def on_dismiss(
    query: CallbackQuery, pressed: Dismiss, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Ask once more, or do it."""
    known = {one.id: one for one in await desk.read(list_admins) if one.id}
    one = known.get(pressed.person)
    if one is None:
        raise Refusal("refusal.no_admin")
    if pressed.verb == "ask":
        screen = appointing.sure(speech.voice, one, caller.telegram_id)
        await speech.toast(query)
        await speech.edit(query.message, screen.html, keyboard=screen.keyboard)
        return
    desk.company = await desk.run(dismiss, caller, pressed.person)
    await speech.toast(query, speech.plain("setup.admins.done", {"name": one.name}))
    if one.telegram_id == caller.telegram_id:
        await speech.edit(query.message, speech.html("setup.admins.left"), keyboard=None)
        return
    screen = await _listed(desk, caller, speech)
    await speech.edit(query.message, screen.html, keyboard=screen.keyboard)


async def _listed(desk: Desk, caller: Caller, speech: Speech) -> Screen:
    return appointing.admins(speech.voice, await desk.read(list_admins), caller.telegram_id)
