"""The command line: its commands and their arguments, the settings, the exit codes.

Exit codes: 0 fine, 2 the configuration is wrong (one line per fault), 3 another process uses this
SQLite database. A command is a coroutine of ``bot/commands``, mostly ``command(settings, options)``
of a module of its own, that returns the exit code. Its module is imported only when it is called
for, so that ``--help`` and a wrong setting answer at once.
"""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from bot import logs
from bot.commands import FINE, IN_USE, WRONG, complain
from bot.database_access import DatabaseUnusable
from bot.http_server import ANYWHERE, Hosting
from bot.lazy_aiogram import defer_types
from bot.settings import DOTENV, Settings, WrongConfiguration, load_settings, unknown_variables
from core import fault_points
from core.db import DatabaseInUse
from core.desk import Clock, utc_now


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command: its names, and what argparse has to know of it."""

    names: tuple[str, ...]
    options: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its coroutine as ``module:function`` (the function is ``command`` where none is
    named), its line of help, its arguments.
    """

    name: str
    coroutine: str
    help: str
    arguments: tuple[Argument, ...] = ()


def _argument(*names: str, **options: Any) -> Argument:
    return Argument(names, options)


COMMANDS: Final = (
    Command("run", "bot.commands.run", "run the desk (without BOT_TOKEN: in its own sandbox)"),
    Command("check", "bot.commands.check", "say what is wrong with the set-up, and how to mend it"),
    Command("migrate", "bot.commands.database:migrate_command", "bring the database up to date"),
    Command(
        "directory",
        "bot.commands.directory",
        "show the company's directory, check or apply a file, bring an old version back",
        (
            _argument(
                "action", choices=["show", "check", "apply", "schema", "versions", "restore"]
            ),
            _argument(
                "file", nargs="?", help="TOML, as `show` prints it; restore: a version's number"
            ),
            _argument("--yes", action="store_true", help="apply, restore: do not ask"),
            _argument(
                "--recount",
                action="store_true",
                help="apply, restore: open tickets go by changed answer deadlines, too",
            ),
        ),
    ),
    Command(
        "import",
        "bot.commands.import_table",
        "bring cameras, accounts or contracts in line with a table, while the desk runs",
        (
            _argument("what", choices=["cameras", "accounts", "contracts"]),
            _argument(
                "file",
                type=Path,
                help="CSV or XLSX with number,name,owner, account, or account,number, and more",
            ),
            _argument("--check", action="store_true", help="say what would change, change nothing"),
            _argument(
                "--deactivate-missing",
                action="store_true",
                help="cameras that the file does not name take no faults any more",
            ),
        ),
    ),
    Command(
        "key",
        "bot.commands.key",
        "make, list or revoke keys of other systems, while the desk runs",
        (
            _argument("action", choices=["create", "list", "revoke"]),
            _argument("key", nargs="?", metavar="NAME", help="what the key is called"),
            _argument(
                "--scope",
                action="append",
                help="create: what it may: tickets:read, tickets:write, links:write, metrics:read",
            ),
        ),
    ),
    Command(
        "webhook",
        "bot.commands.webhook",
        "have other systems called when something happens, while the desk runs",
        (
            _argument("action", choices=["add", "list", "remove", "resume"]),
            _argument("name", nargs="?", metavar="NAME", help="what the system is called"),
            _argument("url", nargs="?", metavar="URL", help="add: where it is called"),
        ),
    ),
    Command(
        "person",
        "bot.commands.person",
        "find a customer, export or erase what is known of them, while the desk runs",
        (
            _argument("action", choices=["find", "export", "erase"]),
            _argument("who", help="find: a name, phone, address or #ticket; else the number shown"),
            _argument("folder", nargs="?", type=Path, help="export: a folder that is not there"),
        ),
    ),
    Command(
        "export",
        "bot.commands.export",
        "write tickets, messages, notes and journal for a spreadsheet, while the desk runs",
        (
            _argument("file", type=Path, help="NAME.xlsx, or a folder for CSV files"),
            _argument("--since", type=date.fromisoformat, metavar="DATE", help="2026-11-01"),
            _argument("--until", type=date.fromisoformat, metavar="DATE", help="the last day"),
            _argument("--list", metavar="NAME", help="a list or a saved one, such as overdue"),
            _argument("--find", metavar="WORDS", help="what /find finds with these words"),
            _argument("--ticket", type=int, help="one ticket with its files, as NAME.html"),
            _argument("--public", action="store_true", help="--ticket: without notes and journal"),
        ),
    ),
    Command(
        "backup",
        "bot.commands.database:backup_command",
        "copy the database to a file while the desk runs",
        (_argument("file", type=Path, help="a file that is not there yet, or a folder"),),
    ),
    Command(
        "restore",
        "bot.commands.restore",
        "put a backup in the place of the database of a stopped desk",
        (
            _argument("file", type=Path, help="what `backup` has written"),
            _argument(
                "--first-number",
                type=int,
                help="the lowest number of the next ticket: above the newest that was seen",
            ),
            _argument(
                "--updates",
                type=Path,
                metavar="FOLDER",
                help="copies of updates, by default those in UPDATE_COPIES_DIR",
            ),
        ),
    ),
    Command(
        "move",
        "bot.commands.move",
        "take the database of a stopped desk to PostgreSQL, whole and compared",
        (
            _argument("--to", metavar="URL", help="postgresql+asyncpg://…, an empty database"),
            _argument(
                "--cancel",
                action="store_true",
                help="the desk shall go on with the database it was moved from",
            ),
        ),
    ),
    Command(
        "quarantine",
        "bot.commands.database:quarantine_command",
        "show or replay updates that could not be handled",
        (
            _argument("action", choices=["show", "replay"]),
            _argument("ids", nargs="*", type=int, help="replay: numbers that `show` prints"),
            _argument("--all", action="store_true", help="replay: all of them"),
            _argument("--before", type=int, help="show: only those with a lower number"),
            _argument("--limit", type=int, default=50, help="show: how many at most"),
        ),
    ),
    Command(
        "sandbox",
        "bot.demo.runner",
        "try the desk without Telegram",
        (
            _argument("--port", type=int, help="where the page and the Bot API are served"),
            _argument("--open", action="store_true", help="open the page in a browser"),
            _argument("--no-console", action="store_true", help="read nothing, just serve"),
            _argument(
                "--basic-group",
                action="store_true",
                help="operators in a basic group, to be upgraded by `migrate`",
            ),
            _argument(
                "--forum",
                action="store_true",
                help="operators in a group with topics, one for each ticket",
            ),
            _argument(
                "--language",
                choices=["ru", "en"],
                help="what the company speaks; a browser that comes first decides, too",
            ),
            _argument(
                "--weeks",
                type=int,
                choices=range(27),
                metavar="N",
                help="so many weeks the company has worked before (5); 0: its desk is empty",
            ),
        ),
    ),
)
_COROUTINES: Final = {command.name: command.coroutine for command in COMMANDS}


def main(
    arguments: Sequence[str] | None = None, *, clock: Clock = utc_now, hosting: Hosting = ANYWHERE
) -> int:
    """Run one command and return the exit code. ``clock``: what `run` takes for the time;
    ``hosting``: where it runs.
    """
    options = parse_arguments(arguments)
    options.clock = clock
    options.hosting = hosting
    try:
        settings = _read_settings()
        logs.configure(settings.log_level, settings.log_format, secrets=settings.secrets())
        with asyncio.Runner() as runner:
            return int(runner.run(_command(settings, options)(settings, options)))
    except WrongConfiguration as wrong:
        complain(wrong.faults)
        return WRONG
    except DatabaseUnusable as error:
        complain([f"DATABASE_URL: {error}"])
        return WRONG
    except DatabaseInUse as busy:
        complain([f"DATABASE_URL: another process works with {busy}; stop it first"])
        return IN_USE
    except KeyboardInterrupt:
        return FINE


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the command (``name``) and its arguments, its options before, behind or between the
    others. Exits with 2 when they are wrong.
    """
    parser = argparse.ArgumentParser(prog="python -m bot", description="Frontdoor, a support desk")
    commands = parser.add_subparsers(required=True, metavar="command", dest="name")
    parsers = {command.name: _parser(commands, command) for command in COMMANDS}
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] not in parsers:
        return parser.parse_args(given)
    options = parsers[given[0]].parse_intermixed_args(given[1:])
    options.name = given[0]
    return options


def _parser(commands: Any, command: Command) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser
    made = commands.add_parser(command.name, help=command.help, description=command.help)
    for argument in command.arguments:
        made.add_argument(*argument.names, **argument.options)
    return made


def _command(settings: Settings, options: argparse.Namespace) -> Callable[..., Any]:
    name = options.name
    if name == "run" and settings.bot_token is None:
        name = "sandbox"
    defer_types()
    module, _, function = _COROUTINES[name].partition(":")
    coroutine: Callable[..., Any] = getattr(import_module(module), function or "command")
    gc.freeze()
    gc.enable()  # bot/__main__.py had it rest while modules are imported
    return coroutine


def _read_settings() -> Settings:
    """Read the environment and ``.env``, and print hints at names that look misspelt."""
    try:
        hints = unknown_variables()
        settings = _load_settings(hints)
        fault_points.arm(os.environ.get("FAULT_POINT"))
    except OSError as error:
        raise WrongConfiguration([f"{DOTENV} cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        line = f"{DOTENV} is not UTF-8 from byte {error.start} on; save it in UTF-8"
        raise WrongConfiguration([line]) from None
    except ValueError as error:
        raise WrongConfiguration([f"FAULT_POINT: {error}"]) from None
    complain([*hints, *_open_files()])
    return settings


def _open_files() -> list[str]:
    """Name the file of settings if others on this machine may read it: it holds the token (S33)."""
    try:
        is_open = Path(DOTENV).stat().st_mode & 0o077
    except FileNotFoundError:
        return []
    return [f"{DOTENV} can be read by others; `chmod 600 {DOTENV}`"] if is_open else []


def _load_settings(hints: Sequence[str]) -> Settings:
    try:
        return load_settings()
    except WrongConfiguration as wrong:
        raise WrongConfiguration([*wrong.faults, *hints]) from None
