"""Examines the mail server, its records, and the mailboxes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

from bot.app import desk_of
from bot.commands.checks.result import Finding
from bot.database_access import DatabaseUnusable, open_existing
from bot.settings import Settings
from channels.email.channel import EmailChannel
from channels.email.compose import named_mailbox
from core.delivery.channel import SendError
from core.setup.restored import MailStamp
from core.tickets.mailboxes import bare, mailboxes_of
from handlers.mail.fetch import probe, reason_of
from handlers.mail.mailbox_url import MailboxUrl


async def examine_mail(settings: Settings) -> AsyncIterator[Finding]:
    if settings.smtp_url is None or settings.mail_from is None:
        return
    url = settings.smtp_url.get_secret_value()
    channel = EmailChannel(url, settings.mail_from, _NoTexts(), _utc, _no_stamp)
    try:
        await channel.probe()
        yield Finding("the mail server lets us in", True)
    except SendError as error:
        remedy = f"look at SMTP_URL: host, port, scheme, user and password ({error})"
        yield Finding("the mail server does not let us in", False, remedy)
    finally:
        await channel.close()


async def examine_records(settings: Settings) -> AsyncIterator[Finding]:
    """Look up what others ask of the domain that we send from."""
    if settings.mail_from is None:
        return
    from bot.commands.mail_dns import missing_records

    domain = named_mailbox(settings.mail_from).domain
    for record in await missing_records(domain):
        yield Finding(f"mails of {domain} may be taken for spam: add {record}", True)


async def examine_mailboxes(settings: Settings) -> AsyncIterator[Finding]:
    """Log in to each mailbox that mail is fetched from."""
    for secret in settings.imap_url:
        url = MailboxUrl.parse(secret.get_secret_value())
        try:
            count = await asyncio.to_thread(probe, url)
        except Exception as error:  # noqa: BLE001 whatever it is, it is told
            remedy = f"look at IMAP_URL: host, port, user, password, folder ({reason_of(error)})"
            yield Finding(f"the mailbox of {url} cannot be read", False, remedy)
        else:
            yield Finding(f"the mailbox of {url} can be read, {count} mails are in it", True)
    if settings.imap_url and not settings.mail_authorities:
        yield Finding(
            "senders of mails are not checked: MAIL_AUTHORITIES names no server of yours", True
        )
    for address in await _unfetched(settings):
        remedy = (
            "add the account that its mail comes to to IMAP_URL, and its address to "
            "SUPPORT_ADDRESSES; or switch it off in the directory"
        )
        yield Finding(f"the directory's mailbox {address} is fetched from nowhere", False, remedy)


async def _unfetched(settings: Settings) -> list[str]:
    """Return the directory's mailboxes in use whose mail comes to no account that is read: neither
    one of that name, nor one that gets it as one of ``SUPPORT_ADDRESSES``.
    """
    users = [MailboxUrl.parse(url.get_secret_value()).user.lower() for url in settings.imap_url]
    named = map(str.lower, settings.support_addresses if users else ())
    fetched = {bare(address) for address in (*users, *named)}
    try:
        async with open_existing(settings.database_url.get_secret_value()) as database:
            mailboxes = await desk_of(settings, database).read(mailboxes_of)
    except DatabaseUnusable:  # examine_database says why
        return []
    return [
        address
        for address, one in mailboxes.items()
        if one.active and not {address, bare(address)} & fetched
    ]


async def _no_stamp() -> MailStamp:
    """Stand in for what Message-IDs are made of: a probe writes no mail."""
    return MailStamp(0, b"")


async def _utc(_address: str) -> ZoneInfo:
    """Stand in for the recipient's time zone: a probe writes no mail."""
    return ZoneInfo("UTC")


class _NoTexts:
    """Stands in for the texts: a probe writes no mail."""

    def say(self, *_: Any, **__: Any) -> str:
        return ""
