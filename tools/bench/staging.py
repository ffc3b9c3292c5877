"""A lean world with the desk in it, and customers whose tickets are as a measurement needs them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.app import desk_of
from bot.migrations import migrate
from bot.settings import Settings, load_settings
from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from core.db import Database
from core.delivery.linked_chats import store_linked_chats
from core.desk import Desk
from core.people.identity import Sender, arrive, enter_dialogue
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tx import Tx
from sandbox import BotProcess, Person, python
from tests.e2e.stage import ROOT, Stage, staged

REAL = ("-m", "bot", "run")
UNHURRIED = ("-m", "tests.unhurried")
METERED = ("-m", "tools.bench.metered")
# More messages than any chat gets while it is measured.
HISTORY = 1_000_000


@asynccontextmanager
async def lean_stage(folder: Path, **options: Any) -> AsyncIterator[Stage]:
    """A world without records or checks, made for load. It keeps what was said: who answers a
    message that Telegram does not know is refused, and sends it another time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    async with staged(folder, **{"lean": True, "history_limit": HISTORY} | options) as stage:
        # the bot's own habits, not those of the stories
        stage.settings |= {"SWEEP_INTERVAL": "5s", "LOG_LEVEL": "warning"}
        yield stage


def settings_of(stage: Stage) -> Settings:
    return load_settings(stage.environment())


@asynccontextmanager
async def desk_at(stage: Stage) -> AsyncIterator[Desk]:
    """The desk itself, in this process, while the bot does not run."""
    settings = settings_of(stage)
    database = Database(settings.database_url.get_secret_value())
    await migrate(database)
    desk = desk_of(settings, database)
    desk.company = await desk.run(store_linked_chats)
    try:
        yield desk
    finally:
        await database.close()


def sender_of(person: Person) -> Sender:
    return Sender(chat_address(person.id), person.first_name, person.username, person.language)


async def wait_for_words(tx: Tx, people: Sequence[Person]) -> None:
    """These people have asked for a new ticket: what they write next opens it."""
    for person in people:
        known = await arrive(tx, sender_of(person), "customer")
        enter_dialogue(known, {"step": "describe", "topic": None})


async def open_tickets(tx: Tx, people: Sequence[Person]) -> None:
    """These people have a ticket each, and wait for an answer."""
    await wait_for_words(tx, people)
    for person in people:
        words = {"kind": "text", "text": "Камера у подъезда не показывает", "entities": []}
        await hear(
            tx,
            sender_of(person),
            IncomingMessage(message_ref(person.id, 1), "text", str(words["text"]), words),
        )


def bot_of(stage: Stage, command: Sequence[str], **more: str) -> BotProcess:
    """The bot's process, not started yet."""
    stage.bot = BotProcess(
        python(*command),
        stage.environment(**more),
        ROOT,
        world=stage.world,
        log=stage.folder / "bot.log",
        ready_timeout=60,
    )
    return stage.bot


async def at_rest(stage: Stage, timeout: float = 60.0) -> None:
    """Everything that came in is handled, and everything that must leave has left."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout
    while not stage.quiet():
        if loop.time() > deadline:
            raise AssertionError(f"the desk is not at rest:\n{stage.world.bot_log_tail()}")
        await asyncio.sleep(0.02)


def people_of(stage: Stage, count: int) -> list[Person]:
    return [
        stage.world.user(f"Житель {number}", language="ru", started=True) for number in range(count)
    ]
