"""A ticket is classified anew or gets another priority: its clocks count from the first moment."""

from datetime import datetime
from typing import Any

import pytest

from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Unreadable
from core.tickets.classification import choose, classify, prioritise
from core.tickets.lifecycle import move
from core.tickets.sweep import sweep
from tests.actions.agreement_factories import agrees
from tests.actions.clock_readings import at, due
from tests.actions.people import ALERTS, customer, opens, operator
from tests.actions.store import Store
from tests.clock import Clock


@pytest.mark.parametrize(
    ("words", "reaction", "resolution"),
    [
        ("video", at(23, 10, 30), at(24, 9, 30)),
        ("Vid", at(23, 10, 30), at(24, 9, 30)),
        ("видео", at(23, 10, 30), at(24, 9, 30)),
        ("question", at(23, 14, 30), None),
        ("doors", at(23, 11, 30), at(25, 9, 30)),
        ("doors, question", at(23, 14, 30), None),
    ],
)
async def test_classified_anew_it_is_reckoned_from_the_first_moment(
    desk: Desk,
    store: Store,
    clock: Clock,
    words: str,
    reaction: datetime,
    resolution: datetime | None,
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    clock.now = at(23, 10)
    await desk.run_as(await operator(desk), classify, ticket.id, words)
    expected = {"reaction": reaction} | ({"resolution": resolution} if resolution else {})
    assert await due(desk, ticket.id) == expected
    timers = await store.timers(ticket.id)
    assert timers["reaction"] == reaction and timers.get("resolution") == resolution


async def test_classified_anew_the_same_pauses_count(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    clock.now = at(23, 10, 30)
    await desk.run_as(who, move, ticket.id, "freeze")
    clock.now = at(24, 9)
    await desk.run_as(who, move, ticket.id, "unfreeze")
    clock.now = at(24, 10)
    await desk.run_as(who, prioritise, ticket.id, "urgent")
    assert await due(desk, ticket.id) == {"reaction": at(23, 10), "resolution": at(24, 12)}
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1


async def test_a_deadline_that_was_missed_is_told_again_only_if_it_moved_ahead(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, prioritise, ticket.id, "urgent")
    clock.now = at(23, 10, 30)
    await desk.run(sweep)
    await desk.run_as(who, classify, ticket.id, "doors")  # still urgent, still late
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 1
    await desk.run_as(who, prioritise, ticket.id, "low")
    assert (await due(desk, ticket.id))["reaction"] == at(23, 11, 30)
    clock.now = at(23, 12)
    await desk.run(sweep)
    assert (await store.told(ALERTS)).count("alert.clock.reaction") == 2


REFUSED = [
    (classify, "nonsense", Unreadable, "refusal.no_such_class"),
    (classify, "video, nonsense", Unreadable, "refusal.no_such_class"),
    (classify, " ", Unreadable, "refusal.no_such_class"),
    (prioritise, "nonsense", Unreadable, "refusal.no_such_priority"),
    (prioritise, "video", Unreadable, "refusal.no_such_priority"),
]


@pytest.mark.parametrize(("action", "words", "error", "key"), REFUSED)
async def test_words_that_name_nothing_change_nothing(
    desk: Desk, store: Store, action: Any, words: str, error: type[Exception], key: str
) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    before = await store.everything()
    with pytest.raises(error) as refused:
        await desk.run_as(who, action, ticket.id, words)
    assert refused.value.key == key  # type: ignore[attr-defined]
    assert await store.everything() == before


async def test_the_same_again_is_nothing_to_do(desk: Desk) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, classify, ticket.id, "video")
    with pytest.raises(NothingToDo):
        await desk.run_as(who, choose, ticket.id, "service", "video")
    with pytest.raises(NothingToDo):
        await desk.run_as(who, classify, ticket.id, "plain")


async def test_a_customer_classifies_nothing(desk: Desk) -> None:
    await agrees(desk)
    ticket = await opens(desk)
    for action in (classify, prioritise):
        with pytest.raises(NotAllowed):
            await desk.run_as(await customer(desk), action, ticket.id, "video")
