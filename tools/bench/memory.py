"""What the process holds after very many updates: does it grow?

Every fourth update is a customer's message on a ticket, with all that it causes; the others are
what operators say among themselves, which is stored, parsed, handled, and asks for nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tools.bench.figures import Figure
from tools.bench.proc import cpu_seconds, resident_megabytes
from tools.bench.staging import (
    UNHURRIED,
    at_rest,
    bot_of,
    desk_at,
    lean_stage,
    open_tickets,
    people_of,
)

UPDATES: Final = 100_000
BURST: Final = 500
PEOPLE: Final = 500


async def measure(folder: Path, *, size: float) -> list[Figure]:
    rounds = max(int(UPDATES * size) // BURST, 2)
    async with lean_stage(folder) as stage:
        people = people_of(stage, PEOPLE)
        async with desk_at(stage) as desk:
            await desk.run(open_tickets, people)
        async with bot_of(stage, UNHURRIED) as bot:
            held = [resident_megabytes(bot.pid)]
            for number in range(rounds):
                for each in range(BURST):
                    if each % 4 == 0:
                        _ = people[(number * BURST + each) // 4 % PEOPLE].say(f"Опять, раз {each}")
                    else:
                        _ = stage.olga.say(stage.group, f"Обед в час, {each}")
                await at_rest(stage)
                held.append(resident_megabytes(bot.pid))
            cpu = cpu_seconds(bot.pid)
    half = len(held) // 2
    grown = (held[-1] - held[half]) / ((rounds - half) * BURST) * 10_000
    return [
        Figure(f"held after {rounds * BURST:,} updates", held[-1], "MB", 200),
        Figure("    the most", max(held), "MB", 200),
        Figure("    growth in the second half, for 10,000 updates", grown, "MB", 0.5),
        Figure("    at the start", held[0], "MB"),
        Figure("    after the first tenth", held[max(1, rounds // 10)], "MB"),
        Figure("    CPU for an update, on the average", cpu / (rounds * BURST) * 1e6, "µs"),
    ]
