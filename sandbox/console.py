"""The sandbox by hand: type what people do, read what the bot answers."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

from sandbox.commands import Seat, obey
from sandbox.demo import Demo
from sandbox.transcript import message_lines
from sandbox.watch import Event

_DONE = {"edit": "edited", "delete": "deleted", "reaction": "reacted to", "pin": "pinned"}


async def run(demo: Demo, *, input: TextIO | None, output: TextIO) -> None:  # noqa: A002
    """Obey the lines of ``input`` and print what the bot does, until ``quit``.

    SIGINT and SIGTERM end it as well. When the input ends, or there is none, it goes on printing.
    """
    console = _Console(demo, output, prompts=input is not None and input.isatty())
    stop = asyncio.Event()
    with _signals(stop), _lines(input) as lines:
        tasks = [
            asyncio.create_task(work)
            for work in (stop.wait(), console.obey_all(lines), console.watch())
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()  # a fault of the console is not swallowed


class _Console:
    def __init__(self, demo: Demo, output: TextIO, *, prompts: bool) -> None:
        self.world = demo.world
        self.seat = Seat(demo)
        self.output = output
        self.prompts = prompts
        self.seen = self.world.seq

    def print(self, text: str) -> None:
        self.output.write(("\r" if self.prompts else "") + text + "\n")
        self.output.flush()

    def prompt(self) -> None:
        if self.prompts:
            self.output.write(f"{self.seat.name} in {self.seat.chat.title}> ")
            self.output.flush()

    async def obey_all(self, lines: asyncio.Queue[str | None]) -> None:
        """Obey until ``quit``; without end when the input ends before."""
        self.print(f"The Bot API is at {self.world.api_url}. Type help for help.")
        while not self.seat.done:
            self.prompt()
            line = await lines.get()
            if line is None:
                await asyncio.Event().wait()
            answer = obey(self.seat, line or "")
            if answer:
                self.print(answer)

    async def watch(self) -> None:
        """Print what the bot does as it happens."""
        while True:
            news = [text for event in self._events() for text in _told(event)]
            news += self._answers()
            if news:
                self.print("\n".join(news))
                self.prompt()
            await self.world.signal.wait(60)

    def _events(self) -> list[Event]:
        fresh = [
            event
            for chat in self.world.chats.values()
            for event in chat.events
            if event.seq > self.seen
        ]
        fresh.sort(key=lambda event: event.seq)
        self.seen = self.world.seq
        return fresh

    def _answers(self) -> Iterator[str]:
        for press in [press for press in self.seat.presses if press.answered]:
            self.seat.presses.remove(press)
            if press.text:
                how = "alert" if press.alert else "toast"
                yield f"  {how} for {press.person.name}: {press.text}"


def _told(event: Event) -> list[str]:
    message = event.message
    first, *rest = message_lines(message)
    what = f" ({_DONE[event.kind]})" if event.kind in _DONE else ""
    return [f"< {message.chat.title}{what}: {first}", *rest]


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event instead of tearing the process down."""
    loop = asyncio.get_running_loop()
    caught = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, stop.set)
                caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _lines(source: TextIO | None) -> Iterator[asyncio.Queue[str | None]]:
    """The lines of the source as they come, then ``None``; the loop never waits for them."""
    lines: asyncio.Queue[str | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    number = _descriptor(source)
    if number is None or not _can_wait(loop, number):
        for line in source or ():  # memory and files never let anybody wait
            lines.put_nowait(line)
        lines.put_nowait(None)
        yield lines
        return
    loop.remove_reader(number)
    loop.add_reader(number, _reader(loop, number, lines))
    try:
        yield lines
    finally:
        loop.remove_reader(number)


def _descriptor(source: TextIO | None) -> int | None:
    try:
        return source.fileno() if source is not None else None
    except (OSError, ValueError):
        return None


def _can_wait(loop: asyncio.AbstractEventLoop, number: int) -> bool:
    """Whether the loop can tell when there is something to read (not for plain files)."""
    try:
        loop.add_reader(number, lambda: None)
    except (OSError, ValueError, NotImplementedError):
        return False
    return True


def _reader(
    loop: asyncio.AbstractEventLoop, number: int, lines: asyncio.Queue[str | None]
) -> Callable[[], None]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""

    def read() -> None:
        nonlocal rest
        data = os.read(number, 65536)
        *whole, rest = (rest + decoder.decode(data, final=not data)).split("\n")
        for line in whole:
            lines.put_nowait(line)
        if not data:
            loop.remove_reader(number)
            if rest:
                lines.put_nowait(rest)
            lines.put_nowait(None)

    return read
