"""``python -m bot run``: the desk, until a signal stops it."""

import argparse
import asyncio
import gc
import signal
import time
from functools import partial
from typing import Final

from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError

from bot import app as application
from bot.commands import FINE, WRONG, complain
from bot.commands.move import moved_to
from bot.database_access import open_for_writing, wait_for_server
from bot.error_reports import NoSentry, error_reports
from bot.http_server import CannotListen
from bot.migrations import NewerDatabase, migrate, must_be_alone, pending
from bot.process import App
from bot.settings import Settings
from core.db import Database, DatabaseInUse, StoreUnreachable

# Seconds to wait for another process that changes the tables.
MIGRATION_WAIT = 20.0
MOVED: Final = (
    "everything in it was moved to {}; set that, or go on with this one and lose what happened "
    "there: `python -m bot move --cancel`"
)


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Run the desk, on the clock ``options.clock``. Returns when SIGTERM or SIGINT has come."""
    try:
        with error_reports(settings.sentry_dsn, settings.secrets()):
            return await _run(settings, options)
    except NoSentry:
        complain(["SENTRY_DSN: needs sentry-sdk; install the desk with the extra `sentry`"])
        return WRONG


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    url = settings.database_url.get_secret_value()
    await wait_for_server(url)
    async with open_for_writing(url) as database:
        if place := await moved_to(database):
            complain([f"DATABASE_URL: {MOVED.format(place)}"])
            return WRONG
        app = application.build(settings, database, clock=options.clock, hosting=options.hosting)
        await _join(app, database)
        _stop_on_signals(app)
        gc.freeze()
        try:
            await app.run()
        except TelegramUnauthorizedError:
            complain(["BOT_TOKEN: Telegram does not know it; ask @BotFather for the right one"])
            return WRONG
        except TelegramNotFound:
            complain(["TELEGRAM_API_URL: what answers there is not a Bot API server"])
            return WRONG
        except CannotListen as error:
            complain([f"HTTP_LISTEN: {error}"])
            return WRONG
    return FINE


async def _join(app: App, database: Database) -> None:
    """Be one of the desk's processes. Raises DatabaseInUse if the tables have to be changed in a
    way that others cannot work with, and some do.
    """
    end = time.monotonic() + MIGRATION_WAIT
    while True:
        try:
            if not database.is_sqlite and await must_be_alone(database):
                await database.hold(partial(_resume, app, database))
                await migrate(database)
                await database.release()
            await database.hold(partial(_resume, app, database), alone=False)
        except DatabaseInUse:  # another one may be doing it just now
            if time.monotonic() > end:
                raise
            await asyncio.sleep(1.0)
        else:
            return


async def _resume(app: App, database: Database) -> None:
    """The lock was lost: what another process, of a later release even, has written counts."""
    app.desk.invalidate()
    try:
        await pending(database)
    except NewerDatabase as newer:
        complain([f"DATABASE_URL: a later release has changed it ({newer}); this one ends"])
        app.stop()
        raise StoreUnreachable("the tables are those of a later release") from newer


def _stop_on_signals(app: App) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)
