"""What a query and an action hold: a session, a frozen instant, who acts, what has happened."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from core.company import Company
from core.events import Event


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts. ``role``: ``customer``, ``operator``, ``admin`` or ``system``."""

    role: str
    person_id: int | None = None
    name: str = ""


SYSTEM: Final = Actor("system")


@dataclass(slots=True)
class Look:
    """A look at the store at one instant. ``directory`` keeps what rarely changes, by its type."""

    session: AsyncSession
    now: datetime
    company: Company
    directory: dict[type, Any]


@dataclass(slots=True)
class Tx(Look):
    """One transaction. ``now`` does not move while it runs.

    ``outgoing``: it has written something that is to leave the house.
    """

    actor: Actor = SYSTEM
    events: list[Event] = field(default_factory=list)
    outgoing: bool = False
    forgotten: set[type] = field(default_factory=set)
    forgets_all: bool = False
    _held: list[object] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        """Note that something has happened; recorders write it down before the commit."""
        self.events.append(event)

    async def put(self, row: object) -> None:
        """Insert a row, and hold it: the session forgets what nobody holds, and would ask again."""
        self._held.append(row)
        self.session.add(row)
        await self.session.flush()

    def forget(self, *kinds: type) -> None:
        """What ``directory`` keeps of these types has changed. This transaction reads it anew at
        once, everybody else when it is committed.
        """
        self.forgotten.update(kinds)
        self.directory = {kind: kept for kind, kept in self.directory.items() if kind not in kinds}

    def forget_all(self) -> None:
        """The same of all that is kept, whatever it is: for what many things depend on."""
        self.forgets_all = True
        self.directory = {}

    def hold(self, rows: Iterable[object]) -> None:
        """Keep rows that were read together: whoever asks for one later asks nobody."""
        self._held.extend(rows)

    def act_as(self, actor: Actor) -> None:
        """Go on as this person, once an action has found out who it is."""
        self.actor = actor
