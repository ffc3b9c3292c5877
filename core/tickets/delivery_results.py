"""What follows when a delivery has arrived, or never will: where messages stand, the card's place,
receipts (X2, R12).
"""

from typing import Any, Final

from sqlalchemy import select

from core.db import PreparedStatement
from core.db.statements import prepared
from core.delivery.acknowledgements import IN_GROUP, ack_slow_answers, tell_in_group
from core.delivery.audiences import TELEGRAM
from core.delivery.card_updates import leave_pointer
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import OperatorChats, is_operator_chat, operator_chat_of
from core.delivery.settlement import FollowUps
from core.models import Message, Person, SentMessage, Ticket
from core.tickets.conversation import answer_delivered, answer_failed
from core.tickets.reachability import lose_customer
from core.tx import ReadTx, Tx

_PLACED: Final = {"text": "notice", "content": "copy", "edit": "copy", "card": "card"}
_STANDS: Final = PreparedStatement(
    prepared(
        lambda insert: insert(SentMessage.__table__).on_conflict_do_nothing(
            index_elements=["chat", "message_ref"]
        )
    )
)


async def arrived(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """The other side has accepted the delivery."""
    if delivery.channel == TELEGRAM and delivery.kind in _PLACED:
        await _place(tx, delivery, sent)
    if delivery.kind == "card":
        await _note_card(tx, delivery, sent)
    if delivery.kind == "content" and delivery.person_id is not None:
        await answer_delivered(tx, _messages(delivery, sent))


def _messages(delivery: Delivery, sent: Sent) -> list[int]:
    """The messages that the delivery carried: one, or the pieces of an album."""
    carried = sent.note.get("messages")
    return list(carried) if carried else [delivery.message_id or 0]


async def _place(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """Store where the message is, so that replies and edits find it."""
    if not sent.message_refs:
        return
    role = _PLACED[delivery.kind]
    carried: list[Any] = list(
        sent.note.get("messages") or [delivery.message_id] * len(sent.message_refs)
    )
    carried += [delivery.message_id] * (len(sent.message_refs) - len(carried))
    copy = role == "copy"
    await _STANDS.change(
        tx.session,
        [
            {
                "chat": int(sent.note.get("chat", delivery.address)),
                "message_ref": int(message_ref),
                "role": role,
                "ticket_id": delivery.ticket_id,
                "message_id": message if copy else None,
            }
            for message_ref, message in zip(sent.message_refs, carried, strict=False)
        ],
    )


async def _note_card(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    ticket = await tx.session.get(Ticket, delivery.ticket_id)
    if ticket is None:
        return
    if sent.message_refs and await _has_moved(tx, ticket, delivery):
        await leave_pointer(tx, ticket.id, int(delivery.address), int(sent.message_refs[0]), None)
        return
    ticket.card_digest = sent.note.get("digest")
    if sent.message_refs:
        ticket.card_chat, ticket.card_message = int(delivery.address), int(sent.message_refs[0])


async def _has_moved(tx: Tx, ticket: Ticket, delivery: Delivery) -> bool:
    """Return whether the ticket went to another group while its card was on the way here."""
    here = int(delivery.address)
    if await operator_chat_of(tx, ticket.id) == here or not await is_operator_chat(tx, here):
        return False
    tx.invalidate(OperatorChats)  # another process may have changed them a moment ago
    return await is_operator_chat(tx, here) and await operator_chat_of(tx, ticket.id) != here


async def refused(tx: Tx, delivery: Delivery, reason: str) -> None:
    """The delivery will never arrive; whoever must know is told once (R12, X2).

    One copy of a message to many is no failure of the others.
    """
    if delivery.key in IN_GROUP:
        await tell_in_group(tx, delivery)
    answer = delivery.kind == "content" and delivery.person_id is not None
    if answer and delivery.message_id is not None:
        message = await tx.session.get_one(Message, delivery.message_id)
        answer = message.ticket_id == delivery.ticket_id
        if answer:
            await answer_failed(tx, message.id, reason)
    if reason == "blocked" and delivery.person_id is not None:
        person = await tx.session.get_one(Person, delivery.person_id)
        await lose_customer(tx, person, reason, by_answer=answer)


FOLLOW_UPS: Final = FollowUps(arrived, refused, ack_slow_answers)


async def copies_of(tx: ReadTx, message_id: int, chat: int) -> list[int]:
    """Return the refs of a message's copies in a chat, in order."""
    query = (
        select(SentMessage.message_ref)
        .where(SentMessage.message_id == message_id, SentMessage.chat == chat)
        .order_by(SentMessage.id)
    )
    return list(await tx.session.scalars(query))
