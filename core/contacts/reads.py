"""The journal of who has looked at customers' contact data, and whether somebody looks at too many
(S36).

It says who, whose, where and when, and nothing of the data: so it outlives an erased customer, as a
number. `core.contact_reads` has what is not written down yet.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Integer, String, bindparam, case, cast, delete, func, select, update

from core.addresses import Address
from core.contact_reads import BY_KEY, ContactRead
from core.db import PreparedStatement
from core.db.statements import prepared
from core.events import ContactsReadOften
from core.models import ApiKey, ContactPoint, ContactReadRow, Person, PersonMerge, SystemState
from core.people.identity import find_by_address
from core.tx import ReadTx, Tx

MOST_SHOWN: Final = 30
"""So many of the newest are shown of one customer; an export has all."""
_TOLD: Final = "contact_reads"
# For so long it is not said again of the same reader.
_TOLD_FOR: Final = timedelta(hours=24)
_ERASED: Final = "erased:"
_TABLE: Final[Any] = ContactReadRow.__table__
_READ: Final = _TABLE.c


def _upsert(insert: Any) -> Any:
    new = insert(_TABLE)
    later = case((new.excluded.last_at > _READ.last_at, new.excluded.last_at), else_=_READ.last_at)
    return new.on_conflict_do_update(
        index_elements=["hour", "reader", "person_id", "place"],
        set_={"times": _READ.times + new.excluded.times, "last_at": later},
    )


_WRITE: Final = PreparedStatement(prepared(_upsert))
_PEOPLE_IN_HOUR: Final = select(func.count(func.distinct(_READ.person_id))).where(
    _READ.hour == bindparam("hour"), _READ.reader == bindparam("reader")
)


async def write_reads(tx: Tx, reads: Sequence[ContactRead]) -> None:
    """Write them down; admins are told of a reader who has looked at more customers within an hour
    than the company thinks usual, once a day.
    """
    await _WRITE.change(
        tx.session,
        [
            {
                "hour": one.hour,
                "reader": one.reader,
                "person_id": one.person_id,
                "place": one.place,
                "first_at": one.first_at,
                "last_at": one.last_at,
                "times": one.times,
            }
            for one in reads
        ],
    )
    if tx.company.reads_an_hour is not None:
        await _tell_of_many(tx, reads, tx.company.reads_an_hour)


async def _tell_of_many(tx: Tx, reads: Collection[ContactRead], usual: int) -> None:
    """A key is another system's, and has limits of its own."""
    hours = sorted({(one.reader, one.hour) for one in reads if not one.reader.startswith(BY_KEY)})
    for reader, hour in hours:
        people = await tx.first(_PEOPLE_IN_HOUR, {"reader": reader, "hour": hour}) or 0
        if people > usual and await _is_news(tx, reader):
            name = await _name_of(tx, reader)
            tx.emit(ContactsReadOften(ticket_id=None, reader=reader, name=name, people=people))


async def _is_news(tx: Tx, reader: str) -> bool:
    row = await tx.find(SystemState, _TOLD, hold=True)
    told = {} if row is None else row.value
    recent = {
        who: at for who, at in told.items() if datetime.fromisoformat(at) > tx.now - _TOLD_FOR
    }
    if reader in recent:
        return False
    value = recent | {reader: tx.now.isoformat()}
    await tx.put(SystemState(name=_TOLD, value=value, at=tx.now))
    return True


async def _name_of(tx: ReadTx, reader: str) -> str:
    person = await find_by_address(tx, Address.parse(reader))
    return reader if person is None else person.name


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody was shown it: ``reader`` is their name, or a key's."""

    reader: str
    place: str
    first_at: datetime
    last_at: datetime
    times: int


async def reads_of(tx: ReadTx, person_id: int) -> list[Shown]:
    """Return who has lately looked at a customer's contact data, the newest first; also before
    they were merged with another one.
    """
    merged = select(PersonMerge.person_id).where(PersonMerge.into_id == person_id)
    rows = await tx.rows(
        select(_READ.reader, _READ.place, _READ.first_at, _READ.last_at, _READ.times)
        .where((_READ.person_id == person_id) | _READ.person_id.in_(merged))
        .order_by(_READ.last_at.desc(), _READ.id.desc())
        .limit(MOST_SHOWN)
    )
    names = await _names(tx, {row.reader for row in rows})
    return [Shown(names[row.reader], *row[1:]) for row in rows]


async def _names(tx: ReadTx, readers: Collection[str]) -> dict[str, str]:
    names = dict(await tx.rows(_keys(readers)))
    people = [each for each in readers if not each.startswith(BY_KEY)]
    return (
        {each: each for each in readers} | names | {one: await _name_of(tx, one) for one in people}
    )


def _keys(readers: Collection[str]) -> Any:
    key = BY_KEY + cast(ApiKey.id, String)
    return select(key, ApiKey.name).where(key.in_(list(readers)))


async def reads_after(
    tx: ReadTx, after: int, most: int, bounds: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return rows of the journal behind a number: it, when first and last, the reader, the person
    and their name, the place, how often.
    """
    rows = await tx.rows(
        select(
            *(_READ.id, _READ.first_at, _READ.last_at, _READ.reader),
            *(cast(_READ.person_id, Integer), Person.name, _READ.place, _READ.times),
        )
        .outerjoin(Person, Person.id == _READ.person_id)
        .where(_READ.id > after, *bounds)
        .order_by(_READ.id)
        .limit(most)
    )
    names = await _names(tx, {row[3] for row in rows})
    return [(*row[:3], names[row[3]], *row[4:]) for row in rows]


async def forget_readers(tx: Tx, people: Collection[int]) -> None:
    """Who worked here once, and is erased, has looked as a number; from each of their chats as one
    of its own, as it was.
    """
    there = (ContactPoint.person_id, ContactPoint.kind, ContactPoint.value)
    points = await tx.rows(select(*there).where(there[0].in_(people)).order_by(*there))
    nth: Counter[tuple[int, str]] = Counter()
    for person_id, kind, value in points:
        nth[person_id, kind] += 1
        name = kind if nth[person_id, kind] == 1 else f"{kind}-{nth[person_id, kind]}"
        known = update(_TABLE).where(_READ.reader == str(Address(kind, value)))
        await tx.change(known.values(reader=f"{_ERASED}{person_id}:{name}"))


async def forget_reads(tx: Tx, most: int) -> int:
    """Forget the oldest of what is kept no longer; returns how many."""
    old = select(_READ.id).where(_READ.last_at < tx.now - tx.company.keep_reads)
    found = old.order_by(_READ.last_at).limit(most)
    return await tx.change(delete(_TABLE).where(_READ.id.in_(found)))
