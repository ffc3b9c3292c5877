"""A desk with people who write to it, and what came of what they said: for `tools.torture`."""

from __future__ import annotations

import asyncio
import random
import re
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

import asyncpg

from sandbox import Chat, Message, Person
from tests.e2e.lives import opens, standing
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import SQLITE, WarmBot, WarmProcesses
from tools.torture.traces import MOST, Forgotten, Standing, Trouble, trace

CUSTOMERS: Final = 8
OPENS: Final = "Не работает"  # what a ticket begins with
# People wait for each other while so much that was said does not stand yet: what a desk is to carry
# through a fault must not be what it will carry an hour later.
ENOUGH: Final = 200
# Seconds after the fault in which everything must be where it belongs; then something is stuck.
PATIENCE: Final = 180.0
# Seconds in which nothing new may come, before what stands is counted: a double may be late.
QUIET: Final = 3.0
_WAITING: Final = """
SELECT (SELECT count(*) FROM inbox WHERE state = 'new')
     + (SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')), 0
"""
_NUMBER: Final = re.compile(r"№(\d{5,})\.")
HOUR: Final = 3600


class NotTried(Exception):
    """This machine does not allow it; the message says what is missing."""


class Died(Exception):
    """The desk's process has ended; the message says how."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each fault."""

    messages: int  # while a fault is there
    under_restarts: int  # messages while PostgreSQL is restarted
    restarts: int
    kills: int
    deaths: int  # of leaders
    lock: float  # seconds that the database is locked
    flood: int  # seconds of 429, or without a connection
    full: float  # seconds that the disk is full
    steps: tuple[int, ...]  # of the clock, in seconds
    paced: float  # seconds in which people write at an even pace
    lost: int  # answers of Telegram
    hours: int  # in moved time
    updates: int  # in them
    faults: int  # in them


FULL: Final = Sizes(
    messages=1_000,
    under_restarts=10_000,
    restarts=25,
    kills=200,
    deaths=50,
    lock=60,
    flood=120,
    full=20,
    steps=(HOUR, -HOUR, -HOUR, HOUR, 24 * HOUR, -24 * HOUR, -24 * HOUR, 24 * HOUR),
    paced=60,
    lost=10_000,
    hours=72,
    updates=1_000_000,
    faults=1_000,
)
SHORT: Final = Sizes(
    messages=24,
    under_restarts=24,
    restarts=2,
    kills=2,
    deaths=1,
    lock=1,
    flood=1,
    full=0.5,
    steps=(HOUR, -HOUR),
    paced=3,
    lost=12,
    hours=2,
    updates=200,
    faults=12,
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. ``stuck``: whether not everything had come in time by itself; ``mixed``: how
    often what was written down was not of one version of the directory; ``traces``: all that is
    known of what is lost or stands twice, line by line.
    """

    said: int
    lost: int
    doubled: int
    stuck: bool
    seconds: float
    note: str = ""
    mixed: int = 0
    traces: tuple[str, ...] = ()

    @property
    def fine(self) -> bool:
        return not (self.lost or self.doubled or self.stuck or self.mixed)


@dataclass(slots=True)
class DeskUnderTest:
    """Customers with a ticket each, who write; Olga, who answers now and then."""

    stage: Stage
    bot: WarmBot
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    said: int = 0
    people: list[tuple[Person, Message]] = field(default_factory=list)
    answers: int = 10  # of so many things said one is an answer
    patient: bool = False  # people wait for what is on its way, too, not only for what is stored
    gone: int = 0  # not in the database that was restored
    forgotten: Forgotten = field(default_factory=Forgotten)
    befell: list[Trouble] = field(default_factory=list)  # beside what befell its calls
    _known: int = 0

    async def settle_in(self, count: int = CUSTOMERS) -> None:
        """Let people move in until there are so many; of more at once the desk makes a digest."""
        while (there := len(self.people)) < count:
            names = (f"Клиент {number}" for number in range(there, min(there + CUSTOMERS, count)))
            self.people += await asyncio.gather(*map(self._open, names))

    async def _open(self, name: str) -> tuple[Person, Message]:
        person = self.stage.customer(name)
        _, card = await opens(self.stage, person, OPENS)
        return person, card

    async def speak(self, messages: int, over: asyncio.Event | None = None) -> None:
        """Say so many things; go on until ``over`` if it is given."""
        while self.said < messages or (over is not None and not over.is_set()):
            if not self.bot.running:
                raise Died("the desk died")
            if await self._ahead() > ENOUGH:
                await asyncio.sleep(0.1)
                continue
            for person, card in self.chance.sample(self.people, len(self.people)):
                await self.say(person, card)
                if self.said >= messages and over is None:
                    return
            await asyncio.sleep(0.1)

    async def say(self, person: Person, card: Message) -> None:
        """The next thing: this person's words, or an answer to them."""
        self.said += 1
        words = f"Слова №{self.said:05}."
        if self.said % self.answers:
            await person.say(words)
        else:
            await self.stage.olga.reply(card, words)

    async def _ahead(self) -> int:
        """How much was said that the desk has not done yet."""
        waiting = await self.waiting() if self.patient else 0
        return self.said - await self.stored() + waiting

    async def waiting(self) -> int:
        """How much the desk has still to handle or to send; much while it cannot be asked."""
        rows = await self.ask(_WAITING)
        return int(rows[0][0]) if rows else ENOUGH

    async def standing(self) -> Counter[str]:
        """How often each of the things that were said stands where it belongs: an answer in the
        customer's chat, words in their ticket, and in the group unless they are part of a flood.
        Empty while the database cannot be asked.
        """
        shown = Counter(
            found
            for chat in self.chats
            for m in standing(chat)
            for found in _NUMBER.findall(m.text)
        )
        shown.update({f"{number:05}": times for number, times in enumerate(self.forgotten.times)})
        rows = await self.ask("SELECT text, flood_id FROM message WHERE text LIKE 'Слова №%'")
        kept = Counter(_NUMBER.findall(text)[0] for text, _ in rows)
        folded = {_NUMBER.findall(text)[0] for text, flood in rows if flood is not None}
        return Counter(
            {
                number: kept[number] if number in folded else max(shown[number], kept[number] - 1)
                for number in {*kept, *shown}
            }
        )

    @property
    def chats(self) -> tuple[Chat, ...]:
        """Where something of it may stand."""
        return self.stage.group, *(person.chat for person, _ in self.people)

    def forget(self, chat: Chat, keep: int) -> None:
        """The chat forgets all but its newest messages and what has buttons, which is changed for
        days; what stands in the others is counted for ever.
        """
        self.forgotten.make_room(self.said + 1)
        for message in list(chat.history.values())[:-keep]:
            if message.inline_keyboard is None:
                del chat.history[message.id]
                for found in _NUMBER.findall(message.text) if _stands(message) else ():
                    self.forgotten.note(int(found), _place(message))

    async def stored(self) -> int:
        """How much of it is in the database; as much as before while that cannot be asked."""
        counted = "SELECT count(*), 0 FROM message WHERE text LIKE 'Слова №%'"
        rows = await self.ask(counted)
        self._known = rows[0][0] if rows else self._known
        return self._known + self.gone

    async def ask(self, sql: str) -> list[tuple[Any, ...]]:
        url = self.stage.settings.get("DATABASE_URL", f"{SQLITE}{self.stage.database}")
        try:
            if url.startswith(SQLITE):
                file = f"file:{url.removeprefix(SQLITE)}?mode=ro"
                with closing(sqlite3.connect(file, uri=True, timeout=0.1)) as desk:
                    return desk.execute(sql).fetchall()
            connection = await asyncpg.connect(url.replace("+asyncpg", ""), timeout=5)
            try:
                return [tuple(row) for row in await connection.fetch(sql)]
            finally:
                await connection.close(timeout=5)
        except (sqlite3.Error, asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return []

    async def until_said(self, count: int) -> None:
        """Wait until people have said so much."""
        while self.said < count:
            await asyncio.sleep(0.02)

    async def until_all_stands(self) -> bool:
        """Wait until all stands that was said; False if it does not in time. Raises Died."""
        end = time.monotonic() + PATIENCE
        while not (all_stands := await self._all_stands()) and time.monotonic() < end:
            if not self.bot.running:
                raise Died("the desk died")
            await asyncio.sleep(0.3)
        return all_stands

    async def _all_stands(self) -> bool:
        return (
            await self.stored() >= self.said
            and sum(times > 0 for times in (await self.standing()).values()) == self.said
        )

    async def count(self, began: float, note: str = "") -> Outcome:
        """Wait until all stands, and a while longer; then see what is lost or stands twice."""
        stuck = not await self.until_all_stands()
        await asyncio.sleep(QUIET)
        stands = await self.standing()
        doubled = sum(times > 1 for times in stands.values())
        lost = self.said - sum(times > 0 for times in stands.values())
        seconds = time.monotonic() - began
        traces = tuple(await self.traces(stands)) if lost or doubled else ()
        return Outcome(self.said, lost, doubled, stuck, seconds, note, traces=traces)

    async def traces(self, stands: Counter[str]) -> list[str]:
        """All that is known of what does not stand once."""
        numbers = (f"{number:05}" for number in range(1, self.said + 1))
        wrong = [number for number in numbers if stands[number] != 1]
        told = [line for number in wrong[:MOST] for line in await self._trace(number)]
        return told + ([f"… and {len(wrong) - MOST} more"] if len(wrong) > MOST else [])

    async def _trace(self, number: str) -> list[str]:
        places = [
            _place(message)
            for chat in self.chats
            for message in standing(chat)
            if number in _NUMBER.findall(message.text)
        ]
        hits = self.stage.world.faults.hits
        troubles = [Trouble(hit.at, f"{hit.kind} of {hit.method} {hit.chat_id}") for hit in hits]
        troubles = sorted([*troubles, *self.befell], key=attrgetter("at"))
        places += self.forgotten.of(int(number))
        return await trace(self.ask, number, f"Слова №{number}.", places, troubles)

    def befalls(self, what: str) -> None:
        """Note that this happens now, for traces."""
        self.befell.append(Trouble(self.stage.world.clock.now(), what))


def _place(message: Message) -> Standing:
    return Standing(message.date, message.chat.id, message.id)


def _stands(message: Message) -> bool:
    return message.from_bot and not message.deleted


Fault = Callable[[DeskUnderTest], Awaitable[str]]


@asynccontextmanager
async def desk_under_test(
    folder: Path, lives: WarmProcesses, **settings: str
) -> AsyncIterator[DeskUnderTest]:
    """A desk that runs, with people who have written to it already."""
    async with staged(folder) as stage:
        # as real desks have it: the group is not shown each of a flood
        stage.settings |= {"MESSAGE_LIMIT": "10/1m"} | settings
        async with stage.warm_process(lives) as bot:
            made = DeskUnderTest(stage, bot)
            await made.settle_in()
            yield made


async def endure(made: DeskUnderTest, messages: int, fault: Fault) -> Outcome:
    """Let people write while the fault is there; then count. Raises Died: the process must
    outlive it.
    """
    began, over = time.monotonic(), asyncio.Event()

    async def break_it() -> str:
        note = await fault(made)
        over.set()
        return note

    both = asyncio.create_task(break_it()), asyncio.create_task(made.speak(messages, over))
    try:
        note, _ = await asyncio.gather(*both)
    finally:
        for task in both:
            task.cancel()
    return await made.count(began, note)


Play = Callable[[Path, WarmProcesses, Sizes], Awaitable[Outcome]]
