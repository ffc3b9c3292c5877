"""Which addresses are operators': asked for at every private message, so cached."""

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
    """Addresses of all operators, read once and kept until somebody joins or leaves."""
    return await tx.cached(OperatorIds, _read_operator_ids)


async def _read_operator_ids(tx: ReadTx) -> OperatorIds:
    return OperatorIds(Address(*row) for row in await tx.session.execute(_WORKING))


async def works_here(tx: ReadTx, address: Address) -> bool:
    """Operators and admins, wherever they write."""
    return address in tx.company.admins or address in await operator_ids_of(tx)
