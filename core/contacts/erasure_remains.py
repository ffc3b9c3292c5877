"""What is left to do after data were erased: traces in the rows of others, files to delete, a
database to rewrite (S31).

Neither may happen within the transaction that erases: a customer can cause it, and everybody would
wait for it. What is left is noted in the transaction that erases, so
that a process which ends in between, or a store that does not answer, forgets nothing.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import String, cast, func, select

from core.delivery.outbox_retention import forget_ended
from core.inbox import forget_done
from core.models import CompanyFile, InboxRow, Message, Note, OutboxRow, SystemState
from core.tx import ReadTx, Tx

REMAINS: Final = "erasure_remains"
TRACES: Final = "erasure_traces"
# Rows of a table that are looked at in one transaction.
SLICE: Final = 500
# Files that are looked at at a time: each is looked for in everything that was ever said.
AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class Remains:
    """``files``: names that nothing refers to, ``used``: others, which stay, both of the next
    `AT_ONCE`. ``at``: when something was erased last. ``rewritten``: the database was since.
    """

    files: tuple[str, ...]
    at: datetime
    rewritten: bool
    used: frozenset[str] = frozenset()


async def note_remains(tx: Tx, files: Iterable[str]) -> None:
    """Note that something was erased, and the files that nothing may refer to any more."""
    await _add(tx, files, rewritten=False)


async def note_unused(tx: Tx, files: Collection[str]) -> None:
    """Note that these files may not be needed any more; for them no database is rewritten."""
    if files:
        await _add(tx, files, rewritten=True)


async def _add(tx: Tx, files: Iterable[str], *, rewritten: bool) -> None:
    row = await tx.find(SystemState, REMAINS, hold=True)
    known = () if row is None else row.value["files"]
    rewritten = rewritten and (row is None or bool(row.value.get("rewritten")))
    value = {"files": sorted({*known, *files}), "rewritten": rewritten}
    await tx.put(SystemState(name=REMAINS, value=value, at=tx.now))


async def find_remains(tx: ReadTx) -> Remains | None:
    """Return what is left to do next, if anything is. A file that somebody else sent, too, is kept:
    it is looked for here, where nobody waits for it.
    """
    row = await tx.find(SystemState, REMAINS)
    if row is None:
        return None
    looked_at = row.value["files"][:AT_ONCE]
    files = await unused(tx, looked_at)
    rewritten = bool(row.value.get("rewritten"))
    return Remains(files, row.at, rewritten, frozenset(looked_at) - set(files))


async def forget_files(tx: Tx, deleted: Collection[str]) -> None:
    """Note that these files were deleted, or are needed."""
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
    """Return those of the files that no message, no note and no mail that waits names, and that are
    not the company's own: the same file may have come from somebody else, too.
    """
    found = []
    for name in sorted(files):
        queries: list[Any] = [
            select(table.id).where(cast(table.content, String).contains(name)).limit(1)
            for table in (Message, Note)
        ]
        queries.append(select(CompanyFile.name).where(CompanyFile.name == name))
        waits = InboxRow.state != "done", InboxRow.raw.contains(name)
        queries.append(select(InboxRow.id).where(*waits).limit(1))
        if not any([await tx.first(query) is not None for query in queries]):
            found.append(name)
    return tuple(found)


async def note_traces(tx: Tx) -> None:
    """Note that what came in and went out so far may name somebody who was erased. While an earlier
    look at it goes on, another one follows.
    """
    row = await tx.find(SystemState, TRACES, hold=True)
    if row is not None:
        await tx.put(SystemState(name=TRACES, value={**row.value, "again": True}, at=tx.now))
        return
    newest = {name: await tx.first(select(func.max(ids))) for name, (ids, _) in _TABLES.items()}
    up_to = {name: number or 0 for name, number in newest.items()}
    value = {"up_to": up_to, "after": dict.fromkeys(_TABLES, 0), "again": False}
    await tx.put(SystemState(name=TRACES, value=value, at=tx.now))


async def has_traces(tx: ReadTx) -> bool:
    """Return whether there is something left to look at."""
    return await tx.find(SystemState, TRACES) is not None


async def _forget_updates(tx: Tx, after: int, up_to: int, most: int) -> int | None:
    """Forget what updates said, and the files that came with what was held."""
    last, files = await forget_done(tx, after, up_to, most)
    await note_unused(tx, files)
    return last


_TABLES: Final[Mapping[str, tuple[Any, Callable[..., Awaitable[int | None]]]]] = {
    "inbox": (InboxRow.id, _forget_updates),
    "outbox": (OutboxRow.id, forget_ended),
}


async def clear_traces(tx: Tx) -> None:
    """Forget the next slice of what was said in updates that are handled and in deliveries that
    have ended: nothing of it is needed any more.
    """
    row = await tx.find(SystemState, TRACES, hold=True)
    if row is None:
        return
    value = row.value
    for name, (_, forget) in _TABLES.items():
        last = await forget(tx, value["after"][name], value["up_to"][name], SLICE)
        if last is not None:
            after = {**value["after"], name: last}
            await tx.put(SystemState(name=TRACES, value={**value, "after": after}, at=row.at))
            return
    await tx.delete(row)
    if value["again"]:
        await tx.write()
        await note_traces(tx)
