"""``make run`` without a token: a local Bot API server with a demonstration world, a page to see it
in a browser, and the real bot as a process of its own against it. Nothing of it is kept.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
import time
import webbrowser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from bot.demo.clock import VARIABLE
from bot.demo.control import CLOCK_FILE, DATABASE_FILE, DemoControl
from bot.settings import DOTENV, NAMES, Settings

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.page import Page

ROOT: Final = Path(__file__).resolve().parents[2]
# What a person at the keyboard would not like to wait for.
LIVELY: Final = {"SWEEP_INTERVAL": "1s", "LOG_LEVEL": "warning"}
# What of the real desk's settings may be tried here. The others reach out of the box.
TRIED: Final = (
    "ANSWER_DEADLINE",
    "DEFAULT_LANGUAGE",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "NUMBER_MASK",
    "RATING_WAIT",
    "REMIND_BEFORE",
    "SWEEP_INTERVAL",
    "TIMEZONE",
)

# The page's usual port, so that a tab that was left open finds it again.
PORT: Final = 8790

WELCOME: Final = """\
Frontdoor in its sandbox: a local Bot API server, a small company, a real bot.
Nothing here reaches Telegram or a mail server, and nothing is kept.

See it in a browser:  {page}

{tour}
`help` lists what else there is: photos, albums, edits, blocking the bot,
a flood, an outage. `quit` stops. To run the real desk: README.md, “Go live”.
The bot is process {pid}; its log is
{log}
"""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How the sandbox is played. ``port`` is asked for, or the usual one where that is free; a
    ``basic_group`` of operators can still become a supergroup, but has no links to its messages.
    """

    port: int | None = None
    console: bool = True
    browser: bool = False
    basic_group: bool = False


async def play(settings: Settings, manner: RunOptions = RunOptions()) -> int:
    """Run the world until the console ends or a signal comes. Returns the exit code."""
    print("The sandbox starts; a few seconds …", flush=True)
    from sandbox import console, demo
    from sandbox.page import Page

    _live_by(settings.timezone.key)
    with _cancelled_by_signals(), tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
        try:
            async with demo.start(port=_port(manner.port)) as world:
                played = demo.build(world, basic_group=manner.basic_group)
                given = dotenv_values(DOTENV) | os.environ
                room = demo_control(settings, played, Path(folder), given)
                page = Page(played, room)
                await room.seed_company()
                async with room.bot as bot:
                    _welcome(page, room, demo.TOUR, manner)
                    await console.run(
                        played,
                        input=sys.stdin if manner.console else None,
                        output=sys.stdout,
                        bot=bot,
                        held=room.holds,
                    )
                    died = not bot.running and not room.holds()
                    await room.close()
        except AssertionError as problem:  # the bot did not come up; its log is in the words
            print(problem, file=sys.stderr)
            return 1
        except asyncio.CancelledError:
            return 0
    _say_last("Stopped. Nothing is left of it.")
    return 1 if died else 0


def demo_control(
    settings: Settings, played: "Demo", folder: Path, given: Mapping[str, str | None]
) -> DemoControl:
    """The bot of this world, not started yet, and who looks after it."""
    from sandbox import BotProcess

    bot = BotProcess(
        [sys.executable, "-m", "bot.demo.run_with_clock", "run"],
        environment(settings, played, str(folder), given),
        world=played.world,
        log=folder / "bot.log",
        cwd=folder,  # no .env there
        clean_env=True,
        ready_timeout=60,
    )
    return DemoControl(played, bot, folder)


def _welcome(page: "Page", room: DemoControl, tour: str, manner: RunOptions) -> None:
    words = WELCOME.format(page=page.url, tour=tour, pid=room.bot.pid, log=room.bot.log)
    print(words, flush=True)
    if manner.browser and not webbrowser.open(page.url):
        print("! No browser could be opened.", flush=True)


def _port(asked: int | None) -> int:
    """The port that was asked for, or the usual one; any if somebody else has that."""
    if asked is not None:
        return asked
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", PORT))
        except OSError:
            return 0
    return PORT


def environment(
    settings: Settings, played: "Demo", folder: str, given: Mapping[str, str | None]
) -> dict[str, str]:
    """The bot's environment: the machine's, the settings that may be tried, and this world."""
    ours = {name for name in given if name.upper() in NAMES and name.upper() not in TRIED}
    kept = {name: value for name, value in given.items() if value and name not in ours}
    return (
        LIVELY
        | kept
        | {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/{DATABASE_FILE}",
            VARIABLE: f"{folder}/{CLOCK_FILE}",
            "COMPANY_NAME": settings.company_name or "Frontdoor",
        }
        | played.environment()
    )


def _say_last(words: str) -> None:
    """Say it if anybody can read it: the window may be closed, the pipe's reader may have left."""
    try:
        print(words, flush=True)
    except OSError:  # what is buffered must not fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _live_by(timezone: str) -> None:
    """The console's clock shows the time that the desk says."""
    os.environ["TZ"] = timezone
    time.tzset()


@contextlib.contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """Until the console listens to them itself, SIGTERM and SIGHUP cancel: no process stays."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        yield
        return
    for number in (signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP):
            loop.remove_signal_handler(number)
