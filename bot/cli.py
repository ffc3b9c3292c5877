"""The command line: run, check, migrate, directory, import, backup, quarantine, sandbox.

Exit codes: 0 fine, 2 the configuration is wrong (one clear line per fault), 3 another process holds
this SQLite database. Heavy imports are late: ``--help`` and a wrong setting answer at once.
"""

import argparse
import asyncio
import gc
import os
import signal
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot import logs
from bot.database_access import Unusable, opened_as_it_is, opened_to_write, reached
from bot.lazy_aiogram import defer_types
from bot.settings import (
    DOTENV,
    Settings,
    WrongConfiguration,
    load_settings,
    unknown_variables,
)
from core import fault_points
from core.db import Database, DatabaseInUse

if TYPE_CHECKING:
    from bot.app import App

FINE: Final = 0
WRONG: Final = 2
IN_USE: Final = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = _read_settings()
        logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets())
        with asyncio.Runner(loop_factory=_loop()) as runner:
            return int(runner.run(options.command(settings, options)))
    except WrongConfiguration as wrong:
        _complain(wrong.faults)
        return WRONG
    except Unusable as why:
        _complain([f"DATABASE_URL: {why}"])
        return WRONG
    except DatabaseInUse as busy:
        _complain([f"DATABASE_URL: another process works with {busy}; stop it first"])
        return IN_USE
    except KeyboardInterrupt:
        return FINE


def _read_settings() -> Settings:
    """What the environment says, with hints at names that look misspelt."""
    try:
        hints = unknown_variables()
        settings = _checked(hints)
        fault_points.arm(os.environ.get("FAULT_POINT"))
    except OSError as shut:
        raise WrongConfiguration([f"{DOTENV} cannot be read: {shut.strerror}"]) from None
    except UnicodeDecodeError as bad:
        line = f"{DOTENV} is not UTF-8 from byte {bad.start} on; save it in UTF-8"
        raise WrongConfiguration([line]) from None
    except ValueError as unknown:
        raise WrongConfiguration([f"FAULT_POINT: {unknown}"]) from None
    _complain(hints)
    return settings


def _checked(hints: Sequence[str]) -> Settings:
    try:
        return load_settings()
    except WrongConfiguration as wrong:
        raise WrongConfiguration([*wrong.faults, *hints]) from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description="Frontdoor, a support desk")
    commands = parser.add_subparsers(required=True, metavar="command")
    for name, command, says in COMMANDS:
        found = commands.add_parser(name, help=says, description=says)
        found.set_defaults(command=command)
        if name == "quarantine":
            found.add_argument("action", choices=["show", "replay"])
            found.add_argument("id", nargs="?", type=int, help="the number that `show` prints")
        if name == "backup":
            found.add_argument("file", type=Path, help="a file that is not there yet, or a folder")
        if name == "directory":
            found.add_argument("action", choices=["show", "check", "apply", "schema"])
            found.add_argument("file", nargs="?", type=Path, help="TOML, as `show` prints it")
        if name == "import":
            found.add_argument("what", choices=["cameras"])
            found.add_argument("file", type=Path, help="CSV: number,name,owner and other columns")
            found.add_argument(
                "--deactivate-missing",
                action="store_true",
                help="cameras that the file does not name take no faults any more",
            )
        if name == "sandbox":
            found.add_argument("--port", type=int, help="where the page and the Bot API are served")
            found.add_argument("--open", action="store_true", help="open the page in a browser")
            found.add_argument("--no-console", action="store_true", help="read nothing, just serve")
            found.add_argument(
                "--basic-group",
                action="store_true",
                help="operators in a basic group, to be upgraded by `migrate`",
            )
    return parser


def _complain(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, file=sys.stderr)


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """A leaner loop (uvloop) where there is one; asyncio's own works as well."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


async def run(settings: Settings, options: argparse.Namespace) -> int:
    """The desk; without BOT_TOKEN, the desk in its own sandbox."""
    if settings.bot_token is None:
        return await sandbox(settings, options)
    defer_types()  # for the bot alone: the sandbox reads aiogram's types
    url = settings.database_url.get_secret_value()
    await reached(url)
    async with opened_to_write(url) as database:
        await database.hold()
        from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError

        from bot.app import build

        app = build(settings, database)
        _stop_on_signals(app)
        gc.freeze()
        try:
            await app.run()
        except TelegramUnauthorizedError:
            _complain(["BOT_TOKEN: Telegram does not know it; ask @BotFather for the right one"])
            return WRONG
        except TelegramNotFound:
            _complain(["TELEGRAM_API_URL: what answers there is not a Bot API server"])
            return WRONG
    return FINE


def _stop_on_signals(app: "App") -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)


async def check(settings: Settings, _: argparse.Namespace) -> int:
    """The doctor: what is wrong, and how to mend it."""
    defer_types()
    from bot.commands.check import examine

    findings = await examine(settings)
    for finding in findings:
        print(finding)
    return FINE if all(finding.fine for finding in findings) else WRONG


async def migrate(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database up to date; `run` does it too."""
    from bot.commands.migrate import migrate as bring_up

    async with opened_to_write(settings.database_url.get_secret_value()) as database:
        await bring_up(database)
    print("the database is up to date")
    return FINE


async def quarantine(settings: Settings, options: argparse.Namespace) -> int:
    """Updates that were put aside: show them, or have one handled again."""
    from core import inbox
    from core.company import Company
    from core.desk import Desk

    replays = options.action == "replay"
    url = settings.database_url.get_secret_value()
    async with opened_as_it_is(url, alone=replays) as database:  # one process writes
        desk = Desk(database, Company())
        if not replays:
            for number, external_id, error, raw in await desk.read(inbox.list_quarantined):
                print(f"{number}\tupdate {external_id}\t{error}\n\t{raw[:500]}")
            return FINE
        if options.id is None or not await desk.run(inbox.replay, options.id):
            _complain(["quarantine replay: name an id that `quarantine show` prints"])
            return WRONG
    print(f"{options.id} will be handled when the desk starts next")
    return FINE


async def directory(settings: Settings, options: argparse.Namespace) -> int:
    """The company's directory as a file, beside the running desk, which then reads it anew."""
    from bot.commands.directory import run_command

    answer = await run_command(settings, options.action, options.file)
    if not answer.fine:
        _complain(answer.lines)
        return WRONG
    print("\n".join(answer.lines))
    return FINE


async def import_(settings: Settings, options: argparse.Namespace) -> int:
    """Cameras from a CSV file, beside the running desk: checked whole before anything changes."""
    from bot.commands.import_cameras import WrongFile, import_cameras, summary

    try:
        plan = await import_cameras(
            settings, options.file, deactivate_missing=options.deactivate_missing
        )
    except WrongFile as wrong:
        _complain(f"{options.file}: {fault}" for fault in wrong.faults)
        _complain([f"{options.file}: nothing was changed"])
        return WRONG
    except OSError as shut:
        _complain([f"{options.file} cannot be read: {shut.strerror}"])
        return WRONG
    print(summary(plan))
    return FINE


async def backup(settings: Settings, options: argparse.Namespace) -> int:
    """A consistent copy of the database, beside the running desk."""
    from bot.commands.backup import NoBackup, back_up
    from core.desk import utc_now

    database = Database(settings.database_url.get_secret_value())
    try:
        copy = await asyncio.to_thread(
            back_up, database, options.file, utc_now().astimezone(settings.timezone)
        )
    except NoBackup as problem:
        _complain([f"backup: {problem}"])
        return WRONG
    print(copy)
    return FINE


async def sandbox(settings: Settings, options: argparse.Namespace) -> int:
    """A small world with the real bot in it, a page to see it, a command line to act there."""
    from bot.demo.runner import RunOptions, play

    if "port" not in options:  # it came here by `run`
        return await play(settings)
    manner = RunOptions(
        options.port,
        console=not options.no_console,
        browser=options.open,
        basic_group=options.basic_group,
    )
    return await play(settings, manner)


Command = Callable[[Settings, argparse.Namespace], Coroutine[None, None, int]]
COMMANDS: Final[tuple[tuple[str, Command, str], ...]] = (
    ("run", run, "run the desk (without BOT_TOKEN: in its own sandbox)"),
    ("check", check, "say what is wrong with the set-up, and how to mend it"),
    ("migrate", migrate, "bring the database up to date"),
    (
        "directory",
        directory,
        "show the company's directory or its schema, check or apply a file",
    ),
    ("import", import_, "bring the cameras in line with a CSV file, while the desk runs"),
    ("backup", backup, "copy the database to a file while the desk runs"),
    ("quarantine", quarantine, "show or replay updates that could not be handled"),
    ("sandbox", sandbox, "try the desk without Telegram"),
)
