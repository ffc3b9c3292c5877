"""The desk without pacing and jobs, recording which own functions are entered: for `tools.walk`.

``WALK_FOLDER`` holds the switch, one byte: 0, or the number of the message for which functions are
recorded. It gets the record: a line for each function, once for each message.
"""

from __future__ import annotations

import asyncio
import mmap
import os
import sys
import threading
from functools import partial
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("bot", "handlers", "core", "channels", "scheduler")
OWN = tuple(f"{ROOT / name}{os.sep}" for name in PACKAGES)
FOLDER = "WALK_FOLDER"
SWITCH, SEEN = "switch", "seen"
OFF = 0


class Recorder:
    """Writes down each own function that is entered while the switch is on."""

    def __init__(self, folder: Path) -> None:
        with (folder / SWITCH).open("r+b") as file:
            self._switch = mmap.mmap(file.fileno(), 1)
        self._file = os.open(folder / SEEN, os.O_CREAT | os.O_APPEND | os.O_WRONLY)
        self._seen: set[CodeType] = set()
        self._message = OFF

    def watch(self) -> None:
        """Begin, in this thread and in those that start later."""
        threading.setprofile(self._entered)
        sys.setprofile(self._entered)

    def _entered(self, frame: FrameType, event: str, _: object) -> None:
        message = self._switch[0]
        if event != "call" or message == OFF:
            return
        if message != self._message:
            self._message = message
            self._seen.clear()
        code = frame.f_code
        if code in self._seen or not code.co_filename.startswith(OWN):
            return
        self._seen.add(code)
        if code.co_name == "<lambda>" or not code.co_name.startswith("<"):
            os.write(self._file, _line(code))


async def _rest(_clock: object) -> None:
    await asyncio.Event().wait()


def _line(code: CodeType) -> bytes:
    file = Path(code.co_filename).relative_to(ROOT).as_posix()
    return f"{file}\t{code.co_qualname}\t{code.co_firstlineno}\n".encode()


if __name__ == "__main__":
    from bot.lazy_aiogram import defer_types

    defer_types()  # as the command line does

    from bot import app, cli
    from bot.background import BotProfile, CacheRefresh, ChatHealthWatch
    from scheduler.runner import Runner
    from tests.unhurried import Unhurried

    # The clocks stand still: on a busy machine they would tick during every message.
    for clock in (BotProfile, CacheRefresh, ChatHealthWatch):
        clock.run = _rest  # type: ignore[method-assign,assignment]
    Runner.start = lambda self: None  # type: ignore[method-assign]
    app.build = partial(app.build, pacer=Unhurried())
    Recorder(Path(os.environ[FOLDER])).watch()
    sys.exit(cli.main(["run"]))
