"""What every kind of entry has in common. A kind is one class: a subclass of ``DirectoryEntry``."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar, Final, Self, cast, get_args

from pydantic import BaseModel, ConfigDict

from core.company import Company
from core.directory.faults import Path, Problem
from core.directory.fields import Reference
from core.tickets.tag_list import LISTED, bare
from core.tx import ReadTx, Tx

EntriesOfKind = Mapping[str, "DirectoryEntry"]
TAG: Final = "tag"
"""The kind of which something may be named that has no entry."""


class Part(BaseModel):
    """A table of the file. The text ``directory_file.<name>.<field>`` describes each field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)

    name: ClassVar[str]

    @classmethod
    def stored(cls, **fields: Any) -> Self:
        """What the database holds, shown as it is even if it could not be written today."""
        missing = {name: make() for name, make in _factories(cls) if name not in fields}
        return cast("Self", cls.model_construct({*fields}, **missing, **fields))

    @classmethod
    def parts(cls) -> list[type["Part"]]:
        """This class, and those of the tables inside of it."""
        inner = (part for name in cls.model_fields for part in parts_in(cls, name))
        return list(dict.fromkeys([cls, *inner]))

    @classmethod
    def part_at(cls, path: Path) -> type["Part"]:
        """The class of the table in which the last step of the path stands."""
        part: type[Part] = cls
        for step in path[:-1]:
            inner = parts_in(part, step) if step in part.model_fields else []
            part = inner[0] if inner else part
        return part

    def references(self) -> Iterator[tuple[Path, str, str]]:
        """Each reference to another entry: the path to it, the kind, the key."""
        for name, info in type(self).model_fields.items():
            kinds = [mark.kind for mark in info.metadata if isinstance(mark, Reference)]
            for path, value in _leaves(getattr(self, name), (name,)):
                if isinstance(value, Part):
                    for deeper, kind, key in value.references():
                        yield (*path, *deeper), kind, key
                elif value is not None:
                    yield from ((path, kind, value) for kind in kinds)


class DirectoryEntry(Part, ABC):
    """An entry of the directory. A subclass is a kind: its ``name`` in the file, the field that is
    its ``key``, the ``caches`` that are read anew once an entry of it was put. A ``single`` kind
    is one table, not a list of them; of an ``ordered`` one the order in the file counts.
    """

    key: ClassVar[str] = "code"
    single: ClassVar[bool] = False
    ordered: ClassVar[bool] = False
    caches: ClassVar[tuple[type, ...]] = ()

    @classmethod
    def path_of(cls, position: int) -> Path:
        """Where an entry stands in a file; ``position`` in the list of its kind, from 0."""
        return (cls.name,) if cls.single else (cls.name, position)

    @classmethod
    def key_of(cls, table: Mapping[str, Any]) -> Any:
        """What is written in a file as the key of an entry, which may be anything."""
        return "" if cls.single else table.get(cls.key)

    @property
    def key_value(self) -> str:
        """By this an entry is known again; another value is another entry."""
        return str(getattr(self, self.key))

    @classmethod
    @abstractmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """All entries of this kind, in the order in which a file lists them."""

    async def check(self, tx: ReadTx, directory: "Directory") -> list[Problem]:  # noqa: ARG002
        """What the fields cannot know by themselves. References are checked before."""
        return []

    @abstractmethod
    async def put(self, tx: Tx, position: int) -> None:
        """Write it, new or instead of the one with its key. ``position`` in its list, from 0."""

    @classmethod
    async def settle(cls, tx: Tx) -> None:
        """Bring in line what depends on all entries of the kind, once those of a file were put."""

    def switched_off(self) -> Self | None:
        """The same entry, out of use: what an old version without it is brought back with. None:
        it has no way to be out of use, and stays.
        """
        return self.model_copy(update={"active": False}) if hasattr(self, "active") else None

    async def save(self, tx: Tx, *rows: object) -> None:
        """Merge rows of this entry, and forget what was kept of the directory before."""
        for row in rows:
            await tx.put(row)
        await tx.write()
        tx.invalidate(*self.caches)


Kinds = Sequence[type[DirectoryEntry]]
"""In an order in which each kind comes after those that it refers to."""


@dataclass(frozen=True, slots=True)
class Directory:
    """The directory as it will be: what is ``stored``, and over it what is to be ``put``.

    Both are by kind and key. ``faulty``: keys of entries that a file names, but cannot be read.
    """

    company: Company
    stored: Mapping[str, EntriesOfKind]
    put: Mapping[str, EntriesOfKind]
    faulty: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def entries(self, kind: str) -> dict[str, DirectoryEntry]:
        """All entries of a kind, by key."""
        return {**self.stored.get(kind, {}), **self.put.get(kind, {})}

    def knows(self, kind: str, key: str) -> bool:
        """There will be such an entry, once its own faults are mended; or none is needed."""
        if kind == TAG:
            return self._knows_tag(key)
        return key in self.entries(kind) or key in self.faulty.get(kind, ())

    def _knows_tag(self, written: str) -> bool:
        """Any word may be a tag, unless the company gives only those that it lists (D3)."""
        known = (*self.entries(TAG), *self.faulty.get(TAG, ()))
        return not self._only_listed_tags or bare(written) in map(bare, known)

    @property
    def _only_listed_tags(self) -> bool:
        written = getattr(self.put.get("settings", {}).get(""), "tags", None)
        return (written or self.company.tags) == LISTED


@cache
def _factories(part: type[Part]) -> Sequence[tuple[str, Callable[[], Any]]]:
    """What makes the value of a field that has none, by the field's name.

    Pydantic looks at a factory's signature whenever it calls it: a sixth of reading the directory.
    """
    fields = part.model_fields.items()
    return [
        (name, cast("Any", info.default_factory)) for name, info in fields if info.default_factory
    ]


def parts_in(part: type[Part], name: Any) -> list[type[Part]]:
    """The classes of tables that stand in this field."""
    return list(_parts_of_type(part.model_fields[name].annotation))


def _parts_of_type(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield from annotation.parts()
    for argument in get_args(annotation):
        yield from _parts_of_type(argument)


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list | tuple):
        for at, item in enumerate(cast("Sequence[Any]", value)):
            yield from _leaves(item, (*path, at))
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[str, Any]", value).items():
            yield from _leaves(item, (*path, name))
    else:
        yield path, value
