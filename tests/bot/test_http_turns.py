"""Requests have their share of the loop's time, however many there are; the rest is the chat's."""

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from bot.http_turns import AT_ONCE, LONGEST_YIELD, MOST_OWED, SHARE, Metered, Turns
from handlers.http.precedence import Precedence

COST = 0.002


class Time:
    """A loop's clock and calendar that stand still while nobody moves them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        self.rounds = 0
        self.soon: list[Callable[[], None]] = []
        self.later: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(asyncio, "get_running_loop", lambda: self)

    def clock(self) -> float:
        return self.now

    def call_soon(self, what: Callable[[], None]) -> None:
        self.soon.append(what)

    def call_later(self, delay: float, what: Callable[[], None]) -> None:
        self.later.append((self.now + delay, what))

    def round(self) -> None:
        """One round of the loop: what is to be called now; if there is nothing, what comes next."""
        self.rounds += 1
        assert self.rounds < 10_000
        due, self.soon = self.soon, []
        if not due and self.later:
            self.later.sort(key=lambda one: one[0])
            at, what = self.later.pop(0)
            self.now, due = max(self.now, at), [what]
        for what in due:
            what()


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(monkeypatch)


class Crowd:
    """Requests that cost something each, and note when they began and how long they waited."""

    def __init__(self, time: Time, turns: Turns) -> None:
        self.time, self.turns = time, turns
        self.began: list[tuple[str, float, float]] = []

    def ask(self, name: str, precedence: Precedence = Precedence.USUAL, cost: float = COST) -> None:
        came = self.time.now

        def begin(waited: float) -> None:
            assert waited == pytest.approx(self.time.now - came)
            self.began.append((name, self.time.now, waited))
            self.time.now += cost
            self.turns.spend(cost)

        self.turns.take(begin, precedence)

    @property
    def names(self) -> str:
        return "".join(name for name, *_ in self.began)


def test_who_comes_alone_begins_in_the_same_round(time: Time) -> None:
    crowd = Crowd(time, Turns(time.clock))
    for _ in range(3):
        crowd.ask("a")
        time.round()
        time.round()
        time.now += 1
    assert [waited for *_, waited in crowd.began] == [0, 0, 0]


def test_a_flood_has_its_share_of_the_time_and_no_more(time: Time) -> None:
    crowd = Crowd(time, Turns(time.clock))
    began = time.now
    for _ in range(1000):
        crowd.ask("a")
    while len(crowd.began) < 1000:
        time.round()
    took = time.now - began
    used = 1000 * COST
    assert used / took <= SHARE + (AT_ONCE + COST) / took
    assert used / took > SHARE * 0.9  # what may be used is


def test_in_a_round_of_the_loop_one_begins(time: Time) -> None:
    """Time stands still here: what they cost is not known before they have begun."""
    crowd = Crowd(time, Turns(time.clock))
    for _ in range(100):
        crowd.ask("a", cost=0.0)
    begun = [len(crowd.began)]
    while len(crowd.began) < 100:
        time.round()
        begun.append(len(crowd.began))
    assert begun[0] == 0
    assert {now - before for before, now in pairwise(begun)} == {1}


def test_while_the_chat_is_at_work_few_begin_and_then_all(time: Time) -> None:
    crowd = Crowd(time, Turns(time.clock))
    for _ in range(20):
        crowd.ask("a", cost=0.0)
    rounds, step = 100, 0.001
    for _ in range(rounds):
        time.round()
        time.now += step  # the chat's
    assert len(crowd.began) <= rounds * step / LONGEST_YIELD + 1
    assert len(crowd.began) > rounds * step / LONGEST_YIELD - 2
    left = 20 - len(crowd.began)
    for _ in range(left + 2):
        time.round()
    assert len(crowd.began) == 20


def test_what_the_chat_does_while_nobody_waits_is_not_looked_at(time: Time) -> None:
    crowd = Crowd(time, Turns(time.clock))
    crowd.ask("a")
    for _ in range(3):
        time.round()
        time.now += 0.001
    assert not time.soon and not time.later


def test_quick_and_usual_ones_take_turns_and_the_chat_waits_for_neither(time: Time) -> None:
    turns = Turns(time.clock)
    crowd = Crowd(time, turns)
    turns.spend(1.0)
    for name, precedence in (("q", Precedence.QUICK), ("u", Precedence.USUAL)):
        for _ in range(6):
            crowd.ask(name, precedence)
    crowd.ask("c", Precedence.CHAT)
    assert crowd.names == "c"
    while len(crowd.began) < 13:
        time.round()
    assert crowd.names == "c" + "qu" * 6


def test_one_that_took_long_is_not_made_up_for_by_a_long_rest(time: Time) -> None:
    """Whoever waits is told for how long."""
    turns = Turns(time.clock)
    crowd = Crowd(time, turns)
    turns.spend(30.0)
    crowd.ask("a")
    while not crowd.began:
        time.round()
    assert crowd.began[0][2] == pytest.approx(MOST_OWED / SHARE, abs=0.01)


def test_after_a_rest_nobody_has_more_than_at_the_beginning(time: Time) -> None:
    crowd = Crowd(time, Turns(time.clock))
    time.now += 3600
    began = time.now
    for _ in range(100):
        crowd.ask("a")
    while len(crowd.began) < 100:
        time.round()
    assert (time.now - began) * SHARE + AT_ONCE + COST >= 100 * COST


async def test_work_is_counted_while_it_has_the_loop_and_not_while_it_waits() -> None:
    now = 0.0
    spent: list[float] = []

    class Heard(Turns):
        def spend(self, seconds: float) -> None:
            spent.append(seconds)

    turns = Heard(lambda: now)
    news: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    given: list[int] = []

    async def work() -> None:
        nonlocal now
        now += 2
        given.append(await news)
        now += 3

    task = asyncio.ensure_future(_awaited(Metered(work(), turns)))
    await asyncio.sleep(0)
    now += 100
    news.set_result(7)
    await task
    assert given == [7] and spent == [2, 3]


async def test_who_breaks_work_off_is_heard_and_so_is_its_failure() -> None:
    turns, seen = Turns(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            seen.append("over")
            raise

    async def fails() -> None:
        await asyncio.sleep(0)
        raise ValueError("no")

    task = asyncio.ensure_future(_awaited(Metered(work(), turns)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert seen == ["over"]
    with pytest.raises(ValueError, match="no"):
        await _awaited(Metered(fails(), turns))


async def _awaited(work: Any) -> None:
    await work
