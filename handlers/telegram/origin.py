"""Who acts, where and in which language: what routing decides by, and every handler is given.

A command of a person is a message that a person wrote here, themselves, just now: not a forward,
not through another bot, not in the name of a chat (S2, S3).
"""

import logging
from collections.abc import Collection
from dataclasses import replace
from enum import Enum, auto
from typing import Final
from zoneinfo import ZoneInfo

from aiogram.types import CallbackQuery, Message, TelegramObject, User

from channels.telegram.addresses import NEVER_A_PERSON, chat_address
from core.allowances import AskedTooMuch
from core.delivery.linked_chats import OperatorChats, operator_chats_of
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import MergedAccounts, Sender, merged_account, reader_of
from core.people.operator_ids import OperatorIds, works_here
from core.tx import ReadTx
from handlers.telegram.responder import Responder


class Role(Enum):
    """What somebody may do in their private chat; each can do what the next one can."""

    ADMIN = auto()
    OPERATOR = auto()
    CUSTOMER = auto()


async def role_of(desk: Desk, user: User) -> Role:
    """The role of a person in private. Reads nothing while the operators' ids are cached."""
    address = chat_address(user.id)
    if address in desk.company.admins:
        return Role.ADMIN
    ids: OperatorIds | None = desk.cache.get(OperatorIds)
    works = await desk.read(works_here, address) if ids is None else address in ids
    return Role.OPERATOR if works else Role.CUSTOMER


async def is_operator_chat(desk: Desk, chat: int) -> bool:
    """True for the operators' group as it is now (it may have moved), and for a team's own."""
    if chat >= 0:
        return False
    address = chat_address(chat)
    if address == desk.company.operators_chat:
        return True
    chats: OperatorChats | None = desk.cache.get(OperatorChats)
    if chats is None:
        chats = await desk.read(operator_chats_of)
    return address in chats.values()


def sender_of(user: User) -> Sender:
    """A Telegram user as the desk's people know them."""
    return Sender(chat_address(user.id), user.full_name, user.username, user.language_code)


def is_nobody(message: Message) -> bool:
    """True if it is written in the name of a chat, or of an identity that many share."""
    sender = message.from_user
    return sender is None or message.sender_chat is not None or sender.id in NEVER_A_PERSON


def is_borrowed(message: Message) -> bool:
    """True if the words are somebody else's: a forward, or another bot's."""
    return message.forward_origin is not None or message.via_bot is not None


def is_from_admin(message: Message, desk: Desk) -> bool:
    """True if an admin wrote it themselves."""
    if is_nobody(message) or is_borrowed(message) or message.from_user is None:
        return False
    return chat_address(message.from_user.id) in desk.company.admins


def are_words(event: TelegramObject, desk: Desk, menu_words: Collection[str]) -> bool:
    """True if these are words of a customer for the support, and of nobody who was merged. They are
    answered by the outbox and by a sign, so nobody asks for their language before they are heard.
    """
    if not isinstance(event, Message) or event.chat.type != "private" or not event.text:
        return False
    ids: OperatorIds | None = desk.cache.get(OperatorIds)
    merged: MergedAccounts | None = desk.cache.get(MergedAccounts)
    if ids is None or merged is None or desk.company.consent:
        return False
    address = chat_address(event.chat.id)
    staff = address in desk.company.admins or address in ids
    said = event.text.startswith("/") or event.text in menu_words
    return not (staff or said or address in merged)


log = logging.getLogger(__name__)


async def find_reader(
    tx: ReadTx, sender: Sender, *, merged: bool
) -> tuple[Sender, str, ZoneInfo | None]:
    """The sender, their language, and their own zone if they have one. ``merged``: an account that
    was merged into another acts as that one.
    """
    if merged:
        sender = replace(sender, address=await merged_account(tx, sender.address))
    return sender, *await reader_of(tx, sender.address, sender.language)


_NOT_NOW: Final = "😴"


async def show_refusal(responder: Responder, event: TelegramObject, refusal: Refusal) -> None:
    """A toast for a button, a short reply for a message."""
    log.info("refused", extra={"key": refusal.key})
    if isinstance(event, CallbackQuery):
        await responder.toast(event, responder.plain(refusal.key, refusal.facts), alert=True)
    elif isinstance(refusal, AskedTooMuch) and refusal.told and isinstance(event, Message):
        responder.react(event, _NOT_NOW)  # when to try again, they have read
    elif isinstance(event, Message):
        text = responder.html(refusal.key, refusal.facts)
        if event.chat.type == "private" or is_nobody(event) or event.from_user is None:
            await responder.say(event.chat.id, text, reply_to=event.message_id)
        else:
            await responder.say_to_one(event.from_user.id, event, text)
