"""Admins: the list in the chat, the link that invites one more, the button that removes one."""

from typing import Final

from channels.telegram.screens import admins as screens
from channels.telegram.screens.admins import DismissAdmin
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.setup import SetupStep
from core.errors import Refusal
from core.setup.admins import accept, dismiss, invite, list_admins
from handlers.telegram.admins.setup import show_checklist
from handlers.telegram.context import ButtonContext, MessageContext

# The steps of the checklist that are about admins.
STEPS: Final = frozenset({"admins", "invite"})


async def on_invited(context: MessageContext, secret: str) -> None:
    """Whoever opens the link becomes an admin, and sees what admins see."""
    context.desk.company = await context.desk.run(accept, context.sender, secret)
    await context.say(context.responder.html("setup.appointed"))
    await show_checklist(context)


async def on_step(context: ButtonContext, data: SetupStep) -> None:
    """Show the list, or make a link to pass on."""
    if data.step == "admins":
        await context.show(await _list(context))
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
        await context.edit(await _list(context))


async def _list(context: ButtonContext) -> Screen:
    found = await context.desk.read(list_admins)
    return screens.draw_list(context.renderer, found, context.sender.address)
