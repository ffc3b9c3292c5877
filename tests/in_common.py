"""What all files of tests need, made once before processes are forked for them (forks.py).

Each process would make it for itself: the first tables, a PostgreSQL that has them, and what a
first conversation compiles and builds.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.texts import Texts
from tests.harness import all_texts, fill, first_database
from tests.postgres import Postgres, Unavailable, in_a_thread, start


class InCommon:
    """Holds what has been made; forked processes have it, too."""

    def __init__(self) -> None:
        self.postgres: Postgres | None = None
        self._maker = os.getpid()

    def make(self, items: Sequence[pytest.Item]) -> None:
        """Make it for these tests. No thread is left of it: a fork would not have it."""
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "desk.db"
            file.write_bytes(first_database())
            in_a_thread(lead_a_conversation(file, all_texts()))
        if any(item.get_closest_marker("postgres") for item in items):
            self._start_postgres()
        for thread in threading.enumerate():
            if thread is not threading.main_thread():
                thread.join()

    def _start_postgres(self) -> None:
        try:
            self.postgres = start()
        except Unavailable:  # whose test needs it says so
            return
        self.postgres.prepare(fill)

    def end(self) -> None:
        """End what runs; only the process that started it does."""
        if self.postgres is not None and os.getpid() == self._maker:
            self.postgres.stop()


async def lead_a_conversation(file: Path, texts: Texts) -> None:
    """One with most of what people do, on a SQLite file that has its tables."""
    from tests.handlers.operators.group import operator_group

    async with operator_group(f"sqlite+aiosqlite:///{file}", texts) as group:
        for words in ("/start", "Нет картинки"):
            await group.anna.say(words)
            await group.settle()
        card = await group.card(await group.ticket())
        await group.presses(group.olga, card, "Взять")
        await group.says(group.olga, "Перезагрузите", card)
        await group.deliver()
        await group.says(group.olga, "/resolve", card)
        await group.deliver()
