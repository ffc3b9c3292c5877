"""Runs actions: each in one transaction, and what it caused is written down with it.

``run`` opens the transaction, freezes the instant, marks the inbox row done, runs the action, lets
subscribers act upon what was emitted and write it down, commits, and wakes the courier if there is
something to send. On SQLite those who write together wait for the disk together.
Nothing in it waits for a network (R4, `core.tx`). The whole unit of work is shielded: a
cancelled task must not leave the database locked.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import bindparam, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from core.allowances import Allowances
from core.changes import Changes, Tell
from core.company import Company
from core.contact_reads import ContactReads
from core.db import (
    BEFORE_OTHERS,
    WITHOUT_DISK,
    Database,
    PreparedStatement,
    constant,
    may_run_again,
    was_broken_off,
)
from core.errors import Refusal
from core.fault_points import pass_point
from core.file_making import FileMaking
from core.models import InboxRow
from core.outgoing import Departing, Wakeup, Written
from core.subscribers import Subscriber, notify
from core.tx import INSIDE, SYSTEM, Actor, Cache, OtherVersion, ReadTx, Tx

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], datetime]

# What whoever reads in this task must have meanwhile; ``None``: nothing. Readers are few, and those
# who share a few of them leave the others to everybody else.
READING_PLACES: ContextVar[asyncio.Semaphore | None] = ContextVar("reading places", default=None)
# Seconds for which each query in this task may run; ``None``: as long as it takes.
READING_WITHIN: ContextVar[float | None] = ContextVar("reading within", default=None)

log = logging.getLogger(__name__)

_ATTEMPTS = 4
# So many versions of the directory may come in force under one action.
_MOST_VERSIONS: Final = 100
# What an action may fail by because the directory it knows is not in force any more.
_OUTDATED: Final = (OtherVersion, LookupError, Refusal)

# News for other processes: what is kept in memory has changed; the outbox has something to send,
# somewhere, or at addresses that are told, of which one notification holds not many more.
CHANGED: Final = ("changed",)
OUTGOING: Final = ("outgoing",)
WRITTEN: Final = "written"
MOST_TOLD: Final = 40

_INBOX: Final[Any] = InboxRow.__table__
_MARK_DONE: Final = PreparedStatement(
    update(_INBOX)
    .where(_INBOX.c.id == bindparam("row"), _INBOX.c.state == constant("new"))
    .values(state="done")
)


class AlreadyHandled(Exception):
    """The update behind this action has had its effects; nothing was changed (R2)."""


class Unstored(Protocol):
    """An update that has no row yet. ``stored`` gets the row's id when the disk has it."""

    @property
    def stored(self) -> asyncio.Future[int]: ...

    async def store(self, tx: Tx) -> int | None:
        """Make the row, marked done, and return its id; ``None``: there is one that is done."""


@dataclass(slots=True)
class Handling:
    """The inbox row that is being handled; ``done`` once a transaction has marked it. ``unstored``:
    what becomes the row, where the same transaction stores it.
    """

    inbox_id: int
    unstored: Unstored | None = None
    done: bool = False


class Departures(Protocol):
    """The courier, as the desk sees it."""

    async def claim_along(self, tx: Tx) -> Departing | None:
        """Claim what may leave at once of what the transaction has written, as its last act."""

    def note(self, written: Written) -> None:
        """Rows are committed that this process has written."""


_handling: ContextVar[Handling | None] = ContextVar("handling", default=None)


def utc_now() -> datetime:
    """The wall clock. The only place that asks it."""
    return datetime.now(UTC)


@contextmanager
def reading_within(seconds: float) -> Iterator[None]:
    """Queries in this block are broken off after so long, and refused: each of them holds up others
    no longer, whatever it is asked for (S40).
    """
    token = READING_WITHIN.set(seconds)
    try:
        yield
    finally:
        READING_WITHIN.reset(token)


class Desk:
    """Runs actions. ``subscribers`` act upon events, in their order; ``departures`` is told after a
    commit that wrote outbox rows, and else ``outbox_wakeup`` is set; ``updates_put_back`` is called
    after one that has updates wait that were held or quarantined; ``changes`` hears of every
    commit. ``tell`` passes news on to other processes, if there are any;
    ``contact_reads``: who was shown whose contact data, and is not written down yet.

    ``company`` may be replaced at run time: the next transaction sees the new one. With
    ``find_company`` it is read together with what else is kept of the directory.

    An action, and a query, sees one version of the directory from its beginning to its end (X12):
    it begins with the company and the cache of that moment, which are replaced together, and what
    is added to a cache later must be of the cache's version; otherwise it is run again.
    """

    def __init__(
        self,
        database: Database,
        company: Company,
        subscribers: Sequence[Subscriber] = (),
        *,
        clock: Clock = utc_now,
        find_company: Callable[[ReadTx], Awaitable[Company]] | None = None,
    ) -> None:
        self.database = database
        self.company = company
        self.subscribers = tuple(subscribers)
        self.clock = clock
        self.cache = Cache()
        self.find_company = find_company
        self.outbox_wakeup = Wakeup()
        self.departures: Departures | None = None
        self.updates_put_back: Callable[[], None] = lambda: None
        self.file_making = FileMaking()
        self.allowances = Allowances()
        self.changes = Changes()
        self.contact_reads = ContactReads()
        self.tell: Tell | None = None

    @contextmanager
    def handling(self, inbox_id: int, unstored: Unstored | None = None) -> Iterator[Handling]:
        """Actions in this block are the effects of one inbox row, or of what becomes one."""
        row = Handling(inbox_id, unstored)
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
        return await self.run_as(SYSTEM, action, *args, **options)

    async def run_as(
        self,
        actor: Actor,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        /,
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action for a known actor. Raises what the action raises; then nothing changed."""
        told = asyncio.get_running_loop().create_future()
        work = asyncio.create_task(self._tell(told, actor, action, args, options))
        try:
            return cast(R, await told)
        except asyncio.CancelledError:
            if not work.done():
                await asyncio.wait([work])
            raise

    async def read(
        self,
        query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Ask without changing: ``query(look, …)`` on a query-only connection."""
        return await self._with_retries(self._look, query, args, options)

    async def _look(self, query: Callable[..., Awaitable[R]], args: Any, options: Any) -> R:
        within = READING_WITHIN.get()
        places = None if INSIDE.get() else READING_PLACES.get()
        async with places or nullcontext(), self.database.read(within) as session:
            look = ReadTx(session, self.clock(), self.company, self.cache)
            inside = INSIDE.set(True)
            try:
                if look.cache.version is None:
                    await self._see_directory(look)
                found = await query(look, *args, **options)
                if look.reader is not None and look.seen:
                    self.contact_reads.note(look.reader, look.seen, look.now)
                return found
            except DBAPIError as error:
                if within is not None and was_broken_off(error):
                    log.warning("a query was broken off", extra={"query": query.__qualname__})
                    raise Refusal("refusal.took_too_long") from error
                raise
            finally:
                INSIDE.reset(inside)

    async def _see_directory(self, look: ReadTx) -> None:
        """Find out which version of the directory is in force, and the company's settings with it,
        where nobody has since they may have changed.
        """
        kept, company = look.cache, look.company
        version = await look.directory_version()
        if self.find_company is not None:
            look.company = await self.find_company(look)
        if await look.directory_version() != version or kept.version not in {None, version}:
            raise OtherVersion
        kept.version = version
        if self.cache is kept and self.company is company:
            self.company = look.company

    async def _is_outdated(self, kept: Cache, error: Exception) -> bool:
        """Return whether it failed because of a directory that is not in force any more; then all
        that is kept is read anew.
        """
        if not isinstance(error, OtherVersion):
            async with self.database.read() as session:
                look = ReadTx(session, self.clock(), self.company, kept)
                if kept.version in {None, await look.directory_version()}:
                    return False
        if self.cache is kept:
            self.invalidate()
        return True

    async def _tell(self, told: asyncio.Future[Any], *given: Any) -> None:
        """Do it and tell who waits, if they still do. They are told by the work itself, not by the
        end of its task: `asyncio.shield` would take two more rounds of the loop.
        """
        try:
            result: Any = await self._with_retries(self._once, *given)
        except asyncio.CancelledError:
            told.cancel()
            raise
        except BaseException as error:
            if not told.done():
                told.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            if not told.done():
                told.set_result(result)

    async def _with_retries(self, work: Callable[..., Awaitable[R]], *given: Any) -> R:
        """Do it again when it has met another one, and as often as the directory has changed."""
        races = versions = 1
        while True:
            kept = self.cache
            try:
                return await work(*given)
            except _OUTDATED as error:
                if versions == _MOST_VERSIONS or not await self._is_outdated(kept, error):
                    raise
                versions += 1
                log.info("the directory has changed: what was begun is done again")
            except DBAPIError as error:
                if races == _ATTEMPTS or not may_run_again(error):
                    raise
                log.info("running an action again", extra={"attempt": races})
                races += 1

    async def _once(
        self, actor: Actor, action: Callable[..., Awaitable[R]], args: Any, options: Any
    ) -> R:
        pass_point("desk.before_action")
        row = _handling.get()
        tx: Tx | None = None
        try:
            async with self.database.write() as session:
                update = None if row is None else row.inbox_id
                tx = Tx(session, self.clock(), self.company, self.cache, actor, update)
                await self._begin(tx, row)
                result = await self._act(tx, action, args, options)
                await self._end(tx, session)
        except BaseException:
            if tx is not None:
                self._doubt(tx)
            raise
        if tx.changes_cache:
            self._invalidate(tx)
        pass_point("desk.after_commit")
        if row is not None and not row.done:
            row.done = True
            if row.unstored is not None and tx.inbox_id is not None:
                row.inbox_id = tx.inbox_id
                if not row.unstored.stored.done():
                    row.unstored.stored.set_result(tx.inbox_id)
        self._let_leave(tx)
        if tx.puts_updates_back:
            self.updates_put_back()
        if tx.reader is not None and tx.seen:
            self.contact_reads.note(tx.reader, tx.seen, tx.now)
        if self.changes.watches or self.changes.tell is not None:
            self.changes.note(tx.events)
        return result

    async def _begin(self, tx: Tx, row: Handling | None) -> None:
        if tx.cache.version is None:
            await self._see_directory(tx)
        if row is None or row.done:
            return
        if row.unstored is None:
            marked = await _MARK_DONE.change(tx.session, {"row": row.inbox_id}) == 1
        else:
            tx.inbox_id = await row.unstored.store(tx)
            marked = tx.inbox_id is not None
        if not marked:
            raise AlreadyHandled

    async def _act(self, tx: Tx, action: Callable[..., Awaitable[R]], args: Any, options: Any) -> R:
        """Run the action and those who act upon it, and claim what may leave at once."""
        inside = INSIDE.set(True)
        try:
            result = await action(tx, *args, **options)
            await notify(tx, self.subscribers)
            if tx.written and self.departures is not None:
                tx.departing = await self.departures.claim_along(tx)
        finally:
            INSIDE.reset(inside)
        return result

    async def _end(self, tx: Tx, session: AsyncSession) -> None:
        await session.flush()
        if tx.changes_cache:
            # who comes next must not see the change and what was kept before it
            session.info[BEFORE_OTHERS] = True
            await self.database.tell_with(tx.session, [CHANGED])  # others keep it, too
        elif not tx.waits_for_disk and tx.departing is None:  # what was claimed along leaves next
            session.info[WITHOUT_DISK] = True
        pass_point("desk.before_commit")

    def _doubt(self, tx: Tx) -> None:
        """It has failed, and may be committed all the same: an answer was lost, a disk refuses."""
        if tx.departing is not None:
            tx.departing.stay()
        if tx.changes_cache:
            self.invalidate()

    def _let_leave(self, tx: Tx) -> None:
        """Hand on what was claimed along, and say where more may wait."""
        if tx.departing is not None:
            tx.departing.leave()
        if tx.written and self.departures is not None:
            self.departures.note(tx.written)
        if tx.outgoing or (tx.written and self.departures is None):
            self.outbox_wakeup.set()
        if self.tell is not None and (tx.outgoing or tx.written) and not self.database.leads():
            self._tell_who_leads(self.tell, tx)

    @staticmethod
    def _tell_who_leads(tell: Tell, tx: Tx) -> None:
        """Whoever leads need not look for what it is told the address of."""
        if tx.outgoing or len(tx.written) > MOST_TOLD:
            tell(*OUTGOING)
        else:
            tell(WRITTEN, [(address, turn.isoformat()) for address, turn in tx.written])

    def hear_written(self, told: Sequence[tuple[str, str]]) -> None:
        """Another process has committed rows for these addresses, with these turns."""
        if self.departures is None:
            self.outbox_wakeup.set()
        else:
            turns = [(address, datetime.fromisoformat(turn)) for address, turn in told]
            self.departures.note(turns)

    def invalidate(self) -> None:
        """All that is kept is read anew: another process may have changed it."""
        self.cache = Cache()
        self.changes.note_rights()

    def _invalidate(self, tx: Tx) -> None:
        """Another directory, not the same without: who began to read before fills the old one.
        The company's settings change in the same moment.
        """
        self.company = replace(self.company, **tx.chosen)
        follows = tx.version in {None, (self.cache.version or 0) + 1}
        if tx.invalidates_all or not follows:
            self.invalidate()
        else:
            self.cache = self.cache.without(tx.invalidated)
            self.cache.version = tx.version or self.cache.version
            self.changes.note_rights()
