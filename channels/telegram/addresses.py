"""How Telegram's numbers stand in addresses: nobody else looks into these."""

from collections.abc import Iterable
from typing import Final

from core.addresses import TELEGRAM, Address

NEVER_A_PERSON: Final = frozenset({1087968824, 777000, 136817688})
"""Identities that many share (S2): the anonymous admin, Telegram itself, a channel's posts."""


def chat_address(chat: int) -> Address:
    """A chat as the desk knows it; a person's private chat has the person's own number."""
    return Address(TELEGRAM, str(chat))


def chat_id(address: Address) -> int:
    """Telegram's number of a chat, or of the person whose private chat it is."""
    return int(address.chat)


def own_chat(address: Address | None) -> int | None:
    """The same; ``None`` where there is no chat, or one of another channel."""
    return None if address is None or address.channel != TELEGRAM else chat_id(address)


def own_chats(addresses: Iterable[Address]) -> list[int]:
    """The numbers of those addresses that are Telegram's."""
    return [chat_id(address) for address in addresses if address.channel == TELEGRAM]


def number_in(words: object) -> int:
    """The number in an address that stands among frozen facts as its text; rows written before
    addresses were hold the bare number.
    """
    return words if isinstance(words, int) else chat_id(Address.parse(str(words)))
