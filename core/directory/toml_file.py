"""A TOML file's values, the line of each of them, and all that is no TOML.

``tomllib`` stops at the first mistake. ``tree-sitter`` goes on, and knows which table a mistake is
in: that table is left out, and the others are read.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from core.directory.faults import Fault, Path, shorten

_KEYS: Final = frozenset({"bare_key", "quoted_key", "dotted_key"})
_TABLES: Final = frozenset({"table", "table_array_element"})


@dataclass(frozen=True, slots=True)
class TomlFile:
    """``values`` as tomllib reads them, those of broken tables left out; ``lines`` by path;
    ``faults`` are what is no TOML; ``broken`` are the lines of tables that were left out.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def line_of(self, path: Path) -> int:
        """The line of this value, or of the nearest thing around it that the file names."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_toml(text: str) -> TomlFile:
    """Read a file's text."""
    try:
        sound, faults = sound_part(text)
        lines = _document_lines(parse_tree(sound))
        return TomlFile(tomllib.loads(sound), lines, faults, _left_out(text, sound))
    except (RecursionError, UnicodeEncodeError):
        fault = Fault(1, "", "directory_file.fault.syntax", {"value": ""})
        return TomlFile(faults=[fault], broken=["["])


def _left_out(text: str, sound: str) -> list[str]:
    """The lines that are empty only because they belong to a broken table."""
    both = zip(text.split("\n"), sound.split("\n"), strict=True)
    return [line for line, left in both if line and not left]


def _document_lines(root: Node) -> dict[Path, int]:
    """The lines of a whole file; of what several tables belong to, the first."""
    found: dict[Path, int] = {}
    lists: dict[Path, int] = {}
    for node in root.named_children:
        around: Path = ()
        pairs = [node]
        if node.type in _TABLES:
            around, pairs = _table_path(node, lists), node.named_children
            _note(found, around, node)
        for pair in pairs:
            for path, inner in _pair_values(pair, around):
                _note(found, path, inner)
    return found


def _note(found: dict[Path, int], path: Path, node: Node) -> None:
    for length in range(1, len(path) + 1):
        found.setdefault(path[:length], node.start_point.row + 1)


def _table_path(node: Node, lists: dict[Path, int]) -> Path:
    """The path of a table's header; ``lists`` counts the tables of each list so far."""
    names = _names(node.named_children[0])
    path: Path = ()
    for at, name in enumerate(names, start=1):
        path += (name,)
        if at == len(names) and node.type == "table_array_element":
            lists[path] = lists.get(path, 0) + 1
        if path in lists:
            path += (lists[path] - 1,)
    return path


def _pair_values(node: Node, around: Path) -> Iterator[tuple[Path, Node]]:
    if node.type == "pair" and not node.has_error:
        path = (*around, *_names(node.named_children[0]))
        yield path, node
        yield from _inner_values(node.named_children[-1], path)


def _inner_values(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    if node.type == "inline_table":
        for child in node.named_children:
            yield from _pair_values(child, path)
    elif node.type == "array":
        items = (child for child in node.named_children if child.type != "comment")
        for at, child in enumerate(items):
            yield (*path, at), child
            yield from _inner_values(child, (*path, at))


def _names(key: Node) -> list[str]:
    if key.type == "dotted_key":
        return [name for part in key.named_children if part.type in _KEYS for name in _names(part)]
    written = (key.text or b"").decode()
    return [next(iter(tomllib.loads(f"{written} = 0")))]


_PARSER: Final = Parser(Language(tree_sitter_toml.language()))
_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")
# How tomllib begins when a name is used twice; all else is spelling.
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")
# What is found one by one, each time by reading all anew; and what a person can read at all.
_MOST_READINGS: Final = 20
_MOST_FAULTS: Final = 200


def parse_tree(text: str) -> Node:
    """The syntax tree of a TOML text, with ``ERROR`` nodes where it is none."""
    return _PARSER.parse(text.encode()).root_node


def sound_part(text: str) -> tuple[str, list[Fault]]:
    """The text with an empty line for each line of a broken table, and the faults in these. Where
    these are too many to name, the last one says so.
    """
    lines = text.split("\n")
    root = parse_tree(text)
    tables = _tables(root)
    faults: dict[int, Fault] = {}
    for reading in count():
        if (fault := _first_fault(lines)) is None:
            break
        row = (fault.line or 1) - 1
        broken = [table.rows for table in tables if row in table.rows]
        if not faults:
            faults = {line: _fault("syntax", lines, line) for line in _broken_lines(root)}
            broken += [table.rows for table in tables if table.broken]
        faults[row + 1] = fault
        if reading == _MOST_READINGS:
            faults[row + 1] = _more(row + 1)
            broken = [range(rows.start, len(lines)) for rows in broken]
        if not _blank(lines, broken):
            _blank(lines, [range(len(lines))])
    return "\n".join(lines), _readable(list(faults.values()))


def _readable(faults: list[Fault]) -> list[Fault]:
    """As many as somebody may read, by line; the last one says that there are more."""
    faults.sort(key=lambda fault: fault.line or 0)
    if len(faults) <= _MOST_FAULTS:
        return faults
    return [*faults[:_MOST_FAULTS], _more(faults[_MOST_FAULTS].line)]


def _more(line: int | None) -> Fault:
    return Fault(line, "", "directory_file.fault.more_syntax")


def _first_fault(lines: list[str]) -> Fault | None:
    try:
        tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _LINE.search(message)
        line = int(found[1]) if found else max(len(lines) - (not lines[-1]), 1)
        return _fault("named_twice" if message.startswith(_TWICE) else "syntax", lines, line)
    return None


def _fault(name: str, lines: list[str], line: int) -> Fault:
    key = f"directory_file.fault.{name}"
    return Fault(line, "", key, {"value": shorten(lines[line - 1])})


@dataclass(slots=True)
class _Table:
    rows: range
    broken: bool


def _tables(root: Node) -> list[_Table]:
    tables: list[_Table] = []
    headed = False
    for node in root.children:
        first, last = node.start_point.row, node.end_point.row
        end = last + 1 if node.end_point.column or last == first else last
        rows = range(first, end)
        if node.type in {"table", "table_array_element"}:
            headed = True
            tables.append(_Table(rows, node.has_error))
        elif headed and node.type != "comment":  # the end of a table, which could not be read
            tables[-1].broken = True
            tables.append(_Table(rows, broken=True))
        elif node.type != "comment":
            tables.append(_Table(rows, node.has_error))
    return tables


def _broken_lines(root: Node) -> set[int]:
    lines, waiting = set(), [root]
    while waiting:
        node = waiting.pop()
        if node.type == "ERROR" or node.is_missing:
            lines.add(node.start_point.row + 1)
        waiting += node.children
    return lines


def _blank(lines: list[str], tables: list[range]) -> bool:
    """Empty these lines; whether any of them was not yet."""
    rows = [row for rows in tables for row in rows if lines[row]]
    for row in rows:
        lines[row] = ""
    return bool(rows)
