"""``make run`` without a token: a local Bot API server with a demonstration world, and the real bot
as a process of its own against it. Nothing of it is kept.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dotenv import dotenv_values

from bot.settings import DOTENV, NAMES, Settings

if TYPE_CHECKING:
    from sandbox.demo import Demo

ROOT: Final = Path(__file__).resolve().parent.parent
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

WELCOME: Final = """\
Frontdoor in its sandbox: a local Bot API server, a small company, and the real bot.
Nothing here reaches Telegram or a mail server, and nothing is kept.

{tour}
`help` lists what can be done: photos, albums, edits, blocking the bot, a flood, an outage.
`quit` stops. To run the real desk: README.md, “Go live”.
The bot is process {pid}; its log is {log}
"""


async def play(settings: Settings) -> int:
    """Run the world until the console ends or a signal comes. Returns the exit code."""
    print("The sandbox starts; a few seconds …", flush=True)
    from sandbox import BotProcess, console, demo

    _live_by(settings.timezone.key)
    with _cancelled_by_signals(), tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
        try:
            async with demo.start() as world:
                played = demo.build(world, basic_group=True)
                log = Path(folder) / "bot.log"
                bot = BotProcess(
                    [sys.executable, "-m", "bot", "run"],
                    environment(settings, played, folder, dotenv_values(DOTENV) | os.environ),
                    world=world,
                    log=log,
                    cwd=folder,  # no .env there
                    clean_env=True,
                    ready_timeout=60,
                )
                async with bot:
                    print(WELCOME.format(tour=demo.TOUR, pid=bot.pid, log=log), flush=True)
                    await console.run(played, input=sys.stdin, output=sys.stdout, bot=bot)
                    died = not bot.running
        except AssertionError as problem:  # the bot did not come up; its log is in the words
            print(problem, file=sys.stderr)
            return 1
        except asyncio.CancelledError:
            return 0
    _say_last("Stopped. Nothing is left of it.")
    return 1 if died else 0


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
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/sandbox.db",
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
