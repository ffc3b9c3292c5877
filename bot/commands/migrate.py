"""``python -m bot migrate``: the tables of this release; `run` makes them too."""

import argparse

from bot.commands import FINE
from bot.database_access import open_for_writing
from bot.migrations import migrate
from bot.settings import Settings


async def command(settings: Settings, _: argparse.Namespace) -> int:
    """Bring the database up to date."""
    async with open_for_writing(settings.database_url.get_secret_value()) as database:
        await migrate(database)
    print("the database is up to date")
    return FINE
