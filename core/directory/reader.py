"""From a file's text to entries, with everything that can be said of it without the database."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from core.directory.faults import Fault, Problem, choices, place, problem_of, shorten
from core.directory.kinds import KINDS
from core.directory.partial import Partial, partial_of
from core.directory.schema import DirectoryEntry, Kinds
from core.directory.toml_file import TomlFile, parse_toml
from core.directory.toml_writer import write_value


@dataclass(frozen=True, slots=True)
class Item:
    """An entry with its ``position`` in the file's list of its kind, from 0; ``file``: where it
    stands.
    """

    entry: DirectoryEntry
    position: int = 0
    file: TomlFile | None = None

    def fault(self, problem: Problem) -> Fault:
        """A problem of this entry, with its line."""
        return _fault(self.file, type(self.entry), self.position, self.entry.key_value, problem)


@dataclass(frozen=True, slots=True)
class FaultyItem:
    """An entry that cannot be read whole, by its ``name``; otherwise as an :class:`Item`."""

    entry: Partial
    name: str
    position: int
    file: TomlFile

    def fault(self, problem: Problem) -> Fault:
        """A problem of this entry, with its line."""
        return _fault(self.file, self.entry.kind, self.position, self.name, problem)


ANY: Final = ""
"""Stands for the kind of a table of which not even the first line can be read."""


@dataclass(slots=True)
class Document:
    """What a file says. ``items`` are in an order in which they can be put. ``faulty``: by kind the
    keys of entries that have ``faults``; ``faulty_items``: those of them that could be read in
    part. ``unread``: kinds of tables that are no TOML and have no name, by their lines.
    ``version``: which one it was made from, if it says so.
    """

    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    faulty: dict[str, frozenset[str]] = field(default_factory=dict)
    faulty_items: list[FaultyItem] = field(default_factory=list)
    unread: frozenset[str] = frozenset()
    version: int | None = None
    version_line: int = 1


def read_directory(text: str, kinds: Kinds = KINDS) -> Document:
    """The entries of a file, and all faults that can be seen without the database."""
    file = parse_toml(text)
    document = Document(faults=list(file.faults))
    names, document.unread = _broken_names(file.broken, kinds)
    _read_version(document, file)
    document.faults += _unknown_kinds(file, kinds)
    for kind in kinds:
        faulty = names.get(kind.name, set())
        if document.unread & {kind.name, ANY}:
            faulty.add(ANY)
        _read_kind(document, file, kind, faulty)
    return document


_HEADER: Final = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?\s*(?:#.*)?", re.ASCII)
_PAIR: Final = re.compile(r"""\s*([\w-]+)\s*=\s*(?:"([^"\\]*)"|'([^']*)')\s*(?:#.*)?""", re.ASCII)


def _broken_names(lines: Sequence[str], kinds: Kinds) -> tuple[dict[str, set[str]], frozenset[str]]:
    """The keys of entries in broken tables, by kind, and the kinds of those without one."""
    keys = {kind.name: kind.key for kind in kinds}
    named: dict[str, set[str]] = {}
    unread, kind = set[str](), ANY
    for line in lines:
        if line.lstrip().startswith("["):
            header = _HEADER.fullmatch(line)
            kind = header[1] if header else ANY
            unread.add(kind)
        elif (pair := _PAIR.fullmatch(line)) and pair[1] == keys.get(kind):
            named.setdefault(kind, set()).add(pair[2] or pair[3] or "")
            unread.discard(kind)
    return named, frozenset(unread)


VERSION: Final = "version"
_NO_TABLES: Final = "directory_file.fault.no_tables"
_NO_TABLE: Final = "directory_file.fault.no_single_table"


def _read_version(document: Document, file: TomlFile) -> None:
    """The line ``version = 7``, which `show` puts first."""
    said = file.values.get(VERSION)
    document.version_line = file.line_of((VERSION,))
    if isinstance(said, bool) or not isinstance(said, int | None):
        facts = {"value": shorten(write_value(said))}
        line = document.version_line
        document.faults.append(Fault(line, VERSION, "directory_file.fault.no_number", facts))
        return
    document.version = said


def _unknown_kinds(file: TomlFile, kinds: Kinds) -> Iterator[Fault]:
    names = [kind.name for kind in kinds]
    for name in file.values:
        if name not in names and name != VERSION:
            facts = {"name": shorten(name), "allowed": choices(names)}
            yield Fault(file.line_of((name,)), "", "directory_file.fault.unknown_kind", facts)


def _read_kind(
    document: Document, file: TomlFile, kind: type[DirectoryEntry], faulty: set[str]
) -> None:
    tables = file.values.get(kind.name, [])
    if kind.single and kind.name in file.values:
        tables = [tables] if isinstance(tables, dict) else None
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        line, key = file.line_of((kind.name,)), _NO_TABLE if kind.single else _NO_TABLES
        document.faults.append(Fault(line, "", key, {"name": kind.name}))
        return
    first: dict[str, int] = {}
    for position, table in enumerate(tables):
        key = kind.key_of(table)
        named_before = first.setdefault(key, position) if isinstance(key, str) else position
        problems = [] if named_before == position else [_named_before(file, kind, named_before)]
        name = "" if kind.single else str(key or position + 1)
        try:
            entry = kind.model_validate(table)
        except ValidationError as error:
            problems += _problems(kind, error)
            faulty.add(str(key))
            partial = partial_of(kind, table, error)
            document.faulty_items.append(FaultyItem(partial, name, position, file))
        else:
            document.items.append(Item(entry, position, file))
        document.faults += [_fault(file, kind, position, name, problem) for problem in problems]
    document.faulty[kind.name] = frozenset(faulty)


def _named_before(file: TomlFile, kind: type[DirectoryEntry], position: int) -> Problem:
    line = file.line_of((*kind.path_of(position), kind.key))
    return Problem((kind.key,), "directory_file.fault.same_key", {"first": line})


def _problems(kind: type[DirectoryEntry], error: ValidationError) -> Sequence[Problem]:
    return [
        problem_of(one, kind.part_at(one["loc"]).model_fields)
        for one in error.errors(include_url=False)
    ]


def _fault(
    file: TomlFile | None, kind: type[DirectoryEntry], position: int, name: Any, problem: Problem
) -> Fault:
    line = file.line_of((*kind.path_of(position), *problem.path)) if file else None
    where = place(kind.name, shorten(name), problem)
    return Fault(line, where, problem.key, problem.facts, problem.path)
