"""``python -m bot.shifted run``: the desk to the letter, but its clock can be moved.

The sandbox starts it so, to show reminders and overdue alerts without waiting for days.
``python -m bot`` knows nothing of this.
"""

import os
import sys
from functools import partial
from pathlib import Path

from bot.deferring import defer_types

defer_types()  # as the command line does

from bot import app, cli  # noqa: E402
from bot.shifted_clock import VARIABLE, ShiftedClock  # noqa: E402

if __name__ == "__main__":
    if path := os.environ.get(VARIABLE):
        app.build = partial(app.build, clock=ShiftedClock(Path(path)))
    sys.exit(cli.main())
