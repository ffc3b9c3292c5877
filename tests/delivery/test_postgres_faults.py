"""A PostgreSQL that is stopped, killed, restarted, read-only or out of connections (R18, R19).

Whatever happens to the server, no update is to blame: none is quarantined, each has its effect
once, and those of one chat are handled in their order.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import asyncpg
import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from bot import update_queue
from core.company import Company
from core.db import (
    Database,
    DatabaseInUse,
    Fault,
    classify,
    is_transient,
    postgres,
    process_lock,
)
from core.desk import Desk
from core.inbox import Stored
from core.models import InboxRow, SystemState
from core.tx import Tx
from tests.delivery.update_queue_fixture import QueueHarness
from tests.harness import make_tables
from tests.ports import free_port
from tests.postgres import OwnPostgres, Unavailable, start_own

pytestmark = pytest.mark.postgres

CHATS, EACH = 6, 20
T = TypeVar("T")


@pytest.fixture(scope="module", params=["socket", "tcp"])
def server(request: pytest.FixtureRequest) -> Iterator[OwnPostgres]:
    """A server of this module's own, to be broken."""
    own = start_somewhere(tcp=request.param == "tcp")
    own.configure(synchronous_commit="on")  # a crash may lose nothing that was committed
    own.halt()
    own.start()
    yield own
    own.stop()


def start_somewhere(*, tcp: bool, tries: int = 5) -> OwnPostgres:
    """Somebody else may take a free port before the server does: then another one is tried."""
    for left in reversed(range(tries)):
        try:
            return start_own(free_port() if tcp else None)
        except Unavailable as why:
            if not (tcp and left):
                pytest.skip(f"no PostgreSQL to break: {why}")
    raise AssertionError("not reached")


@pytest.fixture
async def harness(
    server: OwnPostgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[QueueHarness]:
    monkeypatch.setattr(update_queue, "DATABASE_PAUSE", 0.05)
    monkeypatch.setattr(postgres, "CONNECT_TIMEOUT", 1.0)
    monkeypatch.setattr(postgres, "COMMAND_TIMEOUT", 1.0)
    monkeypatch.setattr(postgres, "AGREE_TIMEOUT", 1.0)
    monkeypatch.setattr(process_lock, "LOOK_EVERY", 0.2)
    monkeypatch.setattr(process_lock, "LEAD_FOR", 0.8)
    with server.database(make_tables) as url:
        database = Database(url)
        yield QueueHarness(Desk(database, Company()))
        await asyncio.wait_for(database.close(), 60)


async def restart(server: OwnPostgres) -> None:
    await asyncio.to_thread(server.halt)
    server.start()


async def crash(server: OwnPostgres) -> None:
    server.crash()
    server.start(wait=False)  # it says «starting up» to whoever comes too early


async def stay_away(server: OwnPostgres) -> None:
    await asyncio.to_thread(server.halt)
    await asyncio.sleep(0.6)
    server.start()


async def take_every_connection(server: OwnPostgres) -> None:
    taken = [await connect(server)]
    await cut_everybody_else(taken[0])
    with pytest.raises(asyncpg.TooManyConnectionsError):
        while True:
            taken.append(await connect(server))
    await cut_everybody_else(taken[0])
    await asyncio.sleep(0.6)
    for connection in taken:
        await connection.close()


async def become_read_only(server: OwnPostgres) -> None:
    admin = await connect(server)
    await admin.execute("ALTER SYSTEM SET default_transaction_read_only = on")
    await admin.execute("SELECT pg_reload_conf()")
    await cut_everybody_else(admin)
    await asyncio.sleep(0.6)
    await admin.execute("SET default_transaction_read_only = off")
    await admin.execute("ALTER SYSTEM RESET default_transaction_read_only")
    await admin.execute("SELECT pg_reload_conf()")
    await cut_everybody_else(admin)
    await admin.close()


async def hang(server: OwnPostgres) -> None:
    """It answers nothing for longer than anybody waits, and closes no connection."""
    server.freeze()
    await asyncio.sleep(1.6)
    server.thaw()


FAULTS = [hang, restart, crash, stay_away, take_every_connection, become_read_only]


Connection = Any  # asyncpg tells no types


async def connect(server: OwnPostgres) -> Connection:
    return await asyncpg.connect(server.url("postgres").replace("+asyncpg", ""))


async def cut_everybody_else(admin: Connection) -> None:
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND datname LIKE 'frontdoor%'"
    )


async def act(tx: Tx, stored: Stored) -> None:
    """One effect per update: a row whose second insertion would fail."""
    done = SystemState(name=f"done {stored.external_id}", value={}, at=tx.now)
    tx.session.add(done)
    await tx.session.flush()


@pytest.mark.parametrize("break_it", FAULTS)
async def test_no_update_is_blamed_and_none_is_lost_doubled_or_overtaken(
    harness: QueueHarness, server: OwnPostgres, break_it: Callable[[OwnPostgres], Awaitable[None]]
) -> None:
    seen: list[tuple[str, int]] = []
    failures: list[Exception] = []

    async def handle(stored: Stored) -> None:
        try:
            # however slowly the server is broken: there is something to handle when it is
            while len(seen) >= CHATS and not failures:
                await write(harness.desk.database)
                await asyncio.sleep(0.01)
            await harness.desk.run(act, stored)
        except Exception as error:
            failures.append(error)
            raise
        seen.append((stored.ordering_key, int(stored.external_id)))
        await asyncio.sleep(0.01)

    harness.handle = handle
    await harness.store(*((number % CHATS, number) for number in range(CHATS * EACH)))
    async with harness.open():
        async with asyncio.timeout(60):
            while len(seen) < CHATS:
                await asyncio.sleep(0.005)
        await break_it(server)
        async with asyncio.timeout(120):
            while await unfinished(harness):
                await asyncio.sleep(0.02)
    states = await answered(harness.states)
    assert set(states.values()) == {"done"} and len(states) == CHATS * EACH
    for chat in range(CHATS):
        mine = [number for key, number in seen if key == str(chat)]
        assert mine == sorted(mine)
    database_failures = [f for f in failures if type(f).__name__ != "AlreadyHandled"]
    assert database_failures, "the server was broken while updates were handled"
    assert all(is_transient(failure) for failure in database_failures)

    async def effects() -> Sequence[str]:
        async with harness.desk.database.read() as session:
            return (await session.scalars(select(SystemState.name))).all()

    assert len(await answered(effects)) == CHATS * EACH


async def answered(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer: a connection of before may still lie in the pool, closed."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await ask()
            except Exception as error:
                if not is_transient(error):
                    raise
            await asyncio.sleep(0.02)


async def unfinished(harness: QueueHarness) -> bool:
    try:
        async with harness.desk.database.read() as session:
            query = select(InboxRow.id).where(InboxRow.state == "new").limit(1)
            return bool((await session.scalars(query)).all())
    except Exception as error:
        if not is_transient(error):
            raise
        return True


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("SELECT * FROM nowhere", Fault.STATEMENT),
        ("SELECT 1/0", Fault.STATEMENT),
        ("SELECT pg_terminate_backend(pg_backend_pid())", Fault.STORE),
        ("INSERT INTO inbox SELECT * FROM inbox", Fault.DUPLICATE),
        ("LOCK TABLE inbox NOWAIT", Fault.STORE),
    ],
)
async def test_what_the_server_says_is_classified(
    harness: QueueHarness, server: OwnPostgres, statement: str, fault: Fault
) -> None:
    await harness.store((1, 1))
    desk_database = harness.desk.database

    async def ask() -> None:
        async with desk_database.write() as session:
            await (await session.connection()).exec_driver_sql(statement)

    async with desk_database.write() as holder:
        if "LOCK" in statement:
            await (await holder.connection()).exec_driver_sql("LOCK TABLE inbox")
        with pytest.raises(DBAPIError) as failed:
            await ask()
    assert classify(failed.value) is fault


async def write(database: Database) -> None:
    async with database.write() as session:
        await session.execute(select(1))


async def test_a_server_that_hangs_is_noticed_and_not_waited_for(
    harness: QueueHarness, server: OwnPostgres
) -> None:
    await write(harness.desk.database)
    server.freeze()
    try:
        for _ in range(2):  # with a connection that was open, and with a new one
            async with asyncio.timeout(30):
                with pytest.raises((DBAPIError, ConnectionError)) as failed:
                    await write(harness.desk.database)
            assert classify(failed.value) is Fault.STORE
    finally:
        server.thaw()
    await write(harness.desk.database)


async def test_who_has_lost_the_lock_writes_nothing_until_it_is_held_again(
    harness: QueueHarness, server: OwnPostgres
) -> None:
    """Another process may have taken it, and works now."""
    ours, regained = harness.desk.database, []

    async def note() -> None:
        regained.append(True)

    await ours.hold(note)
    theirs = Database(ours.url.render_as_string(hide_password=False))
    with pytest.raises(DatabaseInUse):
        await theirs.hold(nothing)
    admin = await connect(server)
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
    )
    await admin.close()
    await until_held(theirs)
    await until_cut(ours)
    with pytest.raises(ConnectionError) as failed:
        await write(ours)
    assert classify(failed.value) is Fault.STORE
    await write(theirs)
    await theirs.close()
    await write(ours)
    assert regained == [True]


async def nothing() -> None:
    """What is to be done when the lock is held again."""


async def until_cut(database: Database) -> None:
    """The server gives the lock to others a moment before it closes the connection."""
    store = database._store
    assert isinstance(store, postgres.PostgresDatabase)
    async with asyncio.timeout(30):
        while store.processes._is_open():
            await asyncio.sleep(0.01)


async def until_held(database: Database) -> None:
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(DatabaseInUse):
                return await database.hold(nothing)
            await asyncio.sleep(0.01)


async def test_a_lock_whose_connection_hangs_is_taken_for_lost(
    harness: QueueHarness, server: OwnPostgres
) -> None:
    regained = asyncio.Event()

    async def note() -> None:
        regained.set()

    await harness.desk.database.hold(note)
    server.freeze()
    try:
        await asyncio.sleep(1.6)
        with pytest.raises(ConnectionError):
            await write(harness.desk.database)
    finally:
        server.thaw()
    async with asyncio.timeout(60):
        while not regained.is_set():
            with contextlib.suppress(ConnectionError):
                await write(harness.desk.database)


async def test_a_password_that_changed_is_waited_for(server: OwnPostgres) -> None:
    """Whoever changed it will tell the desk; no update is to blame meanwhile."""
    with server.database() as url:
        wrong = Database(url.replace("tester@", "nobody_known@"))
        with pytest.raises(DBAPIError) as failed:
            async with wrong.write() as session:
                await (await session.connection()).exec_driver_sql("SELECT 1")
        await wrong.close()
    assert classify(failed.value) is Fault.REFUSED
    assert is_transient(failed.value)


def test_a_file_that_a_handler_misses_is_no_failure_of_the_store() -> None:
    assert classify(FileNotFoundError("a template")) is Fault.OTHER
    assert classify(sqlite3.OperationalError("not through the library")) is Fault.OTHER
