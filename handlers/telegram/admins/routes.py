"""An admin's private chat: which handler takes a message or a button, before the other dialogues.

Whatever else an admin writes in private, they write as anybody does.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import chat_address
from channels.telegram.screens.admins import DismissAdmin
from channels.telegram.screens.quarantine import QuarantineStep
from channels.telegram.screens.setup import LinkChat, SetField, SetupStep
from core.setup import admins as invitations
from core.setup import claim
from core.setup.company_settings import asked_for
from core.words.aliases import ALIASES
from handlers.telegram.admins import admins, linked_chats, quarantine, reports, setup
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.origin import is_borrowed, is_from_admin

# What links carry: `/start <prefix><secret>`. Whoever holds one becomes an admin.
_LINKS: Final[dict[str, Callable[[MessageContext, str], Awaitable[None]]]] = {
    invitations.PREFIX: admins.on_invited,
    claim.PREFIX: setup.on_claim,
}


async def on_link(context: MessageContext) -> bool:
    """A link that makes an admin of whoever opens it. False for everything else."""
    command, _, payload = (context.message.text or "").partition(" ")
    if command != "/start" or is_borrowed(context.message):
        return False
    for prefix, handler in _LINKS.items():
        if payload.startswith(prefix):
            await handler(context, payload.removeprefix(prefix))
            return True
    return False


async def on_message(context: MessageContext) -> bool:
    """Words that an admin was asked for, or a command of theirs. False for everything else."""
    text, user = context.message.text or "", context.message.from_user
    if not text or user is None or not is_from_admin(context.message, context.desk):
        return False
    if not text.startswith("/"):
        field = await context.desk.read(asked_for, chat_address(user.id))
        if field is not None:
            await setup.on_words(context, field)
        return field is not None
    found = _COMMAND.fullmatch(text)
    typed = "" if found is None else found[1].lower()
    handler = _COMMANDS.get(ALIASES.get(typed, typed))
    if found is None or handler is None:
        return False
    await handler(context, (found[2] or "").strip())
    return True


async def _show_checklist(context: MessageContext, _words: str) -> None:
    await setup.show_checklist(context)


_COMMAND: Final = re.compile(r"/([^\W\d_]{1,32})(?:@\w+)?(?:[\s_]+(.*))?", re.DOTALL)
_COMMANDS: Final[dict[str, Callable[[MessageContext, str], Awaitable[None]]]] = {
    "setup": _show_checklist,
    "report": reports.on_command,
    "quarantine": quarantine.on_command,
}


async def _on_step(context: ButtonContext, data: SetupStep) -> None:
    handler = admins.on_step if data.step in admins.STEPS else setup.on_step
    await handler(context, data)


BUTTONS: Final[dict[type[CallbackData], Callable[[ButtonContext, Any], Awaitable[None]]]] = {
    SetupStep: _on_step,
    SetField: setup.on_choice,
    DismissAdmin: admins.on_dismiss,
    LinkChat: linked_chats.on_link,
    QuarantineStep: quarantine.on_button,
}
