"""Long polling with the server's rules of offsets and conflicts."""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from sandbox.server.errors import ApiError
from sandbox.server.updates import Update, Updates

MAX_POLL: Final = 50.0  # seconds; a longer timeout is reduced to this


class LongPolling:
    """``getUpdates``."""

    def __init__(self, updates: Updates) -> None:
        self.updates = updates
        self.context = updates.context
        self._poll: tuple[asyncio.Future[Any], Any] | None = None
        self._previous = (0, 0.0)
        self._next_conflict = 0.0

    @property
    def waiting(self) -> bool:
        """A long poll is open."""
        return self._poll is not None

    def end(self, reason: str) -> None:
        """End the open long poll with a conflict."""
        if self._poll is not None and not self._poll[0].done():
            self._poll[0].set_result(reason)

    def close(self) -> None:
        """The server stops."""
        if self._poll is not None and not self._poll[0].done():
            self._poll[0].cancel()

    async def get_updates(self, offset: int, limit: int, timeout: float, connection: Any) -> bytes:
        """``getUpdates``: the JSON array of updates, or an :class:`ApiError`."""
        if self.updates.webhook is not None:
            raise await self._conflict(
                "can't use getUpdates method while webhook is active; use deleteWebhook to delete "
                "the webhook first"
            )
        self.updates.polls += 1
        limit = min(max(limit or 100, 1), 100)
        timeout = min(max(timeout, 0.0), MAX_POLL)
        now = time.monotonic()
        if self.context.options.strict_polling:
            # the server slows down bots that ask for the same updates again and again
            if offset == self._previous[0] and timeout < 3 and now < self._previous[1] + 3:
                timeout = 3.0
            if offset == self._previous[0] and now < self._previous[1] + 0.5:
                limit = 1
        self._previous = (offset, now)
        if offset < 0:
            while len(self.updates.queue) > -offset:
                self.updates.queue.popleft()
            self.updates.confirmed += 1
        elif offset > 0:
            self._confirm(offset)
        self.context.signal.notify()
        batch = self._batch(limit)
        if not batch and timeout:
            await self._wait(timeout, connection)
            batch = self._batch(limit)
        for update in batch:
            self.updates.hand_over(update)
        if batch:
            self.context.signal.notify()
        return b"[" + b",".join(update.body for update in batch) + b"]"

    def _confirm(self, offset: int) -> None:
        """Forget the updates with lower identifiers."""
        updates, queue = self.updates, self.updates.queue
        while queue and queue[0].id < offset and (queue[0].deliveries or not queue[0].group):
            updates.forget(queue.popleft())
        if updates.disordered:
            groups = {update.group for update in queue if update.group and update.id < offset}
            # an offset can't confirm updates that came out of order: one confirms them all
            for update in [u for u in queue if u.group in groups and u.deliveries]:
                queue.remove(update)
                updates.forget(update)

    def _batch(self, limit: int) -> list[Update]:
        batch: list[Update] = []
        now = self.context.clock.now()
        queue, again = self.updates.queue, self.updates.again
        while queue and queue[0].expires < now:
            queue.popleft()
        while again and len(batch) < limit:
            batch.append(again.popleft())
        for update in queue:
            if len(batch) >= limit:
                break
            if update.expires >= now:
                batch.append(update)
        return batch

    async def _wait(self, timeout: float, connection: Any) -> None:
        if self._poll is not None:
            future, older = self._poll
            if not future.done():
                future.set_result(
                    "terminated by other getUpdates request; make sure that only one bot instance "
                    "is running"
                )
                if older is not None and not older.is_closing():
                    self.context.violations.add(
                        "conflict", "two getUpdates requests at the same time", "getUpdates"
                    )
        ended: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        mine = (ended, connection)
        self._poll = mine
        self.context.signal.notify()
        deadline = time.monotonic() + timeout
        try:
            while not self.updates.queue and not self.updates.again:
                self.updates.arrived.clear()
                arrived: asyncio.Future[Any] = asyncio.ensure_future(self.updates.arrived.wait())
                try:
                    await asyncio.wait(
                        {arrived, ended},
                        timeout=max(0.0, deadline - time.monotonic()),
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    arrived.cancel()
                if ended.done():
                    raise await self._conflict(ended.result())
                if time.monotonic() >= deadline:
                    return
        finally:
            if self._poll is mine:
                self._poll = None

    async def _conflict(self, text: str) -> ApiError:
        now = time.monotonic()
        if now < self._next_conflict:
            await asyncio.sleep(3.0)  # as the server does, to slow down the quarrel
        else:
            self._next_conflict = now + 3.0
        return ApiError(409, f"Conflict: {text}", violation="conflict", severity="warning")
