"""Mails that cannot be read: they hold up nothing, and admins can make tickets of them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core import inbox
from core.db import Database
from core.models import InboxRow
from core.source_marks import store_and_mark
from core.tx import Tx
from handlers.mail import fetch
from handlers.mail.parser_process import ParserProcess, UnreadableMail
from sandbox.process import python, tied
from tests.handlers.mail.desk_by_mail import SUPPORT, Stage, stage_at

HOSTILE = "tests.handlers.mail.hostile_parser"


@pytest.fixture
def parser() -> Iterator[ParserProcess]:
    parser = ParserProcess(timeout=3, module=HOSTILE)
    yield parser
    parser.close()


@pytest.mark.parametrize(
    ("words", "said"), [("hang", "it takes more than 3 s"), ("die", "it ends the process")]
)
def test_a_mail_that_hangs_or_kills_its_parser_is_refused_and_the_next_one_is_read(
    parser: ParserProcess, words: str, said: str
) -> None:
    with pytest.raises(UnreadableMail, match=said):
        parser.parse(f"From: a@x.test\r\n\r\n{words}".encode())
    assert parser.parse(b"From: a@x.test\r\n\r\nwords").words.new == "words"


def test_a_mail_may_take_ten_seconds_and_no_more() -> None:
    assert ParserProcess().timeout == 10


def test_a_mail_of_many_megabytes_is_handed_over_whole(parser: ParserProcess) -> None:
    found = parser.parse(
        b"From: a@x.test\r\nContent-Type: application/pdf\r\n\r\n" + b"x" * 9_000_000
    )
    (file,) = found.attachments
    assert len(file.data) == 9_000_000


ALONE = """
import sys
from handlers.mail.parser_process import ParserProcess
parser = ParserProcess()
parser.parse(b"From: a@x.test\\r\\n\\r\\nx")
print(parser._process.pid, flush=True)
sys.stdin.read()
"""


def test_the_process_ends_with_a_desk_that_is_killed() -> None:
    desk = subprocess.Popen(
        tied(python("-c", ALONE)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert desk.stdout is not None
    pid = int(desk.stdout.readline())
    assert _is_there(pid)
    desk.kill()
    desk.communicate()  # returns once nobody holds the pipe any more: the parser had it, too
    while _is_there(pid):
        pass


def _is_there(pid: int) -> bool:
    try:
        return b" Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except FileNotFoundError:
        return False


async def test_an_unreadable_mail_waits_for_an_admin_who_makes_a_ticket_of_it(
    database: Database, tmp_path: Path, parser: ParserProcess
) -> None:
    async with stage_at(database, tmp_path / "files", parser=parser) as stage:
        raw = stage.write("die").raw
        stage.write("The gate.", sender="boris@x.test")
        await stage.tickets(1)
        await _again_as_ticket(stage)
        _, ticket = await stage.tickets(2)
        words, file = await stage.messages(ticket.id)
        assert words.content["remark"] == {"key": "unread"}
        assert words.text == "anna <anna@x.test>"
        kept = file.content["file"]["name"]
        assert (tmp_path / "files" / kept[:2] / kept).read_bytes() == raw
        await stage.answer(ticket.id, "We read it.")
        assert (await stage.mail(1))["To"] == "anna@x.test"


async def test_an_unreadable_mail_of_nobody_becomes_a_ticket_all_the_same(stage: Stage) -> None:
    stage.write(raw=b"Subject: no sender\r\n\r\nwords\r\n")
    await stage.quiet()
    await _again_as_ticket(stage)
    (ticket,) = await stage.tickets(1)
    assert len(await stage.messages(ticket.id)) == 2


async def test_what_is_handled_and_what_is_unreadable_go_to_their_folders(
    database: Database, tmp_path: Path, parser: ParserProcess
) -> None:
    folders = "?done=Archive&failed=Unreadable"
    async with stage_at(database, tmp_path / "files", parser=parser, folders=folders) as stage:
        stage.write("die")
        stage.write("The gate.", sender="boris@x.test")
        await stage.until(lambda: _in(stage, "INBOX") == 0)
        assert (_in(stage, "Archive"), _in(stage, "Unreadable")) == (1, 1)
        await stage.tickets(1)


@pytest.mark.parametrize(("able", "left"), [("IMAP4rev1", 2), ("IMAP4rev1 UIDPLUS", 1)])
async def test_a_server_that_cannot_move_deletes_nothing_of_others(
    database: Database, tmp_path: Path, able: str, left: int
) -> None:
    """Without UIDPLUS, ours stays too, marked: to delete it alone is not to be had there."""
    async with stage_at(database, tmp_path / "files", folders="?done=Archive") as stage:
        await stage.stop()
        stage.sandbox_imap.capabilities = able
        stage.write("a colleague's", sender="boris@x.test").flags |= {"\\Seen", "\\Deleted"}
        await stage.forget_visits()
        ours = stage.write()
        await stage.start()
        await stage.until(lambda: "\\Deleted" in ours.flags or _in(stage, "INBOX") < 2)
        await stage.until(lambda: _in(stage, "INBOX") == left)
        assert _in(stage, "Archive") == 1


@pytest.mark.parametrize("stops", [False, True])
async def test_a_mail_that_was_copied_and_could_not_be_deleted_is_not_copied_again(
    database: Database, tmp_path: Path, *, stops: bool
) -> None:
    async with stage_at(database, tmp_path / "files", folders="?done=Archive") as stage:
        await stage.until(lambda: "Archive" in stage.office.open(SUPPORT).folders)
        await stage.stop()
        stage.sandbox_imap.capabilities = "IMAP4rev1 UIDPLUS"
        stage.sandbox_imap.no_deleting = 1_000 if stops else 3
        stage.write()
        await stage.start()
        await stage.until(lambda: _in(stage, "Archive") > 0)
        if stops:
            await stage.until(lambda: stage.sandbox_imap.no_deleting < 1_000)
            await stage.stop()
            stage.sandbox_imap.no_deleting = 0
            await stage.start()
        await stage.until(lambda: _in(stage, "INBOX") == 0)
        assert _in(stage, "Archive") == 1


async def test_what_was_stored_before_a_stop_is_moved_after_it(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", folders="?done=Archive") as stage:
        await _without_handling(stage)
        stage.write()
        await stage.until(
            lambda: stage.rows(select(InboxRow).where(InboxRow.state == "new").limit(1))
        )
        assert (_in(stage, "INBOX"), _in(stage, "Archive")) == (1, 0)
        await stage.stop()
        await stage.start()
        await stage.until(lambda: _in(stage, "Archive") == 1)
        assert _in(stage, "INBOX") == 0
        await stage.tickets(1)


async def test_what_could_not_be_stored_is_not_moved(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk lets the desk read all the same: a mail moved unstored would be lost."""
    usual, full = store_and_mark, True

    async def store(tx: Tx, *what: Any) -> None:
        if full:
            raise RuntimeError("full")
        await usual(tx, *what)

    monkeypatch.setattr(fetch, "store_and_mark", store)
    async with stage_at(database, tmp_path / "files", folders="?done=Archive") as stage:
        stage.write()
        fetcher = stage.fetcher
        assert fetcher is not None
        await stage.until(fetcher.is_silent)
        looked = fetcher.last_look
        await stage.until(lambda: fetcher.last_look > looked)
        assert (_in(stage, "INBOX"), _in(stage, "Archive")) == (1, 0)
        full = False
        await stage.until(lambda: _in(stage, "Archive") == 1)
        await stage.tickets(1)


async def test_a_folder_that_cannot_be_made_keeps_no_mail_back(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", folders="?done=Archive") as stage:
        await stage.stop()
        stage.office.open(SUPPORT).folders.pop("Archive", None)
        stage.sandbox_imap.no_new_folders = True
        stage.write()
        await stage.start()
        await stage.tickets(1)
        assert "Archive" not in stage.office.open(SUPPORT).folders


async def _without_handling(stage: Stage) -> None:
    """Mail is fetched; nobody handles it."""
    assert stage.queue is not None
    await stage.queue.stop()


def _in(stage: Stage, folder: str) -> int:
    return len(stage.office.open(SUPPORT).folders[folder].letters)


async def _again_as_ticket(stage: Stage) -> None:
    (one,) = await stage.desk.read(inbox.list_quarantined)
    assert one.is_file
    await stage.desk.run(inbox.replay, [one.id], unread=True)
    assert stage.queue is not None
    stage.queue.news.set()
