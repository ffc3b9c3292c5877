"""A desk that gets and sends mail over real connections."""

import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.db import Database
from tests.drawn_soon import draw_soon
from tests.handlers.mail.desk_by_mail import SUPPORT, Stage, stage_at
from tests.handlers.mail.imap_servers import INSTALLED, SERVERS, OtherServer
from tests.harness import fill
from tests.postgres import Postgres


@pytest.fixture(autouse=True)
def drawn_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nearly every test waits until all has left: mails, and the group's card, which is no mail."""
    draw_soon(monkeypatch)


@pytest.fixture
async def database(own_sqlite_url: str, request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    """SQLite, or PostgreSQL where a test says so."""
    with ExitStack() as stack:
        url = own_sqlite_url
        if getattr(request, "param", "sqlite") == "postgres":
            server: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database(fill))
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def other_database(migrated: Path, tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{shutil.copyfile(migrated, tmp_path / 'other.db')}")
    yield database
    await database.close()


@pytest.fixture(scope="session")
def started_server() -> Iterator[OtherServer]:
    """An IMAP server of somebody else's: Dovecot, or pymap where there is no Dovecot."""
    server = SERVERS[INSTALLED](SUPPORT)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def server(started_server: OtherServer) -> OtherServer:
    """The same with an empty mailbox."""
    started_server.empty()
    return started_server


@pytest.fixture
def mailbox(request: pytest.FixtureRequest) -> OtherServer | None:
    """Where the desk's mailbox is, if not on the sandbox's server."""
    other: OtherServer | None = (
        request.getfixturevalue("server") if getattr(request, "param", "") == "other" else None
    )
    return other


@pytest.fixture
async def stage(
    database: Database, tmp_path: Path, mailbox: OtherServer | None
) -> AsyncIterator[Stage]:
    async with stage_at(database, tmp_path / "files", server=mailbox) as stage:
        yield stage
