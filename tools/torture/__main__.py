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
import sys
from dataclasses import replace
from typing import Final

from tools.torture.desk_under_test import FULL, SHORT
from tools.torture.table import SCENARIOS, play

# What can be chosen on the command line, beside the size of the whole.
_CHOSEN: Final = {
    "messages": "how much is said while each fault is there",
    "kills": "how often the desk is killed",
    "paced": "seconds in which people write at an even pace",
    "lost": "how many answers of Telegram are lost",
    "hours": "so much time is moved through",
    "updates": "how many updates come in these hours",
    "faults": "how many faults there are in these hours",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.torture", description=__doc__)
    parser.add_argument("--only", nargs="*", choices=SCENARIOS, default=list(SCENARIOS))
    parser.add_argument("--short", action="store_true", help="the form that the suite plays")
    for name, help_ in _CHOSEN.items():
        parser.add_argument(f"--{name}", type=int, help=help_)
    options = parser.parse_args()
    os.environ.setdefault("SANDBOX_PATIENCE", "2")
    sizes = SHORT if options.short else FULL
    chosen = {name: getattr(options, name) for name in _CHOSEN}
    chosen["under_restarts"] = chosen["messages"]
    sizes = replace(sizes, **{name: size for name, size in chosen.items() if size is not None})
    with asyncio.Runner() as runner:
        return 0 if runner.run(play(options.only, sizes)) else 1


if __name__ == "__main__":
    sys.exit(main())
