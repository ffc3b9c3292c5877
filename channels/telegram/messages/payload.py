"""A screen as a call of the Bot API, and what is stored of it."""

from typing import Any

from aiogram.methods import SendMessage
from aiogram.types import InlineKeyboardMarkup, ReplyParameters

from channels.telegram.messages.message_parser import message_id, ref_here
from channels.telegram.screens.screen import Screen
from core.delivery.channel import Delivery
from core.tickets.card import Card


def post(chat: int, screen: Screen, reply_to: int | None, thread: int | None = None) -> SendMessage:
    """A screen as a new message."""
    reply = None
    if reply_to is not None:
        reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
    return SendMessage(
        chat_id=chat,
        message_thread_id=thread,
        text=screen.html,
        parse_mode="HTML",
        reply_markup=screen.keyboard,
        reply_parameters=reply,
    )


def dumped(keyboard: InlineKeyboardMarkup | None) -> dict[str, Any] | None:
    """A keyboard as JSON, stored with the outbox row."""
    return None if keyboard is None else keyboard.model_dump(mode="json", exclude_none=True)


def loaded(keyboard: dict[str, Any] | None) -> InlineKeyboardMarkup | None:
    """A keyboard from stored JSON."""
    return None if keyboard is None else InlineKeyboardMarkup.model_validate(keyboard)


def answered(delivery: Delivery, card: Card | None) -> int | None:
    """The message that a notice replies to, if it is in the same chat."""
    reply = delivery.facts.get("reply")
    if reply == "card":
        return None if card is None else ref_here(delivery, card.place)
    return message_id(reply)
