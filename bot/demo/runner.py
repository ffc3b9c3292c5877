"""Runs the sandbox: a local Bot API server with people in it, a page for a browser, a console, and
the real bot as a process of its own. Nothing of it is kept.
"""

import argparse
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

from bot.demo.clock import ADDRESS, VARIABLE
from bot.demo.control import ADDRESS_FILE, CLOCK_FILE, DATABASE_FILE, DemoControl
from bot.demo.past import WEEKS
from bot.settings import DOTENV, NAMES, Settings

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.page import Page

ROOT: Final = Path(__file__).resolve().parents[2]
# Shorter than in production: somebody sits before it.
DEFAULTS: Final = {"SWEEP_INTERVAL": "1s", "LOG_LEVEL": "warning"}
# The settings that the sandbox takes over. The others would reach real servers and data.
ALLOWED: Final = (
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
    """How to run the sandbox. ``port``: ``None`` is the usual one, or any if that is taken; a
    ``basic_group`` of operators can become a supergroup, but has no links to its messages; a
    ``forum`` has topics; ``language``: the desk's, ``None`` for that of the settings; ``weeks``:
    so many the company has worked before.
    """

    port: int | None = None
    console: bool = True
    browser: bool = False
    basic_group: bool = False
    forum: bool = False
    language: str | None = None
    weeks: int = WEEKS


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Run the sandbox. `run` without a token comes here too, and has none of the options."""
    if "port" not in options:
        return await run_demo(settings)
    run_options = RunOptions(
        options.port,
        console=not options.no_console,
        browser=options.open,
        basic_group=options.basic_group,
        forum=options.forum,
        language=options.language,
        weeks=WEEKS if options.weeks is None else options.weeks,
    )
    return await run_demo(settings, run_options)


async def run_demo(settings: Settings, options: RunOptions = RunOptions()) -> int:
    """Run the sandbox until the console ends or a signal comes. Returns the exit code."""
    print("The sandbox starts; a few seconds …", flush=True)
    from sandbox import console, demo
    from sandbox.mail import MailServers
    from sandbox.page import Page
    from sandbox.sample_model import SampleModel

    _use_timezone(settings.timezone.key)
    with _cancelled_by_signals(), tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
        try:
            async with (
                MailServers() as mail,
                SampleModel() as model,
                demo.start(port=_port(options.port)) as world,
            ):
                played = demo.build(
                    world,
                    basic_group=options.basic_group,
                    forum=options.forum,
                    language=options.language or settings.default_language,
                    mail=mail,
                    model=model,
                )
                given = dotenv_values(DOTENV) | os.environ
                control = demo_control(settings, played, Path(folder), given, weeks=options.weeks)
                page = Page(played, control)
                await control.seed_company()
                async with control.bot as bot:
                    _welcome(page, control, demo.TOUR[played.language], options)
                    await console.run(
                        played,
                        input=sys.stdin if options.console else None,
                        output=sys.stdout,
                        bot=bot,
                        held=control.holds,
                    )
                    died = not bot.running and not control.holds()
                    await control.close()
        except AssertionError as error:  # the bot did not come up; the message has its log
            print(error, file=sys.stderr)
            return 1
        except asyncio.CancelledError:
            return 0
    _print_last("Stopped. Nothing is left of it.")
    return 1 if died else 0


def demo_control(
    settings: Settings,
    played: "Demo",
    folder: Path,
    given: Mapping[str, str | None],
    *,
    weeks: int = 0,
) -> DemoControl:
    """Return the control of this world's bot, which is not started yet; ``weeks``: so many its
    company has worked before.
    """
    from sandbox import BotProcess

    bot = BotProcess(
        [sys.executable, "-m", "bot.demo.clock", "run"],
        environment(settings, played, str(folder), given),
        world=played.world,
        log=folder / "bot.log",
        cwd=folder,  # no .env there
        clean_env=True,
        ready_timeout=60,
    )
    return DemoControl(played, bot, folder, weeks)


def _welcome(page: "Page", control: DemoControl, tour: str, options: RunOptions) -> None:
    text = WELCOME.format(page=page.url, tour=tour, pid=control.bot.pid, log=control.bot.log)
    print(text, flush=True)
    if options.browser and not webbrowser.open(page.url):
        print("! No browser could be opened.", flush=True)


def _port(asked: int | None) -> int:
    """Return the port asked for, or the usual one, or 0 (any) if that is taken."""
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
    """Return the bot's environment: the machine's, the allowed settings, this world's."""
    ours = {name for name in given if name.upper() in NAMES and name.upper() not in ALLOWED}
    kept = {name: value for name, value in given.items() if value and name not in ours}
    return (
        DEFAULTS
        | kept
        | {
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/{DATABASE_FILE}",
            VARIABLE: f"{folder}/{CLOCK_FILE}",
            ADDRESS: f"{folder}/{ADDRESS_FILE}",
            "HTTP_LISTEN": "127.0.0.1:0",
            "COMPANY_NAME": settings.company_name or "Frontdoor",
        }
        | played.environment()
    )


def _print_last(text: str) -> None:
    """Print unless nobody can read it: the window may be closed, the pipe's reader gone."""
    try:
        print(text, flush=True)
    except OSError:  # what is buffered must not fail again when Python ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _use_timezone(timezone: str) -> None:
    """Let the console show times in the desk's time zone."""
    os.environ["TZ"] = timezone
    time.tzset()


@contextlib.contextmanager
def _cancelled_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP cancel this task, so that no process is left behind."""
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
