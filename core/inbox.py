"""The inbox: updates stored before they are confirmed, and handled exactly once (R1, R2, R11)."""

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any, Final

from sqlalchemy import ColumnElement, String, bindparam, cast, delete, func, or_, select, update

from core.db import PreparedStatement, constant
from core.db.statements import prepared
from core.events import UpdateQuarantined
from core.models import InboxRow
from core.tx import ReadTx, Tx
from core.words.contact_values import read_email

# A source offers an update for a day, so an id seen longer ago cannot be a redelivery: ids may
# begin anew at random after an idle week (R3).
REDELIVERED_WITHIN: Final = timedelta(hours=48)

_ASIDE: Final = "aside:"
"""Before the row's own id: the external id of a row whose id came again for something new."""

FILE: Final = "file"
"""In the JSON of a row: the name of the file that it is about, where it came as one."""
FROM: Final = "from"
"""In the same: who such a file is from, as its header says."""
UNREAD: Final = "unread"
"""In the same: an admin wants a ticket of it although nobody could read it."""

NOTHING_SAID: Final = "{}"
"""The JSON of a row that was forgotten."""

CAME_UNDER: Final = "came_under"
"""In the same: the conversation in whose order it is handled, while it is held under another."""

UNASKED: Final = "unasked"
"""In the same: why whoever it is from is not asked for their consent, while it is held."""

HELD: Final = "held"
"""The state of what somebody wrote who has not agreed yet that it is stored."""

_REPLAYED: Final = "replayed:"
"""Before the row's former id, until it can have its external id again."""
# How many are replayed in one transaction.
MOST_REPLAYED: Final = 1000

_TABLE: Final[Any] = InboxRow.__table__
_INBOX: Final = _TABLE.c
_IDENTITY: Final = ["source", "external_id"]
_STORE: Final = PreparedStatement(
    prepared(lambda insert: insert(_TABLE).on_conflict_do_nothing(index_elements=_IDENTITY))
)
_STORE_ONE: Final = PreparedStatement(
    prepared(
        lambda insert: (
            insert(_TABLE).on_conflict_do_nothing(index_elements=_IDENTITY).returning(_INBOX.id)
        )
    )
)
_STEP_ASIDE: Final = PreparedStatement(
    update(_TABLE)
    .where(
        _INBOX.source == bindparam("from"),
        _INBOX.external_id == bindparam("again"),
        _INBOX.received_at < bindparam("long_ago"),
    )
    .values(external_id=_ASIDE + cast(_INBOX.id, String))
)
_FINISH: Final = PreparedStatement(
    update(_TABLE)
    .where(
        _INBOX.source == bindparam("of"),
        _INBOX.external_id == bindparam("known"),
        _INBOX.state == constant("new"),
    )
    .values(state="done")
    .returning(_INBOX.id)
)
_UNFINISHED: Final = PreparedStatement(
    select(_INBOX.id, _INBOX.external_id, _INBOX.ordering_key, _INBOX.raw, _INBOX.source)
    .where(_INBOX.state == constant("new"), _INBOX.id > bindparam("after"))
    .order_by(_INBOX.id)
    .limit(bindparam("most"))
)


@dataclass(frozen=True, slots=True)
class Raw:
    """An update as it came: its source's id, the conversation whose order it keeps, the JSON."""

    external_id: str
    ordering_key: str
    raw: str


@dataclass(frozen=True, slots=True)
class Stored:
    """An update in the inbox, and the source that gave it its external id. ``id``: 0 where it is
    not stored before it is handled (`Offered`).
    """

    id: int
    external_id: str
    ordering_key: str
    raw: str
    source: str = ""


async def store(
    tx: Tx,
    source: str,
    batch: Sequence[Raw],
    *,
    state: str = "new",
    waits_for_disk: bool = True,
) -> int | None:
    """Store a batch that came from ``source``; what is there already stays as it is. Who does not
    wait for the disk here does so before it is confirmed (`Database.on_disk`). Returns the id of a
    batch of one, if it is new. ``state``: “done” where this transaction handles it.

    Old rows give up ids that have come again for something new; nothing of them is lost.
    """
    tx.waits_for_disk = waits_for_disk
    long_ago = tx.now - REDELIVERED_WITHIN
    again = [{"from": source, "again": item.external_id, "long_ago": long_ago} for item in batch]
    rows = [
        {
            "source": source,
            "external_id": item.external_id,
            "ordering_key": item.ordering_key,
            "raw": item.raw,
            "state": state,
            "received_at": tx.now,
        }
        for item in batch
    ]
    if len(batch) != 1:
        await _STEP_ASIDE.change(tx.session, again)
        await _STORE.change(tx.session, rows)
        return None
    # nearly all that comes is new: an old row is not asked for its id before
    numbers = await _STORE_ONE.rows(tx.session, rows[0])
    if not numbers and await _STEP_ASIDE.change(tx.session, again[0]):
        numbers = await _STORE_ONE.rows(tx.session, rows[0])
    return numbers[0][0] if numbers else None


class OutOfTurn(Exception):
    """Something is stored that nobody has read yet, and may stand before this update."""


@dataclass(frozen=True, slots=True)
class Offered:
    """An update that is stored by the transaction that handles it (R1, R2): it came alone while
    nothing waited, and its source keeps it until it is confirmed, which is after that.

    ``id``: the one it must get in the inbox; with another one something stands before it. ``None``:
    nothing comes of it that could overtake. ``stored`` gets the one it has got, when the disk has
    it; 0 where it was handled before.
    """

    source: str
    update: Raw
    id: int | None
    stored: asyncio.Future[int]

    async def store(self, tx: Tx) -> int | None:
        """Store it, as handled. Returns its id; ``None``: it was handled before. Raises
        `OutOfTurn`.
        """
        number = await store(tx, self.source, [self.update], state="done")
        if number is None:  # somebody has stored it meanwhile
            known = {"of": self.source, "known": self.update.external_id}
            number = await _FINISH.first(tx.session, known)
        if number is not None and self.id is not None and number != self.id:
            raise OutOfTurn
        return number


async def store_unhandled(tx: Tx, offered: Offered) -> list[Stored]:
    """Store an update that could not be handled at once, if nobody has. Returns what waits of its
    conversation, in its order.
    """
    await store(tx, offered.source, [offered.update])
    columns = _INBOX.id, _INBOX.external_id, _INBOX.ordering_key, _INBOX.raw, _INBOX.source
    waits = _INBOX.state == "new", _INBOX.ordering_key == offered.update.ordering_key
    rows = await tx.rows(select(*columns).where(*waits).order_by(_INBOX.id))
    return [Stored(*row) for row in rows]


async def find_heard(tx: ReadTx, source: str, since: datetime, most: int) -> list[str]:
    """Return the JSON of what sources that begin so have brought since then, the newest first."""
    query = select(_INBOX.raw).where(
        _INBOX.received_at >= since, _INBOX.source.startswith(source, autoescape=True)
    )
    return await tx.all(query.order_by(_INBOX.id.desc()).limit(most))


async def find_unhandled(tx: ReadTx, source: str, most: int) -> list[str]:
    """Return the JSON of what sources that begin so have brought and nobody has handled yet, the
    newest first.
    """
    query = select(_INBOX.raw).where(
        _INBOX.state == constant("new"), _INBOX.source.startswith(source, autoescape=True)
    )
    return await tx.all(query.order_by(_INBOX.id.desc()).limit(most))


async def list_unfinished(tx: ReadTx, after: int, limit: int) -> list[Stored]:
    """Updates that were not handled yet, oldest first, behind the row ``after``."""
    rows = await _UNFINISHED.rows(tx.session, {"after": after, "most": limit})
    return [Stored(*row) for row in rows]


async def newest_id(tx: ReadTx) -> int:
    """The id of the newest row, whatever its state; 0: there is none."""
    return await tx.first(select(func.max(_INBOX.id))) or 0


async def keep_unfinished(tx: ReadTx, ids: Collection[int]) -> set[int]:
    """Of these rows, those that nobody has handled yet."""
    query = select(_INBOX.id).where(_INBOX.id.in_(ids), _INBOX.state == constant("new"))
    return set(await tx.all(query))


async def change_nothing(tx: Tx) -> None:
    """What an update without an effect does, so that it counts as handled all the same."""
    del tx


async def quarantine(tx: Tx, stored: Stored, error: str) -> None:
    """Put an update aside that cannot be parsed or handled; admins hear of it.

    ``error`` may quote what people wrote, so it stays in the inbox; the alert and the journal get
    its first words only, up to what could be a quotation (S34).
    """
    if await set_aside(tx, stored, error):
        tx.emit(
            UpdateQuarantined(
                ticket_id=None,
                inbox_id=stored.id,
                update_id=stored.external_id,
                error=_cause(error),
                total=await count_quarantined(tx),
            )
        )


async def set_aside(tx: Tx, stored: Stored, error: str) -> bool:
    """Quarantine an update and tell nobody. False if it was not waiting any more."""
    changed = await tx.session.execute(
        update(InboxRow)
        .where(InboxRow.id == stored.id, InboxRow.state == constant("new"))
        .values(state="quarantined", error=_storable(error, 2000))
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def _cause(error: str) -> str:
    return _storable(re.split(r"[('\":]", error)[0], 80)


def _storable(words: str, limit: int) -> str:
    """What an error quotes may be what no database takes."""
    return words[:limit].replace("\0", "").encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True, slots=True)
class Quarantined:
    """An update that could not be handled. ``error`` may quote what people wrote."""

    id: int
    external_id: str
    received_at: datetime
    error: str
    raw: str

    @property
    def is_file(self) -> bool:
        """Whether a ticket can be made of it, with the file attached."""
        return is_file(self.raw)

    @property
    def cause(self) -> str:
        """The first words of the error, up to what could be a quotation (S34)."""
        return _cause(self.error)


async def list_quarantined(
    tx: ReadTx, limit: int = 50, before: int | None = None
) -> list[Quarantined]:
    """Quarantined updates, newest first; ``before``: only those with a lower number."""
    query = select(
        _INBOX.id, _INBOX.external_id, _INBOX.received_at, _INBOX.error, _INBOX.raw
    ).where(_INBOX.state == "quarantined")
    if before is not None:
        query = query.where(_INBOX.id < before)
    rows = await tx.session.execute(query.order_by(_INBOX.id.desc()).limit(limit))
    return [Quarantined(*row[:3], row[3] or "", row[4]) for row in rows]


async def count_quarantined(tx: ReadTx) -> int:
    """Return how many updates are quarantined."""
    query = select(func.count()).select_from(InboxRow).where(InboxRow.state == "quarantined")
    return int(await tx.session.scalar(query) or 0)


async def replay(tx: Tx, ids: Collection[int] | None = None, *, unread: bool = False) -> list[int]:
    """Let quarantined updates be handled again: these, or all. Returns which were. ``unread``: as
    tickets with the file that could not be read; for others nothing changes.

    Each gets a new number, behind everything that waits: a running desk finds it, and it overtakes
    nothing of its chat.
    """
    query = select(InboxRow).where(InboxRow.state == "quarantined").order_by(InboxRow.id)
    if ids is not None:
        query = query.where(InboxRow.id.in_(ids))
    rows = (await tx.session.scalars(query.limit(MOST_REPLAYED))).all()
    for row in rows:
        if unread and is_file(row.raw):
            row.raw = json.dumps({**json.loads(row.raw), UNREAD: True})
        await move_to_the_end(tx, row)
    return [row.id for row in rows]


def is_file(raw: str) -> bool:
    """Return whether it came as a file, as mails do."""
    return _file_of(raw) is not None


def _file_of(raw: str) -> str | None:
    """The file that a row is about; ``None``: it did not come as one."""
    try:
        name = json.loads(raw).get(FILE)
    except (TypeError, ValueError, AttributeError):
        return None
    return None if name is None else str(name)


async def move_to_the_end(tx: Tx, row: InboxRow) -> None:
    """Write it anew before the old row goes: SQLite would give the newest row's number again."""
    tx.puts_updates_back = True
    again = InboxRow(
        source=row.source,
        external_id=f"{_REPLAYED}{row.id}",
        ordering_key=row.ordering_key,
        raw=row.raw,
        state="new",
        received_at=row.received_at,
    )
    tx.session.add(again)
    await tx.session.flush()
    await tx.session.delete(row)
    await tx.session.flush()
    again.external_id = row.external_id


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many updates were forgotten, and the names of the files that came with them."""

    count: int
    files: tuple[str, ...] = ()


async def purge(tx: Tx, most: int) -> Forgotten:
    """Forget handled updates that the company keeps no longer, ``most`` of them; of files, those
    that came with what was held.

    The newest row stays: SQLite would give its id again, and who reads on from there would miss it.
    """
    newest = select(func.max(InboxRow.id)).scalar_subquery()
    old = (
        InboxRow.state == "done",
        InboxRow.received_at < tx.now - tx.company.keep_updates,
        InboxRow.id < newest,
    )
    found = await tx.all(select(InboxRow.id).where(*old).order_by(InboxRow.id).limit(most))
    files = await _files_of_held(tx, InboxRow.id.in_(found))
    return Forgotten(await tx.change(delete(_TABLE).where(_INBOX.id.in_(found))), files)


async def _files_of_held(tx: ReadTx, *these: ColumnElement[bool]) -> tuple[str, ...]:
    was_held = InboxRow.state == "done", InboxRow.raw.contains(f'"{CAME_UNDER}"')
    return files_named(await tx.all(select(InboxRow.raw).where(*these, *was_held)))


async def find_files_from(tx: ReadTx, addresses: Collection[str]) -> tuple[str, ...]:
    """Return the files of mails from these addresses that are handled or quarantined."""
    here = InboxRow.state.in_(("done", "quarantined")), InboxRow.raw.contains(f'"{FILE}"')
    named = or_(*(InboxRow.raw.contains(each, autoescape=True) for each in addresses))
    raws = await tx.all(select(InboxRow.raw).where(*here, named)) if addresses else []
    return files_named(raw for raw in raws if sender_of(raw) in addresses)


def files_named(raws: Iterable[str]) -> tuple[str, ...]:
    """Return the files that these came as."""
    return tuple(filter(None, map(_file_of, raws)))


def sender_of(raw: str) -> str | None:
    """The address in the header of the sender, as the desk notes addresses."""
    return read_email(parseaddr(str(json.loads(raw).get(FROM, "")))[1])


async def forget_done(
    tx: Tx, after: int, up_to: int, most: int
) -> tuple[int | None, tuple[str, ...]]:
    """Forget what handled updates said, of ``most`` rows behind ``after`` up to ``up_to``. Returns
    the last row that was looked at, ``None``: there was none, and the files that came with what was
    held (S31). Of other mails they stay in the store.
    """
    rows = select(_INBOX.id).where(_INBOX.id > after, _INBOX.id <= up_to).order_by(_INBOX.id)
    last = await tx.first(select(func.max(rows.limit(most).subquery().c.id)))
    if last is None:
        return None, ()
    here = InboxRow.id > after, InboxRow.id <= last
    files = await _files_of_held(tx, *here)
    said = InboxRow.state == "done", InboxRow.raw != NOTHING_SAID
    await tx.change(update(InboxRow).where(*here, *said).values(raw=NOTHING_SAID, error=None))
    return last, files


async def count_unfinished(tx: ReadTx) -> int:
    """How many updates wait."""
    query = select(func.count()).select_from(InboxRow).where(InboxRow.state == constant("new"))
    return int(await tx.session.scalar(query) or 0)
