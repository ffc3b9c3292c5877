"""Looking at the rows behind an action, and fingerprinting all of them at once."""

from typing import Any

from sqlalchemy import select, text

from core.db import Database, Row
from core.models import JournalEntry, Message, OutboxRow, SentMessage, Ticket, Timer
from tests.ordered import in_order


class Store:
    """What the database holds, past every action."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def rows(self, query: Any) -> list[Any]:
        async with self.database.read() as session:
            return in_order(query, await session.scalars(query))

    async def ticket(self, number: int) -> Ticket:
        (found,) = await self.rows(select(Ticket).where(Ticket.id == number))
        return found  # type: ignore[no-any-return]

    async def card(self, number: int) -> tuple[str, str, str | None] | None:
        """Where the ticket's card stands, and what it looked like last."""
        query = select(SentMessage).where(
            SentMessage.ticket_id == number, SentMessage.role == "card"
        )
        found = await self.rows(query)
        return next(((row.chat, row.message, row.digest) for row in found), None)

    async def tickets(self) -> list[Ticket]:
        return await self.rows(select(Ticket).order_by(Ticket.id))

    async def messages(self, number: int | None) -> list[Message]:
        return await self.rows(
            select(Message).where(Message.ticket_id == number).order_by(Message.id)
        )

    async def journal(self, number: int | None) -> list[str]:
        """Names of a ticket's entries, oldest first."""
        entries = select(JournalEntry).where(JournalEntry.ticket_id == number)
        return [row.event for row in await self.rows(entries.order_by(JournalEntry.id))]

    async def facts(self, number: int | None, event: str) -> list[dict[str, Any]]:
        """Facts of a ticket's entries of this name."""
        entries = select(JournalEntry).where(
            JournalEntry.ticket_id == number, JournalEntry.event == event
        )
        return [row.facts for row in await self.rows(entries.order_by(JournalEntry.id))]

    async def outbox(self, address: int | str | None = None, **where: Any) -> list[OutboxRow]:
        """Rows to this address, oldest first."""
        query = select(OutboxRow).filter_by(**where)
        if address is not None:
            query = query.where(OutboxRow.address == str(address))
        return await self.rows(query.order_by(OutboxRow.id))

    async def told(self, address: int | str) -> list[str]:
        """What was written down for an address: text keys, or kinds where there is no text."""
        return [row.key or row.kind for row in await self.outbox(address)]

    async def timers(self, number: int) -> dict[str, Any]:
        """A ticket's pending timers."""
        query = select(Timer).where(Timer.ticket_id == number, Timer.due_at.is_not(None))
        found = await self.rows(query.order_by(Timer.kind))
        return {row.kind: row.due_at for row in found}

    async def everything(self) -> dict[str, list[str]]:
        """All rows of all tables, to see that nothing has changed."""
        found = {}
        async with self.database.read() as session:
            for name in Row.metadata.tables:
                rows = await session.execute(text(f"SELECT * FROM {name}"))  # noqa: S608
                found[name] = sorted(map(str, rows.all()))
        return found
