"""The sandbox's company's time before now: what is still to happen there, and when people work."""

import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Final

from core.addresses import TELEGRAM, MessageRef
from core.desk import Desk
from core.people.identity import Sender
from core.tickets.incoming import IncomingMessage
from core.tx import Tx

if TYPE_CHECKING:
    from sandbox.past import PastWords

# In the evening a day is over: nothing happens after it.
EVENING: Final = time(20, 30)
_OPENS, _CLOSES, _SATURDAY = time(9, 20), time(17, 40), 5
# No message of the sandbox's group has such a number.
_FIRST_MESSAGE: Final = 1_000_000_000

Act = Callable[[Tx], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acted: ``operators`` in the ``group`` with this id, ``customers``; all by ``words``."""

    operators: tuple[Sender, ...]
    customers: tuple[Sender, ...]
    group: int
    words: "PastWords"


@dataclass(slots=True)
class Past:
    """What is still to happen (``ahead``, a heap), in the order of time.

    ``now``: how far it has come, at first today; ``end``: nothing is later; ``busy``: when the
    newest ticket of a customer ends.
    """

    desk: Desk
    cast: Cast
    now: datetime
    end: datetime = field(init=False)
    chance: random.Random = field(default_factory=lambda: random.Random(7))
    busy: dict[Sender, datetime] = field(default_factory=dict)
    ahead: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(_FIRST_MESSAGE))

    def __post_init__(self) -> None:
        self.end = self.moment(self.now.date() - timedelta(days=1), EVENING)

    async def live(self) -> None:
        """Let everything happen that was planned; the desk's clock is set back meanwhile."""
        clock, self.desk.clock = self.desk.clock, lambda: self.now.astimezone(UTC)
        try:
            while self.ahead:
                self.now, _, act = heappop(self.ahead)
                await self.desk.run(act)
        finally:
            self.desk.clock = clock

    def at(self, moment: datetime, act: Act) -> None:
        """Let it happen then."""
        heappush(self.ahead, (moment, next(self._numbers), act))

    def after(self, moment: datetime, least: int, most: int, *, at_work: bool) -> datetime:
        """Return a moment so many minutes later; ``at_work``: within working hours."""
        later = moment + timedelta(minutes=self.chance.randint(least, most))
        return self._at_work(later) if at_work else later

    def between(self, one: datetime, other: datetime) -> datetime:
        """Return a moment between two."""
        return one + timedelta(seconds=self.chance.randint(0, int((other - one).total_seconds())))

    def _at_work(self, moment: datetime) -> datetime:
        """Return this moment, or one on the next morning at which somebody works."""
        day = moment.date()
        if moment.time() > _CLOSES:
            day += timedelta(days=1)
        while day.weekday() >= _SATURDAY:
            day += timedelta(days=1)
        morning = self.moment(day, _OPENS) + timedelta(minutes=self.chance.randint(0, 50))
        return moment if day == moment.date() and moment.time() >= _OPENS else morning

    def moment(self, day: date, hour: time) -> datetime:
        """Return the moment at this hour of the company's."""
        return datetime.combine(day, hour, self.now.tzinfo)

    def message(self, chat: int | str, text: str) -> IncomingMessage:
        """Words in this chat."""
        ref = MessageRef(TELEGRAM, str(chat), str(next(self._numbers)))
        return IncomingMessage(ref, "text", text, {"kind": "text", "text": text})
