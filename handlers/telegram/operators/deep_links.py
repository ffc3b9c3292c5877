"""From the group into the private chat: what a link carries there, and how it is read (A5, A7)."""

from dataclasses import replace
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.screens.keyboards import Button, rows_of
from core.errors import Unreadable
from core.people.staff import enrol
from core.words.contact_values import typed_phone
from handlers.telegram.operators.command_parser import Command
from handlers.telegram.operators.context import CommandContext, example

_NEW: Final = "new"
_CALL: Final = "call"


def read_payload(command: Command) -> Command | None:
    """`/start new`, `/start call_79161234567` as the commands they stand for; else ``None``."""
    name, _, figures = command.rest.partition("_")
    if name == _NEW and not figures:
        return replace(command, name=_NEW, rest="")
    if name == _CALL and figures.isdecimal():
        return replace(command, name=_CALL, rest=f"+{figures}")
    return replace(command, name=_CALL, rest="") if command.rest == _CALL else None


async def new(context: CommandContext) -> None:
    """A ticket by hand is opened in private: what is asked there is nobody else's business."""
    await _lead(context, _NEW)


async def call(context: CommandContext) -> None:
    """The same for a call; the phone goes along."""
    if not context.command.rest:
        await _lead(context, _CALL)
        return
    phone = typed_phone(context.command.rest)
    if phone is None:
        words = context.command.rest[:40]
        raise Unreadable("refusal.no_phone", words=words, example=example(_CALL))
    await _lead(context, f"{_CALL}_{phone.removeprefix('+')}")


async def _lead(context: CommandContext, payload: str) -> None:
    await context.act(enrol)
    username = (await context.responder.bot.me()).username
    url = f"https://t.me/{username}?start={payload}"
    await context.say(context.responder.html("by_hand.in_private"), _way(context, url))


def _way(context: CommandContext, url: str) -> InlineKeyboardMarkup:
    return rows_of([Button(text=context.responder.plain("button.hand.open_private"), url=url)])
