"""Parents and children: who may be whose, and what solving one does to the others (B12, B19)."""

from collections.abc import Awaitable, Callable

import pytest

from core.desk import Desk
from core.errors import NoSuchTicket, NotAllowed, NothingToDo, Refusal
from core.links import ticket_links
from core.tickets.card import card_of
from core.tickets.lifecycle import move
from core.tickets.parents import leave_parent, set_parent
from tests.actions.people import ALICE, BORIS, OPERATORS, customer, leaves_dialogue, opens, operator
from tests.actions.store import Store

Refused = tuple[str, tuple[int, int], str]


async def three(desk: Desk) -> list[int]:
    """Tickets of Alice and Boris, and one more of Alice."""
    first, second = await opens(desk, ALICE), await opens(desk, BORIS)
    await leaves_dialogue(desk, ALICE)
    return [first.id, second.id, (await opens(desk, ALICE, "Again")).id]


async def test_both_ends_tell_of_it_on_their_cards_and_in_their_journals(
    desk: Desk, store: Store
) -> None:
    one, two, _ = await three(desk)
    await desk.run_as(await operator(desk), set_parent, one, two)
    child, parent = await desk.read(card_of, one), await desk.read(card_of, two)
    assert child is not None and child.relations.parent == two
    assert parent is not None and (parent.relations.parent, parent.relations.children) == (None, 1)
    assert await store.facts(one, "parent_set") == [{"parent": two, "old": None}]
    assert await store.facts(two, "child_joined") == [{"child": one}]


async def test_another_parent_takes_the_place_of_the_first(desk: Desk, store: Store) -> None:
    one, two, three_ = await three(desk)
    olga = await operator(desk)
    await desk.run_as(olga, set_parent, one, two)
    await desk.run_as(olga, set_parent, one, three_)
    assert await store.facts(two, "child_left") == [{"child": one}]
    assert (await store.facts(one, "parent_set"))[-1] == {"parent": three_, "old": two}


async def test_a_ticket_can_stand_alone_again(desk: Desk, store: Store) -> None:
    one, two, _ = await three(desk)
    olga = await operator(desk)
    await desk.run_as(olga, set_parent, one, two)
    await desk.run_as(olga, ticket_links.unlink, one, f"#{two}")
    card = await desk.read(card_of, one)
    assert card is not None and card.relations.parent is None
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, leave_parent, one)


@pytest.mark.parametrize(
    ("before", "wish", "key"),
    [
        ([], (0, 0), "refusal.parent_itself"),
        ([(0, 1)], (1, 0), "refusal.parent_circle"),
        ([(1, 2)], (0, 1), "refusal.parent_is_child"),
        ([(0, 1)], (1, 2), "refusal.child_is_parent"),
        ([(0, 1)], (0, 1), "refusal.parent_already"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    desk: Desk, store: Store, before: list[tuple[int, int]], wish: tuple[int, int], key: str
) -> None:
    numbers = await three(desk)
    olga = await operator(desk)
    for child, parent in before:
        await desk.run_as(olga, set_parent, numbers[child], numbers[parent])
    held = await store.everything()
    with pytest.raises(Refusal) as refused:
        await desk.run_as(olga, set_parent, numbers[wish[0]], numbers[wish[1]])
    assert refused.value.key == key
    assert await store.everything() == held


async def test_only_those_who_work_here_and_only_tickets_there_are(desk: Desk) -> None:
    one, two, _ = await three(desk)
    with pytest.raises(NotAllowed):
        await desk.run_as(await customer(desk), set_parent, one, two)
    with pytest.raises(NoSuchTicket):
        await desk.run_as(await operator(desk), set_parent, one, 999)


async def test_solving_the_parent_solves_its_children_with_the_same_words(
    desk: Desk, store: Store
) -> None:
    one, two, three_ = await three(desk)
    olga = await operator(desk)
    await desk.run_as(olga, set_parent, one, two)
    await desk.run_as(olga, set_parent, three_, two)
    await desk.run_as(olga, move, two, "resolve", reason="a new cable")
    for number in (one, two, three_):
        ticket = await store.ticket(number)
        assert (ticket.state, ticket.reason) == ("resolved", "a new cable")
    told = [row.key for row in await store.outbox(ALICE.address.chat)]
    assert told.count("ticket.resolved_reason") == 2
    (entered,) = await store.facts(one, "state_entered")
    assert (entered["parent"], entered["reason"]) == (two, "a new cable")
    assert await store.timers(one) != {}, "its rating wait runs"


async def test_children_that_have_ended_stay_as_they_are(desk: Desk, store: Store) -> None:
    one, two, three_ = await three(desk)
    olga = await operator(desk)
    for child in (one, three_):
        await desk.run_as(olga, set_parent, child, two)
    await desk.run_as(olga, move, one, "cancel", reason="a mistake")
    await desk.run_as(olga, move, three_, "resolve", reason="by itself")
    await desk.run_as(olga, move, two, "resolve", reason="a new cable")
    assert (await store.ticket(one)).state == "cancelled"
    assert (await store.ticket(three_)).reason == "by itself"


Move = Callable[[Desk, int], Awaitable[None]]


@pytest.mark.parametrize("verbs", [("close",), ("cancel",), ("resolve", "close"), ("freeze",)])
async def test_closing_does_not_spread(desk: Desk, store: Store, verbs: tuple[str, ...]) -> None:
    one, two, _ = await three(desk)
    olga = await operator(desk)
    for verb in verbs[:-1]:
        await desk.run_as(olga, move, two, verb)
    await desk.run_as(olga, set_parent, one, two)
    await desk.run_as(olga, move, two, verbs[-1])
    assert (await store.ticket(one)).state == "new"


async def test_solving_again_after_a_reopening_solves_again(desk: Desk, store: Store) -> None:
    one, two, _ = await three(desk)
    olga = await operator(desk)
    await desk.run_as(olga, set_parent, one, two)
    await desk.run_as(olga, move, two, "resolve", reason="a new cable")
    await desk.run_as(olga, move, one, "reopen")
    await desk.run_as(olga, move, two, "reopen")
    assert (await store.ticket(one)).state == "reopened"
    await desk.run_as(olga, move, two, "resolve", reason="a new switch")
    assert (await store.ticket(one)).reason == "a new switch"


async def test_the_cards_of_both_are_drawn_anew(desk: Desk, store: Store) -> None:
    one, two, _ = await three(desk)
    await desk.run_as(await operator(desk), set_parent, one, two)
    cards = {row.ticket_id for row in await store.outbox(OPERATORS, kind="card")}
    assert {one, two} <= cards
