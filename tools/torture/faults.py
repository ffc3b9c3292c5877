"""Faults of machines, networks and databases, each played against a desk that works."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from sandbox import python
from sandbox.process import tied
from tests.e2e.stage import Stage, staged
from tests.e2e.wall_clock import WallClock
from tests.e2e.warm import WarmProcesses
from tests.postgres import OwnPostgres, Unavailable, start_own
from tools.bench import kills
from tools.fleet import Fleet, fleet
from tools.torture.desk_under_test import (
    ENOUGH,
    HOUR,
    PATIENCE,
    SHORT,
    DeskUnderTest,
    NotTried,
    Outcome,
    Play,
    Sizes,
    desk_under_test,
    endure,
)


async def break_postgres(
    made: DeskUnderTest, server: OwnPostgres, times: int, messages: int
) -> str:
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
        with server.database() as url:
            async with desk_under_test(folder, lives, DATABASE_URL=url) as made:
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
        with server.database() as url:
            async with (
                desk_under_test(folder, lives, DATABASE_URL=url) as made,
                fleet(made.stage, lives, made.bot) as processes,
            ):
                return await endure(
                    made, sizes.messages, lambda made: _kill_leaders(made, processes, sizes)
                )
    finally:
        await asyncio.to_thread(server.stop)


async def _kill_leaders(made: DeskUnderTest, processes: Fleet, sizes: Sizes) -> str:
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
    return Outcome(
        came.words,
        came.lost,
        came.doubled,
        False,
        came.seconds,
        note,
        traces=tuple(came.problems),
    )


async def full_disk(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    disk = folder / "disk"
    disk.mkdir()
    made_disk = ["mount", "-t", "tmpfs", "-o", "size=64m", "none", str(disk)]
    if shutil.which("mount") is None or subprocess.run(made_disk, capture_output=True).returncode:
        raise NotTried("no disk may be mounted here")

    async def fill(_: DeskUnderTest) -> str:
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
        async with desk_under_test(folder, lives, DATABASE_URL=url) as made:
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

    async def step(_: DeskUnderTest) -> str:
        ahead = 0
        for seconds in sizes.steps:
            await asyncio.sleep(2)
            ahead += seconds
            clock.set(ahead)
        await asyncio.sleep(2)
        return ", ".join(f"{seconds / HOUR:+.0f} h" for seconds in sizes.steps)

    flooded = clock.environment | {"MESSAGE_LIMIT": "10/1m"}
    async with staged(folder) as stage, stage.cold_process(**flooded) as bot:
        made = DeskUnderTest(stage, bot)  # type: ignore[arg-type]
        await made.settle_in()
        return await endure(made, sizes.messages, step)


async def locked_file(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def lock(made: DeskUnderTest) -> str:
        await asyncio.sleep(1)
        with closing(sqlite3.connect(made.stage.database, isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=10000")
            other.execute("BEGIN EXCLUSIVE")
            await asyncio.sleep(sizes.lock)
            other.execute("COMMIT")
        return f"locked for {sizes.lock:.0f} s"

    async with desk_under_test(folder, lives) as made:
        return await endure(made, sizes.messages, lock)


async def flood(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def refuse(made: DeskUnderTest) -> str:
        await asyncio.sleep(1)
        made.stage.world.faults.flood_for(sizes.flood)
        await asyncio.sleep(sizes.flood)
        return f"429 to every call for {sizes.flood} s"

    async with desk_under_test(folder, lives) as made:
        return await endure(made, sizes.messages, refuse)


async def telegram_cut(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    async def cut(made: DeskUnderTest) -> str:
        await asyncio.sleep(1)
        await made.stage.world.faults.outage(sizes.flood)
        return f"no connection for {sizes.flood} s"

    async with desk_under_test(folder, lives) as made:
        return await endure(made, sizes.messages, cut)


async def backup_and_restore(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """A backup while people write, more life, the machine is lost, and the backup is put in place.

    What was said after the backup and stood already stays where it is, once; nothing of the backup
    leaves again, and what is said from then on arrives when an admin has released it.
    """
    part, copy, began = sizes.messages // 3, folder / "backup.db", time.monotonic()
    # what the group was not shown is gone with the machine (R21)
    async with desk_under_test(folder, lives, MESSAGE_LIMIT="off") as made:
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


FAULTS: Final[dict[str, Play]] = {
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
