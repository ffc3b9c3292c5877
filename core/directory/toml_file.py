"""A TOML file's values, and the line of each of them."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tree_sitter import Node

from core.directory.faults import Fault, Path
from core.directory.toml_syntax import parse_tree, sound_part

_KEYS: Final = frozenset({"bare_key", "quoted_key", "dotted_key"})
_TABLES: Final = frozenset({"table", "table_array_element"})


@dataclass(frozen=True, slots=True)
class TomlFile:
    """``values`` as tomllib reads them, those of broken tables left out; ``lines`` by path;
    ``faults`` are what is no TOML.
    """

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[Path, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def line_of(self, path: Path) -> int:
        """The line of this value, or of the nearest thing around it that the file names."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_toml(text: str) -> TomlFile:
    """Read a file's text."""
    try:
        sound, faults = sound_part(text)
        return TomlFile(tomllib.loads(sound), _document_lines(parse_tree(sound)), faults)
    except (RecursionError, UnicodeEncodeError):
        return TomlFile(faults=[Fault(1, "", "directory_file.fault.syntax", {"value": ""})])


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
