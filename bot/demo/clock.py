"""``python -m bot.demo.clock run``: the desk as ever, but on a clock that can be moved, and with
pages that the sandbox's own page may show inside.

The sandbox starts the bot so, to show reminders and overdue alerts without waiting for days.
How many seconds the clock is ahead stands in a file. ``python -m bot`` knows nothing of it.
"""

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from bot import cli
from bot.http_server import Hosting
from core.desk import utc_now

# The environment variable with the file's path; the sandbox sets it.
VARIABLE: Final = "SANDBOX_CLOCK_FILE"
# The same for the file that says where the desk's pages are.
ADDRESS: Final = "SANDBOX_ADDRESS_FILE"


class DemoClock:
    """The machine's clock, ahead by as many seconds as the file says; without a file by none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, int] | None = None
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        """Return the time of this clock."""
        return utc_now() + self._read()

    def _read(self) -> timedelta:
        """Return how far ahead it is; the file is read again only when it has been replaced."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return timedelta()
        version = (found.st_ino, found.st_mtime_ns)
        if version != self._version:
            self._ahead = timedelta(seconds=float(self._path.read_text(encoding="ascii")))
            self._version = version
        return self._ahead


def set_ahead(path: Path, seconds: float) -> None:
    """Put the clock that reads this file ``seconds`` ahead. A reader never sees half of it."""
    _replace(path, repr(seconds))


def _replace(path: Path, words: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(words, encoding="ascii")
    fresh.replace(path)


def sandbox_hosting(address_file: Path, api_url: str) -> Hosting:
    """Return the place of a desk whose Bot API server is the sandbox's, with its page."""
    port = urlsplit(api_url).port
    frames = tuple(f"http://{name}:{port}" for name in ("127.0.0.1", "localhost"))
    return Hosting(lambda address: _replace(address_file, str(address[1])), frames)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command by the clock, and beside the page, that the environment names."""
    here = sandbox_hosting(Path(os.environ[ADDRESS]), os.environ["TELEGRAM_API_URL"])
    return cli.main(arguments, clock=DemoClock(Path(os.environ[VARIABLE])), hosting=here)


if __name__ == "__main__":
    sys.exit(main())
