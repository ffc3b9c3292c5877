"""A mailbox on a server that is not ours, with its own reading of the RFC: Dovecot where it is
installed, otherwise pymap.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import func, select

from core.db import Database
from core.models import InboxRow, Ticket
from handlers.mail.fetch import MailFetcher
from tests.handlers.mail.desk_by_mail import Stage, stage_at
from tests.handlers.mail.imap_servers import Dovecot, OtherServer

SECOND: Final = b"From: anna@x.test\r\nMessage-ID: <late@x.test>\r\nSubject: Two\r\n\r\nwords\r\n"
OpenStage = Callable[..., Any]
LONG: Final = 1500.0  # seconds; a call is not waited for longer than 29 minutes


@pytest.fixture
def open_stage(database: Database, tmp_path: Path, server: OtherServer) -> OpenStage:
    @asynccontextmanager
    async def opened(folders: str = "") -> AsyncIterator[Stage]:
        files = tmp_path / "files"
        async with stage_at(database, files, server=server, folders=folders) as stage:
            yield stage

    return opened


async def titles(stage: Stage, count: int) -> list[str]:
    """The titles of all tickets, once there are so many and no mail waits."""
    return sorted(ticket.title for ticket in await stage.tickets(count))


@pytest.mark.parametrize("folders", ["", "?done=Done"])
async def test_mails_on_a_server_of_others_are_tickets_and_flagged_or_moved(
    open_stage: OpenStage, server: OtherServer, folders: str
) -> None:
    async with open_stage(folders) as stage:
        for number in range(3):
            stage.write(subject=f"The gate {number}")
        assert await titles(stage, 3) == [f"The gate {number}" for number in range(3)]
        folder, left = ("Done", 0) if folders else ("INBOX", 3)
        await stage.until(lambda: len(server.found(folder, "SEEN")) == 3)
        assert len(server.found("INBOX", "ALL")) == left


async def test_it_calls_and_is_heard_though_nobody_looks(open_stage: OpenStage) -> None:
    async with open_stage() as stage:
        stage.fetcher.look_every = LONG
        for number in range(2):
            stage.write(subject=f"{number}")
            await stage.tickets(number + 1)


async def test_a_mail_that_comes_during_a_look_waits_for_no_other_look(
    open_stage: OpenStage, server: OtherServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, second = MailFetcher._flag, iter([SECOND])

    def flag(self: MailFetcher, uid: int) -> None:
        for mail in second:
            server.deliver(mail)
        usual(self, uid)

    monkeypatch.setattr(MailFetcher, "_flag", flag)
    async with open_stage() as stage:
        stage.fetcher.look_every = LONG
        stage.write(subject="One")
        await stage.until(lambda: _handled(stage, 2))


async def test_a_mail_that_a_colleague_there_has_read_is_a_ticket(
    open_stage: OpenStage, server: OtherServer
) -> None:
    async with open_stage() as stage:
        stage.write(subject="One")
        await stage.tickets(1)
        await stage.stop()
        stage.write(subject="Two")
        server.mark("\\Seen")
        await stage.start()
        await stage.until(lambda: _handled(stage, 2))
        assert await titles(stage, 2) == ["One", "Two"]


async def _handled(stage: Stage, count: int) -> bool:
    done = select(func.count(InboxRow.id)).where(InboxRow.state == "done")
    return await stage.rows(done) == [count]


async def test_moving_ours_deletes_nothing_that_a_colleague_has_marked_for_deletion(
    open_stage: OpenStage, server: OtherServer
) -> None:
    """A server may say that it can move only after the login; without, all marked would go."""
    server.deliver(b"Subject: a colleague's\r\n\r\nx\r\n")
    server.mark("\\Deleted")
    server.mark("\\Seen")
    async with open_stage("?done=Done") as stage:
        stage.write()
        await stage.until(lambda: len(server.found("Done", "ALL")) == 1)
        assert len(server.found("INBOX", "DELETED")) == 1


@pytest.mark.parametrize(
    ("name", "wire"), [("Архив", "&BBAEQARFBDgEMg-"), ("Support/Done", "Support%sDone")]
)
async def test_a_folder_is_named_as_people_write_it(
    open_stage: OpenStage, server: OtherServer, name: str, wire: str
) -> None:
    """Servers disagree which sign stands between a folder and the one inside it."""
    async with open_stage(f"?done={name}") as stage:
        stage.write()
        folder = wire.replace("%s", server.delimiter)
        await stage.until(lambda: len(server.found(folder, "ALL")) == 1)
        await stage.tickets(1)


async def test_a_server_killed_in_the_middle_loses_and_doubles_nothing(
    open_stage: OpenStage, server: OtherServer
) -> None:
    if not server.keeps_mail:
        pytest.skip("this server keeps its mails in memory")
    async with open_stage("?done=Done") as stage:
        for number in range(30):
            stage.write(subject=f"{number}", sender=f"p{number}@x.test")
            if number % 10 == 5:
                await stage.until(lambda: stage.rows(select(InboxRow.id).limit(1)))
                server.kill()
                server.start()
        await stage.until(lambda: len(server.found("Done", "ALL")) == 30, seconds=120)
        assert await titles(stage, 30) == sorted(map(str, range(30)))
        assert not server.found("INBOX", "ALL")


async def test_a_server_starts_where_a_process_of_the_killed_one_is_dying_still(
    server: OtherServer,
) -> None:
    if not isinstance(server, Dovecot):
        pytest.skip("this server has one process")
    server.kill()
    path, log = server.folder / "run/login/stats-writer", server.folder / "log"
    path.unlink()
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(str(path))
        dying.listen()
        starting = asyncio.create_task(asyncio.to_thread(server.start))
        async with asyncio.timeout(60):
            while "already running" not in log.read_text():
                await asyncio.sleep(0.01)
    await starting
    assert server.look(lambda box: box.noop())[0] == "OK"


async def test_a_mailbox_made_anew_is_read_from_its_beginning(
    open_stage: OpenStage, server: OtherServer
) -> None:
    """All its numbers begin again, and what is there already is recognised."""
    async with open_stage() as stage:
        first = stage.write(subject="0")
        for number in range(1, 4):
            stage.write(subject=f"{number}")
        await stage.tickets(4)
        await stage.stop()
        server.renumber()
        server.deliver(first.raw)
        stage.write(subject="4")
        await stage.start()
        assert await titles(stage, 5) == ["0", "1", "2", "3", "4"]
        await stage.stop()
        stage.write(subject="A colleague has read it")
        server.mark("\\Seen")
        await stage.start()
        await stage.until(lambda: _handled(stage, 6))
        assert (await stage.rows(select(func.count(Ticket.id)))) == [6]


async def test_a_mail_of_25_mb_comes_whole(open_stage: OpenStage, server: OtherServer) -> None:
    raw = b"From: anna@x.test\r\nSubject: Large\r\n\r\n" + b"The gate is shut.\r\n" * 1_300_000
    async with open_stage() as stage:
        await stage.queue.stop()
        stage.write(raw=raw)
        await stage.until(lambda: not server.found("INBOX", "UNSEEN"))
        (kept,) = [one for one in stage.folder.rglob("*") if one.is_file()]
        assert kept.read_bytes() == raw
