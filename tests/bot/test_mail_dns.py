"""What DNS says of a domain, asked of a real server on this machine."""

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.commands import mail_dns
from bot.commands.mail_dns import missing_records, name_server, texts_of

RECORDS = {
    "good.test": ["v=spf1 mx -all", "other"],
    "_dmarc.good.test": ["v=DMARC1; p=reject; " + "x" * 300],
    "bare.test": ["other"],
}


class Names(asyncio.DatagramProtocol):
    """Answers questions for TXT records."""

    silent = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.silent:
            return
        at, labels = 12, []
        while data[at]:
            labels.append(data[at + 1 : at + 1 + data[at]].decode())
            at += data[at] + 1
        found = RECORDS.get(".".join(labels))
        head = data[:2] + struct.pack("!5H", 0x8180 if found else 0x8183, 1, len(found or ()), 0, 0)
        answers = b""
        for text in found or ():
            raw = text.encode()
            pieces = [raw[start : start + 255] for start in range(0, len(raw), 255)]
            body = b"".join(bytes([len(piece)]) + piece for piece in pieces)
            answers += b"\xc0\x0c" + struct.pack("!HHIH", 16, 1, 60, len(body)) + body
        self.transport.sendto(head + data[12 : at + 5] + answers, addr)


@pytest.fixture
async def names() -> AsyncIterator[tuple[Names, tuple[str, int]]]:
    loop = asyncio.get_running_loop()
    transport, names = await loop.create_datagram_endpoint(Names, ("127.0.0.1", 0))
    host, port = transport.get_extra_info("sockname")
    yield names, (host, port)
    transport.close()


async def test_what_is_missing_is_named(names: tuple[Names, tuple[str, int]]) -> None:
    _, server = names
    assert await asyncio.to_thread(missing_records, "good.test", server) == []
    missing = await asyncio.to_thread(missing_records, "bare.test", server)
    assert [line.split(":")[0] for line in missing] == ["SPF", "DMARC"]


async def test_long_records_are_joined(names: tuple[Names, tuple[str, int]]) -> None:
    found = await asyncio.to_thread(texts_of, "_dmarc.good.test", names[1])
    assert found == RECORDS["_dmarc.good.test"]


async def test_where_nobody_answers_nothing_is_said(
    names: tuple[Names, tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names[0].silent = True
    monkeypatch.setattr(mail_dns, "TIMEOUT", 0.1)
    assert await asyncio.to_thread(missing_records, "bare.test", names[1]) == []


def test_the_machine_names_its_server(tmp_path: Path) -> None:
    path = tmp_path / "resolv.conf"
    path.write_text("# x\nsearch y\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n")
    assert name_server(path) == "192.0.2.1"
    assert name_server(tmp_path / "absent") is None
