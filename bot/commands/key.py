"""``python -m bot key create|list|revoke``: keys of other systems, beside the running desk."""

import argparse
from collections.abc import Awaitable, Callable, Mapping

from bot.app import LOCALES
from bot.commands import FINE, WRONG, complain
from bot.database_access import open_existing
from bot.settings import Settings
from core import journal
from core.company import Company
from core.desk import Desk
from core.errors import Refusal
from core.integrations.keys import create_key, list_keys, revoke_key
from core.texts import Texts

Action = Callable[[Desk, argparse.Namespace], Awaitable[None]]


async def command(settings: Settings, options: argparse.Namespace) -> int:
    """Do it, or say what is wrong. A new key is printed this once."""
    return await act("key", _ACTIONS, settings, options)


async def act(
    name: str, actions: Mapping[str, Action], settings: Settings, options: argparse.Namespace
) -> int:
    """Do what ``options.action`` names beside the running desk; a refusal is said in words."""
    async with open_existing(settings.database_url.get_secret_value()) as database:
        desk = Desk(database, Company(), (journal.SUBSCRIBER,))
        try:
            await actions[options.action](desk, options)
        except Refusal as refusal:
            texts = Texts.load(LOCALES, settings.default_language)
            facts, zone = refusal.facts, settings.timezone
            said = texts.say("en", refusal.key, facts, now=desk.clock(), zone=zone)
            complain([f"{name} {options.action}: {said}"])
            return WRONG
    return FINE


async def _create(desk: Desk, options: argparse.Namespace) -> None:
    print(await desk.run(create_key, options.key or "", options.scope or ()))


async def _list(desk: Desk, _: argparse.Namespace) -> None:
    for key in await desk.read(list_keys):
        used = "never used" if key.used_at is None else f"used {key.used_at:%Y-%m-%d %H}h UTC"
        scopes = " ".join(sorted(key.scopes))
        print(f"{key.name}\t{scopes}\tmade {key.created_at:%Y-%m-%d}\t{used}")


async def _revoke(desk: Desk, options: argparse.Namespace) -> None:
    await desk.run(revoke_key, options.key or "")
    print(f"the key {options.key} opens nothing any more")


_ACTIONS: dict[str, Action] = {
    "create": _create,
    "list": _list,
    "revoke": _revoke,
}
