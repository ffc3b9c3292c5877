"""``GET /app/live``: server-sent events that say that something has changed, and nothing else.

A page that hears of it asks for itself again, as any request does, with all that is checked then.
So a stream gives nothing away; it ends nevertheless as soon as its person may not be here (S15).
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from core.changes import Changes, Watch
from core.desk import Clock

# Seconds of silence after which something is sent, so that nobody on the way closes the line.
HEARTBEAT: Final = 15.0
# Seconds between two looks whether somebody still works here, where nothing gives a reason to.
CHECK_EVERY: Final = 60.0
# Seconds for which changes are gathered: a page is drawn again no more often. The board, which
# counts everything, less often.
GATHERED: Final = 1.0
GATHERED_FOR_THE_BOARD: Final = 15.0
# Streams at a time: of one person (a browser opens six connections to a server at most), and all.
PER_PERSON: Final = 4
MOST: Final = 200

HEADERS: Final = {"X-Accel-Buffering": "no"}
_BEGIN: Final = b"retry: 3000\n\n"
_BEAT: Final = b": here\n\n"
_CHANGED: Final = b"event: changed\ndata:\n\n"
_END: Final = b"event: end\ndata:\n\n"
_FULL: Final = b"event: full\ndata:\n\n"


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows: ``who`` they are, until which instant their session lasts (seconds of the
    epoch), and whether they may still be here; ``None``: it cannot be found out now.
    """

    who: str
    until: float
    may_stay: Callable[[], Awaitable[bool | None]]


@dataclass(slots=True)
class Streams:
    """The streams of this process."""

    changes: Changes
    clock: Clock
    _open: dict[str, list[Watch]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many are open."""
        return sum(map(len, self._open.values()))

    @property
    def has_room(self) -> bool:
        """Whether another one may be opened."""
        return not self.changes.over and self.count < MOST

    async def follow(
        self, follower: Follower, ticket: int | None, gathered: float
    ) -> AsyncIterator[bytes]:
        """The events of a ``ticket``, or of all, until their end; at intervals of ``gathered``."""
        with self.changes.watch(ticket) as watch, self._counted(follower.who, watch):
            yield _BEGIN
            async for event in self._events(follower, watch, gathered):
                yield event

    async def _events(
        self, follower: Follower, watch: Watch, gathered: float
    ) -> AsyncIterator[bytes]:
        checked = time.monotonic()
        while (left := follower.until - self.clock().timestamp()) > 0:
            changed = await watch.wait(min(HEARTBEAT, left))
            if watch.over:
                # the process stops; or a newer window of the same person has taken its place
                if not self.changes.over:
                    yield _FULL
                return
            if watch.take_rights() or time.monotonic() - checked >= CHECK_EVERY:
                checked = time.monotonic()
                stays = await follower.may_stay()
                if stays is None:
                    return
                if not stays:
                    break
            yield _CHANGED if changed else _BEAT
            if changed:
                await watch.rest(gathered)
        yield _END

    @contextmanager
    def _counted(self, who: str, watch: Watch) -> Iterator[None]:
        """Count it; the oldest of too many gives way, and its window looks at intervals."""
        mine = self._open.setdefault(who, [])
        mine.append(watch)
        going_on = [one for one in mine if not one.over]
        if len(going_on) > PER_PERSON:
            going_on[0].end()
        try:
            yield
        finally:
            mine.remove(watch)
            if not mine:
                self._open.pop(who, None)
