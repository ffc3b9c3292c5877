"""``python -m bot person find|export|erase``: what is known of a customer, for whom it is (S31)."""

import argparse
import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import orjson

from bot.app import LOCALES, desk_of
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.erasure_cleanup import clear_all_traces, delete_files, rewrite
from bot.settings import Settings
from bot.update_copies import copies_in
from core.contacts.erasure import erase
from core.contacts.erasure_remains import unused
from core.contacts.lookup import find_people
from core.contacts.personal_data import data_of
from core.desk import Desk
from core.errors import Refusal
from core.files import store_at
from core.setup.company_settings import find_company
from core.texts import Texts


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Do it, or say what is wrong."""
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = desk_of(settings, database)
        desk.company = await desk.read(find_company)
        try:
            await _ACTIONS[options.action](settings, desk, options)
        except Refusal as refusal:
            texts = Texts.load(LOCALES, settings.default_language)
            facts, zone = refusal.facts, settings.timezone
            said = texts.say("en", refusal.key, facts, now=desk.clock(), zone=zone)
            complain([f"person {options.action}: {said}"])
            return WRONG
        except (OSError, sqlite3.Error) as error:
            complain([f"person {options.action}: {error}"])
            return WRONG
    return FINE


async def _find(_settings: Settings, desk: Desk, options: argparse.Namespace) -> None:
    for one in await desk.read(find_people, options.who):
        points = ", ".join(point.value for point in one.points)
        print(f"{one.id}\t{one.name}\t{points}")


async def _export(settings: Settings, desk: Desk, options: argparse.Namespace) -> None:
    """Write a folder: ``person.json``, and the files that the desk keeps itself."""
    if options.folder is None:
        raise OSError("name a folder: person export NUMBER FOLDER")
    data = await desk.read(data_of, _number(options.who))
    folder: Path = options.folder
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True)
    _write((folder / "person").with_suffix(".json"), orjson.dumps(data, option=orjson.OPT_INDENT_2))
    store = store_at(settings.files_url)
    for name in data["files"]:
        _write(folder / name, await store.read(name))
    print(f"{folder}: {len(data['tickets'])} tickets, {len(data['files'])} files")


def _write(path: Path, data: bytes) -> None:
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)


async def _erase(settings: Settings, desk: Desk, options: argparse.Namespace) -> None:
    """Erase, delete the files, and rewrite the database, so that nothing is left in it."""
    done = await desk.run(erase, _number(options.who))
    await clear_all_traces(desk)
    away = await _forget_copies(settings, desk)
    files = await desk.read(unused, done.files)
    kept = await delete_files(store_at(settings.files_url), files)
    await rewrite(desk.database)
    print(
        f"erased: person {done.person_id}, {done.tickets} tickets, {done.messages} messages, "
        f"{len(files) - len(kept)} files. Backups of before still hold them: delete them in "
        "their time; one that is restored is erased of them again"
    )
    left = [] if away is None else [f"what they wrote may lie in UPDATE_COPIES_DIR yet: {away}"]
    if kept:  # nothing names them any more
        left.append(f"these files could not be deleted from FILES_URL: {' '.join(kept)}")
    if left:
        raise OSError("; ".join(left))


async def _forget_copies(settings: Settings, desk: Desk) -> OSError | None:
    """Forget their words there, too. Returns why that cannot be: all else is erased then, too."""
    copies = copies_in(settings.update_copies_dir)
    try:
        if copies is not None:
            await copies.forget(desk)
    except OSError as error:
        return error
    return None


def _number(who: str) -> int:
    if not who.isascii() or not who.isdecimal():
        raise OSError("name the person by the number that `person find` shows")
    return int(who)


Action = Callable[[Settings, Desk, argparse.Namespace], Awaitable[Any]]
_ACTIONS: Final[dict[str, Action]] = {"find": _find, "export": _export, "erase": _erase}
