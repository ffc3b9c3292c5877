"""A SQLite file as it was, put back in a moment."""

import sqlite3
from pathlib import Path


class SQLiteImage:
    """The pages of the file at ``path`` as they are now, beside it in memory.

    To write them back is quicker than to delete what a test has left: no row is looked at, and no
    protection of the journal need be lifted.
    """

    def __init__(self, path: Path) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._image = sqlite3.connect(":memory:")
        self._file.backup(self._image)
        self._schema = self._version()

    def put_back(self) -> None:
        """The file is as it was, for whoever has it open, too. Nobody may write meanwhile.

        Raises sqlite3.OperationalError where somebody still does.
        """
        self._file.execute("BEGIN IMMEDIATE")  # to copy would wait for ever for whoever writes
        self._file.execute("ROLLBACK")
        version = self._version()
        self._image.backup(self._file)
        if version == self._schema:
            # no table has changed: statements that others have prepared stay good
            self._file.execute(f"PRAGMA schema_version = {version}")
        self._schema = self._version()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
        self._image.close()

    def _version(self) -> int:
        ((version,),) = self._file.execute("PRAGMA schema_version")
        return int(version)
