"""``python -m tools.bench``: the figures of docs/performance.md in one run; ``--quick``: a glance.

Ratios are taken from rounds that alternate, so that a busy machine harms both sides alike. With
names of parts after it, only those run. A part's size is 1, or less in a quick run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.e2e.stage import ROOT
from tools.bench import (
    cost,
    crowded,
    http_load,
    memory,
    processes,
    rush,
    start,
    statements,
    storm,
)
from tools.bench.figures import Figure, Report
from tools.bench.machine import piece_seconds

Part = Callable[..., Awaitable[list[Figure]]]

# name, what it is about, its size in a quick run
PARTS: tuple[tuple[str, str, Part, float], ...] = (
    ("cost", "CPU per message", cost.measure, 0.2),
    ("statements", "SQL per message", statements.measure, 1),
    ("processes", "Four processes, one PostgreSQL", processes.measure, 0.2),
    ("crowded", "A million tickets", crowded.measure, 0.02),
    ("http", "HTTP beside the chat", http_load.measure, 0.25),
    ("start", "The start, with a backlog", start.measure, 0.02),
    ("storm", "A storm of new tickets", storm.measure, 0.1),
    ("rush", "A minute of haste", rush.measure, 0.1),
    ("memory", "Memory", memory.measure, 0.01),
)


async def run(names: list[str], *, quick: bool) -> None:
    report, began = Report(), time.monotonic()
    machine = {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": [round(each, 1) for each in os.getloadavg()],
        "piece": round(piece_seconds(), 3),
    }
    about = "before: {cores} cores, load {load}, Python {python}; a fixed piece of work: {piece} s"
    print(about.format(**machine))
    for name, title, part, of_it in PARTS:
        if names and name not in names:
            continue
        with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
            report.add(title, await part(Path(folder), size=of_it if quick else 1))
    seconds = round(time.monotonic() - began, 1)
    report.write(ROOT / "build" / "bench.json", {"seconds": seconds, "quick": quick} | machine)
    print(f"\n{seconds} s; written to build/bench.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.bench")
    parser.add_argument("parts", nargs="*", choices=[[], *(name for name, *_ in PARTS)])
    parser.add_argument("--quick", action="store_true", help="the same at a fraction of the size")
    options = parser.parse_args()
    asyncio.run(run(options.parts, quick=options.quick))


if __name__ == "__main__":
    main()
