"""What a query and an action hold: a session, a frozen instant, who acts, what has happened.

Nothing waits for a network inside (R4): the others would wait for it, too. Whoever is about to call
another machine asks here first. Calls of PostgreSQL are the transaction itself, and are not meant.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar, TypeVarTuple, cast

from sqlalchemy import Executable, Row, Select, func, inspect, select
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TypedReturnsRows

from core.company import Company
from core.db.statements import insert_rows
from core.events import Event
from core.models import DirectoryVersion
from core.outgoing import Departing

Kept = TypeVar("Kept")
R = TypeVar("R")
Columns = TypeVarTuple("Columns")
Given = Mapping[str, Any] | None

# A held row keeps its key, so others may go on writing rows that refer to it. FOR UPDATE would have
# them wait, and who holds what we want next, and writes about what we hold, waits for ever.
_HELD: Final = {"key_share": True}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``role``: ``customer``, ``operator``, ``admin`` or ``system``; ``thread``: in which
    topic of their private chat.
    """

    role: str
    person_id: int | None = None
    name: str = ""
    thread: str | None = None

    @property
    def here(self) -> dict[str, str]:
        """What is noted of where a customer acts, so that they are answered there."""
        away = self.thread is None or self.role != "customer"
        return {} if away else {"thread": str(self.thread)}


SYSTEM: Final = Actor("system")
INSIDE: Final[ContextVar[bool]] = ContextVar("inside a transaction", default=False)
"""Set by the desk while a transaction is open, for whatever runs in this task."""


class OtherVersion(Exception):
    """Another version of the directory is in force than the one seen so far; nothing was changed.

    The desk runs it again: no action sees two versions (X12).
    """


class Cache(dict[type, Any]):
    """What rarely changes, by type. ``version``: of the directory that all of it is of, and the
    company's settings with it; ``None``: nobody has looked yet.
    """

    version: int | None = None

    def without(self, kinds: Collection[type]) -> "Cache":
        """Another one that keeps all but these."""
        kept = Cache((kind, one) for kind, one in self.items() if kind not in kinds)
        kept.version = self.version
        return kept


_VERSION: Final = select(func.coalesce(func.max(DirectoryVersion.number), 0))


class NetworkInTransaction(Exception):
    """A mistake of ours: the call was not made. The message says which it would have been."""


def demand_no_transaction(call: str) -> None:
    """Return if no transaction is open here. Raises :class:`NetworkInTransaction`."""
    if INSIDE.get():
        raise NetworkInTransaction(call)


@dataclass(slots=True)
class ReadTx:
    """What a query may use, at one instant. ``cache`` holds what rarely changes, by type.

    ``reader``: somebody who works here, or another system's key, if what is read is for them;
    ``seen``: whose contact data they are shown by that, and where (S36).
    """

    session: AsyncSession
    now: datetime
    company: Company
    cache: Cache
    reader: str | None = field(default=None, kw_only=True)
    seen: set[tuple[int, str]] | None = field(default=None, kw_only=True)

    def shows(self, person_id: int, place: str) -> None:
        """Note that a person's contact data are read here, if that is for a reader."""
        if self.reader is not None:
            self.seen = {*(self.seen or ()), (person_id, place)}

    async def find(self, model: type[R], key: Any, *, hold: bool = False) -> R | None:
        """The row with this key; ``hold``: as it is now, and locked until the transaction ends."""
        return await self.session.get(
            model, key, with_for_update=_HELD if hold else None, populate_existing=hold
        )

    async def get(self, model: type[R], key: Any, *, hold: bool = False) -> R:
        """The row with this key. Raises ``NoResultFound`` where there is none."""
        found = await self.find(model, key, hold=hold)
        if found is None:
            raise NoResultFound(f"no {model.__name__} has the key {key!r}")
        return found

    async def all(self, query: TypedReturnsRows[R], given: Given = None) -> list[R]:
        """The first column of all rows; ``given``: values of the query's parameters."""
        return list(await self.session.scalars(query, given))

    async def first(self, query: TypedReturnsRows[R], given: Given = None) -> R | None:
        """The first column of the first row, if there is one."""
        return await self.session.scalar(query, given)

    async def rows(
        self, query: TypedReturnsRows[*Columns], given: Given = None, *, apart: bool = False
    ) -> list[Row[*Columns]]:
        """All rows with all their columns. ``apart``: the query has nothing to do with changes
        that were not written yet, so they need not be.
        """
        with self.session.no_autoflush if apart else nullcontext():
            return list(await self.session.execute(query, given))

    async def row(
        self, query: TypedReturnsRows[*Columns], given: Given = None
    ) -> Row[*Columns] | None:
        """The only row, if there is one."""
        return (await self.session.execute(query, given)).one_or_none()

    @property
    def is_sqlite(self) -> bool:
        """True on SQLite, False on PostgreSQL."""
        return self.session.get_bind().dialect.name == "sqlite"

    async def cached(self, kind: type[Kept], read: Callable[["ReadTx"], Awaitable[Kept]]) -> Kept:
        """What is kept under this type; ``read`` is asked when there is nothing yet."""
        found = cast("Kept | None", self.cache.get(kind))
        if found is None:
            found = await read(self)
            await self.demand_version()
            self.cache[kind] = found
        return found

    async def directory_version(self) -> int:
        """The number of the directory's newest version, 0 before the first."""
        with self.session.no_autoflush:
            return int(await self.session.scalar(_VERSION) or 0)

    async def demand_version(self) -> None:
        """Return if the directory in force is the one that is kept: what is read now belongs to
        what was read before. Raises :class:`OtherVersion`.
        """
        known = self.cache.version
        if known is not None and await self.directory_version() != known:
            raise OtherVersion

    async def any_row(self, kind: type, query: Select[Any]) -> bool:
        """True if the query has a row; kept under this type until that is invalidated."""
        found: bool | None = self.cache.get(kind)
        if found is None:
            with self.session.no_autoflush:  # rows are inserted at once, so none waits to be
                found = self.cache[kind] = await self.session.scalar(query.limit(1)) is not None
        return found


@dataclass(slots=True)
class Tx(ReadTx):
    """One transaction. ``now`` does not move while it runs. An action sets ``actor`` once it has
    found out who acts.

    ``written``: addresses of outbox rows that it has written and that may leave at once, and their
    turns, but for those in ``departing``, which were claimed; ``outgoing``: others may leave once
    it is committed. ``inbox_id``: the update that it is the effect of.
    ``chosen``: settings of the company that it has changed; ``version``: of the directory that it
    has made. ``changes_cache``: what is kept by others is not so any more once this is committed.
    ``waits_for_disk``: false where a power cut may take it, since it would be found out again.
    ``puts_updates_back``: updates wait to be handled that nobody has been told of.
    """

    actor: Actor = SYSTEM
    inbox_id: int | None = None
    events: list[Event] = field(default_factory=list)
    outgoing: bool = False
    written: list[tuple[str, datetime]] = field(default_factory=list)
    departing: Departing | None = None
    invalidated: set[type] = field(default_factory=set)
    invalidates_all: bool = False
    chosen: dict[str, Any] = field(default_factory=dict)
    version: int | None = None
    changes_cache: bool = False
    waits_for_disk: bool = True
    puts_updates_back: bool = False
    actors: dict[int, int | None] = field(default_factory=dict)
    _pinned: list[object] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Note that something has happened; subscribers act upon it before the commit."""
        self.events.append(event)

    async def insert(self, *rows: object) -> None:
        """Insert rows and hold them: the session drops, and reads again, what nothing refers to."""
        self._pinned.extend(rows)
        await insert_rows(self.session, rows)

    async def get_all(self, model: type[R], keys: Collection[Any]) -> list[R]:
        """The rows with these keys, which must exist; those not read yet in one query."""
        read = {key[1][0] for key in list(self.session.identity_map.keys()) if key[0] is model}
        missing = [key for key in keys if key not in read]
        (column,) = inspect(model).primary_key
        if missing:
            self.pin(await self.all(select(model).where(column.in_(missing))))
        return [await self.get(model, key) for key in keys]

    async def delete(self, row: object) -> None:
        """Delete a row."""
        await self.session.delete(row)
        await self.session.flush()

    async def put(self, row: object) -> None:
        """Insert a row, or replace the one with its key."""
        await self.session.merge(row)

    async def change(self, statement: Executable, given: Any = None) -> int:
        """Run an insert, update or delete of many rows; returns how many it has changed, or -1."""
        return int(getattr(await self.session.execute(statement, given), "rowcount", -1))

    async def write(self) -> None:
        """Write what was changed of rows, so that the next query sees it."""
        await self.session.flush()

    def forget_rows(self) -> None:
        """Read all rows anew from here on."""
        self.session.expire_all()

    def invalidate(self, *kinds: type) -> None:
        """What ``cache`` keeps of these types has changed. This transaction reads it anew at
        once, everybody else when it is committed.
        """
        self.changes_cache = True
        self.invalidated.update(kinds)
        self.cache = self.cache.without(kinds)

    def invalidate_all(self) -> None:
        """The same of all that is kept, whatever it is: for what many things depend on."""
        self.invalidates_all = self.changes_cache = True
        version, self.cache = self.cache.version, Cache()
        self.cache.version = version

    def choose(self, **fields: Any) -> None:
        """Change the company's settings: at once for this transaction, for everybody else when it
        is committed.
        """
        self.changes_cache = True
        self.company = replace(self.company, **fields)
        self.chosen |= fields

    def make_version(self, number: int) -> None:
        """The directory has this number from now on."""
        self.changes_cache = True
        self.version = self.cache.version = number

    def pin(self, rows: Iterable[object]) -> None:
        """Hold rows that were read together: asking for one of them later needs no query."""
        self._pinned.extend(rows)

    def note_actor(self, first: int, actor: Actor | None = None) -> None:
        """The events from the number ``first`` on are this actor's, or the present one's, whoever
        acts later.
        """
        for number in range(first, len(self.events)):
            self.actors.setdefault(number, (actor or self.actor).person_id)
