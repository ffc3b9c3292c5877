"""What the assistant costs is counted, bounded and in the journal; failures are told (X17)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.assistant.budget import day_of
from core.assistant.model import MOST_TOKENS, ModelError
from core.assistant.service import Assistant
from core.assistant.suggestions import Question, ask, drop_suggestion, settle_lost
from core.company import Company
from core.desk import Desk
from core.errors import Refusal
from core.models import AssistantDay
from core.setup.desk_health import find_health, find_symptoms
from tests.actions.assistant.fake_model import TERMS, FakeModel, asks, suggestion
from tests.actions.people import BORIS, opens, operator
from tests.actions.store import Store
from tests.clock import Clock
from tests.harness import logged


async def test_every_question_is_in_the_journal_with_its_tokens(
    desk: Desk, assistant: Assistant, store: Store
) -> None:
    ticket = await opens(desk)
    await suggestion(assistant, ticket.id)
    assert await store.facts(ticket.id, "assistant_asked") == [{"kind": "draft"}]
    assert await store.facts(ticket.id, "assistant_answered") == [
        {"kind": "draft", "outcome": "answered", "asked": 100, "answered": 20}
    ]
    (day,) = await store.rows(select(AssistantDay))
    assert (day.calls, day.tokens) == (1, 120)


async def test_a_failure_is_told_is_in_the_journal_and_is_no_symptom(
    desk: Desk, assistant: Assistant, model: FakeModel, store: Store
) -> None:
    ticket = await opens(desk)
    model.fails = ModelError("busy", "429")
    assert await assistant.answer(await asks(desk, ticket.id)) == "busy"
    assert [one["outcome"] for one in await store.facts(ticket.id, "assistant_answered")] == [
        "busy"
    ]
    health = await desk.read(find_health)
    assert health.assistant is not None and health.assistant[0] == "busy"
    assert await desk.read(find_symptoms) == set()
    model.fails = None
    await suggestion(assistant, ticket.id)
    assert (await desk.read(find_health)).assistant is None


async def test_a_fault_of_ours_is_an_answer_too(
    desk: Desk, assistant: Assistant, model: FakeModel
) -> None:
    ticket = await opens(desk)
    model.fails = RuntimeError("it broke")
    with logged() as log:
        assert await assistant.answer(await asks(desk, ticket.id)) == "down"
    assert "It does not work" not in log.getvalue()


async def test_a_model_that_hangs_is_given_up(
    desk: Desk, assistant: Assistant, model: FakeModel
) -> None:
    ticket = await opens(desk)
    question = await asks(desk, ticket.id)
    model.goes_on.clear()
    desk.company = replace(
        desk.company, assistance=replace(TERMS, patience=timedelta(seconds=0.05))
    )
    assert await assistant.answer(question) == "slow"


async def test_a_days_calls_are_counted_until_midnight(
    desk: Desk, assistant: Assistant, clock: Clock
) -> None:
    ticket = await opens(desk)
    for _ in range(3):
        await desk.run_as(
            await operator(desk), drop_suggestion, (await suggestion(assistant, ticket.id)).number
        )
    with pytest.raises(Refusal) as refused:
        await asks(desk, ticket.id)
    assert (refused.value.key, refused.value.facts) == ("refusal.assistant_calls", {"n": 3})
    clock.move(24 * 3600)
    await suggestion(assistant, ticket.id)


def test_a_day_begins_at_the_companys_midnight(company: Company) -> None:
    moscow = replace(company, zone=ZoneInfo("Europe/Moscow"))
    before, after = (datetime(2026, 11, 23, hour, 30, tzinfo=UTC) for hour in (20, 21))
    assert [day_of(moscow, at).day for at in (before, after)] == [23, 24]


async def test_a_days_tokens_are_taken_ahead_and_given_back(
    desk: Desk, assistant: Assistant, model: FakeModel, store: Store
) -> None:
    ticket = await opens(desk)
    other = await opens(desk, BORIS, "Another one")
    desk.company = replace(
        desk.company, assistant_calls=None, assistant_tokens=2 * MOST_TOKENS + 2000
    )
    first = await asks(desk, ticket.id)
    with pytest.raises(Refusal) as refused:
        await asks(desk, other.id)
    assert refused.value.key == "refusal.assistant_tokens"
    await assistant.answer(first)
    model.counts = False
    await assistant.answer(await asks(desk, other.id))
    (day,) = await store.rows(select(AssistantDay))
    assert (day.calls, day.tokens > 120 + MOST_TOKENS) == (2, True)


async def test_many_at_once_never_spend_more_than_a_day_has(desk: Desk, store: Store) -> None:
    tickets = [(await opens(desk, BORIS, f"Fault {n}")).id for n in range(8)]
    me = await operator(desk)
    tried = await asyncio.gather(
        *(desk.run_as(me, ask, number, "draft", "", "en") for number in tickets),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Question) for one in tried) == 3
    assert sum(isinstance(one, Refusal) for one in tried) == 5
    (day,) = await store.rows(select(AssistantDay))
    assert day.calls == 3


async def test_a_ticket_has_one_question_under_way(
    desk: Desk, assistant: Assistant, store: Store
) -> None:
    ticket = await opens(desk)
    me = await operator(desk)
    tried = await asyncio.gather(
        *(desk.run_as(me, ask, ticket.id, "draft", "", "en") for _ in range(4)),
        return_exceptions=True,
    )
    (question,) = [one for one in tried if isinstance(one, Question)]
    assert {one.key for one in tried if isinstance(one, Refusal)} == {"refusal.assistant_asked"}
    await assistant.answer(question)
    await suggestion(assistant, ticket.id)


async def test_without_a_server_nothing_is_asked(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    desk.company = replace(desk.company, assistance=None)
    await operator(desk)
    before = await store.everything()
    with pytest.raises(Refusal):
        await asks(desk, ticket.id)
    assert await desk.run(settle_lost) == 0
    assert await store.everything() == before
