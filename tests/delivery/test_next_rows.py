"""What may leave is found at the same cost however much waits."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from core.delivery import due_rows
from core.delivery.pacing import Priority
from tests.delivery.courier_fixture import CourierHarness
from tests.delivery.one_look import ALICE, BORIS, GROUP, file_of, fill

SHORT, LONG = 10, 100_000


async def steps_of_a_look(harness: CourierHarness, busy: Sequence[str]) -> int:
    """How many steps SQLite takes to find out where something may leave, and what."""
    heard: list[tuple[str, Any]] = []
    listener = lambda text, given: heard.append((text, given))  # noqa: E731
    harness.desk.database.listeners.append(listener)
    walk = await harness.desk.read(due_rows.find_waiting, "", busy)
    for address, _ in walk.turns:
        await harness.desk.read(due_rows.find_ready, address)
    harness.desk.database.listeners.remove(listener)
    assert walk.is_whole
    return sum(_steps(file_of(harness), text, given) for text, given in heard if "outbox" in text)


def _steps(path: str, text: str, given: Any) -> int:
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with closing(sqlite3.connect(path)) as file:
        file.set_progress_handler(step, 1)
        file.execute(text, given).fetchall()
    return steps


async def test_a_look_costs_the_same_with_ten_and_with_a_hundred_thousand_waiting_rows(
    harness: CourierHarness,
) -> None:
    """Whether they wait at an address that rests, or at one whose turn it is."""
    await harness.put(ALICE)
    fill(harness, SHORT, [GROUP, BORIS])
    few = await steps_of_a_look(harness, [str(GROUP)])
    fill(harness, LONG // 2, [GROUP, BORIS])
    assert await steps_of_a_look(harness, [str(GROUP)]) == few


async def test_what_waits_until_later_costs_a_look_nothing(harness: CourierHarness) -> None:
    await harness.put(ALICE)
    await harness.put(BORIS, wait=3600)
    few = await steps_of_a_look(harness, [])
    for _ in range(50):
        await harness.put(BORIS, ordering_key="another", wait=7200)
    assert await steps_of_a_look(harness, []) == few


async def test_more_addresses_than_one_look_visits_are_all_served_the_urgent_first(
    harness: CourierHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_rows, "ADDRESSES", 7)
    monkeypatch.setattr(due_rows, "PAGE", 5)
    fill(harness, 1, range(200, 260))
    fill(harness, 30, [GROUP])  # whose turn is as early as theirs, and which rests
    harness.pacer.held[str(GROUP)] = 60.0
    urgent = await harness.put(999, priority=int(Priority.ANSWER_TO_ACTOR))
    async with harness.at_work():
        await harness.until(lambda: len(harness.channel.stands) == 61)
    assert str(GROUP) not in {address for address, _ in harness.channel.stands}
    assert urgent in harness.arrived
