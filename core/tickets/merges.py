"""What a merge has moved, as the journal of the ticket that stayed tells it (A6)."""

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import select

from core.models import JournalEntry, Link
from core.texts import unpack
from core.tickets.relations import MERGE, is_anything_linked
from core.tx import ReadTx

_RECEIVED: Final = "merge_received"


async def kept_of(tx: ReadTx, stays: int, goes: int) -> tuple[int, dict[str, Any]] | None:
    """Return the entry of the newest merge of ``goes`` into ``stays`` and what it kept; ``None``
    where the journal has none.
    """
    query = (
        select(JournalEntry.id, JournalEntry.facts)
        .where(JournalEntry.ticket_id == stays, JournalEntry.event == _RECEIVED)
        .order_by(JournalEntry.id.desc())
    )
    for number, packed in await tx.rows(query):
        facts = unpack(packed)
        if facts.get("source") == goes and isinstance(facts.get("kept"), dict):
            return number, dict(facts["kept"])
    return None


async def moved_messages(tx: ReadTx, stays: int, goes: int) -> frozenset[int]:
    """Return the messages that ``goes`` had when it was merged into ``stays``."""
    found = await kept_of(tx, stays, goes)
    messages: Collection[int] = () if found is None else found[1].get("messages", ())
    return frozenset(messages)


async def sources_of(tx: ReadTx, ticket_id: int) -> list[int]:
    """Return the tickets that were merged into this one, and are part of it still."""
    if not await is_anything_linked(tx):
        return []
    query = select(Link.ticket_id).where(Link.other_id == ticket_id, Link.kind == MERGE)
    return list(await tx.all(query.order_by(Link.id)))


async def target_of_merge(tx: ReadTx, ticket_id: int) -> int | None:
    """Return the ticket that this one was merged into, which may have been merged in turn."""
    if not await is_anything_linked(tx):
        return None
    return await tx.first(
        select(Link.other_id).where(Link.ticket_id == ticket_id, Link.kind == MERGE)
    )


async def received_messages(tx: ReadTx, ticket_id: int) -> frozenset[int]:
    """Return the messages that came to this ticket by merges which stand."""
    parts = [await moved_messages(tx, ticket_id, one) for one in await sources_of(tx, ticket_id)]
    return frozenset().union(*parts)


async def said_in(tx: ReadTx, message_id: int, ticket_id: int) -> int:
    """Return the ticket that the message was said in, which ``ticket_id`` has now."""
    for source in await sources_of(tx, ticket_id):
        if message_id in await moved_messages(tx, ticket_id, source):
            return await said_in(tx, message_id, source)
    return ticket_id
