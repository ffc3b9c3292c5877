"""The pacer against a limiter as strict as Telegram's, for any schedule that obeys it."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.delivery.pacing import (
    BACKOFF,
    GROUP_BUDGET,
    GROUP_WINDOW,
    PRIVATE_BURST,
    RESERVE,
    Pacer,
    Priority,
    aged,
    backoff,
    is_group,
)

ALICE, BORIS = "101", "102"
GROUP, CHANNEL = "-1001", "@news"
CHATS = (ALICE, BORIS, GROUP, CHANNEL)
EPSILON = 1e-5

chats = st.sampled_from(CHATS)
priorities = st.sampled_from(Priority)
pauses = st.one_of(st.just(0.0), st.floats(0, 0.2), st.floats(0, 90))
counts = st.one_of(st.just(1), st.integers(1, 10))
wishes = st.lists(st.tuples(chats, priorities, pauses, counts), max_size=120)


def test_every_priority_has_its_reserve_and_the_urgent_have_none() -> None:
    assert set(RESERVE) == set(Priority)
    reserves = [RESERVE[p] for p in Priority]
    assert reserves == sorted(reserves)
    assert RESERVE[Priority.HUMAN_ANSWER] == 0
    assert max(reserves) < GROUP_BUDGET


def test_groups_and_channels_are_known_by_their_addresses() -> None:
    assert [is_group(a) for a in CHATS] == [False, False, True, True]


def test_a_private_chat_takes_a_short_burst_and_then_one_a_second() -> None:
    pacer = Pacer()
    for _ in range(int(PRIVATE_BURST)):
        assert pacer.delay(ALICE, Priority.TICKET_ACK, 100.0) == 0
        pacer.take(ALICE, 100.0)
    assert pacer.delay(ALICE, Priority.ANSWER_TO_ACTOR, 100.0) == pytest.approx(1.0)
    assert pacer.delay(BORIS, Priority.TICKET_ACK, 100.0) == 0
    assert pacer.delay(ALICE, Priority.TICKET_ACK, 101.0) == 0


def test_a_group_keeps_its_last_places_for_people() -> None:
    free: dict[Priority, int] = {}
    for priority in Priority:
        pacer, now = Pacer(), 100.0
        while not pacer.delay(GROUP, priority, now):
            pacer.take(GROUP, now)
            now += 0.1
        free[priority] = round((now - 100.0) * 10)
    assert free == {p: GROUP_BUDGET - RESERVE[p] for p in Priority}


def test_a_digest_waits_until_enough_of_the_group_s_minute_is_over() -> None:
    pacer = Pacer()
    for second in range(GROUP_BUDGET):
        pacer.take(GROUP, float(second))
    # of 18 said in seconds 0 … 17, the digest may be the tenth: nine must be forgotten
    assert pacer.delay(GROUP, Priority.DIGEST, 20.0) == pytest.approx(8 + GROUP_WINDOW - 20)
    assert pacer.delay(GROUP, Priority.HUMAN_ANSWER, 20.0) == pytest.approx(GROUP_WINDOW - 20)


def test_more_at_once_than_the_budget_goes_when_the_minute_is_empty() -> None:
    pacer = Pacer()
    assert pacer.delay(GROUP, Priority.DIGEST, 0.0, count=100) == 0
    pacer.take(GROUP, 0.0, count=100)
    assert pacer.delay(GROUP, Priority.HUMAN_ANSWER, 10.0) == pytest.approx(GROUP_WINDOW - 10)


def test_a_thousand_people_are_answered_in_a_thousand_twenty_eighths_of_a_second() -> None:
    pacer, now = Pacer(), 0.0
    for person in range(1000):
        now += pacer.delay(str(person), Priority.TICKET_ACK, now)
        pacer.take(str(person), now)
    assert now <= 1.1 * 1000 / 30


def test_a_flood_answer_stops_that_chat_and_nobody_else() -> None:
    pacer = Pacer()
    pacer.blocked(GROUP, 400.0)
    pacer.blocked(GROUP, 150.0)  # never shortens
    assert pacer.delay(GROUP, Priority.ANSWER_TO_ACTOR, 100.0) == 300.0
    assert pacer.delay(ALICE, Priority.DIGEST, 100.0) == 0
    assert pacer.delay(GROUP, Priority.DIGEST, 400.0) == 0


def test_a_flood_answer_to_everybody_stops_everybody() -> None:
    pacer = Pacer()
    pacer.blocked(None, 130.0)
    assert pacer.delay(ALICE, Priority.ANSWER_TO_ACTOR, 100.0) == 30.0
    assert pacer.delay(GROUP, Priority.ANSWER_TO_ACTOR, 100.0) == 30.0


def test_chats_that_fell_silent_take_no_memory() -> None:
    pacer, now = Pacer(), 0.0
    kept = 0
    for chat in range(20_000):
        address = str(chat) if chat % 2 else f"-{chat}"
        now += pacer.delay(address, Priority.TICKET_ACK, now)
        pacer.take(address, now)
        if chat % 100 == 0:
            pacer.blocked(address, now + 5)
        kept = max(
            kept, len(pacer._private_full_at) + len(pacer._group_log) + len(pacer._blocked_until)
        )
    assert kept < 5_000  # two minutes' worth
    pacer.take(ALICE, now + 1000)
    assert len(pacer._group_log) == len(pacer._blocked_until) == 0
    assert list(pacer._private_full_at) == [ALICE]


def test_backing_off_grows_to_a_quarter_of_an_hour_and_stays_there() -> None:
    waits = [backoff(attempt) for attempt in range(1, 30)]
    assert waits[0] == BACKOFF[0]
    assert waits == sorted(waits)
    assert waits[-1] == BACKOFF[-1] == 900
    assert backoff(3, 1.0) == 1.5 * backoff(3)
    assert backoff(0) == backoff(1)


def test_waiting_lifts_a_digest_to_the_level_of_people_but_not_above() -> None:
    assert aged(Priority.DIGEST, 0.0) is Priority.DIGEST
    assert aged(Priority.DIGEST, 30.0) is Priority.CARD_REFRESH
    assert aged(Priority.DIGEST, 1e9) is Priority.HUMAN_ANSWER
    assert aged(Priority.HUMAN_ANSWER, 1e9) is Priority.HUMAN_ANSWER
    assert aged(Priority.ANSWER_TO_ACTOR, 0.0) is Priority.ANSWER_TO_ACTOR
    assert aged(Priority.RECEIPT, -1.0) is Priority.RECEIPT


# Any schedule


@dataclass
class Bucket:
    rate: float
    burst: float
    tokens: float
    at: float = 0.0

    def accepts(self, now: float, count: int, *, albums_in_debt: bool) -> bool:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        need = min(count, self.burst) if albums_in_debt else count
        if self.tokens < need - EPSILON:
            return False
        self.tokens -= count
        return True


class Telegram:
    """The limits as the sandbox enforces them, written down a second time."""

    def __init__(self) -> None:
        self.overall = Bucket(30, 30, 30)
        self.private: dict[str, Bucket] = defaultdict(lambda: Bucket(1, 5, 5))
        self.groups: dict[str, deque[float]] = defaultdict(deque)

    def accepts(self, chat: str, now: float, count: int) -> bool:
        if not self.overall.accepts(now, count, albums_in_debt=False):
            return False
        if not is_group(chat):
            return self.private[chat].accepts(now, count, albums_in_debt=True)
        log = self.groups[chat]
        while log and log[0] <= now - 60:
            log.popleft()
        log.extend([now] * count)
        return len(log) <= 20


def obey(wishes: list[tuple[str, Priority, float, int]]) -> list[tuple[float, str, int]]:
    """Each wish waits as told, at least as long as it likes, and goes."""
    pacer, now, sent = Pacer(), 0.0, []
    for chat, priority, pause, count in wishes:
        now += pause
        wait = pacer.delay(chat, priority, now, count)
        now += wait
        assert pacer.delay(chat, priority, now, count) == 0, "waiting as told is enough"
        pacer.take(chat, now, count)
        sent.append((now, chat, count))
    return sent


def at_once(chats: Sequence[str], times: int) -> list[tuple[str, Priority, float, int]]:
    """So many messages to each of these chats, all as soon as they may go."""
    return [(chat, Priority.HUMAN_ANSWER, 0.0, 1) for chat in chats for _ in range(times)]


@given(wishes)
@example(at_once([GROUP], 60))
@example(at_once([ALICE], 20))
@example(at_once(CHATS, 18))
def test_whoever_obeys_never_meets_a_limit(
    wishes: list[tuple[str, Priority, float, int]],
) -> None:
    telegram = Telegram()
    for now, chat, count in obey(wishes):
        assert telegram.accepts(chat, now, count)


@given(wishes, st.lists(st.floats(0, 0.5), min_size=120, max_size=120))
def test_not_even_when_messages_overtake_each_other_on_the_way(
    wishes: list[tuple[str, Priority, float, int]], latencies: list[float]
) -> None:
    telegram = Telegram()
    sent = obey(wishes)
    late = zip(sent, latencies, strict=False)
    for now, chat, count in sorted((at + lag, chat, n) for (at, chat, n), lag in late):
        assert telegram.accepts(chat, now, count)


@given(st.lists(st.tuples(priorities, pauses), min_size=1, max_size=100))
def test_no_minute_of_a_group_holds_more_than_its_budget(
    wishes: list[tuple[Priority, float]],
) -> None:
    sent = [at for at, _, _ in obey([(GROUP, priority, pause, 1) for priority, pause in wishes])]
    for start in sent:
        assert sum(start <= at < start + GROUP_WINDOW - EPSILON for at in sent) <= GROUP_BUDGET


def turn(now: float) -> Callable[[tuple[float, Priority, *tuple[int, ...]]], tuple[int, float]]:
    """The order in which a courier takes what waits."""
    return lambda waits: (aged(waits[1], now - waits[0]), waits[0])


def test_nobody_starves_in_a_group_where_people_never_stop_talking() -> None:
    # Olga answers every three seconds for two hours: more than the group's budget has places for
    pacer, now = Pacer(), 0.0
    # the others come when answers wait already: before, they would go at once
    waiting = [(90.0, priority) for priority in Priority if priority > Priority.HUMAN_ANSWER]
    waiting += [(3.0 * i, Priority.HUMAN_ANSWER) for i in range(2400)]
    left: dict[Priority, float] = {}
    while now < 7200 and len(left) < len(Priority) - 1:
        here = [w for w in waiting if w[0] <= now]
        if not here:
            now += 1.0
            continue
        at, priority = min(here, key=turn(now))
        wait = pacer.delay(GROUP, aged(priority, now - at), now)
        if wait:
            now += min(wait, 1.0)
            continue
        pacer.take(GROUP, now)
        waiting.remove((at, priority))
        left.setdefault(priority, now)
        now += 0.5
    assert set(left) == set(Priority) - {Priority.ANSWER_TO_ACTOR}
    assert max(left.values()) < 600


@given(st.lists(st.tuples(priorities, st.floats(0, 120), counts), min_size=1, max_size=60))
def test_everything_that_was_asked_for_is_sent(
    wishes: list[tuple[Priority, float, int]],
) -> None:
    pacer, now = Pacer(), 0.0
    waiting = sorted((at, priority, count) for priority, at, count in wishes)
    budget = sum(count for _, _, count in waiting) / (GROUP_BUDGET / 2) + 2
    while waiting:
        here = [w for w in waiting if w[0] <= now]
        if not here:
            now = waiting[0][0]
            continue
        chosen = min(here, key=turn(now))
        at, priority, count = chosen
        wait = pacer.delay(GROUP, aged(priority, now - at), now, count)
        if wait:
            now += min(wait, 5.0)
        else:
            pacer.take(GROUP, now, count)
            waiting.remove(chosen)
        assert now < 120 + budget * GROUP_WINDOW


def test_two_private_chats_refused_together_mean_everybody() -> None:
    pacer = Pacer()
    pacer.blocked("1", 103.0)
    assert pacer.delay("3", Priority.TICKET_ACK, 100.0) == 0
    pacer.blocked("2", 103.5)
    assert pacer.delay("3", Priority.TICKET_ACK, 100.0) == pytest.approx(3.5)
    assert pacer.delay_of_all(100.0) == pytest.approx(3.5)


@pytest.mark.parametrize("second", ["1", GROUP])
def test_one_private_chat_refused_is_its_own_matter(second: str) -> None:
    pacer = Pacer()
    pacer.blocked("1", 103.0)
    pacer.blocked(second, 104.0)
    assert pacer.delay_of_all(100.0) == 0


def test_refusals_long_after_each_other_have_nothing_to_do_with_each_other() -> None:
    pacer = Pacer()
    pacer.blocked("1", 103.0)
    pacer.blocked("2", 140.0)
    assert pacer.delay_of_all(137.0) == 0


def test_a_long_block_of_one_chat_does_not_make_a_short_one_of_another_everybodys() -> None:
    pacer = Pacer()
    pacer.blocked("1", 400.0)
    pacer.blocked("2", 103.0)
    assert pacer.delay_of_all(100.0) == 0
