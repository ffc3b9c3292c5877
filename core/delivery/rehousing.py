"""A ticket's card moves to another group: what stood in the old one shows the way."""

from typing import Any, Final

from sqlalchemy import update

from core.delivery import outbox
from core.delivery.pacing import Priority
from core.delivery.rooms import room_of
from core.models import OutboxRow, Ticket
from core.tx import Tx

SIGNPOST: Final = "signpost"
TOLD: Final = "group.rehoused"


async def rehouse(tx: Tx, ticket: Ticket, old: int | None, to: str) -> None:
    """The ticket has come from the chat ``old`` to another one: there it gets a card.

    The card that stood in the old chat points to ``to``, whose the ticket is now; words that waited
    to be shown there are shown in the new one.
    """
    new = await room_of(tx, ticket.id)
    if new is None or old == new:
        return
    if old is not None:
        await _move_waiting(tx, ticket.id, old, new)
    await outbox.write(tx, [_card(tx, ticket.id, new)])
    if ticket.card_chat == old and ticket.card_message is not None:
        await put_signpost(tx, ticket.id, ticket.card_chat or 0, ticket.card_message, to)


async def _move_waiting(tx: Tx, number: int, old: int, new: int) -> None:
    waiting = (
        update(OutboxRow)
        .where(
            OutboxRow.ticket_id == number,
            OutboxRow.address == str(old),
            OutboxRow.state == "queued",
        )
        .execution_options(synchronize_session=False)
    )
    dropped = {"state": "dropped", "error": "the ticket has moved", "done_at": tx.now}
    await tx.session.execute(waiting.where(OutboxRow.kind == "card").values(**dropped))
    there = {"address": str(new), "lane": f"{new}:{number}"}
    words = OutboxRow.kind.in_(("content", "edit"))
    await tx.session.execute(waiting.where(words).values(**there))


def _card(tx: Tx, number: int, chat: int) -> dict[str, Any]:
    return outbox.row(
        tx,
        str(chat),
        "card",
        Priority.GROUP_NEWS,
        lane=f"{chat}:{number}",
        ticket_id=number,
        once=f"card:{number}@{chat}",
    )


async def put_signpost(tx: Tx, number: int, chat: int, ref: int, to: str | None) -> None:
    """The card that stands at this place is none any more; it says with whom the ticket is."""
    post = outbox.row(
        tx,
        str(chat),
        SIGNPOST,
        Priority.GROUP_NEWS,
        lane=f"{chat}:{number}:card",
        key=TOLD,
        facts={"number": number, "to": to, "ref": ref},
        ticket_id=number,
    )
    await outbox.write(tx, [post])
