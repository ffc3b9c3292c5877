"""`check` tries the database, the files and where updates are copied to."""

import pytest

from bot.commands.checks import storage
from bot.migrations import migrate, undo
from core import files
from core.db import Database
from tests.bot.check.practice import Practice
from tests.delivery.s3_server import S3Server


async def test_tables_of_an_earlier_release_are_wrong_until_they_are_brought_up_to_date(
    practice: Practice,
) -> None:
    database = Database(practice.environment()["DATABASE_URL"])
    await migrate(database)
    await undo(database, "0043")
    await database.close()
    (behind,) = await practice.faults()
    assert "tables are those of an earlier release" in behind.what
    assert "python -m bot migrate" in behind.remedy
    database = Database(practice.environment()["DATABASE_URL"])
    await migrate(database)
    await database.close()
    assert not await practice.faults()


async def test_a_database_that_cannot_be_opened(practice: Practice) -> None:
    (practice.folder / "file").write_text("no folder")
    said = await practice.fault(DATABASE_URL=f"sqlite+aiosqlite:///{practice.folder}/file/x.db")
    assert "look at DATABASE_URL: it cannot be opened" in said


async def test_a_folder_where_nothing_can_be_stored_is_named(practice: Practice) -> None:
    (practice.folder / "files").write_text("no folder")
    said = await practice.fault()
    assert f"files cannot be stored in file://{practice.folder}/files" in said
    assert "the desk's user must be able to write there" in said


async def test_where_updates_are_copied_to_is_looked_at(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = practice.folder / "elsewhere"
    said = await practice.fault(UPDATE_COPIES_DIR=str(folder))
    assert "updates cannot be copied" in said and f"make the folder {folder}" in said
    folder.mkdir()
    said = await practice.fault(UPDATE_COPIES_DIR=str(folder))
    assert "on the disk of the database" in said and "on another disk" in said
    monkeypatch.setattr(storage, "_disk_of", hash)
    found = await practice.examine(UPDATE_COPIES_DIR=str(folder))
    assert f"ok     updates are copied to {folder}" in map(str, found)


async def test_a_bucket_is_tried_and_nothing_stays_in_it(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with S3Server() as server:
        server.set_environment(monkeypatch)
        found = await practice.examine(FILES_URL="s3://desk/mails")
        assert "ok     files can be stored in s3://desk/mails" in map(str, found)
        assert server.objects == {} and "PUT" in server.asked
        monkeypatch.setattr(files, "ANSWER_WITHIN", 0.5)
        said = await practice.fault(FILES_URL="s3://other")
        assert "files cannot be stored in s3://other" in said and "AWS_ variables" in said
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert "look at FILES_URL" in await practice.fault(FILES_URL="s3://desk")
