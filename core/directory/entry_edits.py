"""Entries of the directory one by one, as screens show them and switch them on and off (X12)."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from core.directory.kinds import KINDS
from core.directory.reader import Item
from core.directory.schema import DirectoryEntry
from core.directory.store import edited, in_place, put_items, shown_fields
from core.directory.toml_writer import write_table
from core.errors import NotAllowed, NothingToDo, Refusal
from core.people.permissions import may
from core.tx import ReadTx, Tx

MARK: Final = 8
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """An entry: its ``table`` as a file has it, and a ``mark`` that a button carries for its key.

    ``active``: None where it cannot be switched off. ``single``: its kind has no other.
    """

    kind: str
    key: str
    title: str
    active: bool | None
    table: str
    single: bool

    @property
    def mark(self) -> str:
        """Return what tells it from the others of its kind in few signs."""
        return sha256(self.key.encode()).hexdigest()[:MARK]


async def count_entries(tx: ReadTx) -> Sequence[tuple[str, int]]:
    """Return the kinds, and how many entries each has."""
    return [(kind.name, len(await kind.load(tx))) for kind in KINDS]


async def list_entries(tx: ReadTx, kind: str) -> list[EntryFacts]:
    """Return the entries of a kind in the order of the file. Raises :class:`Refusal`."""
    found = _BY_NAME.get(kind)
    if found is None:
        raise Refusal("refusal.outdated")
    return [_facts(one, tx.company.language) for one in await found.load(tx)]


def _facts(entry: DirectoryEntry, language: str) -> EntryFacts:
    titles: dict[str, str] = getattr(entry, "titles", None) or {}
    title = titles.get(language) or next(iter(titles.values()), getattr(entry, "title", None))
    return EntryFacts(
        kind=entry.name,
        key=entry.key_value,
        title=title or entry.key_value,
        active=getattr(entry, "active", None),
        table=write_table(entry.name, shown_fields(entry), single=entry.single),
        single=entry.single,
    )


async def find_entry(tx: ReadTx, kind: str, mark: str) -> EntryFacts:
    """Return the entry with this mark. Raises :class:`Refusal` where there is none any more."""
    found = [one for one in await list_entries(tx, kind) if one.mark == mark]
    if not found:
        raise Refusal("refusal.outdated")
    return found[0]


async def switch_entry(tx: Tx, kind: str, mark: str, *, active: bool) -> EntryFacts:
    """Switch an entry on or off where it stands; a version of the directory.

    Raises :class:`DirectoryError` where the rest needs it, :class:`NothingToDo`.
    """
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
    known = await find_entry(tx, kind, mark)
    if known.active is None:
        raise Refusal("refusal.outdated")
    if known.active == active:
        raise NothingToDo("refusal.directory_so")
    entries = await _BY_NAME[kind].load(tx)
    entry = next(one for one in entries if one.key_value == known.key)
    changed: Any = entry.model_copy(update={"active": active})
    async with edited(tx):
        await put_items(tx, await in_place(tx, [Item(changed)]))
    return _facts(changed, tx.company.language)
