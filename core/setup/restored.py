"""After a restore: a new epoch, numbers above all that were given, the outbox on hold (R21).

A backup does not know what happened after it. So nothing leaves until an admin has seen what would
go, no ticket gets a number that another may have had, and buttons of earlier epochs count only
below messages that the desk knows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from core.company import Company
from core.db import constant
from core.delivery.card_updates import post_cards
from core.delivery.sent_messages import card_place, note_former_card
from core.delivery.waiting_rows import drop_of_backup, is_of_backup, requeue_interrupted
from core.events import OutboxReleased, Restored
from core.models import InboxRow, JournalEntry, Message, OutboxRow, Person, SystemState, Ticket
from core.people.identity import Sender
from core.setup.company_settings import RESTORED, arrive_as_admin
from core.signing_key import find_signing_key
from core.tickets.lifecycle import access
from core.tx import ReadTx, Tx

# So many numbers are left out where nobody knows how many tickets came after the backup.
GAP: Final = 1000
PAGE: Final = 20

_QUEUED: Final = OutboxRow.state == constant("queued")


async def begin_epoch(tx: Tx, first_number: int | None, *, by_sequence: bool = False) -> int:
    """Begin another epoch in a restored database; returns the next ticket's number.

    ``first_number``: the lowest it may be; without it the gap is left out. ``by_sequence``: the
    database sees to that itself once its sequence is set. What was being sent when
    the backup was made is held with the rest.
    """
    newest = await tx.first(select(func.max(Ticket.id))) or 0
    number = max(newest + 1, first_number or (newest // GAP + 2) * GAP)
    await requeue_interrupted(tx)
    before = await tx.find(SystemState, RESTORED)
    copied_at = await tx.first(select(func.max(JournalEntry.at))) or tx.now
    epoch = (int(before.value["epoch"]) if before else 0) + 1
    value = {
        "epoch": epoch,
        "first_number": 0 if by_sequence else number,
        "first_of_epoch": number,
        "copied_at": copied_at.isoformat(),
        "on_hold": True,
        "up_to": await tx.first(select(func.max(OutboxRow.id))) or 0,
        "inbox_up_to": await tx.first(select(func.max(InboxRow.id))) or 0,
    }
    await tx.put(SystemState(name=RESTORED, value=value, at=tx.now))
    tx.emit(Restored(ticket_id=None, epoch=epoch, first_number=number))
    return number


@dataclass(frozen=True, slots=True)
class MailStamp:
    """What Message-IDs are made of beside the row's id: the epoch, so that none comes again after
    a restore, and the desk's key, so that nobody makes one up (S21).
    """

    epoch: int
    key: bytes


async def mail_stamp(tx: ReadTx) -> MailStamp:
    """Return the stamp of this desk's mails. Raises LookupError before its key is made."""
    return MailStamp(tx.company.epoch, await find_signing_key(tx))


@dataclass(frozen=True, slots=True)
class HeldRow:
    """A delivery that waits for the admin. ``words``: of a message, as people wrote it."""

    id: int
    at: datetime
    kind: str
    ticket_id: int | None
    name: str | None
    words: str | None
    is_old: bool


@dataclass(frozen=True, slots=True)
class Held:
    """What would leave: ``old`` rows stood in the backup already, or came of updates that did, and
    may have left since; the ``new`` ones are of what has happened after the restore.
    """

    at: datetime
    old: int
    new: int
    rows: Sequence[HeldRow]


async def find_held(tx: ReadTx) -> Held | None:
    """Return what waits, answers first; ``None`` where nothing is on hold."""
    state = await tx.find(SystemState, RESTORED)
    if state is None or not state.value["on_hold"]:
        return None
    is_old = is_of_backup(state.value["up_to"])
    counts: Any = await tx.rows(select(is_old, func.count()).where(_QUEUED).group_by(is_old))
    by_age = {bool(old): number for old, number in counts}
    rows: Any = await tx.rows(
        select(
            *(OutboxRow.id, OutboxRow.created_at, OutboxRow.kind, OutboxRow.ticket_id),
            *(Person.name, Message.text, is_old),
        )
        .outerjoin(Person, Person.id == OutboxRow.person_id)
        .outerjoin(Message, Message.id == OutboxRow.message_id)
        .where(_QUEUED)
        .order_by(OutboxRow.priority, OutboxRow.id)
        .limit(PAGE)
    )
    held = [HeldRow(*row) for row in rows]
    copied_at = datetime.fromisoformat(state.value["copied_at"])
    return Held(copied_at, by_age.get(True, 0), by_age.get(False, 0), held)


async def release(tx: Tx, sender: Sender, *, drop_old: bool) -> Company | None:
    """Let what waits leave; ``drop_old``: but for what stood in the backup. Returns the company as
    it is from now on; ``None`` where nothing is on hold. Raises NotAllowed.
    """
    await arrive_as_admin(tx, sender)
    state = await tx.find(SystemState, RESTORED, hold=True)
    if state is None or not state.value["on_hold"]:
        return None
    dropped = 0
    if drop_old:
        # a release before this one has not noted the number
        first = state.value.get("first_of_epoch", 1 << 62)
        dropped = await drop_of_backup(tx, state.value["up_to"], first, error="restored")
    state.value = state.value | {"on_hold": False}
    tx.outgoing = True
    tx.emit(OutboxReleased(ticket_id=None, dropped=dropped))
    return replace(tx.company, on_hold=False)


async def post_card_anew(tx: Tx, ticket_id: int) -> None:
    """Post another card of the ticket: a button was pressed below a message that the desk does not
    know. Raises :class:`NoSuchTicket` where the ticket was lost, too; NotAllowed.
    """
    await access(tx, ticket_id, "note")
    card = await card_place(tx, ticket_id)
    if card is not None:
        await note_former_card(tx, ticket_id, card)  # otherwise that one would be drawn anew
    await post_cards(tx, [ticket_id])
