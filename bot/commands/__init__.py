"""The commands of the command line, a module each, and what they return (see ``bot/cli.py``)."""

import sys
from collections.abc import Iterable
from typing import Final

FINE: Final = 0
WRONG: Final = 2
IN_USE: Final = 3


def complain(lines: Iterable[str]) -> None:
    """Print the lines to standard error."""
    for line in lines:
        print(line, file=sys.stderr)
