"""A mailbox on a server that is not ours: pymap, which keeps its own reading of the RFC."""

import asyncio
import imaplib
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.company import Company
from core.db import Database
from core.desk import Desk
from core.models import Ticket
from core.setup.signing_key import make_signing_key
from core.subscriptions import SUBSCRIBERS
from sandbox.mail.post_office import PostOffice
from sandbox.mail.smtp import SmtpServer
from sandbox.process import python, tied
from tests.handlers.mail.desk_by_mail import ANNA, GROUP, SUPPORT, Stage
from tests.ports import free_port

START = "from pymap.main import main; main()"


@dataclass
class OtherServer:
    """An IMAP server of somebody else's, in a process of its own, and a look into its mailbox."""

    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        listen = ("--host", "127.0.0.1", "--port", str(self.port), "--no-tls")
        who = ("--demo-user", SUPPORT, "--demo-password", "secret")
        command = tied(python("-c", START, *listen, "dict", "--demo-data", *who))
        self.process = subprocess.Popen(command)
        for _ in range(600):
            with suppress(OSError):
                await asyncio.to_thread(self.look, lambda box: box.noop())
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the other server does not listen")

    async def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        await asyncio.to_thread(self.process.wait)

    def look(self, at: Callable[[imaplib.IMAP4], Any]) -> Any:
        with imaplib.IMAP4("127.0.0.1", self.port) as box:
            box.login(SUPPORT, "secret")
            return at(box)

    async def deliver(self, number: int) -> None:
        letter = EmailMessage()
        letter["From"], letter["To"] = f"Anna <{ANNA}>", SUPPORT
        letter["Message-ID"], letter["Subject"] = f"<{number}@x.test>", f"The gate {number}"
        letter.set_content("It does not open.")
        await asyncio.to_thread(
            self.look, lambda box: box.append("INBOX", "", "", letter.as_bytes())
        )

    async def found(self, folder: str, criterion: str) -> int:
        """How many mails of Anna there are in a folder."""

        def search(box: imaplib.IMAP4) -> int:
            box.select(folder, readonly=True)
            _, (numbers,) = box.search(None, criterion, "FROM", ANNA)
            return len(numbers.split())

        return int(await asyncio.to_thread(self.look, search))


@pytest.fixture
async def server() -> AsyncIterator[OtherServer]:
    server = OtherServer()
    await server.start()
    yield server
    await server.stop()


@pytest.mark.parametrize("folders", ["", "?done=Done"])
async def test_mails_on_a_server_of_others_are_tickets_and_flagged_or_moved(
    server: OtherServer, database: Database, tmp_path: Path, folders: str
) -> None:
    office = PostOffice()
    smtp = SmtpServer(office)
    await smtp.start()
    company = Company(language="en", operators_chat=GROUP, letter_channels=frozenset({"email"}))
    desk = Desk(database, company, SUBSCRIBERS)
    await desk.run(make_signing_key)
    stage = Stage(office, server, smtp, desk, tmp_path, folders=folders)  # type: ignore[arg-type]
    await stage.start()
    try:
        for number in range(3):
            await server.deliver(number)

        async def there() -> bool:
            titles = {ticket.title for ticket in await stage.rows(select(Ticket))}
            return titles >= {f"The gate {number}" for number in range(3)}

        await stage.until(there)
        folder, left = ("Done", 0) if folders else ("INBOX", 3)

        async def flagged() -> bool:
            seen = await server.found(folder, "SEEN")
            return (seen, await server.found("INBOX", "ALL")) == (3, left)

        await stage.until(flagged)
    finally:
        await stage.stop()
        await smtp.stop()
