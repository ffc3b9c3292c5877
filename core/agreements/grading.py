"""The row that says of what kind a ticket is, and whether there is any: most desks have none."""

from dataclasses import dataclass

from sqlalchemy import select

from core.models import Classification
from core.tx import Look, Tx


@dataclass(frozen=True, slots=True)
class Graded:
    """Whether any ticket has a kind or an agreement."""

    any: bool


async def is_anything_graded(look: Look) -> bool:
    """Whether any ticket has such a row; asked once, and kept until one gets the first."""
    found: Graded | None = look.directory.get(Graded)
    if found is None:
        some = await look.session.scalar(select(Classification.ticket_id).limit(1))
        found = look.directory[Graded] = Graded(some is not None)
    return found.any


async def new_row(tx: Tx, number: int) -> Classification:
    """A row for a ticket that had none."""
    if not await is_anything_graded(tx):
        tx.forget(Graded)
    row = Classification(ticket_id=number)
    await tx.put(row)
    return row
