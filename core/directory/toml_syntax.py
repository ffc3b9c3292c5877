"""All that is no TOML in a text, and the rest of it, which can still be checked.

``tomllib`` stops at the first mistake. ``tree-sitter`` goes on, and knows which table a mistake is
in: that table is left out, and the others are read.
"""

import re
import tomllib
from dataclasses import dataclass
from typing import Final

import tree_sitter_toml
from tree_sitter import Language, Node, Parser

from core.directory.faults import Fault, shorten

_PARSER: Final = Parser(Language(tree_sitter_toml.language()))
_LINE: Final = re.compile(r"\(at line (\d+), column \d+\)$")
# How tomllib begins when a name is used twice; all else is spelling.
_TWICE: Final = ("Cannot overwrite", "Cannot declare", "Cannot mutate", "Duplicate inline")
_MOST_FAULTS: Final = 20


def parse_tree(text: str) -> Node:
    """The syntax tree of a TOML text, with ``ERROR`` nodes where it is none."""
    return _PARSER.parse(text.encode()).root_node


def sound_part(text: str) -> tuple[str, list[Fault]]:
    """The text with an empty line for each line of a broken table, and the faults in these."""
    lines = text.split("\n")
    root = parse_tree(text)
    tables = _tables(root)
    faults: dict[int, Fault] = {}
    while len(faults) < _MOST_FAULTS and (fault := _first_fault(lines)) is not None:
        row = (fault.line or 1) - 1
        broken = [table.rows for table in tables if row in table.rows]
        if not faults:
            faults = {line: _fault("syntax", lines, line) for line in _broken_lines(root)}
            broken += [table.rows for table in tables if table.broken]
        faults[row + 1] = fault
        if not _blank(lines, broken):
            _blank(lines, [range(len(lines))])
    return "\n".join(lines), list(faults.values())[:_MOST_FAULTS]


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
