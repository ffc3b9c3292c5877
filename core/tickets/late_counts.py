"""How many tickets of a list are late, without reading the deadline of each (D4)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import bindparam, func, literal_column, or_, select

from core.db import PreparedStatement
from core.db.statements import count_each
from core.models import Ticket
from core.tickets.lateness import BEHIND, in_time, late, soon_due
from core.tickets.list_indexes import IN_TIME, Along, Chosen
from core.tickets.list_lines import COUNTED
from core.tickets.list_order import WITHIN_RANK, Stretch
from core.tx import ReadTx

_NEAR: Final = bindparam("near", type_=Ticket.queue_at.type)
_SINCE: Final = bindparam("since", type_=Ticket.queue_at.type)
_EVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNKNOWN: Final[Any] = (
    select(literal_column("1"))
    .where(*IN_TIME, Ticket.queue_at > _SINCE, Ticket.queue_at <= _NEAR)
    .order_by(Ticket.queue_at, Ticket.id)
    .limit(COUNTED + 1)
)
_HOW_MANY: Final = PreparedStatement(select(func.count()).select_from(_UNKNOWN.subquery()))


async def count_unknown(tx: ReadTx, until: datetime, since: datetime = _EVER) -> int:
    """Return how many stand in the queue between these instants, or at the later one, of whom it is
    not noted that their answer is late: it is not, their agreement is, or it is since the last
    sweep. `COUNTED` and one at most.
    """
    return int(await _HOW_MANY.first(tx.session, {"near": until, "since": since}))


async def count(tx: ReadTx, within: Chosen, conditions: Sequence[Any]) -> int:
    """Return how many tickets of a list meet these conditions: `COUNTED` and one at most."""
    (found,) = await count_each(tx.session, [within.counted(conditions, COUNTED + 1)])
    return found


async def count_late(tx: ReadTx, within: Chosen) -> int:
    """Return how many tickets of a list are late."""
    return (await count_by_lateness(tx, within, []))[0]


async def count_by_lateness(
    tx: ReadTx, within: Chosen, others: Sequence[Sequence[Any]]
) -> tuple[int, int, list[int]]:
    """Return how many tickets of a list are late, how many stand among them in the queue and are
    not, and how many meet the ``others``.

    All that stand there are late but some of this minute's; where they are few they are found by
    their index. Where they are many and the late ones too, none of them is counted.
    """
    unknown = await count_unknown(tx, tx.now + BEHIND, tx.now - BEHIND)
    few = unknown <= COUNTED
    asked = [_of(within, one) for one in others]
    asked.append(_of(within, soon_due(tx), and_more=unknown if few else 0))
    if unknown:
        asked.append(_early(tx, within) if few else _of(within, [*soon_due(tx), late(tx)]))
    found = await count_each(tx.session, asked)
    *of_others, there = found[: len(others) + 1]
    apart = sum(found[len(others) + 1 :])
    if few:
        return min(there - apart, COUNTED + 1), apart, of_others
    return apart, there - apart if there <= COUNTED else 0, of_others


def _of(within: Chosen, conditions: Sequence[Any], *, and_more: int = 0) -> Any:
    return within.counted([*within.conditions, *conditions], COUNTED + 1 + and_more)


def _early(tx: ReadTx, within: Chosen) -> Any:
    """Those of the list among them that are not late."""
    of_it = [] if within.read is None else [or_(*(one.holds() for one in within.read))]
    there = Along(which=IN_TIME, since=tx.now - BEHIND, until=tx.now + BEHIND)
    wanted = [*of_it, *within.conditions, in_time(tx)]
    return there.numbers(wanted, Stretch(WITHIN_RANK), COUNTED + 1)
