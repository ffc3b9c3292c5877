"""What the tests of several commands may ask for."""

import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def database(migrated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that commands work with; afterwards the log is as it was before them."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "desk.db"
    shutil.copyfile(migrated, path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{path}")
    yield path
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
