"""``python -m tools.bench.http_requests`` asks a desk over HTTP at a steady rate, from a process of
its own. What to ask comes as JSON on standard input, what came of it goes to standard output: the
delay of each answer in milliseconds, from the instant at which it was due to be asked.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

# Connections that are kept open for each kind of request.
CONNECTIONS: Final = 16
OK: Final = b"HTTP/1.1 200"


class Line:
    """A connection that is used again and again."""

    def __init__(self, host: str, port: int) -> None:
        self._address = (host, port)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> bool:
        """Whether the answer is 200; its body is read."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._address)
        reader, writer = self._streams
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                await reader.readexactly(int(value))
        return head.startswith(OK)


async def ask_steadily(
    address: tuple[str, int], requests: Sequence[bytes], rate: float, seconds: float
) -> dict[str, Any]:
    """Ask so many times a second, in turn, whether or not answers have come."""
    free: asyncio.Queue[Line] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        free.put_nowait(Line(*address))
    delays: list[float] = []
    failed = 0

    async def one(number: int, due: float) -> None:
        nonlocal failed
        line = await free.get()
        try:
            failed += not await line.ask(requests[number % len(requests)])
            delays.append((time.perf_counter() - due) * 1e3)
        finally:
            free.put_nowait(line)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            await asyncio.sleep(due - time.perf_counter())
            tasks.create_task(one(number, due))
    took = time.perf_counter() - began
    return {"delays": delays, "failed": failed, "rate": len(delays) / took}


def request_for(path: str, key: str | None = None) -> bytes:
    """The bytes of a GET."""
    bearer = "" if key is None else f"Authorization: Bearer {key}\r\n"
    return f"GET {path} HTTP/1.1\r\nHost: desk\r\n{bearer}\r\n".encode()


async def main(asked: dict[str, Any]) -> None:
    address = (asked["host"], asked["port"])
    runs = [
        ask_steadily(
            address,
            [request_for(one["path"], key) for key in one["keys"]],
            one["rate"],
            asked["seconds"],
        )
        for one in asked["requests"]
    ]
    json.dump(await asyncio.gather(*runs), sys.stdout)


if __name__ == "__main__":
    asyncio.run(main(json.load(sys.stdin)))
