"""Tasks made, given, opened again by hand, and the list of those that have ended (B21)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.errors import AlreadyTaken, MoveRefused, NotAllowed, NothingToDo, Refusal
from core.models import Task
from core.tasks.lists import PAGE, list_ended, list_tasks
from core.tasks.task_actions import Choice, assign_task, close, finish_task, take_task
from core.tasks.task_opening import create_task, reopen_task
from core.teams.departure import depart
from core.teams.members import Colleague, colleagues_of
from core.tickets.card import card_of
from core.tickets.lifecycle import take
from tests.actions.people import ANNA, OLEG, OLGA, OPERATORS, customer, opens, writes
from tests.actions.store import Store
from tests.actions.test_follow_ups import fault
from tests.actions.test_handing import operator_here
from tests.actions.test_hot_path import asked, plan_of
from tests.actions.test_tasks import Incident, notes
from tests.actions.test_tasks import incident as incident  # noqa: PLC0414  the fixture
from tests.clock import Clock


async def colleague(desk: Desk, name: str) -> Colleague:
    return next(one for one in await desk.read(colleagues_of) if one.name == name)


async def made(incident: Incident, who: str = "Olga", title: str = "Replace the cable") -> Task:
    task: Task = await incident.act(who, create_task, title)
    return task


async def test_a_task_is_made_for_a_ticket_and_stands_on_its_card(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await made(incident)
    assert (task.kind, task.title, task.assignee_id) == ("equipment", "Replace the cable", None)
    card = await desk.read(card_of, incident.number)
    assert card is not None and [one.id for one in card.behind.tasks] == [task.id]
    assert (await store.told(OPERATORS))[-1] == "card"
    (facts,) = await store.facts(incident.number, "task_opened")
    assert (facts["title"], facts["by_hand"]) == ("Replace the cable", True)


async def test_a_task_of_a_fault_is_about_its_camera_and_called_like_its_ticket(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await fault(desk), await operator_here(desk, OLGA)
    (first,) = await store.rows(select(Task))
    await desk.run_as(olga, take_task, first.id)
    again = await desk.run_as(olga, create_task, ticket)
    assert (again.camera_id, again.title) == (first.camera_id, (await store.ticket(ticket)).title)


async def test_nobody_makes_a_second_task_while_one_waits_or_one_for_what_is_over(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await made(incident)
    before = await store.everything()
    with pytest.raises(NothingToDo) as refused:
        await made(incident, "Oleg")
    assert (refused.value.key, refused.value.facts["other"]) == ("refusal.task_waits", task.id)
    with pytest.raises(NotAllowed):
        await desk.run_as(await customer(desk), create_task, incident.number)
    assert await store.everything() == before
    await incident.act("Olga", close, choice=Choice.COMPLETE)
    for action, what in ((create_task, incident.number), (reopen_task, task.id)):
        with pytest.raises(MoveRefused):
            await desk.run_as(incident.staff["Olga"], action, what)


async def test_a_task_is_given_to_a_colleague_who_hears_of_it(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await made(incident)
    await desk.run_as(incident.staff["Olga"], assign_task, task.id, await colleague(desk, "Oleg"))
    assert await incident.endings() == [("open", None, incident.id("Oleg"))]
    (row,) = [row for row in await store.outbox() if row.key == "staff.task_assigned"]
    assert (row.address, row.facts["by"]) == (OLEG.address.chat, "Olga")
    assert row.facts["what"] == "Replace the cable"


async def test_a_task_that_somebody_has_is_given_away_by_them_or_by_an_admin(
    incident: Incident, desk: Desk
) -> None:
    task = await made(incident)
    staff = incident.staff
    olga, oleg, anna = [await colleague(desk, name) for name in ("Olga", "Oleg", "Anna")]
    await desk.run_as(staff["Oleg"], assign_task, task.id, oleg)
    for refusal, who, to in ((AlreadyTaken, "Olga", olga), (NothingToDo, "Oleg", oleg)):
        with pytest.raises(refusal):
            await desk.run_as(staff[who], assign_task, task.id, to)
    await desk.run_as(staff["Oleg"], assign_task, task.id, olga)
    await desk.run_as(staff["Anna"], assign_task, task.id, anna)
    assert await incident.endings() == [("open", None, anna.id)]


async def test_a_done_task_is_opened_again_and_whoever_had_it_hears_why(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await made(incident)
    await desk.run_as(incident.staff["Oleg"], finish_task, task.id, "new cable")
    await desk.run_as(incident.staff["Olga"], reopen_task, task.id, "dark again", writes())
    (again,) = await incident.tasks()
    assert (again.state, again.outcome, again.result, again.closed_at) == ("open", None, None, None)
    assert again.assignee_id == incident.id("Oleg")
    assert await notes(store) == [f"T{task.id}: new cable", f"T{task.id}: dark again"]
    assert await store.told(OLEG.address.chat) == ["staff.task_reopened"]
    assert (await desk.read(list_tasks)).total == 1
    with pytest.raises(NothingToDo):
        await desk.run_as(incident.staff["Olga"], reopen_task, task.id)


async def test_a_task_of_somebody_who_has_left_is_nobodys_when_it_is_opened_again(
    incident: Incident, desk: Desk
) -> None:
    task = await made(incident)
    await desk.run_as(incident.staff["Oleg"], finish_task, task.id)
    await desk.run(depart, OLEG)
    await desk.run_as(incident.staff["Olga"], reopen_task, task.id)
    assert await incident.endings() == [("open", None, None)]
    (kept,) = await incident.tasks()
    assert kept.taken_at is None


async def test_what_somebody_who_has_left_had_is_taken_or_given_by_anybody(
    incident: Incident, desk: Desk
) -> None:
    task = await made(incident)
    await desk.run_as(incident.staff["Oleg"], take_task, task.id)
    await desk.run(depart, OLEG)
    await desk.run_as(incident.staff["Olga"], take_task, task.id)
    assert await incident.endings() == [("open", None, incident.id("Olga"))]


async def test_a_diagnosis_follows_its_ticket_alone(incident: Incident, desk: Desk) -> None:
    await incident.act("Olga", take)
    (task,) = await incident.tasks()
    with pytest.raises(Refusal):
        oleg = await colleague(desk, "Oleg")
        await desk.run_as(incident.staff["Olga"], assign_task, task.id, oleg)
    await desk.run_as(incident.staff["Olga"], finish_task, task.id)
    with pytest.raises(Refusal):
        await desk.run_as(incident.staff["Olga"], reopen_task, task.id)


async def test_ended_tasks_are_listed_the_latest_first_and_page_by_page(
    desk: Desk, clock: Clock
) -> None:
    ticket, anna = await opens(desk), await operator_here(desk, ANNA)
    ended: list[int] = []
    for _ in range(PAGE + 3):
        task = await desk.run_as(anna, create_task, ticket.id)
        clock.now += timedelta(minutes=1)
        await desk.run_as(anna, finish_task, task.id)
        ended.insert(0, task.id)
    first = await desk.read(list_ended)
    assert first.earlier is not None
    rest = await desk.read(list_ended, first.earlier)
    assert [one.id for one in first.tasks + rest.tasks] == ended
    assert (len(first.tasks), rest.earlier) == (PAGE, None)


async def test_the_list_of_ended_tasks_walks_along_its_index(desk: Desk) -> None:
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by what is in the tables")
    ticket, anna = await opens(desk), await operator_here(desk, ANNA)
    task = await desk.run_as(anna, create_task, ticket.id)
    await desk.run_as(anna, finish_task, task.id)
    with asked(desk) as heard:
        await desk.read(list_ended)
        await desk.read(list_ended, task.id)
    lists = [each for each in heard if "ORDER BY task.closed_at" in each[0]]
    steps = [step for step in await plan_of(desk.database, lists) if "task" in step]
    assert len(lists) == 2 and steps
    assert all("USING INDEX ix_task_ended" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in await plan_of(desk.database, lists))
