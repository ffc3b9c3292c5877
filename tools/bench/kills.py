"""Kill −9 at random moments of lively traffic: ``python -m tools.bench.kills --times 200``.

Customers write, send albums and wait; Olga takes and answers; deadlines pass. Meanwhile the bot
is killed again and again, also while it starts. In the end everything that was said must stand
where it belongs, once.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from sandbox import Message, Person
from tests.e2e.lives import Ledger, opens
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import WarmBot, WarmProcesses, warm_processes

CUSTOMERS = 8
# A life polls so many seconds at most: some end at once, some see a lost answer through.
LONGEST = 4.0
# So many lives end while they begin, within so many seconds.
YOUNG, BIRTH = 0.25, 1.0
# Between two things that one customer does, in seconds.
PACE = 0.5
# People wait for each other while so much has not left yet: lives this short carry little, and
# what is said is to be carried through many of them, not to pile up.
ENOUGH = 60
# So long may it take, once nobody is killed any more, until all have what is theirs.
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it; ``problems`` in words, each about one thing that does not stand once."""

    kills: int
    words: int
    problems: list[str]
    lost: int
    seconds: float

    @property
    def doubled(self) -> int:
        return len(self.problems) - self.lost

    def __str__(self) -> str:
        return (
            f"{self.kills} kills in {self.seconds:.0f} s, {self.words} things said: "
            f"{self.lost} lost, {self.doubled} doubled or unfinished"
        )


@dataclass(slots=True)
class Traffic:
    """What people do until they are told to stop. Everything said is unlike all else."""

    stage: Stage
    ledger: Ledger
    chance: random.Random
    said: int = 0
    over: bool = False

    def words(self, what: str) -> str:
        self.said += 1
        return f"{what} №{self.said:05}."

    def waiting(self) -> int:
        """What was said, or follows from it, and is not where it belongs."""
        rows = "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending')"
        return int(self.stage.query(rows)[0][0]) + self.stage.world.updates.pending

    async def open(self, name: str) -> tuple[Person, Message]:
        """A new customer with a ticket, and its card."""
        person = self.stage.customer(name)
        _, card = await opens(self.stage, person, self.words("Не работает"))
        return person, card

    async def go_on(self, person: Person, card: Message) -> None:
        """The customer has more to say, and is answered now and then."""
        stage = self.stage
        while not self.over:
            await asyncio.sleep(self.chance.uniform(0, 2 * PACE))
            if self.waiting() > ENOUGH:
                continue
            match self.chance.randrange(6):
                case 0:
                    album = await person.send_album(3, caption=self.words("Снимки"))
                    self.ledger.must_show(stage.group, album)
                case 1 | 2:
                    answer = self.words("Ответ")
                    await stage.olga.reply(card, answer)
                    self.ledger.must_stand(person.chat, answer)
                case _:
                    words = self.words("Ещё")
                    await person.say(words)
                    self.ledger.must_stand(stage.group, words)


async def kill(bot: WarmBot, times: int, longest: float, chance: random.Random) -> None:
    """End so many lives of the bot, one in four while it starts; the last one is left to it."""
    for _ in range(times):
        young = chance.random() < YOUNG
        await bot.start(wait=not young)
        await asyncio.sleep(chance.uniform(0, BIRTH if young else longest))
        await bot.kill()
    await bot.start()


async def come_to_rest(stage: Stage, bot: WarmBot) -> None:
    """Wait until all has left, and stop the bot: deadlines go on passing, and counting takes
    seconds in which nothing can be delivered.
    """
    await stage.settle(PATIENCE)
    await bot.stop()
    while not stage.quiet():
        await bot.start()
        await stage.settle(PATIENCE)
        await bot.stop()


async def play(
    folder: Path, lives: WarmProcesses, times: int, seed: int, longest: float = LONGEST
) -> Outcome:
    """Traffic and so many kills; then what came of it."""
    began = time.monotonic()
    async with staged(folder) as stage:
        stage.settings |= {"ANSWER_DEADLINE": "20s", "REMIND_BEFORE": "10s"}
        ledger, bot = Ledger(stage), stage.warm_process(lives)
        traffic = Traffic(stage, ledger, random.Random(seed))
        try:
            await bot.start()
            names = (f"Клиент {number}" for number in range(CUSTOMERS))
            known = await asyncio.gather(*map(traffic.open, names))
            await bot.kill()
            async with asyncio.TaskGroup() as people:
                for person, card in known:
                    people.create_task(traffic.go_on(person, card))
                await kill(bot, times, longest, random.Random(seed + 1))
                traffic.over = True
            try:
                await come_to_rest(stage, bot)
            finally:
                (folder / "transcript.txt").write_text(stage.world.transcript())
            return Outcome(
                kills=times,
                words=len(ledger.said) + len(ledger.files),
                problems=ledger.problems(),
                lost=ledger.lost(),
                seconds=time.monotonic() - began,
            )
        finally:
            await bot.stop()


async def run(times: int, seed: int) -> Outcome:
    """As a command: in a folder of its own, which stays when something is wrong."""
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    print(f"database, log and transcript: {folder}", flush=True)
    async with warm_processes() as lives:
        outcome = await play(folder, lives, times, seed)
    if not outcome.problems:
        shutil.rmtree(folder)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.bench.kills", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None, help="to play a run again")
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    with asyncio.Runner() as runner:
        outcome = runner.run(run(options.times, seed))
    print(*outcome.problems, outcome, sep="\n")
    return 1 if outcome.problems else 0


if __name__ == "__main__":
    sys.exit(main())
