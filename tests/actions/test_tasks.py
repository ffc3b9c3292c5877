"""Tasks follow their tickets, and people work on them (B9, B10, B11, B21)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from core.desk import Desk
from core.directory.store import put_items
from core.errors import AlreadyTaken, NotAllowed, NothingToDo, Unreadable
from core.journal import list_entries
from core.models import Camera, Note, Task, Ticket
from core.tasks.lists import list_tasks, open_ids, task_of
from core.tasks.task_actions import (
    Choice,
    TasksOpen,
    cancel_task,
    finish_task,
    resolve,
    take_task,
)
from core.tasks.task_opening import open_equipment_task
from core.tasks.task_recorder import open_tasks
from core.teams.assignee_parser import read_escalation, read_hand_over
from core.teams.assignment import escalate, hand_over
from core.tickets.card import card_of, work_behind
from core.tickets.classification import classify
from core.tickets.conversation import reply
from core.tickets.lifecycle import move, release, take
from core.tx import Actor, Tx
from tests.actions.company_directory import team
from tests.actions.people import (
    ANNA,
    OLEG,
    OLGA,
    OPERATORS,
    customer,
    number,
    opens,
    operator,
    writes,
)
from tests.actions.store import Store
from tests.actions.test_handing import operator_here
from tests.actions.test_hot_path import asked, plan_of

Ending = tuple[str, str | None, int | None]


class Incident:
    """An incident, those who work on it, and its tasks."""

    def __init__(self, desk: Desk, store: Store, ticket: Ticket, staff: dict[str, Actor]) -> None:
        self.desk, self.store, self.number, self.staff = desk, store, ticket.id, staff

    async def act(self, who: str, action: Any, *args: Any, **options: Any) -> Any:
        return await self.desk.run_as(self.staff[who], action, self.number, *args, **options)

    async def give(self, who: str, words: str) -> None:
        await self.act(who, hand_over, await self.desk.read(read_hand_over, words))

    async def climb(self, who: str, words: str = "") -> None:
        await self.act(who, escalate, await self.desk.read(read_escalation, words))

    async def tasks(self) -> list[Task]:
        query = select(Task).where(Task.ticket_id == self.number).order_by(Task.id)
        return await self.store.rows(query)

    async def endings(self) -> list[Ending]:
        return [(task.state, task.outcome, task.assignee_id) for task in await self.tasks()]

    def id(self, who: str) -> int | None:
        return self.staff[who].person_id


@pytest.fixture
async def incident(desk: Desk, store: Store) -> Incident:
    """Olga is in the first line, Oleg in the second; Anna is an admin."""
    staff = {who.name: await operator_here(desk, who) for who in (OLGA, OLEG, ANNA)}
    first = team("first", {"en": "First"}, level=1, members=[number(OLGA)])
    second = team("second", {"en": "Second"}, level=2, members=[number(OLEG)])
    await desk.run(put_items, [first, second])
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], classify, ticket.id, "incident")
    return Incident(desk, store, ticket, staff)


OLGAS: Ending = ("open", None, 1)


# The lines of the table, on a ticket


async def test_taking_an_incident_makes_a_task_and_taking_another_ticket_does_not(
    incident: Incident, desk: Desk, store: Store
) -> None:
    other = await opens(desk)
    await desk.run_as(incident.staff["Olga"], take, other.id)
    await incident.act("Olga", take)
    (task,) = await store.rows(select(Task))
    assert (task.ticket_id, task.kind, task.assignee_id) == (
        incident.number,
        "diagnose",
        incident.id("Olga"),
    )
    assert "task_opened" in await store.journal(incident.number)


async def test_what_follows_by_itself_is_the_bot_s_act_in_the_journal(
    incident: Incident, desk: Desk
) -> None:
    await incident.act("Olga", take)
    await incident.act("Olga", move, "resolve")
    by = {name: who for _, who, name, _ in await desk.read(list_entries, incident.number)}
    assert (by["ticket_taken"], by["state_entered"]) == ("Olga", "Olga")
    assert (by["task_opened"], by["task_done"]) == (None, None)  # nobody: the bot


async def test_answering_first_is_taking(incident: Incident) -> None:
    await incident.act("Olga", reply, writes())
    assert await incident.endings() == [("open", None, incident.id("Olga"))]
    await incident.act("Olga", reply, writes("More"))
    assert len(await incident.endings()) == 1


ENDS = [
    ("resolve", "done", "solution_found"),
    ("cancel", "cancelled", "ticket_cancelled"),
    ("close", "cancelled", "ticket_closed"),
    ("freeze", "done", "more_information"),
    ("wait", "done", "more_information"),
]


@pytest.mark.parametrize(("verb", "state", "outcome"), ENDS)
async def test_how_a_task_ends_with_what_happens_to_its_ticket(
    incident: Incident, verb: str, state: str, outcome: str
) -> None:
    await incident.act("Olga", reply, writes("Which camera?"))
    await incident.act("Olga", move, verb)
    assert await incident.endings() == [(state, outcome, incident.id("Olga"))]


async def test_another_assignee_ends_it_and_gets_a_new_one(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.give("Olga", "@oleg")
    assert await incident.endings() == [
        ("done", "escalation_needed", incident.id("Olga")),
        ("open", None, incident.id("Oleg")),
    ]


async def test_a_team_ends_it_and_whoever_takes_then_gets_a_new_one(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.give("Olga", "second")
    assert await incident.endings() == [("done", "escalation_needed", incident.id("Olga"))]
    await incident.act("Oleg", take)
    assert (await incident.endings())[1:] == [("open", None, incident.id("Oleg"))]
    assert [(task.team, task.level) for task in await incident.tasks()][1] == ("second", 2)


async def test_giving_it_back_ends_it(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.act("Olga", release)
    assert await incident.endings() == [("done", "escalation_needed", incident.id("Olga"))]


async def test_escalating_ends_the_task_of_the_earlier_level(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.climb("Olga", "@oleg")
    assert await incident.endings() == [
        ("done", "escalation_required", incident.id("Olga")),
        ("open", None, incident.id("Oleg")),
    ]


async def test_the_same_again_changes_nothing(incident: Incident) -> None:
    await incident.give("Anna", "@olga")
    before = await incident.store.everything()
    for words in ("@olga", "Olga again"):
        with pytest.raises(NothingToDo):
            await incident.give("Anna", words)
    with pytest.raises(NothingToDo):
        await incident.act("Anna", classify, "incident")
    assert await incident.store.everything() == before
    assert await incident.endings() == [("open", None, incident.id("Olga"))]


async def test_back_at_work_with_the_same_person_there_is_a_new_task(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.act("Olga", move, "freeze")
    await incident.act("Olga", move, "unfreeze")
    assert [ending[0] for ending in await incident.endings()] == ["done", "open"]


async def test_a_sleeping_incident_makes_no_task_before_it_wakes(incident: Incident) -> None:
    await incident.act("Olga", move, "freeze")
    await incident.give("Olga", "@oleg")
    assert await incident.tasks() == []
    await incident.act("Anna", move, "unfreeze")
    assert await incident.endings() == [("open", None, incident.id("Oleg"))]


async def test_becoming_an_incident_makes_a_task_and_being_none_any_more_ends_it(
    incident: Incident,
) -> None:
    await incident.act("Olga", classify, "question")
    await incident.act("Olga", take)
    assert await incident.tasks() == []
    await incident.act("Olga", classify, "incident")
    assert await incident.endings() == [("open", None, incident.id("Olga"))]
    await incident.act("Olga", classify, "question")
    assert await incident.endings() == [("cancelled", "reclassified", incident.id("Olga"))]


async def test_one_open_task_of_a_kind_and_assignee_is_held_by_the_database(
    incident: Incident, desk: Desk
) -> None:
    await incident.act("Olga", take)

    async def twin(tx: Tx, assignee: int | None) -> None:
        await tx.session.execute(
            insert(Task).values(
                kind="diagnose",
                ticket_id=incident.number,
                assignee_id=assignee,
                title="x",
                opened_at=tx.now,
            )
        )

    with pytest.raises(IntegrityError):
        await desk.run(twin, incident.id("Olga"))
    await desk.run(twin, None)
    with pytest.raises(IntegrityError):
        await desk.run(twin, None)


# Working on tasks


async def needs_a_visit(incident: Incident) -> Task:
    """The ticket has an equipment task."""

    async def visit(tx: Tx) -> Task:
        camera = Camera(
            number="MOS_1",
            name="Yard",
            address="",
            area="",
            fields={},
            folded="",
            updated_at=tx.now,
        )
        await tx.insert(camera)
        ticket = await tx.get(Ticket, incident.number)
        first = await open_equipment_task(tx, ticket, camera)
        assert await open_equipment_task(tx, ticket, camera) is first
        return first

    return await incident.desk.run(visit)


async def notes(store: Store) -> list[str]:
    return [note.text for note in await store.rows(select(Note).order_by(Note.id))]


async def test_of_two_who_take_a_task_one_wins(incident: Incident, desk: Desk) -> None:
    task = await needs_a_visit(incident)
    results = await asyncio.gather(
        *(desk.run_as(incident.staff[who], take_task, task.id) for who in ("Olga", "Oleg")),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Task", "TaskTakenAlready"]
    assert issubclass(TasksOpen, Exception) and any(isinstance(r, AlreadyTaken) for r in results)
    (kept,) = await incident.tasks()
    with pytest.raises(NothingToDo):
        winner = "Olga" if kept.assignee_id == incident.id("Olga") else "Oleg"
        await desk.run_as(incident.staff[winner], take_task, task.id)


async def test_a_done_task_leaves_a_note_and_whoever_holds_the_ticket_hears_of_it(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await needs_a_visit(incident)
    await incident.act("Olga", take)
    await desk.run_as(incident.staff["Oleg"], take_task, task.id)
    await desk.run_as(incident.staff["Oleg"], finish_task, task.id, "new power supply", writes())
    kept = (await incident.tasks())[0]
    assert (kept.state, kept.outcome, kept.result) == ("done", "finished", "new power supply")
    assert await notes(store) == [f"T{task.id}: new power supply"]
    assert "group.task.done_result" in await store.told(OPERATORS)
    for action in (take_task, finish_task, cancel_task):
        with pytest.raises(NothingToDo):
            await desk.run_as(incident.staff["Oleg"], action, task.id)


async def test_ones_own_done_task_is_no_news_for_the_group(
    incident: Incident, desk: Desk, store: Store
) -> None:
    await incident.act("Olga", take)
    (task,) = await incident.tasks()
    await desk.run_as(incident.staff["Olga"], finish_task, task.id, "the switch")
    assert await incident.endings() == [("done", "solution_found", incident.id("Olga"))]
    assert not [key for key in await store.told(OPERATORS) if key.startswith("group.")]


async def test_a_task_is_cancelled_for_a_reason(
    incident: Incident, desk: Desk, store: Store
) -> None:
    task = await needs_a_visit(incident)
    await desk.run_as(incident.staff["Olga"], cancel_task, task.id, "works again")
    assert await incident.endings() == [("cancelled", "by_hand", None)]
    assert await notes(store) == [f"T{task.id}: works again"]


async def test_tasks_are_nobodys_business_but_ours(incident: Incident, desk: Desk) -> None:
    task = await needs_a_visit(incident)
    for action in (take_task, finish_task, cancel_task):
        with pytest.raises(NotAllowed):
            await desk.run_as(await customer(desk), action, task.id)
        with pytest.raises(Unreadable):
            await desk.run_as(await operator(desk), action, task.id + 99)


async def test_the_card_and_the_list_show_what_is_open(incident: Incident, desk: Desk) -> None:
    visit = await needs_a_visit(incident)
    await incident.act("Olga", take)
    card = await desk.read(card_of, incident.number)
    assert card is not None
    assert [(task.kind, task.assignee) for task in card.behind.tasks] == [
        ("equipment", None),
        ("diagnose", "Olga"),
    ]
    page = await desk.read(list_tasks)
    assert ([task.kind for task in page.tasks], page.total) == (["equipment", "diagnose"], 2)
    mine = await desk.read(list_tasks, person=incident.id("Olga"))
    assert [task.kind for task in mine.tasks] == ["diagnose"]
    shown = await desk.read(task_of, visit.id)
    assert shown is not None and (shown.camera, shown.number) == ("MOS_1", incident.number)
    await desk.run_as(incident.staff["Olga"], resolve, incident.number, choice=Choice.CANCEL)
    assert await desk.read(open_ids, incident.number) == []


# Resolving with unfinished tasks


async def test_resolving_with_an_open_task_asks_and_changes_nothing(
    incident: Incident, store: Store
) -> None:
    task = await needs_a_visit(incident)
    before = await store.everything()
    with pytest.raises(TasksOpen) as asked:
        await incident.act("Olga", resolve, reason="new cable")
    assert [one.id for one in asked.value.tasks] == [task.id]
    assert await store.everything() == before


@pytest.mark.parametrize(
    ("choice", "ending"),
    [
        (Choice.COMPLETE, ("done", "with_ticket")),
        (Choice.CANCEL, ("cancelled", "with_ticket")),
        (Choice.LEAVE, ("open", None)),
    ],
)
async def test_what_becomes_of_open_tasks_is_chosen(
    incident: Incident, store: Store, choice: Choice, ending: tuple[str, str | None]
) -> None:
    await needs_a_visit(incident)
    await incident.act("Olga", take)
    await incident.act("Olga", resolve, reason="new cable", choice=choice)
    visit, diagnosis = await incident.endings()
    assert visit[:2] == ending
    assert diagnosis[:2] == ("done", "solution_found")
    assert (await store.ticket(incident.number)).reason == "new cable"
    assert not [key for key in await store.told(OPERATORS) if key.startswith("group.")]


async def test_a_diagnosis_alone_asks_nothing(incident: Incident) -> None:
    await incident.act("Olga", take)
    await incident.act("Olga", resolve)
    assert (await incident.endings())[0][:2] == ("done", "solution_found")


async def test_a_cancelled_ticket_takes_its_equipment_task_along_a_closed_one_does_not(
    incident: Incident,
) -> None:
    await needs_a_visit(incident)
    await incident.act("Olga", move, "close")
    assert await incident.endings() == [("open", None, None)]
    await incident.act("Olga", move, "reopen")
    await incident.act("Olga", move, "cancel")
    assert await incident.endings() == [("cancelled", "ticket_cancelled", None)]


async def test_ended_tasks_cost_open_ones_nothing(incident: Incident, desk: Desk) -> None:
    """Lists walk along open tasks alone; a twin is looked for among them."""
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by what is in the tables")
    task = await needs_a_visit(incident)
    with asked(desk) as heard:
        await desk.run(open_tasks, incident.number)
        await desk.read(list_tasks)
        await desk.read(list_tasks, person=incident.id("Olga"))
        await desk.read(open_ids, incident.number)
        await desk.read(work_behind, incident.number)
        await desk.run_as(incident.staff["Olga"], take_task, task.id)
    lists = [each for each in heard if each[0].startswith("SELECT") and "'open'" in each[0]]
    assert len(lists) == 8
    steps = await plan_of(desk.database, lists)
    assert {step for step in steps if "task" in step} == {
        "SCAN task USING INDEX ix_task_open",
        "SEARCH task USING INDEX ix_task_ticket_id (ticket_id=?)",
        "SEARCH task USING INDEX uq_task_open (ticket_id=? AND kind=? AND assignee_id=?)",
    }
