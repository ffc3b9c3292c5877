"""Reports on schedule: each time once, to a chat of the desk's own (C7, H1).

A time that passed while the desk was down is made up for when it runs again; of several only the
last one, so that a week's absence is one report. What was chosen or switched on just now begins
with its next time.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.delivery.report_posts import RECEIVERS, REPORTS, post_report
from core.models import ReportRow
from core.sla.agreements import agreements_of
from core.sla.calendar import Calendar, NeverOpen
from core.tx import ReadTx, Tx

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How far back a time may have been that holidays have moved to today.
_LOOKED_BACK: Final = 31


def last_time(
    days: Sequence[str], minute: int, zone: ZoneInfo, hours: Calendar | None, now: datetime
) -> datetime | None:
    """Return the latest time of a schedule that has passed; ``None``: none has in a month.

    On a holiday of the company's working ``hours`` it is put off to the next working day; a day of
    the week that nobody works on is chosen on purpose, and stays.
    """
    today = now.astimezone(zone).date()
    clock = time(*divmod(minute, 60))
    found = [
        at
        for back in range(_LOOKED_BACK + 1)
        if WEEKDAYS[(day := today - timedelta(days=back)).weekday()] in days
        if (at := datetime.combine(_put_off(day, hours), clock, zone)) <= now
    ]
    return max(found, default=None)


def _put_off(day: date, hours: Calendar | None) -> date:
    if hours is None or not hours.is_free(day):
        return day
    try:
        return hours.next_working(day)
    except NeverOpen:
        return day


async def send_due(tx: Tx) -> int:
    """Queue the reports whose time has come. Returns how many."""
    query = select(ReportRow).where(ReportRow.active.is_(True)).order_by(ReportRow.position)
    rows = await tx.all(query.with_for_update(key_share=True))
    hours = await _working_hours(tx) if rows else None
    return sum([await _send(tx, row, hours) for row in rows])


async def _send(tx: Tx, row: ReportRow, hours: Calendar | None) -> int:
    """What has no chat to go to is over, too: nobody wants last month's when there is one."""
    at = last_time(row.days["days"], row.minute, tx.company.zone, hours, tx.now)
    if row.done_until is None:
        row.done_until = tx.now
    if at is None or at <= row.done_until:
        return 0
    row.done_until = tx.now
    chat = RECEIVERS[row.receiver](tx.company)
    if chat is None:
        return 0
    facts = REPORTS[row.what](at.astimezone(tx.company.zone).date())
    await post_report(tx, chat, row.what, facts)
    return 1


async def _working_hours(tx: ReadTx) -> Calendar | None:
    """The hours of what is agreed with everybody."""
    agreed = await agreements_of(tx)
    return None if agreed.default is None else agreed.calendar_of(agreed.default).hours
