"""Hours that pass at once: all that the desk remembers becomes older by so much."""

from __future__ import annotations

import sqlite3
from typing import Final

from tests.e2e.looking import soon, value
from tests.e2e.stage import Stage

MOMENTS: Final = {
    "timer": ("due_at",),
    "ticket": (
        *("opened_at", "assigned_at", "waiting_since", "answer_due"),
        *("frozen_until", "resolved_at", "closed_at", "queue_at"),
    ),
}


def pass_hours(stage: Stage, hours: float, *, asleep: bool = False) -> None:
    """Make it later. ``asleep``: the bot has not seen it pass (it must not run meanwhile)."""
    moments = [(table, column) for table, columns in MOMENTS.items() for column in columns]
    if asleep:
        moments.append(("system_state", "at"))
    earlier = f"-{hours * 3600:.3f} seconds"
    with sqlite3.connect(stage.database, timeout=30) as connection:
        for table, column in moments:
            moved = f"strftime('%Y-%m-%d %H:%M:%f000', {column}, ?)"
            connection.execute(
                f"UPDATE {table} SET {column}={moved} WHERE {column} IS NOT NULL",  # noqa: S608
                (earlier,),
            )
    connection.close()


async def all_falls_due(stage: Stage) -> None:
    """Let every deadline pass and be told, so that what is opened next is told by itself."""
    pass_hours(stage, 80)
    left = "SELECT count(*) FROM timer WHERE kind IN ('answer', 'reminder') AND due_at IS NOT NULL"
    await soon(lambda: value(stage, left) == 0, "all deadlines have passed")
