"""What is known of a thing that was said and is lost or stands twice: so that the cause can be read
off where it was seen once in a hundred thousand.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

Ask = Callable[[str], Awaitable[list[tuple[Any, ...]]]]

# Of so many things a trace is printed, and so many troubles with each.
MOST: Final = 20
MOST_TROUBLES: Final = 40
# Seconds around what is known of it in which troubles are told.
AROUND: Final = 15.0

_MESSAGE: Final = """
SELECT id, ticket_id, from_customer, source_chat, source_message, created_at
FROM message WHERE text = '{words}'
"""
_ROWS: Final = """
SELECT o.id, o.kind, o.address, o.state, o.attempts, o.error, o.created_at, o.done_at,
    o.probe_context
FROM outbox o JOIN message m ON m.id = o.message_id WHERE m.text = '{words}' ORDER BY o.id
"""
_KNOWN: Final = """
SELECT s.chat, s.message, s.role FROM sent_message s JOIN message m ON m.id = s.message_id
WHERE m.text = '{words}' ORDER BY s.id
"""
_CAME: Final = """
SELECT id, external_id, state, error, received_at FROM inbox WHERE raw LIKE '%{words}%'
"""


@dataclass(frozen=True, slots=True, order=True)
class Standing:
    """A message on Telegram's side. ``at``: Unix time, as Telegram sees it."""

    at: int
    chat: int
    message: int

    def __str__(self) -> str:
        return f"{self.chat}/{self.message} at {clock(self.at)}"


@dataclass(slots=True)
class Forgotten:
    """Where each thing said stood in what the chats have forgotten since, by its number: of most
    things one place, in 24 bytes.
    """

    times: bytearray = field(default_factory=bytearray)
    _last: array[int] = field(default_factory=lambda: array("q"))
    _earlier: dict[int, list[Standing]] = field(default_factory=lambda: defaultdict(list))

    def make_room(self, numbers: int) -> None:
        """There are so many numbers now."""
        more = max(0, numbers - len(self.times))
        self.times.extend(bytes(more))
        self._last.extend([0] * 3 * more)

    def note(self, number: int, place: Standing) -> None:
        """It stood there, too."""
        if self.times[number]:
            self._earlier[number].append(self._last_of(number))
        self.times[number] += 1
        self._last[3 * number : 3 * number + 3] = array("q", (place.at, place.chat, place.message))

    def of(self, number: int) -> list[Standing]:
        """All places of it."""
        if number >= len(self.times) or not self.times[number]:
            return []
        return [*self._earlier.get(number, ()), self._last_of(number)]

    def _last_of(self, number: int) -> Standing:
        return Standing(*self._last[3 * number : 3 * number + 3])


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befell a call, or the desk. ``at``: Unix time, as Telegram sees it."""

    at: float
    what: str

    def __str__(self) -> str:
        return f"{clock(self.at)} {self.what}"


def clock(at: float) -> str:
    """An instant as the desk's database says it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


async def trace(
    ask: Ask, number: str, words: str, places: Sequence[Standing], troubles: Iterable[Trouble]
) -> list[str]:
    """All that is known of the thing that was said in these words, a line each."""
    told = [f"№{number} stands {len(places)} times" if places else f"№{number} stands nowhere"]
    told += [f"  stands: {place}" for place in sorted(places)]
    instants: list[float] = [place.at for place in places]
    for query, line, columns in _LOOKS:
        for row in await ask(query.format(words=words)):
            told.append("  " + line.format(*row))
            instants += [when for column in columns if (when := _instant(row[column]))]
    return told + _around(instants, troubles)


_LOOKS: Final = (
    (_CAME, "came: inbox {}, update {}, {}, error {}, at {}", (4,)),
    (_MESSAGE, "kept: message {} of ticket {}, from customer: {}, from {}/{}, at {}", (5,)),
    (
        _ROWS,
        "delivery {}: {} to {}, {}, {} tries, error {}, written at {}, ended at {}; noted {}",
        (6, 7),
    ),
    (_KNOWN, "known to stand at: {}/{} as {}", ()),
)


def _instant(said: object) -> float | None:
    if isinstance(said, str):
        said = datetime.fromisoformat(said)
    if not isinstance(said, datetime):
        return None
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def _around(instants: Sequence[float], troubles: Iterable[Trouble]) -> list[str]:
    """What befell the desk meanwhile."""
    if not instants:
        return []
    first, last = min(instants) - AROUND, max(instants) + AROUND
    found = [f"  befell: {each}" for each in troubles if first <= each.at <= last]
    return found[:MOST_TROUBLES] or ["  nothing befell the desk around that"]
