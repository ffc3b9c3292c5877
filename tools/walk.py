"""How much of our own code one message enters: ``python -m tools.walk [--list]``.

Counted in the real process, from the answer to getUpdates to the last settling, for a customer's
message in an open ticket, for an operator's answer, and for a message after it. Own code is the
product without the sandbox; libraries do not count, nor do comprehensions, nor what dataclasses
generate. Everything is warmed up before, and played several times; what an idle desk enters by
itself, and the shortest of these messages does not, is left out. Scheduled jobs do not run.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from collections import defaultdict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sandbox import Message, Person
from tests.e2e.stage import Stage
from tools.bench.staging import at_rest, bot_of, desk_at, lean_stage, open_tickets, people_of
from tools.walked import FOLDER, OFF, SEEN, SWITCH

WALKED = ("-m", "tools.walked")
ROUNDS = 3
NAMES = (
    "a customer's message in an open ticket",
    "an operator's answer",
    "a customer's message after an answer",
)
# After its last row is settled a message has a few more steps to go.
LAST_STEPS = 0.1
# In so many seconds the courier has looked by itself what may leave, and somebody for who has left
# the group.
IDLE = 6.0


# Own functions, each as (file, name, line).
Functions = frozenset[tuple[str, str, int]]


@dataclass(frozen=True, slots=True)
class Walk:
    """Own functions that each message of one kind enters."""

    name: str
    functions: Functions

    @property
    def files(self) -> dict[str, list[str]]:
        """Functions by file, both in order."""
        found = defaultdict(list)
        for file, name, _line in sorted(self.functions, key=lambda one: (one[0], one[2])):
            found[file].append(name)
        return dict(found)

    def __str__(self) -> str:
        return f"{self.name}: {len(self.functions)} functions in {len(self.files)} files"

    def listed(self) -> str:
        """Each file with its functions."""
        return "\n".join(f"  {file}: {', '.join(names)}" for file, names in self.files.items())


@dataclass(slots=True)
class Watch:
    """Turns the recording in the process on and off, and reads what was recorded."""

    stage: Stage
    folder: Path
    recorded: int = 0

    async def record(self, act: Callable[[], Awaitable[object]]) -> frozenset[tuple[str, str, int]]:
        """Functions entered from the act until everything that follows from it is settled."""
        seen = self.folder / SEEN
        before = seen.stat().st_size
        self.recorded += 1
        self._switch(self.recorded)
        await act()
        await at_rest(self.stage)
        await asyncio.sleep(LAST_STEPS)
        self._switch(OFF)
        lines = seen.read_bytes()[before:].decode().splitlines()
        return frozenset(_function(line) for line in lines)

    def _switch(self, to: int) -> None:
        with (self.folder / SWITCH).open("r+b") as file:  # never shorter: it is mapped there
            file.write(bytes([to]))


def _function(line: str) -> tuple[str, str, int]:
    file, name, number = line.split("\t")
    return file, name, int(number)


async def measure(folder: Path) -> list[Walk]:
    """A customer's message that joins a waiting ticket, the answer to it, and what that brings."""
    async with lean_stage(folder / "stage", history_limit=200) as stage:
        watch = Watch(stage, folder)
        (folder / SWITCH).write_bytes(bytes([OFF]))
        (alice,) = people_of(stage, 1)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, [alice])
        async with bot_of(stage, WALKED, **{FOLDER: str(folder)}):
            await at_rest(stage)
            card = next(m for m in stage.group.messages if m.from_bot and m.keyboard)
            rounds = [await _round(watch, alice, card) for _ in range(ROUNDS + 1)]
            idle = await watch.record(lambda: asyncio.sleep(IDLE))
    shortest, *longer = (frozenset.intersection(*one) for one in zip(*rounds[1:], strict=True))
    clocks = idle - shortest
    entered = [shortest, *(one - clocks for one in longer)]
    return [Walk(name, functions) for name, functions in zip(NAMES, entered, strict=True)]


async def _round(watch: Watch, alice: Person, card: Message) -> tuple[Functions, ...]:
    """In the order of `NAMES`."""
    olga = watch.stage.olga
    turns = await watch.record(lambda: alice.say("Снова не показывает"))
    joins = await watch.record(lambda: alice.say("И звука тоже нет"))
    answer = await watch.record(lambda: olga.reply(card, "Здравствуйте, смотрим"))
    return joins, answer, turns


async def run(*, listed: bool) -> None:
    with tempfile.TemporaryDirectory(prefix="walk-") as folder:
        for walk in await measure(Path(folder)):
            print(walk)
            if listed:
                print(walk.listed())


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.walk", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the files with their functions, too")
    options = parser.parse_args()
    with asyncio.Runner() as runner, suppress(KeyboardInterrupt):
        runner.run(run(listed=options.list))


if __name__ == "__main__":
    main()
