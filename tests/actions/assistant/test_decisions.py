"""The assistant suggests and never acts: what becomes of what it suggests (X17)."""

from __future__ import annotations

from typing import Any, Final

import pytest
from sqlalchemy import select

from core.assistant.service import Assistant
from core.assistant.suggestions import (
    CUT,
    HOLES,
    LONGEST,
    ask,
    change_suggestion,
    drop_suggestion,
    insert_suggestion,
    settle_lost,
)
from core.contacts.erasure import erase, erase_tickets
from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Refusal
from core.models import Suggestion
from core.tickets.lifecycle import move
from core.tx import Actor
from tests.actions.assistant.fake_model import FakeModel, asks, suggestion
from tests.actions.people import ALICE, OLGA, opens, operator
from tests.actions.store import Store
from tests.clock import Clock

# ------------------------------------------------------------------ what becomes of it


async def test_an_inserted_draft_is_an_answer_of_whoever_inserts_it(
    desk: Desk, assistant: Assistant, store: Store
) -> None:
    ticket = await opens(desk)
    came = await suggestion(assistant, ticket.id)
    assert [one for one in await store.messages(ticket.id) if not one.from_customer] == []
    me = await operator(desk)
    await desk.run_as(me, insert_suggestion, came.number, "-100:1")
    answers = [one for one in await store.messages(ticket.id) if not one.from_customer]
    assert [(one.text, one.author_id) for one in answers] == [("Please restart it.", me.person_id)]
    assert (await store.ticket(ticket.id)).assignee_id == me.person_id
    assert await store.facts(ticket.id, "suggestion_ended") == [
        {"kind": "draft", "outcome": "inserted"}
    ]
    with pytest.raises(NothingToDo):
        await desk.run_as(me, insert_suggestion, came.number, "-100:1")
    assert await store.rows(select(Suggestion)) == []


@pytest.mark.parametrize(
    ("action", "outcome"), [(change_suggestion, "changed"), (drop_suggestion, "dropped")]
)
async def test_what_is_changed_or_dropped_sends_nothing(
    desk: Desk, assistant: Assistant, store: Store, action: Any, outcome: str
) -> None:
    ticket = await opens(desk)
    came = await suggestion(assistant, ticket.id)
    assert (await desk.run_as(await operator(desk), action, came.number)).text == came.text
    assert [one for one in await store.messages(ticket.id) if not one.from_customer] == []
    assert await store.facts(ticket.id, "suggestion_ended") == [
        {"kind": "draft", "outcome": outcome}
    ]
    assert await store.rows(select(Suggestion)) == []


@pytest.mark.parametrize(
    ("says", "whole", "flag"),
    [("Hello [PERSON_9]", True, HOLES), ("Hel", False, CUT), ("x" * (LONGEST + 1), True, CUT)],
)
async def test_what_has_a_hole_is_not_sent_as_it_is(
    desk: Desk, assistant: Assistant, model: FakeModel, says: str, whole: bool, flag: str
) -> None:
    ticket = await opens(desk)
    model.says, model.whole = (lambda _asked: says), whole
    came = await suggestion(assistant, ticket.id)
    assert flag in came.flags and len(came.text) <= LONGEST + 1
    me = await operator(desk)
    with pytest.raises(Refusal) as refused:
        await desk.run_as(me, insert_suggestion, came.number, "-100:1")
    assert refused.value.key == "refusal.suggestion_unfit"
    assert (await desk.run_as(me, change_suggestion, came.number)).text == came.text


async def test_a_customer_may_ask_and_decide_nothing(desk: Desk, assistant: Assistant) -> None:
    ticket = await opens(desk)
    came = await suggestion(assistant, ticket.id)
    alice = Actor("customer", ticket.customer_id)
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, ask, ticket.id, "draft", "", "en")
    with pytest.raises(NotAllowed):
        await desk.run_as(alice, insert_suggestion, came.number, "1:1")


async def test_thoughts_of_a_model_are_not_shown(
    desk: Desk, assistant: Assistant, model: FakeModel
) -> None:
    ticket = await opens(desk)
    model.says = lambda _asked: "<think>she is angry</think>\nWe are on it."
    assert (await suggestion(assistant, ticket.id)).text == "We are on it."
    model.says = lambda _asked: "<think>she is angry"
    assert await assistant.answer(await asks(desk, ticket.id)) == "empty"


# ------------------------------------------------------------------ what a kill leaves


async def test_whoever_asked_hears_that_the_answer_was_lost(
    desk: Desk, assistant: Assistant, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    question = await asks(desk, ticket.id)
    clock.move(60)
    assert await desk.run(settle_lost) == 0
    clock.move(60)
    assert await desk.run(settle_lost) == 1
    assert await store.told(OLGA.address.chat) == ["staff.suggestion_lost"]
    assert "suggestion_lost" in await store.journal(ticket.id)
    # what comes all the same comes too late, and is not told twice
    assert await assistant.answer(question) is None
    assert await desk.run(settle_lost) == 0
    await suggestion(assistant, ticket.id)


async def test_an_answer_that_was_not_shown_was_lost_as_well(
    desk: Desk, assistant: Assistant, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await assistant.answer(await asks(desk, ticket.id))
    clock.move(120)
    assert await desk.run(settle_lost) == 1
    assert await store.told(OLGA.address.chat) == ["staff.suggestion_lost"]


async def test_what_nobody_decides_upon_is_forgotten_in_a_day(
    desk: Desk, assistant: Assistant, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await suggestion(assistant, ticket.id)
    clock.move(3600)
    assert await desk.run(settle_lost) == 0
    clock.move(24 * 3600)
    assert await desk.run(settle_lost) == 1
    assert await store.told(OLGA.address.chat) == []
    assert await store.rows(select(Suggestion)) == []
    assert await store.facts(ticket.id, "suggestion_ended") == [
        {"kind": "draft", "outcome": "forgotten"}
    ]


# ------------------------------------------------------------------ erasure


CANARY: Final = "c4nary"


@pytest.mark.parametrize("whole", [True, False])
async def test_an_erased_customer_is_in_no_suggestion(
    desk: Desk, assistant: Assistant, model: FakeModel, store: Store, whole: bool
) -> None:
    ticket = await opens(desk, ALICE, f"My gate {CANARY}")
    model.says = lambda _asked: f"Your {CANARY} gate"
    await suggestion(assistant, ticket.id, "translation")
    assert any(CANARY in row for row in (await store.everything())["suggestion"])
    await desk.run_as(await operator(desk), move, ticket.id, "close")
    if whole:
        await desk.run(erase, ticket.customer_id)
    else:
        await desk.run(erase_tickets, [ticket.id])
    assert (await store.everything())["suggestion"] == []
    facts = await store.facts(ticket.id, "assistant_answered")
    assert facts[0]["kind"] == "translation" and facts[0]["outcome"] == "answered"
