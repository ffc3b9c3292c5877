"""Junk: tickets that nobody wanted, kept where they can be looked through (F4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from core.events import JunkRestored
from core.models import JunkTicket, Message, Person, Ticket
from core.tickets.incoming import fits_card
from core.tx import ReadTx, Tx

PAGE: Final = 8


@dataclass(frozen=True, slots=True)
class JunkLine:
    """A junk ticket in the list. ``why``: the reason that it was given."""

    number: int
    at: datetime
    customer: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class JunkPage:
    """Some junk tickets, newest first. ``older``: the cursor of the next page, if there is one."""

    lines: tuple[JunkLine, ...]
    total: int
    older: int | None


async def junk_page(tx: ReadTx, before: int | None = None) -> JunkPage:
    """Return the newest junk tickets, or those with lower numbers than ``before``."""
    query = (
        select(Ticket.id, Ticket.opened_at, Person.name, Ticket.title, Ticket.reason)
        .join(JunkTicket, JunkTicket.ticket_id == Ticket.id)
        .join(Person, Ticket.customer_id == Person.id)
        .order_by(JunkTicket.ticket_id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        query = query.where(JunkTicket.ticket_id < before)
    rows = await tx.rows(query)
    lines = tuple(JunkLine(*row[:4], row[4] or "") for row in rows[:PAGE])
    total = await tx.first(select(func.count()).select_from(JunkTicket))
    return JunkPage(lines, int(total or 0), lines[-1].number if len(rows) > PAGE else None)


async def leave_junk(tx: Tx, ticket: Ticket) -> None:
    """Show a ticket that is reopened to operators and customer as if it had just come, if it was
    junk until now.
    """
    row = await tx.find(JunkTicket, ticket.id, hold=True)
    if row is None:
        return
    await tx.delete(row)
    query = select(Message).where(Message.ticket_id == ticket.id).order_by(Message.id)
    said: Sequence[Message] = await tx.all(query.with_for_update(key_share=True))
    opening = next((one for one in said if one.text.strip()), None)
    for message in said:
        kind = str(message.content.get("kind"))
        message.in_card = message is opening and fits_card(kind, message.text, message.content)
        tx.emit(
            JunkRestored(
                ticket_id=ticket.id,
                message_id=message.id,
                album=message.album,
                first=message is said[0],
            )
        )
    await tx.write()
