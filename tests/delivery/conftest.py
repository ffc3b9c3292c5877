"""A desk on a real SQLite file, a clock that only tests move, and a channel with a script."""

from collections.abc import AsyncIterator

import pytest

from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.delivery import courier, sender, settlement, slow_answers
from core.desk import Desk
from core.subscriptions import SUBSCRIBERS
from tests.clock import Clock
from tests.delivery.courier_fixture import CourierHarness
from tests.delivery.one_look import never_looks
from tests.delivery.two_processes import two, url
from tests.ordered import backwards
from tests.slow_disk import slow_disk

__all__ = ["backwards", "never_looks", "slow_disk", "two", "url"]

GROUP = -1001
ALERTS = -1002


@pytest.fixture
async def database(own_sqlite_url: str) -> AsyncIterator[Database]:
    database = Database(own_sqlite_url)
    yield database
    await database.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk(database: Database, clock: Clock) -> Desk:
    company = Company(operators_chat=chat_address(GROUP), alerts_chat=chat_address(ALERTS))
    return Desk(database, company, SUBSCRIBERS, clock=clock)


@pytest.fixture
def harness(desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> CourierHarness:
    """A courier in a hurry: what it waits for lasts milliseconds here."""
    monkeypatch.setattr(courier, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(slow_answers, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(sender, "QUIET", 0.01)
    monkeypatch.setattr(courier.Courier.recover, "__defaults__", (0.01,))  # which was QUIET
    monkeypatch.setattr(sender, "STORE_PAUSE", 0.01)
    monkeypatch.setattr(settlement, "STORE_PAUSE", 0.01)
    return CourierHarness(desk, clock)
