"""In which order a list shows its tickets (D2, D4), and where in it a page begins."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import tuple_

from core.tickets.list_lines import PLACE

Start = tuple[int, datetime, int]
"""A place in a list, that of a cursor: rank, instant, number."""


@dataclass(frozen=True, slots=True)
class Order:
    """By which columns a list is ordered: the last ones of the position. ``falls``: backwards."""

    columns: tuple[Any, ...] = PLACE
    falls: bool = False

    def beyond(self, start: Start, *, backward: bool) -> Any:
        """Build the condition «after the cursor» or «before it»."""
        columns, values = tuple_(*self.columns), start[-len(self.columns) :]
        return columns < values if backward != self.falls else columns > values

    def within(self, stop: Start, *, backward: bool) -> Any:
        """Build the condition «not further than this»."""
        columns, values = tuple_(*self.columns), stop[-len(self.columns) :]
        return columns >= values if backward != self.falls else columns <= values

    def beside(self, place: Start, *, behind: bool) -> Start:
        """Return a place right ``behind`` this one, or before it, where no other ticket can be."""
        rank, at, number = place
        return rank, at, number + (1 if behind != self.falls else -1)

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
class Stretch:
    """How a list is read: in which ``order``, from ``start`` on or, ``back``, what is before it; no
    further than ``stop``, which it may end with.
    """

    order: Order
    start: Start | None = None
    back: bool = False
    stop: Start | None = None

    @property
    def falls(self) -> bool:
        """Whether it is read backwards along its index."""
        return self.back != self.order.falls

    def nearest(self, places: Iterable[Start]) -> Start | None:
        """Return which of these places is come to first."""
        first = max if self.falls else min
        return first(places, key=lambda one: one[-len(self.order.columns) :], default=None)

    def numbered(self, number: Any) -> Iterator[Any]:
        """Build the same bounds by age, for a column that has the numbers."""
        if self.start is not None:
            yield number < self.start[-1] if self.falls else number > self.start[-1]
        if self.stop is not None:
            yield number >= self.stop[-1] if self.falls else number <= self.stop[-1]
