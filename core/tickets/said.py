"""Words as they came in, and finding what a message in a chat belongs to."""

from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from core.models import Message, Note, Placement
from core.tx import Look

# Text up to this many characters is shown whole by the ticket's card.
CARD_SHOWS: Final = 700


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody sent. ``content`` is what the channel needs to say it again elsewhere.

    ``chat`` and ref ``message`` say where it stands; ``album`` joins messages sent as one;
    ``reply_to`` is the ref of the message it answers.
    """

    chat: int
    message: int
    kind: str
    text: str
    content: dict[str, Any] = field(default_factory=dict)
    album: str | None = None
    reply_to: int | None = None


@dataclass(frozen=True, slots=True)
class Belongs:
    """What a message in a chat is: of which ticket, whose words, a note."""

    ticket_id: int | None
    message_id: int | None = None
    note_id: int | None = None
    ours: bool = False


async def find_belonging(look: Look, chat: int, ref: int) -> Belongs | None:
    """What stands at this place of a chat, if it is anything of the desk's."""
    placed = (
        await look.session.execute(
            select(Placement.ticket_id, Placement.message_id).where(
                Placement.chat == chat, Placement.ref == ref
            )
        )
    ).one_or_none()
    if placed is not None:
        return Belongs(placed.ticket_id, placed.message_id, ours=True)
    written = (
        await look.session.execute(
            select(Message.ticket_id, Message.id)
            .where(Message.source_chat == chat, Message.source_message == ref)
            .limit(1)
        )
    ).one_or_none()
    if written is not None:
        return Belongs(written.ticket_id, written.id)
    noted = (
        await look.session.execute(
            select(Note.ticket_id, Note.id)
            .where(Note.source_chat == chat, Note.source_message == ref)
            .limit(1)
        )
    ).one_or_none()
    return None if noted is None else Belongs(noted.ticket_id, note_id=noted.id)
