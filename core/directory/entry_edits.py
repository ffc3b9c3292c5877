"""Entries of the directory one by one, as screens show them and switch them on and off (X12)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from core.directory.entry_choices import opened_by_menu, title_of
from core.directory.file_names import FIELD, files_of, written
from core.directory.kinds import KINDS
from core.directory.reader import Item
from core.directory.schema import DirectoryEntry
from core.directory.store import edited, put_items, shown_fields
from core.directory.toml_writer import write_table
from core.errors import NotAllowed, NothingToDo, Refusal
from core.people.permissions import may
from core.tickets.attached_files import AttachedFile
from core.tx import ReadTx, Tx

MARK: Final = 8
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """An entry: its ``table`` as a file has it, and a ``mark`` that a button carries for its key.

    ``active``: None where it cannot be switched off. ``single``: its kind has no other. ``files``
    go with it, None where its kind has none.
    """

    kind: str
    key: str
    title: str
    active: bool | None
    table: str
    single: bool
    files: tuple[AttachedFile, ...] | None = None

    @property
    def by_menu(self) -> bool:
        """Return whether it is off among its like because a button of the menu opens it."""
        return opened_by_menu(self.kind, self.key, active=self.active)

    @property
    def mark(self) -> str:
        """Return what tells it from the others of its kind in few signs."""
        return mark_of_key(self.key)


def mark_of_key(key: str) -> str:
    """Return what a button carries of an entry's key."""
    return sha256(key.encode()).hexdigest()[:MARK]


async def count_entries(tx: ReadTx) -> Sequence[tuple[str, int]]:
    """Return the kinds, and how many entries each has."""
    return [(kind.name, len(await kind.load(tx))) for kind in KINDS]


async def list_entries(tx: ReadTx, kind: str) -> list[EntryFacts]:
    """Return the entries of a kind in the order of the file. Raises :class:`Refusal`."""
    return [await facts_of(tx, one) for one in await kind_of(kind).load(tx)]


async def find_entries(tx: ReadTx, words: str) -> list[EntryFacts]:
    """Return the entries of every kind whose title or key has all these words, or their
    beginnings; those that begin so come first.
    """
    wanted = words.casefold().split()
    found = []
    for kind in (one for one in KINDS if not one.single):
        for entry in await kind.load(tx):
            named = f"{title_of(entry, tx.company.language)} {entry.key_value}".casefold()
            if wanted and all(word in named for word in wanted):
                found.append((not named.startswith(wanted[0]), await facts_of(tx, entry)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def kind_of(name: str) -> type[DirectoryEntry]:
    """Return the class of a kind. Raises :class:`Refusal`."""
    found = _BY_NAME.get(name)
    if found is None:
        raise Refusal("refusal.outdated")
    return found


async def load_entry(tx: ReadTx, kind: str, mark: str) -> tuple[DirectoryEntry, int, int]:
    """Return the entry with this mark, its place in its list from 0, and how many there are.

    Raises :class:`Refusal`.
    """
    entries = await kind_of(kind).load(tx)
    for at, entry in enumerate(entries):
        if mark_of_key(entry.key_value) == mark:
            return entry, at, len(entries)
    raise Refusal("refusal.outdated")


async def facts_of(tx: ReadTx, entry: DirectoryEntry) -> EntryFacts:
    """Return an entry as lists show it."""
    files = getattr(entry, FIELD, None)
    return EntryFacts(
        kind=entry.name,
        key=entry.key_value,
        title=title_of(entry, tx.company.language),
        active=getattr(entry, "active", None),
        table=write_table(entry.name, shown_fields(entry), single=entry.single),
        single=entry.single,
        files=None if files is None else await _there(tx, files),
    )


async def _there(tx: ReadTx, files: Sequence[str]) -> tuple[AttachedFile, ...]:
    return tuple(file for file in await files_of(tx, files) if file is not None)


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
    return await _put(tx, known, {"active": active})


async def put_changed(
    tx: Tx, kind: str, mark: str, change: Callable[[list[str]], list[str]]
) -> EntryFacts:
    """Change the files of an entry; a version of the directory. ``change``: those that it has, as
    the file has them, to those from now on.
    """
    known = await find_entry(tx, kind, mark)
    return await _put(tx, known, {FIELD: change([written(file) for file in known.files or ()])})


async def _put(tx: Tx, known: EntryFacts, values: Mapping[str, Any]) -> EntryFacts:
    entries = await _BY_NAME[known.kind].load(tx)
    entry = next(one for one in entries if one.key_value == known.key)
    changed: Any = entry.model_copy(update=values)
    async with edited(tx):
        await put_items(tx, [Item(changed)])
    return await facts_of(tx, changed)


async def move_entry(tx: Tx, kind: str, mark: str, *, up: bool) -> None:
    """Let an entry and the one beside it change places; a version of the directory.

    Raises :class:`Refusal` where there is none, :class:`NotAllowed`.
    """
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
    entry, at, count = await load_entry(tx, kind, mark)
    beside = at - 1 if up else at + 1
    if not entry.ordered or not 0 <= beside < count:
        raise Refusal("refusal.outdated")
    other: Any = (await kind_of(kind).load(tx))[beside]
    pair = [entry, other] if up else [other, entry]
    async with edited(tx):
        await put_items(tx, [Item(one) for one in pair])
