"""The desk in one process, wired as the command line wires it, in the sandbox's Telegram."""

from __future__ import annotations

import asyncio
import io
import logging
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Self

import pytest
from aiogram import Bot
from aiogram.types import Update
from aiogram.types.update import UpdateTypeLookupError
from sqlalchemy import delete, text

from bot.app import build
from bot.logs import configure
from bot.migrations import SCHEMA, migrate
from bot.process import App
from bot.settings import load_settings
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway
from core.db import Database, Row
from core.desk import Desk
from core.models import SystemState
from core.texts import Texts
from sandbox import World
from tests.clock import Clock
from tests.ordered import in_order
from tests.postgres import in_a_thread
from tests.unhurried import Unhurried

ROOT = Path(__file__).parents[1]
# Seconds for what is shown while the conversation goes on, a picture that a process draws, too.
PATIENCE = 120.0


@dataclass(slots=True, kw_only=True)
class Harness:
    """A desk, its bot and the world that it serves.

    ``settings``: variables beside those that lead to the world. ``facts``: what the company has
    chosen otherwise. Nothing runs by itself: a test hands over what people did, and lets leave
    what waits.
    """

    world: World
    database: Database
    texts: Texts
    clock: Clock = field(default_factory=lambda: Clock(None))
    settings: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    app: App = field(init=False)
    _bots: list[Bot] = field(default_factory=list)
    _offset: int = 0

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Everything in memory is gone; what is left is the database."""
        self.app = build(
            load_settings(
                {
                    "BOT_TOKEN": self.world.token,
                    "TELEGRAM_API_URL": self.world.api_url,
                    "MESSAGE_LIMIT": "off",  # people of the tests write faster than any
                    "TICKET_LIMIT": "off",
                    **self.settings,
                }
            ),
            self.database,
            pacer=Unhurried(),
            clock=self.clock,
            texts=self.texts,
        )
        self._bots.append(self.app.bot)
        self.known_as()

    def known_as(self, **facts: Any) -> None:
        """The company has other settings from now on."""
        self.facts |= facts
        self.desk.company = replace(self.desk.company, **self.facts)

    # ------------------------------------------------------------------ parts of the desk

    @property
    def desk(self) -> Desk:
        return self.app.desk

    @property
    def bot(self) -> Bot:
        return self.app.bot

    @property
    def gateway(self) -> Gateway:
        return self.app.gateway

    @property
    def channel(self) -> TelegramChannel:
        channel = self.app.channels["telegram"]
        assert isinstance(channel, TelegramChannel)
        return channel

    # ------------------------------------------------------------------ the desk works

    async def settle(self) -> None:
        """Hand over what people did until nothing is left."""
        while await self.hand_over():
            await self.acknowledged()

    async def hand_over(self) -> int:
        """Hand over what people have done so far. Returns how many updates it was."""
        updates = await self.bot.get_updates(offset=self._offset, timeout=0)
        for update in updates:
            self._offset = update.update_id + 1
            await self.feed(update)
        return len(updates)

    async def hand_over_at_once(self) -> None:
        """Hand over what people have done so far, all side by side."""
        updates = await self.bot.get_updates(offset=self._offset, timeout=0)
        self._offset = updates[-1].update_id + 1
        await asyncio.gather(*map(self.feed, updates))

    async def feed(self, update: Update) -> None:
        """Hand over one update, which belongs to our bot."""
        try:
            kind = update.event_type
        except UpdateTypeLookupError:  # of a kind that nobody knows: the desk leaves it alone
            return
        await self.app.routes.hand(kind, update.event)

    async def feed_raw(self, update: dict[str, Any]) -> None:
        """Hand over an update as Telegram tells it."""
        await self.feed(Update.model_validate(update, context={"bot": self.bot}))

    async def acknowledged(self) -> None:
        """What is shown beside the conversation stands there."""
        await self.app.routes.acknowledgements.finish(PATIENCE)

    # ------------------------------------------------------------------ looking

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.database.read() as session:
            return in_order(sql, await session.execute(text(sql), values))

    async def everything(self) -> dict[str, list[Any]]:
        """All that the database holds."""
        async with self.database.read() as session:
            ordered = {
                table.name: table.select().order_by(*table.primary_key)
                for table in Row.metadata.sorted_tables
            }
            return {
                name: [tuple(row) for row in await session.execute(query)]
                for name, query in ordered.items()
            }

    # ------------------------------------------------------------------ from beginning to end

    @classmethod
    @asynccontextmanager
    async def of(cls, world: World, url: str, texts: Texts, **how: Any) -> AsyncIterator[Self]:
        """A harness on the database at ``url``, which has its tables."""
        database = Database(url)
        harness = cls(world=world, database=database, texts=texts, **how)
        try:
            yield harness
        finally:
            for bot in harness._bots:
                await bot.session.close()
            await database.close()


# ------------------------------------------------------------------ fixtures, for tests/conftest.py


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load(ROOT / "locales")


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with tables and first rows, to copy: migrating costs a second."""
    path = tmp_path_factory.mktemp("migrated") / "desk.db"
    fill(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
def own_sqlite_url(migrated: Path, tmp_path: Path) -> str:
    """A SQLite file of the test's own."""
    path = tmp_path / "desk.db"
    shutil.copyfile(migrated, path)
    return f"sqlite+aiosqlite:///{path}"


def fill(url: str) -> None:
    """Give the database at ``url`` its tables and first rows."""
    in_a_thread(_fill(url))


def make_tables(url: str) -> None:
    """Give the database at ``url`` the tables of this release, without rows."""
    in_a_thread(_make_tables(url))


async def _make_tables(url: str) -> None:
    database = Database(url)
    await database.alter(Row.metadata.create_all)
    await database.close()


async def _fill(url: str) -> None:
    database = Database(url)
    await migrate(database)
    # what it says to other releases; tests count what they put into that table themselves
    async with database.write() as session:
        await session.execute(delete(SystemState).where(SystemState.name == SCHEMA))
    await database.close()


@contextmanager
def logged(
    form: Literal["console", "json"] = "console", secrets: Iterable[str] = ()
) -> Iterator[io.StringIO]:
    """What is logged meanwhile, as the desk writes it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure("debug", form, secrets=secrets, stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)
