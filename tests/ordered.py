"""Rows that a test reads come in an order that it asked for."""

from collections.abc import Iterable
from typing import Any


def in_order(query: Any, rows: Iterable[Any]) -> list[Any]:
    """The rows that the query has found: several only if it says in which order.

    Without that a database gives them in any, and PostgreSQL in another after each change.
    """
    found = list(rows)
    assert len(found) < 2 or "ORDER BY" in str(query).upper(), f"in any order: {query}"
    return found
