"""What a channel has to know to find out about a lost parcel: what was noted with parcels before
they left, and what stands where already.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import select

from core.models import Message, OutboxRow, Placement
from core.tx import Look, Tx

# A fact of a row that stopped half-way: how far it came.
STOPPED: Final = "stopped"
ENOUGH: Final = 50
# Of what stands in chats, so much is recalled by a new process: more than can be under way at once.
RECALLED: Final = 500


async def find_marks(look: Look, before: int) -> list[dict[str, Any]]:
    """The marks of the parcels just before this one, the newest first."""
    query = (
        select(OutboxRow.mark)
        .where(OutboxRow.id < before, OutboxRow.mark.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(ENOUGH)
    )
    return [mark for mark in await look.session.scalars(query) if mark]


async def mark_of(look: Look, row_id: int) -> dict[str, Any]:
    """What is noted with a row by now."""
    found = await look.session.scalar(select(OutboxRow.mark).where(OutboxRow.id == row_id))
    return found or {}


async def add_to_mark(tx: Tx, row_id: int, what: dict[str, Any]) -> None:
    """Note more with a row, before the call that must be recognised by it."""
    row = await tx.session.get(OutboxRow, row_id)
    if row is not None:
        row.mark = (row.mark or {}) | what


async def note_stopped(tx: Tx, row_id: int, came: dict[str, Any]) -> None:
    """Note how far a row came before it stopped, beyond the mark that each try makes anew."""
    row = await tx.session.get(OutboxRow, row_id)
    if row is not None:
        row.facts = row.facts | {STOPPED: came}


async def find_standing(look: Look) -> Sequence[tuple[int, int]]:
    """Chat and id of the newest messages that are accounted for, whoever wrote them."""
    found: list[tuple[int, int]] = []
    for query in (
        select(Message.source_chat, Message.source_message).order_by(Message.id.desc()),
        select(Placement.chat, Placement.ref).order_by(Placement.id.desc()),
    ):
        rows = (await look.session.execute(query.limit(RECALLED))).all()
        found += [(chat, ref) for chat, ref in reversed(rows)]
    return found
