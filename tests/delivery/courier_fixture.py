"""A courier, the channel it works with, and what became of every row."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from core.db import Database
from core.delivery import outbox
from core.delivery.channel import Channel, Delivery, SendError, Sent
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer, Priority
from core.delivery.settlement import FollowUps
from core.desk import Desk
from core.models import OutboxRow
from core.tx import Tx
from tests.clock import Clock

GROUP = -1001
ALICE, BORIS = 101, 102

Step = Exception | asyncio.Event | str | tuple[asyncio.Event, Exception | str]


@dataclass
class Script:
    """A channel that does what it is told: for each address, one step after the other.

    A step is an error to raise, ``"cut"`` (it arrives, the answer is lost), ``"lost"`` (it does
    not arrive, the answer is lost), or an event to wait for, alone or before another step. Without
    steps everything arrives.
    """

    name: str = "telegram"
    steps: dict[str, deque[Step]] = field(default_factory=dict)
    answers: deque[Exception] = field(default_factory=deque)
    stands: list[tuple[str, int]] = field(default_factory=list)
    tried: list[int] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    under_way: dict[str, int] = field(default_factory=dict)
    most_at_once: int = 0
    recalled: int = 0
    closed: bool = False

    def plan(self, address: str, *steps: Step) -> None:
        self.steps.setdefault(address, deque()).extend(steps)

    async def recall(self) -> None:
        self.recalled += 1

    def probe_context(self) -> dict[str, Any]:
        return {"seen": len(self.stands)}

    async def send(self, delivery: Delivery) -> Sent:
        self.tried.append(delivery.id)
        assert delivery.address not in self.under_way, "two at once to one address"
        self.under_way[delivery.address] = delivery.id
        self.most_at_once = max(self.most_at_once, len(self.under_way))
        try:
            await asyncio.sleep(0)
            planned = self.steps.get(delivery.address)
            return await self._play(planned.popleft() if planned else "arrives", delivery)
        finally:
            del self.under_way[delivery.address]

    async def _play(self, step: Step, delivery: Delivery) -> Sent:
        if isinstance(step, asyncio.Event):
            step = (step, "arrives")
        if isinstance(step, tuple):
            await step[0].wait()
            step = step[1]
        if isinstance(step, Exception):
            raise step
        if step == "lost":
            raise SendError("network", uncertain=True)
        self.stands.append((delivery.address, delivery.id))
        if step == "cut":
            raise SendError("network", uncertain=True)
        return self._sent(delivery)

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        self.asked.append(delivery.id)
        if self.answers:
            raise self.answers.popleft()
        return self._sent(delivery) if (delivery.address, delivery.id) in self.stands else None

    async def close(self) -> None:
        self.closed = True

    def _sent(self, delivery: Delivery) -> Sent:
        return Sent((str(delivery.id),))

    def to(self, address: str) -> list[int]:
        """What stands at an address, in order."""
        return [row for place, row in self.stands if place == address]


class Free(Pacer):
    """No pace at all, but for addresses that a test holds up and those that are blocked."""

    def __init__(self) -> None:
        super().__init__()
        self.held: dict[str, float] = {}
        self.asked: list[tuple[str, Priority]] = []

    def delay(self, address: str, priority: Priority, now: float, count: int = 1) -> float:
        self.asked.append((address, priority))
        return max(self.held.get(address, 0.0), self._blocked_until.get(address, 0.0) - now)


class CourierHarness:
    def __init__(self, desk: Desk, clock: Clock) -> None:
        self.desk = desk
        self.clock = clock
        self.channel = Script()
        self.pacer = Free()
        self.arrived: list[int] = []
        self._noted: list[int] = []
        desk.database.listeners[:] = [self._heard]  # the database outlives the test
        self.refused: list[tuple[int, str]] = []
        self.slow: list[int] = []
        self.failures = 0
        self.crashes = 0
        self.cursed: dict[int, Exception] = {}
        self.courier = self.hire()

    def hire(self, **channels: Channel) -> Courier:
        """Another courier, as after a restart."""
        self.courier = Courier(
            self.desk,
            channels or {"telegram": self.channel},
            self.pacer,
            FollowUps(self._arrived, self._refused, self._slow),
        )
        return self.courier

    async def _arrived(self, tx: Tx, delivery: Delivery, sent: Sent) -> None:
        if self.crashes:
            self.crashes -= 1
            raise RuntimeError("a mistake in what follows")
        if delivery.id in self.cursed:
            self.failures += 1
            raise self.cursed[delivery.id]
        self._noted.append(delivery.id)

    def _heard(self, statement: str, _given: object) -> None:
        """What is rolled back has not happened."""
        if statement in ("ROLLBACK TO action", "ROLLBACK TRANSACTION"):
            self._noted.clear()
        elif statement in ("SAVEPOINT action", "RELEASE action", "COMMIT"):
            self.arrived += self._noted
            self._noted.clear()

    async def _refused(self, tx: Tx, delivery: Delivery, reason: str) -> None:
        self.refused.append((delivery.id, reason))

    async def _slow(self, tx: Tx, messages: list[int]) -> None:
        self.slow += messages

    # ------------------------------------------------------------------ rows

    async def put(
        self, address: int | str, *, ordering_key: str | None = None, wait: float = 0.0, **more: Any
    ) -> int:
        """A row for an address; returns its id (or that of the row it was merged into)."""
        given = {"ordering_key": ordering_key, "wait": wait, **more}
        return await self.desk.run(self.write, address, **given)

    async def write(
        self,
        tx: Tx,
        /,
        address: int | str,
        *,
        ordering_key: str | None = None,
        wait: float = 0.0,
        **more: Any,
    ) -> int:
        """The same in a transaction."""
        row = {
            "channel": "telegram",
            "address": str(address),
            "ordering_key": ordering_key or str(address),
            "locale": "ru",
            "kind": "text",
            "key": "x",
            "facts": {},
            "ticket_id": None,
            "message_id": None,
            "person_id": None,
            "priority": int(Priority.GROUP_NEWS),
            "dedup_key": None,
            "state": "queued",
            "not_before": self.clock.now + timedelta(seconds=wait),
            "attempts": 0,
            "created_at": self.clock.now,
        } | more
        await outbox.write(tx, [row])
        newest = select(OutboxRow.id).order_by(OutboxRow.id.desc()).limit(1)
        return int(await tx.session.scalar(newest) or 0)

    async def row(self, number: int) -> OutboxRow:
        return await _one(self.desk.database, number)

    async def states(self) -> dict[int, str]:
        async with self.desk.database.read() as session:
            found = await session.execute(select(OutboxRow.id, OutboxRow.state))
            return {row.id: row.state for row in found}

    async def interrupt(self, number: int) -> None:
        """As if a process had died while it was sending the row."""

        async def die(tx: Tx) -> None:
            await tx.session.execute(
                update(OutboxRow)
                .where(OutboxRow.id == number)
                .values(state="sending", attempts=1, probe_context={})
            )

        await self.desk.run(die)

    # ------------------------------------------------------------------ time

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[Courier]:
        task = asyncio.create_task(self.courier.run())
        try:
            yield self.courier
        finally:
            await self.courier.stop()
            await asyncio.wait_for(task, 30)

    async def until(self, condition: Callable[[], Any], timeout: float = 30.0) -> None:
        async with asyncio.timeout(timeout):
            while not condition():
                await asyncio.sleep(0.002)

    async def until_state(self, number: int, state: str) -> OutboxRow:
        async with asyncio.timeout(30):
            while (row := await self.row(number)).state != state:
                await asyncio.sleep(0.002)
        return row

    async def until_over(self) -> None:
        """Everything has its end."""
        async with asyncio.timeout(30):
            while {"queued", "sending"} & {*(await self.states()).values()}:
                await asyncio.sleep(0.002)

    def pass_time(self, seconds: float) -> None:
        self.clock.move(seconds)
        self.desk.outbox_wakeup.set()


async def _one(database: Database, number: int) -> OutboxRow:
    async with database.read() as session:
        return (await session.scalars(select(OutboxRow).where(OutboxRow.id == number))).one()


def busy(**more: object) -> SendError:
    return SendError("busy", "502", **more)  # type: ignore[arg-type]


def shut_out() -> SendError:
    return SendError("blocked", "bot was kicked from the supergroup chat", permanent=True)
