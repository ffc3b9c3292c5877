"""A real SMTP server that refuses what its letters ask it to, and the words of one letter."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from zoneinfo import ZoneInfo

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from channels.email.channel import EmailChannel
from channels.email.compose import message_id
from core.delivery.channel import Delivery
from core.setup.restored import MailStamp

STAMP = MailStamp(0, b"a key")
MOSCOW = ZoneInfo("Europe/Moscow")
Start = Callable[..., Awaitable["Relay"]]
MakeChannel = Callable[..., EmailChannel]


class Words:
    """Catalogue of one letter; remembers with what instant it was asked."""

    def __init__(self) -> None:
        self.subject = "Обращение #{number}: {title}"
        self.body = "Здравствуйте.\n{text}\n"
        self.asked_at: list[datetime] = []
        self.zone = MOSCOW

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
        assert (locale, zone, escape) == ("ru", self.zone, None)
        self.asked_at.append(now)
        name = key.removeprefix("ticket.answered.")
        return {"subject": self.subject, "body": self.body}[name].format(**facts)


def delivery(address: str = "alice@x.test", **changes: Any) -> Delivery:
    about = Delivery(
        id=17,
        channel="email",
        address=address,
        locale="ru",
        kind="text",
        key="ticket.answered",
        facts={"number": 12, "title": "Камера", "text": "Починили."},
        ticket_id=12,
        created_at=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
        attempts=0,
    )
    return replace(about, **changes)


@dataclass
class Relay:
    """What the server does: ``550@x.test`` is refused with 550; the rest is set by the test."""

    port: int = 0
    letters: list[Envelope] = field(default_factory=list)
    data_reply: str = "250 queued as 4F2A"
    mail_reply: str = "250 OK"
    drop_in_data: bool = False
    hang_up_at_quit: bool = False
    seen: list[str] = field(default_factory=list)

    async def handle_MAIL(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, _session: object, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        assert server.session is not None
        self.seen.append("MAIL over TLS" if server.session.ssl else "MAIL")
        if self.mail_reply.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self.mail_reply

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: object, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        code = address.split("@", maxsplit=1)[0]
        if code.isdigit():
            return f"{code} refused as asked"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802
        self.letters.append(envelope)
        if self.drop_in_data:
            hang_up(server)
        return self.data_reply

    async def handle_QUIT(self, server: SMTP, _session: object, _envelope: Envelope) -> str:  # noqa: N802
        if self.hang_up_at_quit:
            hang_up(server)
        return "221 Bye"

    def letter(self) -> EmailMessage:
        """The only one. (Not a property: aiosmtpd reads every attribute of its handler.)"""
        (envelope,) = self.letters
        return read(envelope)


def own_id(row: int, domain: str = "frontdoor.test") -> str:
    """The id of a mail of ticket 12, in a desk that was never restored."""
    return message_id(row, 12, STAMP, domain)


def hang_up(server: SMTP) -> None:
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


def read(envelope: Envelope) -> EmailMessage:
    assert isinstance(envelope.content, bytes)
    letter = message_from_bytes(envelope.content, policy=policy.default)
    assert isinstance(letter, EmailMessage)
    return letter


def check_login(*args: Any) -> AuthResult:
    who = args[-1]
    assert isinstance(who, LoginPassword)
    right = (who.login, who.password) == (b"desk", b"p@ss/word")
    return AuthResult(success=right, handled=False)


def text_of(letter: EmailMessage) -> str:
    """Its words, with line ends as people write them."""
    words = letter.get_content()
    assert isinstance(words, str)
    return words.replace("\r\n", "\n")
