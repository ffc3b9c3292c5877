"""What SQLite's commits wait for: whoever writes is told when the disk has it, others write on."""

import asyncio
import os
import shutil
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from core.company import Company
from core.db import Database, StoreUnreachable, disk, is_transient, writer
from core.desk import Desk
from core.inbox import Raw, store
from core.models import SystemState
from core.outgoing import Written
from core.tx import Tx
from tests.slow_disk import SlowDisk


async def put(tx: Tx, name: str) -> str:
    await tx.session.execute(insert(SystemState), {"name": name, "value": {}, "at": tx.now})
    return name


async def note(tx: Tx, name: str) -> str:
    """What the next process would find out again."""
    tx.waits_for_disk = False
    return await put(tx, name)


@pytest.fixture
async def own(own_sqlite_url: str, company: Company) -> AsyncIterator[Desk]:
    database = Database(own_sqlite_url)
    yield Desk(database, company)
    await database.close()


async def names(desk: Desk) -> list[str]:
    async with desk.database.read() as session:
        return sorted(await session.scalars(select(SystemState.name)))


async def test_whoever_writes_is_told_when_the_disk_has_it(own: Desk, slow_disk: SlowDisk) -> None:
    slow_disk.hold()
    writes = asyncio.create_task(own.run(put, "one"))
    await slow_disk.asked.wait()
    assert await names(own) == ["one"], "it is committed"
    assert not writes.done()
    slow_disk.let_go()
    assert await writes == "one"


async def test_others_write_on_meanwhile_and_share_the_next_wait(
    own: Desk, slow_disk: SlowDisk
) -> None:
    slow_disk.hold()
    first = asyncio.create_task(own.run(put, "first"))
    await slow_disk.asked.wait()
    others = [asyncio.create_task(own.run(put, f"n{number}")) for number in range(20)]
    while len(await names(own)) < 21:
        await asyncio.sleep(0)
    assert not any(task.done() for task in (first, *others))
    slow_disk.let_go()
    await asyncio.gather(first, *others)
    assert slow_disk.times <= 3


async def test_while_several_ask_the_disk_is_asked_at_intervals(
    own: Desk, slow_disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_BETWEEN", 0.05)
    loop = asyncio.get_running_loop()
    slow_disk.hold()
    writes = [asyncio.create_task(own.run(put, "n0"))]
    await slow_disk.asked.wait()
    writes += [asyncio.create_task(own.run(put, f"n{number}")) for number in (1, 2)]
    while len(await names(own)) < 3:
        await asyncio.sleep(0)
    before = loop.time()
    slow_disk.let_go()
    await asyncio.gather(*writes)
    assert slow_disk.times == 2
    await own.run(put, "n3")
    assert slow_disk.times == 3
    assert loop.time() - before >= 0.05


async def test_who_writes_alone_waits_for_no_interval(
    own: Desk, slow_disk: SlowDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk, "_BETWEEN", 3600)
    for number in range(5):
        async with asyncio.timeout(60):
            await own.run(put, f"n{number}")
    assert slow_disk.times == 5


async def test_what_would_be_found_out_again_waits_for_no_disk(
    own: Desk, slow_disk: SlowDisk
) -> None:
    slow_disk.hold()
    assert await own.run(note, "noted") == "noted"
    assert slow_disk.times == 0
    waits = asyncio.create_task(own.run(put, "kept"))
    await slow_disk.asked.wait()
    assert await own.run(note, "noted meanwhile") == "noted meanwhile"
    assert not waits.done()
    slow_disk.let_go()
    await waits


async def test_who_asks_with_patience_waits_for_what_another_asks(
    own: Desk, slow_disk: SlowDisk
) -> None:
    await own.run(note, "noted")
    waits = asyncio.create_task(own.database.on_disk(patience=60))
    await own.run(put, "kept")
    await waits
    assert slow_disk.times == 1


async def test_who_asks_with_patience_asks_in_the_end(own: Desk, slow_disk: SlowDisk) -> None:
    await own.run(note, "noted")
    await own.database.on_disk(patience=0.001)
    assert slow_disk.times == 1
    await own.database.on_disk(patience=60)  # it is there


@pytest.fixture
def power_cuts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: Desk) -> list[Path]:
    """What the disk has at each moment at which it has just taken something."""
    really, seen = disk.write_out, list[Path]()
    store: Any = own.database._store

    def write_out(log: int) -> None:
        really(log)
        copy = tmp_path / f"{len(seen)}.db"
        shutil.copy(store.path, copy)
        shutil.copy(f"{store.path}-wal", f"{copy}-wal")
        seen.append(copy)

    monkeypatch.setattr(disk, "write_out", write_out)
    return seen


def names_after(cut: Path) -> list[str]:
    with closing(sqlite3.connect(cut)) as found:
        return [name for (name,) in found.execute("SELECT name FROM system_state ORDER BY name")]


async def test_what_was_told_survives_a_power_cut_with_all_before_it(
    own: Desk, power_cuts: list[Path]
) -> None:
    await own.run(put, "a")
    await own.run(note, "b")
    await own.run(put, "c")
    assert names_after(power_cuts[0]) == ["a"]
    assert names_after(power_cuts[-1]) == ["a", "b", "c"]


async def test_a_disk_that_fails_is_told_and_nothing_counts_until_all_is_copied(
    own: Desk, slow_disk: SlowDisk
) -> None:
    await own.run(put, "before")
    slow_disk.fails = True
    with pytest.raises(StoreUnreachable) as told:
        await own.run(put, "while it fails")
    assert is_transient(told.value)
    slow_disk.fails = False
    times = slow_disk.times
    with pytest.raises(StoreUnreachable):  # what it has forgotten comes before this
        await own.run(put, "after it")
    assert await own.run(put, "copied") == "copied"
    assert slow_disk.times > times
    assert await names(own) == ["after it", "before", "copied", "while it fails"]


async def test_the_log_does_not_grow_without_end(own: Desk) -> None:
    path = own.database.path
    assert path is not None
    log = Path(f"{path}-wal")

    async def write(count: int) -> int:
        for number in range(count):
            await own.run(note, f"{own.clock().timestamp()} {number}")
        return log.stat().st_size

    early = await write(1000)
    assert await write(4000) <= early * 1.5


async def test_much_is_committed_in_a_thread_and_is_there(own: Desk) -> None:
    async def put_much(tx: Tx) -> None:
        for number in range(1200):
            await put(tx, f"n{number:04}")

    few, _, more = await asyncio.gather(own.run(put, "a"), own.run(put_much), own.run(put, "z"))
    assert (few, more) == ("a", "z")
    assert len(await names(own)) == 1202


async def test_a_database_is_closed_after_what_was_noted(own_sqlite_url: str) -> None:
    database = Database(own_sqlite_url)
    own = Desk(database, Company())
    for number in range(450):  # the log is copied while it is closed
        await own.run(note, f"n{number}")
    await database.close()
    again = Database(own_sqlite_url)
    assert len(await names(Desk(again, Company()))) == 450
    await again.close()


async def test_who_is_refused_leaves_nothing_open_and_loses_nobody_elses(
    own: Desk, slow_disk: SlowDisk
) -> None:
    path = own.database.path
    assert path is not None

    async def refuse(tx: Tx) -> None:
        await put(tx, "refused")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await own.run(refuse)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # at once
        other.execute("ROLLBACK")
    kept, refused = await asyncio.gather(own.run(put, "a"), own.run(refuse), return_exceptions=True)
    assert kept == "a"
    assert isinstance(refused, ZeroDivisionError)
    assert await names(own) == ["a"]


async def test_a_refusal_after_the_transaction_was_to_end_ends_it(own: Desk) -> None:
    """It was to end while somebody wrote who waited for something, and then took theirs back."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def refuse(tx: Tx) -> None:
        begun.set()
        await go_on.wait()
        raise ZeroDivisionError

    await own.run(put, "before")  # who writes next has a moment for others
    kept, refused = asyncio.create_task(own.run(put, "a")), asyncio.create_task(own.run(refuse))
    await begun.wait()
    await asyncio.sleep(0.02)  # longer than the moment
    go_on.set()
    assert await kept == "a"
    with pytest.raises(ZeroDivisionError):
        await refused


async def test_who_finds_it_written_waits_for_the_disk_as_well(
    own: Desk, slow_disk: SlowDisk
) -> None:
    """An update comes again by webhook while the first is not on the disk: the answer to the second
    confirms it as well.
    """
    batch = [Raw("7", "chat", "{}")]
    slow_disk.hold()
    first = asyncio.create_task(own.run(store, "telegram:1", batch))
    await slow_disk.asked.wait()
    again = asyncio.create_task(own.run(store, "telegram:1", batch))
    await wait_for_turns(own)
    assert not again.done()
    slow_disk.let_go()
    await asyncio.gather(first, again)


async def test_who_finds_what_the_disk_refused_is_refused_as_well(
    own: Desk, slow_disk: SlowDisk
) -> None:
    batch = [Raw("7", "chat", "{}")]
    await own.run(put, "before")
    async with own.database.read():  # who reads what was before keeps the log from being copied
        slow_disk.fails = True
        with pytest.raises(StoreUnreachable):
            await own.run(store, "telegram:1", batch)
        with pytest.raises(StoreUnreachable):
            await own.run(store, "telegram:1", batch)


async def wait_for_turns(own: Desk) -> None:
    """Return when those who came before have had theirs, and were told what is told at once."""
    await own.run(note, "last")
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_change_of_what_is_kept_is_known_though_the_disk_refuses_it(
    own: Desk, slow_disk: SlowDisk
) -> None:
    """It is committed, and who looks sees it."""

    async def change(tx: Tx) -> None:
        await put(tx, "changed")
        tx.changes_cache = True

    await own.run(put, "before")
    kept = own.cache
    slow_disk.fails = True
    with pytest.raises(StoreUnreachable):
        await own.run(change)
    assert "changed" in await names(own)
    assert own.cache is not kept


async def test_closing_waits_until_the_disk_has_it_and_all_are_told(
    own_sqlite_url: str, slow_disk: SlowDisk
) -> None:
    database = Database(own_sqlite_url)
    own = Desk(database, Company())
    slow_disk.hold()
    first = asyncio.create_task(own.run(put, "first"))
    await slow_disk.asked.wait()
    second = asyncio.create_task(own.run(put, "second"))
    while len(await names(own)) < 2:
        await asyncio.sleep(0)
    closing = asyncio.create_task(database.close())
    for _ in range(20):
        await asyncio.sleep(0)
    slow_disk.let_go()
    async with asyncio.timeout(10):
        await closing
        assert [await first, await second] == ["first", "second"]


async def test_a_disk_that_fails_while_the_log_is_copied_has_failed(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system tells of what it has lost once only; who asks next would hear that all is well."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()

    def copy_log(*_: object, **__: object) -> bool:
        loop.call_soon_threadsafe(told.set)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    monkeypatch.setattr(writer, "_copy_log", copy_log)
    async with asyncio.timeout(10):
        for number in range(400):
            await own.run(note, f"n{number}")
        await told.wait()
        with pytest.raises(StoreUnreachable):
            await own.run(put, "after it")
    monkeypatch.undo()


class Departing:
    """What was claimed along, and what the disk had been asked when it left."""

    def __init__(self) -> None:
        self.left = False

    async def claim_along(self, _tx: Tx) -> "Departing":
        return self

    def note(self, written: Written) -> None:
        del written

    def leave(self) -> None:
        self.left = True

    def stay(self) -> None:
        raise AssertionError


async def test_what_is_claimed_along_by_who_would_not_wait_leaves_when_the_disk_has_it(
    own: Desk, slow_disk: SlowDisk
) -> None:
    """A round of the courier that only writes down a refusal tells operators of it."""

    async def note_and_tell(tx: Tx) -> None:
        await note(tx, "noted")
        tx.written.append(("telegram:-1", tx.now))

    departing = own.departures = Departing()
    slow_disk.hold()
    writes = asyncio.create_task(own.run(note_and_tell))
    asked = asyncio.create_task(slow_disk.asked.wait())
    await asyncio.wait([writes, asked], return_when=asyncio.FIRST_COMPLETED)
    assert not departing.left
    slow_disk.let_go()
    await asyncio.gather(writes, asked)
    assert departing.left


async def test_a_system_that_gives_no_thread_leaves_nobody_waiting(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its limit of threads is reached, say."""

    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    await own.run(put, "before")
    store: Any = own.database._store
    store._disk.close_log()  # with it goes the thread that there is
    monkeypatch.setattr(threading.Thread, "start", refuse)
    async with asyncio.timeout(10):
        both = await asyncio.gather(own.run(put, "a"), own.run(put, "b"), return_exceptions=True)
    assert [type(each) for each in both] == [StoreUnreachable, StoreUnreachable]
    monkeypatch.undo()
    async with asyncio.timeout(10):
        while not await is_kept(own):
            await asyncio.sleep(0)


async def test_the_log_of_a_new_connection_is_waited_for(
    own: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the last connection SQLite has deleted the log before; what is kept open is another."""
    really, seen = disk.write_out, list[bool]()
    store: Any = own.database._store

    def write_out(log: int) -> None:
        really(log)
        seen.append(os.path.samestat(os.fstat(log), Path(f"{store.path}-wal").stat()))

    monkeypatch.setattr(disk, "write_out", write_out)
    await own.run(put, "before")
    store._writer._close()  # as where nothing could be taken back
    while store._readers:
        store._readers.pop().close_connection()
    assert not Path(f"{store.path}-wal").exists()
    await own.run(put, "after")
    assert seen == [True, True]


async def test_the_thread_of_the_disk_goes_with_the_database(own: Desk) -> None:
    await own.run(put, "kept")
    store: Any = own.database._store
    thread = store._disk._thread
    assert thread.is_alive()
    await own.database.close()
    thread.join(timeout=60)
    assert not thread.is_alive()


async def is_kept(own: Desk) -> bool:
    """Whether the disk takes something again, as it does once the log was copied."""
    try:
        await own.run(put, f"again {own.clock()}")
    except StoreUnreachable:
        return False
    return True
