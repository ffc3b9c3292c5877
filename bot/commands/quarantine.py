"""``python -m bot quarantine show|replay``: the updates that could not be handled."""

import argparse

from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core import inbox
from core.company import Company
from core.desk import Desk


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Show a page of them, or put some back into the inbox, while the desk runs or not."""
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company())
        if options.action == "show":
            await _show(desk, options)
            return FINE
        return await _replay(desk, options)


async def _show(desk: Desk, options: argparse.Namespace) -> None:
    page = await desk.read(inbox.list_quarantined, options.limit, options.before)
    for one in page:
        print(f"{one.id}\tupdate {one.external_id}\t{one.error}\n\t{one.raw[:500]}")
    if len(page) == options.limit:
        print(f"older ones: quarantine show --before {page[-1].id}")


async def _replay(desk: Desk, options: argparse.Namespace) -> int:
    numbers = None if options.all else set(options.ids)
    replayed = 0
    while put_back := await desk.run(inbox.replay, numbers):
        replayed += len(put_back)
    unknown = 0 if numbers is None else len(numbers) - replayed
    if unknown or numbers == set():
        complain(["quarantine replay: name numbers that `quarantine show` prints, or --all"])
    if replayed:
        print(f"{replayed} will be handled again, by a running desk at once")
    return WRONG if unknown or numbers == set() else FINE
