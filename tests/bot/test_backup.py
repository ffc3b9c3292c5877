"""A backup is whole, private, and made beside a running desk; or there is none at all."""

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.cli import parse_arguments
from bot.commands.database import BackupFailed, back_up, backup_command
from bot.settings import load_settings
from bot.update_copies import UpdateCopies
from core.db import Database
from core.desk import utc_now
from core.inbox import Raw
from sandbox.process import python, tied
from tests.clock import Clock
from tests.postgres import Postgres

NOW = datetime(2026, 11, 22, 3, 15, 7, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database as the desk keeps it: with a log beside it that is not in the file yet."""
    path = tmp_path / "desk.db"
    with closing(sqlite3.connect(path)) as desk:
        desk.execute("PRAGMA journal_mode=WAL")
        desk.execute("CREATE TABLE pair (side TEXT PRIMARY KEY, value INTEGER)")
        desk.execute("INSERT INTO pair VALUES ('left', 0), ('right', 0)")
        desk.commit()
    return path


def database(path: Path) -> Database:
    return Database(f"sqlite+aiosqlite:///{path}")


def values(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as copy:
        return [row[0] for row in copy.execute("SELECT value FROM pair ORDER BY side")]


@pytest.fixture
def busy_writer(file: Path) -> Iterator[None]:
    """Somebody who goes on writing both sides in one transaction."""
    stop, begun = threading.Event(), threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(file, timeout=10)) as desk:
            while not stop.is_set():
                desk.execute("UPDATE pair SET value = value + 1 WHERE side = 'left'")
                desk.execute("UPDATE pair SET value = value + 1 WHERE side = 'right'")
                desk.commit()
                begun.set()

    thread = threading.Thread(target=write)
    thread.start()
    assert begun.wait(30)
    yield
    stop.set()
    thread.join()


@pytest.mark.usefixtures("busy_writer")
def test_a_backup_beside_a_writing_desk_is_of_one_moment(file: Path, tmp_path: Path) -> None:
    for number in range(10):
        copy = back_up(database(file), tmp_path / f"{number}.copy", NOW)
        left, right = values(copy)
        assert left == right > 0


def test_what_is_only_in_the_log_yet_is_in_the_backup(file: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(file)) as desk:
        desk.execute("UPDATE pair SET value = 7")
        desk.commit()
        assert values(back_up(database(file), tmp_path / "copy", NOW)) == [7, 7]


def test_a_backup_is_one_file_that_only_its_owner_reads(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    copy = back_up(database(file), folder, NOW)
    assert copy.name == "frontdoor-20261122-031507.db"
    assert [path.name for path in folder.iterdir()] == [copy.name]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_backup_never_overwrites_anything(file: Path, tmp_path: Path) -> None:
    there = tmp_path / "old.db"
    there.write_text("the only good copy")
    with pytest.raises(BackupFailed, match="exists already"):
        back_up(database(file), there, NOW)
    assert there.read_text() == "the only good copy"


def test_a_desk_that_never_ran_has_nothing_to_back_up(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="nothing to copy"):
        back_up(database(tmp_path / "none.db"), tmp_path / "copy", NOW)
    assert not list(tmp_path.iterdir())


def test_a_damaged_database_makes_no_backup(file: Path, tmp_path: Path) -> None:
    with file.open("r+b") as pages:
        pages.seek(4096)
        pages.write(b"\xff" * 2048)
    with pytest.raises(BackupFailed):
        back_up(database(file), tmp_path / "copy", NOW)
    assert not (tmp_path / "copy").exists()
    assert not list(tmp_path.glob(".copy*"))


def test_the_command_tells_where_the_backup_is(file: Path, tmp_path: Path) -> None:
    def run(target: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            tied(python("-m", "bot", "backup", str(target))),
            env={"DATABASE_URL": f"sqlite+aiosqlite:///{file}", "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run(tmp_path / "copy.db")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'copy.db'}\n")
    again = run(tmp_path / "copy.db")
    assert again.returncode == 2
    assert "exists already" in again.stderr
    assert len(again.stderr.splitlines()) == 1


async def test_a_backup_has_copies_of_updates_forgotten_that_the_one_before_has(
    file: Path, tmp_path: Path
) -> None:
    clock = Clock()
    copies = UpdateCopies(tmp_path / "elsewhere", clock)
    copies.folder.mkdir()
    given = {
        "DATABASE_URL": f"sqlite+aiosqlite:///{file}",
        "UPDATE_COPIES_DIR": str(copies.folder),
    }
    await copies.add("telegram:1", [Raw("1", "5", "{}")])
    clock.now = utc_now()
    for number in (1, 2):
        options = parse_arguments(["backup", str(tmp_path / f"{number}.copy")])
        await copies.add("telegram:1", [Raw(f"{number}0", "5", "{}")])
        assert copies.read()[0].update.external_id == "1"
        assert await backup_command(load_settings(given), options) == 0
    assert [each.update.external_id for each in copies.read()] == ["10", "20"]
    aside = copies.folder.rename(tmp_path / "aside")
    options = parse_arguments(["backup", str(tmp_path / "3.copy")])
    assert await backup_command(load_settings(given), options) == 2
    assert (tmp_path / "3.copy").exists() and aside.exists()


@pytest.mark.postgres
async def test_a_postgres_backup_can_be_restored(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = getattr(postgres, "_binaries", None) or Path(shutil.which("pg_dump") or "-").parent
    if not (programs / "pg_restore").exists():
        pytest.skip("there is no pg_dump and pg_restore beside this PostgreSQL")
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    with postgres.database() as source, postgres.database() as target:
        await in_database(source, "CREATE TABLE pair AS SELECT 'left' AS side, 7 AS value")
        copy = back_up(Database(source), tmp_path / "copy", NOW)
        plain = target.replace("postgresql+asyncpg://", "postgresql://")
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={plain}", str(copy)], check=True)
        assert await in_database(target, "SELECT side, value FROM pair") == [("left", 7)]


async def in_database(url: str, sql: str) -> list[tuple[object, ...]]:
    there = Database(url)
    try:
        async with there.write() as session:
            result = await session.execute(text(sql))
            return [tuple(row) for row in result] if result.returns_rows else []  # type: ignore[attr-defined]
    finally:
        await there.close()


def test_without_pg_dump_the_words_say_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BackupFailed, match="PostgreSQL's client programs"):
        back_up(Database("postgresql+asyncpg://desk@localhost/desk"), tmp_path / "copy", NOW)


# ---------------------------------------------------------------- carried away


OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def carried(verb: str, **places: Path) -> list[str]:
    """The command of the handbook that locks a backup up, or opens it, with these places."""
    (line,) = re.findall(rf"(?m)^gpg .*{verb}.*$", OPERATIONS.read_text("utf-8"))
    named = {"KEY": places["key"], "BACKUP.gpg": places["locked"], "BACKUP": places["open"]}
    return [str(named.get(word, word)) for word in line.split("  #")[0].split()]


@pytest.mark.skipif(shutil.which("gpg") is None, reason="no gpg is installed")
def test_a_backup_is_locked_up_by_the_handbooks_command_and_only_its_key_opens_it(
    file: Path, tmp_path: Path
) -> None:
    """Also: one changed byte is noticed (S32)."""
    home = Path(tempfile.mkdtemp(prefix="gpg-"))  # short: it holds a socket
    key, other, backup = tmp_path / "key", tmp_path / "other", tmp_path / "copy.db"
    key.write_text("many words that nobody guesses")
    other.write_text("other words")
    back_up(database(file), backup, NOW)
    whole, locked, back = backup.read_bytes(), tmp_path / "copy.gpg", tmp_path / "back.db"

    def run(verb: str, key: Path, opened: Path) -> int:
        command = carried(verb, key=key, locked=locked, open=opened)
        environment = os.environ | {"GNUPGHOME": str(home)}
        return subprocess.run(command, env=environment, capture_output=True).returncode

    try:
        assert run("--symmetric", key, backup) == 0
        assert b"SQLite format" not in locked.read_bytes()
        assert run("--decrypt", other, back) != 0
        assert run("--decrypt", key, back) == 0
        assert back.read_bytes() == whole
        back.unlink()
        damaged = bytearray(locked.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        locked.write_bytes(damaged)
        assert run("--decrypt", key, back) != 0
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], capture_output=True)
        shutil.rmtree(home, ignore_errors=True)
