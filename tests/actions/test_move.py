"""A desk that outgrows its file goes to PostgreSQL with everything, or stays where it is."""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.cli import main
from bot.commands.move import CannotMove, move, moved_to
from core.db import Database
from core.models import Ticket
from tests.actions.random_walk import TABLE, World
from tests.actions.walk_company import seed_company
from tests.postgres import Postgres

pytestmark = pytest.mark.postgres


@pytest.fixture
async def world(migrated: Path, tmp_path: Path) -> AsyncIterator[World]:
    """A company in the middle of its life, in a file."""
    path = tmp_path / "desk.db"
    shutil.copyfile(migrated, path)
    stage = await seed_company(path)
    world = World(stage)
    await world.begin(late=False)
    await live(world, 60)
    yield world
    await stage.close()


async def live(world: World, steps: int) -> None:
    dice = random.Random("move")
    often = [step.often for step in TABLE.values()]
    for name in dice.choices(list(TABLE), often, k=steps):
        choices = TABLE[name].choices.items()
        await world.step(name, **{key: dice.choice(many) for key, many in choices})


def url_of(world: World) -> str:
    return world.stage.database.url.render_as_string(hide_password=False)


async def rows(url: str, sql: str) -> list[tuple[object, ...]]:
    database = Database(url)
    try:
        async with database.write() as session:
            return [tuple(row) for row in await session.execute(text(sql))]
    finally:
        await database.close()


async def test_the_desk_goes_on_in_postgresql_as_if_nothing_had_happened(
    world: World, postgres: Postgres
) -> None:
    with postgres.database() as there:
        contents = await move(url_of(world), there)
        for table in ("ticket", "journal", "message", "outbox", "timer"):
            count = f"SELECT count(*) FROM {table}"  # noqa: S608 a name of ours
            assert await rows(there, count) == await rows(url_of(world), count)
            assert contents[table].rows > 0
        database = Database(there)
        world.stage = replace(world.stage, database=database)
        world.desk.database = database
        world.desk.invalidate()
        try:
            await live(world, 60)  # which looks after each step whether journal and rows agree
            await world.eye.look_back()
        finally:
            await database.close()


async def test_numbers_go_on_above_those_that_were_given(world: World, postgres: Postgres) -> None:
    newest = await world.desk.read(lambda tx: tx.first(select(Ticket.id).order_by(-Ticket.id)))
    with postgres.database() as there:
        await move(url_of(world), there)
        given = await rows(there, "SELECT nextval(pg_get_serial_sequence('ticket', 'id'))")
    assert given == [((newest or 0) + 1,)]


async def test_what_the_new_database_refuses_is_named_and_nothing_is_there(
    world: World, postgres: Postgres
) -> None:
    with closing(sqlite3.connect(str(world.stage.database.path))) as file:
        file.execute("UPDATE person SET name = 'a' || char(0) || 'b' WHERE id = 1")
        file.commit()
    with postgres.database() as there:
        with pytest.raises(CannotMove, match="a row of person between 1, "):
            await move(url_of(world), there)
        assert await rows(there, "SELECT count(*) FROM person") == [(0,)]
    assert await moved_to(world.stage.database) is None


async def test_a_database_in_use_is_not_written_over(world: World, postgres: Postgres) -> None:
    with postgres.database() as there:
        await move(url_of(world), there)
        before = await rows(there, "SELECT count(*) FROM journal")
        with pytest.raises(CannotMove, match="in use already; name an empty one"):
            await move(url_of(world), there)
        assert await rows(there, "SELECT count(*) FROM journal") == before


async def test_the_old_database_runs_no_desk_until_an_admin_says_so(
    world: World,
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(Path(str(world.stage.database.path)).parent)
    monkeypatch.setenv("DATABASE_URL", url_of(world))
    monkeypatch.setenv("BOT_TOKEN", "1:a-token-of-nobody")

    async def bot(*arguments: str) -> int:
        return await asyncio.to_thread(main, arguments)

    with postgres.database() as there:
        assert await bot("move", "--to", there) == 0
        assert "person\t" in capsys.readouterr().out
        assert await bot("run") == 2
        said = capsys.readouterr().err
    assert "everything in it was moved to postgresql+asyncpg://" in said
    assert await bot("move", "--cancel") == 0
    assert await moved_to(world.stage.database) is None


@pytest.mark.parametrize("target", ["", "sqlite+aiosqlite:///other.db", "mysql://there"])
async def test_it_goes_to_postgresql_only(world: World, target: str) -> None:
    with pytest.raises(CannotMove, match="name where to"):
        await move(url_of(world), target)
