"""Which Telegram ids are operators': asked for at every private message, so cached."""

from typing import Any, Final

from sqlalchemy import select

from core.models import Person
from core.tx import ReadTx

_WORKING: Final = select(Person.telegram_id).where(
    Person.operator_since.is_not(None),
    Person.operator_left.is_(None),
    Person.telegram_id.is_not(None),
)


class OperatorIds(frozenset[int]):
    """Telegram ids of the operators: members of the operator group, as far as the desk knows."""


async def operator_ids_of(tx: ReadTx) -> OperatorIds:
    """Telegram ids of all operators, read once and kept until somebody joins or leaves."""
    return await tx.cached(OperatorIds, _read_operator_ids)


async def _read_operator_ids(tx: ReadTx) -> OperatorIds:
    rows: list[Any] = list(await tx.session.scalars(_WORKING))
    return OperatorIds(rows)


async def works_here(tx: ReadTx, telegram_id: int) -> bool:
    """Operators and admins, wherever they write."""
    return telegram_id in tx.company.admins or telegram_id in await operator_ids_of(tx)
