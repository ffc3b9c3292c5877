"""Connects mail: the mailboxes that are fetched, and what is done with a mail that is stored."""

from collections.abc import Awaitable, Callable, Sequence
from email.utils import parseaddr

from bot.settings import Settings
from bot.update_queue import UnparsableUpdate
from core.desk import Desk
from core.files import FileStore
from core.inbox import Stored
from core.setup.signed_links import file_link
from core.signing_key import find_signing_key
from core.texts import Texts
from handlers.mail.fetch import MailFetcher
from handlers.mail.handler import MailHandler
from handlers.mail.mailbox_url import MailboxUrl
from handlers.mail.parser_process import UnreadableMail

Handle = Callable[[Stored], Awaitable[None]]


def mail_handler(settings: Settings, desk: Desk, texts: Texts, files: FileStore) -> MailHandler:
    """Return what handles stored mails; it works without a mailbox, for what was stored before."""
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
) -> Sequence[MailFetcher]:
    """Return a fetcher for each mailbox of ``IMAP_URL``."""
    urls = (MailboxUrl.parse(url.get_secret_value()) for url in settings.imap_url)
    return [MailFetcher(url, desk, files, stored, waiting) for url in urls]


def handle_mails(handler: MailHandler) -> Handle:
    """Return what handles a stored mail; what can never be read is told as of an update."""

    async def handle(stored: Stored) -> None:
        try:
            await handler.handle(stored)
        except UnreadableMail as error:
            raise UnparsableUpdate(str(error)) from error

    return handle


def file_linker(settings: Settings, desk: Desk) -> Callable[[str, str], Awaitable[str | None]]:
    """Return what makes links to stored files; None where no address of ours is known."""

    async def link(name: str, title: str) -> str | None:
        if settings.public_url is None:
            return None
        key = await desk.read(find_signing_key)
        return file_link(settings.public_url, key, name, title, desk.clock())

    return link
