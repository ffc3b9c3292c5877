"""`python -m bot restore` with copies of updates: what was said since the backup waits (R21)."""

import shutil
from pathlib import Path

import orjson
import pytest

from bot import update_copies
from bot.cli import parse_arguments
from bot.commands import FINE, WRONG
from bot.commands.restore import command
from bot.settings import Settings, load_settings
from bot.update_copies import UpdateCopies
from core import inbox
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.inbox import Raw

SOURCE = "telegram:1"


def said(number: int, words: str = "words", chat: str = "private") -> Raw:
    message = {"chat": {"id": 5, "type": chat}, "text": words}
    return Raw(str(number), "5", orjson.dumps({"message": message}).decode())


@pytest.fixture
async def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UpdateCopies:
    """The first is in the backup already; the desk that had all of them is lost."""
    monkeypatch.setattr(update_copies, "PATIENCE", 60.0)  # however slow the machine is
    made = UpdateCopies(tmp_path / "elsewhere")
    made.folder.mkdir()
    await made.add(SOURCE, [said(1), said(2), said(3, "/start"), said(4, chat="supergroup")])
    await made.add(SOURCE, [said(2), said(5, "more")])
    return made


async def backed_up(url: str, to: Path, *had: Raw) -> Path:
    """A backup of a desk that had these updates."""
    database = Database(url)
    await Desk(database, Company()).run(inbox.store, SOURCE, had)
    await database.close()
    assert database.path is not None
    return Path(shutil.move(database.path, to))


@pytest.fixture
async def backup(own_sqlite_url: str, tmp_path: Path) -> Path:
    return await backed_up(own_sqlite_url, tmp_path / "backup.db", said(1))


def settings(url: str, **more: str) -> Settings:
    return load_settings({"DATABASE_URL": url, **more})


async def waiting(url: str) -> list[str]:
    database = Database(url)
    found = await Desk(database, Company()).read(inbox.list_unfinished, 0, 100)
    await database.close()
    return [each.external_id for each in found]


async def test_what_was_said_since_the_backup_waits_and_how_much_it_is_is_told(
    own_sqlite_url: str, backup: Path, copies: UpdateCopies, capsys: pytest.CaptureFixture[str]
) -> None:
    given = settings(own_sqlite_url, UPDATE_COPIES_DIR=str(copies.folder))
    for _ in range(2):  # the same once more: nothing is doubled
        assert await command(given, parse_arguments(["restore", str(backup)])) == FINE
        told = capsys.readouterr().out
        assert "since the backup, to be handled again: 2;" in told
        assert "left out: 2 (" in told
        assert await waiting(own_sqlite_url) == ["1", "2", "5"]


async def test_what_the_backup_has_is_not_counted_as_left_out(
    own_sqlite_url: str, tmp_path: Path, copies: UpdateCopies, capsys: pytest.CaptureFixture[str]
) -> None:
    had = (said(1), said(2), said(3, "/start"))
    backup = await backed_up(own_sqlite_url, tmp_path / "backup.db", *had)
    given = settings(own_sqlite_url, UPDATE_COPIES_DIR=str(copies.folder))
    assert await command(given, parse_arguments(["restore", str(backup)])) == FINE
    told = capsys.readouterr().out
    assert "since the backup, to be handled again: 1;" in told
    assert "left out: 1 (" in told


async def test_copies_of_elsewhere_are_named(
    own_sqlite_url: str, backup: Path, copies: UpdateCopies
) -> None:
    options = parse_arguments(["restore", str(backup), "--updates", str(copies.folder)])
    assert await command(settings(own_sqlite_url), options) == FINE
    assert await waiting(own_sqlite_url) == ["1", "2", "5"]


async def test_where_the_copies_cannot_be_read_nothing_is_restored(
    own_sqlite_url: str, backup: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse_arguments(["restore", str(backup), "--updates", str(tmp_path / "gone")])
    assert await command(settings(own_sqlite_url), options) == WRONG
    assert "gone" in capsys.readouterr().err
    assert not (tmp_path / "desk.db").exists()


async def test_without_copies_nothing_is_said_of_them(
    own_sqlite_url: str, backup: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = parse_arguments(["restore", str(backup)])
    assert await command(settings(own_sqlite_url), options) == FINE
    assert "other updates" not in capsys.readouterr().out
    assert await waiting(own_sqlite_url) == ["1"]
