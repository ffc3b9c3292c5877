"""The e-mail channel: one delivery, one connection, one recipient."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from html import escape
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo

from aiosmtplib import SMTP, SMTPException

from channels.email.compose import compose, mailbox, message_id, named_mailbox, one_line
from channels.email.contents import MAILED, MailContents, masked, subject_of
from channels.email.letter_html import html_of
from channels.email.refusals import LONGEST_DETAIL, judge
from channels.email.relay import Relay
from core.delivery.channel import READERS_ZONE, Delivery, SendError, Sent
from core.delivery.consent_letters import CONSENT_LETTERS
from core.delivery.own_notices import BY_MAIL
from core.delivery.own_words import say_own
from core.responses.letterhead import Letterhead
from core.setup.restored import MailStamp
from core.texts import Key
from core.tx import demand_no_transaction

log = logging.getLogger(__name__)

TIMEOUT: Final = 15.0  # seconds for one command
STEPS: Final = (
    4  # timeouts that a whole session may take: a server that sends byte by byte counts as dead
)
FAREWELL: Final = (
    2.0  # the mail is accepted by then, so waiting longer for QUIT's answer is pointless
)
# What stands above an operator's words, by the kind of the delivery.
_ABOVE: Final = {"edit": "letter.corrected", "unread": "letter.unread"}
NOBODY: Final = Key("person.nobody")

Parts = dict[str, Any]
"""Of a mail, as `compose` takes them."""


class Texts(Protocol):
    """Makes texts by key."""

    def say(
        self,
        locale: str,
        key: str,
        facts: Mapping[str, Any],
        *,
        now: datetime,
        zone: ZoneInfo,
        escape: Callable[[str], str] | None = None,
    ) -> str:
        """Return the text ``key`` in ``locale`` with ``facts`` in it."""
        ...


class EmailChannel:
    """Hands mail to the company's own mail server.

    The idempotency key of a mail is its Message-ID, made of the outbox row's id: sending it again
    after a lost response is harmless. Each mail opens its own connection: keeping one open saved 2
    ms a mail (measured), and would need care for connections that died unnoticed.

    A ticket that began in a mailbox is answered from that mailbox's address, or, where the mail
    server takes no mail from there, from ``sender`` with the mailbox in Reply-To.

    Raises ValueError when ``url`` or ``sender`` cannot be used. ``zone_of`` returns the time zone
    of an address, ``stamp_of`` what a Message-ID is made of beside the row. ``domain`` is used in
    Message-ID and EHLO; by default it is the sender's. ``tls`` replaces the system's trust.
    ``contents``: what answers to customers are made of.
    """

    name = "email"

    def __init__(
        self,
        url: str,
        sender: str,
        texts: Texts,
        zone_of: Callable[[str], Awaitable[ZoneInfo]],
        stamp_of: Callable[[], Awaitable[MailStamp]],
        *,
        contents: MailContents | None = None,
        domain: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self.relay = Relay.parse(url)
        self._sender = named_mailbox(sender)
        if not self._sender.addr_spec.isascii():
            raise ValueError("MAIL_FROM: many servers take only Latin letters before the @")
        self._domain = mailbox(f"postmaster@{domain}").domain if domain else self._sender.domain
        self._texts = texts
        self._zone_of = zone_of
        self._stamp_of = stamp_of
        self._tls = tls
        self._contents = contents
        self._kinds: dict[str, Callable[[Delivery, ZoneInfo], Awaitable[Parts | None]]] = {
            "text": self._text,
            "content": self._answer,
            "edit": self._answer,
            "unread": self._answer,
        }
        self._timeout = timeout
        self._refused: set[str] = set()

    async def recall(self) -> None:
        """Do nothing: the row's number is all that a mail needs."""

    def probe_context(self) -> dict[str, Any]:
        """Return nothing: a mail is known by its Message-ID."""
        return {}

    async def send(self, delivery: Delivery) -> Sent:
        """Send a notice, or an operator's answer. Raises `SendError`."""
        letter = await self._letter(delivery, await self._zone(delivery))
        if letter is None:
            return Sent()
        try:
            response = await self._hand_over(letter)
        except SendError as error:
            sender = _sender_of(letter)
            if sender == self._sender.addr_spec or not (error.permanent or error.configuration):
                raise
            response = await self._send_from_us(delivery, sender)
        note = {"response": one_line(response, LONGEST_DETAIL)}
        return Sent(message_refs=(letter["Message-ID"],), note=note)

    async def _send_from_us(self, delivery: Delivery, refused: str) -> str:
        """Send it once more, from our usual address: it may be the mailbox's that the mail server
        takes nothing from. Where that helps, no other mail is tried from there.
        """
        self._refused.add(refused)
        try:
            letter = await self._letter(delivery, await self._zone(delivery))
            response = "" if letter is None else await self._hand_over(letter)
        except BaseException:
            self._refused.discard(refused)  # it was about something else
            raise
        log.warning("the mail server takes no mail from %s: it goes from MAIL_FROM", refused)
        return response

    async def _hand_over(self, letter: EmailMessage) -> str:
        recipient = letter["To"].addresses[0].addr_spec
        async with self._session() as server:
            # One recipient, so a refusal is an exception. With several, aiosmtplib would report
            # those refused in the dictionary and raise nothing.
            _refused, response = await server.send_message(
                letter, sender=_sender_of(letter), recipients=[recipient]
            )
        return response

    async def was_delivered(self, delivery: Delivery) -> Sent | None:  # noqa: ARG002 (the protocol's)
        """Return None: nobody can tell, and the mail is simply sent again under the same id."""
        return None

    async def close(self) -> None:
        """Do nothing: no connection is kept open."""

    async def probe(self) -> None:
        """Do all of a session but the mail, for `python -m bot check`. Raises `SendError`."""
        async with self._session() as server:
            await server.ehlo()
            # some servers ask for a login only here
            await server.mail(self._sender.addr_spec)
            await server.rset()

    async def _zone(self, delivery: Delivery) -> ZoneInfo:
        """Return the reader's zone: as stored in the row, or as known of the address."""
        own = delivery.facts.get(READERS_ZONE)
        return await self._zone_of(delivery.address) if own is None else ZoneInfo(own)

    async def _letter(self, delivery: Delivery, zone: ZoneInfo) -> EmailMessage | None:
        """The mail; None where there is nothing to say by mail."""
        make = self._kinds.get(delivery.kind)
        if make is None or (delivery.kind == "text" and delivery.key is None):
            raise SendError("unsupported", f"a letter cannot {delivery.kind}", permanent=True)
        try:
            recipient = mailbox(delivery.address)
        except ValueError as error:
            raise SendError("blocked", str(error), permanent=True) from error
        parts = await make(delivery, zone)
        if parts is None:
            return None
        return compose(
            message_id=message_id(
                delivery.id, delivery.ticket_id, await self._stamp_of(), self._domain
            ),
            recipient=recipient,
            date=delivery.created_at,
            **{"sender": self._sender, **parts},
        )

    def _from(self, head: Letterhead | None) -> Parts:
        """Whom a mail to a customer comes from, and where answers to it go."""
        if head is None:
            return {}
        name = head.title or self._sender.display_name
        there = mailbox(head.address, name)
        if head.send_as and head.address not in self._refused:
            return {"sender": there}
        ours = Address(name, self._sender.username, self._sender.domain)
        return {"sender": ours, "reply_to": None if ours == there else there}

    async def _text(self, delivery: Delivery, zone: ZoneInfo) -> Parts | None:
        """A notice: to staff in its own words, to a customer what is worth a mail."""
        if delivery.key in CONSENT_LETTERS:
            return await self._about_consent(delivery, zone)
        if delivery.person_id is None or f"{delivery.key}".startswith("mail."):
            subject = self._say(delivery, f"{delivery.key}.subject", zone)
            return {"subject": subject, "body": self._say(delivery, f"{delivery.key}.body", zone)}
        wanted = "letter.about" if delivery.facts.get(BY_MAIL) else None
        about = MAILED.get(delivery.key or "", wanted)
        if about is None or self._contents is None:
            return None
        shown = masked(self._contents.desk.company.number_mask, delivery.ticket_id)
        fixed = self._say(delivery, about, zone)
        subject, answers = await self._contents.thread_of(delivery)
        if about == "letter.opened":
            subject = ""  # an acknowledgement repeats nothing of what somebody wrote (S19)
        said = say_own(
            delivery.facts, now=delivery.created_at, zone=zone, locale=delivery.locale
        ) or self._say(delivery, delivery.key or "", zone)
        page = await self._page(delivery, zone)
        parts = [said, *filter(None, (page,))]
        if about == "letter.opened" and not page:  # the form has asked for it
            consent = await self._contents.consent_untold(delivery)
            parts += [self._say(delivery, "letter.consent", zone, text=consent)] if consent else []
        head = await self._contents.letterhead(delivery)
        parts.append(self._signature(delivery, zone, head))
        return {
            **self._from(head),
            "subject": subject_of(subject, fixed, shown),
            "body": "\n\n".join(parts),
            "answers": answers,
            "automatic": "auto-replied",
        }

    async def _about_consent(self, delivery: Delivery, zone: ZoneInfo) -> Parts:
        """A question of consent, or what came of the answer, to somebody who may be unknown."""
        head = None if self._contents is None else await self._contents.letterhead(delivery)
        body = self._say(delivery, f"{delivery.key}.body", zone)
        return {
            **self._from(head),
            "subject": self._say(delivery, f"{delivery.key}.subject", zone),
            "body": f"{body}\n\n{self._signature(delivery, zone, head)}",
            "answers": delivery.facts.get("answers"),
            "automatic": "auto-replied",
        }

    async def _answer(self, delivery: Delivery, zone: ZoneInfo) -> Parts | None:
        """An operator's words, signed, with their files."""
        if self._contents is None:
            raise SendError("unsupported", "no contents are at hand", permanent=True)
        draft = await self._contents.answer(delivery)
        if draft is None:
            return None
        shown = masked(self._contents.desk.company.number_mask, delivery.ticket_id)
        fixed = self._say(delivery, "letter.about", zone)
        letterhead = await self._contents.letterhead(delivery, draft.author)
        signature = self._signature(delivery, zone, letterhead, draft.author)
        page = await self._page(delivery, zone)
        above = None if page else _ABOVE.get(delivery.kind)
        head = "" if above is None else self._say(delivery, above, zone)
        body = "\n\n".join(filter(None, (head, draft.text, page, signature)))
        below = (html_of(part) for part in (page, signature) if part)
        html = "<br>".join(filter(None, (escape(head), draft.html, *below)))
        return {
            **self._from(letterhead),
            "subject": subject_of(draft.subject, fixed, shown),
            "body": body,
            "html": f"<html><body>{html}</body></html>",
            "answers": draft.answers,
            "automatic": "auto-generated" if delivery.kind == "unread" else None,
            "enclosures": draft.enclosures,
        }

    async def _page(self, delivery: Delivery, zone: ZoneInfo) -> str:
        """The line that leads to the ticket's page, for a customer who reads there; else empty."""
        page = None if self._contents is None else await self._contents.page_of(delivery)
        return "" if page is None else self._say(delivery, "letter.page", zone, page=page)

    def _signature(
        self, delivery: Delivery, zone: ZoneInfo, head: Letterhead | None, author: str = ""
    ) -> str:
        if head is not None and head.signature is not None:
            return f"-- \n{head.signature}"
        company = "" if self._contents is None else self._contents.desk.company.name
        said = self._say(delivery, "letter.signature", zone)
        return "\n".join(("-- ", *filter(None, (author, company)), said))

    def _say(self, delivery: Delivery, key: str, zone: ZoneInfo, **more: Any) -> str:
        # "Tomorrow" is counted from the Date of the mail, as its reader will count; and a retry
        # after midnight must not be another mail under the same id.
        facts = {"number": delivery.ticket_id, **delivery.facts, **more}
        if "assignee" in facts:
            facts["assignee"] = facts["assignee"] or NOBODY
        return self._texts.say(delivery.locale, key, facts, now=delivery.created_at, zone=zone)

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[SMTP]:
        demand_no_transaction("SMTP")
        server = SMTP(
            hostname=self.relay.host,
            port=self.relay.port,
            username=self.relay.username,
            password=self.relay.password,
            use_tls=self.relay.use_tls,
            start_tls=self.relay.start_tls,
            tls_context=self._tls,
            local_hostname=self._domain,  # otherwise each connection asks DNS for our own name
            timeout=self._timeout,
        )
        try:
            async with asyncio.timeout(STEPS * self._timeout):
                await server.connect()
                yield server
        except (SMTPException, OSError) as error:
            raise judge(error) from error
        except asyncio.CancelledError:
            server.close()
            raise
        finally:
            await _part(server)


def _sender_of(letter: EmailMessage) -> str:
    return str(letter["From"].addresses[0].addr_spec)


async def _part(server: SMTP) -> None:
    """Close the session. Errors are ignored: the mail's result is known already."""
    with suppress(SMTPException, OSError):
        if server.is_connected:
            await server.quit(timeout=FAREWELL)
    server.close()
