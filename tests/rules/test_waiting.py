"""Where something waits, as far as a process knows: hints, the most urgent first."""

from datetime import UTC, datetime, timedelta
from heapq import heappop

from core.delivery.next_rows import MOST, UNKNOWN, WaitingAddresses

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return NOON + timedelta(minutes=minutes)


def in_order(waiting: WaitingAddresses, *busy: str) -> list[str]:
    queue = waiting.queue(lambda address: address not in busy)
    return [heappop(queue)[1] for _ in range(len(queue))]


def test_whose_turn_is_first_comes_first_and_the_busy_are_left_out() -> None:
    waiting = WaitingAddresses()
    for address, minutes in (("news", 3), ("answer", 1), ("digest", 9)):
        waiting.note(address, at(minutes))
    assert in_order(waiting) == ["answer", "news", "digest"]
    assert in_order(waiting, "answer") == ["news", "digest"]
    assert waiting.any_where(lambda address: address == "digest")
    assert not waiting.any_where(lambda address: address == "nobody")


def test_an_address_has_the_earliest_turn_that_was_noted() -> None:
    waiting = WaitingAddresses()
    for address, minutes in (("a", 5), ("b", 4), ("a", 2), ("a", 7)):
        waiting.note(address, at(minutes))
    assert in_order(waiting) == ["a", "b"] and len(waiting) == 2
    waiting.note("c")
    assert waiting.queue(lambda _: True)[0] == (UNKNOWN, "c")
    waiting.forget("c")
    waiting.forget("never there")
    assert in_order(waiting) == ["a", "b"]


def test_of_too_many_the_urgent_half_is_kept_and_somebody_must_look() -> None:
    waiting = WaitingAddresses()
    for number in range(MOST):
        waiting.note(str(number), at(number))
    assert len(waiting) == MOST
    waiting.complete = True
    waiting.note("one more", at(MOST))
    assert [waiting.complete, len(waiting)] == [False, MOST // 2]
    assert in_order(waiting) == [str(number) for number in range(MOST // 2)]
