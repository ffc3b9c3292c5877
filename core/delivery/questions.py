"""The buttons of «does everything work?» go with their question, whoever has ended it.

Where a message asks, it is noted with its place; the buttons are taken off by a row of the outbox.
"""

from typing import Any, Final

from sqlalchemy import Select, select, update

from core.addresses import TELEGRAM, Address, MessageRef
from core.delivery.channel import Delivery, Sent
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.models import SentMessage
from core.tx import Tx

UNASK: Final = "unask"
_ASKS: Final = "asks"
# The notices that ask, by the beginning of their key.
_ASKING: Final = ("ticket.resolved", "ticket.unclear", "ticket.unjudged")


async def note_question_sent(tx: Tx, delivery: Delivery, sent: Sent) -> bool:
    """Note that what was sent asks whether everything works; returns whether it does."""
    asks = delivery.kind == "text" and (delivery.key or "").startswith(_ASKING)
    if not asks or delivery.channel != TELEGRAM or not sent.message_refs:
        return False
    place = MessageRef(TELEGRAM, delivery.address, sent.message_refs[-1])
    await _change(tx, place, _ASKS)
    return True


async def forget_question(tx: Tx, place: MessageRef) -> None:
    """Leave this message alone: its own button was pressed, and it becomes what was done."""
    await _change(tx, place, None)


async def _change(tx: Tx, place: MessageRef, digest: str | None) -> None:
    here = (SentMessage.channel == place.channel, SentMessage.chat == place.chat)
    found = update(SentMessage).where(*here, SentMessage.message == place.message)
    await tx.change(found.where(SentMessage.role == "notice").values(digest=digest))


async def end_questions(tx: Tx, ticket_id: int, *, rate: bool) -> None:
    """Queue the removal of the buttons of all that still asks about this ticket; ``rate``: those
    of the ratings stay, the work can be rated still.
    """
    asking: list[Any] = await tx.rows(_asking(ticket_id))
    if not asking:
        return
    await write(tx, [_row(tx, ticket_id, *place, rate=rate) for place in asking])
    table = update(SentMessage).where(
        SentMessage.ticket_id == ticket_id, SentMessage.digest == _ASKS
    )
    await tx.change(table.values(digest=None).execution_options(synchronize_session=False))


def _asking(ticket_id: int) -> Select[str, str]:
    place = select(SentMessage.chat, SentMessage.message)
    return place.where(
        SentMessage.ticket_id == ticket_id,
        SentMessage.role == "notice",
        SentMessage.channel == TELEGRAM,
        SentMessage.digest == _ASKS,
    )


def _row(tx: Tx, ticket_id: int, chat: str, message: str, *, rate: bool) -> dict[str, Any]:
    return row(
        tx,
        Address(TELEGRAM, chat),
        UNASK,
        Priority.TICKET_ACK,
        ordering_key=f"{chat}:{ticket_id}:{UNASK}",
        facts={"number": ticket_id, "reply": message, "rate": rate},
        ticket_id=ticket_id,
    )
