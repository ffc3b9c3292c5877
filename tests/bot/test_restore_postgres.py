"""The drill on PostgreSQL: a copy by pg_dump, life goes on, pg_restore (R21)."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.commands.database import BackupFailed, back_up
from bot.commands.restore import restore
from bot.migrations import migrate
from core.company import Company
from core.db import Database, DatabaseInUse
from core.desk import Desk
from core.setup.company_settings import settle
from core.setup.restored import GAP, find_held
from core.subscriptions import SUBSCRIBERS
from tests.actions.people import BORIS, opens
from tests.postgres import Postgres

NOW = datetime(2026, 11, 22, 3, 15, 7, tzinfo=UTC)

pytestmark = pytest.mark.postgres


@pytest.fixture
def url(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    programs = getattr(postgres, "_binaries", None) or Path(shutil.which("pg_dump") or "-").parent
    if not (programs / "pg_restore").exists():
        pytest.skip("there is no pg_dump and pg_restore beside this PostgreSQL")
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    with postgres.database() as made:
        yield made


@asynccontextmanager
async def desk_on(url: str) -> AsyncIterator[Desk]:
    database = Database(url)
    await migrate(database)
    desk = Desk(database, Company(language="en"), SUBSCRIBERS)
    desk.company = await desk.run(settle)
    try:
        yield desk
    finally:
        await database.close()


async def a_day_with_a_backup(url: str, folder: Path) -> tuple[Path, int]:
    """A ticket, a backup, another ticket; returns the backup and the other ticket's number."""
    async with desk_on(url) as desk:
        await opens(desk)
        backup = back_up(desk.database, folder / "desk.dump", NOW)
        return backup, (await opens(desk, BORIS)).id


async def test_after_a_restore_numbers_go_on_and_nothing_leaves(url: str, tmp_path: Path) -> None:
    backup, newest = await a_day_with_a_backup(url, tmp_path)
    number = (await restore(url, backup, None, Company())).number
    assert number == newest + 1
    async with desk_on(url) as desk:
        assert (desk.company.epoch, desk.company.on_hold) == (1, True)
        held = await desk.read(find_held)
        assert held is not None and held.old > 0
        async with desk.database.read() as session:
            assert (await session.scalars(text("SELECT id FROM ticket"))).all() == [newest - 1]
        given = [(await opens(desk, BORIS)).id for _ in range(2)]
        assert given == [number, number + 1]


async def test_on_a_new_server_a_gap_is_left_out(
    postgres: Postgres, url: str, tmp_path: Path
) -> None:
    backup, _ = await a_day_with_a_backup(url, tmp_path)
    with postgres.database() as other:
        assert (await restore(other, backup, None, Company())).number == 2 * GAP
        async with desk_on(other) as desk:
            assert (await opens(desk, BORIS)).id == 2 * GAP


async def test_what_is_no_backup_changes_nothing(url: str, tmp_path: Path) -> None:
    await a_day_with_a_backup(url, tmp_path)
    (tmp_path / "other").write_text("no backup")
    with pytest.raises(BackupFailed, match="pg_restore"):
        await restore(url, tmp_path / "other", None, Company())
    async with desk_on(url) as desk:
        assert desk.company.epoch == 0
        async with desk.database.read() as session:
            assert await session.scalar(text("SELECT count(*) FROM ticket")) == 2


async def test_the_database_of_a_running_desk_is_not_replaced(url: str, tmp_path: Path) -> None:
    backup, _ = await a_day_with_a_backup(url, tmp_path)
    async with desk_on(url) as desk:
        await desk.database.hold(_lost)
        with pytest.raises(DatabaseInUse):
            await restore(url, backup, None, Company())


async def _lost() -> None:
    pass
