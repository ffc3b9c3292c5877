"""The desk's own health: a heartbeat that others read, and news of what is wrong (X14, R30).

A symptom is told once when it begins and once when it is over, to admins, to the alert channel (or
to the operators where that is out of order itself) and by mail: by whatever way works. What was
given up, deliveries and updates, admins look through and let be tried again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select

from core import inbox
from core.addresses import WEBHOOK, Address
from core.company import ASSISTANT_TROUBLE
from core.db import constant
from core.delivery.waiting_rows import OF_BACKUP
from core.events import DeskRecovered, DeskSick
from core.inbox import Quarantined
from core.models import InboxRow, OutboxRow, Person, SystemState
from core.people.identity import Sender
from core.setup.chat_health import FINE, Condition
from core.setup.company_settings import arrive_as_admin
from core.tx import ReadTx, Tx

HEARTBEAT: Final = "heartbeat"
# Which of several processes delivers and watches the clock.
LEADER: Final = "leader"
# What can be wrong; each has the texts ``health.sick.<code>`` and ``health.over.<code>``.
CODES: Final = ("poll", "rival", "mail", "sweep", "undelivered", "failed", "disk", "copies")
# A delivery that has failed once already and waits for so long is a symptom.
OVERDUE: Final = timedelta(seconds=60)
# A heartbeat older than this is that of a desk that hangs or has died.
SILENT: Final = timedelta(seconds=90)
# Ends of deliveries that are told where they matter, and are nobody's fault.
_TOLD: Final = ("blocked", "superseded")
PAGE: Final = 8


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """The desk's last sign of life. ``stopped``: it ended as it was told to."""

    at: datetime
    sick: tuple[str, ...]
    stopped: bool

    def is_silent(self, now: datetime) -> bool:
        """Return whether the desk should have been heard of since."""
        return not self.stopped and now - self.at > SILENT


async def find_heartbeat(tx: ReadTx) -> Heartbeat | None:
    """Return the last heartbeat; ``None`` before the first start."""
    row = await tx.session.get(SystemState, HEARTBEAT)
    if row is None:
        return None
    return Heartbeat(row.at, tuple(row.value["sick"]), bool(row.value["stopped"]))


async def find_symptoms(tx: ReadTx) -> set[str]:
    """Return the symptoms that the database shows."""
    overdue = select(OutboxRow.id).where(
        OutboxRow.state == constant("queued"),
        OutboxRow.error.is_not(None),
        # a chat of ours that shut the bot out is told as such; what came of a restore never failed
        OutboxRow.error.not_in(("blocked", OF_BACKUP)),
        OutboxRow.channel != constant(WEBHOOK),  # of another's system admins hear in a day
        OutboxRow.created_at <= tx.now - OVERDUE,
    )
    found = set()
    # after a restore an admin holds all, and was told so
    if not tx.company.on_hold and await tx.session.scalar(overdue.limit(1)) is not None:
        found.add("undelivered")
    if await tx.session.scalar(select(OutboxRow.id).where(*_FAILED).limit(1)) is not None:
        found.add("failed")
    return found


async def take_lead(tx: Tx, process: str) -> bool:
    """Note that this process delivers and watches the clock now. False if it did last, too."""
    row = await tx.find(SystemState, LEADER, hold=True)
    former = None if row is None else row.value["process"]  # put changes the row
    await tx.put(SystemState(name=LEADER, value={"process": process}, at=tx.now))
    return bool(former != process)


async def beat(tx: Tx, sick: Collection[str], *, stopped: bool = False) -> None:
    """Store a heartbeat, and report the symptoms that began or are over since the last one."""
    row = await tx.find(SystemState, HEARTBEAT, hold=True)
    if row is None:
        row = SystemState(name=HEARTBEAT, value={"sick": [], "stopped": False}, at=tx.now)
        tx.session.add(row)
    before = set(row.value["sick"])
    if not stopped:
        well = await _alerts_are_read(tx)
        for code in CODES:
            if code in sick and code not in before:
                tx.emit(DeskSick(ticket_id=None, code=code, to_alerts=well))
            elif code in before and code not in sick:
                tx.emit(DeskRecovered(ticket_id=None, code=code, to_alerts=well))
    row.value = {"sick": sorted(before if stopped else sick), "stopped": stopped}
    row.at = tx.now


async def _alerts_are_read(tx: ReadTx) -> bool:
    """Return whether there is an alert channel, and it was in order when it was last looked at."""
    if tx.company.alerts_chat is None:
        return False
    report = await tx.session.get(SystemState, Condition("alerts", FINE).name)
    return report is None or report.value["code"] == FINE


# Failed deliveries. An answer to a customer has a button of its own where it was written.

_FAILED: Final = (
    OutboxRow.state == "failed",
    # nobody else tells of a mailbox of the staff's that is closed
    OutboxRow.error.not_in(_TOLD) | (OutboxRow.channel == "email"),
    # the letter that all is well would begin it anew where it is the mailbox that is closed
    OutboxRow.key.is_distinct_from("mail.recovered"),
    ~(OutboxRow.message_id.is_not(None) & OutboxRow.person_id.is_not(None)),
)


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """A delivery that ended without arriving: where it went, what, why, for which ticket.

    ``name``: of the person it was for, if it was for one.
    """

    id: int
    channel: str
    address: str
    name: str | None
    kind: str
    error: str | None
    at: datetime
    ticket_id: int | None

    @property
    def to(self) -> Address:
        """Where it went."""
        return Address(self.channel, self.address)


@dataclass(frozen=True, slots=True)
class DeskHealth:
    """What ``/health`` shows. ``assistant``: why the last question to it had no answer, and
    when.
    """

    heartbeat: Heartbeat | None
    unhandled: int
    quarantined: int
    waiting: int
    oldest: datetime | None
    failed: tuple[FailedDelivery, ...]
    failed_in_all: int
    assistant: tuple[str, datetime] | None = None


async def find_health(tx: ReadTx) -> DeskHealth:
    """Return how the desk is, with the newest failed deliveries."""
    queued = OutboxRow.state == constant("queued")
    waiting, oldest = (
        await tx.session.execute(
            select(func.count(), func.min(OutboxRow.created_at)).where(
                queued, OutboxRow.not_before <= tx.now
            )
        )
    ).one()
    columns = (OutboxRow.id, OutboxRow.channel, OutboxRow.address, Person.name, OutboxRow.kind)
    failed = await tx.session.execute(
        select(*columns, OutboxRow.error, OutboxRow.created_at, OutboxRow.ticket_id)
        .join_from(OutboxRow, Person, OutboxRow.person_id == Person.id, isouter=True)
        .where(*_FAILED)
        .order_by(OutboxRow.id.desc())
        .limit(PAGE)
    )
    by_state = await _inbox_by_state(tx)
    return DeskHealth(
        await find_heartbeat(tx),
        by_state.get("new", 0),
        by_state.get("quarantined", 0),
        waiting,
        oldest,
        tuple(FailedDelivery(*row) for row in failed),
        int(await tx.session.scalar(select(func.count()).where(*_FAILED)) or 0),
        await _trouble_of_assistant(tx),
    )


async def _trouble_of_assistant(tx: ReadTx) -> tuple[str, datetime] | None:
    """A line of `/health`, and no symptom: the desk works without it (X17)."""
    if tx.company.assistance is None:
        return None
    row = await tx.session.get(SystemState, ASSISTANT_TROUBLE)
    return None if row is None else (str(row.value["code"]), row.at)


async def _inbox_by_state(tx: ReadTx) -> Mapping[str, int]:
    query = select(InboxRow.state, func.count()).where(InboxRow.state != "done")
    rows: Any = await tx.session.execute(query.group_by(InboxRow.state))
    return dict([tuple(row) for row in rows])


async def settle_failed(tx: Tx, sender: Sender, row_id: int | None, *, again: bool) -> int:
    """Send a failed delivery again, or drop it; all of them without a ``row_id``.

    Returns how many there were. Raises NotAllowed.
    """
    await arrive_as_admin(tx, sender)
    query = select(OutboxRow).where(*_FAILED).with_for_update(key_share=True)
    if row_id is not None:
        query = query.where(OutboxRow.id == row_id)
    rows = await tx.all(query.order_by(OutboxRow.id))
    for row in rows:
        if again:
            row.state, row.attempts, row.not_before, row.done_at = "queued", 0, tx.now, None
            row.error = None
            row.dedup_key = None  # a newer one of the same name may wait by now
            tx.outgoing = True
        else:
            row.state = "dropped"
    return len(rows)


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """Some quarantined updates, newest first. ``older``: the cursor of the next page, if any."""

    updates: tuple[Quarantined, ...]
    total: int
    older: int | None


async def quarantine_page(tx: ReadTx, before: int | None = None) -> QuarantinePage:
    """Return the newest quarantined updates, or those with lower numbers than ``before``."""
    found = await inbox.list_quarantined(tx, PAGE + 1, before)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return QuarantinePage(tuple(found[:PAGE]), await inbox.count_quarantined(tx), older)


async def replay_for(
    tx: Tx, sender: Sender, ids: Collection[int] | None, *, unread: bool = False
) -> list[int]:
    """Let these quarantined updates be handled again, or all; returns which. ``unread``: see
    `inbox.replay`. Raises NotAllowed.
    """
    await arrive_as_admin(tx, sender)
    return await inbox.replay(tx, ids, unread=unread)
