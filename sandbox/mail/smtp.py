"""The SMTP door: what is handed in lies in the recipients' mailboxes."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from sandbox.mail.post_office import PostOffice

LONGEST: Final = 60_000_000
_PATH: Final = re.compile(r"<([^>]*)>")


@dataclass(slots=True)
class SmtpServer:
    """Takes all mail. ``refusals``: what is answered to recipients, by address, e.g. ``550 no``;
    ``sender_refusals``: the same to senders, ``late``: not before a recipient is named, as Postfix
    does.
    """

    office: PostOffice
    host: str = "127.0.0.1"
    port: int = 0
    refusals: dict[str, str] = field(default_factory=dict)
    sender_refusals: dict[str, str] = field(default_factory=dict)
    late: bool = False
    _server: asyncio.Server | None = None
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Listen; a free port is taken where none is given."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Cut all connections and close the door."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
                await self._talk(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipients: list[str] = []
        answer, refused = "220 sandbox ready", "250 OK"
        while True:
            writer.write(answer.encode() + b"\r\n")
            await writer.drain()
            line = (await reader.readline()).decode("utf-8", "replace").strip()
            verb = line[:4].upper()
            path = _PATH.search(line)
            if not line or verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            if verb in ("MAIL", "RSET", "HELO", "EHLO"):
                recipients = []
                answer = f"250-sandbox\r\n250-8BITMIME\r\n250 SIZE {LONGEST}"
                answer = answer if verb == "EHLO" else "250 OK"
                if verb == "MAIL":
                    refused = self.sender_refusals.get(path[1].lower() if path else "", answer)
                    answer = answer if self.late else refused
            elif verb == "RCPT":
                address = (path[1] if path else "").lower()
                answer = self.refusals.get(address, refused)
                recipients += [address] if answer.startswith("250") else []
            elif verb == "DATA":
                writer.write(b"354 go on\r\n")
                raw = await _data(reader)
                for address in recipients:
                    self.office.deliver(address, raw)
                answer = "250 stored"
            else:
                answer = "250 OK" if verb in ("NOOP", "VRFY") else "502 unknown command"


async def _data(reader: asyncio.StreamReader) -> bytes:
    lines: list[bytes] = []
    while (line := await reader.readline()) != b".\r\n":
        if not line:
            raise ConnectionResetError
        lines.append(line[1:] if line.startswith(b".") else line)
    return b"".join(lines)
