"""A ticket's place in the queue, beside what lists are narrowed down by: indexes need both."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column


class Placed:
    """Copies of the ticket's ``queue_rank`` and ``queue_at``, which the database keeps itself, by
    triggers (migration 43): what is written here by anybody else is put right at once (D2).
    """

    queue_rank: Mapped[int | None] = mapped_column(default=None)
    queue_at: Mapped[datetime | None] = mapped_column(default=None)


def open_index(name: str, *columns: str) -> Index:
    """Return an index of open tickets alone, which a list of some of them is read along."""
    return _index(name, "queue_rank IS NOT NULL", *columns)


def needing_index(name: str, which: str, *columns: str) -> Index:
    """Return an index of those tickets alone that need an answer, and of these some.

    It says that as an expression: a column that is asked for by its value would lead SQLite to an
    index that begins with it.
    """
    return _index(name, f"queue_rank + 0 = 0 AND {which}", *columns)


def _index(name: str, which: str, *columns: str) -> Index:
    where: dict[str, Any] = {
        f"{dialect}_where": text(which) for dialect in ("sqlite", "postgresql")
    }
    return Index(name, *columns, **where)


def indexes_by(table: str, column: str, number: str = "ticket_id") -> tuple[Index, Index]:
    """Return the indexes of a table by a column: in the order of the queue, and by age."""
    return (
        open_index(f"ix_{table}_{column}_queue", column, "queue_rank", "queue_at", number),
        open_index(f"ix_{table}_{column}_open", column, number),
    )
