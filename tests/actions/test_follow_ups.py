"""A ticket that follows an ended one, and a fault that is not over (A2, B6, B10, B21)."""

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.errors import Refusal
from core.links.ticket_links import Fragment, split
from core.models import Classification, Task, TicketCamera, TicketTeam
from core.tasks.task_actions import (
    Choice,
    TasksOpen,
    close,
    finish_task,
    resolve,
    settle_left,
)
from core.teams.assignee_parser import read_hand_over
from core.teams.assignment import hand_over
from core.tickets.card import card_of
from core.tickets.classification import classify
from core.tickets.customer_dialogue import withdraw
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move
from core.tickets.parents import resolve_children, set_parent
from tests.actions.agreement_factories import agrees
from tests.actions.company_directory import put_team
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.people import (
    ALICE,
    BORIS,
    OLEG,
    OPERATORS,
    customer,
    leaves_dialogue,
    number,
    opens,
    operator,
    ref,
    says,
    writes,
)
from tests.actions.store import Store
from tests.actions.test_handing import operator_here


async def fault(desk: Desk) -> int:
    """Alice's camera fails. Returns the ticket."""
    await brings(desk, camera("C1", ALICE, BORIS))
    heard = await tells(desk, ALICE, "C1")
    assert heard.ticket is not None
    await leaves_dialogue(desk, ALICE)
    return heard.ticket.id


async def writes_to(desk: Desk, store: Store, ticket_id: int, text: str) -> int:
    """Alice replies to words of that ticket. Returns the ticket that has her words now."""
    said = (await store.messages(ticket_id))[0].source
    heard = await desk.run(hear, ALICE, says(ALICE, text, reply_to=said))
    assert heard.ticket is not None
    return heard.ticket.id


async def tasks_of(store: Store, ticket_id: int) -> list[tuple[str, str]]:
    here = Task.ticket_id == ticket_id, Task.kind == "equipment"
    rows = await store.rows(select(Task).where(*here).order_by(Task.id))
    return [(row.kind, row.state) for row in rows]


async def test_a_message_on_a_closed_fault_opens_the_fault_again(desk: Desk, store: Store) -> None:
    """Camera, task, category, agreement, clocks and team go on."""
    await agrees(desk)
    await desk.run(put_team, "first", {"en": "First"}, level=1, members=[number(OLEG)])
    oleg = await operator_here(desk, OLEG)
    old = await fault(desk)
    await desk.run_as(oleg, hand_over, old, await desk.read(read_hand_over, "first"))
    await desk.run_as(oleg, close, old, choice=Choice.COMPLETE)
    new = await writes_to(desk, store, old, "It is dark again")
    assert new != old
    (tied,) = await store.rows(select(TicketCamera).where(TicketCamera.ticket_id == new))
    (was,) = await store.rows(select(TicketCamera).where(TicketCamera.ticket_id == old))
    assert tied.camera_id == was.camera_id
    assert await tasks_of(store, new) == [("equipment", "open")]
    kinds = select(Classification).where(Classification.ticket_id.in_([old, new]))
    found = await store.rows(kinds.order_by(Classification.ticket_id))
    assert [(kind.category, kind.agreement) for kind in found] == [("incident", "plain")] * 2
    assert {"reaction", "resolution"} <= set(await store.timers(new))
    (place,) = await store.rows(select(TicketTeam).where(TicketTeam.ticket_id == new))
    assert place.team == "first"
    assert (await store.ticket(new)).title == (await store.ticket(old)).title


async def test_a_message_on_a_closed_ticket_is_in_both_histories(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "close")
    await leaves_dialogue(desk, ALICE)
    new = await writes_to(desk, store, ticket.id, "One more thing")
    (facts,) = await store.facts(ticket.id, "followed_up")
    assert (facts["follow_up"], facts["words"]) == (new, "One more thing")
    card = await desk.read(card_of, ticket.id)
    assert card is not None and [link.other for link in card.relations.links] == [new]
    assert [link.kind for link in card.relations.links] == ["followed_by"]
    assert "card" in await store.told(OPERATORS)


@pytest.mark.parametrize("how", ["pressed", "in words", "by an operator"])
async def test_a_fault_that_is_not_solved_has_a_task_again(
    desk: Desk, store: Store, how: str
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket, choice=Choice.COMPLETE)
    if how == "pressed":
        await desk.run_as(await customer(desk), confirm, ticket, content=False)
    elif how == "in words":
        await writes_to(desk, store, ticket, "No, it is dark again")
    else:
        await desk.run_as(olga, move, ticket, "reopen")
    assert await tasks_of(store, ticket) == [("equipment", "done"), ("equipment", "open")]


async def test_closing_asks_about_open_tasks_as_resolving_does(desk: Desk, store: Store) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    before = await store.everything()
    with pytest.raises(TasksOpen) as asked:
        await desk.run_as(olga, close, ticket)
    assert asked.value.verb == "close" and await store.everything() == before
    await desk.run_as(olga, close, ticket, choice=Choice.CANCEL)
    assert (await store.ticket(ticket)).state == "closed"
    assert await tasks_of(store, ticket) == [("equipment", "cancelled")]


@pytest.mark.parametrize(("choice", "state"), [("complete", "done"), ("cancel", "cancelled")])
async def test_of_the_tasks_of_a_ticket_that_its_customer_closes_operators_are_asked(
    desk: Desk, store: Store, choice: str, state: str
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    await desk.run(withdraw, ALICE, ticket)
    assert await tasks_of(store, ticket) == [("equipment", "open")]
    told = await store.told(OPERATORS)
    assert told.count("group.withdrawn") == told.count("group.tasks_left") == 1
    await desk.run_as(olga, settle_left, ticket, Choice(choice))
    assert await tasks_of(store, ticket) == [("equipment", state)]
    with pytest.raises(Refusal):
        await desk.run_as(olga, settle_left, ticket, Choice.CANCEL)


async def test_tasks_that_are_left_open_are_told_of_and_asked_about_once(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    await desk.run(withdraw, ALICE, ticket)
    await desk.run_as(olga, settle_left, ticket, Choice.LEAVE)
    told = [facts["chosen"] for facts in await store.facts(ticket, "tasks_left")]
    assert told == [False, True]
    assert (await store.told(OPERATORS)).count("group.tasks_left") == 1


async def test_tasks_of_a_ticket_that_came_back_are_not_settled_by_an_old_question(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    await desk.run(withdraw, ALICE, ticket)
    await desk.run_as(olga, move, ticket, "reopen")
    with pytest.raises(Refusal):
        await desk.run_as(olga, settle_left, ticket, Choice.CANCEL)
    assert await tasks_of(store, ticket) == [("equipment", "open")]


@pytest.mark.parametrize("how", ["chosen", "with its parent", "judged by its customer"])
async def test_nobody_is_asked_about_tasks_that_an_operator_left(
    desk: Desk, store: Store, how: str
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    if how == "chosen":
        await desk.run_as(olga, close, ticket, choice=Choice.LEAVE)
    elif how == "with its parent":
        parent = (await opens(desk, BORIS)).id
        await desk.run_as(olga, set_parent, ticket, parent)
        await desk.run_as(olga, resolve, parent, choice=Choice.LEAVE)
        while await desk.run(resolve_children):
            pass
    else:
        await desk.run_as(olga, resolve, ticket, choice=Choice.LEAVE)
        await desk.run_as(await customer(desk), confirm, ticket, content=True)
    assert (await store.ticket(ticket)).state in {"closed", "resolved"}
    assert await tasks_of(store, ticket) == [("equipment", "open")]
    assert "group.tasks_left" not in await store.told(OPERATORS)


async def test_the_next_fault_after_a_close_has_the_only_task_of_its_camera(
    desk: Desk, store: Store
) -> None:
    """A task that was left open goes on with the new ticket's."""
    ticket, olga = await fault(desk), await operator(desk)
    await desk.run_as(olga, close, ticket, choice=Choice.LEAVE)
    heard = await tells(desk, ALICE, "C1")
    assert heard.ticket is not None
    tasks = await store.rows(select(Task).where(Task.state == "open"))
    assert [task.ticket_id for task in tasks] == [heard.ticket.id]


async def test_resolving_a_parent_asks_about_its_childrens_tasks(desk: Desk, store: Store) -> None:
    child, olga = await fault(desk), await operator(desk)
    parent = (await opens(desk, BORIS)).id
    await desk.run_as(olga, set_parent, child, parent)
    with pytest.raises(TasksOpen):
        await desk.run_as(olga, resolve, parent)
    await desk.run_as(olga, resolve, parent, choice=Choice.COMPLETE)
    assert await tasks_of(store, child) == [("equipment", "done")]
    assert (await store.ticket(child)).state == "resolved"


async def test_a_split_keeps_the_named_agreement(desk: Desk, store: Store) -> None:
    await agrees(desk)
    await agrees(desk, code="gold", default=False)
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, classify, ticket.id, "gold")
    source = (await store.messages(ticket.id))[0].source
    new, _ = await desk.run_as(olga, split, Fragment(source, "work", ref(OPERATORS, 77)))
    (kind,) = await store.rows(select(Classification).where(Classification.ticket_id == new.id))
    assert kind.agreement == "gold"


async def test_a_task_that_is_done_stays_done_when_nothing_is_reopened(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await fault(desk), await operator(desk)
    (task,) = await store.rows(select(Task))
    await desk.run_as(olga, finish_task, task.id, "a new cable", writes())
    await desk.run_as(olga, resolve, ticket)
    with pytest.raises(Refusal):
        await desk.run_as(olga, resolve, ticket)
    assert await tasks_of(store, ticket) == [("equipment", "done")]
