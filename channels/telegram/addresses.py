"""How Telegram's numbers stand in addresses: nobody else looks into these."""

from core.addresses import TELEGRAM, MessageRef


def message_ref(chat: int, message: int) -> MessageRef:
    """A message of a chat as the desk knows it."""
    return MessageRef(TELEGRAM, str(chat), str(message))


def message_id(message: object) -> int | None:
    """Telegram's number of a message that the desk has named; ``None`` for anything else."""
    words = str(message).removeprefix("-")
    return int(str(message)) if words.isdecimal() else None
