"""The desk without pacing and with a meter around each stage: ``python -m tools.bench.metered``.

The product knows nothing of it: the public functions at which a stage begins are wrapped here,
before the desk is built. ``BENCH_STAGES`` names the file for the sums.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.lazy_aiogram import defer_types

defer_types()  # as the command line does

from aiogram import Bot  # noqa: E402

from bot import (  # noqa: E402
    app,
    cli,
    update_handler,
)
from bot.polling import Poller  # noqa: E402
from bot.update_handler import UpdateHandler  # noqa: E402
from bot.update_queue import UpdateQueue  # noqa: E402
from channels.telegram.channel import TelegramChannel  # noqa: E402
from core.db.writer import Writer  # noqa: E402
from core.delivery.courier import Courier  # noqa: E402
from core.delivery.sender import DeliverySender  # noqa: E402
from core.delivery.settlement import Settlement  # noqa: E402
from core.desk import Desk  # noqa: E402
from tests.unhurried import Unhurried  # noqa: E402
from tools.bench.meter import STAGES, Meter  # noqa: E402

FILE = "BENCH_STAGES"


@dataclass(frozen=True, slots=True)
class Seam:
    """Where a stage begins: a function of a class or a module; only ``within`` some stages."""

    stage: str
    owner: Any
    name: str
    within: tuple[str, ...] = STAGES


COROUTINES = (
    Seam("store", Poller, "run"),  # asks for updates, stores them
    Seam("store", UpdateQueue, "run"),  # reads them from the inbox
    Seam("dispatch", UpdateHandler, "handle"),  # finds the handler; what that does by itself
    Seam("action", Desk, "run", ("dispatch",)),  # the rules, journal and outbox with them
    Seam("action", Desk, "run_as", ("dispatch",)),
    Seam("claim", Courier, "run"),  # finds and claims what may leave
    Seam("call", TelegramChannel, "send"),  # loads it, builds the call, makes it
    Seam("call", Bot, "__call__", ("dispatch",)),  # a handler's own call
    Seam("settle", DeliverySender, "send"),  # around the call
    Seam("settle", Settlement, "write"),  # what came of it, and what follows from that
)
FUNCTIONS = (Seam("parse", update_handler, "parse_update"),)
# Beginning and ending transactions, whoever has them.
CONTEXTS = (Seam("commit", Writer, "session"),)


def install(meter: Meter) -> None:
    """Wrap every seam."""
    for seam in COROUTINES:
        original = getattr(seam.owner, seam.name)
        setattr(seam.owner, seam.name, meter.of_coroutine(seam.stage, original, seam.within))
    for seam in FUNCTIONS:
        original = getattr(seam.owner, seam.name)
        setattr(seam.owner, seam.name, meter.of_function(seam.stage, original))
    for seam in CONTEXTS:
        original = getattr(seam.owner, seam.name)
        setattr(seam.owner, seam.name, meter.of_context(seam.stage, original))


def metered(build: Callable[..., Any], meter: Meter) -> Callable[..., Any]:
    """Build the desk in a loop whose tasks count for the stage that begins them."""

    def built(*args: Any, **options: Any) -> Any:
        asyncio.get_running_loop().set_task_factory(meter.make_task)
        return build(*args, pacer=Unhurried(), **options)

    return built


if __name__ == "__main__":
    _meter = Meter(Path(os.environ[FILE]))
    install(_meter)
    app.build = metered(app.build, _meter)
    sys.exit(cli.main(["run"]))
