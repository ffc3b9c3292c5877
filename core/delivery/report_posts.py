"""Which reports there are, where they may go, and how one is queued; it is drawn when it leaves
(C7, H1).
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any, Final

from core.addresses import Address
from core.company import Company
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.tx import Tx

REPORT: Final = "report"
RECEIVERS: Final[Mapping[str, Callable[[Company], Address | None]]] = {
    "alerts": lambda company: company.alerts_chat,
    "operators": lambda company: company.operators_chat,
}
"""The chats that a report may go to."""
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)


def last_week(day: date) -> tuple[date, date]:
    """Return Monday and Sunday of the last whole week before the day."""
    monday = day - timedelta(days=day.weekday()) - _WEEK
    return monday, monday + _WEEK - _DAY


def _week(day: date) -> dict[str, Any]:
    since, until = last_week(day)
    return {"since": since.isoformat(), "until": until.isoformat()}


REPORTS: Final[Mapping[str, Callable[[date], dict[str, Any]]]] = {
    "week": _week,
    "overdue": lambda _day: {},
}
"""What may be reported, and the facts of a report of that day. How it looks, the channel knows."""


async def post_report(tx: Tx, chat: Address, what: str, facts: Mapping[str, Any]) -> None:
    """Queue the report. One that could not leave yet stays: it is of another day."""
    report = row(
        tx,
        chat,
        REPORT,
        Priority.DIGEST,
        ordering_key=f"{chat.chat}:{REPORT}",
        facts={"what": what, **facts},
    )
    await write(tx, [report])
