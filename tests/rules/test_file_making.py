"""How many files are made at a time: one for each person, so many for all together (S40)."""

import asyncio

import pytest

from core import file_making
from core.addresses import Address
from core.errors import Refusal
from core.file_making import CUSTOMERS, MOST, STAFF, FileMaking

ANNA, BORIS, EVE, OLGA = (Address("telegram", name) for name in ("1", "2", "3", "4"))


async def test_each_person_has_one_and_all_together_have_so_many() -> None:
    making = FileMaking()
    with pytest.raises(Refusal, match=r"export\.busy"):
        for who in (ANNA, ANNA):
            making.begin(who, STAFF)
    turns = [making.begin(BORIS, STAFF)]
    assert MOST[STAFF] == 2
    with pytest.raises(Refusal):
        making.begin(EVE, STAFF)
    async with turns[0]:
        pass
    making.begin(EVE, STAFF)


async def test_customers_do_not_keep_those_who_work_here_waiting() -> None:
    making = FileMaking()
    making.begin(ANNA, CUSTOMERS)
    with pytest.raises(Refusal):
        making.begin(BORIS, CUSTOMERS)
    making.begin(OLGA, STAFF)


async def test_a_turn_ends_whatever_comes_of_it() -> None:
    making = FileMaking()
    with pytest.raises(OSError, match="full"):
        async with making.begin(ANNA, STAFF):
            raise OSError("the disk is full")
    making.begin(ANNA, STAFF).end()
    making.begin(ANNA, STAFF)


async def test_what_hangs_is_given_up_and_in_nobodys_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_making, "WITHIN", 0.01)
    making = FileMaking()
    with pytest.raises(TimeoutError):
        async with making.begin(ANNA, STAFF):
            await asyncio.Event().wait()
    making.begin(ANNA, STAFF)
