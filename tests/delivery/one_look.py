"""A courier that has looked once, and rows that wait as if another process had written them."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from typing import Any

import pytest

from core.delivery import courier as courier_module
from core.delivery import due_rows
from tests.delivery.courier_fixture import CourierHarness

GROUP, ALICE, BORIS = -1001, 101, 102


def file_of(harness: CourierHarness) -> str:
    path = harness.desk.database.path
    assert path is not None
    return str(path)


def fill(harness: CourierHarness, count: int, addresses: Sequence[int]) -> None:
    """So many rows wait at each of the addresses, as if another process had written them."""
    now = harness.clock.now
    order_at = (now - timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(file_of(harness))) as file, file:
        file.executemany(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
            "INSERT INTO outbox (channel, address, ordering_key, locale, kind, key, facts,"
            " priority, state, not_before, order_at, attempts, created_at) "
            "SELECT 'telegram', ?, ? || ':' || i, 'ru', 'text', 'x', '{}', 3, 'queued', ?, ?, 0,"
            " ? FROM n",
            [(count, str(one), str(one), order_at, order_at, order_at) for one in addresses],
        )


@pytest.fixture
def never_looks(harness: CourierHarness, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A courier that has looked once, and does not again: every further look is noted."""
    looks: list[str] = []
    find = due_rows.find_waiting

    async def noted(*given: Any) -> Any:
        looks.append("look")
        return await find(*given)

    monkeypatch.setattr(due_rows, "find_waiting", noted)
    monkeypatch.setattr(courier_module, "LOOK_EVERY", 3600.0)
    harness.hire()._reach.unreached.clear()  # the first success would wake what waits for it
    return looks


@asynccontextmanager
async def after_its_look(harness: CourierHarness, looks: list[str]) -> AsyncIterator[None]:
    async with harness.at_work():
        await harness.until(lambda: looks and harness.courier._chooser.waiting.complete)
        yield
