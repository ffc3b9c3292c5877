"""Where the desk's messages are: copies, notices and cards, by the references of their channels.

By them a reply finds its ticket, an edit finds its copies, and a card is drawn where it stands.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, update

from core.addresses import Address, MessageRef
from core.db import PreparedStatement, constant
from core.db.statements import prepared
from core.delivery.channel import Delivery, Sent
from core.models import Message, SentMessage
from core.tx import ReadTx, Tx

CARD: Final = "card"
FORMER_CARD: Final = "former_card"
FLOOD: Final = "flood"
QUESTION: Final = "question"
NOTICE: Final = "notice"
# The fact of a notice that takes the place of the question to which it is the answer.
IN_PLACE_OF: Final = "in_place_of"
_ROLES: Final = {
    "text": NOTICE,
    "content": "copy",
    "edit": "copy",
    "unread": "copy",
    FLOOD: FLOOD,
}
# What stands for a stored message.
_CARRYING: Final = frozenset({"copy", FLOOD})
# So much is recalled by a new process: more than can be under way at once.
RECALLED: Final = 500

_TABLE: Final[Any] = SentMessage.__table__
_SENT: Final = _TABLE.c
_PLACE: Final = ("channel", "chat", "message")
_STANDS: Final = PreparedStatement(
    prepared(lambda insert: insert(_TABLE).on_conflict_do_nothing(index_elements=_PLACE)),
    apart=True,
)


def _upsert(insert: Any) -> Any:
    new = insert(_TABLE)
    change = {name: new.excluded[name] for name in ("role", "ticket_id", "digest", "thread")}
    return new.on_conflict_do_update(index_elements=_PLACE, set_=change)


_UPSERT: Final = PreparedStatement(prepared(_upsert))
_IS_CARD: Final = (_SENT.ticket_id == bindparam("ticket"), _SENT.role == constant(CARD))
_NO_CARD_ANY_MORE: Final = PreparedStatement(
    update(_TABLE).where(*_IS_CARD).values(role=constant(FORMER_CARD))
)
_DRAWN_ANEW: Final = PreparedStatement(
    update(_TABLE).where(*_IS_CARD).values(digest=bindparam("drawn"))
)
_CARD_OF: Final = PreparedStatement(
    select(_SENT.channel, _SENT.chat, _SENT.message, _SENT.thread).where(*_IS_CARD)
)

_NOTICE_THERE: Final = PreparedStatement(
    select(_SENT.id).where(
        _SENT.channel == bindparam("channel"),
        _SENT.chat == bindparam("chat"),
        _SENT.message == bindparam("message"),
        _SENT.role == constant(NOTICE),
        _SENT.ticket_id.is_not(None),
    )
)


async def note_sent(tx: Tx, delivery: Delivery, sent: Sent) -> None:
    """Note what stands where, so that replies and edits find it."""
    role = _ROLES.get(delivery.kind)
    if role is None or not sent.message_refs:
        return
    carried: list[Any] = list(
        sent.note.get("messages") or [delivery.message_id] * len(sent.message_refs)
    )
    carried += [delivery.message_id] * (len(sent.message_refs) - len(carried))
    chat = str(sent.note.get("chat", delivery.address))
    rows = [
        _row(MessageRef(delivery.channel, chat, str(number)), role, delivery.ticket_id)
        | {"message_id": message if role in _CARRYING else None}
        for number, message in zip(sent.message_refs, carried, strict=False)
    ]
    if not delivery.facts.get(IN_PLACE_OF):
        await _STANDS.change(tx.session, rows)
        return
    for row in rows:  # the question stood there, of no ticket
        await upsert_place(tx, row | {"digest": None, "thread": None})


async def note_in_place(tx: Tx, ticket_id: int, ref: MessageRef) -> None:
    """The confirmation of a ticket is to stand where the question does: what else is pressed there
    from now on is outdated, also before it has arrived.
    """
    row = _row(ref, NOTICE, ticket_id) | {"digest": None, "thread": None}
    await upsert_place(tx, row)


async def is_ticket_notice(tx: ReadTx, ref: MessageRef) -> bool:
    """Return whether a notice of some ticket stands there, or is to."""
    place = {"channel": ref.channel, "chat": ref.chat, "message": ref.message}
    return bool(await _NOTICE_THERE.rows(tx.session, place))


def _row(ref: MessageRef, role: str, ticket_id: int | None) -> dict[str, Any]:
    place = {"channel": ref.channel, "chat": ref.chat, "message": ref.message}
    return place | {"role": role, "ticket_id": ticket_id}


async def upsert_place(tx: Tx, row: dict[str, Any]) -> None:
    """Note a message with all its columns, whatever was noted of it before."""
    await _UPSERT.change(tx.session, row)


async def note_card(
    tx: Tx, ticket_id: int, ref: MessageRef, digest: str | None, thread: str | None = None
) -> None:
    """The ticket's card stands here from now on, and looks so; the one before it is none."""
    await _NO_CARD_ANY_MORE.change(tx.session, {"ticket": ticket_id})
    card = _row(ref, CARD, ticket_id) | {"digest": digest, "thread": thread}
    await upsert_place(tx, card)


async def note_former_card(tx: Tx, ticket_id: int, ref: MessageRef) -> None:
    """A card was posted here, but the ticket's card is to stand elsewhere."""
    await upsert_place(tx, _row(ref, FORMER_CARD, ticket_id) | {"digest": None, "thread": None})


async def note_question(tx: Tx, ticket_id: int, ref: MessageRef, command: str) -> None:
    """What is answered to this message stands for the words of the command, about the ticket."""
    asked = _row(ref, QUESTION, ticket_id) | {"digest": command, "thread": None}
    await upsert_place(tx, asked)


async def note_redrawn(tx: Tx, ticket_id: int, digest: str | None) -> None:
    """The ticket's card looks so by now, where it stands."""
    await _DRAWN_ANEW.change(tx.session, {"ticket": ticket_id, "drawn": digest})


async def forget_cards(tx: Tx, chat: Address) -> None:
    """Cards that stand in this chat cannot be drawn any more."""
    await tx.change(
        update(SentMessage)
        .where(
            SentMessage.channel == chat.channel,
            SentMessage.chat == chat.chat,
            SentMessage.role == constant(CARD),
        )
        .values(role=FORMER_CARD)
        .execution_options(synchronize_session=False)
    )


async def card_place(tx: ReadTx, ticket_id: int) -> MessageRef | None:
    """Where the ticket's card stands, if it stands anywhere."""
    card = await standing_card(tx, ticket_id)
    return None if card is None else card[0]


async def standing_card(tx: ReadTx, ticket_id: int) -> tuple[MessageRef, str | None] | None:
    """Where the ticket's card stands, and in which thread of the chat."""
    rows = await _CARD_OF.rows(tx.session, {"ticket": ticket_id})
    return next((MessageRef(*place), thread) for *place, thread in rows) if rows else None


async def with_cards(tx: ReadTx, numbers: Sequence[int]) -> set[int | None]:
    """Those of the tickets whose card stands somewhere."""
    query = select(SentMessage.ticket_id).where(
        SentMessage.ticket_id.in_(numbers), SentMessage.role == constant(CARD)
    )
    return set(await tx.all(query))


async def copies_of(tx: ReadTx, message_id: int, chat: Address) -> list[str]:
    """Where copies of a message stand in a chat, in order."""
    query = (
        select(SentMessage.message)
        .where(
            SentMessage.message_id == message_id,
            SentMessage.channel == chat.channel,
            SentMessage.chat == chat.chat,
        )
        .order_by(SentMessage.id)
    )
    return await tx.all(query)


async def is_newest_notice(tx: ReadTx, ticket_id: int, ref: MessageRef) -> bool:
    """Whether no later notice of the ticket stands in the same chat."""
    query = (
        select(SentMessage.message)
        .where(
            SentMessage.ticket_id == ticket_id,
            SentMessage.role == NOTICE,
            SentMessage.channel == ref.channel,
            SentMessage.chat == ref.chat,
        )
        .order_by(SentMessage.id.desc())
        .limit(1)
    )
    return await tx.first(query) == ref.message


async def find_standing(tx: ReadTx, channel: str, chat: str | None = None) -> list[MessageRef]:
    """The newest messages of a channel that are accounted for, whoever wrote them; of one chat, or
    of all.
    """
    said, sent = Message, SentMessage
    found: list[MessageRef] = []
    for query, there in (
        (
            select(said.source_channel, said.source_chat, said.source_message)
            .where(said.source_channel == channel)
            .order_by(said.id.desc()),
            said.source_chat,
        ),
        (
            select(sent.channel, sent.chat, sent.message)
            .where(sent.channel == channel)
            .order_by(sent.id.desc()),
            sent.chat,
        ),
    ):
        here = query if chat is None else query.where(there == chat)
        found += [MessageRef(*row) for row in reversed(await tx.rows(here.limit(RECALLED)))]
    return found
