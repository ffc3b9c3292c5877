"""What follows when a delivery has arrived or never will (X2, R12).

Where messages and cards stand, answers delivered or failed, customers who blocked the bot.
"""

from typing import Final

from core.address_holders import reads_page
from core.addresses import ON_SCREEN, Address, MessageRef
from core.delivery.acknowledgements import IN_GROUP, ack_slow_answers, sign_later, tell_in_group
from core.delivery.alerts import note_alert
from core.delivery.card_updates import BOARD, leave_pointer, pin, point_to_card
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import OperatorChats, is_operator_chat, operator_chat_of
from core.delivery.notices import UNASK
from core.delivery.questions import forget_questions, note_question_sent
from core.delivery.sent_messages import (
    note_card,
    note_former_card,
    note_redrawn,
    note_sent,
    standing_card,
)
from core.delivery.settlement import FollowUps
from core.events import CardNotShown, CopyNotMailed, PersonUnreachable, WordsNotShown
from core.models import Message, OutboxRow, Person, Ticket
from core.people.identity import Sender, find_by_address, lose
from core.tickets.board import note_board
from core.tickets.by_letter import address_for_answers, go_on_by_letter, send_by_letter
from core.tickets.conversation import answer_delivered, answer_failed
from core.tickets.customer_tickets import open_numbers
from core.tickets.relations import merged_into
from core.tickets.silence import watch_delivery
from core.tx import Tx
from core.words.names import clean_name

DELIVERED: Final = "👌"
# So much of a customer's words names what operators could not be shown.
QUOTED: Final = 120


async def arrived(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """The other side has accepted the delivery."""
    await note_sent(tx, delivery, sent)
    if delivery.kind == "text" and sent.message_refs:
        await note_alert(tx, delivery, sent.message_refs[0])
        await note_question_sent(tx, delivery, sent)
    if delivery.kind == UNASK:
        await forget_questions(tx, delivery)
    if delivery.kind == "card":
        await _note_card(tx, delivery, sent)
    if delivery.kind == BOARD and sent.message_refs:
        await note_board(tx, delivery.to, sent.message_refs[0])
    if delivery.kind == "content" and delivery.person_id is not None:
        pieces = sent.note.get("messages")  # of an album
        await answer_delivered(tx, list(pieces) if pieces else [delivery.message_id or 0])
        if tx.company.letter_channels:
            await watch_delivery(tx, delivery)
    elif delivery.facts.get("shown") and sent.message_refs:
        await _sign_shown(tx, delivery, sent.message_refs[-1])


async def _sign_shown(tx: Tx, delivery: Delivery, place: str) -> None:
    """An answer that colleagues see after it was delivered gets its receipt now (X2)."""
    message = await tx.find(Message, delivery.message_id or 0)
    if message is None or message.from_customer or message.source.channel != ON_SCREEN:
        return
    if message.delivered_at is not None and message.withdrawn_at is None:
        shown = MessageRef(delivery.channel, delivery.address, place)
        await sign_later(tx, shown, DELIVERED, tx.now)


async def _note_card(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """The ticket is held, so that it has one card even if two arrive together."""
    number, digest = delivery.ticket_id or 0, sent.note.get("digest")
    if not sent.message_refs:
        await note_redrawn(tx, number, digest)
        return
    if await tx.find(Ticket, number, hold=True) is None:
        return
    card = MessageRef(delivery.channel, delivery.address, sent.message_refs[0])
    if await _has_moved(tx, number, delivery.to):
        await note_former_card(tx, number, card)
        await leave_pointer(tx, number, card, None)
        return
    before, thread = await standing_card(tx, number), sent.note.get("thread")
    await note_card(tx, number, card, digest, thread)
    if before is not None and before[0].address == card.address and before[1] != thread:
        await point_to_card(tx, number, before[0], card)
    if thread is not None:
        await pin(tx, number, card)


async def _has_moved(tx: Tx, ticket_id: int, here: Address) -> bool:
    """Return whether the ticket went to another group while its card was on the way here."""
    if await operator_chat_of(tx, ticket_id) == here or not await is_operator_chat(tx, here):
        return False
    tx.invalidate(OperatorChats)  # another process may have changed them a moment ago
    return await is_operator_chat(tx, here) and await operator_chat_of(tx, ticket_id) != here


async def refused(tx: Tx, delivery: Delivery, reason: str) -> None:
    """The delivery will never arrive; whoever must know is told once (R12, X2).

    One copy of a message to many is no failure of the others.
    """
    if delivery.key in IN_GROUP:
        await tell_in_group(tx, delivery)
    if delivery.person_id is None:
        await _tell_what_operators_miss(tx, delivery)
    if reason == "blocked" and await send_by_letter(tx, delivery):
        return
    answer = delivery.kind == "content" and delivery.person_id is not None
    if answer and delivery.message_id is not None:
        message = await tx.get(Message, delivery.message_id)
        answer = message.ticket_id == await _ticket_now(tx, delivery.ticket_id)
        if answer:
            await answer_failed(tx, message.id, reason, by_letter=_is_letter(tx, delivery.channel))
    here = await _ticket_now(tx, delivery.ticket_id)
    _tell_of_copy(tx, delivery.kind, here, delivery.message_id)
    if reason == "blocked" and delivery.kind != "unread" and delivery.person_id is not None:
        person = await tx.get(Person, delivery.person_id)
        if not reads_page(person):  # a mail besides the page was refused
            await lose_customer(tx, person, reason, by_answer=answer)


async def _ticket_now(tx: Tx, ticket_id: int | None) -> int | None:
    """Where the words of that ticket are now: it may have been merged since they set out."""
    return None if ticket_id is None else await merged_into(tx, ticket_id) or ticket_id


def _is_letter(tx: Tx, channel: str) -> bool:
    return channel in tx.company.letter_channels


def _tell_of_copy(tx: Tx, kind: str, ticket_id: int | None, message_id: int | None) -> None:
    """Tell operators of a copy by mail that never arrives: the answer itself has (F8)."""
    if kind == "unread":
        tx.emit(CopyNotMailed(ticket_id=ticket_id, message_id=message_id or 0))


async def _tell_what_operators_miss(tx: Tx, delivery: Delivery) -> None:
    """A card, or words of a customer, that operators will never see: somebody must know (X2)."""
    if delivery.kind == "card":
        tx.emit(CardNotShown(ticket_id=delivery.ticket_id))
    if delivery.kind not in {"content", "edit"} or delivery.message_id is None:
        return
    message = await tx.find(Message, delivery.message_id)
    if message is None or not message.from_customer:
        return
    person = await tx.get(Person, message.author_id)
    letter = message.source.channel in tx.company.letter_channels
    tx.emit(
        WordsNotShown(
            ticket_id=message.ticket_id or delivery.ticket_id,
            message_id=message.id,
            content_kind=str(message.content.get("kind", "text")),
            words=clean_name(message.text, QUOTED) if message.text.strip() else "",
            told=not letter and person.address == message.source.address,
        )
    )


async def report_undelivered(tx: Tx, outbox_id: int, ticket_id: int, reason: str) -> None:
    """The other side had accepted a delivery, and says now that it will never arrive (F5).

    ``ticket_id``: its ticket, 0 without one. After a restore another row may have the id (R21).
    ``reason``: ``blocked`` if nothing else will arrive there either.
    """
    row = await tx.find(OutboxRow, outbox_id)
    if row is None or row.state != "sent" or (row.ticket_id or 0) != ticket_id:
        return
    answer = row.kind == "content" and row.person_id is not None and row.message_id is not None
    if answer and row.message_id is not None:
        message = await tx.get(Message, row.message_id)
        message.delivered_at = None
        await tx.write()
        await answer_failed(tx, message.id, reason, by_letter=_is_letter(tx, row.channel))
    _tell_of_copy(tx, row.kind, await _ticket_now(tx, row.ticket_id), row.message_id)
    if reason != "blocked" or row.person_id is None:
        return
    person = await tx.get(Person, row.person_id)
    if person.address == Address(row.channel, row.address):
        await lose_customer(tx, person, reason, by_answer=answer)


async def lose_sender(tx: Tx, sender: Sender, reason: str) -> None:
    """Note that the sender has blocked us where they wrote from."""
    person = await find_by_address(tx, sender.address)
    if person is not None:
        await lose_customer(tx, person, reason, by_answer=False)


async def lose_customer(tx: Tx, person: Person, reason: str, *, by_answer: bool) -> None:
    """Note it and tell each open ticket, unless mail reaches them. ``by_answer``: a failed answer
    showed it.
    """
    if await go_on_by_letter(tx, person) or not lose(tx, person):
        return
    there = person.address
    by_letter = there is not None and _is_letter(tx, there.channel)
    noted = None if by_letter else await address_for_answers(tx, person)
    for number in await open_numbers(tx, person.id) or (None,):
        tx.emit(
            PersonUnreachable(
                ticket_id=number,
                person_id=person.id,
                reason=reason,
                by_answer=by_answer,
                by_letter=by_letter,
                to="" if noted is None else noted.chat,
            )
        )


FOLLOW_UPS: Final = FollowUps(arrived, refused, ack_slow_answers)
