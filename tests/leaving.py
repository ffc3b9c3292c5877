"""What may leave by now, of all addresses, as the courier finds it."""

from collections.abc import Collection

from core.delivery.due_rows import PAGE, Candidate, find_ready, find_waiting
from core.tx import ReadTx


async def find_leaving(tx: ReadTx, busy: Collection[str] = ()) -> list[Candidate]:
    """The rows that may leave, the one whose turn it is first."""
    walk = await find_waiting(tx, "", busy)
    assert walk.is_whole
    rows = [row for address, _ in walk.turns for row in await find_ready(tx, address, PAGE)]
    return sorted(rows, key=lambda row: (row.order_at, row.id))
