"""Which tickets a list has, and the index that it is read along (D2, D4).

An index of all tickets would be read from its beginning until enough of those that are wanted are
found; where few of very many fit, that is a walk through all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Integer, and_, func, literal, literal_column, or_, select, true, union
from sqlalchemy.orm import aliased
from sqlalchemy.sql.visitors import iterate, replacement_traverse

from core.db import asked_of_each
from core.models import Classification, Ticket, TicketTag, TicketTeam
from core.tickets.filters import rows_beside
from core.tickets.list_lines import PLACE
from core.tickets.list_order import QUEUE, WITHIN_RANK, Stretch
from core.tickets.workflow import NEEDS_ANSWER, RESOLVED

_TICKET: Final[Any] = Ticket.__table__
RARE: Final = 1000
"""So many tickets can be looked at, and put in any order, for one page."""


@dataclass(frozen=True, slots=True)
class Along:
    """An index that has some tickets in order: its columns of the place, and which tickets; of
    these those whose instant in the queue is later than ``since``, or not later than ``until``.
    ``gathered``: they are `RARE`, so that all are found by their place and then put in order.
    ``empty``: a column that is so in all of them. It leads in the order, too: PostgreSQL does not
    see that it is the same in all, and would sort.
    """

    columns: tuple[Any, ...] = PLACE
    which: tuple[Any, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    gathered: bool = False
    empty: Any = None

    def numbers(self, conditions: Sequence[Any], stretch: Stretch, limit: int) -> Any:
        """Build the query of the first numbers of these that meet conditions, in order."""
        if self.gathered:
            return self._gathered(conditions, stretch, limit)
        rank, _, number = self.columns
        by_age = stretch.order.by_age
        asked = [*conditions, *self._within(stretch)]
        wanted = [self._here(one, by_age=by_age) for one in asked]
        if number is not Ticket.id and any(map(_asks_the_ticket, wanted)):
            wanted.append(Ticket.id == number)
        order = WITHIN_RANK if self._needs and not by_age else stretch.order
        by = order.by(backward=stretch.back)
        if self.empty is not None:
            by.insert(0, self.empty.desc() if stretch.falls else self.empty)
        found = select(number).where(*self.which, *wanted)
        if not self._needs:  # said as the index says it: it has open tickets alone
            found = found.where(rank.is_not(None))
        # it is a query of its own: the ticket in it is none of those around it
        ordered = found.order_by(*(self._here(one, by_age=by_age) for one in by))
        return ordered.limit(limit).correlate(None)

    def _gathered(self, conditions: Sequence[Any], stretch: Stretch, limit: int) -> Any:
        """All of them in the order of the queue, and of these what is read."""
        by_place = Stretch(WITHIN_RANK if self._needs else QUEUE)
        all_of_it = replace(self, gathered=False).numbers(conditions, by_place, RARE)
        (number,) = all_of_it.subquery().c
        found = select(number).where(*stretch.numbered(number))
        return found.order_by(number.desc() if stretch.falls else number).limit(limit)

    @property
    def _needs(self) -> bool:
        return any(one is _NEEDS for one in self.which)

    def holds(self) -> Any:
        """Build the condition that a ticket is one of these."""
        rank, _, number = self.columns
        if number is Ticket.id:
            return and_(true(), *map(hidden, self.which))
        return asked_of_each(rows_beside(number, rank.is_not(None), *self.which))

    def edge(self, conditions: Sequence[Any], stretch: Stretch, far: int) -> Any:
        """Build the query of the place of the last of the next so many, if there are so many; of
        the ``conditions`` they fulfil those that the index knows.
        """
        known = [one for one in conditions if _is_of_place(one)]
        return self.numbers(known, stretch, 1).offset(far - 1).with_only_columns(*self.columns)

    def _within(self, stretch: Stretch) -> Iterator[Any]:
        """The bounds, and the cursors. Of two on one side only the nearer one is said: SQLite
        enters the index at either of them, and passes over what is left out by the other.
        """
        order, back, start, stop = stretch.order, stretch.back, stretch.start, stretch.stop
        since, until = self.since, self.until
        if not order.by_age:
            low, high = (stop, start) if back else (start, stop)
            since = None if since is not None and low and low[1] >= since else since
            until = None if until is not None and high and high[1] <= until else until
            start = None if (until if back else since) is not None else start
            stop = None if (since if back else until) is not None else stop
        if since is not None:
            yield Ticket.queue_at > since
        if until is not None:
            yield Ticket.queue_at <= until
        if start is not None:
            yield order.beyond(start, backward=back)
        if stop is not None:
            yield order.within(stop, backward=back)

    def _here(self, clause: Any, *, by_age: bool) -> Any:
        """Return a clause about the ticket's place as one about this index's.

        In the order of age the place is no way to the tickets: an expression has no index. A rank
        that all of them have is said as such: of an expression PostgreSQL would expect that it is
        so in one row of two hundred.
        """
        rank, at, number = self.columns
        if number is Ticket.id and not by_age:
            return _put(clause, _OF_NEEDS) if self._needs else clause
        here = {"queue_rank": rank, "queue_at": at, "id": number}
        if by_age:
            here |= {"queue_rank": rank + 0, "queue_at": func.coalesce(at, at)}
        return _put(clause, {**here, **_OF_NEEDS} if self._needs else here)


def _put(clause: Any, instead: Mapping[str, Any]) -> Any:
    """Return the clause with other expressions for the ticket's columns of these names."""

    def found(element: Any, **_: Any) -> Any:
        is_of_it = getattr(element, "table", None) is _TICKET
        return instead[element.key] if is_of_it and element.key in instead else None

    return replacement_traverse(clause, {}, found)


# What lists are narrowed down by has indexes, which are no way to those of another one.
_HIDDEN: Final = {
    name: func.coalesce(_TICKET.c[name], _TICKET.c[name])
    for name in ("topic", "state", "assignee_id", "queue_rank")
}


_OF_NEEDS: Final = {**_HIDDEN, "queue_rank": literal_column(f"{NEEDS_ANSWER}", Integer())}


def hidden(clause: Any) -> Any:
    """Return a condition on tickets that is no way to them."""
    return _put(clause, _HIDDEN)


def _is_of_place(clause: Any) -> bool:
    """Return whether a condition on tickets is about their place in the queue alone."""
    columns: list[Any] = [one for one in iterate(clause) if hasattr(one, "table")]
    return all(one.table is _TICKET and one.key in _PLACED for one in columns)


_PLACED: Final = frozenset(column.key for column in PLACE)


def _asks_the_ticket(clause: Any) -> bool:
    return any(getattr(one, "table", None) is _TICKET for one in iterate(clause))


# As their indexes say it, in the same words.
_NEEDS: Final = Ticket.queue_rank + literal_column("0") == literal_column(f"{NEEDS_ANSWER}")
IN_TIME: Final = (
    _NEEDS,
    or_(
        Ticket.answer_due.is_(None),
        Ticket.missed_due.is_(None),
        Ticket.missed_due != Ticket.answer_due,
    ),
)
"""Those that need an answer, and are not known to be late; some may be, but for a few seconds."""
MISSED: Final = (_NEEDS, Ticket.missed_due == Ticket.answer_due)
"""Those that are known to be late."""
_TAG: Final = aliased(TicketTag)
_TEAM: Final = aliased(TicketTeam)
_CLASS: Final = aliased(Classification)
_BESIDE: Final[Mapping[str, tuple[Any, Any]]] = {
    "tag": (_TAG, _TAG.tag),
    "team": (_TEAM, _TEAM.team),
    "priority": (_CLASS, _CLASS.priority),
}


def along(name: str, value: Any) -> Along:
    """Return the index of a tag, a team, a priority, a topic, a state or an assignee, of whom None
    is nobody; without a name that of the queue.
    """
    if not name:
        return Along()
    if name in _BESIDE:
        table, column = _BESIDE[name]
        return Along((table.queue_rank, table.queue_at, table.ticket_id), (column == value,))
    column = Ticket.assignee_id if name == "assignee" else _TICKET.c[name]
    return Along(which=(column == value,), empty=column if value is None else None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which tickets a list has: those of any of the indexes ``read``, of all if None, that fulfil
    ``conditions``. ``sparse``: of many along these indexes few may; ``some``: so many there
    are along them, if that is known; ``lead``: the filter whose index it is, if it is one's.
    """

    conditions: Sequence[Any]
    read: Sequence[Along] | None = None
    with_resolved: bool = False
    sparse: bool = False
    some: int | None = None
    lead: str | None = None

    @property
    def bounded(self) -> list[Any]:
        """The conditions, with the bound that leaves out what is resolved."""
        return [*self.conditions, *([] if self.with_resolved else [Ticket.queue_rank < RESOLVED])]

    def ordered(self, stretch: Stretch, limit: int) -> Any:
        """Build the condition that a ticket is among the first ones of a stretch of the list."""
        conditions, order = self._along(stretch), stretch.order
        read = [Along()] if self.read is None and order.by_age else self.read
        if read is None:
            start, back = stretch.start, stretch.back
            beyond = [] if start is None else [order.beyond(start, backward=back)]
            return and_(*conditions, *beyond)
        parts = [one.numbers(conditions, stretch, limit) for one in read]
        return Ticket.id.in_(whole(parts))

    def edges(self, stretch: Stretch, far: int) -> list[Any]:
        """Build for each index the query of the place that so many of its tickets reach to."""
        conditions = self._along(stretch)
        read = [one for one in self.read or () if not one.gathered]
        return [one.edge(conditions, stretch, far) for one in read]

    def _along(self, stretch: Stretch) -> Sequence[Any]:
        # what stands before the cursor is not resolved: the bound would replace the cursor's
        is_bound = stretch.back and not stretch.order.by_age
        return self.conditions if is_bound else self.bounded

    def counted(self, conditions: Sequence[Any], most: int) -> Any:
        """Build a query with a row for each of these, up to ``most``.

        In the list's order, so that PostgreSQL walks along an index and stops; it would otherwise
        gather every row of the list first.
        """
        if self.read is None:
            found = select(literal(1)).select_from(Ticket).where(*conditions)
            return found.order_by(*PLACE).limit(most)
        parts = [one.numbers(conditions, Stretch(QUEUE), most) for one in self.read]
        return whole(parts) if len(parts) == 1 else whole(parts).limit(most)


def whole(parts: Sequence[Any]) -> Any:
    """Return one query of the numbers of all of them; of none, one that finds nothing."""
    if not parts:
        return select(literal(0)).where(literal(0) == 1)
    if len(parts) == 1:
        return parts[0]
    return select(union(*_named(parts)).subquery().c.number)


def _named(parts: Sequence[Any]) -> Iterator[Any]:
    for part in parts:
        found = part.subquery()
        yield select(next(iter(found.c)).label("number"))
