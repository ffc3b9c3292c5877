"""The register of personal data names every table once, and columns that there are (S31)."""

import re
from collections import Counter
from pathlib import Path
from typing import Final

import core.models  # noqa: F401 all tables
from core.db import Row

REGISTER: Final = Path(__file__).resolve().parents[2] / "docs" / "personal-data.md"
TABLES: Final = Row.metadata.tables
_ROW: Final = re.compile(r"^\| `(\w+)` \| ([^|]+) \|", re.MULTILINE)
_NAME: Final = re.compile(r"`([a-z_]+)`")


def _rows() -> dict[str, list[str]]:
    """Each table of the first list, with the columns that are named for it."""
    return {table: _NAME.findall(what) for table, what in _ROW.findall(REGISTER.read_text("utf-8"))}


def _others() -> list[str]:
    """The tables that are named in the sentences below the list."""
    below = REGISTER.read_text("utf-8").partition("Of who works here:")[2]
    return _NAME.findall(below)


def test_every_table_is_named_once() -> None:
    named = Counter([*_rows(), *_others()])
    assert named == Counter(TABLES.keys())


def test_every_column_that_is_named_is_there() -> None:
    rows = _rows()
    assert {
        table: [c for c in columns if c not in TABLES[table].c] for table, columns in rows.items()
    } == {table: [] for table in rows}
    assert all(rows.values())
