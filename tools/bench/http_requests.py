"""``python -m tools.bench.http_requests`` asks a desk over HTTP at a steady rate, from a process of
its own. What to ask comes as JSON on standard input, what came of it goes to standard output: the
delay of each answer in milliseconds, from the instant at which it was due to be asked, and the
seconds of CPU that asking took. It shares the cores with whom it measures, so it does little for a
request: bytes that are made beforehand leave, and of an answer its status and its end are found.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

OK: Final = b"HTTP/1.1 200"
# So many times as long as it should take, it is tried to ask everything.
PATIENCE: Final = 5
# How much faster than it should somebody asks who is behind: an address has its limit.
CATCHING_UP: Final = 1.4
# Seconds between two looks at what is due.
TICK: Final = 0.004
_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Line(asyncio.Protocol):
    """A connection that is used again and again, for one request at a time."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._came = b""
        self._transport: Any = None
        self._due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what requests are written to."""
        self._transport = transport

    def ask(self, request: bytes, due: float) -> None:
        """Send a request; the asker is told when it is answered."""
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer, or all of it."""
        self._came += data
        head, end, body = self._came.partition(_END)
        if end and len(body) >= _length(head):
            self._came = b""
            self._asker.answered(self, self._due, is_ok=head.startswith(OK))

    def connection_lost(self, exc: Exception | None) -> None:
        """What was asked last has failed."""
        self._asker.lost(self._due)


def _length(head: bytes) -> int:
    at = head.lower().find(_LENGTH)
    return int(head[at + len(_LENGTH) :].partition(b"\r")[0]) if at >= 0 else 0


class Asker:
    """Asks so many times a second, in turn, whether or not answers have come."""

    def __init__(self, requests: Sequence[bytes], rate: float, seconds: float) -> None:
        self._requests = requests
        self._rate = rate
        self._many = int(rate * seconds)
        self._longest = seconds * PATIENCE
        self._sent = 0
        self._looked = 0.0
        self._free: deque[Line] = deque()
        self._over = asyncio.Event()
        self._delays: list[float] = []
        self._failed = 0

    def answered(self, line: Line, due: float, *, is_ok: bool) -> None:
        """Note an answer; the line is free again."""
        self._delays.append((time.perf_counter() - due) * 1e3)
        self._failed += not is_ok
        self._free.append(line)
        self._look_for_the_end()

    def lost(self, due: float) -> None:
        """Note a connection that has ended before all was asked."""
        if not self._over.is_set():
            self._delays.append((time.perf_counter() - due) * 1e3)
            self._failed += 1
            self._look_for_the_end()

    def _look_for_the_end(self) -> None:
        if len(self._delays) >= self._many:
            self._over.set()

    async def run(self, host: str, port: int, connections: int) -> dict[str, Any]:
        """Ask everything on so many connections; returns what came of it."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            _, line = await loop.create_connection(lambda: Line(self), host, port)
            self._free.append(line)
        began = self._looked = time.perf_counter()
        while self._sent < self._many and time.perf_counter() - began < self._longest:
            self._ask_what_is_due(began)
            await asyncio.sleep(TICK)
        self._many = self._sent
        self._look_for_the_end()
        await self._over.wait()
        took = time.perf_counter() - began
        return {
            "delays": self._delays,
            "failed": self._failed,
            "rate": (len(self._delays) - self._failed) / max(took, self._many / self._rate),
        }

    def _ask_what_is_due(self, began: float) -> None:
        now = time.perf_counter()
        most = self._sent + int((now - self._looked) * self._rate * CATCHING_UP) + 1
        self._looked = now
        due = min(self._many, most, int((now - began) * self._rate) + 1)
        while self._sent < due and self._free:
            request = self._requests[self._sent % len(self._requests)]
            self._free.popleft().ask(request, began + self._sent / self._rate)
            self._sent += 1


def request_for(path: str, key: str | None = None) -> bytes:
    """The bytes of a GET."""
    bearer = "" if key is None else f"Authorization: Bearer {key}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: desk\r\n{bearer}\r\n".encode()


async def main(asked: dict[str, Any]) -> None:
    askers = [
        Asker([request_for(one["path"], key) for key in one["keys"]], one["rate"], asked["seconds"])
        for one in asked["requests"]
    ]
    where = asked["host"], asked["port"], asked["connections"]
    runs = await asyncio.gather(*(one.run(*where) for one in askers))
    json.dump({"runs": runs, "cpu": time.process_time()}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
