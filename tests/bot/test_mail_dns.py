"""What DNS says of a domain, asked of a real server on this machine."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from dns import flags, message, rcode, rrset
from dns.asyncresolver import Resolver

from bot.commands import mail_dns
from bot.commands.mail_dns import missing_records

RECORDS = {
    "good.test.": ["v=spf1 mx -all", "other"],
    "_dmarc.good.test.": ["v=DMARC1; p=reject; " + "x" * 300],
    "s2026._domainkey.good.test.": ["v=DKIM1; p=MIIB"],
    "bare.test.": ["other"],
}


class Names(asyncio.DatagramProtocol):
    """Answers questions for TXT records."""

    silent = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not self.silent:
            self.transport.sendto(answer(message.from_wire(data)).to_wire(), addr)


def answer(question: message.Message) -> message.Message:
    """What there is of the name; a name with others below it is there, too."""
    name = str(question.question[0].name)
    made = message.make_response(question)
    made.flags |= flags.RA
    if texts := RECORDS.get(name):
        pieces = (
            " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))
            for text in texts
        )
        made.answer.append(rrset.from_text(question.question[0].name, 60, "IN", "TXT", *pieces))
    elif not any(known.endswith(f".{name}") for known in RECORDS):
        made.set_rcode(rcode.NXDOMAIN)
    return made


@pytest.fixture
async def names() -> AsyncIterator[tuple[Names, Resolver]]:
    loop = asyncio.get_running_loop()
    transport, names = await loop.create_datagram_endpoint(Names, ("127.0.0.1", 0))
    resolver = Resolver(configure=False)
    host, resolver.port = transport.get_extra_info("sockname")
    resolver.nameservers = [host]
    yield names, resolver
    transport.close()


async def test_what_is_missing_is_named(names: tuple[Names, Resolver]) -> None:
    _, resolver = names
    assert await missing_records("good.test", resolver) == []
    missing = await missing_records("bare.test", resolver)
    assert [line.split(":")[0] for line in missing] == ["SPF", "DKIM", "DMARC"]


async def test_where_nobody_answers_nothing_is_said(
    names: tuple[Names, Resolver], monkeypatch: pytest.MonkeyPatch
) -> None:
    names[0].silent = True
    monkeypatch.setattr(mail_dns, "TIMEOUT", 0.1)
    assert await missing_records("bare.test", names[1]) == []
