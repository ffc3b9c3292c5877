"""Who works here by now: asked at every private message, so kept at hand."""

from typing import Any, Final

from sqlalchemy import select

from core.models import Person
from core.tx import Look

_WORKING: Final = select(Person.telegram_id).where(
    Person.operator_since.is_not(None),
    Person.operator_left.is_(None),
    Person.telegram_id.is_not(None),
)


class Roll(frozenset[int]):
    """Telegram ids of the operators: members of the operator group, as far as the desk knows."""


async def roll_of(look: Look) -> Roll:
    """The roll, read once and kept until somebody joins or leaves."""
    found: Roll | None = look.directory.get(Roll)
    if found is None:
        rows: list[Any] = list(await look.session.scalars(_WORKING))
        found = look.directory[Roll] = Roll(rows)
    return found


async def works_here(look: Look, telegram_id: int) -> bool:
    """Operators and admins, wherever they write."""
    return telegram_id in look.company.admins or telegram_id in await roll_of(look)
