"""Files of those who were erased are deleted soon, and the database is rewritten at night (S31)."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import String, cast, func, select, update

from bot import erasure_cleanup
from bot.erasure_cleanup import ErasureCleanup, clear_all_traces
from core import inbox
from core.contacts import erasure_remains
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import clear_traces, find_remains, has_traces
from core.db import Database
from core.delivery import outbox
from core.delivery.pacing import Priority
from core.desk import Desk
from core.files import FileStore, store_at
from core.inbox import Raw
from core.models import InboxRow, OutboxRow
from core.tx import ReadTx, Tx
from tests.actions.store import Store
from tests.bot.test_person import ANNA, BORIS, CANARY, FILE, desk_on, lives
from tests.clock import Clock


@dataclass
class Erased:
    """A customer with a file was erased; what is left to do is left."""

    desk: Desk
    files: FileStore
    folder: Path
    name: str


@pytest.fixture
async def erased(own_sqlite_url: str, tmp_path: Path) -> AsyncIterator[Erased]:
    folder = tmp_path / "files"
    desk, files = desk_on(own_sqlite_url), store_at(f"file://{folder}")
    name = await files.put(FILE)
    await lives(desk, Store(desk.database), ANNA, CANARY, name)
    await desk.run(erase_own, ANNA.address)
    yield Erased(desk, files, folder, name)
    await desk.database.close()


async def test_files_go_at_once_and_the_rest_of_the_words_in_the_quiet_hours(
    erased: Erased,
) -> None:
    desk, path = erased.desk, erased.desk.database.path
    assert path is not None
    cleanup = ErasureCleanup(desk, erased.files)
    desk.clock = Clock(datetime(2026, 11, 30, 11, 0, tzinfo=UTC))
    await cleanup.clean()
    assert not [one for one in erased.folder.rglob("*") if one.is_file()]
    assert await desk.read(find_remains) is not None
    desk.clock = Clock(datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    await cleanup.clean()
    for one in path.parent.glob(f"{path.name}*"):
        assert CANARY.encode() not in one.read_bytes(), one
    assert await desk.read(find_remains) is None


async def test_a_file_that_came_again_meanwhile_is_kept(erased: Erased) -> None:
    store = Store(erased.desk.database)
    await lives(erased.desk, store, ANNA, "swallow", await erased.files.put(FILE))
    await ErasureCleanup(erased.desk, erased.files).clean()
    assert await erased.files.read(erased.name) == FILE


async def test_many_files_are_looked_for_a_few_at_a_time_and_each_once(
    erased: Erased, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is looked for in everything that was ever said."""
    monkeypatch.setattr(erasure_remains, "AT_ONCE", 2)
    looked_for, really = list[list[str]](), erasure_remains.unused

    async def unused(tx: ReadTx, names: Iterable[str]) -> tuple[str, ...]:
        looked_for.append([*names])
        return await really(tx, looked_for[-1])

    monkeypatch.setattr(erasure_remains, "unused", unused)
    names = [await erased.files.put(f"file {number}".encode()) for number in range(5)]
    await lives(erased.desk, Store(erased.desk.database), BORIS, "sparrow", names[0])
    await erased.desk.run(erasure_remains.note_unused, names)
    cleanup = ErasureCleanup(erased.desk, erased.files)
    for _ in range(2):
        await cleanup.clean()
    assert sorted(name for few in looked_for for name in few) == sorted([*names, erased.name])
    assert max(map(len, looked_for)) == 2
    kept = [one.read_bytes() for one in erased.folder.rglob("*") if one.is_file()]
    assert kept == [b"file 0"], "somebody's message has it"


async def test_a_file_that_cannot_be_deleted_has_the_database_rewritten_once(
    erased: Erased, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten: list[Database] = []

    async def rewrite(database: Database) -> None:
        rewritten.append(database)

    async def away(_store: FileStore, _name: str) -> None:
        raise OSError("the store is away")

    monkeypatch.setattr(erasure_cleanup, "rewrite", rewrite)
    monkeypatch.setattr(type(erased.files), "delete", away)
    cleanup = ErasureCleanup(erased.desk, erased.files)
    erased.desk.clock = Clock(datetime(2026, 12, 1, 0, 30, tzinfo=UTC))
    for _ in range(3):
        await cleanup.clean()
    assert len(rewritten) == 1
    monkeypatch.undo()
    await cleanup.clean()
    assert await erased.desk.read(find_remains) is None


async def test_an_erase_leaves_rows_of_others_alone_which_are_forgotten_in_slices(
    own_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A customer can cause it: everybody would wait for a transaction that changes all rows."""
    monkeypatch.setattr(erasure_remains, "SLICE", 4)
    desk = desk_on(own_sqlite_url)
    await lives(desk, Store(desk.database), ANNA, CANARY)
    await desk.run(_name_them, 10)
    counts = [await desk.read(_naming)]
    assert counts[0] >= 20
    await desk.run(erase_own, ANNA.address)
    counts.append(await desk.read(_naming))
    assert counts[1] >= 20
    await desk.run(_name_them, 1)  # what comes later is no trace of before
    while await desk.read(has_traces):
        await desk.run(clear_traces)
        counts.append(await desk.read(_naming) - 2)
        assert counts[-1] >= counts[-2] - 4
    assert counts[-1] == 0
    await desk.database.close()


async def test_who_is_erased_while_traces_are_cleared_has_theirs_cleared_after_that(
    own_sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasure_remains, "SLICE", 4)
    desk = desk_on(own_sqlite_url)
    store = Store(desk.database)
    await lives(desk, store, BORIS, "sparrow")
    await lives(desk, store, ANNA, CANARY)
    await desk.run(erase_own, BORIS.address)
    await desk.run(clear_traces)
    await desk.run(_name_them, 10)
    await desk.run(erase_own, ANNA.address)
    await clear_all_traces(desk)
    assert await desk.read(_naming) == 0
    await desk.database.close()


def test_what_is_to_be_deleted_is_looked_for_every_minute() -> None:
    """Stories have it looked for sooner (``e2e/warm.py``)."""
    assert erasure_cleanup.LOOK_EVERY <= 60


async def _name_them(tx: Tx, rows: int) -> None:
    """What others wrote and were told names the customer."""
    said = [Raw(f"{tx.now.timestamp()}{n}", "-1", f"said {CANARY}") for n in range(rows)]
    await inbox.store(tx, "telegram:1", said)
    await tx.change(update(InboxRow).values(state="done"))
    for _ in range(rows):
        post = outbox.row(
            tx, BORIS.address, "text", Priority.DIGEST, ordering_key="x", facts={"name": CANARY}
        )
        await outbox.write(tx, [post])
    await tx.change(update(OutboxRow).values(state="sent"))


async def _naming(tx: ReadTx) -> int:
    """How many rows of what came in and went out name them."""
    came = select(func.count()).where(InboxRow.raw.contains(CANARY))
    left = select(func.count()).where(cast(OutboxRow.facts, String).contains(CANARY))
    return int(await tx.first(came) or 0) + int(await tx.first(left) or 0)
