"""Which tickets a list has, in which order, and the index that it is read along (D2, D4).

An index of all tickets would be read from its beginning until enough of those that are wanted are
found; where few of very many fit, that is a walk through all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, literal, select, tuple_, union
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from core.models import Classification, Ticket, TicketTag, TicketTeam
from core.tickets.list_lines import PLACE
from core.tickets.workflow import RESOLVED

_TICKET: Final[Any] = Ticket.__table__


@dataclass(frozen=True, slots=True)
class Order:
    """By which columns a list is ordered: the last ones of the position. ``falls``: backwards."""

    columns: tuple[Any, ...] = PLACE
    falls: bool = False

    def beyond(self, start: tuple[int, datetime, int], *, backward: bool) -> Any:
        """Build the condition «after the cursor» or «before it»."""
        columns, values = tuple_(*self.columns), start[-len(self.columns) :]
        return columns < values if backward != self.falls else columns > values

    def by(self, *, backward: bool) -> list[Any]:
        """Return what to order by."""
        falls = backward != self.falls
        return [column.desc() if falls else column for column in self.columns]

    @property
    def by_age(self) -> bool:
        """Whether the number alone counts."""
        return len(self.columns) == 1


BY_AGE: Final = {"oldest": Order(PLACE[2:]), "newest": Order(PLACE[2:], falls=True)}
QUEUE: Final = Order()
# Where all rows have one rank only the rest is compared: SQLite would otherwise read from the first
# row of that rank.
WITHIN_RANK: Final = Order(PLACE[1:])


@dataclass(frozen=True, slots=True)
class Along:
    """An index that has some tickets in order: its columns of the place, and which tickets."""

    columns: tuple[Any, ...] = PLACE
    which: tuple[Any, ...] = ()

    def numbers(
        self, conditions: Sequence[Any], order: Sequence[Any], limit: int, *, by_age: bool
    ) -> Any:
        """Build the query of the first numbers of these that meet conditions, in order."""
        rank, _, number = self.columns
        wanted = [self._here(one, by_age=by_age) for one in conditions]
        if number is not Ticket.id and any(map(_asks_the_ticket, wanted)):
            wanted.append(Ticket.id == number)
        ordered = [self._here(one, by_age=by_age) for one in order]
        # said as the index says it: it has open tickets alone
        found = select(number).where(*self.which, rank.is_not(None), *wanted)
        # it is a query of its own: the ticket in it is none of those around it
        return found.order_by(*ordered).limit(limit).correlate(None)

    def _here(self, clause: Any, *, by_age: bool) -> Any:
        """Return a clause about the ticket's place as one about this index's.

        In the order of age the rank is no way to the tickets: an expression has no index.
        """
        rank, at, number = self.columns
        given = {"queue_rank": rank + 0 if by_age else rank, "queue_at": at, "id": number}

        def instead(element: Any, **_: Any) -> Any:
            is_of_it = getattr(element, "table", None) is _TICKET
            return given[element.key] if is_of_it and element.key in given else None

        return replacement_traverse(clause, {}, instead)


def _asks_the_ticket(clause: Any) -> bool:
    return any(getattr(one, "table", None) is _TICKET for one in iterate(clause))


_TAG: Final = aliased(TicketTag)
_TEAM: Final = aliased(TicketTeam)
_CLASS: Final = aliased(Classification)
_BESIDE: Final[Mapping[str, tuple[Any, Any]]] = {
    "tag": (_TAG, _TAG.tag),
    "team": (_TEAM, _TEAM.team),
    "priority": (_CLASS, _CLASS.priority),
}
LEADS: Final = (*_BESIDE, "topic")
"""What a list may be narrowed down by that has an index: the one that leaves fewest comes first."""


def along(name: str, value: str) -> Along:
    """Return the index of a tag, a team, a priority, a topic or a state."""
    if name not in _BESIDE:
        return Along(which=(_TICKET.c[name] == value,))
    table, column = _BESIDE[name]
    return Along((table.queue_rank, table.queue_at, table.ticket_id), (column == value,))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which tickets a list has: those of any of the indexes ``read``, of all if None, that fulfil
    ``conditions``.
    """

    conditions: Sequence[Any]
    read: Sequence[Along] | None = None
    with_resolved: bool = False

    @property
    def bounded(self) -> list[Any]:
        """The conditions, with the bound that leaves out what is resolved."""
        return [*self.conditions, *([] if self.with_resolved else [Ticket.queue_rank < RESOLVED])]

    def ordered(self, conditions: Sequence[Any], order: Order, limit: int, *, back: bool) -> Any:
        """Build the condition that a ticket is among the first ones with these ``conditions``."""
        read = [Along()] if self.read is None and order.by_age else self.read
        if read is None:
            return and_(*conditions)
        by = order.by(backward=back)
        parts = [one.numbers(conditions, by, limit, by_age=order.by_age) for one in read]
        return Ticket.id.in_(_whole(parts))

    def counted(self, conditions: Sequence[Any], most: int) -> Any:
        """Build a query with a row for each of these, up to ``most``.

        In the list's order, so that PostgreSQL walks along an index and stops; it would otherwise
        gather every row of the list first.
        """
        if self.read is None:
            found = select(literal(1)).select_from(Ticket).where(*conditions)
            return found.order_by(*PLACE).limit(most)
        parts = [one.numbers(conditions, PLACE, most, by_age=False) for one in self.read]
        return _whole(parts) if len(parts) == 1 else _whole(parts).limit(most)


def _whole(parts: Sequence[Any]) -> Any:
    """Return one query of all of them; of none, one that finds nothing."""
    if not parts:
        return select(literal(0)).where(literal(0) == 1)
    if len(parts) == 1:
        return parts[0]
    return select(union(*_named(parts)).subquery().c.number)


def _named(parts: Sequence[Any]) -> Iterator[Any]:
    for part in parts:
        found = part.subquery()
        yield select(next(iter(found.c)).label("number"))
