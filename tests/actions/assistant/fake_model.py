"""A model that answers as it is told, and what an operator asks it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core.assistant.model import MOST_TOKENS, Completion
from core.assistant.service import Assistant
from core.assistant.suggestions import Question, Suggested, ask, note_shown
from core.company import Assistance
from core.desk import Desk
from core.models import Message
from core.tickets import conversation
from core.tickets.lifecycle import move
from core.tx import INSIDE
from tests.actions.people import BORIS, OLEG, opens, operator, writes

TERMS: Final = Assistance(patience=timedelta(seconds=30))


class FakeModel:
    """A model that answers as it is told, and keeps what it was asked."""

    def __init__(self, says: Callable[[str], str] = lambda _asked: "Please restart it.") -> None:
        self.says = says
        self.asked: list[str] = []
        self.fails: Exception | None = None
        self.whole = True
        self.counts = True
        self.inside: list[bool] = []
        self.begun = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def complete(self, messages: Sequence[dict[str, Any]], tokens: int) -> Completion:
        assert tokens == MOST_TOKENS
        self.asked.append("\n".join(str(one["content"]) for one in messages))
        self.inside.append(INSIDE.get())
        self.begun.set()
        await self.goes_on.wait()
        if self.fails is not None:
            raise self.fails
        counted = (100, 20) if self.counts else (0, 0)
        return Completion(self.says(str(messages[-1]["content"])), *counted, whole=self.whole)

    async def close(self) -> None:
        """Nothing is held."""


async def asks(desk: Desk, number: int, kind: str = "draft", words: str = "") -> Question:
    return await desk.run_as(await operator(desk), ask, number, kind, words, "en")


async def suggestion(
    assistant: Assistant, number: int, kind: str = "draft", words: str = ""
) -> Suggested:
    """What is suggested, and shown."""
    came = await assistant.answer(await asks(assistant.desk, number, kind, words))
    assert isinstance(came, Suggested)
    await assistant.desk.run(note_shown, came.number)
    return came


async def solved(desk: Desk, words: str, answer: str) -> int:
    """A ticket of Boris's that was answered and solved, and is found."""
    ticket = await opens(desk, BORIS, words)
    me = await operator(desk, OLEG)
    await desk.run_as(me, conversation.reply, ticket.id, writes(answer))
    (message,) = await desk.read(_answers, ticket.id)
    await desk.run(conversation.answer_delivered, [message.id])
    await desk.run_as(me, move, ticket.id, "resolve")
    return ticket.id


async def _answers(tx: Any, ticket_id: int) -> list[Message]:
    query = select(Message).where(Message.ticket_id == ticket_id, Message.from_customer.is_(False))
    found: list[Message] = await tx.all(query.order_by(Message.id))
    return found
