"""Statements handed to the driver: the same rows, the same errors, the same order of things."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import String, bindparam, cast, insert, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.ext.asyncio import AsyncSession

from core.db import Database, PreparedStatement
from core.db.statements import prepared
from core.desk import Desk
from core.models import Person, SystemState
from core.tx import Tx
from tests.actions.people import ALICE, opens
from tests.clock import Clock

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
PEOPLE: Any = Person.__table__
BY_NAME = PreparedStatement(
    select(PEOPLE.c.dialogue, PEOPLE.c.created_at, PEOPLE.c.language_chosen).where(
        PEOPLE.c.name == bindparam("called")
    )
)
RENAME = PreparedStatement(
    update(PEOPLE)
    .where(PEOPLE.c.name == bindparam("called"))
    .values(name=bindparam("new"), dialogue=bindparam("step"))
    .returning(PEOPLE.c.name, PEOPLE.c.dialogue)
)
MOVE = PreparedStatement(
    update(PEOPLE).where(PEOPLE.c.name == bindparam("called")).values(created_at=bindparam("at"))
)
NOTE = PreparedStatement(
    prepared(
        lambda make: make(SystemState.__table__).on_conflict_do_nothing(index_elements=["name"])
    )
)


async def _rows(tx: Tx) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in await BY_NAME.rows(tx.session, {"called": "Bob"})]


async def test_rows_are_what_the_library_reads(desk: Desk, clock: Clock) -> None:
    async def make(tx: Tx) -> None:
        step = {"step": "describe", "topic": None}
        tx.session.add(Person(name="Bob", language="en", dialogue=step, created_at=tx.now))

    await desk.run(make)

    async def usual(tx: Tx) -> list[tuple[Any, ...]]:
        query = select(PEOPLE.c.dialogue, PEOPLE.c.created_at, PEOPLE.c.language_chosen)
        return [tuple(row) for row in await tx.session.execute(query)]

    expected = [({"step": "describe", "topic": None}, clock.now, False)]
    assert await desk.run(_rows) == await desk.run(usual) == expected


@pytest.mark.parametrize(
    "at",
    [
        NOON,
        NOON.replace(microsecond=7),
        NOON.astimezone(timezone(timedelta(hours=-3, minutes=-30))),
        NOON.replace(year=987),
    ],
    ids=str,
)
async def test_an_instant_is_written_as_the_library_writes_it(desk: Desk, at: datetime) -> None:
    async def make(tx: Tx) -> list[str]:
        for name in ("Bob", "Bill"):
            tx.session.add(Person(name=name, language="en", created_at=NOON))
        await MOVE.change(tx.session, {"called": "Bob", "at": at})
        usual = update(PEOPLE).where(PEOPLE.c.name == "Bill").values(created_at=at)
        await tx.session.execute(usual)
        written = select(cast(PEOPLE.c.created_at, String)).where(
            PEOPLE.c.name.in_(("Bob", "Bill"))
        )
        return list(await tx.session.scalars(written))

    ours, the_librarys = await desk.run(make)
    assert ours == the_librarys


async def test_an_instant_without_a_zone_is_not_written(desk: Desk) -> None:
    given = {"called": "Bob", "at": NOON.replace(tzinfo=None)}

    async def move(tx: Tx) -> None:
        await MOVE.change(tx.session, given)

    with pytest.raises((ValueError, StatementError), match="without a zone"):
        await desk.run(move)


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-12-01 12:00:00.000000", 12),
        ("2026-12-01 12:00:00", 12),
        ("2026-12-01T12:00:00Z", 12),
        ("2026-12-01t12:00:00.5z", 12),
        ("2026-12-01 07:00:00-05:00", 12),
        ("2026-12-01 15:00:00+03:00", 12),
        ("2026-12-01T08:30:00.123456-03:30", 12),
        ("2026-12-01", 0),
    ],
)
async def test_an_instant_that_somebody_has_written_by_hand_is_read(
    own_sqlite_url: str, written: str, hour: int
) -> None:
    database = Database(own_sqlite_url)
    async with database.write() as session:
        session.add(Person(name="Bob", language="en", created_at=NOON))
        await session.flush()
        await session.execute(text("UPDATE person SET created_at = :at"), {"at": written})
    async with database.read() as session:
        ((_, at, _),) = await BY_NAME.rows(session, {"called": "Bob"})
    await database.close()
    assert at.tzinfo == UTC
    assert at.replace(microsecond=0) == NOON.replace(hour=hour)


async def test_nothing_and_something_are_written_as_the_library_writes(desk: Desk) -> None:
    await opens(desk)

    async def rename(tx: Tx, step: Any) -> list[tuple[Any, ...]]:
        given = {"called": ALICE.name, "new": ALICE.name, "step": step}
        await RENAME.rows(tx.session, given)
        found = select(PEOPLE.c.dialogue.is_(None), PEOPLE.c.dialogue)
        return [tuple(row) for row in await tx.session.execute(found)]

    assert await desk.run(rename, None) == [(True, None)]
    assert await desk.run(rename, {"ключ": [1, None]}) == [(False, {"ключ": [1, None]})]


async def test_what_the_session_has_to_write_is_written_first(desk: Desk) -> None:
    async def both(tx: Tx) -> list[tuple[Any, ...]]:
        tx.session.add(Person(name="Bob", language="en", created_at=tx.now))
        return await _rows(tx)

    assert len(await desk.run(both)) == 1


async def test_an_error_is_the_librarys_and_undoes_everything(desk: Desk) -> None:
    again = PreparedStatement(insert(PEOPLE))

    async def twice(tx: Tx) -> None:
        row = {"id": 5, "name": "Eve", "language": "en", "created_at": tx.now}
        row |= {"language_chosen": False}
        await again.change(tx.session, [row])
        await again.change(tx.session, [row])

    with pytest.raises(IntegrityError):
        await desk.run(twice)
    assert await desk.run(_count) == 0


async def _count(tx: Tx) -> int:
    return len((await tx.session.scalars(select(Person.id).where(Person.name == "Eve"))).all())


async def test_how_many_rows_were_changed(desk: Desk) -> None:
    async def note(tx: Tx) -> list[int]:
        row = {"name": "once", "value": {}, "at": tx.now}
        return [await NOTE.change(tx.session, row) for _ in range(2)]

    assert await desk.run(note) == [1, 0]


async def test_what_is_not_given_is_missed(desk: Desk) -> None:
    async def ask(tx: Tx) -> None:
        await BY_NAME.rows(tx.session, {"call": "Bob"})

    with pytest.raises(Exception, match="called"):
        await desk.run(ask)


@pytest.mark.parametrize(
    "statement",
    [
        select(PEOPLE.c.id).where(PEOPLE.c.id.in_(bindparam("ids", expanding=True))),
        insert(PEOPLE),  # whether the language was chosen is the column's own default
    ],
)
async def test_what_the_library_must_add_to_is_refused(database: Database, statement: Any) -> None:
    if not database.is_sqlite:
        pytest.skip("there the library runs it")
    async with database.write() as session:
        with pytest.raises(ValueError, match="prepared"):
            await _ask(session, PreparedStatement(statement))


async def _ask(session: AsyncSession, prepared: PreparedStatement) -> None:
    await prepared.rows(session, {"ids": [1], "name": "x"})
