"""``python -m tests.bench``: the figures of docs/performance.md in one run; ``--quick``: a glance.

Ratios are taken from rounds that alternate, so that a busy machine harms both sides alike. With
names of parts after it, only those run.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from tests.bench import cost, statements
from tests.bench.figures import Figure, Report
from tests.wire.stage import ROOT

Part = Callable[..., Awaitable[list[Figure]]]

# name, what it is about, whether a quick run has it
PARTS: tuple[tuple[str, str, Part, bool], ...] = (
    ("cost", "CPU per message", cost.measure, True),
    ("statements", "SQL per message", statements.measure, True),
)


async def run(names: list[str], *, quick: bool) -> None:
    report, began = Report(), time.monotonic()
    for name, title, part, in_quick in PARTS:
        if (names and name not in names) or (quick and not in_quick):
            continue
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            report.add(title, await part(Path(folder), quick=quick))
    seconds = round(time.monotonic() - began, 1)
    report.write(ROOT / "build" / "bench.json", {"seconds": seconds, "quick": quick})
    print(f"\n{seconds} s; written to build/bench.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("parts", nargs="*", choices=[[], *(name for name, *_ in PARTS)])
    parser.add_argument("--quick", action="store_true", help="fewer rounds, no long parts")
    options = parser.parse_args()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(run(options.parts, quick=options.quick))


if __name__ == "__main__":
    main()
