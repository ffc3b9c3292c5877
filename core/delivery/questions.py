"""The buttons of «does everything work?» go with their question, whoever has ended it.

Where a message asks is noted with its place. What ends the question queues the removal of the
buttons behind it, so that a question which is still on its way loses them, too.
"""

from typing import Final

from sqlalchemy import select, update

from core.addresses import Address, MessageRef
from core.delivery.channel import Delivery, Sent
from core.models import SentMessage
from core.tx import ReadTx, Tx

_ASKS: Final = "asks"
# The notices that ask, by the beginning of their key.
_ASKING: Final = ("ticket.resolved", "ticket.unclear", "ticket.unjudged")


async def note_question_sent(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """Note it, if what was sent asks whether everything works."""
    asks = delivery.kind == "text" and (delivery.key or "").startswith(_ASKING)
    if asks and sent.message_refs:
        place = MessageRef(delivery.channel, delivery.address, sent.message_refs[-1])
        await _change(tx, place, _ASKS)


async def forget_question(tx: Tx, place: MessageRef) -> None:
    """Leave this message alone: its own button was pressed, and it becomes what was done."""
    await _change(tx, place, None)


async def _change(tx: Tx, place: MessageRef, digest: str | None) -> None:
    here = (SentMessage.channel == place.channel, SentMessage.chat == place.chat)
    found = update(SentMessage).where(*here, SentMessage.message == place.message)
    await tx.change(found.where(SentMessage.role == "notice").values(digest=digest))


async def asking_of(tx: ReadTx, ticket_id: int, chat: Address) -> list[str]:
    """Return the messages of this chat that ask about the ticket still."""
    query = select(SentMessage.message).where(
        SentMessage.ticket_id == ticket_id,
        SentMessage.role == "notice",
        SentMessage.channel == chat.channel,
        SentMessage.chat == chat.chat,
        SentMessage.digest == _ASKS,
    )
    return await tx.all(query)


async def forget_questions(tx: Tx, delivery: Delivery) -> None:
    """Note that nothing asks about the ticket there any more."""
    for message in await asking_of(tx, delivery.ticket_id or 0, delivery.to):
        await forget_question(tx, MessageRef(delivery.channel, delivery.address, message))
