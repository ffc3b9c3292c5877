"""Calls of other systems as rows of the outbox: in order for each ticket and system (A13)."""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import update

from core.addresses import WEBHOOK, Address
from core.delivery import outbox
from core.delivery.pacing import Priority
from core.models import OutboxRow
from core.tx import Tx

KIND: Final = "call"


async def write_calls(tx: Tx, calls: Iterable[tuple[int, int, dict[str, Any]]]) -> None:
    """Write calls: the id of each system, the ticket, and the facts that it is told."""
    rows = [
        outbox.row(
            tx,
            Address(WEBHOOK, str(system)),
            KIND,
            Priority.RECEIPT,
            ordering_key=f"{WEBHOOK}:{system}:{ticket_id}",
            facts=facts,
            ticket_id=ticket_id,
        )
        for system, ticket_id, facts in calls
    ]
    await outbox.write(tx, rows)


async def drop_calls(tx: Tx, system: int) -> int:
    """End what waits for a system: it would come all at once, and late. Also what it refused.

    Returns how many rows.
    """
    ended = (
        update(OutboxRow)
        .where(
            OutboxRow.channel == WEBHOOK,
            OutboxRow.address == str(system),
            OutboxRow.state.in_(("queued", "failed")),
        )
        .values(state="dropped", facts={})
    )
    return await tx.change(ended)
