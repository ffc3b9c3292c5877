"""How fast may we speak: Telegram's limits with room to spare, and who waits for whom."""

from collections import deque
from enum import IntEnum
from itertools import islice
from math import floor

# Telegram publishes "about" 30 messages a second over all, 1 a second in a private chat with short
# bursts, and 20 a minute in a group, where edits, reactions and new topics count too. Ours are
# lower because messages overtake each other on the way: what we space evenly arrives in clumps.
OVERALL_RATE = 28.0
OVERALL_BURST = 10.0
PRIVATE_RATE = 1.0
PRIVATE_BURST = 3.0
GROUP_BUDGET = 18
ROAD = 1.0  # seconds by which one message may be slower on its way than the next
GROUP_WINDOW = 60.0 + ROAD

LONG_AGO = -1e9
SWEEP_EVERY = 60.0
TOGETHER = 5.0  # seconds between the ends of two blocks that have one cause
ROUNDING = 1e-6  # seconds lost in adding floats; without it a caller that waited is told to wait


class Priority(IntEnum):
    """Who goes first when not all can. A smaller number is more urgent."""

    ANSWER_TO_ACTOR = 0
    HUMAN_ANSWER = 1
    TICKET_ACK = 2
    GROUP_NEWS = 3
    RECEIPT = 4
    CARD_REFRESH = 5
    DIGEST = 6


# Of a group's budget, how much each leaves untouched for those above it.
RESERVE = {
    Priority.ANSWER_TO_ACTOR: 0,
    Priority.HUMAN_ANSWER: 0,
    Priority.TICKET_ACK: 2,
    Priority.GROUP_NEWS: 4,
    Priority.RECEIPT: 6,
    Priority.CARD_REFRESH: 8,
    Priority.DIGEST: 8,
}

PATIENCE = 30.0  # seconds of waiting that are worth one step up

BACKOFF = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0)


def backoff(attempt: int, jitter: float = 0.0) -> float:
    """Seconds to wait after the failed ``attempt`` (1 is the first).

    ``jitter`` from 0 to 1 stretches the wait by up to a half, so that what failed together does
    not come back together.
    """
    step = min(max(attempt, 1), len(BACKOFF)) - 1
    return BACKOFF[step] * (1 + jitter / 2)


def aged(priority: Priority, waited: float) -> Priority:
    """The priority after ``waited`` seconds: nobody starves, and nobody outruns an answer to a tap.

    Reserves alone would let a digest wait for ever in a group that never falls silent. Whoever
    picks the next delivery takes the smallest ``(aged(priority, waited), written at)``, and asks
    `Pacer.delay` with the aged priority.
    """
    steps = floor(max(waited, 0.0) / PATIENCE)
    return Priority(min(priority, max(priority - steps, Priority.HUMAN_ANSWER)))


def is_group(address: str) -> bool:
    """Groups and channels have negative ids, public channels may go by ``@name``."""
    return address.startswith(("-", "@"))


class Pacer:
    """Keeps every chat, and all of them together, under the limits.

    It knows no clock: ``now`` is monotonic seconds, never going back. Ask `delay`; if it says 0,
    `take` before anything else may ask. ``address`` is the chat; topics share its budget.
    ``count`` is how many messages the call makes (an album is several).

    A bucket is one float, the instant when it will be full again; a group is the log of its last
    61 seconds, because a bucket that allows bursts would let 20 a minute become 38. Only chats
    that were busy lately, or are blocked, take memory. ``floods`` counts the 429s so far;
    ``turns`` says whose customers had their share of a group's minute.
    """

    def __init__(self) -> None:
        self.floods = 0
        self.turns = Turns()
        self._overall_full_at = LONG_AGO
        self._private_full_at: dict[str, float] = {}
        self._group_log: dict[str, deque[float]] = {}
        self._blocked_until: dict[str | None, float] = {}
        self._sweep_at = 0.0

    def delay(self, address: str, priority: Priority, now: float, count: int = 1) -> float:
        """Seconds until ``count`` messages may go to this chat; 0 = now.

        If nothing else is taken meanwhile, waiting that long is enough.
        """
        ready = max(
            self._blocked_until.get(None, 0.0),
            self._blocked_until.get(address, 0.0),
            _bucket_ready(self._overall_full_at, OVERALL_RATE, OVERALL_BURST, count),
            self._chat_ready(address, priority, count),
        )
        wait = ready - now
        return wait if wait > ROUNDING else 0.0

    def delay_of_all(self, now: float) -> float:
        """Seconds until anything at all may go; 0 = now."""
        overall = _bucket_ready(self._overall_full_at, OVERALL_RATE, OVERALL_BURST, 1)
        wait = max(overall, self._blocked_until.get(None, 0.0)) - now
        return wait if wait > ROUNDING else 0.0

    def take(self, address: str, now: float, count: int = 1) -> None:
        """Count ``count`` messages as sent at ``now``."""
        self._sweep(now)
        self._overall_full_at = max(self._overall_full_at, now) + count / OVERALL_RATE
        if is_group(address):
            log = self._group_log.setdefault(address, deque())
            _forget_before(log, now - GROUP_WINDOW)
            log.extend([now] * count)
        else:
            full_at = self._private_full_at.get(address, now)
            self._private_full_at[address] = max(full_at, now) + count / PRIVATE_RATE

    def blocked(self, address: str | None, until: float) -> None:
        """429: nothing to this chat (None: to nobody) before ``until``. Never shortens a block.

        Telegram does not say whose limit it was. Two private chats refused together cannot both
        have had too much: then it was all of them, and going on would only lengthen it.
        """
        addresses = {address, None} if self._is_everybodys(address, until) else {address}
        for each in addresses:
            self._blocked_until[each] = max(until, self._blocked_until.get(each, 0.0))

    def release(self, address: str) -> None:
        """What blocked the chat is over."""
        self._blocked_until.pop(address, None)

    def _is_everybodys(self, address: str | None, until: float) -> bool:
        if address is None or is_group(address):
            return False
        return any(
            other not in {None, address}
            and not is_group(other or "")
            and abs(until - end) < TOGETHER
            for other, end in self._blocked_until.items()
        )

    def _chat_ready(self, address: str, priority: Priority, count: int) -> float:
        if not is_group(address):
            full_at = self._private_full_at.get(address, LONG_AGO)
            return _bucket_ready(full_at, PRIVATE_RATE, PRIVATE_BURST, count)
        log = self._group_log.get(address)
        if not log:
            return 0.0
        # More than the budget at once can never fit: it needs an empty window only.
        room = max(GROUP_BUDGET - RESERVE[priority] - count, 0)
        if len(log) <= room:
            return 0.0
        last_in_the_way = next(islice(log, len(log) - room - 1, None))
        return last_in_the_way + GROUP_WINDOW

    def _sweep(self, now: float) -> None:
        if now < self._sweep_at:
            return
        self._sweep_at = now + SWEEP_EVERY
        self._private_full_at = {
            a: at for a, at in self._private_full_at.items() if at > now - ROAD
        }
        self._blocked_until = {a: at for a, at in self._blocked_until.items() if at > now}
        self._group_log = {
            a: log for a, log in self._group_log.items() if log[-1] > now - GROUP_WINDOW
        }


# Of a group's budget, what one customer's tickets may have while others wait.
FAIR_SHARE = 6
MOST_TURNS = 1000  # customers remembered before those of the last minute are sorted out


class Turns:
    """Who has had how much of each group's budget lately: nobody waits for another's flood (S10).

    A customer whose tickets have had their share lets the others go first; while nobody else waits
    they have the whole budget. It knows no clock, like the `Pacer`.
    """

    def __init__(self) -> None:
        self._had: dict[tuple[str, int], deque[float]] = {}
        self._had_enough_until: dict[str, float] = {}

    def take(self, address: str, customer: int | None, now: float) -> None:
        """Count a post about a ticket of this customer."""
        if customer is not None and is_group(address):
            had = self._had.setdefault((address, customer), deque(maxlen=FAIR_SHARE))
            had.append(now)
            if len(had) == FAIR_SHARE:
                self._had_enough_until[address] = now + GROUP_WINDOW
        if len(self._had) > MOST_TURNS:
            recent = now - GROUP_WINDOW
            self._had = {whose: had for whose, had in self._had.items() if had[-1] > recent}

    def may_give_way(self, address: str, now: float) -> bool:
        """Whether anybody's share of the group's last minute may be used up."""
        return self._had_enough_until.get(address, LONG_AGO) > now

    def has_had_enough(self, address: str, customer: int | None, now: float) -> bool:
        """Whether the customer's share of the last minute is used up."""
        had = self._had.get((address, customer or 0))
        return had is not None and len(had) == FAIR_SHARE and had[0] > now - GROUP_WINDOW


def _bucket_ready(full_at: float, rate: float, burst: float, count: int) -> float:
    if count > burst:
        # An album bigger than the burst needs a full bucket, Telegram's bigger one too, and is
        # paid for afterwards.
        return full_at + ROAD
    return full_at - (burst - count) / rate


def _forget_before(log: deque[float], instant: float) -> None:
    while log and log[0] <= instant:
        log.popleft()
