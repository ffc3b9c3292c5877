"""Who acts, and where: what routing decides by.

A command of a person is a message that a person wrote here, themselves, just now: not a forward,
not through another bot, not in the name of a chat (S2, S3).
"""

from enum import Enum, auto

from aiogram.types import Message, User

from channels.telegram.addresses import NEVER_A_PERSON, chat_address
from core.delivery.linked_chats import OperatorChats, operator_chats_of
from core.desk import Desk
from core.people.identity import Sender
from core.people.operator_ids import OperatorIds, works_here


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
