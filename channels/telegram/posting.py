"""A parcel as a message, and what is kept of it once it stands there."""

from typing import Any

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardMarkup, ReplyParameters

from channels.telegram.delivering import Progress
from channels.telegram.screens import Screen
from core.delivery.channel import Outgoing, Sent
from core.tickets.card import Card


def post(chat: int, screen: Screen, reply_to: int | None) -> SendMessage:
    """A screen as a new message."""
    reply = None
    if reply_to is not None:
        reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
    return SendMessage(
        chat_id=chat,
        text=screen.html,
        parse_mode="HTML",
        reply_markup=screen.keyboard,
        reply_parameters=reply,
    )


def dumped(keyboard: InlineKeyboardMarkup | None) -> dict[str, Any] | None:
    """Buttons as they are noted with a row."""
    return None if keyboard is None else keyboard.model_dump(mode="json", exclude_none=True)


def loaded(keyboard: dict[str, Any] | None) -> InlineKeyboardMarkup | None:
    """Noted buttons, to compare with."""
    return None if keyboard is None else InlineKeyboardMarkup.model_validate(keyboard)


def answered(parcel: Outgoing, card: Card | None) -> int | None:
    """The message that a notice replies to, if it is in the same chat."""
    reply = parcel.facts.get("reply")
    if reply == "card":
        return card.message if card is not None and str(card.chat) == parcel.address else None
    return reply if isinstance(reply, int) else None


def sent_of(parcel: Outgoing, made: Progress) -> Sent:
    """What the courier is told of a parcel that stands there."""
    note: dict[str, Any] = {"chat": int(parcel.address)}
    if parcel.kind in {"content", "edit"}:
        note["messages"] = made.carried
    if parcel.kind == "card":
        # what was sent, which may be older than what would be sent now
        call: Any = made.steps[0].method
        note["digest"] = Screen(call.text, call.reply_markup).digest
    return Sent(tuple(map(str, made.refs)), note)
