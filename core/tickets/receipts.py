"""What follows when a parcel has arrived, or will not: placements, the card's place, receipts."""

from typing import Any, Final

from sqlalchemy import select

from core.db import Straight
from core.db.conflict import prepared
from core.delivery.channel import Outgoing, Sent
from core.delivery.outbox import TELEGRAM, row, write
from core.delivery.pacing import Priority
from core.delivery.rehousing import put_signpost
from core.delivery.rooms import Rooms, is_room, room_of
from core.models import Message, Person, Placement, Ticket
from core.tickets.conversation import answer_delivered, answer_failed
from core.tickets.reach import lose_customer
from core.tx import Look, Tx

_PLACED: Final = {"text": "notice", "content": "copy", "edit": "copy", "card": "card"}
_STANDS: Final = Straight(
    prepared(
        lambda insert: insert(Placement.__table__).on_conflict_do_nothing(
            index_elements=["chat", "ref"]
        )
    )
)


async def arrived(tx: Tx, parcel: Outgoing, sent: Sent) -> None:
    """The other side has accepted the parcel."""
    if parcel.channel == TELEGRAM and parcel.kind in _PLACED:
        await _place(tx, parcel, sent)
    if parcel.kind == "card":
        await _note_card(tx, parcel, sent)
    if parcel.kind == "content" and parcel.person_id is not None:
        await answer_delivered(tx, _messages(parcel, sent))


def _messages(parcel: Outgoing, sent: Sent) -> list[int]:
    """The messages that the parcel carried: one, or the pieces of an album."""
    carried = sent.note.get("messages")
    return list(carried) if carried else [parcel.message_id or 0]


async def _place(tx: Tx, parcel: Outgoing, sent: Sent) -> None:
    """Note what stands where, so that replies and edits find it."""
    if not sent.refs:
        return
    role = _PLACED[parcel.kind]
    carried: list[Any] = list(sent.note.get("messages") or [parcel.message_id] * len(sent.refs))
    carried += [parcel.message_id] * (len(sent.refs) - len(carried))
    copy = role == "copy"
    await _STANDS.change(
        tx.session,
        [
            {
                "chat": int(sent.note.get("chat", parcel.address)),
                "ref": int(ref),
                "role": role,
                "ticket_id": parcel.ticket_id,
                "message_id": message if copy else None,
            }
            for ref, message in zip(sent.refs, carried, strict=False)
        ],
    )


async def _note_card(tx: Tx, parcel: Outgoing, sent: Sent) -> None:
    ticket = await tx.session.get(Ticket, parcel.ticket_id)
    if ticket is None:
        return
    if sent.refs and await _has_moved(tx, ticket, parcel):
        await put_signpost(tx, ticket.id, int(parcel.address), int(sent.refs[0]), None)
        return
    ticket.card_digest = sent.note.get("digest")
    if sent.refs:
        ticket.card_chat, ticket.card_message = int(parcel.address), int(sent.refs[0])


async def _has_moved(tx: Tx, ticket: Ticket, parcel: Outgoing) -> bool:
    """The ticket went to another group while its card was on the way to this one."""
    here = int(parcel.address)
    if await room_of(tx, ticket.id) == here or not await is_room(tx, here):
        return False
    tx.forget(Rooms)  # another process may have changed them a moment ago
    return await is_room(tx, here) and await room_of(tx, ticket.id) != here


# What a colleague is told in private, and in the group if the bot may not write to them (G4).
IN_GROUP: Final = {
    "staff.assigned": "group.assigned.person",
    "staff.assigned.why": "group.assigned.person.why",
    "staff.escalated": "group.escalated.person",
    "staff.escalated.why": "group.escalated.person.why",
}


async def _tell_in_group(tx: Tx, parcel: Outgoing) -> None:
    chat = await room_of(tx, parcel.ticket_id)
    if chat is None:
        return
    told = row(
        tx,
        str(chat),
        "text",
        Priority.GROUP_NEWS,
        lane=f"{chat}:{parcel.ticket_id}",
        key=IN_GROUP[parcel.key or ""],
        facts={**parcel.facts, "reply": "card"},
        ticket_id=parcel.ticket_id,
    )
    await write(tx, [told])


async def refused(tx: Tx, parcel: Outgoing, reason: str) -> None:
    """The parcel will never arrive; whoever must know is told once (R12, X2).

    Of words that went to many, one copy says nothing of the others.
    """
    if parcel.key in IN_GROUP:
        await _tell_in_group(tx, parcel)
    answer = parcel.kind == "content" and parcel.person_id is not None
    if answer and parcel.message_id is not None:
        message = await tx.session.get_one(Message, parcel.message_id)
        answer = message.ticket_id == parcel.ticket_id
        if answer:
            await answer_failed(tx, message.id, reason)
    if reason == "blocked" and parcel.person_id is not None:
        person = await tx.session.get_one(Person, parcel.person_id)
        await lose_customer(tx, person, reason, alone=not answer)


async def look_slow(tx: Tx, message_ids: list[int]) -> None:
    """Answers that take long get 👀 on the operator's message: stored, on their way (X2)."""
    rows: list[dict[str, Any]] = []
    for number in message_ids:
        message = await tx.session.get(Message, number)
        if message is None or message.delivered_at or message.withdrawn_at:
            continue
        chat = message.source_chat
        if not await is_room(tx, chat):
            continue
        rows.append(
            row(
                tx,
                str(chat),
                "reaction",
                Priority.RECEIPT,
                lane=f"{chat}:{message.ticket_id}:reaction",
                facts={"emoji": "👀", "reply": message.source_message},
                ticket_id=message.ticket_id,
                message_id=message.id,
                once=f"receipt:{message.id}@{chat}",
            )
        )
    await write(tx, rows)


async def copies_of(look: Look, message_id: int, chat: int) -> list[int]:
    """Where copies of a message stand in a chat, in order."""
    query = (
        select(Placement.ref)
        .where(Placement.message_id == message_id, Placement.chat == chat)
        .order_by(Placement.id)
    )
    return list(await look.session.scalars(query))
