"""A stage for stories told over the wire: the sandbox's world, its people, and the real bot."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from sandbox import BotProcess, Chat, Message, Person, World, python
from sandbox.process import tied
from tests.e2e.warm import DRAWS_SOON, WarmBot, WarmProcesses, warm_processes
from tools.bench import proc

ROOT = Path(__file__).resolve().parent.parent.parent
# Probes for lost answers and races with deletions are the desk's business, not mistakes.
EXPECTED = ("not_modified", "bad_edit", "deprecated_parameter")

# So many looks in a row, each 20 ms after the other, find the bot asleep when it is at rest.
ASLEEP: Final = 8

# How many rows wait, but for those that are to wait so long or longer.
_WAITING: Final = """
SELECT (SELECT count(*) FROM inbox WHERE state='new')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued','sending')
           AND (attempts > 0 OR not_before < datetime(created_at, ?)))
"""

# Seconds in which a press is to be answered: Telegram's are about 15, and a machine on which others
# work is slower than any that a desk runs on.
PRESSED_WITHIN = 120.0

# What bots are forked from, while there is one.
_warm_processes: list[WarmProcesses] = []


@asynccontextmanager
async def forking() -> AsyncIterator[WarmProcesses]:
    """Meanwhile the bots of all stages are forked from one warm process: that which is there, or
    else a new one.
    """
    if _warm_processes:
        yield _warm_processes[-1]
        return
    async with warm_processes() as made:
        _warm_processes.append(made)
        try:
            yield made
        finally:
            _warm_processes.remove(made)


@dataclass(slots=True)
class Stage:
    """Operators Olga and Oleg, admin Anna, the group, the channel, the bot as a process."""

    world: World
    olga: Person
    oleg: Person
    admin: Person
    group: Chat
    alerts: Chat
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    bot: BotProcess | None = None
    language: str = "ru"

    @property
    def database(self) -> Path:
        return self.folder / "desk.db"

    def environment(self, **more: str) -> dict[str, str]:
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str(self.group.id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.admin.id),
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.database}",
            "SWEEP_INTERVAL": "1s",
            "COMPANY_NAME": "Наш двор",
            "LOG_LEVEL": "info",
            "MESSAGE_LIMIT": "off",  # people of the stories write faster than any
            "TICKET_LIMIT": "off",
            **({} if self.language == "ru" else {"DEFAULT_LANGUAGE": self.language}),
            **self.settings,
            **more,
        }

    def process(self, **more: str) -> BotProcess:
        """The bot, not started yet; its log goes on over restarts. It is forked from a warm process
        where tests keep one.

        In a world without limits it does not hurry slowly either: a minute's budget of a group
        would make a story wait. Stories about the pace ask for a world with limits.
        """
        if warm := _warm_processes:
            return self.warm_process(warm[-1], **more)
        return self.cold_process(**more)

    def cold_process(self, **more: str) -> BotProcess:
        """The same, begun from nothing."""
        module = "bot" if self.world.limits.enabled else "tests.unhurried"
        self.bot = BotProcess(
            python("-m", module, "run"),
            self.environment(**more),
            ROOT,
            world=self.world,
            log=self.folder / "bot.log",
            ready_timeout=60,
        )
        return self.bot

    def warm_process(self, warm_processes: WarmProcesses, **more: str) -> WarmBot:
        """The same, forked from this warm process."""
        environment, log = self.environment(**more), self.folder / "bot.log"
        self.bot = bot = WarmBot(warm_processes, self.world, environment, log)
        return bot

    async def command(self, *arguments: str) -> tuple[int, str, str]:
        """``python -m bot …`` with the desk's settings: its exit code, what it printed, and what it
        complained of.
        """
        if warm := _warm_processes:
            return await warm[-1].run(self.environment(), *arguments)
        process = await asyncio.create_subprocess_exec(
            *tied(python("-m", "bot", *arguments)),
            cwd=ROOT,
            env={**self.environment(), "PYTHONPATH": str(ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), errors.decode()

    # ------------------------------------------------------------------ people doing things

    def customer(self, name: str = "Алиса", language: str | None = None, **about: Any) -> Person:
        return self.world.user(name, language=language or self.language, started=True, **about)

    async def open_ticket(self, person: Person, text: str) -> tuple[int, Message]:
        """The person writes and confirms; returns the number and the card in the group."""
        await person.say(text)
        label = "Открыть" if person.language == "ru" else "Open"
        await person.press_soon(label)
        accepted = await person.expect(r"#(\d+)", where=lambda m: "#" in m.text)
        found = re.search(r"#(\d+)", accepted.text)
        assert found is not None
        number = int(found[1])
        card = await self.card(number)
        return number, card

    async def insist(self, card: Message, order: str) -> None:
        """Olga says twice what ends a ticket without an answer: it is asked about once."""
        for _ in range(2):
            await self.olga.reply(card, order)

    async def card(self, number: int, **how: Any) -> Message:
        """The ticket's card: the message of the bot that carries its buttons. The desk knows by
        now where it stands: what is told next links to it. Not waited for where a story has given
        the desk another database than the stage's.
        """
        found: list[Message] = []

        def look() -> bool:
            found[:] = [
                m
                for m in self.group.messages
                if m.from_bot
                and not m.deleted
                and re.search(rf"^\S+ #{number}\b", m.text)
                and m.keyboard
            ]
            return bool(found)

        timeout = how.get("timeout", 10)
        await self.world.until(look, timeout, f"a card of #{number}")
        if self.database.exists():
            await self.recorded(found[-1], timeout)
        return found[-1]

    async def recorded(self, message: Message, timeout: float = 10) -> None:
        """Wait until the desk has written down where this message of its own stands."""
        stands = "SELECT 1 FROM sent_message WHERE chat=? AND message=?"
        where = (str(message.chat.id), str(message.id))
        async with asyncio.timeout(timeout * self.world.patience):
            with self._reading() as database:
                while not database.execute(stands, where).fetchall():
                    await asyncio.sleep(0.03)

    # ------------------------------------------------------------------ looking

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the desk's database, read-only."""
        with self._reading() as database:
            return database.execute(sql, values).fetchall()

    def _reading(self) -> closing[sqlite3.Connection]:
        """A connection for as long as is waited: to open one costs more than many looks."""
        return closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10))

    def quiet(self, patience: int = 10) -> bool:
        """Nothing waits in the inbox or the outbox, but for what is to wait (an outage's count):
        for as many seconds as `patience` or more.
        """
        with self._reading() as database:
            return self._is_quiet(database, patience)

    def _is_quiet(self, database: sqlite3.Connection, patience: int) -> bool:
        ((waiting,),) = database.execute(_WAITING, (f"+{patience} seconds",))
        return waiting == 0 and self.world.updates.pending == 0

    async def settle(self, timeout: float = 30.0, patience: int = 10) -> None:
        """Wait until everything that came in is handled and everything that must leave has left,
        but for what is to wait for `patience` seconds or more.

        The database does not tell us, so it is looked at every few hundredths of a second.
        """
        with self._reading() as database:
            await self._settled(database, timeout, patience)

    async def _settled(self, database: sqlite3.Connection, timeout: float, patience: int) -> None:
        async with asyncio.timeout(timeout * self.world.patience):
            while True:
                while not self._is_quiet(database, patience):
                    await asyncio.sleep(0.03)
                await self.world.idle(quiet=0.15, timeout=timeout)
                # what was on its way from the server is stored now
                if self._is_quiet(database, patience):
                    return

    async def rest(self, patience: int = 10) -> None:
        """Wait until the bot has nothing left to do: nothing waits, and it sleeps for a while and
        calls nobody.

        What a handler answers by itself comes after its update is done with. On a busy machine that
        takes a second or more, which only the process itself shows.
        """
        assert self.bot is not None
        limit = (30 + patience) * self.world.patience
        async with asyncio.timeout(limit):
            with self._reading() as database:
                await self._asleep(database, patience)

    async def _asleep(self, database: sqlite3.Connection, patience: int) -> None:
        assert self.bot is not None
        asleep, last_call = 0, -1.0
        while asleep < ASLEEP:
            await asyncio.sleep(0.02)
            before, last_call = last_call, self.world.context.active_at
            at_rest = (
                last_call == before
                and not self.world.api.dispatcher.in_flight
                and proc.is_asleep(self.bot.pid)
                and self._is_quiet(database, patience)
            )
            asleep = asleep + 1 if at_rest else 0

    async def indexed(self) -> None:
        """Wait until the search knows all that was said."""
        known = "SELECT json_extract(value, '$.journal') >= ? FROM system_state WHERE name='search'"
        ((newest,),) = self.query("SELECT max(id) FROM journal")
        async with asyncio.timeout(30 * self.world.patience):
            with self._reading() as database:
                while not any(done for (done,) in database.execute(known, (newest,)).fetchall()):
                    await asyncio.sleep(0.03)

    def clean(self) -> None:
        """Telegram had nothing to complain about."""
        self.world.assert_clean(ignore=EXPECTED)


@asynccontextmanager
async def staged(
    folder: Path,
    *,
    basic: bool = False,
    inside: bool = True,
    draws_soon: bool = False,
    language: str = "ru",
    **options: Any,
) -> AsyncIterator[Stage]:
    """A world with its people; the bot is started by the story.

    ``inside``: the bot is an admin of the group and of the channel already. ``draws_soon``: its
    cards change a moment after a change: not where a story is about changes that are drawn
    together. ``language``: the company's, and that of its people.
    """
    access: Literal["admin"] | None = "admin" if inside else None
    options = {
        "rate_limits": False,
        "bot_username": "frontdoor_bot",
        "callback_timeout": PRESSED_WITHIN,
    } | options
    async with World.start(**options) as world:
        olga = world.user("Ольга", language=language, username="olga_op")
        oleg = world.user("Олег", language=language, username="oleg_op")
        admin = world.user("Анна", language=language, username="anna_admin")
        make = world.group if basic else world.supergroup
        group = make("Операторы", members=[olga, oleg], owner=admin, bot=access)
        alerts = world.channel("Просрочки", members=[olga], owner=admin, bot=access)
        settings = {DRAWS_SOON: "yes"} if draws_soon else {}
        yield Stage(world, olga, oleg, admin, group, alerts, folder, settings, language=language)
