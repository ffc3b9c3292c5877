"""Up to where a source that numbers what it offers, as a mailbox does, was stored (R2)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from core.db import constant
from core.inbox import HELD, Raw, store
from core.models import InboxRow, SystemState
from core.tx import ReadTx, Tx

_TABLE: Final[Any] = InboxRow.__table__
_INBOX: Final = _TABLE.c


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where a source that numbers what it offers was stored; ``validity`` is its name for
    the numbering. ``missed``: what up to there could not be stored, and is tried again.
    ``unsorted``: external ids, by number, of what is still to be moved there to where it belongs;
    ``copied``: numbers of those that have a copy there already.
    """

    validity: int
    last: int
    missed: frozenset[int] = frozenset()
    unsorted: Mapping[int, str] = field(default_factory=dict)
    copied: frozenset[int] = frozenset()


async def find_mark(tx: ReadTx, source: str) -> Mark | None:
    """Return the mark of a source, or None before its first visit."""
    row = await tx.find(SystemState, source)
    if row is None:
        return None
    unsorted = {int(number): each for number, each in row.value.get("unsorted", {}).items()}
    missed, copied = (frozenset(row.value.get(name, ())) for name in ("missed", "copied"))
    return Mark(row.value["validity"], row.value["last"], missed, unsorted, copied)


async def set_mark(tx: Tx, source: str, mark: Mark) -> None:
    """Note that everything up to the mark is stored, but for what it says was missed."""
    value = {"validity": mark.validity, "last": mark.last, "unsorted": mark.unsorted}
    parts = {"missed": mark.missed, "copied": mark.copied}
    value |= {name: sorted(numbers) for name, numbers in parts.items() if numbers}
    await tx.put(SystemState(name=source, value=value, at=tx.now))


async def store_and_mark(tx: Tx, source: str, item: Raw, mark: Mark) -> None:
    """Store one item, and the mark with it."""
    await store(tx, source, [item])
    await set_mark(tx, source, mark)


async def ends_of(tx: ReadTx, source: str, external_ids: Collection[str]) -> dict[str, str]:
    """What became of rows, by external id: ``done`` or ``quarantined``; those that wait are left
    out. What is held is as good as done: its turn may be days away. A row that is not there any
    more was done with long ago.
    """
    theirs = _INBOX.source == source, _INBOX.external_id.in_(external_ids)
    waiting = await tx.all(
        select(_INBOX.external_id).where(*theirs, _INBOX.state == constant("new"))
    )
    ended = await tx.rows(select(_INBOX.external_id, _INBOX.state).where(*theirs))
    found = {row.external_id: "done" if row.state == HELD else row.state for row in ended}
    return {each: found.get(each, "done") for each in external_ids if each not in set(waiting)}
