"""A desk whose customers write mail: real IMAP and SMTP servers, and a group that is a list."""

import asyncio
import atexit
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, text

from bot.mail import StoredMails
from bot.update_queue import UpdateQueue
from channels.email.channel import EmailChannel
from channels.email.contents import MailContents
from channels.web.channel import PageChannel
from core.addresses import WEB, Address, MessageRef
from core.company import Company
from core.db import Database
from core.delivery.channel import Channel, Delivery, Sent
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.files import Attachments, FolderStore
from core.models import Message, SystemState, Ticket
from core.people.identity import Sender
from core.people.staff import by_operator
from core.setup.restored import mail_stamp
from core.signing_key import make_signing_key
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.conversation import reply
from core.tickets.delivery_results import FOLLOW_UPS
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import move
from core.tx import Tx
from handlers.mail.fetch import MailFetcher
from handlers.mail.handler import MailHandler
from handlers.mail.mailbox_url import MailboxUrl
from handlers.mail.parser_process import ParserProcess
from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import Letter, PostOffice
from sandbox.mail.smtp import SmtpServer
from tests.handlers.mail.imap_servers import OtherServer
from tests.ordered import in_order

GROUP: Final = Address("telegram", "-100")
SUPPORT: Final = "support@desk.test"
ANNA: Final = "anna@x.test"
LOCALES: Final = Path(__file__).parents[3] / "locales"
# One process for all: it takes some time to begin, and ends with the tests.
PARSER: Final = ParserProcess()
atexit.register(PARSER.close)
# Read once: to parse all catalogues costs as much as a short conversation.
TEXTS: Final = Texts.load(LOCALES, "en")
# How many mails and messages wait; looked at fifty times a second.
WAITING: Final = text(
    "SELECT (SELECT count(*) FROM inbox WHERE state = 'new')"
    " + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending'))"
)
DESK: Final = "https://desk.test"
OLGA: Final = Sender(Address("telegram", "7"), "Olga", "olga", "en")


class Group:
    """Stands in for Telegram: keeps what was delivered."""

    name = "telegram"

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []

    async def recall(self) -> None:
        """Nothing is known before."""

    def probe_context(self) -> dict[str, Any]:
        return {}

    async def send(self, delivery: Delivery) -> Sent:
        self.deliveries.append(delivery)
        return Sent((str(len(self.deliveries)),), {"digest": "x"})

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        del delivery
        return None

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Stage:
    """The servers, the desk with its loops, and people who write."""

    office: PostOffice
    imap: ImapServer | OtherServer
    smtp: SmtpServer
    desk: Desk
    folder: Path
    group: Group = field(default_factory=Group)
    how: Mapping[str, Any] = field(default_factory=dict)
    address: str = SUPPORT
    folders: str = ""  # options of the mailbox's address
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    courier: Courier | None = None
    queue: UpdateQueue | None = None
    fetcher: MailFetcher | None = None
    said: int = 0

    def write(
        self,
        words: str = "The gate does not open.",
        *,
        sender: str = ANNA,
        subject: str = "The gate",
        to: str = SUPPORT,
        raw: bytes | None = None,
        **headers: str,
    ) -> Letter:
        """Somebody's mail arrives in the desk's mailbox."""
        self.said += 1
        if raw is None:
            letter = EmailMessage(policy=policy.SMTP)
            letter["From"] = f"Anna <{sender}>"
            letter["To"] = to
            letter["Subject"] = subject
            letter["Message-ID"] = f"<{self.said}@x.test>"
            for name, value in headers.items():
                del letter[name.replace("_", "-")]
                letter[name.replace("_", "-")] = value
            letter.set_content(words)
            raw = letter.as_bytes()
        return self.office.deliver(SUPPORT, raw)

    @property
    def sandbox_imap(self) -> ImapServer:
        """The sandbox's server, which fails when it is told to."""
        assert isinstance(self.imap, ImapServer)
        return self.imap

    @property
    def imap_url(self) -> str:
        user = self.address.replace("@", "%40")
        return f"imap://{user}:secret@127.0.0.1:{self.imap.port}/INBOX{self.folders}"

    async def start(self) -> None:
        """Start the loops of a process: fetching, handling, sending."""
        files = FolderStore(self.folder)
        how = {"parser": PARSER, **self.how}
        handler = MailHandler(self.desk, files, [self.address], {self.address}, **how)

        self.queue = UpdateQueue(self.desk, StoredMails(lambda: handler).handle)
        url = MailboxUrl.parse(self.imap_url)
        queue = self.queue
        self.fetcher = MailFetcher(
            url, self.desk, files, queue.news.set, lambda: queue.waiting, look_every=0.2
        )
        channel = EmailChannel(
            f"smtp://127.0.0.1:{self.smtp.port}",
            f"The desk <{self.address}>",
            TEXTS,
            self._zone,
            partial(self.desk.read, mail_stamp),
            contents=MailContents(self.desk, Attachments(files, self._no_file), DESK),
        )
        channels: dict[str, Channel] = {"email": channel, "telegram": self.group}
        channels[WEB] = PageChannel()
        self.courier = Courier(self.desk, channels, Pacer(), FOLLOW_UPS)
        await self.courier.recover()
        self.tasks = [
            asyncio.create_task(self.fetcher.run()),
            asyncio.create_task(self.queue.run()),
            asyncio.create_task(self.courier.run()),
        ]

    async def stop(self) -> None:
        """End the loops."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def forget_visits(self) -> None:
        """As if the mailbox had never been looked into."""

        async def forget(tx: Tx) -> None:
            await tx.change(delete(SystemState).where(SystemState.name.startswith("mail:")))

        await self.desk.run(forget)

    async def _zone(self, _address: str) -> ZoneInfo:
        return self.desk.company.zone

    async def _no_file(self, file_id: str, _most: int | None) -> bytes:
        return f"bytes of {file_id}".encode()

    async def until(self, right: Callable[[], Any], what: str = "", seconds: float = 120) -> Any:
        """Wait until something is so; returns what it is."""
        async with asyncio.timeout(seconds):
            while True:
                found = right()
                if asyncio.iscoroutine(found):
                    found = await found
                if found:
                    return found
                await asyncio.sleep(0.02)
        raise AssertionError(what)

    async def rows(self, query: Any) -> list[Any]:
        async with self.desk.database.read() as session:
            return in_order(query, await session.scalars(query))

    async def tickets(self, count: int) -> list[Ticket]:
        """All tickets, once there are so many and no mail waits."""

        async def ready() -> list[Ticket]:
            if not await self.is_quiet():
                return []
            found = await self.rows(select(Ticket).order_by(Ticket.id))
            return found if len(found) >= count else []

        found: list[Ticket] = await self.until(ready)
        assert len(found) == count
        return found

    async def is_quiet(self) -> bool:
        """Return whether every mail is stored and handled, and nothing waits to be sent."""
        if not self.all_seen():
            return False
        async with self.desk.database.read() as session:
            return not await session.scalar(WAITING)

    def all_seen(self) -> bool:
        """Return whether every mail of the desk's inbox is flagged as seen."""
        if isinstance(self.imap, OtherServer):
            return not self.imap.found("INBOX", "UNSEEN")
        letters = self.office.open(self.address).inbox.letters
        return all("\\Seen" in letter.flags for letter in letters)

    async def quiet(self) -> None:
        await self.until(self.is_quiet)

    async def messages(self, ticket_id: int) -> list[Message]:
        return await self.rows(
            select(Message).where(Message.ticket_id == ticket_id).order_by(Message.id)
        )

    async def answer(self, ticket_id: int, words: str, **content: Any) -> MessageRef:
        """Olga answers in the group."""
        self.said += 1
        ref = MessageRef("telegram", "-100", f"o{self.said}")
        body: dict[str, Any] = {
            "kind": "text",
            "text": words,
            "entities": [],
            "file_id": None,
            "more": {},
        }
        kind = content.get("kind", "text")
        incoming = IncomingMessage(ref, kind, words, body | content)
        await self.desk.run(by_operator, OLGA, reply, ticket_id, incoming)
        return ref

    async def move(self, ticket_id: int, verb: str, reason: str | None = None) -> None:
        await self.desk.run(by_operator, OLGA, move, ticket_id, verb, reason=reason)

    def mails(self, address: str = ANNA) -> list[EmailMessage]:
        """What lies in somebody's mailbox, oldest first."""
        letters = self.office.open(address).inbox.letters
        return [message_from_bytes(one.raw, policy=policy.default) for one in letters]

    async def mail(self, count: int, address: str = ANNA) -> EmailMessage:
        """The newest of so many mails in somebody's mailbox."""
        await self.until(lambda: len(self.mails(address)) >= count)
        await self.quiet()
        assert len(self.mails(address)) == count
        return self.mails(address)[-1]


@asynccontextmanager
async def stage_at(
    database: Database,
    folder: Path,
    *,
    office: PostOffice | None = None,
    address: str = SUPPORT,
    folders: str = "",
    server: OtherServer | None = None,
    **how: Any,
) -> AsyncIterator[Stage]:
    """The stage with all its loops running; of two desks each has servers of its own, in front of
    the same mailboxes. With ``server`` the desk's mailbox is there.
    """
    office = office or PostOffice()
    office.open(address, "secret")
    own, smtp = ImapServer(office), SmtpServer(office)
    await own.start()
    await smtp.start()
    if server is not None:
        office.listeners.append(partial(_forward, server, address))
    imap = server or own
    company = Company(language="en", operators_chat=GROUP, letter_channels=frozenset({"email"}))
    desk = Desk(database, company, SUBSCRIBERS)
    await desk.run(make_signing_key)
    stage = Stage(office, imap, smtp, desk, folder, how=how, address=address, folders=folders)
    await stage.start()
    try:
        yield stage
    finally:
        await stage.stop()
        await own.stop()
        await smtp.stop()


def _forward(server: OtherServer, address: str, to: str, letter: Letter) -> None:
    if to == address:
        server.deliver(letter.raw)


def plain(letter: EmailMessage) -> str:
    """The words of a mail as a reader of plain text sees them."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")
