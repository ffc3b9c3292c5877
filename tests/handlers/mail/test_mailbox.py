"""Mailboxes: whose certificate is verified, who calls, and what is told when mail stops (R27)."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from bot.mail import mail_fetchers
from bot.settings import load_settings
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.files import FolderStore
from core.inbox import FILE
from core.models import InboxRow
from handlers.mail import fetch
from handlers.mail.fetch import MailFetcher, connect, probe
from handlers.mail.mailbox_url import MailboxUrl
from sandbox.mail.imap import CAPABILITIES, ImapServer
from sandbox.mail.post_office import PostOffice
from tests.channels.certificate import Certificate, make_certificate
from tests.handlers.mail.desk_by_mail import SUPPORT
from tests.ports import free_port

SALES: Final = "sales@desk.test"
MAIL: Final = (
    b"From: anna@x.test\r\nTo: support@desk.test\r\nMessage-ID: <1@x.test>\r\n\r\nThe gate.\r\n"
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
async def url(certificate: Certificate) -> AsyncIterator[MailboxUrl]:
    """A mailbox behind TLS."""
    office = PostOffice()
    office.open(SUPPORT, "secret")
    server = ImapServer(office, tls=certificate.server)
    await server.start()
    user = SUPPORT.replace("@", "%40")
    yield MailboxUrl.parse(f"imaps://{user}:secret@127.0.0.1:{server.port}")
    await server.stop()


async def test_a_server_that_nobody_vouches_for_gets_no_password(url: MailboxUrl) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(probe, url)


async def test_a_server_that_somebody_vouches_for_is_logged_in_to(
    url: MailboxUrl, certificate: Certificate
) -> None:
    box = await asyncio.to_thread(connect, url, certificate.trusting)
    await asyncio.to_thread(box.login, url.user, url.password, initial_folder=url.folder)
    await asyncio.to_thread(box.logout)


def parts(office: PostOffice, desk: Desk, folder: Path, urls: str) -> Sequence[MailFetcher]:
    """What fetches these mailboxes, as the desk makes it of its settings."""
    settings = load_settings(
        {
            "IMAP_URL": urls,
            "SUPPORT_ADDRESSES": f"{SUPPORT},{SALES}",
            "SMTP_URL": "smtp://127.0.0.1:1",
            "MAIL_FROM": SUPPORT,
        }
    )
    for address in (SUPPORT, SALES):
        office.open(address, "secret")
    return mail_fetchers(settings, desk, FolderStore(folder), lambda: None, lambda: 0)


def address_of(server: ImapServer, name: str) -> str:
    return f"imap://{name.replace('@', '%40')}:secret@127.0.0.1:{server.port}"


@asynccontextmanager
async def fetching(fetchers: Sequence[MailFetcher]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in fetchers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def stored(desk: Desk, count: int) -> list[InboxRow]:
    """What is in the inbox, once it is so many."""
    async with asyncio.timeout(60):
        while True:
            async with desk.database.read() as session:
                rows = list(await session.scalars(select(InboxRow).order_by(InboxRow.id)))
            if len(rows) >= count:
                return rows
            await asyncio.sleep(0.02)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    server = ImapServer(PostOffice(), port=free_port())
    await server.start()
    yield server
    await server.stop()


async def test_each_of_several_mailboxes_is_fetched_and_keeps_its_own_mails(
    database: Database, tmp_path: Path, server: ImapServer
) -> None:
    """One mail to both addresses is one in each; that it is the same shows when it is read."""
    desk = Desk(database, Company())
    urls = " ".join(address_of(server, name) for name in (SUPPORT, SALES))
    fetchers = parts(server.office, desk, tmp_path, urls)
    for address in (SUPPORT, SALES):
        server.office.deliver(address, MAIL)
    async with fetching(fetchers):
        rows = await stored(desk, 2)
    assert {row.source for row in rows} == {one.url.source for one in fetchers}
    assert len({row.external_id for row in rows}) == 1


@pytest.mark.parametrize(("calls", "look_every"), [(True, 1500.0), (False, 0.1)])
async def test_a_server_that_calls_is_heard_at_once_and_another_is_asked(
    database: Database, tmp_path: Path, server: ImapServer, calls: bool, look_every: float
) -> None:
    server.capabilities = CAPABILITIES if calls else "IMAP4rev1"
    desk = Desk(database, Company())
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    fetcher.look_every = look_every
    async with fetching([fetcher]):
        server.office.deliver(SUPPORT, MAIL)
        await stored(desk, 1)
        async with asyncio.timeout(60):
            while calls and not server.idling:
                await asyncio.sleep(0.01)
        server.office.deliver(SUPPORT, MAIL.replace(b"<1@", b"<2@"))
        await stored(desk, 2)


@pytest.mark.parametrize("moment", ["_flag", "_wait_for_news"])
async def test_a_mail_that_comes_while_the_desk_looks_waits_for_no_other_look(
    database: Database,
    tmp_path: Path,
    server: ImapServer,
    monkeypatch: pytest.MonkeyPatch,
    moment: str,
) -> None:
    """The server tells of it once, with what it answers then; nobody waits for a call yet."""
    desk, loop = Desk(database, Company()), asyncio.get_running_loop()
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    fetcher.look_every = 1500.0
    usual, second = getattr(MailFetcher, moment), iter([MAIL.replace(b"<1@", b"<2@")])

    def late(self: MailFetcher, *args: int) -> Any:
        for mail in second:
            loop.call_soon_threadsafe(server.office.deliver, SUPPORT, mail)
        return usual(self, *args)

    monkeypatch.setattr(MailFetcher, moment, late)
    server.office.deliver(SUPPORT, MAIL)
    async with fetching([fetcher]):
        await stored(desk, 2)


async def test_while_many_updates_wait_mail_waits_where_it_is(
    database: Database, tmp_path: Path, server: ImapServer
) -> None:
    desk, waiting = Desk(database, Company()), fetch.MOST_WAITING
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    asked = 0

    def count() -> int:
        nonlocal asked
        asked += 1
        return waiting

    fetcher.waiting = count
    server.office.deliver(SUPPORT, MAIL)
    async with fetching([fetcher]), asyncio.timeout(60):
        await until(lambda: asked > 3)
        async with desk.database.read() as session:
            assert not list(await session.scalars(select(InboxRow)))
        waiting -= 1
        await stored(desk, 1)


async def test_of_a_mail_that_is_longer_than_any_the_beginning_is_read(
    database: Database, tmp_path: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "LONGEST", 1000)
    monkeypatch.setattr(fetch, "BEGINNING", 200)
    desk = Desk(database, Company())
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    raw = MAIL + b"words\r\n" * 200
    server.office.deliver(SUPPORT, raw)
    async with fetching([fetcher]):
        (row,) = await stored(desk, 1)
    assert await FolderStore(tmp_path).read(json.loads(row.raw)[FILE]) == raw[:200]


class Full(FolderStore):
    """A store that takes nothing, until it does."""

    full = True

    async def put(self, data: bytes) -> str:
        if self.full:
            raise ValueError("full")
        return await super().put(data)


async def test_a_mail_that_is_seen_and_cannot_be_stored_makes_the_mailbox_silent(
    database: Database, tmp_path: Path, server: ImapServer
) -> None:
    desk, store = Desk(database, Company()), Full(tmp_path)
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    fetcher.files, fetcher.look_every = store, 0.1
    letter = server.office.deliver(SUPPORT, MAIL)
    async with fetching([fetcher]), asyncio.timeout(60):
        await until(fetcher.is_silent)
        letter.flags.add("\\Seen")  # a colleague has read it meanwhile: it is missing all the same
        looked = fetcher.last_look
        await until(lambda: fetcher.last_look > looked)
        assert fetcher.is_silent()
        store.full = False
        await stored(desk, 1)
        await until(lambda: not fetcher.is_silent())


async def until(right: Callable[[], bool]) -> None:
    while not right():
        await asyncio.sleep(0.02)


async def test_a_mailbox_that_does_not_answer_is_silent_until_it_does(
    database: Database, tmp_path: Path, server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "PATIENCE", 1.0)
    desk = Desk(database, Company())
    (fetcher,) = parts(server.office, desk, tmp_path, address_of(server, SUPPORT))
    fetcher.look_every = 0.1
    async with fetching([fetcher]), asyncio.timeout(60):
        await stored_nothing(fetcher)
        await server.stop()
        await until(fetcher.is_silent)
        await server.start()  # at the same port
        await until(lambda: not fetcher.is_silent())


async def stored_nothing(fetcher: MailFetcher) -> None:
    """Wait until it has looked into the mailbox."""
    began = fetcher.last_look
    await until(lambda: fetcher.last_look > began)
