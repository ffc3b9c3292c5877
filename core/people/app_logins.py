"""Ways into the pages of the staff: links that count once, and sign-ins that do.

Who may come in is asked anew at every request (`staff_at`): whoever leaves is out at once.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from sqlalchemy import delete, select

from core.addresses import Address
from core.db import insert_or
from core.models import ContactPoint, SystemState
from core.people.identity import Sender, find_by_address
from core.people.operator_ids import works_here
from core.tx import ReadTx, Tx

LINK_LIFETIME: Final = timedelta(minutes=10)
_LINK: Final = "app_link:"
_SEEN: Final = "app_seen:"
# What is older than this is forgotten: neither a link nor a sign-in counts for so long.
_FORGET: Final = timedelta(hours=1)
# Characters of a digest in a row's name: 96 bits.
_LENGTH: Final = 24


async def make_link(tx: Tx, address: Address) -> str:
    """Return the secret of a new link, by which this person comes in once."""
    await _forget_old(tx)
    secret = secrets.token_urlsafe(24)
    value = {"channel": address.channel, "chat": address.chat}
    await tx.insert(SystemState(name=_LINK + _digest(secret), value=value, at=tx.now))
    return secret


async def use_link(tx: Tx, secret: str) -> Address | None:
    """Return whose link it is; ``None`` for one that is unknown, used, or too old."""
    row = await tx.find(SystemState, _LINK + _digest(secret), hold=True)
    if row is None:
        return None
    value, at = row.value, row.at
    await tx.delete(row)
    return None if at + LINK_LIFETIME < tx.now else Address(value["channel"], value["chat"])


async def is_known_link(tx: ReadTx, secret: str) -> bool:
    """Whether the link could still be used."""
    row = await tx.find(SystemState, _LINK + _digest(secret))
    return row is not None and row.at + LINK_LIFETIME >= tx.now


async def count_once(tx: Tx, signed: str) -> bool:
    """Return whether this sign-in comes for the first time; a second time it is a replay."""
    await _forget_old(tx)
    values = {"name": _SEEN + _digest(signed), "value": {}, "at": tx.now}
    insert = insert_or(tx.session, SystemState).values(**values).on_conflict_do_nothing()
    return await tx.change(insert) == 1


async def staff_at(tx: ReadTx, address: Address) -> Sender | None:
    """Return who works here and is reached at this address, as they are known; else ``None``."""
    person = await find_by_address(tx, address)
    if person is None or person.operator_left is not None or not await works_here(tx, address):
        return None
    point = await tx.find(ContactPoint, (person.id, address.channel, address.chat))
    handle = None if point is None else point.handle
    return Sender(address, person.name, handle, person.language)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()[:_LENGTH]


async def _forget_old(tx: Tx) -> None:
    ours = SystemState.name.like(f"{_LINK}%") | SystemState.name.like(f"{_SEEN}%")
    old = select(SystemState.name).where(ours, SystemState.at < tx.now - _FORGET)
    await tx.change(delete(SystemState).where(SystemState.name.in_(old)))
