"""``python -m bot quarantine show|replay``: the updates that could not be handled."""

import argparse

from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core import inbox
from core.company import Company
from core.desk import Desk


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Show them, or put one back into the inbox. Replaying needs the desk to be stopped."""
    replays = options.action == "replay"
    url = settings.database_url.get_secret_value()
    async with open_existing(url, exclusive=replays) as database:
        desk = Desk(database, Company())
        if not replays:
            await _show(desk)
            return FINE
        if options.id is None or not await desk.run(inbox.replay, options.id):
            complain(["quarantine replay: name an id that `quarantine show` prints"])
            return WRONG
    print(f"{options.id} will be handled when the desk starts next")
    return FINE


async def _show(desk: Desk) -> None:
    for number, external_id, error, raw in await desk.read(inbox.list_quarantined):
        print(f"{number}\tupdate {external_id}\t{error}\n\t{raw[:500]}")
