"""Reports that are sent on schedule (C7, H1)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Self

from pydantic import AfterValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.delivery.report_posts import RECEIVERS, REPORTS
from core.directory.faults import refusal
from core.directory.fields import DAYS, AsPeopleSay, Code, Weekday, one_of
from core.directory.schema import DirectoryEntry
from core.models import ReportRow
from core.tx import ReadTx, Tx
from core.words.clock import CLOCK, format_clock, read_clock


def _check_clock(value: str) -> str:
    try:
        return format_clock(read_clock(value))
    except ValueError:
        raise refusal("clock", value) from None


def _in_order(days: list[str]) -> list[str]:
    """Each day once, as they come in a week."""
    if not days:
        raise refusal("no_days")
    return [day for day in DAYS if day in days]


ClockTime = Annotated[
    str,
    AfterValidator(_check_clock),
    Json({"type": "string", "pattern": f"^{CLOCK}$"}),
    AsPeopleSay("clock"),
]
Days = Annotated[list[Weekday], AfterValidator(_in_order)]
DEFAULT_AT: Final = "09:00"


class ReportEntry(DirectoryEntry):
    """A report: what, on which days, when, to which chat. Another schedule begins with its next
    time.
    """

    name = "report"
    ordered = True

    code: Code
    what: Annotated[str, *one_of(REPORTS)]
    days: Days
    at: ClockTime = DEFAULT_AT
    to: Annotated[str, *one_of(RECEIVERS)] = "alerts"
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they were written."""
        rows = await tx.all(select(ReportRow).order_by(ReportRow.position, ReportRow.code))
        return [
            cls.stored(
                code=row.code,
                what=row.what,
                days=row.days["days"],
                at=format_clock(row.minute),
                to=row.receiver,
                active=row.active,
            )
            for row in rows
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """What stays as it is is not forgotten: it does not go twice on one day."""
        row = ReportRow(
            code=self.code,
            position=position,
            what=self.what,
            days={"days": self.days},
            minute=read_clock(self.at),
            receiver=self.to,
            active=self.active,
        )
        row.done_until = await self._done_until(tx, row)
        await self.save(tx, row)

    async def _done_until(self, tx: Tx, row: ReportRow) -> datetime | None:
        before = await tx.find(ReportRow, self.code, hold=True)
        if before is None or any(getattr(before, name) != getattr(row, name) for name in _WHEN):
            return tx.now
        return before.done_until


# With another of these it begins with its next time.
_WHEN: Final = ("what", "days", "minute", "active")
