"""Who works here by now: asked at every private message, so kept at hand."""

from typing import Final

from core.address_holders import addresses_where
from core.addresses import Address
from core.models import Person
from core.tx import ReadTx

_WORKING: Final = addresses_where(
    Person.operator_since.is_not(None), Person.operator_left.is_(None)
)


class OperatorIds(frozenset[Address]):
    """Addresses of the operators: members of the operator group, as far as the desk knows."""


async def operator_ids_of(tx: ReadTx) -> OperatorIds:
    """The roll, read once and kept until somebody joins or leaves."""
    found: OperatorIds | None = tx.cache.get(OperatorIds)
    if found is None:
        rows = await tx.session.execute(_WORKING)
        found = tx.cache[OperatorIds] = OperatorIds(Address(*row) for row in rows)
    return found


async def works_here(tx: ReadTx, address: Address) -> bool:
    """Operators and admins, wherever they write."""
    return address in tx.company.admins or address in await operator_ids_of(tx)
