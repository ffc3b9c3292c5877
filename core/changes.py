"""Who waits for changes of tickets: pages that follow them (D1).

A commit notes which tickets it has changed, and whoever watches them is woken. Nothing of it is
stored and nothing asked of the database; in other processes it is heard of by news, which may be
missed (`core.db.process_news`).
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from core.events import Event

# More tickets than these at once are told as «any».
NAMED: Final = 100
# News for other processes: tickets have changed; none named means any.
TICKETS: Final = "tickets"

Tell = Callable[..., None]


@dataclass(slots=True, eq=False)
class Watch:
    """Somebody who watches a ``ticket``, or all of them.

    ``rights``: who may do what may have changed, too.
    """

    ticket: int | None
    rights: bool = False
    _news: bool = False
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether there is nothing to wait for any more."""
        return self._ended.is_set()

    async def wait(self, seconds: float) -> bool:
        """Return True if a watched ticket has changed since the last time, False when there are
        other news or none within ``seconds``.
        """
        if not await _is_set(self._woken, seconds):
            return False
        self._woken.clear()
        changed, self._news = self._news, False
        return changed

    async def rest(self, seconds: float) -> None:
        """Let changes gather for so long, unless it ends."""
        await _is_set(self._ended, seconds)

    def take_rights(self) -> bool:
        """Return whether rights may have changed since the last time."""
        changed, self.rights = self.rights, False
        return changed

    def note(self, tickets: Collection[int]) -> None:
        """These tickets have changed; none named means any."""
        if not tickets or self.ticket is None or self.ticket in tickets:
            self._news = True
            self._woken.set()

    def note_rights(self) -> None:
        """Somebody may have other rights now."""
        self.rights = True
        self._woken.set()

    def end(self) -> None:
        """Wake whoever waits for the last time."""
        self._ended.set()
        self._woken.set()


async def _is_set(event: asyncio.Event, seconds: float) -> bool:
    """Return whether it is, within these seconds."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


class Changes:
    """All who watch in this process, ``watches``. ``tell`` passes on to the others what has changed
    here.
    """

    def __init__(self) -> None:
        self.tell: Tell | None = None
        self.over = False
        self.watches: set[Watch] = set()

    @contextmanager
    def watch(self, ticket: int | None) -> Iterator[Watch]:
        """Watch a ticket, or all of them, in the block."""
        watch = Watch(ticket)
        if self.over:
            watch.end()
        self.watches.add(watch)
        try:
            yield watch
        finally:
            self.watches.discard(watch)

    def note(self, events: Collection[Event]) -> None:
        """What has happened is committed."""
        tickets = {event.ticket_id for event in events if event.ticket_id is not None}
        if not tickets:
            return
        named = sorted(tickets) if len(tickets) <= NAMED else []
        self.hear(named)
        if self.tell is not None:
            self.tell(TICKETS, named)

    def hear(self, tickets: Collection[int]) -> None:
        """These have changed, here or in another process; none named means any."""
        for watch in self.watches:
            watch.note(tickets)

    def note_rights(self) -> None:
        """What rights depend on has changed."""
        for watch in self.watches:
            watch.note_rights()

    def end(self) -> None:
        """Let nobody wait any longer: the process stops (R16)."""
        self.over = True
        for watch in self.watches:
            watch.end()
