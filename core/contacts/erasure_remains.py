"""What is left to do after data were erased: files to delete, a database to rewrite (S31).

Neither may happen within a transaction. What is left is noted in the transaction that erases, so
that a process which ends in between, or a store that does not answer, forgets nothing.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import String, cast, select

from core.models import Message, Note, SystemState
from core.tx import ReadTx, Tx

REMAINS: Final = "erasure_remains"


@dataclass(frozen=True, slots=True)
class Remains:
    """``files``: names that nothing refers to. ``at``: when something was erased last.
    ``rewritten``: the database was rewritten since.
    """

    files: tuple[str, ...]
    at: datetime
    rewritten: bool


async def note_remains(tx: Tx, files: Iterable[str]) -> None:
    """Note that something was erased, and the files that nothing refers to any more."""
    row = await tx.find(SystemState, REMAINS, hold=True)
    known = () if row is None else row.value["files"]
    value = {"files": sorted({*known, *files}), "rewritten": False}
    await tx.put(SystemState(name=REMAINS, value=value, at=tx.now))


async def find_remains(tx: ReadTx) -> Remains | None:
    """Return what is left to do, if anything is. A file that came again meanwhile is kept."""
    row = await tx.find(SystemState, REMAINS)
    if row is None:
        return None
    rewritten = bool(row.value.get("rewritten"))
    return Remains(await unused(tx, row.value["files"]), row.at, rewritten)


async def forget_files(tx: Tx, deleted: Collection[str]) -> None:
    """Note that these files were deleted."""
    row = await tx.find(SystemState, REMAINS, hold=True)
    if row is not None:
        files = [name for name in row.value["files"] if name not in deleted]
        await _note(tx, row, files, rewritten=bool(row.value.get("rewritten")))


async def note_rewriting(tx: Tx, at: datetime) -> None:
    """Note that the database was rewritten with all that was erased up to this instant."""
    row = await tx.find(SystemState, REMAINS, hold=True)
    if row is not None and row.at == at:
        await _note(tx, row, row.value["files"], rewritten=True)


async def _note(tx: Tx, row: SystemState, files: Collection[str], *, rewritten: bool) -> None:
    """Note what is left, or that nothing is."""
    if not files and rewritten:
        await tx.delete(row)
        return
    value = {"files": list(files), "rewritten": rewritten}
    await tx.put(SystemState(name=REMAINS, value=value, at=row.at))


async def unused(tx: ReadTx, files: Iterable[str]) -> tuple[str, ...]:
    """Return those of the files that no message and no note names: the same file may have come from
    somebody else, too.
    """
    found = []
    for name in sorted(files):
        queries = [
            select(table.id).where(cast(table.content, String).contains(name)).limit(1)
            for table in (Message, Note)
        ]
        if not any([await tx.first(query) is not None for query in queries]):
            found.append(name)
    return tuple(found)
