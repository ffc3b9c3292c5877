"""``python -m bot.demo.run_with_clock run``: the desk to the letter, but its clock can be moved.

The sandbox starts it so, to show reminders and overdue alerts without waiting for days.
``python -m bot`` knows nothing of this.
"""

import os
import sys
from functools import partial
from pathlib import Path

from bot.lazy_aiogram import defer_types

defer_types()  # as the command line does

from bot import app, cli  # noqa: E402
from bot.demo.clock import VARIABLE, DemoClock  # noqa: E402

if __name__ == "__main__":
    if path := os.environ.get(VARIABLE):
        app.build = partial(app.build, clock=DemoClock(Path(path)))
    sys.exit(cli.main())
