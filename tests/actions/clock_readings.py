"""What an agreement's clocks say, held to the journal, and an answer that ends one."""

from datetime import UTC, datetime
from typing import Any

from core.desk import Desk
from core.sla.clock_recorder import recompute
from core.sla.clock_store import stored
from core.tickets.conversation import answer_delivered, reply
from tests.actions.agreement_factories import HOUR
from tests.actions.people import operator, writes
from tests.actions.store import Store


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


async def due(desk: Desk, number: int) -> dict[str, Any]:
    """When the clocks are due; where they stand, what is left in hours. Held to the journal."""
    _, readings = await desk.read(stored, number)
    assert readings == await desk.read(recompute, number)
    return {
        kind: clock.due_at if clock.left is None else clock.left / HOUR
        for kind, clock in readings.items()
    }


async def answers(desk: Desk, store: Store, number: int) -> None:
    await desk.run_as(await operator(desk), reply, number, writes())
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])
