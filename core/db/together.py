"""Questions that many tasks ask one by one, and the database is asked together."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")

_Waiting = tuple[Q, asyncio.Future[A]]


class Together(Generic[Q, A]):
    """``answer`` is handed all that was asked since it was called last, and returns an answer for
    each. What is asked while it is under way goes into the next call, so nobody gets an answer
    that is older than their question. ``unheard``: what to do about answers for which nobody waits
    any more.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Awaitable[Mapping[Q, A]]],
        unheard: Callable[[Sequence[tuple[Q, A]]], Awaitable[None]] | None = None,
    ) -> None:
        self._answer = answer
        self._unheard = unheard
        self._waiting: list[_Waiting[Q, A]] = []
        self._asking: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to it. Raises what the call raises."""
        told: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, told))
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await told

    async def _ask(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                await self._ask_for(waiting)
        finally:
            self._asking = None

    async def _ask_for(self, waiting: Sequence[_Waiting[Q, A]]) -> None:
        try:
            answers = await self._answer([question for question, _ in waiting])
        except Exception as error:  # noqa: BLE001 each of them raises it
            for _, told in waiting:
                if not told.done():
                    told.set_exception(error)
            return
        unheard = [(question, answers[question]) for question, told in waiting if told.done()]
        for question, told in waiting:
            if not told.done():
                told.set_result(answers[question])
        if unheard and self._unheard is not None:
            await self._unheard(unheard)
