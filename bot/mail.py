"""Connects mail: the mailboxes that are fetched, and what is done with a mail that is stored.

A desk without mailboxes imports nothing of it.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING

from bot.settings import Settings
from bot.update_queue import UnparsableUpdate
from core.desk import Desk
from core.files import FileStore
from core.inbox import Stored
from core.setup.signed_links import file_link
from core.signing_key import find_signing_key
from core.texts import Texts
from handlers.mail.mailbox_url import MailboxUrl

if TYPE_CHECKING:
    from handlers.mail.fetch import MailFetcher
    from handlers.mail.handler import MailHandler


@dataclass(slots=True)
class StoredMails:
    """Handles stored mails by what ``make`` makes with the first of them."""

    make: Callable[[], "MailHandler"]
    _handler: "MailHandler | None" = None

    async def handle(self, stored: Stored) -> None:
        """Handle a mail. What can never be read is told as of an update, by `UnparsableUpdate`."""
        from handlers.mail.parser_process import UnreadableMail

        if self._handler is None:
            self._handler = self.make()
        try:
            await self._handler.handle(stored)
        except UnreadableMail as error:
            raise UnparsableUpdate(str(error), quotes=error.quotes) from error

    def close(self) -> None:
        """End the process that reads mails, if there is one."""
        if self._handler is not None:
            self._handler.parser.close()


def mail_handler(settings: Settings, desk: Desk, texts: Texts, files: FileStore) -> "MailHandler":
    """Return what handles stored mails; it works without a mailbox, for what was stored before."""
    from handlers.mail.handler import MailHandler

    support = [address.lower() for address in settings.support_addresses]
    own = {*support, parseaddr(settings.mail_from or "")[1].lower()} - {""}

    def junk_reason(entry: str) -> str:
        company = desk.company
        return texts.say(
            company.language,
            "junk.blacklisted",
            {"entry": entry},
            now=desk.clock(),
            zone=company.zone,
        )

    return MailHandler(
        desk,
        files,
        support,
        own,
        settings.mail_authorities,
        junk_reason=junk_reason,
    )


def mail_fetchers(
    settings: Settings,
    desk: Desk,
    files: FileStore,
    stored: Callable[[], None],
    waiting: Callable[[], int],
) -> "Sequence[MailFetcher]":
    """Return a fetcher for each mailbox of ``IMAP_URL``."""
    if not settings.imap_url:
        return []
    from handlers.mail.fetch import MailFetcher

    urls = (MailboxUrl.parse(url.get_secret_value()) for url in settings.imap_url)
    return [MailFetcher(url, desk, files, stored, waiting) for url in urls]


def file_linker(settings: Settings, desk: Desk) -> Callable[[str, str], Awaitable[str | None]]:
    """Return what makes links to stored files; None where no address of ours is known."""

    async def link(name: str, title: str) -> str | None:
        if settings.public_url is None:
            return None
        key = await desk.read(find_signing_key)
        return file_link(settings.public_url, key, name, title, desk.clock())

    return link
