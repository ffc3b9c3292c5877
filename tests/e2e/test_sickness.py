"""The desk is sick: whoever can mend it hears of it by a way that works, and hears that it is over.

The faults are real ones: Telegram that takes no connection, a mail server that knows no such
mailbox, a second program with the same token, a disk that fills up. Only the desk's patience is
shorter than a minute (``tests/impatient.py``).
"""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiogram.exceptions import TelegramConflictError

from bot.polling import GetRawUpdates
from channels.telegram.client.gateway import make_bot
from sandbox import BotProcess
from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import PostOffice
from tests.channels.email.server import text_of
from tests.e2e.looking import soon
from tests.e2e.stage import Stage, staged
from tests.e2e.test_mail import MailServer
from tests.e2e.warm import WarmProcesses
from tests.ports import free_port

HEAD, CLOSED, SUPPORT = "head@company.test", "550@x.test", "support@company.test"
SOON = 40.0


@pytest.fixture
async def mail() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.up()
    yield server
    server.down()


@pytest.fixture
async def stage(mail: MailServer, tmp_path: Path, forking: WarmProcesses) -> AsyncIterator[Stage]:
    del forking  # the desk is forked from it
    async with staged(tmp_path) as stage:
        stage.settings |= {
            "SMTP_URL": f"smtp://127.0.0.1:{mail.relay.port}",
            "MAIL_FROM": "support@company.test",
            "MAIL_ALERTS_TO": HEAD,
        }
        yield stage


@asynccontextmanager
async def running(stage: Stage) -> AsyncIterator[BotProcess]:
    """The desk, whose admin has written to it."""
    async with stage.process(TEST_IMPATIENT="yes") as bot:
        await stage.admin.start()
        await stage.admin.expect("Здравствуйте", timeout=SOON)
        yield bot


def told(stage: Stage, words: str) -> int:
    """How often the admin was told by an alert: `/health` says the same in its lines."""
    alerts = (m.text for m in stage.admin.chat.bot_messages if m.text.startswith("⚠️"))
    return sum(words in text for text in alerts)


async def test_telegram_is_cut_and_a_letter_says_so(stage: Stage, mail: MailServer) -> None:
    async with running(stage):
        await stage.world.faults.outage(6)
        letters = await mail.letters(stage, "Бот поддержки нездоров", count=1)
        assert any("больше минуты не слышит Telegram" in text_of(letter) for letter in letters)
        await mail.letters(stage, "снова здоров", count=1)
        await stage.admin.expect("Бот снова слышит Telegram", timeout=SOON)


async def test_a_closed_mailbox_is_told_listed_and_done_with(
    stage: Stage, mail: MailServer
) -> None:
    stage.settings |= {"MAIL_ALERTS_TO": CLOSED}
    async with running(stage):
        await stage.open_ticket(stage.customer(), "Пожар в серверной")
        await stage.admin.expect("доставить не удалось", timeout=SOON)
        await stage.admin.say("/health")
        shown = await stage.admin.expect("почтовый сервер не принимает писем", timeout=SOON)
        assert CLOSED in shown.text and "blocked" not in shown.text
        await stage.settle()
        await stage.admin.say("/health")
        await stage.admin.expect("Бот нездоров", timeout=SOON)
        await stage.admin.press_soon("Убрать все")
        await stage.admin.expect("Отправить их потом будет нельзя", timeout=SOON)
        await stage.admin.press_soon("Убрать все")
        await stage.admin.expect("Недоставленных сообщений не осталось", timeout=SOON)
        assert stage.query("SELECT key FROM outbox WHERE state='failed'") in (
            [],
            [("mail.recovered",)],
        )
    assert told(stage, "доставить не удалось") == 1


async def test_a_mailbox_that_does_not_answer_is_told_and_its_end_too(stage: Stage) -> None:
    office = PostOffice()
    office.open(SUPPORT, "secret")
    server = ImapServer(office, port=free_port())
    await server.start()
    user = SUPPORT.replace("@", "%40")
    stage.settings |= {
        "IMAP_URL": f"imap://{user}:secret@127.0.0.1:{server.port}",
        "SUPPORT_ADDRESSES": SUPPORT,
    }
    async with running(stage):
        await soon(lambda: server.idling > 0, "the desk waits at the mailbox", SOON)
        await server.stop()
        await stage.admin.expect("Почта не приходит", timeout=SOON)
        await server.start()
        await stage.admin.expect("Почта снова приходит", timeout=SOON)
    await server.stop()


async def test_another_program_with_the_same_token_is_told(stage: Stage) -> None:
    async with running(stage):
        rival = make_bot(stage.world.token, stage.world.api_url)

        async def poll() -> None:
            request = GetRawUpdates(offset=None, limit=1, timeout=1, allowed_updates=[])
            while True:
                try:
                    await rival(request)
                except TelegramConflictError:
                    await asyncio.sleep(0.05)

        polling = asyncio.create_task(poll())
        await stage.admin.expect("работает ещё одна программа", timeout=SOON)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)
        await rival.session.close()
        await stage.admin.expect("Бот снова один получает свои сообщения", timeout=SOON)


async def test_a_dead_letter_is_told_where_the_alert_channel_is_closed(stage: Stage) -> None:
    """A row that nobody can read; the group hears of it instead of the channel."""
    async with running(stage):
        await stage.alerts.promote_bot(can_post_messages=False)
        await stage.group.expect("нет права публиковать", timeout=SOON)
        await stage.open_ticket(stage.customer(), "Погас экран")
        # not until it is quiet: what a slow machine tells of itself waits for the channel as well
        waits = "SELECT 1 FROM outbox WHERE state IN ('queued', 'sending') AND address <> ?"
        closed = str(stage.alerts.id)
        await soon(lambda: not stage.query(waits, closed), "all but the channel have theirs", SOON)
        with sqlite3.connect(stage.database) as desk:
            desk.execute(
                "UPDATE outbox SET facts = '{', state = 'queued', attempts = 0"
                " WHERE id = (SELECT max(id) FROM outbox WHERE state = 'sent' AND kind = 'text')"
            )
        await stage.olga.say(stage.group, "/queue")  # the courier looks again
        await stage.group.expect("доставить не удалось", timeout=SOON)
        await stage.admin.expect("доставить не удалось", timeout=SOON)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 24 MB; skips where none may be made."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = ["mount", "-t", "tmpfs", "-o", "size=24m", "none", str(folder)]
    try:
        done = subprocess.run(made, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no mount")
    if done.returncode:
        pytest.skip("no disk may be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Take all of a disk but so many bytes; returns the file that does."""
    ballast = folder / "ballast"
    free = subprocess.run(
        ["df", "--output=avail", "-B1", str(folder)], capture_output=True, text=True, check=True
    )
    with ballast.open("ab") as file:
        left = int(free.stdout.split()[-1]) - leave
        try:
            while left > 0:
                left -= file.write(bytes(min(left, 65536)))
            file.flush()
        except OSError:  # it is full
            pass
    return ballast


async def test_a_disk_fills_up_and_nothing_is_lost(stage: Stage, small_disk: Path) -> None:
    stage.settings |= {"DATABASE_URL": f"sqlite+aiosqlite:///{small_disk}/desk.db"}
    async with running(stage):
        ballast = fill(small_disk, 4 * 1024 * 1024)
        await stage.admin.expect("На диске почти не осталось места", timeout=SOON)
        fill(small_disk, 0)
        anna = stage.customer("Алиса")
        await anna.say("Погас экран " + "и камера " * 200)
        await stage.admin.expect("Бот не может записать в базу данных", timeout=SOON)
        ballast.unlink()
        await stage.admin.expect("Бот снова записывает в базу данных", timeout=SOON)
        await stage.admin.expect("Места на диске снова достаточно", timeout=SOON)
        await anna.press_soon("Открыть")
        await anna.expect("принято", timeout=SOON)
    assert told(stage, "Бот не может записать") == 1
    with sqlite3.connect(small_disk / "desk.db") as desk:
        assert desk.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


async def test_check_tells_a_desk_that_was_stopped_or_died_from_one_that_runs(
    stage: Stage,
) -> None:
    beaten = "SELECT 1 FROM system_state WHERE name = 'heartbeat'"
    async with running(stage) as bot:
        await soon(lambda: bool(stage.query(beaten)), "its first sign of life is there", SOON)
        code, said, _ = await stage.command("check")
        assert (code, "the desk runs" in said) == (0, True), said
        await bot.kill()
        code, said, _ = await stage.command("check")
        assert (code, "gave no sign of life since" in said) == (2, True), said
        await bot.start()
        await soon(lambda: bool(stage.world.updates is not None), "it is back", SOON)
    code, said, _ = await stage.command("check")
    assert (code, "the desk was stopped at" in said) == (2, True), said
    assert "start it" in said
