"""What Telegram was last told of the bot, by its digest."""

from typing import Final

from sqlalchemy import select

from core.models import Fact, Person
from core.tx import Look, Tx

INTRODUCED: Final = "introduced"


async def find_introduced(look: Look) -> str | None:
    """The digest of what was said last; ``None`` before the first time."""
    fact = await look.session.get(Fact, INTRODUCED)
    return None if fact is None else str(fact.value["digest"])


async def note_introduced(tx: Tx, digest: str) -> None:
    """All of it was said."""
    fact = await tx.session.get(Fact, INTRODUCED)
    if fact is None:
        fact = Fact(name=INTRODUCED, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = {"digest": digest}, tx.now


async def reachable_admins(look: Look) -> frozenset[int]:
    """Telegram ids of the admins who have written to the bot, and can be written to."""
    query = select(Person.telegram_id).where(
        Person.telegram_id.in_(look.company.admins), Person.unreachable_since.is_(None)
    )
    return frozenset(id_ for id_ in await look.session.scalars(query) if id_ is not None)
