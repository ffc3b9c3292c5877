"""Copies of updates that lie beside the database (R21): which of them the desk has forgotten, and
how they come back into the inbox of a backup that is older.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from sqlalchemy import func, select

from core.inbox import NOTHING_SAID, REDELIVERED_WITHIN, Raw, store
from core.models import InboxRow
from core.tx import ReadTx, Tx

# A copy is written just before its row: whatever is older than the newest row by this is in there.
MARGIN: Final = timedelta(hours=1)
# So many are asked about, or stored, in one transaction.
PAGE: Final = 500

_INBOX: Final[Any] = InboxRow.__table__.c


@dataclass(frozen=True, slots=True)
class CopiedUpdate:
    """An update as it was copied, when, and the source that it came from."""

    at: datetime
    source: str
    update: Raw

    @property
    def name(self) -> tuple[str, str]:
        """By which the inbox knows it."""
        return self.source, self.update.external_id


async def find_forgotten(tx: ReadTx, copies: Sequence[CopiedUpdate]) -> set[CopiedUpdate]:
    """Of these copies those that the desk keeps no longer: what they said is forgotten there, or
    they are older than it keeps updates (S31). One whose row is missing stays until then: the
    database may be another one.
    """
    before = tx.now - tx.company.keep_updates
    silent = await _names(tx, copies, _INBOX.raw == NOTHING_SAID)
    return {each for each in copies if each.at < before or each.name in silent}


async def put_back(tx: Tx, copies: Sequence[CopiedUpdate]) -> int:
    """Store these copies, in their order, as updates that wait. Returns how many there were not."""
    lost = await find_lost(tx, copies)
    for source, those in groupby(lost, lambda each: each.source):
        await store(tx, source, list({each.name: each.update for each in those}.values()))
    return len({each.name for each in lost})


async def find_lost(tx: ReadTx, copies: Sequence[CopiedUpdate]) -> list[CopiedUpdate]:
    """Return those of these copies that the inbox does not have."""
    known = await _names(tx, copies)
    return [each for each in copies if each.name not in known]


async def find_newest_arrival(tx: ReadTx) -> datetime | None:
    """Return when the newest update of the inbox came."""
    return await tx.first(select(func.max(_INBOX.received_at)))


async def _names(tx: ReadTx, copies: Collection[CopiedUpdate], *which: Any) -> set[tuple[str, str]]:
    """The names of those that have a row, from about the time of the copy."""
    found: set[tuple[str, str]] = set()
    for source in {each.source for each in copies}:
        theirs = {each.update.external_id: each for each in copies if each.source == source}
        rows = await tx.rows(
            select(_INBOX.external_id, _INBOX.received_at).where(
                _INBOX.source == source, _INBOX.external_id.in_(theirs), *which
            )
        )
        found |= {
            (source, number)
            for number, at in rows
            if abs(at - theirs[number].at) < REDELIVERED_WITHIN
        }
    return found
