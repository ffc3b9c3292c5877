"""What somebody who works here asks for counts as effort, wherever they ask (S40)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from core.allowances import Turn
from core.desk import Desk, reading_within
from core.people.identity import Sender

# Seconds that one reading for somebody may take; what is asked for takes less than one.
READING: Final = 10.0


@contextmanager
def limited(desk: Desk, sender: Sender, effort: int) -> Iterator[Turn | None]:
    """Take a turn of this person for what is done in this block, unless it takes no effort.

    Raises :class:`AskedTooMuch`, and :class:`Refusal` where reading takes too long.
    """
    if not effort:
        yield None
        return
    with desk.allowances.begin(sender.address, effort) as turn, reading_within(READING):
        yield turn
