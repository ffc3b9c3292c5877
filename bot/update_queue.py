"""Handles stored updates: those of one chat in order, different chats side by side (R7).

The inbox is the queue and is read in its order, so what a killed process left behind simply comes
next. Of several processes one at a time handles a chat: who finds it taken leaves it and looks
again. An update that cannot be handled is tried three times and then quarantined: it delays its own
chat for less than a second, and others not at all (R11).
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from time import monotonic
from typing import Final

from bot.logs import bound
from channels.telegram.client.api_errors import is_passing
from core import inbox
from core.db import Together, is_transient, log_failure
from core.desk import AlreadyHandled, Desk
from core.inbox import Offered, Raw, Stored

log = logging.getLogger(__name__)

# How many rows are read at once, and how many read rows may wait.
PAGE: Final = 200
MAX_WAITING: Final = 1000
# Seconds before the second and the third try of an update.
RETRIES: Final = (0.1, 0.4)
# Seconds between tries while the database fails, or the update is not ready (R18, R19).
DATABASE_PAUSE: Final = 0.5
# Seconds between tries while Telegram cannot be reached.
TELEGRAM_PAUSE: Final = 5.0
# Seconds between looks for updates that another process has put back (`quarantine replay`).
LOOK_EVERY: Final = 2.0
# The same after a chat was found taken by another process; it doubles while some are, up to the
# above: whoever has the chat looks for what has come for it, too.
LOOK_SOON: Final = 0.1
# How many chats one of several processes handles at once: the rest is for the others to take.
MOST_AT_ONCE = 64
# Seconds after which an update has failed.
TIMEOUT: Final = 30.0


def _retry_pause(error: Exception) -> float | None:
    """Return the seconds to wait if the error is no fault of the update, else None (R18, R19)."""
    if is_transient(error) or isinstance(error, UpdateNotReady):
        return DATABASE_PAUSE
    return TELEGRAM_PAUSE if is_passing(error) else None


class UnparsableUpdate(Exception):
    """The update has no known shape; trying again will not help. ``quotes``: the argument, which
    says why, may hold some of what people wrote, so that admins do not read it (S34).
    """

    def __init__(self, why: str, *, quotes: bool = True) -> None:
        super().__init__(why)
        self.quotes = quotes


class HandlerGaveUp(Exception):
    """A handler tried to end its task or the process."""


class UpdateNotReady(Exception):
    """The update has to wait for a delivery that is under way; nothing was done."""


@dataclass(slots=True)
class UpdateQueue:
    """Feeds stored updates to ``handle``; set :attr:`news` after storing some.

    ``first_handled`` is set once one was handled: what is not urgent waits for it.
    """

    desk: Desk
    handle: Callable[[Stored], Awaitable[None]]
    news: asyncio.Event = field(default_factory=asyncio.Event)
    first_handled: asyncio.Event = field(default_factory=asyncio.Event)
    _queues: dict[str, deque[Stored]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ids: set[int] = field(default_factory=set)
    _offered: dict[tuple[str, str], Offered] = field(default_factory=dict)  # not stored before
    _newest: asyncio.Future[int] | None = None  # the id of what was taken last
    _read_up_to: int = 0
    _has_read_all: bool = False  # up to the last news
    _last_id: int | None = None  # the newest row that was there, or was read or taken
    _begun_at: float = 0.0  # when the inbox was last read from its beginning
    _left: set[str] = field(default_factory=set)  # chats of which some wait to be read again
    _look_soon: float = LOOK_SOON
    _look: asyncio.TimerHandle | None = None
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_AT_ONCE))
    _capacity: asyncio.Event = field(default_factory=asyncio.Event)
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _unfinished: Together[tuple[int, ...], set[int]] = field(init=False)

    def __post_init__(self) -> None:
        self.desk.updates_put_back = self.news.set
        self._unfinished = Together(self._find_unfinished)

    async def run(self) -> None:
        """Read the inbox and handle its updates until :meth:`stop`. Never raises.

        While none waits the inbox is read from its beginning: a row that was committed late, or put
        back by another process, may have a lower number than one that was read.
        """
        while not self._stopped.is_set():
            self.news.clear()
            if not self._ids or (self._left and monotonic() >= self._begun_at + self._look_soon):
                self._begin_anew()
            try:
                page = await self.desk.read(inbox.list_unfinished, self._read_up_to, PAGE)
                if len(page) < PAGE and self._last_id is None:
                    self._last_id = await self.desk.read(inbox.newest_id)
                    self.news.set()  # what was stored meanwhile is read as well
            except Exception as error:  # noqa: BLE001 whatever it is, reading goes on
                log_failure(log, "the inbox cannot be read now", error)
                await self._pause(DATABASE_PAUSE)
                continue
            for stored in page:
                self._read_up_to = stored.id
                if self._last_id is not None:
                    self._last_id = max(self._last_id, stored.id)
                # what comes after one that was left waits until that one is read again
                if not self._has(stored) and stored.ordering_key not in self._left:
                    self._put(stored)
            if len(page) < PAGE:
                await self._await_news()
            while len(self._ids) >= MAX_WAITING and not self._stopped.is_set():
                self._capacity.clear()
                await self._capacity.wait()

    async def _await_news(self) -> None:
        self._has_read_all = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look_soon if self._left else LOOK_EVERY):
                await self.news.wait()
        self._has_read_all = False

    def take(self, source: str, update: Raw) -> asyncio.Future[int] | None:
        """Handle an update that came alone, and store it by that. Returns what is done when the
        disk has it. ``None``, and nothing is begun, where something may stand before it, or another
        process may have it.
        """
        waits = self._has_read_all and not self.news.is_set() and not self._stopped.is_set()
        is_free = update.ordering_key not in self._queues
        if self._last_id is None or not (waits and is_free and self.desk.database.is_sqlite):
            return None
        if self._newest is not None:
            if not self._newest.done():
                return None
            self._last_id = max(self._last_id, self._newest.result())
        self._newest = stored = asyncio.get_running_loop().create_future()
        offered = Offered(source, update, self._last_id + 1, stored)
        self._offered[source, update.external_id] = offered
        self._put(Stored(0, update.external_id, update.ordering_key, update.raw, source))
        return stored

    def _has(self, stored: Stored) -> bool:
        return stored.id in self._ids or (stored.source, stored.external_id) in self._offered

    def _begin_anew(self) -> None:
        """Read the inbox from its beginning, and later each time as long as others have chats."""
        self._look_soon = min(2 * self._look_soon, LOOK_EVERY) if self._left else LOOK_SOON
        self._read_up_to, self._begun_at = 0, monotonic()
        self._left.clear()

    async def stop(self, patience: float = 4.0) -> None:
        """Begin no other update; wait up to ``patience`` seconds for those under way (R16)."""
        self._stopped.set()
        self.news.set()
        self._capacity.set()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    @property
    def waiting(self) -> int:
        """Return how many updates are read but not handled yet."""
        return len(self._ids) + len(self._offered)

    def _put(self, stored: Stored) -> None:
        if stored.id:
            self._ids.add(stored.id)
        queue = self._queues.get(stored.ordering_key)
        if queue is not None:
            queue.append(stored)
            return
        self._queues[stored.ordering_key] = deque([stored])
        drain = self._drain if self.desk.database.is_sqlite else self._drain_alone
        task = asyncio.create_task(drain(stored.ordering_key))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _drain_alone(self, ordering_key: str) -> None:
        """Handle a chat's updates if no other process does; those it has handled are left out."""
        try:
            async with self._room, self.desk.database.lease(ordering_key) as is_ours:
                while is_ours and self._queues[ordering_key] and not self._stopped.is_set():
                    # what comes meanwhile may have been read before another process handled it
                    undone = await self._leave_out_what_is_done(ordering_key)
                    await self._handle_in_order(ordering_key, undone)
        except Exception as error:  # noqa: BLE001 whatever it is, the chat's turn comes again
            log_failure(log, "a chat's updates cannot be handled now", error)
            await self._pause(DATABASE_PAUSE)
        # only now: what came while the chat was given back had no task of its own
        left = self._queues.pop(ordering_key)
        self._ids.difference_update(stored.id for stored in left)
        if left:
            self._left.add(ordering_key)
            self._come_again()
        self._capacity.set()

    def _come_again(self) -> None:
        """Who waits for news waits no longer than until a chat that was left is looked at again."""
        if self._look is None:
            loop = asyncio.get_running_loop()
            self._look = loop.call_later(self._look_soon, self._look_again)

    def _look_again(self) -> None:
        self._look = None
        self.news.set()

    async def _leave_out_what_is_done(self, ordering_key: str) -> int:
        """Return how many of those that were asked about are left, the first of the queue."""
        ids = tuple(stored.id for stored in self._queues[ordering_key])
        unfinished = await self._unfinished.ask(ids)
        queue = self._queues[ordering_key]
        done = {number for number in ids if number not in unfinished}
        self._queues[ordering_key] = deque(each for each in queue if each.id not in done)
        self._ids -= done
        return len(ids) - len(done)

    async def _find_unfinished(
        self, asked: Sequence[tuple[int, ...]]
    ) -> Mapping[tuple[int, ...], set[int]]:
        """Of the rows of each of several chats, those that nobody has handled yet."""
        found = await self.desk.read(inbox.keep_unfinished, [*chain.from_iterable(asked)])
        return {ids: found.intersection(ids) for ids in asked}

    async def _drain(self, ordering_key: str) -> None:
        while self._queues[ordering_key] and not self._stopped.is_set():
            await self._handle_in_order(ordering_key, len(self._queues[ordering_key]))
        del self._queues[ordering_key]

    async def _handle_in_order(self, ordering_key: str, most: int) -> None:
        queue = self._queues[ordering_key]
        for _ in range(most):
            if self._stopped.is_set():
                return
            stored = queue.popleft()
            with bound(update_id=stored.external_id):
                if stored.id:
                    await self._handle(stored)
                else:
                    await self._handle_offered(stored, queue)
            self.first_handled.set()
            self._ids.discard(stored.id)
            self._capacity.set()

    async def _handle_offered(self, stored: Stored, queue: deque[Stored]) -> None:
        """Handle an update that is not stored yet. If that fails, it is stored, and comes again in
        the order of its chat.
        """
        offered = self._offered[stored.source, stored.external_id]
        try:
            await self._try(stored, offered)
        except Exception as error:
            if offered.stored.done():
                log.exception("an update was handled, and what followed has failed")
            else:  # what is wrong is told when it is tried again
                log.info("an update is stored before it is tried again: %s", type(error).__name__)
                await self._store(offered, queue)
        finally:
            del self._offered[stored.source, stored.external_id]

    async def _store(self, offered: Offered, queue: deque[Stored]) -> None:
        """Store it, and put it where it belongs among what waits of its chat. Until it is stored it
        is not confirmed, so after a stop it is offered again.
        """
        while not self._stopped.is_set():
            try:
                waiting = await self.desk.run(inbox.store_unhandled, offered)
            except Exception as error:  # noqa: BLE001 whatever it is, it is tried again
                log_failure(log, "an update cannot be stored now", error)
                await self._pause(DATABASE_PAUSE)
                continue
            self._ids.update(each.id for each in waiting)
            in_order = sorted({*queue, *waiting}, key=lambda each: each.id)
            queue.clear()
            queue.extend(in_order)
            self.news.set()  # what stands before it may be of other chats, too
            offered.stored.set_result(max((each.id for each in waiting), default=0))
            return

    async def _try(self, stored: Stored, offered: Offered | None = None) -> None:
        """Call the handler; what would end the task or the process is a failure like any other."""
        with self.desk.handling(stored.id, offered) as row, contextlib.suppress(AlreadyHandled):
            try:
                async with asyncio.timeout(TIMEOUT):
                    await self.handle(stored)
            except (asyncio.CancelledError, SystemExit) as end:
                task = asyncio.current_task()
                if isinstance(end, SystemExit) or task is None or not task.cancelling():
                    raise HandlerGaveUp(repr(end)) from end
                raise
            if not row.done:
                if offered is not None:
                    # what it has shown is shown, and nothing of it could overtake anything
                    row.unstored = replace(offered, id=None)
                await self.desk.run(inbox.change_nothing)  # the desk marks the row
        if offered is not None and row.inbox_id != offered.id:
            self.news.set()  # something is there that nobody has read
            if not offered.stored.done():  # it was handled before
                self._last_id = None
                offered.stored.set_result(0)

    async def _handle(self, stored: Stored) -> None:
        """Handle one update, or quarantine it."""
        waits = iter(RETRIES)
        while not self._stopped.is_set():
            try:
                await self._try(stored)
                return
            except UnparsableUpdate as error:
                await self._quarantine(
                    stored, f"cannot be parsed{':' if error.quotes else ','} {error}"
                )
                return
            except Exception as error:
                pause = _retry_pause(error)
                if pause is not None:
                    log.warning("the update will be tried again, it is not at fault: %s", error)
                    await self._pause(pause)
                    continue
                log.exception("an update could not be handled")
                wait = next(waits, None)
                if wait is None:
                    await self._quarantine(stored, repr(error))
                    return
                await self._pause(wait)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not longer than until a stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _quarantine(self, stored: Stored, error: str) -> None:
        """Put the update aside and tell admins; if telling fails, put it aside all the same.

        It is tried until it succeeds: what comes after it in its chat must not overtake it.
        """
        log.error("an update was quarantined: %s", error)
        tries = chain(repeat(inbox.quarantine, 1 + len(RETRIES)), repeat(inbox.set_aside))
        put_aside = next(tries)
        while not self._stopped.is_set():
            try:
                await self.desk.run(put_aside, stored, error)
                return
            except Exception as failure:  # noqa: BLE001 whatever it is, it is tried again
                log_failure(log, "an update is not quarantined yet", failure)
                if not is_transient(failure):
                    put_aside = next(tries)
            await self._pause(DATABASE_PAUSE)
