"""Where somebody is reached, and which message is meant: compared and stored, never looked into.

Only the channel that an address names knows what stands in it. The core keeps the strings.
"""

from dataclasses import dataclass
from typing import Final, Self

TELEGRAM: Final = "telegram"
"""The channel that company and teams have their chats in."""

WEB: Final = "web"
"""The channel of customers who read their answers on a page of the desk's own."""
ON_SCREEN: Final = "app"
"""The channel of words that the staff writes, or chooses, on a page or a screen of the desk's."""

WEBHOOK: Final = "webhook"

API: Final = "api"
"""The channel of words that pages and other systems bring: where they stand there, only they
know.
"""

LONGEST_CHAT: Final = 254
"""Characters of the name of a chat: as many as an address of mail may have (RFC 5321)."""
LONGEST_ADDRESS: Final = 400
"""Characters of an address as `str` writes it: channel and chat, some of its signs as three."""

_BETWEEN: Final = ":"
_ESCAPED: Final = (("%", "%25"), (_BETWEEN, "%3A"))


@dataclass(frozen=True, slots=True)
class Address:
    """A chat of a channel, or one thread of it: ``telegram:-1001``, ``telegram:-1001:7``."""

    channel: str
    chat: str
    thread: str | None = None

    def __str__(self) -> str:
        return _join(self.channel, self.chat, self.thread)

    @classmethod
    def parse(cls, words: str) -> Self:
        """The address that `str` has written so. Raises ``ValueError`` for anything else."""
        match _split(words):
            case [channel, chat]:
                return cls(channel, chat)
            case [channel, chat, thread]:
                return cls(channel, chat, thread)
            case _:
                raise ValueError(f"no address: {words}")


@dataclass(frozen=True, slots=True)
class MessageRef:
    """One message of a chat, by the name its channel gave it: ``telegram:-1001:42``."""

    channel: str
    chat: str
    message: str

    @property
    def address(self) -> Address:
        """The chat that it stands in."""
        return Address(self.channel, self.chat)

    def __str__(self) -> str:
        return _join(self.channel, self.chat, self.message)

    @classmethod
    def parse(cls, words: str) -> Self:
        """The reference that `str` has written so. Raises ``ValueError`` for anything else."""
        match _split(words):
            case [channel, chat, message]:
                return cls(channel, chat, message)
            case _:
                raise ValueError(f"no message: {words}")


NOWHERE: Final = MessageRef("", "", "")
"""Of words that stand in no chat: they were said in a form or by a button."""


def _join(*parts: str | None) -> str:
    return _BETWEEN.join(_escape(part) for part in parts if part is not None)


def _escape(part: str) -> str:
    for sign, instead in _ESCAPED:
        part = part.replace(sign, instead)
    return part


def _split(words: str) -> list[str]:
    parts = words.split(_BETWEEN)
    if not all(parts):
        raise ValueError(f"something is empty: {words}")
    for sign, instead in reversed(_ESCAPED) if "%" in words else ():
        parts = [part.replace(instead, sign) for part in parts]
    return parts
