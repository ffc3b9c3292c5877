"""Many tasks ask one by one, and are answered together."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from core.db import Together


class Answering:
    """Doubles numbers; a call ends when it is let go."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.fails = False
        self.let_go = asyncio.Event()
        self.called = asyncio.Event()

    async def __call__(self, asked: Sequence[int]) -> Mapping[int, int]:
        self.calls.append(list(asked))
        self.called.set()
        await self.let_go.wait()
        if self.fails:
            raise ConnectionError
        return {each: 2 * each for each in asked}


async def test_what_is_asked_at_once_is_one_call_and_what_comes_meanwhile_the_next() -> None:
    answer = Answering()
    together = Together(answer)
    first = [asyncio.create_task(together.ask(number)) for number in (1, 2, 3)]
    await answer.called.wait()
    later = [asyncio.create_task(together.ask(number)) for number in (3, 4)]
    await asyncio.sleep(0)
    answer.let_go.set()
    assert await asyncio.gather(*first, *later) == [2, 4, 6, 6, 8]
    assert answer.calls == [[1, 2, 3], [3, 4]]


async def test_a_failure_is_everybodys_who_has_asked_and_the_next_call_is_made() -> None:
    answer = Answering()
    answer.let_go.set()
    answer.fails = True
    together = Together(answer)
    failed = await asyncio.gather(*map(together.ask, (1, 2)), return_exceptions=True)
    assert [type(each) for each in failed] == [ConnectionError] * 2
    answer.fails = False
    assert await together.ask(3) == 6


async def test_an_answer_for_which_nobody_waits_any_more_is_handed_over() -> None:
    answer, unheard = Answering(), list[tuple[int, int]]()

    async def take(answers: Sequence[tuple[int, int]]) -> None:
        unheard.extend(answers)

    together = Together(answer, take)
    gone, patient = (asyncio.create_task(together.ask(number)) for number in (1, 2))
    await answer.called.wait()
    gone.cancel()
    answer.let_go.set()
    assert await patient == 4
    with pytest.raises(asyncio.CancelledError):
        await gone
    await together.ask(3)  # which is behind it
    assert unheard == [(1, 2)]
