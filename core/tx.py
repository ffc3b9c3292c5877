"""What a query and an action hold: a session, a frozen instant, who acts, what has happened."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncSession

from core.company import Company
from core.events import Event

Kept = TypeVar("Kept")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``role``: ``customer``, ``operator``, ``admin`` or ``system``."""

    role: str
    person_id: int | None = None
    name: str = ""


SYSTEM: Final = Actor("system")


@dataclass(slots=True)
class ReadTx:
    """What a query may use, at one instant. ``cache`` holds what rarely changes, by type."""

    session: AsyncSession
    now: datetime
    company: Company
    cache: dict[type, Any]

    async def cached(self, kind: type[Kept], read: Callable[["ReadTx"], Awaitable[Kept]]) -> Kept:
        """What is kept under this type; ``read`` is asked when there is nothing yet."""
        found = cast("Kept | None", self.cache.get(kind))
        if found is None:
            found = self.cache[kind] = await read(self)
        return found

    async def any_row(self, kind: type, query: Select[Any]) -> bool:
        """True if the query has a row; kept under this type until that is invalidated."""
        found: bool | None = self.cache.get(kind)
        if found is None:
            found = self.cache[kind] = await self.session.scalar(query.limit(1)) is not None
        return found


@dataclass(slots=True)
class Tx(ReadTx):
    """One transaction. ``now`` does not move while it runs.

    ``outgoing``: it has written outbox rows.
    """

    actor: Actor = SYSTEM
    events: list[Event] = field(default_factory=list)
    outgoing: bool = False
    invalidated: set[type] = field(default_factory=set)
    invalidates_all: bool = False
    _pinned: list[object] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Note that something has happened; subscribers act upon it before the commit."""
        self.events.append(event)

    async def insert(self, row: object) -> None:
        """Insert a row, and hold it: the session drops, and reads again, what nothing refers to."""
        self._pinned.append(row)
        self.session.add(row)
        await self.session.flush()

    def invalidate(self, *kinds: type) -> None:
        """What ``cache`` keeps of these types has changed. This transaction reads it anew at
        once, everybody else when it is committed.
        """
        self.invalidated.update(kinds)
        self.cache = {kind: kept for kind, kept in self.cache.items() if kind not in kinds}

    def invalidate_all(self) -> None:
        """The same of all that is kept, whatever it is: for what many things depend on."""
        self.invalidates_all = True
        self.cache = {}

    def pin(self, rows: Iterable[object]) -> None:
        """Hold rows that were read together: asking for one of them later needs no query."""
        self._pinned.extend(rows)

    def act_as(self, actor: Actor) -> None:
        """Go on as this person, once an action has found out who it is."""
        self.actor = actor
