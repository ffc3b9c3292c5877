"""Answers on their way for long are acknowledged by 👀 (X2), each of them once."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from core.db import PreparedStatement, constant
from core.delivery.outbox_store import PENDING
from core.desk import Desk
from core.models import OutboxRow
from core.tx import ReadTx, Tx

# What is on its way for longer is slow.
SLOW: Final = timedelta(seconds=2)
# Seconds between two looks.
LOOK_EVERY: Final = 1.0
# So long may it take until what was written is seen: it is looked at again meanwhile.
_SEEN_LATE: Final = timedelta(seconds=10)

_ROWS: Final[Any] = OutboxRow.__table__.c
_IS_ANSWER: Final = (
    _ROWS.kind == constant("content"),
    _ROWS.person_id.is_not(None),
    _ROWS.message_id.is_not(None),
    _ROWS.created_at <= bindparam("up_to"),
)
_SLOW: Final = PreparedStatement(
    select(_ROWS.id, _ROWS.message_id).where(_ROWS.state.in_(PENDING), *_IS_ANSWER)
)
# Its state is asked in other words, for the index of what waits would be read to its end.
_SLOW_SINCE: Final = PreparedStatement(
    select(_ROWS.id, _ROWS.message_id).where(
        _ROWS.created_at > bindparam("since"), *_IS_ANSWER, func.lower(_ROWS.state).in_(PENDING)
    )
)


@dataclass(slots=True)
class SlowAnswers:
    """Looks for them, and has them acknowledged by ``acknowledge``: at first at all that wait, then
    at what has become slow since the look before, however much waits.
    """

    desk: Desk
    acknowledge: Callable[[Tx, list[int]], Awaitable[None]]
    look_at: float = 0.0
    _seen: set[int] = field(default_factory=set)
    _looked_up_to: datetime | None = None

    async def look(self, now: float) -> None:
        """Look once, and not before ``look_at`` again, by the monotonic clock."""
        self.look_at = now + LOOK_EVERY
        up_to, last = self.desk.clock() - SLOW, self._looked_up_to
        since = None if last is None else min(last, up_to) - _SEEN_LATE
        slow = await self.desk.read(find_slow_answers, up_to, since)
        self._looked_up_to = up_to
        news = [message for row, message in slow if row not in self._seen]
        self._seen = {row for row, _ in slow}
        if news:
            await self.desk.run(self.acknowledge, news)


async def find_slow_answers(
    tx: ReadTx, up_to: datetime, since: datetime | None = None
) -> Sequence[tuple[int, int]]:
    """Answers that are on their way and were written ``up_to`` then, and after ``since``: ids of
    row and message (X2), in the order of the rows.
    """
    given = {"up_to": up_to}
    if since is None:
        slow = await _SLOW.rows(tx.session, given)
    else:
        slow = await _SLOW_SINCE.rows(tx.session, given | {"since": since})
    return sorted((row, message) for row, message in slow)
