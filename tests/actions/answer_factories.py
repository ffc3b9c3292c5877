"""Operators' answers, on their way, arrived or failed, and what has become of the ticket."""

from sqlalchemy import select

from core.delivery.waiting_rows import drop_unsent
from core.desk import Desk
from core.models import Message, Ticket, Timer
from core.tickets import conversation
from core.tickets.lists import page_of
from core.tx import Actor, ReadTx
from tests.actions.people import writes


async def stored(desk: Desk, ticket_id: int) -> Ticket:
    async def read(tx: ReadTx) -> Ticket:
        return await tx.get(Ticket, ticket_id)

    return await desk.read(read)


async def timers_of(desk: Desk, ticket_id: int) -> set[str]:
    async def read(tx: ReadTx) -> set[str]:
        query = select(Timer.kind).where(Timer.ticket_id == ticket_id, Timer.due_at.is_not(None))
        return set(await tx.all(query))

    return await desk.read(read)


async def last_message(desk: Desk, ticket_id: int) -> int:
    async def read(tx: ReadTx) -> int:
        query = select(Message.id).where(Message.ticket_id == ticket_id)
        return int(await tx.first(query.order_by(Message.id.desc())) or 0)

    return await desk.read(read)


async def answers(
    desk: Desk, who: Actor, ticket_id: int, text: str = "Please restart it", *, wait: bool = False
) -> int:
    """Write an answer that is on its way from now on. Returns the message."""
    await desk.run_as(who, conversation.reply, ticket_id, writes(text), wait=wait)
    return await last_message(desk, ticket_id)


async def arrives(desk: Desk, message_id: int) -> None:
    await desk.run(conversation.answer_delivered, [message_id])


async def fails(desk: Desk, message_id: int) -> None:
    await desk.run(drop_unsent, [message_id], "content")
    await desk.run(conversation.answer_failed, message_id, "network")


async def names_in(desk: Desk, view: str) -> list[int]:
    page = await desk.read(page_of, view)
    return [line.number for line in page.lines]
