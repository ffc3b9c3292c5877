"""The sandbox by hand: type what people do, read what the bot answers."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import math
import os
import re
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TextIO

from sandbox.console.commands import Player, execute
from sandbox.console.terminal import BLUE, DIM, RED, YELLOW, Plain, Terminal, wrapped
from sandbox.demo import Demo
from sandbox.people.transcript import message_lines
from sandbox.process import BotProcess
from sandbox.server.message import BotEvent

_DONE = {"edit": "edited", "delete": "deleted", "pin": "pinned"}


async def run(
    demo: Demo,
    *,
    input: TextIO | None,  # noqa: A002
    output: TextIO,
    bot: BotProcess | None = None,
    held: Callable[[], bool] = lambda: False,
) -> None:
    """Execute the lines of ``input`` and print what the bot does, until ``quit``.

    SIGINT, SIGTERM and SIGHUP end it as well, and so does the end of ``bot`` or of who reads the
    output. When the input is no terminal and ends, or there is none, it goes on printing. A bot
    that was killed is started again, unless it is ``held``: somebody else will start it.
    """
    stop = asyncio.Event()
    screen = _screen(input, output, stop.set)
    console = _Console(demo, screen)
    with _signals(stop), _lines(input, screen) as lines:
        works = [stop.wait(), console.execute_all(lines), console.watch()]
        if bot is not None:
            works.append(console.look_after(bot, held))
        tasks = [asyncio.create_task(work) for work in works]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()  # a fault of the console is not swallowed


def _screen(source: TextIO | None, output: TextIO, gone: Callable[[], None]) -> Plain:
    number = _descriptor(source)
    if number is None or not os.isatty(number) or not output.isatty():
        return Plain(output, gone)
    return Terminal(number, output, gone)


class _Console:
    def __init__(self, demo: Demo, screen: Plain) -> None:
        self.world = demo.world
        self.player = Player(demo)
        self.screen = screen
        self.seen = self.world.context.seq

    def print(self, text: str) -> None:
        """What somebody asked for: long lines are broken between words."""
        lines = [part for line in text.split("\n") for part in wrapped(line, self.screen.columns)]
        self.screen.print("\n".join(self._painted(line) for line in lines))

    def prompt(self) -> None:
        self.screen.prompt(f"{self.player.name} in {self.player.place}> ")

    async def execute_all(self, lines: asyncio.Queue[str | None]) -> None:
        """Execute until ``quit``; without end when the input ends before."""
        self.print(f"The Bot API is at {self.world.api_url}. Type help for help.")
        while not self.player.done:
            self.prompt()
            line = await lines.get()
            if line is None:
                if isinstance(self.screen, Terminal):  # Ctrl-D, or the window was closed
                    return
                self.print("Nothing more to read; Ctrl-C stops.")
                await asyncio.Event().wait()
            answer = execute(self.player, line or "")
            if answer:
                self.print(answer)

    async def watch(self) -> None:
        """Print what the bot does as it happens."""
        while True:
            news = [text for event in self._events() for text in _told(event)]
            news += self._answers()
            for told in (self.player.news, self.player.demo.news):
                news += told
                told.clear()
            if news:
                self.print("\n".join(news))
            await self.world.signal.wait(60)

    async def look_after(self, bot: BotProcess, held: Callable[[], bool]) -> None:
        """Say that the bot has died. One that was killed is started again, as systemd would."""
        while True:
            code = await bot.wait()
            if held():
                self.print("! The bot was killed, and stays so until the page starts it.")
                await self.world.signal.until(lambda: bot.running, math.inf)
                self.print("The bot is started again.")
                continue
            if code >= 0:
                self.print(f"! The bot has ended with code {code}. Its last words:\n{bot.tail()}")
                return
            self.print(f"! The bot was killed by signal {-code}. It is started again …")
            try:
                _ = await bot.start()
            except AssertionError as problem:
                self.print(f"! {problem}")
                return
            self.print("The bot is back. What was said meanwhile is being answered.")

    def _events(self) -> list[BotEvent]:
        fresh = [
            event
            for chat in self.world.chats.values()
            for event in chat.events
            if event.seq > self.seen
        ]
        fresh.sort(key=lambda event: event.seq)
        self.seen = self.world.context.seq
        return fresh

    def _answers(self) -> Iterator[str]:
        for press in [press for press in self.player.presses if press.answered]:
            self.player.presses.remove(press)
            if press.text:
                how = "alert" if press.alert else "toast"
                yield f"  {how} for {press.person.name}: {press.text}"

    def _painted(self, line: str) -> str:
        paint = self.screen.paint
        if line.startswith("!"):
            return paint(line, RED)
        if line.startswith("      [ "):
            return paint(line, BLUE)
        head = _HEAD.match(line)
        if head is None:
            return line
        return paint(head[1], YELLOW) + paint(head[2], DIM) + line[head.end() :]


# Where it happens, then when and the message's number.
_HEAD = re.compile(r"(< [^:]*: |)(\d\d:\d\d:\d\d #\d+ |)")


def _told(event: BotEvent) -> list[str]:
    message = event.message
    first, *rest = message_lines(message)
    if event.kind == "reaction":  # whose message it is on, and its words, are known already
        signs = "".join(message.bot_reactions) or "no reaction any more"
        return [f"< {message.chat.title}: {signs} on #{message.id} {_short(message.text)}".rstrip()]
    what = f" ({_DONE[event.kind]})" if event.kind in _DONE else ""
    return [f"< {message.chat.title}{what}: {first}", *rest]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 40 else text[:39] + "…"


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP set the event instead of tearing the process down."""
    loop = asyncio.get_running_loop()
    caught = []
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(number, stop.set)
                caught.append(number)
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _lines(source: TextIO | None, screen: Plain) -> Iterator[asyncio.Queue[str | None]]:
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
    keys = screen.keys() if isinstance(screen, Terminal) else contextlib.nullcontext()
    split = screen.feed if isinstance(screen, Terminal) else _Splitter()
    loop.add_reader(number, _reader(loop, number, lines, split))
    try:
        with keys:
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


class _Splitter:
    """Pieces come in, whole lines come out."""

    def __init__(self) -> None:
        self._rest = ""

    def __call__(self, text: str) -> Iterator[str | None]:
        *whole, self._rest = (self._rest + text).split("\n")
        yield from whole


def _reader(
    loop: asyncio.AbstractEventLoop,
    number: int,
    lines: asyncio.Queue[str | None],
    split: Callable[[str], Iterator[str | None]],
) -> Callable[[], None]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def read() -> None:
        try:
            data = os.read(number, 65536)
        except OSError:  # the terminal is gone
            data = b""
        end = "" if data else "\n"  # the last line may lack its own
        for line in split(decoder.decode(data, final=not data) + end):
            lines.put_nowait(line)
        if not data:
            loop.remove_reader(number)
            lines.put_nowait(None)

    return read
