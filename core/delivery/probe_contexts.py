"""What is noted with rows before they leave, to find out later what has become of them."""

import json
from typing import Any, Final

from sqlalchemy import String, cast, select

from core.models import OutboxRow
from core.tx import ReadTx, Tx

# A fact of a row that stopped half-way: how far it came.
STOPPED: Final = "stopped"
# So many rows tell a new process what the one before knew.
ENOUGH: Final = 50


async def find_probe_contexts(tx: ReadTx) -> list[dict[str, Any]]:
    """The probe contexts of the last rows that have one. What cannot be read is left out: a process
    that begins must not fail because of it.
    """
    query = (
        select(cast(OutboxRow.probe_context, String))
        .where(OutboxRow.probe_context.is_not(None))
        .order_by(OutboxRow.id.desc())
        .limit(ENOUGH)
    )
    return [context for raw in await tx.all(query) if (context := _read(raw))]


def _read(raw: str) -> dict[str, Any] | None:
    try:
        context = json.loads(raw)
    except ValueError:
        return None
    return context if isinstance(context, dict) else None


async def probe_context_of(tx: ReadTx, row_id: int) -> dict[str, Any]:
    """What is noted with a row by now."""
    found = await tx.first(select(OutboxRow.probe_context).where(OutboxRow.id == row_id))
    return found or {}


async def add_to_probe_context(tx: Tx, row_id: int, what: dict[str, Any]) -> None:
    """Note more with a row, before the call that must be recognised by it."""
    row = await tx.find(OutboxRow, row_id)
    if row is not None:
        row.probe_context = (row.probe_context or {}) | what


async def note_stopped(tx: Tx, row_id: int, came: dict[str, Any]) -> None:
    """Note how far a row came before it stopped, beyond the mark that each try makes anew."""
    row = await tx.find(OutboxRow, row_id)
    if row is not None:
        row.facts = row.facts | {STOPPED: came}
