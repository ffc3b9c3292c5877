"""The one door: an action runs in one transaction, and what it caused is written down with it.

``run`` opens the transaction, freezes the instant, marks the inbox row done, runs the action, lets
subscribers act upon what was emitted and write it down, commits, and wakes the courier if there is
something to send. On SQLite those who wait meanwhile are committed together, each with a savepoint.
Nothing in it waits for a network (R4, `core.tx`). The whole unit of work is shielded: a
cancelled task must not leave the database locked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from sqlalchemy import bindparam, update
from sqlalchemy.exc import DBAPIError

from core.changes import Changes
from core.company import Company
from core.db import COMMIT_NOW, Database, PreparedStatement, constant, may_run_again
from core.fault_points import pass_point
from core.file_making import FileMaking
from core.models import InboxRow
from core.subscribers import Subscriber, notify
from core.tx import INSIDE, SYSTEM, Actor, ReadTx, Tx

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], datetime]

log = logging.getLogger(__name__)

_ATTEMPTS = 4

# News for other processes: what is kept in memory has changed; the outbox has something to send.
CHANGED: Final = ("changed",)
OUTGOING: Final = ("outgoing",)

_INBOX: Final[Any] = InboxRow.__table__
_MARK_DONE: Final = PreparedStatement(
    update(_INBOX)
    .where(_INBOX.c.id == bindparam("row"), _INBOX.c.state == constant("new"))
    .values(state="done")
)


class AlreadyHandled(Exception):
    """The update behind this action has had its effects; nothing was changed (R2)."""


@dataclass(slots=True)
class Handling:
    """The inbox row that is being handled; ``done`` once a transaction has marked it."""

    inbox_id: int
    done: bool = False


_handling: ContextVar[Handling | None] = ContextVar("handling", default=None)


def utc_now() -> datetime:
    """The wall clock. The only place that asks it."""
    return datetime.now(UTC)


class Desk:
    """Runs actions. ``subscribers`` act upon events, in their order; ``outbox_wakeup`` is set
    after a commit that wrote outbox rows; ``changes`` hears of every commit.

    ``company`` may be replaced at run time: the next transaction sees the new one.
    """

    def __init__(
        self,
        database: Database,
        company: Company,
        subscribers: Sequence[Subscriber] = (),
        *,
        clock: Clock = utc_now,
    ) -> None:
        self.database = database
        self.company = company
        self.subscribers = tuple(subscribers)
        self.clock = clock
        self.cache: dict[type, Any] = {}
        self.outbox_wakeup = asyncio.Event()
        self.file_making = FileMaking()
        self.changes = Changes()

    @contextmanager
    def handling(self, inbox_id: int) -> Iterator[Handling]:
        """Actions in this block are the effects of one inbox row."""
        row = Handling(inbox_id)
        token = _handling.set(row)
        try:
            yield row
        finally:
            _handling.reset(token)

    async def run(
        self,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action as the system (or as whom it finds out to be acting)."""
        return await self._shielded(SYSTEM, action, args, options)

    async def run_as(
        self,
        actor: Actor,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action for a known actor. Raises what the action raises; then nothing changed."""
        return await self._shielded(actor, action, args, options)

    async def read(
        self,
        query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Ask without changing: ``query(look, …)`` on a query-only connection."""
        async with self.database.read() as session:
            look = ReadTx(session, self.clock(), self.company, self.cache)
            inside = INSIDE.set(True)
            try:
                return await query(look, *args, **options)
            finally:
                INSIDE.reset(inside)

    async def _shielded(
        self, actor: Actor, action: Callable[..., Awaitable[R]], args: Any, options: Any
    ) -> R:
        work = asyncio.ensure_future(self._with_retries(actor, action, args, options))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            if not work.done():
                await asyncio.wait([work])
            raise

    async def _with_retries(
        self, actor: Actor, action: Callable[..., Awaitable[R]], args: Any, options: Any
    ) -> R:
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return await self._once(actor, action, args, options)
            except DBAPIError as error:
                if not may_run_again(error) or attempt == _ATTEMPTS:
                    raise
                log.info("running an action again", extra={"attempt": attempt})
        raise AssertionError

    async def _once(
        self, actor: Actor, action: Callable[..., Awaitable[R]], args: Any, options: Any
    ) -> R:
        pass_point("desk.before_action")
        row = _handling.get()
        async with self.database.write() as session:
            update = None if row is None else row.inbox_id
            tx = Tx(session, self.clock(), self.company, self.cache, actor, update)
            if row is not None and not row.done:
                marked = await _MARK_DONE.change(session, {"row": row.inbox_id})
                if marked != 1:
                    raise AlreadyHandled
            inside = INSIDE.set(True)
            try:
                result = await action(tx, *args, **options)
                await notify(tx, self.subscribers)
            finally:
                INSIDE.reset(inside)
            await session.flush()
            if tx.invalidated or tx.invalidates_all:
                # who comes next must not see the change and what was kept before it
                session.info[COMMIT_NOW] = True
            if not self.database.is_sqlite:
                await self._tell_others(tx)
            pass_point("desk.before_commit")
        if tx.invalidated or tx.invalidates_all:
            self._invalidate(tx)
        pass_point("desk.after_commit")
        if row is not None:
            row.done = True
        if tx.outgoing:
            self.outbox_wakeup.set()
        self.changes.note(tx.events)
        return result

    async def _tell_others(self, tx: Tx) -> None:
        """Let other processes know of what they keep, or deliver, as soon as it is committed."""
        if tx.invalidated or tx.invalidates_all:
            await self.database.tell_with(tx.session, [CHANGED])
        if tx.outgoing and not self.database.leads():
            await self.database.tell_with(tx.session, [OUTGOING])

    def invalidate(self) -> None:
        """All that is kept is read anew: another process may have changed it."""
        self.cache = {}
        self.changes.note_rights()

    def _invalidate(self, tx: Tx) -> None:
        """Another directory, not the same without: who began to read before fills the old one."""
        if tx.invalidates_all:
            self.invalidate()
        elif tx.invalidated:
            kept = self.cache.items()
            self.cache = {kind: one for kind, one in kept if kind not in tx.invalidated}
            self.changes.note_rights()
