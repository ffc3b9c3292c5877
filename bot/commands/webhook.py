"""``python -m bot webhook add|list|remove|resume``: systems that are called, beside the desk."""

import argparse

from bot.commands.key import Action, act
from bot.settings import Settings
from core.desk import Desk
from core.integrations.webhooks import (
    add_webhook,
    list_webhooks,
    remove_webhook,
    resume_webhook,
    shown_url,
)


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Do it, or say what is wrong. The secret of a new one is printed this once."""
    return await act("webhook", _ACTIONS, settings, options)


async def _add(desk: Desk, options: argparse.Namespace) -> None:
    print(await desk.run(add_webhook, options.name or "", options.url or ""))


async def _list(desk: Desk, _: argparse.Namespace) -> None:
    for one in await desk.read(list_webhooks):
        stopped = "" if one.stopped_at is None else f"\tstopped {one.stopped_at:%Y-%m-%d %H:%M} UTC"
        print(f"{one.name}\t{shown_url(one)}\tadded {one.created_at:%Y-%m-%d}{stopped}")


async def _remove(desk: Desk, options: argparse.Namespace) -> None:
    await desk.run(remove_webhook, options.name or "")
    print(f"{options.name} is not called any more")


async def _resume(desk: Desk, options: argparse.Namespace) -> None:
    await desk.run(resume_webhook, options.name or "")
    print(f"{options.name} is called again")


_ACTIONS: dict[str, Action] = {
    "add": _add,
    "list": _list,
    "remove": _remove,
    "resume": _resume,
}
