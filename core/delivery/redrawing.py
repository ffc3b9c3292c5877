"""Cards that are drawn anew although nothing has happened to their own tickets."""

from collections.abc import Iterable

from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.delivery.rooms import room_of
from core.tx import Tx


async def redraw(tx: Tx, numbers: Iterable[int], priority: Priority, *, wait: float = 0.0) -> None:
    """Have the cards of these tickets drawn as they are by then, ``wait`` seconds from now."""
    rooms = [(number, await room_of(tx, number)) for number in numbers]
    rows = [
        row(
            tx,
            str(chat),
            "card",
            priority,
            lane=f"{chat}:{number}:card",
            ticket_id=number,
            once=f"card:{number}@{chat}",
            wait=wait,
        )
        for number, chat in rooms
        if chat is not None
    ]
    await write(tx, rows)
