"""The table of `tools.torture`: what is played, and a line for what came of each."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.e2e.warm import warm_processes
from tools.torture.changing import CHANGING
from tools.torture.days import DAYS
from tools.torture.desk_under_test import Died, NotTried, Outcome, Play, Sizes
from tools.torture.faults import FAULTS
from tools.torture.lost import LOST

SCENARIOS: Final[dict[str, Play]] = {**FAULTS, **CHANGING, **LOST, **DAYS}


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
                print(*outcome.traces, f"database and log: {folder}", sep="\n", file=sys.stderr)
            fine = fine and outcome.fine
    return fine
