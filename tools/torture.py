"""What breaks a desk in real life, one after the other: ``python -m tools.torture``.

Customers write all the time to a real desk on a real database, each message unlike all others,
while the fault is there; operators answer. In the end everything must stand where it belongs, once,
without a restart that the fault itself does not consist of. One line of the table for each fault;
``--only NAME …`` plays some, ``--short`` is the form that the suite plays.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import asyncpg

from sandbox import Message, Person, python
from sandbox.process import tied
from tests.e2e.lives import opens, standing
from tests.e2e.stage import Stage, staged
from tests.e2e.wall_clock import WallClock
from tests.e2e.warm import SQLITE, WarmBot, WarmProcesses, warm_processes
from tests.postgres import OwnPostgres, Unavailable, start_own
from tools.bench import kills
from tools.fleet import Fleet, fleet

CUSTOMERS: Final = 8
# People wait for each other while so much that was said does not stand yet: what a desk is to carry
# through a fault must not be what it will carry an hour later.
ENOUGH: Final = 200
# Seconds after the fault in which everything must be where it belongs; then something is stuck.
PATIENCE: Final = 180.0
# Seconds in which nothing new may come, before what stands is counted: a double may be late.
QUIET: Final = 3.0
_NUMBER: Final = re.compile(r"№(\d{5})\.")
_HOUR: Final = 3600


class NotTried(Exception):
    """This machine does not allow it; the message says what is missing."""


class Died(Exception):
    """The desk's process has ended; the message says how."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each fault: messages, those while PostgreSQL is restarted, restarts, kills,
    deaths of leaders, seconds that a fault lasts, steps of the clock in seconds.
    """

    messages: int
    under_restarts: int
    restarts: int
    kills: int
    deaths: int
    lock: float
    flood: int
    full: float
    steps: tuple[int, ...]


FULL: Final = Sizes(
    1_000,
    10_000,
    25,
    200,
    50,
    60,
    120,
    20,
    (_HOUR, -_HOUR, -_HOUR, _HOUR, 24 * _HOUR, -24 * _HOUR, -24 * _HOUR, 24 * _HOUR),
)
SHORT: Final = Sizes(24, 24, 2, 2, 1, 1, 1, 0.5, (_HOUR, -_HOUR))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it. ``stuck``: whether not everything had come in time by itself."""

    said: int
    lost: int
    doubled: int
    stuck: bool
    seconds: float
    note: str = ""

    @property
    def fine(self) -> bool:
        return not (self.lost or self.doubled or self.stuck)


@dataclass(slots=True)
class Town:
    """Customers with a ticket each, who write; Olga, who answers now and then."""

    stage: Stage
    bot: WarmBot
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    said: int = 0
    people: list[tuple[Person, Message]] = field(default_factory=list)
    gone: int = 0  # not in the database that was restored
    _known: int = 0

    async def settle_in(self) -> None:
        names = (f"Клиент {number}" for number in range(CUSTOMERS))
        self.people = await asyncio.gather(*map(self._open, names))

    async def _open(self, name: str) -> tuple[Person, Message]:
        person = self.stage.customer(name)
        _, card = await opens(self.stage, person, "Не работает")
        return person, card

    async def speak(self, messages: int, over: asyncio.Event | None = None) -> None:
        """Say so many things, one in ten of them an answer; go on until ``over`` if it is given."""
        while self.said < messages or (over is not None and not over.is_set()):
            if not self.bot.running:
                raise Died("the desk died")
            if self.said - await self.stored() > ENOUGH:
                await asyncio.sleep(0.1)
                continue
            for person, card in self.chance.sample(self.people, len(self.people)):
                self.said += 1
                words = f"Слова №{self.said:05}."
                if self.said % 10:
                    await person.say(words)
                else:
                    await self.stage.olga.reply(card, words)
                if self.said >= messages and over is None:
                    return
            await asyncio.sleep(0.1)

    async def standing(self) -> Counter[str]:
        """How often each of the things that were said stands where it belongs: an answer in the
        customer's chat, words in their ticket, and in the group unless they are part of a flood.
        Empty while the database cannot be asked.
        """
        chats = (self.stage.group, *(person.chat for person, _ in self.people))
        shown = Counter(
            found for chat in chats for m in standing(chat) for found in _NUMBER.findall(m.text)
        )
        rows = await self._ask("SELECT text, flood_id FROM message WHERE text LIKE 'Слова №%'")
        kept = Counter(_NUMBER.findall(text)[0] for text, _ in rows)
        folded = {_NUMBER.findall(text)[0] for text, flood in rows if flood is not None}
        return Counter(
            {
                number: kept[number] if number in folded else max(shown[number], kept[number] - 1)
                for number in {*kept, *shown}
            }
        )

    async def stored(self) -> int:
        """How much of it is in the database; as much as before while that cannot be asked."""
        counted = "SELECT count(*), 0 FROM message WHERE text LIKE 'Слова №%'"
        rows = await self._ask(counted)
        self._known = rows[0][0] if rows else self._known
        return self._known + self.gone

    async def _ask(self, sql: str) -> list[tuple[Any, ...]]:
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
        return Outcome(self.said, lost, doubled, stuck, seconds, note)


Fault = Callable[[Town], Awaitable[str]]


@asynccontextmanager
async def town(folder: Path, lives: WarmProcesses, **settings: str) -> AsyncIterator[Town]:
    """A desk that runs, with people who have written to it already."""
    async with staged(folder) as stage:
        # as real desks have it: the group is not shown each of a flood
        stage.settings |= {"MESSAGE_LIMIT": "10/1m"} | settings
        async with stage.warm_process(lives) as bot:
            made = Town(stage, bot)
            await made.settle_in()
            yield made


async def endure(made: Town, messages: int, fault: Fault) -> Outcome:
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


# ---------------------------------------------------------------- faults


async def break_postgres(made: Town, server: OwnPostgres, times: int, messages: int) -> str:
    """Restart the server, kill it, or keep it away for a while, in turn, all along so many
    messages.
    """
    for number in range(times):
        await made.until_said(messages * (number + 1) // (times + 1))
        if number % 3 == 1:
            server.crash()
        else:
            await asyncio.to_thread(server.halt)
        if number % 3 == 2:
            await asyncio.sleep(2)
        server.start(wait=False)
        await asyncio.to_thread(server.wait)
    return f"{times} stops, kills and restarts"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _postgres(folder: Path, lives: WarmProcesses, sizes: Sizes, port: int | None) -> Outcome:
    try:
        server = await asyncio.to_thread(start_own, port)
    except Unavailable as why:
        raise NotTried(f"no PostgreSQL to break: {why}") from None
    server.configure(synchronous_commit="on")  # a crash may lose nothing that was committed
    await asyncio.to_thread(server.halt)
    server.start()
    try:
        with server.database(empty=True) as url:
            async with town(folder, lives, DATABASE_URL=url) as made:
                return await endure(
                    made,
                    sizes.under_restarts,
                    lambda made: break_postgres(made, server, sizes.restarts, sizes.under_restarts),
                )
    finally:
        await asyncio.to_thread(server.stop)


async def dying_leaders(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """Three processes on one database; the one that leads is killed again and again (R23)."""
    try:
        server = await asyncio.to_thread(start_own, None)
    except Unavailable as why:
        raise NotTried(f"no PostgreSQL for several processes: {why}") from None
    try:
        with server.database(empty=True) as url:
            async with (
                town(folder, lives, DATABASE_URL=url) as made,
                fleet(made.stage, lives, made.bot) as processes,
            ):
                return await endure(
                    made, sizes.messages, lambda made: _kill_leaders(made, processes, sizes)
                )
    finally:
        await asyncio.to_thread(server.stop)


async def _kill_leaders(made: Town, processes: Fleet, sizes: Sizes) -> str:
    took = []
    for _ in range(sizes.deaths):
        made.bot = processes.others[0]  # one that must live on
        took.append(await processes.kill_leader())
        made.bot = processes.leader
        await processes.fill_up()
    took.sort()
    middle, longest = took[len(took) // 2], took[-1]
    return f"{sizes.deaths} leaders of 3 killed, followed in {middle:.1f} s, {longest:.1f} at most"


async def postgres_by_tcp(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    return await _postgres(folder, lives, sizes, _free_port())


async def postgres_by_socket(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    return await _postgres(folder, lives, sizes, None)


async def random_kills(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    seed = random.randrange(1 << 32)
    # long enough to find out about lost answers (`sender.QUIET`): in shorter lives nothing goes on
    longest = 1.0 if sizes.messages <= SHORT.messages else kills.LONGEST
    came = await kills.play(folder, lives, sizes.kills, seed, longest)
    note = f"{came.kills} kills, seed {seed}"
    return Outcome(came.words, came.lost, came.doubled, False, came.seconds, note)


async def full_disk(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    disk = folder / "disk"
    disk.mkdir()
    made_disk = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(made_disk, capture_output=True).returncode:
        raise NotTried("no disk may be mounted here")

    async def fill(_: Town) -> str:
        await asyncio.sleep(1)
        ballast = disk / "ballast"
        try:
            with ballast.open("wb") as file:
                while file.write(bytes(4096)):
                    file.flush()
        except OSError:  # it is full
            pass
        await asyncio.sleep(sizes.full)
        ballast.unlink()
        return f"full for {sizes.full:.0f} s"

    try:
        url = f"sqlite+aiosqlite:///{disk}/desk.db"
        async with town(folder, lives, DATABASE_URL=url) as made:
            outcome = await endure(made, sizes.messages, fill)
        with closing(sqlite3.connect(disk / "desk.db")) as desk:
            assert desk.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return outcome
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


async def clock_steps(folder: Path, _: WarmProcesses, sizes: Sizes) -> Outcome:
    """In a process of its own: its clock is set by its environment, which a fork has too late."""
    if shutil.which("cc") is None:
        raise NotTried("no C compiler to shift a process's clock with")
    clock = WallClock(folder)

    async def step(_: Town) -> str:
        ahead = 0
        for seconds in sizes.steps:
            await asyncio.sleep(2)
            ahead += seconds
            clock.set(ahead)
        await asyncio.sleep(2)
        return ", ".join(f"{seconds / _HOUR:+.0f} h" for seconds in sizes.steps)

    flooded = clock.environment | {"MESSAGE_LIMIT": "10/1m"}
    async with staged(folder) as stage, stage.cold_process(**flooded) as bot:
        made = Town(stage, bot)  # type: ignore[arg-type]
        await made.settle_in()
        return await endure(made, sizes.messages, step)


async def locked_file(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def lock(made: Town) -> str:
        await asyncio.sleep(1)
        with closing(sqlite3.connect(made.stage.database, isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=10000")
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(sizes.lock)
            other.execute("COMMIT")
        return f"locked for {sizes.lock:.0f} s"

    async with town(folder, lives) as made:
        return await endure(made, sizes.messages, lock)


async def flood(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def refuse(made: Town) -> str:
        await asyncio.sleep(1)
        made.stage.world.faults.flood_for(sizes.flood)
        await asyncio.sleep(sizes.flood)
        return f"429 to every call for {sizes.flood} s"

    async with town(folder, lives) as made:
        return await endure(made, sizes.messages, refuse)


async def telegram_cut(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def cut(made: Town) -> str:
        await asyncio.sleep(1)
        await made.stage.world.faults.outage(sizes.flood)
        return f"no connection for {sizes.flood} s"

    async with town(folder, lives) as made:
        return await endure(made, sizes.messages, cut)


async def backup_and_restore(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """A backup while people write, more life, the machine is lost, and the backup is put in place.

    What was said after the backup and stood already stays where it is, once; nothing of the backup
    leaves again, and what is said from then on arrives when an admin has released it.
    """
    part, copy, began = sizes.messages // 3, folder / "backup.db", time.monotonic()
    # what the group was not shown is gone with the machine (R21)
    async with town(folder, lives, MESSAGE_LIMIT="off") as made:
        stage, bot = made.stage, made.bot
        await asyncio.gather(made.speak(part), _command(stage, "backup", copy))
        await made.speak(2 * part)
        if not await made.until_all_stands():
            return await made.count(began, "stuck before the restore")
        await bot.kill()
        for file in stage.database.parent.glob(f"{stage.database.name}*"):
            file.unlink()
        await _command(stage, "restore", copy)
        made.gone = made.said - await made.stored()
        await bot.start()
        await made.speak(2 * part + min(part, ENOUGH))
        await stage.admin.start()
        await stage.admin.say("/restored")
        await stage.admin.press_soon("Только новое", timeout=PATIENCE)
        await made.speak(3 * part)
        return await made.count(began, "the machine lost after a backup")


async def _command(stage: Stage, *arguments: str | Path) -> None:
    environment = os.environ | stage.environment()
    process = await asyncio.create_subprocess_exec(
        *tied(python("-m", "bot", *map(str, arguments))),
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    assert process.returncode == 0, printed.decode()


Play = Callable[[Path, WarmProcesses, Sizes], Awaitable[Outcome]]
SCENARIOS: Final[dict[str, Play]] = {
    "postgres-tcp": postgres_by_tcp,
    "postgres-socket": postgres_by_socket,
    "leaders": dying_leaders,
    "kills": random_kills,
    "disk-full": full_disk,
    "clock": clock_steps,
    "locked": locked_file,
    "flood": flood,
    "cut": telegram_cut,
    "backup": backup_and_restore,
}


# ---------------------------------------------------------------- the table


def line(name: str, outcome: Outcome) -> str:
    stuck = "yes" if outcome.stuck else "no"
    return (
        f"| {name} | {outcome.note} | {outcome.said} | {outcome.lost} | {outcome.doubled}"
        f" | {stuck} | {outcome.seconds:.0f} |"
    )


async def play(names: Sequence[str], sizes: Sizes) -> bool:
    """Play these and print a line each. Returns whether all were endured."""
    print("| fault | how much | said | lost | doubled | stuck | seconds |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    fine = True
    async with warm_processes() as lives:
        for name in names:
            folder = Path(tempfile.mkdtemp(prefix=f"torture-{name}-"))
            try:
                outcome = await SCENARIOS[name](folder, lives, sizes)
            except NotTried as why:
                print(f"| {name} | not tried: {why} | | | | | |", flush=True)
                continue
            except Died as died:
                outcome = Outcome(0, 0, 0, True, 0, str(died))
            print(line(name, outcome), flush=True)
            if outcome.fine:
                shutil.rmtree(folder)
            else:
                print(f"database and log: {folder}", file=sys.stderr)
            fine = fine and outcome.fine
    return fine


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.torture", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--short", action="store_true", help="the form that the suite plays")
    parser.add_argument("--messages", type=int, help="how much is said while each fault is there")
    parser.add_argument("--kills", type=int, help="how often the desk is killed")
    options = parser.parse_args()
    os.environ.setdefault("SANDBOX_PATIENCE", "2")
    sizes = SHORT if options.short else FULL
    chosen = {name: getattr(options, name) for name in ("messages", "kills")}
    chosen["under_restarts"] = chosen["messages"]
    sizes = replace(sizes, **{name: size for name, size in chosen.items() if size is not None})
    with asyncio.Runner() as runner:
        return 0 if runner.run(play(options.only, sizes)) else 1


if __name__ == "__main__":
    sys.exit(main())
