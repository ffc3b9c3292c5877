"""Who has looked at whose contact data, until it is written down (S36).

A query notes what it has read for somebody who works here (`ReadTx.shows`). What one reader has
seen of one person in one hour is one row, so notes are gathered here and written together, beside
what people wait for: `core.contacts.reads`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

EVERYBODY: Final = 0
"""In the place of a person's number: an export has everybody's data."""
BY_KEY: Final = "key:"
"""Before the number of a key: another system has read, by the API."""


@dataclass(frozen=True, slots=True)
class ContactRead:
    """So many ``times`` within an hour a ``reader`` (an address, or a key) has been shown a
    person's contact data at a ``place``.
    """

    reader: str
    person_id: int
    place: str
    first_at: datetime
    last_at: datetime
    times: int = 1

    @property
    def hour(self) -> datetime:
        """The hour that it belongs to."""
        return self.first_at.replace(minute=0, second=0, microsecond=0)


class ContactReads:
    """What is not written down yet."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[object, ...], ContactRead] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def note(self, reader: str, seen: Collection[tuple[int, str]], now: datetime) -> None:
        """The reader has just been shown these persons' data at these places."""
        for person_id, place in seen:
            self._add(ContactRead(reader, person_id, place, now, now))

    def _add(self, read: ContactRead) -> None:
        key = (read.hour, read.reader, read.person_id, read.place)
        known = self._waiting.get(key)
        if known is not None:
            first, last = min(known.first_at, read.first_at), max(known.last_at, read.last_at)
            read = replace(read, first_at=first, last_at=last, times=known.times + read.times)
        self._waiting[key] = read

    def take(self) -> Sequence[ContactRead]:
        """Hand out all of it, to be written down."""
        waiting, self._waiting = self._waiting, {}
        return list(waiting.values())

    def give_back(self, reads: Collection[ContactRead]) -> None:
        """They could not be written down: they are tried again."""
        for read in reads:
            self._add(read)
