"""Bots that start in no time: a process that has imported everything forks them.

Every fork is ``python -m bot run``, or another command of it, but for the seconds in which Python
reads modules, a new database gets its tables, and statements are compiled: a process of its own,
with its own environment, log, loop, connections and file descriptors, that can be killed like any
other. Run as a module, this is the process that forks.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import json
import os
import select
import signal
import sqlite3
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Any, Final, NoReturn

from bot.lazy_aiogram import defer_types

defer_types()  # as the command line does

import pytest  # noqa: E402

from core.texts import Texts  # noqa: E402
from sandbox import BotProcess, World  # noqa: E402
from sandbox.process import Spawned, end_with_parent, python, tied  # noqa: E402

ROOT: Final = Path(__file__).resolve().parent.parent.parent
SQLITE: Final = "sqlite+aiosqlite:///"

# A variable: a fork with it draws cards a moment after a change (tests/drawn_soon.py).
DRAWS_SOON: Final = "TEST_DRAWS_SOON"
# A variable: a fork with it looks as often as that, in seconds, for files that are to be deleted.
CLEANS_EVERY: Final = "TEST_CLEANS_EVERY"

# What every bot calls when it starts, and whenever somebody writes: each fork would build their
# types anew.
CALLS: Final = (
    "AnswerCallbackQuery",
    "EditMessageText",
    "GetChatAdministrators",
    "GetChatMember",
    "GetMe",
    "SendMessage",
    "SetChatMenuButton",
    "SetMyCommands",
    "SetMyDescription",
    "SetMyShortDescription",
)
# pydantic forgets a generic class that nobody holds.
_ANSWERS: Final[list[type]] = []


class WarmProcesses:
    """Forks bots on demand; one at a time, for each of those who asked at once."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._forked: asyncio.Queue[int] = asyncio.Queue()
        self._ends: dict[int, asyncio.Future[int]] = {}
        self._asking = asyncio.Lock()
        self._listener = asyncio.create_task(self._listen())

    async def fork(
        self, environment: Mapping[str, str], log: IO[bytes], *, folder: Path, paced: bool
    ) -> Fork:
        """A new bot. It works in the folder, writes to the log's file, and keeps the pace if it is
        told to.
        """
        return await self._fork(environment, log.name, log.name, ["run"], folder, paced=paced)

    async def run(self, environment: Mapping[str, str], *arguments: str) -> tuple[int, str, str]:
        """A command, to its end: its exit code, what it printed, and what it complained of."""
        with NamedTemporaryFile() as out, NamedTemporaryFile() as errors:
            fork = await self._fork(environment, out.name, errors.name, arguments, ROOT, paced=True)
            code = await fork.wait()
            return code, out.read().decode(), errors.read().decode()

    async def _fork(
        self,
        environment: Mapping[str, str],
        out: str,
        errors: str,
        arguments: Sequence[str],
        folder: Path,
        *,
        paced: bool,
    ) -> Fork:
        order = {
            "environment": dict(environment),
            "folder": f"{folder}",
            "out": out,
            "errors": errors,
            "arguments": arguments,
            "paced": paced,
        }
        async with self._asking:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            pid = await self._forked.get()
        return Fork(pid, self._ends[pid])

    async def _listen(self) -> None:
        """A line tells of a fork (``+ pid``) or of its end (``- pid code``)."""
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            sign, pid, *code = line.split()
            if sign == b"+":
                self._ends[int(pid)] = asyncio.get_running_loop().create_future()
                self._forked.put_nowait(int(pid))
            else:
                self._ends.pop(int(pid)).set_result(int(code[0]))

    async def close(self) -> None:
        """Ends all forks that still run."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        await self._listener


class Fork:
    """One process of the bot, as `asyncio.subprocess.Process` would show it."""

    def __init__(self, pid: int, end: asyncio.Future[int]) -> None:
        self.pid = pid
        self._end = end

    @property
    def returncode(self) -> int | None:
        return self._end.result() if self._end.done() else None

    async def wait(self) -> int:
        return await asyncio.shield(self._end)


class WarmBot(BotProcess):
    """The bot of a stage, its processes forked from a warm one. ``how``: as for any other bot."""

    def __init__(
        self,
        warm_processes: WarmProcesses,
        world: World,
        env: Mapping[str, str],
        log: Path,
        **how: Any,
    ) -> None:
        super().__init__(["a warm bot"], env, world=world, log=log, ready_timeout=60, **how)
        self._warm_processes = warm_processes

    async def _spawn(self, environment: dict[str, str], log: IO[bytes]) -> Spawned:
        folder, paced = Path(self.cwd or ROOT), self.world.limits.enabled
        return await self._warm_processes.fork(environment, log, folder=folder, paced=paced)


@asynccontextmanager
async def warm_processes(**environment: str) -> AsyncIterator[WarmProcesses]:
    """A process that has imported the whole bot; ``environment``: for what a fork gets too late, as
    what the loader reads.
    """
    process = await asyncio.create_subprocess_exec(
        *tied(python("-m", "tests.e2e.warm")),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    made = WarmProcesses(process)
    try:
        yield made
    finally:
        await made.close()


def main() -> None:
    """Fork a bot for each line that is read; tell of forks and ends. All end with this."""
    gc.disable()
    _import_the_desk()
    database, texts = _first_database(), _all_texts()
    _lead_a_conversation(database, texts["ru"])
    gc.collect()
    gc.freeze()
    orders, ends = sys.stdin.fileno(), _ends_of_children()
    running: set[int] = set()
    rest = b""
    while True:
        ready, _, _ = select.select([orders, ends], [], [])
        if ends in ready:
            os.read(ends, 4096)
            _collect(running)
        if orders in ready:
            read = os.read(orders, 1 << 16)
            if not read:
                break
            *whole, rest = (rest + read).split(b"\n")
            for order in whole:
                pid = os.fork()
                if not pid:
                    _end(_become_bot(database, texts, **json.loads(order)))
                with suppress(OSError):  # whoever is quicker: the fork does it, too
                    os.setpgid(pid, pid)
                running.add(pid)
                _tell(f"+ {pid}")
    for pid in running:
        os.kill(pid, signal.SIGKILL)


def _import_the_desk() -> None:
    """What a start imports, and the types that every bot builds at its first update."""
    from aiogram import methods
    from aiogram.methods.base import Response

    # a command is imported when it is called: too late here
    from bot import app  # noqa: F401
    from bot.commands import directory, import_table, key, run  # noqa: F401
    from bot.late_imports import LATE
    from channels.telegram.messages.incoming_updates import KINDS
    from core.reports import charts

    charts.PATIENCE = 300.0  # type: ignore[misc]  # a process draws, and others are at work as well

    for late in LATE:
        import_module(late)
    for kind in KINDS.values():
        kind().model_rebuild()
    answers: Any = Response
    for name in CALLS:
        method = getattr(methods, name)
        answer = answers[method.__returning__]
        for built in (method, answer):
            built.model_rebuild()
        _ANSWERS.append(answer)


def _first_database() -> bytes:
    """A SQLite database as the migrations leave it: they cost a second, a copy nothing."""
    from bot.migrations import migrate
    from core.db import Database

    async def make(file: Path) -> None:
        database = Database(f"{SQLITE}{file}")
        await migrate(database)
        await database.close()

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        asyncio.run(make(file))
        # a story that passes a Monday would see one message more than on other days
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("UPDATE report SET active = FALSE")
        return file.read_bytes()


def _lead_a_conversation(database: bytes, texts: Texts) -> None:
    """What statements and types are compiled for it, every fork has: half of what a fork's own
    first conversation would cost.
    """
    from tests.compiled import share_statements
    from tests.handlers.operators.group import operator_group

    async def lead(file: Path) -> None:
        async with operator_group(f"{SQLITE}{file}", texts) as group:
            for words in ("/start", "Нет картинки"):
                await group.anna.say(words)
                await group.settle()
            card = await group.card(await group.ticket())
            await group.presses(group.olga, card, "Взять")
            await group.says(group.olga, "Перезагрузите", card)
            await group.deliver()
            await group.says(group.olga, "/resolve", card)
            await group.deliver()

    share_statements()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "desk.db"
        file.write_bytes(database)
        asyncio.run(lead(file))
    for thread in threading.enumerate():  # those of the database; a fork has none of them
        if thread is not threading.main_thread():
            thread.join()


def _all_texts() -> dict[str, Texts]:
    """The catalogues by the default language: to parse them is a quarter of a start."""
    from bot.app import LOCALES

    return {language: Texts.load(LOCALES, language) for language in ("ru", "en")}


def _ends_of_children() -> int:
    """A descriptor that becomes readable when a child ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


def _collect(running: set[int]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        running.discard(pid)
        _tell(f"- {pid} {os.waitstatus_to_exitcode(status)}")


def _tell(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def _become_bot(
    database: bytes,
    texts: Mapping[str, Texts],
    environment: dict[str, str],
    folder: str,
    out: str,
    errors: str,
    arguments: Sequence[str],
    *,
    paced: bool,
) -> int:
    """Run a command as a process of its own; returns its exit code."""
    from bot import app, cli, erasure_cleanup
    from bot.demo import clock
    from tests.drawn_soon import draw_soon
    from tests.impatient import hasten
    from tests.unhurried import Unhurried

    _inherit_as_if_executed(environment, folder, out, errors)
    if "TEST_IMPATIENT" in environment:
        hasten()
    if DRAWS_SOON in environment:
        draw_soon(pytest.MonkeyPatch())
    if CLEANS_EVERY in environment:
        erasure_cleanup.LOOK_EVERY = float(environment[CLEANS_EVERY])  # type: ignore[misc]
    language = environment.get("DEFAULT_LANGUAGE") or "ru"
    app.build = partial(app.build, texts=texts.get(language))
    if not paced:
        app.build = partial(app.build, pacer=Unhurried())
    file = Path(environment["DATABASE_URL"].removeprefix(SQLITE))
    is_new = environment["DATABASE_URL"].startswith(SQLITE) and not file.exists()
    if is_new and arguments == ["run"]:
        file.write_bytes(database)
    if clock.ADDRESS in environment:
        return clock.main(arguments)
    return cli.main(arguments)


def _end(code: int) -> NoReturn:
    """End as an interpreter does, but take nothing apart: what a fork has of the warm process would
    be copied for that, page by page, which costs as much as its start.
    """
    threading._shutdown()  # type: ignore[attr-defined]  # waits for threads that are to end first
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


def _inherit_as_if_executed(
    environment: dict[str, str], folder: str, out: str, errors: str
) -> None:
    """What a process has that is executed rather than forked."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setpgid(0, 0)
    end_with_parent()
    nothing, written, complained = (
        os.open(os.devnull, os.O_RDONLY),
        os.open(out, os.O_WRONLY | os.O_APPEND),
        os.open(errors, os.O_WRONLY | os.O_APPEND),
    )
    for given, own in ((nothing, 0), (written, 1), (complained, 2)):
        os.dup2(given, own)
    os.closerange(3, 256)
    os.umask(0o077)  # as bot/__main__.py does
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)


if __name__ == "__main__":
    main()
