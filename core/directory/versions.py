"""Versions of the directory: who changed it, when, and how it was then (X12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text, update

from core.directory.file_names import named_in
from core.errors import Refusal
from core.models import CompanyFile, DirectoryVersion, Person
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Version:
    """A version without its document. ``author``: empty for the command line."""

    number: int
    at: datetime
    author: str
    origin: str


async def current_version(tx: ReadTx) -> int:
    """The number of the newest version, 0 before the first: another one, another directory."""
    return await tx.directory_version()


async def list_versions(tx: ReadTx, limit: int = 20) -> Sequence[Version]:
    """The newest first."""
    query = (
        select(DirectoryVersion.number, DirectoryVersion.at, Person.name, DirectoryVersion.origin)
        .outerjoin_from(DirectoryVersion, Person, DirectoryVersion.person_id == Person.id)
        .order_by(DirectoryVersion.number.desc())
        .limit(limit)
    )
    rows = await tx.rows(query)
    return [Version(number, at, name or "", origin) for number, at, name, origin in rows]


async def document_of(tx: ReadTx, number: int) -> str:
    """The directory as a file, as it was then. Raises :class:`Refusal`."""
    row = await tx.find(DirectoryVersion, number)
    if row is None:
        raise Refusal("directory_file.no_version", number=number)
    return row.document


async def lock_versions(tx: Tx) -> None:
    """Let others who change the directory wait until this transaction ends; SQLite does so. From
    here on it is the one that this transaction has seen. Raises :class:`OtherVersion`.
    """
    if not tx.is_sqlite:
        await tx.change(text("LOCK TABLE directory_version IN EXCLUSIVE MODE"))
    await tx.demand_version()


async def record_version(tx: Tx, before: str, after: str, origin: str) -> int:
    """Note what the directory is from now on; before the first change, what it was."""
    number = await current_version(tx)
    if number == 0:
        number = 1
        start = DirectoryVersion(number=1, at=tx.now, origin="start", document=before)
        await tx.insert(start)
    row = DirectoryVersion(
        number=number + 1,
        at=tx.now,
        person_id=tx.actor.person_id,
        origin=origin,
        document=after,
    )
    await tx.insert(row)
    tx.make_version(row.number)
    await _keep_files(tx, after)
    return row.number


async def _keep_files(tx: Tx, document: str) -> None:
    """What a version names can be brought back with it: it stays."""
    if names := named_in(document):
        kept = update(CompanyFile).where(CompanyFile.name.in_(names), ~CompanyFile.versioned)
        await tx.change(kept.values(versioned=True))
