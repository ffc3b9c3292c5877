"""From the group into the private chat: what a link carries there, and how it is read (A5, A7)."""

from dataclasses import replace
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.keyboards import Button, rows_of
from core.errors import Unreadable
from core.people.operators import enrol
from core.words.phones import typed_phone
from handlers.operators.asking import Asked, example
from handlers.operators.parsing import Command

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


async def new(asked: Asked) -> None:
    """A ticket by hand is opened in private: what is asked there is nobody else's business."""
    await _lead(asked, _NEW)


async def call(asked: Asked) -> None:
    """The same for a call; the phone goes along."""
    if not asked.command.rest:
        await _lead(asked, _CALL)
        return
    phone = typed_phone(asked.command.rest)
    if phone is None:
        words = asked.command.rest[:40]
        raise Unreadable("refusal.no_phone", words=words, example=example(_CALL))
    await _lead(asked, f"{_CALL}_{phone.removeprefix('+')}")


async def _lead(asked: Asked, payload: str) -> None:
    await asked.act(enrol)
    username = (await asked.speech.bot.me()).username
    url = f"https://t.me/{username}?start={payload}"
    await asked.say(asked.speech.html("by_hand.in_private"), _way(asked, url))


def _way(asked: Asked, url: str) -> InlineKeyboardMarkup:
    return rows_of([Button(text=asked.speech.plain("button.hand.open_private"), url=url)])
