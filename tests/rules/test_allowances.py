"""How much one person may ask in a row, and that nobody else waits for it (S40)."""

import pytest

from core import allowances
from core.addresses import Address
from core.allowances import ALLOWED, HEAVY, LIGHT, TOLD_FOR, WITHIN, Allowances, AskedTooMuch

OLGA, OLEG = Address("telegram", "1"), Address("telegram", "2")


class Watch:
    """Monotonic seconds that pass when a test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def asks(desk: Allowances, effort: int = LIGHT, who: Address = OLGA) -> None:
    with desk.begin(who, effort):
        pass


def refused(desk: Allowances, effort: int = LIGHT) -> AskedTooMuch:
    with pytest.raises(AskedTooMuch) as caught:
        desk.begin(OLGA, effort)
    return caught.value


def test_of_a_hundred_searches_the_first_are_answered_and_the_others_told_when_to_try() -> None:
    watch = Watch()
    desk = Allowances(watch)
    for _ in range(int(ALLOWED)):
        asks(desk)
    first, *others = [refused(desk) for _ in range(100 - int(ALLOWED))]
    assert first.facts == {"n": 1} and not first.told and all(one.told for one in others)
    asks(desk, who=OLEG)
    watch.now += first.facts["n"]
    asks(desk)
    assert refused(desk).told
    watch.now += TOLD_FOR
    for _ in range(int(TOLD_FOR)):
        asks(desk)
    assert not refused(desk).told


def test_the_seconds_that_are_named_suffice() -> None:
    watch = Watch()
    desk = Allowances(watch)
    for effort in (LIGHT, HEAVY):
        for _ in range(int(ALLOWED)):
            try:
                asks(desk, effort)
            except AskedTooMuch as told:
                watch.now += told.facts["n"]
                asks(desk, effort)


def test_one_heavy_thing_at_a_time_and_light_ones_beside_it() -> None:
    watch = Watch()
    desk = Allowances(watch)
    with desk.begin(OLGA, HEAVY) as turn:
        turn.keep()  # the picture is being drawn
    assert refused(desk, HEAVY).facts["n"] > 1
    asks(desk, LIGHT)
    refused(desk, HEAVY)  # what is light ends nothing
    asks(desk, HEAVY, who=OLEG)
    turn.end()
    asks(desk, HEAVY)


def test_what_fails_ends_and_what_hangs_is_given_up() -> None:
    watch = Watch()
    desk = Allowances(watch)
    with pytest.raises(ValueError, match="no"), desk.begin(OLGA, HEAVY) as turn:
        turn.keep()
        raise ValueError("no")
    hangs = desk.begin(OLGA, HEAVY)
    watch.now += WITHIN
    again = desk.begin(OLGA, HEAVY)
    hangs.end()
    refused(desk, HEAVY)  # the one that hung ends only itself
    again.end()
    asks(desk, HEAVY)


def test_who_asked_long_ago_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allowances, "_REMEMBERED", 10)
    watch = Watch()
    desk = Allowances(watch)
    for number in range(1000):
        asks(desk, who=Address("telegram", str(number)))
        watch.now += 1
    assert len(desk._askers) <= 10
