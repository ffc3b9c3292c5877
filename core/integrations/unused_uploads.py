"""Files that somebody sent and no message has: what they were sent with was refused, or was known
already. They are deleted a while later, unless they have come again with something that was taken.

A file is stored before the row that names it, and its name is the hash of its bytes: what is
deleted at once may be the file of somebody who has just sent the same one.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select

from core.contacts.erasure_remains import unused
from core.models import CompanyFile, SystemState
from core.tx import ReadTx, Tx

UPLOADS: Final = "unused_uploads"
# How long it is kept for whoever corrects a form and sends it again.
KEPT_FOR: Final = timedelta(hours=1)
# How long a file of the company is kept that no version of the directory names.
COMPANY_KEPT_FOR: Final = timedelta(days=30)
# So many are looked at at a time: each is looked for in everything that was ever said.
AT_ONCE: Final = 20


@dataclass(frozen=True, slots=True)
class DueUploads:
    """``due``: names of files whose time is over; ``unused``: those of them that nothing names."""

    due: tuple[str, ...]
    unused: tuple[str, ...]


async def note_uploads(tx: Tx, files: Iterable[str]) -> None:
    """Note that these stored files may be nobody's."""
    noted = dict.fromkeys(files, tx.now.isoformat())
    if noted:
        row = await tx.find(SystemState, UPLOADS, hold=True)
        known = {} if row is None else row.value
        await tx.put(SystemState(name=UPLOADS, value={**known, **noted}, at=tx.now))


async def find_due_uploads(tx: ReadTx) -> DueUploads:
    """Return what is to be looked at by now, and what of it is to be deleted."""
    row = await tx.find(SystemState, UPLOADS)
    noted = {} if row is None else row.value
    due = [name for name, at in noted.items() if datetime.fromisoformat(at) <= tx.now - KEPT_FOR]
    due = due[:AT_ONCE]
    return DueUploads(tuple(due), await unused(tx, due))


async def forget_uploads(tx: Tx, names: Collection[str]) -> None:
    """Note that these were deleted, or are somebody's."""
    row = await tx.find(SystemState, UPLOADS, hold=True)
    if row is None:
        return
    left = {name: at for name, at in row.value.items() if name not in names}
    if left:
        await tx.put(SystemState(name=UPLOADS, value=left, at=row.at))
    else:
        await tx.delete(row)


async def forget_company_files(tx: Tx) -> int:
    """Forget the company's files that came long ago and that no version of the directory has: soon
    they are deleted, unless somebody's words have them. Returns how many.
    """
    old = (~CompanyFile.versioned, CompanyFile.at < tx.now - COMPANY_KEPT_FOR)
    names = await tx.all(select(CompanyFile.name).where(*old))
    if names:
        await tx.change(delete(CompanyFile).where(CompanyFile.name.in_(names)))
        await note_uploads(tx, names)
    return len(names)
