"""What every folder of tests may ask for; each folder adds its own."""

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from bot.lazy_aiogram import defer_types

defer_types()  # as the command line does: to build all of aiogram's types takes many seconds

from tests.compiled import share_statements  # noqa: E402 they import aiogram
from tests.e2e.warm import WarmProcesses  # noqa: E402
from tests.harness import migrated, own_sqlite_url, texts  # noqa: E402
from tests.order import turns  # noqa: E402
from tests.postgres import Postgres, Unavailable, start  # noqa: E402

__all__ = ["migrated", "own_sqlite_url", "texts"]

share_statements()

# Several files run at a time, on machines with other work: what comes late has not failed. Only
# what fails waits that long.
os.environ.setdefault("SANDBOX_PATIENCE", "4")

# Thousands of commits wait for the disk otherwise; a killed process loses nothing in memory either.
# Not where memory is small: containers have 64 MB of it.
MEMORY = Path("/dev/shm")  # noqa: S108
if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30:
    os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)

# Properties are about what is right; how long an example takes, or is made, says more of the
# machine. The suite tries the same examples each time; `PROPERTIES=others` tries new ones.
SLOW = [HealthCheck.too_slow]
settings.register_profile("suite", deadline=None, suppress_health_check=SLOW, derandomize=True)
settings.register_profile("others", deadline=None, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("PROPERTIES", "suite"))

TESTS = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files in the order that keeps all workers busy, each in one piece."""
    files = {path: path.relative_to(TESTS) for path in {item.path for item in items}}
    turn = turns([files[item.path] for item in items])
    items.sort(key=lambda item: turn[files[item.path]])


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the collector need not look at it again.

    A tenth of the suite was its looking. What a test leaves in a cycle is found a little later, and
    pytest looks for it once more at the end.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


@pytest.fixture(scope="session")
async def forking() -> AsyncIterator[WarmProcesses]:
    """Bots of stages are forked from one warm process; one for the session."""
    from tests.e2e import stage

    async with stage.forking() as warm_processes:
        yield warm_processes


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL, one for the session. Synchronous: async fixtures may ask for it."""
    try:
        server = start()
    except Unavailable as why:
        if os.environ.get("REQUIRE_PG") == "1":
            pytest.fail(f"REQUIRE_PG=1, but: {why}")
        pytest.skip(f"no PostgreSQL: {why}")
    try:
        yield server
    finally:
        server.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Half characters that a test logs on purpose could not cross from a worker to its master."""
    report = yield
    report.sections = [
        (name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections
    ]
    return report
