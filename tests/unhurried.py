"""The real desk, ``python -m bot run`` to the letter, but for its pace: Telegram's limits of 18 a
minute for a group would measure waiting, not work. Only the pacer is another; the clock is the
sandbox's, where it has one.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

from bot.lazy_aiogram import defer_types

defer_types()  # as the command line does

from bot import app, cli  # noqa: E402
from bot.demo.clock import VARIABLE, DemoClock  # noqa: E402
from core.delivery.pacing import Pacer, Priority, Turns  # noqa: E402
from core.desk import utc_now  # noqa: E402


class NoShares(Turns):
    """Where nothing is scarce nobody has had their share of it."""

    def take(self, address: str, customer: int | None, now: float) -> None:
        """Nothing is counted."""


class Unhurried(Pacer):
    """Lets everything go at once; a 429 is obeyed still."""

    def __init__(self) -> None:
        super().__init__()
        self.turns = NoShares()

    def delay(self, address: str, priority: Priority, now: float, count: int = 1) -> float:
        del priority, count
        blocked = (self._blocked_until.get(place, 0.0) for place in (address, None))
        return max(0.0, *(until - now for until in blocked))

    def delay_of_all(self, now: float) -> float:
        return max(0.0, self._blocked_until.get(None, 0.0) - now)

    def take(self, address: str, now: float, count: int = 1) -> None:
        """Nothing is counted."""


if __name__ == "__main__":
    app.build = partial(app.build, pacer=Unhurried())
    file = os.environ.get(VARIABLE)
    sys.exit(cli.main(["run"], clock=utc_now if file is None else DemoClock(Path(file))))
