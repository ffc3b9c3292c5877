"""Long messages that an app has cut in two: only the first part is a reply or a command."""

from typing import Final

from sqlalchemy import select

from core.models import Message, Person
from core.tx import Look
from core.words.graphemes import units

# Telegram cuts at 4096; the command itself is not kept.
_FULL: Final = 4000


async def is_tail(look: Look, telegram_id: int, chat: int, ref: int) -> bool:
    """Whether the message right before this one was a full answer of the same person."""
    query = (
        select(Message.text)
        .join(Person, Message.author_id == Person.id)
        .where(
            Message.source_chat == chat,
            Message.source_message == ref - 1,
            Message.from_customer.is_(False),
            Person.telegram_id == telegram_id,
        )
    )
    before = (await look.session.scalars(query.limit(1))).one_or_none()
    return before is not None and units(before) >= _FULL
