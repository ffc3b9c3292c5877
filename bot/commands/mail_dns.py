"""What DNS says of the domain that mail is sent from: SPF and DMARC, for `python -m bot check`.

One question and one answer by UDP; where no answer comes, nothing is said. DKIM keys stand under a
selector that only the mail server knows, so they cannot be looked up here.
"""

import secrets
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

TIMEOUT: Final = 2.0  # seconds
PORT: Final = 53
_TXT: Final = 16
_HEADER: Final = struct.Struct("!6H")
_RECORD: Final = struct.Struct("!HHIH")
_POINTER: Final = 0xC0
_NO_SUCH_NAME: Final = 3
_SERVERS: Final = Path("/etc/resolv.conf")


def name_server(path: Path = _SERVERS) -> str | None:
    """Return the machine's first name server; None where none is named."""
    with suppress(OSError):
        for line in path.read_text().splitlines():
            words = line.split()
            if words[:1] == ["nameserver"] and len(words) > 1:
                return words[1]
    return None


def texts_of(name: str, server: tuple[str, int]) -> list[str] | None:
    """Return the TXT records of a name; None if nobody answers. Blocks up to `TIMEOUT`."""
    number = secrets.randbelow(2**16)
    question = _HEADER.pack(number, 0x0100, 1, 0, 0, 0) + _encoded(name) + struct.pack("!2H", 16, 1)
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as line:
        line.settimeout(TIMEOUT)
        try:
            line.connect(server)
            line.send(question)
            answer = line.recv(4096)
        except OSError:
            return None
    with suppress(struct.error, IndexError):
        got, flags, questions, answers, _, _ = _HEADER.unpack_from(answer)
        code = flags & 0xF
        if got == number and code in (0, _NO_SUCH_NAME) and not flags & 0x0200:
            return list(_texts(answer, questions, answers))
    return None


def _encoded(name: str) -> bytes:
    labels = name.encode("idna").split(b".")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _texts(answer: bytes, questions: int, answers: int) -> Iterator[str]:
    at = _HEADER.size
    for _ in range(questions):
        at = _behind_name(answer, at) + 4
    for _ in range(answers):
        at = _behind_name(answer, at)
        kind, _, _, length = _RECORD.unpack_from(answer, at)
        at += _RECORD.size
        if kind == _TXT:
            yield _joined(answer[at : at + length])
        at += length


def _behind_name(answer: bytes, at: int) -> int:
    while answer[at]:
        if answer[at] >= _POINTER:
            return at + 2
        at += answer[at] + 1
    return at + 1


def _joined(data: bytes) -> str:
    """The pieces of one record, each behind its length."""
    pieces, at = [], 0
    while at < len(data):
        pieces.append(data[at + 1 : at + 1 + data[at]])
        at += data[at] + 1
    return b"".join(pieces).decode("utf-8", "replace")


def missing_records(domain: str, server: tuple[str, int]) -> list[str]:
    """Return what is missing for mails of this domain to be believed; empty if DNS is silent."""
    spf = texts_of(domain, server)
    dmarc = texts_of(f"_dmarc.{domain}", server)
    missing = []
    if spf is not None and not any(text.lower().startswith("v=spf1") for text in spf):
        missing.append(f"SPF: a TXT record of {domain} that begins with v=spf1")
    if dmarc is not None and not any(text.lower().startswith("v=dmarc1") for text in dmarc):
        missing.append(f"DMARC: a TXT record of _dmarc.{domain} that begins with v=DMARC1")
    return missing
