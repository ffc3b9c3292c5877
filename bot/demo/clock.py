"""A clock that can be moved: how many seconds it is ahead stands in a file."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from core.desk import utc_now

# The environment's name for the file; the sandbox sets it.
VARIABLE: Final = "SANDBOX_CLOCK_FILE"


class DemoClock:
    """The machine's clock and as much more as the file says; a file that is not there says 0."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """What time it is there."""
        return utc_now() + self._read()

    def _read(self) -> timedelta:
        """Reading again costs a look at the folder unless the file has been replaced."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return timedelta()
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            self._ahead = timedelta(seconds=float(self._path.read_text(encoding="ascii")))
            self._version = version
        return self._ahead


def shift(path: Path, seconds: float) -> None:
    """Put the clock that reads this file ``seconds`` ahead. A reader never sees half of it."""
    fresh = path.with_suffix(".new")
    fresh.write_text(repr(seconds), encoding="ascii")
    fresh.replace(path)
