"""A stored mail becomes one action: a ticket, words of one, a report, or nothing."""

import asyncio
import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any, Final

from channels.email.compose import EMAIL, signed_row
from core.addresses import Address, MessageRef
from core.contacts.consents import UNPROVED
from core.contacts.erased_senders import sender_digest
from core.contacts.written_consents import is_about_consent, take_written
from core.desk import Desk
from core.files import FileStore
from core.inbox import FILE, FROM, UNREAD, Stored, change_nothing
from core.people.identity import Sender
from core.signing_key import find_signing_key
from core.tickets.correspondence import Arrival, receive, receive_unread
from core.tickets.delivery_results import report_undelivered
from core.tickets.incoming import IncomingMessage, file_messages
from core.tickets.mailboxes import DeskMailboxes, bare, mailbox_of, mailboxes_of
from core.words.contact_values import read_email
from core.words.numbers import find_masked
from handlers.mail.consent import written_of
from handlers.mail.nature import (
    Nature,
    blacklisted,
    bounce_of,
    is_proved,
    is_robot,
    nature_of,
)
from handlers.mail.parse import Mail, why_no_sender
from handlers.mail.parser_process import ParserProcess, UnreadableMail

log = logging.getLogger(__name__)

LONGEST_WHOLE: Final = 20_000
LONGEST_REF: Final = 190
# The words of a mail that has none.
NO_WORDS: Final = "…"


@dataclass(slots=True)
class MailHandler:
    """Handles stored mails. ``support``: addresses whose mail is for us, in lower case, beside the
    directory's mailboxes; ``own``: all from which we write, beside these; ``authorities``: our
    servers' names in ``Authentication-Results``; ``junk_reason`` says why mail of an entry of the
    blacklist becomes a junk ticket. What the company has chosen is asked anew for every mail.
    """

    desk: Desk
    files: FileStore
    support: Collection[str]
    own: Collection[str]
    authorities: Collection[str] = ()
    junk_reason: Callable[[str], str] = str
    parser: ParserProcess = field(default_factory=ParserProcess)

    async def handle(self, stored: Stored) -> None:
        """Handle one mail. Raises UnreadableMail, and OSError while its bytes cannot be had."""
        row = json.loads(stored.raw)
        raw = await self.files.read(row[FILE])
        if row.get(UNREAD):
            await self._take_unread(row, len(raw))
            return
        mail = await self._parsed(raw)
        mailboxes = await self.desk.read(mailboxes_of)
        nature = nature_of(mail, {*self.own, *mailboxes})
        if nature is Nature.BOUNCE:
            await self._report(mail, raw)
        elif why := self._unwanted(mail, nature, mailboxes):
            log.info("a mail is left alone: %s", why)
            await self.desk.run(change_nothing)
        elif not await self._is_about_consent(mail, nature, mailboxes):
            arrival = await self._arrival(mail, automatic=nature is Nature.AUTOMATIC)
            ticket = await self.desk.run(receive, arrival)
            log.info("a mail belongs to ticket %s", None if ticket is None else ticket.id)

    async def _is_about_consent(self, mail: Mail, nature: Nature, mailboxes: DeskMailboxes) -> bool:
        """Whether the mail waits for its author's consent, or is their answer; it is dealt with
        then, and no file of it is stored. What a robot sends is no person's (S31).
        """
        address = mail.answer_to or mail.sender or ""
        if is_robot(address):
            return False
        key = await self.desk.read(find_signing_key)
        unasked = None if nature is Nature.PERSON else "automatic"
        if self._blacklisted(address, key) is not None:
            unasked = "unwanted"
        elif unasked is None and is_proved(mail, self.authorities) is False:
            unasked = UNPROVED
        written = written_of(mail, mailbox_of(mailboxes, mail.recipients), key, unasked)
        if not await self.desk.read(is_about_consent, written):
            return False
        step = await self.desk.run(take_written, written)
        log.info("a mail is about consent: %s", step.name.lower())
        return True

    def _blacklisted(self, address: str, key: bytes) -> str | None:
        entries = self.desk.company.mail_blacklist
        return blacklisted(address, entries, sender_digest(key, address))

    async def _take_unread(self, row: Mapping[str, Any], size: int) -> None:
        """A ticket that has the mail as a file: an admin wants it, though it could not be read."""
        shown, there = parseaddr(row[FROM])
        address = read_email(there)
        sender = None if address is None else Sender(Address(EMAIL, address), shown or address)
        ref = MessageRef(EMAIL, address or "", row[FILE])
        file = {"name": row[FILE], "title": "original.eml", "size": size}
        words = _content("text", row[FROM] or NO_WORDS) | {"remark": {"key": UNREAD}}
        said = [
            IncomingMessage(ref, "text", words["text"], words),
            *file_messages(ref, [file]),
        ]
        await self.desk.run(receive_unread, sender, shown or there or row[FROM], said)

    async def _parsed(self, raw: bytes) -> Mail:
        mail = await asyncio.to_thread(self.parser.parse, raw)
        if mail.sender is None and nature_of(mail, self.own) is not Nature.BOUNCE:
            raise UnreadableMail(why_no_sender(mail.headers))
        return mail

    def _unwanted(self, mail: Mail, nature: Nature, mailboxes: DeskMailboxes) -> str | None:
        """Why the mail is nothing for the desk; its bytes are kept all the same."""
        if nature is Nature.OWN:
            return "it comes from ourselves"
        return None if self._is_for_us(mail, mailboxes) else "it is for another address"

    def _is_for_us(self, mail: Mail, mailboxes: DeskMailboxes) -> bool:
        """A mailbox may get mail for several addresses: what names another one of ours is not for
        the desk. What names none (a blind copy, a list) is.
        """
        named, support = set(mail.recipients), set(self.support)
        if not support or mailbox_of(mailboxes, mail.recipients) is not None:
            return True
        if named & support or {bare(address) for address in named} & support:
            return True
        ours = {address.rpartition("@")[2] for address in (*support, *mailboxes)}
        return not any(address.rpartition("@")[2] in ours for address in named)

    async def _report(self, mail: Mail, raw: bytes) -> None:
        """Something that we sent did not arrive."""
        bounce, ids = bounce_of(mail, raw)
        key = await self.desk.read(find_signing_key)
        row = next((row for each in ids if (row := signed_row(each, key)) is not None), None)
        if row is None or not bounce.failed:
            await self.desk.run(change_nothing)
        else:
            reason = "blocked" if bounce.gone else "bounced"
            await self.desk.run(report_undelivered, row.outbox_id, row.ticket_id, reason)

    async def _arrival(self, mail: Mail, *, automatic: bool) -> Arrival:
        key = await self.desk.read(find_signing_key)
        address = mail.answer_to or mail.sender or ""
        company = self.desk.company
        entry = self._blacklisted(address, key)
        if entry is not None:
            log.info("the sender of a mail is on the blacklist")
        ours = [row for each in mail.chain if (row := signed_row(each, key))]
        numbers = find_masked(mail.subject, *company.number_masks)
        if company.number_in_body:
            numbers += find_masked(mail.words.new, *company.number_masks)
        return Arrival(
            sender=Sender(Address(EMAIL, address), mail.name or address),
            said=await self._said(mail, address),
            title=mail.subject,
            answered=ours[0].outbox_id if ours else None,
            vouched=tuple(dict.fromkeys(row.ticket_id for row in ours if row.ticket_id)),
            answers=tuple(_ref(address, each) for each in mail.chain),
            numbers=tuple(dict.fromkeys(numbers)),
            proved=is_proved(mail, self.authorities),
            automatic=automatic,
            robot=is_robot(address),
            unwanted=entry is not None,
            organisation=address.rpartition("@")[2],
            junk=self.junk_reason(entry) if entry and company.mail_junk else None,
            recipients=mail.recipients,
        )

    async def _said(self, mail: Mail, address: str) -> list[IncomingMessage]:
        """The words, and each file, all under the mail's own id."""
        ref = _ref(address, mail.id)
        words = mail.words.new or mail.subject or NO_WORDS
        content = _content("text", words) | {"subject": mail.subject, "chain": mail.id}
        if mail.words.whole:
            content["whole"] = mail.words.whole[:LONGEST_WHOLE]
        said = [IncomingMessage(ref, "text", words, content)]
        files = [
            {"name": await self.files.put(one.data), "title": one.name, "size": len(one.data)}
            for one in mail.attachments
        ]
        return [*said, *file_messages(ref, files)]


def _content(kind: str, text: str) -> dict[str, Any]:
    return {"kind": kind, "text": text, "entities": [], "file_id": None, "more": {}}


def _ref(address: str, message_id: str) -> MessageRef:
    return MessageRef(EMAIL, address, message_id[:LONGEST_REF])
