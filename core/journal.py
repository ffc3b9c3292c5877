"""The journal: every event of a transaction becomes an entry, in the same commit (D6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, insert, select

from core.db import PreparedStatement
from core.events import Event, name_of
from core.models import JournalEntry, Person, Ticket
from core.subscribers import Subscriber
from core.texts import pack
from core.tx import ReadTx, Tx

_JOURNAL: Final[Any] = JournalEntry.__table__  # the table: the ORM would only add to the cost
_RECORD: Final = PreparedStatement(insert(_JOURNAL))


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Write the events down, all in one statement."""
    await _RECORD.change(
        tx.session,
        [
            {
                "ticket_id": event.ticket_id,
                "at": tx.now,
                "actor_id": tx.actors.get(number, tx.actor.person_id),
                "event": name_of(event),
                "facts": pack(event.facts()),
            }
            for number, event in enumerate(events)
        ],
    )


PAGE: Final = 200
# Entries that name a phone or an address.
_OF_CONTACTS: Final = frozenset({"phone_verified", "contact_point_added", "contact_point_removed"})


async def count_entries(tx: ReadTx, ticket_id: int) -> int:
    """Return how many entries a ticket has."""
    query = select(func.count()).where(JournalEntry.ticket_id == ticket_id)
    return int(await tx.first(query) or 0)


async def list_entries(
    tx: ReadTx, ticket_id: int, page: int = 1, size: int | None = None
) -> list[tuple[datetime, str | None, str, dict[str, Any]]]:
    """A page of a ticket's history, oldest first: instant, actor's name, event, facts.

    Page 1 has the newest ``size`` entries, page 2 those before them. ``None``: as many as a
    person reads at once.
    """
    size = size or PAGE
    newest = (
        select(JournalEntry.id)
        .where(JournalEntry.ticket_id == ticket_id)
        .order_by(JournalEntry.id.desc())
        .offset((page - 1) * size)
        .limit(size)
        .scalar_subquery()
    )
    rows = await tx.rows(
        select(JournalEntry.at, Person.name, JournalEntry.event, JournalEntry.facts)
        .join_from(JournalEntry, Person, JournalEntry.actor_id == Person.id, isouter=True)
        .where(JournalEntry.id.in_(newest))
        .order_by(JournalEntry.id)
    )
    if tx.reader is not None and any(event in _OF_CONTACTS for _, _, event, _ in rows):
        customer = await tx.first(select(Ticket.customer_id).where(Ticket.id == ticket_id))
        tx.shows(customer or 0, "journal")
    return [(at, name, event, facts) for at, name, event, facts in rows]


SUBSCRIBER: Final = Subscriber("journal", (Event,), record, last=True)
