"""What a message costs the database: statements and commits, stage by stage, in the real desk.

The desk runs here, one step at a time, against the lean world: what is counted is what the process
does, its readers included, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.app import build
from bot.polling import Poller
from bot.process import App
from core import inbox
from core.db import Database
from sandbox import Person
from tests.e2e.stage import Stage
from tests.unhurried import Unhurried
from tools.bench.figures import Figure
from tools.bench.staging import (
    desk_at,
    lean_stage,
    people_of,
    settings_of,
    wait_for_words,
)

MOST = 8
# Transactions, and the upkeep of SQLite's log, which whoever writes just then begins.
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")
PATIENCE = 60.0
_UNDER_WAY = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"


@dataclass(slots=True)
class Spent:
    """What went to the database."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def __str__(self) -> str:
        return "\n".join(f"{n:2} {' '.join(s.split())}" for n, s in enumerate(self.statements, 1))


@contextmanager
def counted(database: Database) -> Iterator[Spent]:
    """Everything asked of the database meanwhile, by writers and readers."""
    spent = Spent()

    def heard(statement: str, _given: Any) -> None:
        if statement == "COMMIT":
            spent.commits += 1
        elif not statement.startswith(TRANSACTIONS):
            spent.statements.append(statement)

    database.listeners.append(heard)
    try:
        yield spent
    finally:
        database.listeners.remove(heard)


@dataclass(slots=True)
class Steps:
    """The desk's loops, each driven by hand."""

    stage: Stage
    app: App
    read_up_to: int = 0

    async def take_in(self) -> list[inbox.Stored]:
        """From Telegram into the inbox and to the lanes."""
        assert isinstance(self.app.poller, Poller)
        await self.app.poller._poll()
        page = await self.app.desk.read(inbox.list_unfinished, self.read_up_to, 200)
        self.read_up_to = page[-1].id
        return page

    async def handle(self, updates: list[inbox.Stored]) -> None:
        for update in updates:
            await self.app.update_queue._handle(update)

    async def deliver(self) -> None:
        """The courier runs until everything has left and is settled."""
        courier = self.app.courier
        running = asyncio.create_task(courier.run())
        async with asyncio.timeout(PATIENCE):
            while courier._under_way or self.stage.query(_UNDER_WAY)[0][0]:
                await asyncio.sleep(0.02)
        running.cancel()
        await asyncio.wait([running])

    async def all_of(self, act: Callable[[], object]) -> tuple[Spent, Spent, Spent]:
        """Somebody does something; returns what its three stages cost."""
        act()
        with counted(self.app.database) as took_in:
            updates = await self.take_in()
        with counted(self.app.database) as handled:
            await self.handle(updates)
        with counted(self.app.database) as delivered:
            await self.deliver()
        return took_in, handled, delivered


@asynccontextmanager
async def steps(folder: Path, people: int = 1) -> AsyncIterator[tuple[Steps, list[Person]]]:
    """The desk in this process, and people who have said that they want a ticket."""
    async with lean_stage(folder, history_limit=200) as stage:
        crowd = people_of(stage, people)
        async with desk_at(stage) as desk:
            await desk.run(wait_for_words, crowd)
        settings = settings_of(stage)
        app = build(settings, Database(settings.database_url.get_secret_value()), pacer=Unhurried())
        await app.prepare()
        try:
            yield Steps(stage, app), crowd
        finally:
            await app._finish(set())


Scene = Callable[[Steps, Person], Awaitable[tuple[Spent, Spent, Spent]]]


async def measure(folder: Path, *, size: float = 1) -> list[Figure]:
    del size  # it is counted, not timed
    async with steps(folder) as (desk, (alice,)):
        await _warm(desk, alice)
        olga = desk.stage.olga
        figures = []
        joins = await desk.all_of(lambda: alice.say("И ещё вот что"))
        answers = await desk.all_of(lambda: olga.reply(_card(desk), "Теперь видно?"))
        turns = await desk.all_of(lambda: alice.say("Нет, всё ещё не видно"))
        for name, spent in (("joins a waiting ticket", joins), ("turns an answered one", turns)):
            figures += _lines(f"customer's message that {name}", spent, MOST)
        figures += _lines("operator's answer", answers)
        return figures


async def _warm(desk: Steps, alice: Person) -> None:
    """What is kept of the directory is read with the first message of a kind."""
    await desk.all_of(lambda: alice.say("Камера не показывает"))
    await desk.all_of(lambda: alice.say("Уже второй день"))
    await desk.all_of(lambda: desk.stage.olga.reply(_card(desk), "Смотрим"))
    await desk.all_of(lambda: alice.say("Спасибо, но не помогло"))


def _card(desk: Steps) -> Any:
    return next(m for m in desk.stage.group.messages if m.from_bot and m.keyboard)


def _lines(name: str, spent: tuple[Spent, Spent, Spent], most: int | None = None) -> list[Figure]:
    took_in, handled, delivered = spent
    return [
        Figure(f"{name}: handled", len(handled.statements), "stmts", most),
        Figure("    commits", handled.commits, "", 1),
        Figure(
            "    before that: stored and read (shared by up to 100 updates)",
            len(took_in.statements),
            "stmts",
        ),
        Figure(
            f"    after that: delivered and settled, {delivered.commits} commits",
            len(delivered.statements),
            "stmts",
        ),
    ]
