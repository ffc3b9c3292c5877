"""The throw-away PostgreSQL keeps its promises: copies of a template, and no orphan left."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import asyncpg
import pytest

from tests.postgres import OwnPostgres, Postgres

pytestmark = pytest.mark.postgres
ROOT = Path(__file__).parents[2]

HOLD = """
import time
from tests.postgres import start
server = start()
print(server._process.pid, server._folder, flush=True)
time.sleep(600)
"""


async def test_databases_are_made_apart(postgres: Postgres) -> None:
    with postgres.database() as one, postgres.database() as other:
        assert one != other
        connection = await asyncpg.connect(one.replace("+asyncpg", ""))
        try:
            assert await connection.fetchval("SELECT lower('ПОДЪЕЗД')") == "подъезд"
        finally:
            await connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_it_dies_with_whoever_started_it(postgres: Postgres) -> None:
    if not isinstance(postgres, OwnPostgres):
        pytest.skip("the server is somebody else's")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout
        pid, folder = holder.stdout.readline().split()
        holder.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 20
    while _alive(int(pid)) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not _alive(int(pid)), f"an orphan was left in {folder}"
    subprocess.run(["rm", "-rf", folder], check=True)


def _alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return ") Z " not in status  # dead, though nobody has collected it yet
