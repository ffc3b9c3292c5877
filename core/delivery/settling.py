"""What came of parcels, waiting to be written down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from core.delivery.channel import Outgoing
from core.tx import Tx


class Interrupted(Exception):
    """The courier went away before it had written a note down."""


@dataclass(slots=True)
class Note:
    """What came of one parcel; ``written`` is done when it is, or when it cannot be."""

    parcel: Outgoing
    deed: Callable[[Tx], Awaitable[None]]
    written: asyncio.Future[None]

    def end(self, error: Exception | None = None) -> None:
        """It is written down, or it is not because of the error; the first word counts."""
        if self.written.done():
            return
        if error is None:
            self.written.set_result(None)
        else:
            self.written.set_exception(error)


def end(notes: Sequence[Note], error: Exception | None = None) -> None:
    """The same for several."""
    for note in notes:
        note.end(error)
