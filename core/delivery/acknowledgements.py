"""What a colleague is told when a delivery takes long, or never arrives in their private chat, and
signs that found no room at once.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.delivery.channel import Delivery
from core.delivery.linked_chats import is_operator_chat, operator_chat_of
from core.delivery.outbox import row, write
from core.delivery.own_words import OWN, OWN_FACTS
from core.delivery.pacing import Priority
from core.models import Message, OutboxRow
from core.tx import Tx

# What a colleague is told in private, and in the group if the bot may not write to them (G4).
IN_GROUP: Final = {
    "staff.answered": "group.answered",
    "staff.assigned": "group.assigned.person",
    "staff.assigned.why": "group.assigned.person.why",
    "staff.escalated": "group.escalated.person",
    "staff.escalated.why": "group.escalated.person.why",
    "staff.merged": "group.merged",
    "staff.suggestion_lost": "group.suggestion_lost",
    "staff.task_assigned": "group.task_assigned.person",
    "staff.task_reopened": "group.task_reopened.person",
}


async def tell_in_group(tx: Tx, delivery: Delivery) -> None:
    """Say in the group what could not be said in private (G4)."""
    chat = await operator_chat_of(tx, delivery.ticket_id)
    if chat is None:
        return
    told = row(
        tx,
        chat,
        "text",
        Priority.GROUP_NEWS,
        ordering_key=f"{chat.chat}:{delivery.ticket_id}",
        key=IN_GROUP[delivery.key or ""],
        facts={**_without_own(delivery.facts), "reply": "card"},
        ticket_id=delivery.ticket_id,
    )
    await write(tx, [told])


def _without_own(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Words of the company's own speak to one person; in the group the desk's say who is meant."""
    return {name: fact for name, fact in facts.items() if name not in {OWN, OWN_FACTS}}


async def sign_later(tx: Tx, message: MessageRef, emoji: str, asked_at: datetime) -> None:
    """Queue our reaction to somebody's message: a busy group swallows no sign (X16).

    It takes the place of one that waits for the same message; if a newer one than ``asked_at`` was
    queued already, it is too late.
    """
    if await _is_signed_since(tx, message, asked_at):
        return
    found = select(Message.id, Message.ticket_id).where(Message.source == message)
    said = await tx.row(found.limit(1))
    number, ticket = (None, None) if said is None else (said.id, said.ticket_id)
    name = f"sign:{message.message}" if number is None else f"receipt:{number}"
    turn = message.message if number is None else ticket or 0
    signed = row(
        tx,
        message.address,
        "reaction",
        Priority.RECEIPT,
        ordering_key=f"{message.chat}:{turn}:reaction",
        facts={"emoji": emoji, "reply": message.message},
        ticket_id=ticket,
        message_id=number,
        dedup_key=f"{name}@{message.chat}",
    )
    await write(tx, [signed])


async def _is_signed_since(tx: Tx, message: MessageRef, asked_at: datetime) -> bool:
    newer = select(OutboxRow.facts).where(
        OutboxRow.created_at > asked_at,
        OutboxRow.channel == message.channel,
        OutboxRow.address == message.chat,
        OutboxRow.kind == "reaction",
    )
    return any(facts.get("reply") == message.message for facts in await tx.all(newer))


async def ack_slow_answers(tx: Tx, message_ids: list[int]) -> None:
    """Answers that take long get 👀 on the operator's message: stored, on their way (X2)."""
    rows: list[dict[str, Any]] = []
    for number in message_ids:
        message = await tx.session.get(Message, number)
        if message is None or message.delivered_at or message.withdrawn_at:
            continue
        chat = message.source.address
        if not await is_operator_chat(tx, chat):
            continue
        rows.append(
            row(
                tx,
                chat,
                "reaction",
                Priority.RECEIPT,
                ordering_key=f"{chat.chat}:{message.ticket_id}:reaction",
                facts={"emoji": "👀", "reply": message.source.message},
                ticket_id=message.ticket_id,
                message_id=message.id,
                dedup_key=f"receipt:{message.id}@{chat.chat}",
            )
        )
    await write(tx, rows)
