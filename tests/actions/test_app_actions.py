"""What the forms of a ticket's page do, on both databases: rules and journal are the chat's."""

from collections.abc import Sequence
from datetime import timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import func, select

from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, NotYours, Refusal, Unreadable
from core.models import Ticket
from core.people.staff import as_staff, by_operator, enrol
from core.responses.staff_page import Draft
from core.tasks.task_actions import TasksOpen
from core.tasks.task_opening import create_task
from core.tickets.card import Card, card_of
from core.tickets.lifecycle import take
from core.tickets.tags import known_tags, tag
from core.tx import ReadTx
from handlers.http.app.actions import ACTIONS
from handlers.http.app.given import Form
from handlers.http.app.selectable import find_choices
from tests.actions import people
from tests.actions.people import ALICE, ANNA, EVE, OLEG, OLGA, opens
from tests.actions.store import Store
from tests.actions.test_directory import apply, arranged
from tests.clock import Clock

__all__ = ["arranged"]

OF_ITS_OWN = """
[[closing_reason]]
code = "cable"
titles = { en = "A cable" }

[[team]]
code = "first"
titles = { en = "First" }
members = ["@olga"]

[[team]]
code = "second"
titles = { en = "Second" }
level = 2
members = ["@oleg"]

[[field]]
code = "flat"
titles = { en = "Flat" }
kind = "number"

[[field]]
code = "key"
titles = { en = "Key" }
kind = "choice"
choices = ["blue", "red"]
"""


async def first(desk: Desk) -> int:
    """The number of the ticket whose page it is."""

    async def lowest(tx: ReadTx) -> int:
        return int(await tx.first(select(func.min(Ticket.id))) or 0)

    return await desk.read(lowest)


async def press(desk: Desk, verb: str, text: str = "", who: Any = OLGA, **given: str) -> None:
    """Send a form of its page."""
    form = Form(Draft(text, f"once-{verb}-{text}"), given)
    await desk.run(as_staff, who, ACTIONS[verb], await first(desk), form)


async def card(desk: Desk) -> Card:
    found = await desk.read(card_of, await first(desk))
    assert found is not None
    return found


@pytest.fixture
async def ticket(desk: Desk) -> None:
    for who in (OLGA, OLEG, ANNA):
        await desk.run(by_operator, who, enrol)
    await apply(desk, OF_ITS_OWN)
    await opens(desk)


async def colleague(desk: Desk, name: str) -> str:
    """What the list of colleagues says for somebody, as the page offers them."""
    choices = await desk.read(find_choices, await card(desk), "operator")
    return next(f"person:{one.id}" for one in choices.takers if one.name == name)


@pytest.mark.usefixtures("ticket")
async def test_a_state_is_chosen_among_those_that_are_possible(desk: Desk, store: Store) -> None:
    offered = (await desk.read(find_choices, await card(desk), "operator")).states
    assert "waiting" in [one.code for one in offered]
    with pytest.raises(Refusal):  # nothing was asked yet
        await press(desk, "state", state="waiting")
    await press(desk, "answer", "Which lamp?")
    await press(desk, "state", state="waiting")
    assert (await card(desk)).state.code == "waiting"
    for state in ("new", "nonsense", ""):
        with pytest.raises(Refusal):
            await press(desk, "state", state=state)
    with pytest.raises(Refusal) as asked:  # as «resolve» asks, where the customer waits
        await people.hears(desk, ALICE, people.says(ALICE, "Is it the lamp by the gate?"))
        await press(desk, "state", state="resolved")
    assert asked.value.key == "refusal.unanswered.resolve"
    await press(desk, "state", "a new cable", state="resolved")
    assert (await card(desk)).ending is not None
    assert (await store.journal(await first(desk))).count("state_entered") >= 2


@pytest.mark.usefixtures("ticket")
async def test_it_is_resolved_with_a_reason_a_solution_and_a_time(desk: Desk) -> None:
    await press(desk, "resolve", "a new one", closing="cable", spent="45m")
    ending = (await card(desk)).ending
    assert ending is not None
    assert (ending.reason, ending.solution) == ("A cable", "a new one")
    assert ending.spent == timedelta(minutes=45)
    await press(desk, "ending", spent="2h")
    ending = (await card(desk)).ending
    assert ending is not None and ending.spent == timedelta(hours=2)
    with pytest.raises(NothingToDo):
        await press(desk, "ending", closing="cable", spent="2h", article="-")
    with pytest.raises(Refusal):
        await press(desk, "ending", article="nonsense")


@pytest.mark.usefixtures("ticket")
async def test_what_is_wrong_with_an_ending_ends_nothing(desk: Desk) -> None:
    for given in ({"closing": "nonsense"}, {"spent": "soon"}, {"spent": "9000d"}):
        with pytest.raises(Refusal):
            await press(desk, "resolve", "a new one", **given)
    assert (await card(desk)).ending is None


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize(("choice", "outcome"), [("complete", "done"), ("cancel", "cancelled")])
async def test_open_tasks_are_asked_about_before_it_is_resolved(
    desk: Desk, store: Store, choice: str, outcome: str
) -> None:
    await press(desk, "task", "climb the pole")
    for chosen in ("", "nonsense"):
        with pytest.raises(TasksOpen) as asked:
            await press(desk, "resolve", "a new one", tasks=chosen)
        assert [one.title for one in asked.value.tasks] == ["climb the pole"]
    await press(desk, "resolve", "a new one", tasks=choice)
    assert f"task_{outcome}" in await store.journal(await first(desk))
    assert (await card(desk)).ending is not None


@pytest.mark.usefixtures("ticket")
async def test_tasks_that_were_left_open_are_settled_later(desk: Desk) -> None:
    await press(desk, "task", "climb the pole")
    await press(desk, "resolve", "a new one", tasks="leave")
    with pytest.raises(Unreadable):
        await press(desk, "settle")
    await press(desk, "settle", tasks="complete")
    assert not (await card(desk)).behind.tasks


@pytest.mark.usefixtures("ticket")
async def test_a_task_is_taken_given_and_done(desk: Desk, store: Store) -> None:
    await press(desk, "task")
    number = str((await card(desk)).behind.tasks[0].id)
    await press(desk, "task_take", task=number)
    assert (await card(desk)).behind.tasks[0].assignee == "Olga"
    whom = (await colleague(desk, "Oleg")).removeprefix("person:")
    await press(desk, "task_assign", task=number, whom=whom)
    assert (await card(desk)).behind.tasks[0].assignee == "Oleg"
    await press(desk, "task_done", "it hangs", task=number)
    assert not (await card(desk)).behind.tasks
    (written,) = await store.facts(await first(desk), "note_written")
    assert written["said_with"] == "task"
    with pytest.raises(Refusal):
        await press(desk, "task_cancel", task=number)


@pytest.mark.usefixtures("ticket")
async def test_a_task_of_another_ticket_is_not_touched(desk: Desk) -> None:
    other = await opens(desk, people.BORIS)
    made = await desk.run(by_operator, OLGA, create_task, other.id)
    for verb in ("task_take", "task_done", "task_cancel"):
        with pytest.raises(Refusal) as refused:
            await press(desk, verb, task=str(made.id))
        assert refused.value.key == "refusal.outdated"


@pytest.mark.usefixtures("ticket")
async def test_it_is_handed_over_with_a_word_and_escalated(desk: Desk, store: Store) -> None:
    await press(desk, "assign", "you know him", whom=await colleague(desk, "Oleg"))
    assert (await card(desk)).assignee == "Oleg"
    (written,) = await store.facts(await first(desk), "note_written")
    assert written["said_with"] == "assignment"
    with pytest.raises(NotYours):
        await press(desk, "assign", whom="team:first")
    await press(desk, "assign", whom="team:first", who=ANNA)
    assert (await card(desk)).behind.team == "First"
    await press(desk, "escalate", whom="team:second")
    assert ((await card(desk)).behind.team, (await card(desk)).behind.level) == ("Second", 2)
    for whom in ("team:nonsense", "person:999", "person:", ""):
        with pytest.raises(Refusal):
            await press(desk, "assign", whom=whom)


@pytest.mark.usefixtures("ticket")
async def test_what_it_is_about_is_changed(desk: Desk, store: Store) -> None:
    choices = await desk.read(find_choices, await card(desk), "operator")
    await press(desk, "topic", topic=choices.topics[0].code)
    await press(desk, "title", "The lamp")
    urgent = choices.classes["priority"][0].code
    await press(desk, "classify", priority=urgent, category="", service="")
    assert (await card(desk)).title == "The lamp"
    assert [one.code for one in (await card(desk)).promised.kind] == [urgent]
    for verb, given in (("classify", {"priority": urgent}), ("classify", {}), ("topic", {})):
        with pytest.raises(Refusal):
            await press(desk, verb, **given)
    known = await store.journal(await first(desk))
    assert {"topic_changed", "title_changed", "ticket_classified"} <= {*known}


@pytest.mark.usefixtures("ticket")
async def test_tags_come_and_go(desk: Desk) -> None:
    await press(desk, "tag", "gate #lamp")
    assert (await card(desk)).tags == ("gate", "lamp")
    await press(desk, "tag", "-gate")
    assert (await card(desk)).tags == ("lamp",)
    with pytest.raises(NothingToDo):
        await press(desk, "tag", "lamp")


@pytest.mark.usefixtures("ticket")
async def test_the_tags_there_are_come_by_alphabet_each_once(desk: Desk) -> None:
    assert await desk.read(known_tags) == []
    other = await opens(desk, people.BORIS)
    for number, words in ((await first(desk), "lamp gate"), (other.id, "gate door")):
        await desk.run(by_operator, OLGA, tag, number, words)
    assert await desk.read(known_tags) == ["door", "gate", "lamp"]
    assert await desk.read(known_tags, 2) == ["door", "gate"]


@pytest.mark.usefixtures("ticket")
async def test_own_fields_are_filled_changed_and_emptied(desk: Desk, store: Store) -> None:
    def held(found: Card) -> Sequence[str | None]:
        return [one.value for one in found.fields]

    await press(desk, "fields", **{"field.flat": "12,5", "field.key": "red"})
    assert held(await card(desk)) == ["12.5", "red"]
    await press(desk, "fields", **{"field.flat": "12.5", "field.key": ""})
    assert held(await card(desk)) == ["12.5", None]
    with pytest.raises(NothingToDo):
        await press(desk, "fields", **{"field.flat": " 12.5 ", "field.other": "x"})
    with pytest.raises(Unreadable):
        await press(desk, "fields", **{"field.flat": "many"})
    assert (await store.journal(await first(desk))).count("field_set") == 3


@pytest.mark.usefixtures("ticket")
async def test_a_freeze_ends_at_any_day(desk: Desk, clock: Clock) -> None:
    day = (clock() + timedelta(days=20)).strftime("%Y-%m-%dT09:30")
    await press(desk, "freeze", "a part", until="1h", at=day)
    until = (await card(desk)).frozen_until
    assert until is not None and until.astimezone(desk.company.zone).strftime("%H:%M") == "09:30"
    assert until - clock() > timedelta(days=19)
    await press(desk, "unfreeze")
    there = timezone(-timedelta(hours=5))
    for said in (until.strftime("%Y-%m-%dT%H:%M:%SZ"), until.astimezone(there).isoformat()):
        await press(desk, "freeze", "a part", at=said)
        assert (await card(desk)).frozen_until == until
        await press(desk, "unfreeze")
    for given in (
        {"until": "other"},
        *({"at": "2020-01-01T09:00"}, {"at": "soon"}, {"at": "9" * 99}),
        *({"at": "2020-01-01T09:00:00-05:00"}, {"at": "9999-12-31T09:00:00Z"}),
    ):
        with pytest.raises(Unreadable):
            await press(desk, "freeze", **given)
    assert (await card(desk)).frozen_until is None


@pytest.mark.usefixtures("ticket")
@pytest.mark.parametrize("kind", ["mute", "block"])
async def test_a_customer_is_held_off_with_an_end_and_a_reason(
    desk: Desk, store: Store, kind: str
) -> None:
    for given in ({"until": "day"}, {"until": "ever", "text": "rude"}, {"text": "rude"}):
        with pytest.raises(Unreadable):
            await press(desk, kind, **given)
    await press(desk, kind, "rude", until="day")
    choices = await desk.read(find_choices, await card(desk), "operator")
    assert choices.restriction is not None
    assert (choices.restriction.kind, choices.restriction.reason) == (kind, "rude")
    await press(desk, "unblock")
    assert (await desk.read(find_choices, await card(desk), "operator")).restriction is None
    assert {"person_restricted", "restriction_lifted"} <= {
        *(await store.journal(await first(desk)))
    }


@pytest.mark.usefixtures("ticket")
async def test_nobody_else_does_any_of_it(desk: Desk, store: Store) -> None:
    await desk.run(by_operator, OLGA, take, await first(desk))
    before = await store.everything()
    for verb in ACTIONS:
        for who in (ALICE, EVE):
            with pytest.raises(NotAllowed):
                await press(desk, verb, "x", who=who, state="waiting", whom="team:first")
    assert await store.everything() == before
