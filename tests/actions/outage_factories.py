"""Faults of an area's cameras, reported by everybody, and the outage that they are made."""

from typing import Any

from core.desk import Desk
from core.equipment import outage_commands
from core.models import Ticket
from core.people.identity import Sender
from tests.actions.equipment_factories import AREA, brings, camera, crowd, tells
from tests.actions.people import OPERATORS, operator
from tests.actions.store import Store

ROUND = crowd(3)
LATER = crowd(3, 6000)


async def reported(desk: Desk, who: list[Sender], area: str = AREA) -> list[int]:
    """Everybody has a camera in the area, and reports it."""
    await brings(desk, *(camera(f"C{each.address.chat}", each, area=area) for each in who))
    heard = [await tells(desk, each, f"C{each.address.chat}") for each in who]
    return [each.ticket.id for each in heard if each.ticket is not None]


async def opened(desk: Desk, number: int, until: Any = None, words: str = "") -> Ticket:
    ticket, _ = await desk.run_as(
        await operator(desk),
        outage_commands.open_outage,
        number,
        until=until,
        title=lambda area: f"Outage: {area}",
        words=words,
    )
    return ticket


async def offered(store: Store) -> list[Any]:
    return [row for row in await store.outbox(OPERATORS) if row.key == "group.outage_offer"]
