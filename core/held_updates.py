"""What somebody wrote who has not agreed yet that it is stored: it lies in the inbox, unread, until
they have (S31).
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select, update

from core.inbox import (
    CAME_UNDER,
    FILE,
    HELD,
    MOST_REPLAYED,
    NOTHING_SAID,
    UNASKED,
    Forgotten,
    files_named,
    is_file,
    move_to_the_end,
    sender_of,
)
from core.models import InboxRow
from core.tx import ReadTx, Tx

_TABLE: Final[Any] = InboxRow.__table__
_INBOX: Final = _TABLE.c


@dataclass(frozen=True, slots=True)
class HeldUpdates:
    """How many updates of a conversation are held, and when the newest of them came."""

    count: int
    newest: datetime | None


async def find_held(tx: ReadTx, ordering_key: str, *, asked: bool | None = None) -> HeldUpdates:
    """Return what is held of a conversation; ``asked``: only that about which they are asked, or
    not.
    """
    these = list(_held(ordering_key))
    unasked = _INBOX.raw.contains(f'"{UNASKED}"')
    these += [] if asked is None else [~unasked if asked else unasked]
    query = select(func.count(), func.max(_INBOX.received_at)).where(*these)
    ((count, newest),) = await tx.rows(query)
    return HeldUpdates(count, newest)


async def count_unasked(tx: ReadTx, why: str) -> int:
    """Return how much is held about which nobody is asked, for this reason."""
    here = _INBOX.state == HELD, _INBOX.raw.contains(json.dumps({UNASKED: why})[1:-1])
    return int(await tx.first(select(func.count()).where(*here)) or 0)


async def hold(tx: Tx, ordering_key: str | None = None, unasked: str | None = None) -> None:
    """Keep the update that is being handled, unread, until :func:`release_held`.

    ``ordering_key``: of whoever it is from, where it came under another conversation, as mails do:
    it is held under this one, and is handled under its own again. ``unasked``: why they are not
    asked.
    """
    if tx.inbox_id is None:
        return
    here = update(InboxRow).where(InboxRow.id == tx.inbox_id)
    if ordering_key is None:
        await tx.change(here.values(state=HELD))
        return
    query = select(_INBOX.raw, _INBOX.ordering_key).where(_INBOX.id == tx.inbox_id)
    ((raw, own),) = await tx.rows(query)
    why = {} if unasked is None else {UNASKED: unasked}
    raw = json.dumps({**json.loads(raw), CAME_UNDER: own, **why})
    await tx.change(here.values(state=HELD, raw=raw, ordering_key=ordering_key))


async def release_held(tx: Tx, ordering_keys: Collection[str] | None = None) -> int:
    """Let what is held of these conversations, or of all, be handled in its order, and before what
    came there since and waits. Returns how many were held, at most `MOST_REPLAYED`.
    """
    these = _held_of(ordering_keys)
    query = select(InboxRow).where(*these).order_by(InboxRow.id).limit(MOST_REPLAYED)
    rows = await tx.all(query)
    since = await _waiting_since(tx, rows)
    for row in rows:
        row.ordering_key = _came_under(row)
    for row in [*rows, *since]:
        await move_to_the_end(tx, row)
    return len(rows)


async def _waiting_since(tx: Tx, held: Sequence[InboxRow]) -> list[InboxRow]:
    """What waits in the order of these and is from the same people: a turn of mails is shared.

    What another process is about is left out, and what is read already finds its row gone.
    """
    turns, people = {_came_under(row) for row in held}, {row.ordering_key for row in held}
    query = select(InboxRow).where(InboxRow.state == "new", InboxRow.ordering_key.in_(turns))
    rows = await tx.all(
        query.order_by(InboxRow.id).with_for_update(skip_locked=True, key_share=True)
    )
    return [row for row in rows if not is_file(row.raw) or sender_of(row.raw) in people]


def _came_under(row: InboxRow) -> str:
    """The conversation in whose order a row is handled that was held."""
    own = json.loads(row.raw).get(CAME_UNDER) if CAME_UNDER in row.raw else None
    return row.ordering_key if own is None else str(own)


async def forget_held(
    tx: Tx, ordering_keys: Collection[str] | None = None, before: datetime | None = None
) -> Forgotten:
    """Forget what is held of these conversations, or of all what came ``before``."""
    these = _held_of(ordering_keys)
    these += [] if before is None else [InboxRow.received_at < before]
    return await _forget(tx, these)


async def forget_this(tx: Tx) -> Forgotten:
    """Forget what the update said that is being handled: nothing comes of it."""
    return await _forget(tx, [InboxRow.id == tx.inbox_id])


async def _forget(tx: Tx, these: Sequence[ColumnElement[bool]]) -> Forgotten:
    named = await tx.all(select(_INBOX.raw).where(*these, _INBOX.raw.contains(f'"{FILE}"')))
    gone = {"state": "done", "raw": NOTHING_SAID, "ordering_key": "", "error": None}
    count = await tx.change(update(InboxRow).where(*these).values(**gone))
    return Forgotten(count, files_named(named))


def _held_of(ordering_keys: Collection[str] | None) -> list[ColumnElement[bool]]:
    here = [] if ordering_keys is None else [InboxRow.ordering_key.in_(ordering_keys)]
    return [InboxRow.state == HELD, *here]


def _held(ordering_key: str) -> tuple[Any, Any]:
    return _INBOX.state == HELD, _INBOX.ordering_key == ordering_key
