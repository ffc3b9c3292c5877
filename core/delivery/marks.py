"""What was noted with earlier parcels: for the first one after a start, which knew nothing yet."""

from typing import Any, Final

from sqlalchemy import select

from core.models import OutboxRow
from core.tx import Look

ENOUGH: Final = 50


async def find_marks(look: Look, before: int) -> list[dict[str, Any]]:
    """The marks of the parcels just before this one, the newest first."""
    query = (
        select(OutboxRow.mark)
        .where(OutboxRow.id < before, OutboxRow.mark.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(ENOUGH)
    )
    return [mark for mark in await look.session.scalars(query) if mark]
