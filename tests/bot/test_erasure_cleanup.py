"""Files of those who were erased are deleted soon, and the database is rewritten at night (S31)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import erasure_cleanup
from bot.erasure_cleanup import ErasureCleanup
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import find_remains
from core.db import Database
from core.desk import Desk
from core.files import FileStore, store_at
from tests.actions.store import Store
from tests.bot.test_person import ANNA, CANARY, FILE, desk_on, lives
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
