"""In which order a list shows its tickets (D2, D4), and where in it a page begins."""

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

    def beyond_number(self, number: Any, start: Start | None, *, backward: bool) -> list[Any]:
        """Build the same of an order by age, for a column that has the numbers."""
        if start is None:
            return []
        return [number < start[-1] if backward != self.falls else number > start[-1]]

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
    """How a list is read: in which ``order``, from ``start`` on or, ``back``, what is before it."""

    order: Order
    start: Start | None = None
    back: bool = False
