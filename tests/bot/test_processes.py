"""What tests start ends with them, even after kill -9: processes, and the throw-away PostgreSQL."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from sandbox.process import python, tied
from tests.postgres import OwnPostgres, Postgres

ROOT = Path(__file__).parents[2]

HOLD = """
from bot.lazy_aiogram import defer_types
defer_types()  # as the command line does: all of aiogram's take many seconds
import time
from tests.postgres import start
server = start()
print(server._folder, flush=True)
time.sleep(600)
"""

# Both ways in which stories start the bot: as a process of its own, and forked from a warm one.
STORY = """
from bot.lazy_aiogram import defer_types
defer_types()
import asyncio
from tests.e2e.stage import staged
from tests.e2e.warm import warm_processes

async def test_for_ever(tmp_path):
    folders = [tmp_path / name for name in ("cold", "warm")]
    for folder in folders:
        folder.mkdir()
    async with staged(folders[0]) as one, staged(folders[1]) as other, warm_processes() as lives:
        async with one.process(), other.warm_process(lives):
            print("everything runs", flush=True)
            await asyncio.sleep(600)
"""

only_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells a child of its parent's end"
)


@pytest.mark.postgres
async def test_databases_are_made_apart(postgres: Postgres) -> None:
    with postgres.database() as one, postgres.database() as other:
        assert one != other
        connection = await asyncpg.connect(one.replace("+asyncpg", ""))
        try:
            assert await connection.fetchval("SELECT lower('ПОДЪЕЗД')") == "подъезд"
        finally:
            await connection.close()


@pytest.mark.postgres
@only_linux
def test_the_server_ends_with_whoever_started_it(postgres: Postgres) -> None:
    if not isinstance(postgres, OwnPostgres):
        pytest.skip("the server is somebody else's")
    folder = killed("-c", HOLD, until="frontdoor-pg-", processes=5)
    subprocess.run(["rm", "-rf", folder], check=True)


@only_linux
def test_a_run_of_pytest_that_is_killed_leaves_no_process_behind(tmp_path: Path) -> None:
    story = tmp_path / "test_story.py"
    story.write_text(STORY)
    options = ("-s", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml"))
    folder = f"--basetemp={tmp_path / 'made'}"
    # two bots, and the warm process
    killed("-m", "pytest", *options, folder, str(story), until="everything runs", processes=3)


def killed(*command: str, until: str, processes: int) -> str:
    """Start a program, wait for a line of its output, kill it, and wait until all that it has
    started is gone: at least so many processes. Returns the line.
    """
    with subprocess.Popen(
        tied(python(*command)), cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout
        line = next((line for line in program.stdout if until in line), "")
        assert line, "it has ended too early"
        started = dict(_watched(_descendants(program.pid)))
        program.send_signal(signal.SIGKILL)
    assert len(started) >= processes
    for pid, ended in started.items():
        assert select.select([ended], [], [], 60)[0], f"left behind: {_command(pid)}"
        os.close(ended)
    return line.strip()


def _watched(pids: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Each with what tells of its end; those that have ended by themselves are left out."""
    for pid in pids:
        with suppress(ProcessLookupError):
            yield pid, os.pidfd_open(pid)


def _descendants(pid: int) -> Iterator[int]:
    children = ""
    with suppress(OSError):  # it has ended meanwhile
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    for child in children.split():
        yield int(child)
        yield from _descendants(int(child))


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
