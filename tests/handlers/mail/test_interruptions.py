"""Connections are cut and processes killed in the middle: nothing is lost, nothing comes twice."""

import signal
import subprocess
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from core.files import FolderStore
from core.models import InboxRow, OutboxRow
from core.tx import Tx
from handlers.mail import fetch
from sandbox.process import python, tied
from tests.handlers.mail.desk_by_mail import ANNA, SUPPORT, Stage, plain

# commands at which the server cuts the connection
CUTS = ["LOGIN", "SELECT", "STATUS", "UID SEARCH", "UID FETCH", "UID STORE", "IDLE"]


@pytest.fixture(autouse=True)
def tried_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mailbox that could not be looked into is tried again in moments, not in seconds."""
    monkeypatch.setattr(fetch, "MAX_PAUSE", 0.2)


@pytest.mark.parametrize("command", CUTS)
async def test_a_connection_cut_anywhere_loses_and_doubles_nothing(
    stage: Stage, command: str
) -> None:
    stage.write("One", subject="One")
    await stage.tickets(1)
    stage.sandbox_imap.drop_before = command
    stage.sandbox_imap.cut()
    stage.write("Two", subject="Two")
    stage.write("Three", subject="Three")
    tickets = await stage.tickets(3)
    assert [ticket.title for ticket in tickets] == ["One", "Two", "Three"]


async def test_a_mail_that_cannot_be_flagged_is_one_ticket(stage: Stage) -> None:
    stage.sandbox_imap.read_only = True
    stage.write()
    await stage.until(
        lambda: stage.rows(select(InboxRow.id).where(InboxRow.state == "done").limit(1))
    )
    await stage.stop()
    await stage.start()
    stage.sandbox_imap.read_only = False
    await stage.tickets(1)
    assert len(await stage.rows(select(InboxRow.id))) == 1


async def test_a_mail_that_a_colleague_has_read_first_is_a_ticket(stage: Stage) -> None:
    stage.write("One", subject="One")
    await stage.tickets(1)
    await stage.stop()
    stage.write("Two", subject="Two").flags.add("\\Seen")
    await stage.start()
    await stage.until(lambda: _titles(stage, ["One", "Two"]))


async def _titles(stage: Stage, wanted: list[str]) -> bool:
    done = select(func.count(InboxRow.id)).where(InboxRow.state == "done")
    return await stage.rows(done) == [len(wanted)]


async def test_mail_that_was_read_before_the_first_visit_is_left_alone(stage: Stage) -> None:
    await stage.stop()
    await stage.forget_visits()
    old = stage.office.open(SUPPORT).inbox
    stage.write("Old", subject="Old").flags.add("\\Seen")
    stage.write("New", subject="New")
    await stage.start()
    (ticket,) = await stage.tickets(1)
    assert (ticket.title, len(old.letters)) == ("New", 2)


async def test_the_same_mail_in_two_copies_is_one_ticket(stage: Stage) -> None:
    raw = stage.write().raw
    stage.write(raw=b"Received: by another.test\r\n" + raw)
    await stage.tickets(1)
    await stage.quiet()
    assert len(await stage.rows(select(InboxRow.id).where(InboxRow.source.like("mail:%")))) == 1


async def test_mails_of_a_program_that_gives_all_one_id_are_all_there(stage: Stage) -> None:
    for number in range(3):
        stage.write(f"Alarm {number}", subject=f"Alarm {number}", Message_ID="<always@x.test>")
    await stage.tickets(3)


async def test_mails_of_one_id_that_differ_in_a_subject_or_a_file_only_are_all_there(
    stage: Stage,
) -> None:
    for subject, picture in [("Gate", b"1"), ("Door", b"1"), ("Door", b"2"), ("Door", b"2")]:
        letter = EmailMessage()
        letter["From"], letter["Subject"], letter["Message-ID"] = ANNA, subject, "<always@x.test>"
        letter.set_content("Alarm")
        letter.add_attachment(picture, maintype="image", subtype="png", filename="alarm.png")
        stage.write(raw=letter.as_bytes())
    await stage.tickets(3)


async def test_an_answer_accepted_but_not_settled_goes_again_under_the_same_id(
    stage: Stage,
) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "Press twice.")
    first = await stage.mail(2)
    await stage.stop()
    await _unsettle(stage)
    await stage.start()
    await stage.until(lambda: len(stage.mails()) == 3)
    again = stage.mails()[-1]
    assert again["Message-ID"] == first["Message-ID"]
    assert again.as_bytes() == first.as_bytes()


SENDING = """
from bot.lazy_aiogram import defer_types
defer_types()  # as the command line does: all of aiogram's take many seconds
import asyncio, os, signal, sys
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo
from channels.email.channel import EmailChannel
from channels.email.contents import MailContents
from core.company import Company
from core.db import Database
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.files import Attachments, FolderStore
from core.setup.restored import mail_stamp
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from tests.handlers.mail.desk_by_mail import FOLLOW_UPS, LOCALES, SUPPORT, Group

class Dying(EmailChannel):
    async def send(self, delivery):
        await super().send(delivery)
        os.kill(os.getpid(), signal.SIGKILL)

async def zone(_address):
    return ZoneInfo("UTC")

async def main(folder, server):
    desk = Desk(Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}"), Company(), SUBSCRIBERS)
    channel = Dying(
        server, SUPPORT, Texts.load(LOCALES, "en"), zone, partial(desk.read, mail_stamp),
        contents=MailContents(desk, Attachments(FolderStore(folder / "files"), None)),
    )
    await Courier(desk, {"email": channel, "telegram": Group()}, Pacer(), FOLLOW_UPS).run()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


async def test_a_process_killed_between_the_servers_250_and_the_commit_sends_it_under_the_same_id(
    stage: Stage, tmp_path: Path
) -> None:
    """Whoever fetches that mail can tell that it is the same; no other is sent again."""
    stage.write()
    await stage.tickets(1)
    await stage.mail(1)
    await stage.stop()
    await stage.answer(1, "Press twice.")
    process = subprocess.Popen(
        tied(python("-c", SENDING, str(tmp_path), f"smtp://127.0.0.1:{stage.smtp.port}")),
        cwd=Path(__file__).parents[3],
    )
    await stage.until(lambda: process.poll() is not None, seconds=300)
    assert process.returncode == -signal.SIGKILL
    assert len(stage.mails()) == 2
    await stage.start()
    again = await stage.mail(3)
    _, first, _ = stage.mails()
    assert again["Message-ID"] == first["Message-ID"]


async def _unsettle(stage: Stage) -> None:
    """As a kill between the server's 250 and the commit leaves it."""

    async def forget(tx: Tx) -> None:
        await tx.change(
            update(OutboxRow)
            .where(OutboxRow.kind == "content", OutboxRow.channel == "email")
            .values(state="sending")
        )

    await stage.desk.run(forget)


async def test_a_refusal_for_now_is_tried_again_and_one_for_good_is_told(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    stage.smtp.refusals[ANNA] = "450 later"
    await stage.answer(1, "Press twice.")
    await stage.until(lambda: stage.rows(select(OutboxRow).where(OutboxRow.attempts > 0).limit(1)))
    stage.smtp.refusals.clear()
    assert plain(await stage.mail(2)).startswith("Press twice.")
    stage.smtp.refusals[ANNA] = "550 no such user"
    await stage.answer(1, "Hello?")
    await stage.until(
        lambda: any(one.key == "answer.failed.letter_blocked" for one in stage.group.deliveries)
    )


KILLED = """
import asyncio, sys
from email.message import EmailMessage
from pathlib import Path
from core import fault_points
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.files import Attachments, FolderStore
from handlers.mail.fetch import MailFetcher
from handlers.mail.mailbox_url import MailboxUrl

async def main(folder, url, point):
    fault_points.arm(point)
    desk = Desk(Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}"), Company())
    fetcher = MailFetcher(MailboxUrl.parse(url), desk, FolderStore(folder / "files"), lambda: None)
    await fetcher.run()

asyncio.run(main(Path(sys.argv[1]), *sys.argv[2:]))
"""


@pytest.mark.parametrize("point", ["fetch.before_store", "fetch.before_flag", "desk.before_commit"])
async def test_a_process_killed_while_it_fetches_loses_and_doubles_nothing(
    stage: Stage, tmp_path: Path, point: str
) -> None:
    """At the first visit, too, at which what is flagged already is left alone."""
    await stage.stop()
    await stage.forget_visits()
    for number in range(3):
        stage.write(f"Matter {number}", subject=f"Matter {number}")
    url = f"imap://support%40desk.test:secret@127.0.0.1:{stage.imap.port}"
    process = subprocess.Popen(
        tied(python("-c", KILLED, str(tmp_path), url, f"{point}:2")),
        cwd=Path(__file__).parents[3],
        stderr=subprocess.DEVNULL,
    )
    await stage.until(lambda: process.poll() is not None, seconds=300)
    assert process.returncode == -signal.SIGKILL
    await stage.start()
    tickets = await stage.tickets(3)
    assert sorted(ticket.title for ticket in tickets) == [f"Matter {n}" for n in range(3)]


async def test_a_file_is_stored_whole_and_by_its_hash(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    name = await store.put(b"words")
    assert (await store.put(b"words"), await store.read(name)) == (name, b"words")
    assert (tmp_path / name[:2] / name).stat().st_mode & 0o077 == 0
    for forged in ("../../etc/passwd", name[:-1], "x" * 64, ""):
        with pytest.raises(FileNotFoundError):
            await store.read(forged)
