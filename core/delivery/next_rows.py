"""Chooses what may leave next: whose turn it is, among the addresses that can take something.

What this process writes, it is told of, and need not look for. It looks for the rest at intervals,
address by address: however much waits at an address that must rest, it is one step.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import heapify, heappop, heappush
from typing import Final

from core.delivery import due_rows
from core.delivery.due_rows import Candidate
from core.delivery.pacing import Pacer, Priority, aged
from core.desk import Desk
from core.tx import Tx

IsFree = Callable[[str], bool]
# How far one look goes where nothing may leave yet.
MOST_WALKS: Final = 10
# The turn of what is not known any better: it is looked at first.
UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)
# Of more addresses the less urgent are forgotten: whoever looks finds them again.
MOST: Final = 4000


class WaitingAddresses:
    """Hints only: what is noted here may have left already, or may have to wait. The claim decides.

    ``complete``: nothing is known to wait that is not noted. Each address has the earliest turn
    (``order_at``) that something there may have.
    """

    def __init__(self) -> None:
        self.complete = False
        self._turns: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def __contains__(self, address: str) -> bool:
        return address in self._turns

    def note(self, address: str, turn: datetime = UNKNOWN) -> None:
        """Something waits there, with this turn at the earliest."""
        known = self._turns.get(address)
        self._turns[address] = turn if known is None else min(known, turn)
        if len(self._turns) > MOST:
            self._forget_half()

    def forget(self, address: str) -> datetime | None:
        """Nothing there can leave now. Returns the turn that was noted."""
        return self._turns.pop(address, None)

    def any_where(self, is_free: Callable[[str], bool]) -> bool:
        """Whether something waits at an address of which this holds."""
        return any(is_free(address) for address in self._turns)

    def queue(self, is_free: Callable[[str], bool]) -> list[tuple[datetime, str]]:
        """Turns and addresses of which this holds, as a heap: whose turn is first comes first."""
        found = [(turn, address) for address, turn in self._turns.items() if is_free(address)]
        heapify(found)
        return found

    def _forget_half(self) -> None:
        first = sorted(self._turns.items(), key=lambda item: item[1])
        self._turns = dict(first[: MOST // 2])
        self.complete = False


@dataclass(frozen=True, slots=True)
class Choice:
    """What may leave now: these ``rows``, and whatever comes first at the ``addresses``."""

    addresses: Sequence[str]
    rows: Sequence[Candidate]


@dataclass(slots=True)
class Chooser:
    """``waiting``: where something waits; ``resting``: addresses that can take nothing before an
    instant of the monotonic clock, and are asked again within ``longest_rest`` seconds.
    """

    desk: Desk
    pacer: Pacer
    longest_rest: float
    waiting: WaitingAddresses = field(default_factory=WaitingAddresses)
    resting: dict[str, float] = field(default_factory=dict)
    _looked_up_to: str = ""  # of the addresses, in the database's order

    def end_rests(self, now: float) -> None:
        """Forget what has rested long enough."""
        self.resting = {address: at for address, at in self.resting.items() if at > now}

    async def look(self, busy: Collection[str]) -> None:
        """Find the addresses at which something may leave, whoever has written it.

        Where there are too many for one look, the next one goes on behind them, and of the rest
        those are noted whose turn it is.
        """
        out = (*self.resting, *busy)
        walk, walks = await self._walk(out), 1
        while not walk.turns and not walk.is_whole and walks < MOST_WALKS:
            walk, walks = await self._walk(out), walks + 1
        self.waiting.complete = walk.is_whole or not walk.turns
        found = walk.turns
        if not walk.is_whole:
            found += [
                (address, turn)
                for address, turn in await self.desk.read(due_rows.find_urgent)
                if address not in out
            ]
        for address, turn in found:
            self.waiting.note(address, turn)
        for address in busy:  # they are asked when they are free
            self.waiting.note(address)

    async def _walk(self, out: Collection[str]) -> due_rows.Walk:
        """Go on from where the last walk ended."""
        walk = await self.desk.read(due_rows.find_waiting, self._looked_up_to, out)
        self._looked_up_to = walk.up_to
        return walk

    async def choose(self, tx: Tx, now: float, is_free: IsFree, room: int) -> Choice:
        """What leaves next, one row per free address, as many as there is ``room`` for.

        Where there is room for all of them, only those are looked at that may have to wait.
        """
        queue = self.waiting.queue(is_free)
        at_once: list[str] = []
        if len(queue) <= room:
            at_once = [address for _, address in sorted(queue) if self.is_open(address, now)]
            queue = [each for each in sorted(queue) if each[1] not in at_once]
        return Choice(at_once, await self._choose(tx, now, queue, room) if queue else [])

    async def choose_of(self, tx: Tx, now: float, addresses: Collection[str]) -> Choice:
        """The same of these addresses alone."""
        at_once = [address for address in addresses if self.is_open(address, now)]
        others = [address for address in addresses if address not in at_once]
        found = [await self._first_at(tx, address, now) for address in others]
        rows = [row for row in found if row is not None and self._may_leave(row, now)]
        return Choice(at_once, rows)

    def is_open(self, address: str, now: float, count: int = 1) -> bool:
        """Whether ``count`` rows may leave for the address now, whatever comes first there."""
        gives_way = self.pacer.turns.may_give_way(address, now)
        return not gives_way and self.pacer.delay(address, Priority.DIGEST, now, count) <= 0

    async def _choose(
        self, tx: Tx, now: float, queue: list[tuple[datetime, str]], room: int
    ) -> list[Candidate]:
        """The rows whose turn it is, of a heap of addresses."""
        chosen: list[Candidate] = []
        known: dict[str, Candidate] = {}
        while queue and len(chosen) < room:
            turn, address = heappop(queue)
            row = known.get(address) or await self._asked_at(tx, address, now)
            if row is None:
                continue
            if turn < row.order_at and queue and queue[0][0] < row.order_at:
                known[address] = row  # the turn was a guess: others come before it
                heappush(queue, (row.order_at, address))
            elif self._may_leave(row, now):
                chosen.append(row)
        return chosen

    async def _asked_at(self, tx: Tx, address: str, now: float) -> Candidate | None:
        """The same row as :meth:`_first_at`; if there is none, the address is forgotten."""
        # before it is asked: what others note there meanwhile is news
        turn = self.waiting.forget(address)
        row = await self._first_at(tx, address, now)
        if row is not None and turn is not None:
            self.waiting.note(address, turn)
        return row

    async def _first_at(self, tx: Tx, address: str, now: float) -> Candidate | None:
        """The row there whose turn it is; of those whose customer had their share only if nobody
        else waits.
        """
        first = next(iter(await due_rows.find_ready(tx, address)), None)
        if first is None or not self._gives_way(first, now):
            return first
        others = await due_rows.find_ready(tx, address, due_rows.PAGE)
        return next((row for row in others if not self._gives_way(row, now)), first)

    def _gives_way(self, row: Candidate, now: float) -> bool:
        """Whether the others of the group go first, because its customer had their share."""
        had_enough = self.pacer.turns.has_had_enough(row.address, row.customer_id, now)
        return had_enough and row.priority >= Priority.GROUP_NEWS

    def _may_leave(self, row: Candidate, now: float) -> bool:
        """Whether the pace allows it; otherwise its address rests: its less urgent rows would wait
        longer still.
        """
        waited = (self.desk.clock() - row.created_at).total_seconds()
        delay = self.pacer.delay(row.address, aged(Priority(row.priority), waited), now)
        if delay > 0:
            self.resting[row.address] = now + min(delay, self.longest_rest)
            self.waiting.note(row.address, row.order_at)
        return delay <= 0
