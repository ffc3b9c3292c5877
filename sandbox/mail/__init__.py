"""A small mail server: mailboxes, an SMTP door to put mail in, and an IMAP door to read it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Final, Self

from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import PostOffice
from sandbox.mail.smtp import SmtpServer

SUPPORT: Final = "support@frontdoor.example"
BILLING: Final = "billing@frontdoor.example"
PASSWORD: Final = "sandbox"  # noqa: S105 of a mailbox in memory


@dataclass(slots=True)
class MailServers:
    """Both doors of one post office, open while the context lasts. ``customers``: short names.
    ``billing``: the company's second mailbox.
    """

    customers: tuple[str, ...] = ("anna", "boris", "john")
    support: str = SUPPORT
    billing: str = BILLING
    office: PostOffice = field(default_factory=PostOffice)
    imap: ImapServer = field(init=False)
    smtp: SmtpServer = field(init=False)
    _ids: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.imap, self.smtp = ImapServer(self.office), SmtpServer(self.office)

    async def __aenter__(self) -> Self:
        for address in (self.support, self.billing):
            self.office.open(address, PASSWORD)
        await self.imap.start()
        await self.smtp.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.imap.stop()
        await self.smtp.stop()

    def address_of(self, name: str) -> str:
        """Return the address of a customer."""
        return f"{name}@mail.example"

    def next_id(self) -> str:
        """Return an id for the next mail."""
        return f"<{next(self._ids)}@mail.example>"

    def environment(self) -> dict[str, str]:
        """Return what the desk must be started with to use this post office."""
        ours = (self.support, self.billing)
        users = [address.replace("@", "%40") for address in ours]
        accounts = [f"imap://{user}:{PASSWORD}@127.0.0.1:{self.imap.port}/INBOX" for user in users]
        return {
            "SMTP_URL": f"smtp://127.0.0.1:{self.smtp.port}",
            "IMAP_URL": " ".join(accounts),
            "MAIL_FROM": f"Frontdoor <{self.support}>",
            "SUPPORT_ADDRESSES": ",".join(ours),
        }

    def forget(self) -> None:
        """Empty all mailboxes; who reads them notices that they are others."""
        for mailbox in self.office.mailboxes.values():
            for folder in mailbox.folders.values():
                folder.letters.clear()
                folder.next_uid = 1
                folder.validity += 1
