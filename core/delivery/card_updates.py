"""Posts, refreshes and drops cards, and moves them to another group, leaving a pointer."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import select, update

from core.addresses import Address, MessageRef
from core.delivery import outbox
from core.delivery.linked_chats import operator_chat_of
from core.delivery.outbox import row, write
from core.delivery.outbox_store import PENDING
from core.delivery.pacing import Priority
from core.delivery.sent_messages import card_place
from core.models import OutboxRow, Ticket
from core.tx import Tx


async def refresh_cards(
    tx: Tx, numbers: Iterable[int], priority: Priority, *, wait: float = 0.0, name: str = "card"
) -> None:
    """Queue a refresh of these cards in ``wait`` seconds; those of one ``name`` are one."""
    rooms = [(number, await operator_chat_of(tx, number)) for number in numbers]
    rows = [
        row(
            tx,
            chat,
            "card",
            priority,
            # one that waits long must not hold up another of the same card
            ordering_key=f"{chat.chat}:{number}:{name}",
            ticket_id=number,
            dedup_key=f"{name}:{number}@{chat.chat}",
            wait=wait,
        )
        for number, chat in rooms
        if chat is not None
    ]
    await write(tx, rows)


async def post_cards(tx: Tx, numbers: Iterable[int]) -> None:
    """Queue the cards of tickets that have none yet, each for the group of its operators."""
    chats = [(number, await operator_chat_of(tx, number)) for number in numbers]
    await write(tx, [_card(tx, number, chat) for number, chat in chats if chat is not None])


async def post_missing_cards(tx: Tx, numbers: Sequence[int], chat: Address) -> None:
    """Queue cards in this chat for those of the tickets that have none on its way there."""
    on_its_way = select(OutboxRow.ticket_id).where(
        OutboxRow.kind == "card",
        OutboxRow.channel == chat.channel,
        OutboxRow.address == chat.chat,
        OutboxRow.state.in_(PENDING),
    )
    coming = set(await tx.session.scalars(on_its_way))
    await write(tx, [_card(tx, number, chat) for number in numbers if number not in coming])


async def drop_cards(tx: Tx, numbers: Iterable[int], why: str) -> None:
    """Drop the cards of these tickets that have not been sent yet."""
    await tx.session.execute(
        update(OutboxRow)
        .where(
            OutboxRow.ticket_id.in_(list(numbers)),
            OutboxRow.kind == "card",
            OutboxRow.state == "queued",
            OutboxRow.probe_context.is_(None),
        )
        .values(state="dropped", error=why, done_at=tx.now)
        .execution_options(synchronize_session=False)
    )


MOVED_CARD: Final = "signpost"
PIN: Final = "pin"
REMOVE: Final = "remove"
BOARD: Final = "board"
TOLD: Final = "group.rehoused"
CARD_MOVED: Final = "group.card_moved"


async def move_card(tx: Tx, ticket: Ticket, old: Address | None, to: str) -> None:
    """Post the card of a ticket that has come from the chat ``old`` to another one.

    The card that stood in the old chat points to ``to``, whose the ticket is now; words that waited
    to be shown there are shown in the new one.
    """
    new = await operator_chat_of(tx, ticket.id)
    if new is None or old == new:
        return
    if old is not None:
        await _move_waiting(tx, ticket.id, old, new)
    await outbox.write(tx, [_card(tx, ticket.id, new)])
    card = await card_place(tx, ticket.id)
    if card is not None and card.address == old:
        await leave_pointer(tx, ticket.id, card, to)


async def _move_waiting(tx: Tx, ticket_id: int, old: Address, new: Address) -> None:
    waiting = (
        update(OutboxRow)
        .where(
            OutboxRow.ticket_id == ticket_id,
            OutboxRow.channel == old.channel,
            OutboxRow.address == old.chat,
            OutboxRow.state == "queued",
        )
        .execution_options(synchronize_session=False)
    )
    dropped = {"state": "dropped", "error": "the ticket has moved", "done_at": tx.now}
    await tx.session.execute(waiting.where(OutboxRow.kind == "card").values(**dropped))
    there = {
        "channel": new.channel,
        "address": new.chat,
        "ordering_key": f"{new.chat}:{ticket_id}",
    }
    words = OutboxRow.kind.in_(("content", "edit"))
    await tx.session.execute(waiting.where(words).values(**there))


def _card(tx: Tx, ticket_id: int, chat: Address) -> dict[str, Any]:
    return outbox.row(
        tx,
        chat,
        "card",
        Priority.GROUP_NEWS,
        ordering_key=f"{chat.chat}:{ticket_id}",
        ticket_id=ticket_id,
        dedup_key=f"card:{ticket_id}@{chat.chat}",
    )


async def leave_pointer(tx: Tx, ticket_id: int, card: MessageRef, to: str | None) -> None:
    """Replace the card by a line that says with whom the ticket is now."""
    await _replace(tx, ticket_id, card, TOLD, {"to": to})


async def point_to_card(tx: Tx, ticket_id: int, card: MessageRef, new: MessageRef) -> None:
    """Replace the card by a line that leads to the ``new`` one in the same chat."""
    await _replace(tx, ticket_id, card, CARD_MOVED, {"card": str(new)})


async def _replace(
    tx: Tx, ticket_id: int, card: MessageRef, key: str, facts: dict[str, Any]
) -> None:
    post = outbox.row(
        tx,
        card.address,
        MOVED_CARD,
        Priority.GROUP_NEWS,
        ordering_key=f"{card.chat}:{ticket_id}:card",
        key=key,
        facts={"number": ticket_id, "ref": card.message, **facts},
        ticket_id=ticket_id,
    )
    await outbox.write(tx, [post])


async def remove_later(tx: Tx, chat: Address, messages: Sequence[int], seconds: float) -> None:
    """Queue the removal of our messages in ``seconds``: what one person asked for (X16)."""
    removal = outbox.row(
        tx,
        chat,
        REMOVE,
        Priority.CARD_REFRESH,
        ordering_key=f"{chat.chat}:remove:{messages[0]}",
        facts={"refs": list(messages)},
        wait=seconds,
    )
    await outbox.write(tx, [removal])


async def draw_board(tx: Tx, chat: Address) -> None:
    """Queue the drawing of the chat's board (X6)."""
    drawing = outbox.row(
        tx,
        chat,
        BOARD,
        Priority.DIGEST,
        ordering_key=f"{chat.chat}:{BOARD}",
        dedup_key=f"{BOARD}@{chat.chat}",
    )
    await outbox.write(tx, [drawing])


async def pin(tx: Tx, ticket_id: int | None, message: MessageRef) -> None:
    """Queue the pinning of a message of ours."""
    post = outbox.row(
        tx,
        message.address,
        PIN,
        Priority.CARD_REFRESH,
        ordering_key=f"{message.chat}:{ticket_id or 0}:card",
        facts={"ref": message.message},
        ticket_id=ticket_id,
    )
    await outbox.write(tx, [post])
