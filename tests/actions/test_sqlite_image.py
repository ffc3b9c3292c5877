"""What tests of actions stand on: each begins with the file as it was."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.actions.sqlite_image import SQLiteImage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "desk.db"
    with closing(sqlite3.connect(path)) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.executescript(
            """
            CREATE TABLE word (id INTEGER PRIMARY KEY AUTOINCREMENT, said TEXT);
            INSERT INTO word (said) VALUES ('first');
            CREATE TRIGGER word_stays BEFORE DELETE ON word
            BEGIN SELECT RAISE(ABORT, 'it stays'); END;
            """
        )
    return path


@pytest.fixture
def image(path: Path) -> Iterator[SQLiteImage]:
    image = SQLiteImage(path)
    yield image
    image.close()


@pytest.fixture
def desk(path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody who has the file open all the time, as a desk has."""
    with closing(sqlite3.connect(path, isolation_level=None)) as desk:
        yield desk


def said(desk: sqlite3.Connection) -> list[tuple[int, str]]:
    return desk.execute("SELECT id, said FROM word ORDER BY id").fetchall()


def test_what_was_written_meanwhile_is_gone_and_numbers_begin_anew(
    image: SQLiteImage, desk: sqlite3.Connection
) -> None:
    for _ in range(3):
        desk.execute("INSERT INTO word (said) VALUES ('second')")
        desk.execute("UPDATE word SET said = 'other' WHERE id = 1")
        assert said(desk) == [(1, "other"), (2, "second")]
        image.put_back()
        assert said(desk) == [(1, "first")]
        with pytest.raises(sqlite3.IntegrityError, match="it stays"):
            desk.execute("DELETE FROM word")


def test_a_table_that_was_changed_is_as_it_was_for_whoever_has_it_open(
    image: SQLiteImage, desk: sqlite3.Connection
) -> None:
    for _ in range(2):
        desk.execute("ALTER TABLE word ADD COLUMN loud BOOLEAN")
        desk.execute("CREATE TABLE other (id INTEGER)")
        desk.execute("INSERT INTO other VALUES (1)")
        image.put_back()
        assert [row[1] for row in desk.execute("PRAGMA table_info(word)")] == ["id", "said"]
        with pytest.raises(sqlite3.OperationalError, match="no such table"):
            desk.execute("SELECT * FROM other")
        assert said(desk) == [(1, "first")]


def test_statements_need_not_be_prepared_anew(image: SQLiteImage, desk: sqlite3.Connection) -> None:
    before = desk.execute("PRAGMA schema_version").fetchall()
    desk.execute("INSERT INTO word (said) VALUES ('second')")
    image.put_back()
    assert desk.execute("PRAGMA schema_version").fetchall() == before


def test_who_still_writes_is_an_error_and_not_waited_for(
    image: SQLiteImage, desk: sqlite3.Connection
) -> None:
    image._file.execute("PRAGMA busy_timeout=0")
    desk.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        image.put_back()
    desk.execute("ROLLBACK")
    image.put_back()
