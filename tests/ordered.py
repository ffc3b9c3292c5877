"""Rows come in an order that was asked for: those that a test reads, and those of the desk."""

from collections.abc import Iterable
from typing import Any

import pytest

from core.db import sqlite


def in_order(query: Any, rows: Iterable[Any]) -> list[Any]:
    """The rows that the query has found: several only if it says in which order.

    Without that a database gives them in any, and PostgreSQL in another after each change.
    """
    found = list(rows)
    assert len(found) < 2 or "ORDER BY" in str(query).upper(), f"in any order: {query}"
    return found


@pytest.fixture(autouse=True)
def backwards(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite gives rows backwards to whoever asks for no order, so that what relies on the one in
    which it happens to keep them is seen.
    """
    pragmas = (*sqlite._PRAGMAS, "reverse_unordered_selects=ON")
    monkeypatch.setattr(sqlite, "_PRAGMAS", pragmas)
