"""Rules (E2, X11): what happens, what is asked, what is done; each run once, and in the journal."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.automation.rule_trials import find_rule, try_rule
from core.automation.rules import purge, run_due
from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.kinds.responses import ResponseEntry
from core.directory.kinds.rules import RuleEntry
from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory, shown_fields
from core.models import Classification, JournalEntry, Person, RuleRun
from core.responses.sending import prepare, send_response
from core.tasks.task_actions import resolve
from core.tasks.task_opening import create_task
from core.tickets.card import tags_of
from core.tickets.conversation import reply
from core.tickets.correspondence import Arrival, receive
from core.tickets.customer_dialogue import rate_work
from core.tickets.fields import values_of
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.sweep import sweep
from core.tx import ReadTx
from tests.actions.people import ALICE, BORIS, OPERATORS, opens, operator, says, writes
from tests.actions.store import Store
from tests.actions.test_hot_path import measured
from tests.clock import Clock

HOURS = """
[[response]]
code = "hours"
title = "Opening hours"
texts = { en = "We are here from 9 to 18." }
"""


FIELDS = """
[[field]]
code = "contract"
titles = { en = "Contract" }
kind = "text"

[[field]]
code = "visits"
titles = { en = "Visits" }
kind = "number"
"""


def rule(code: str, event: str, then: str, when: str = "", *more: str) -> str:
    asked = f"when = {{ {when} }}\n" if when else ""
    head = f'[[rule]]\ncode = "{code}"\ntitle = "Rule {code}"\nevent = "{event}"\n'
    return "\n".join([f"{head}{asked}then = {{ {then} }}", *more, ""])


async def apply(desk: Desk, *parts: str) -> list[str]:
    return await desk.run(apply_directory, read_directory("".join(parts)))


async def tags(desk: Desk, number: int) -> tuple[str, ...]:
    return await desk.read(tags_of, number)


async def tried(desk: Desk, code: str) -> list[int]:
    async def query(tx: ReadTx) -> list[int]:
        return (await try_rule(tx, await find_rule(tx, code)))[0]

    return await desk.read(query)


async def test_a_new_ticket_is_sorted_in_the_transaction_that_opens_it(
    desk: Desk, store: Store
) -> None:
    then = 'priority = "high", tags = ["Billing"], note = "Look at the contract."'
    await apply(desk, rule("billing", "opened", then, 'topics = ["payment"], words = ["charged"]'))
    ticket = await opens(desk, text="You charge me twice")
    other = await opens(desk, BORIS, text="Where are you?")
    (kind,) = await store.rows(select(Classification))
    assert (kind.ticket_id, kind.priority) == (ticket.id, "high")
    assert await tags(desk, ticket.id) == ("billing",)
    assert await tags(desk, other.id) == ()
    assert await store.facts(ticket.id, "rule_ran") == [
        {"rule": "billing", "title": "Rule billing", "done": ["priority", "tags", "note"]}
    ]
    assert (await store.ticket(ticket.id)).assignee_id is None


async def test_the_journal_says_what_the_desk_did_and_what_the_customer(
    desk: Desk, store: Store
) -> None:
    await apply(desk, rule("new", "opened", 'tags = ["new"]'))
    ticket = await opens(desk)
    query = (
        select(Person.name)
        .join(JournalEntry, JournalEntry.actor_id == Person.id)
        .where(JournalEntry.ticket_id == ticket.id)
        .order_by(JournalEntry.id)
    )
    who = await store.rows(query)
    entries = await store.journal(ticket.id)
    by_event = dict(zip(entries, who, strict=True))
    assert by_event["ticket_opened"] == by_event["customer_wrote"] == "Alice"
    assert by_event["ticket_tagged"] == by_event["rule_ran"] == "Our Yard"


async def test_what_a_program_wrote_runs_no_rule(desk: Desk, store: Store) -> None:
    """An answer to it may be answered by the program, and so on for ever."""
    ticket = await opens(desk)
    await apply(desk, HOURS, rule("hours", "customer_wrote", 'response = "hours"'))
    for program in (True, False):
        said, before = [says(ALICE, "I am away")], len(await store.messages(ticket.id))
        arrival = Arrival(ALICE, said, "Re", vouched=(ticket.id,), automatic=program)
        await desk.run(receive, arrival)
        written = len(await store.messages(ticket.id)) - before
        assert written == (1 if program else 2)
        assert ("rule_ran" in await store.journal(ticket.id)) is not program


async def test_words_of_a_customer_are_answered_by_a_canned_response(
    desk: Desk, store: Store
) -> None:
    await apply(
        desk, HOURS, rule("hours", "customer_wrote", 'response = "hours"', 'words = ["open hours"]')
    )
    ticket = await opens(desk, text="It is dark")
    assert [one for one in await store.messages(ticket.id) if not one.from_customer] == []
    await desk.run(hear, ALICE, says(ALICE, "What are your opening hours?"))
    (said,) = [one for one in await store.messages(ticket.id) if not one.from_customer]
    assert said.text == "We are here from 9 to 18."
    row = await store.ticket(ticket.id)
    assert row.assignee_id is None
    assert "group.rule_answered" in await store.told(OPERATORS)
    assert "content" in [one.kind for one in await store.outbox(ALICE.address.chat)]


@pytest.mark.parametrize(
    ("when", "fits"),
    [
        ('topics = ["payment", "access"]', True),
        ('topics = ["access"]', False),
        ('states = ["new"]', True),
        ('origins = ["telegram"]', True),
        ('origins = ["email"]', False),
        ("unassigned = true", True),
        ("unassigned = false", False),
        ('languages = ["en"]', True),
        ('words = ["moon", "works"]', True),
        ('words = ["work moon"]', False),
        ('cameras = ["*"]', False),
        ('areas = ["*"]', False),
        ('accounts = ["*"]', False),
        ('teams = ["field"]', False),
        ('services = ["video"]', False),
        ('categories = ["incident"]', False),
        ('priorities = ["high"]', False),
        ('tags = ["vip"]', False),
    ],
)
async def test_each_condition_is_asked(desk: Desk, when: str, fits: bool) -> None:
    team = '[[team]]\ncode = "field"\ntitles = { en = "Field" }\n'
    video = '[[service]]\ncode = "video"\ntitles = { en = "Video" }\n'
    await apply(desk, team, video, rule("one", "opened", 'tags = ["seen"]', when))
    ticket = await opens(desk)
    assert (await tags(desk, ticket.id) == ("seen",)) is fits
    assert (await tried(desk, "one") == [ticket.id]) is fits


async def test_what_is_not_possible_is_left_out_and_nothing_else(desk: Desk, store: Store) -> None:
    await apply(desk, rule("up", "opened", 'escalate = true, tags = ["up"], assignee = "@nobody"'))
    ticket = await opens(desk)
    assert await tags(desk, ticket.id) == ("up",)
    (ran,) = await store.facts(ticket.id, "rule_ran")
    assert ran["done"] == ["tags"]


async def test_rules_that_cause_each_other_end(desk: Desk, store: Store) -> None:
    """Each runs once for a ticket in a transaction, whatever the others cause."""
    await apply(
        desk,
        rule("resolve", "opened", 'state = "resolve"'),
        rule("again", "state_entered", 'tags = ["again"], state = "close"'),
    )
    ticket = await opens(desk)
    assert (await store.ticket(ticket.id)).closed_at is not None
    ran = [one["rule"] for one in await store.facts(ticket.id, "rule_ran")]
    assert sorted(ran) == ["again", "resolve"]


async def test_a_rule_of_time_runs_once_for_each_span(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await apply(
        desk,
        rule("slow", "unanswered_for", 'tags = ["slow"], note = "Late"', "", 'after = "2h"'),
    )
    ticket = await opens(desk)
    assert await desk.run(run_due) == 0
    clock.move(hours=2)
    assert await tried(desk, "slow") == [ticket.id]
    assert await desk.run(run_due) == 1
    assert await desk.run(run_due) == 0
    assert await tags(desk, ticket.id) == ("slow",)
    assert len(await store.facts(ticket.id, "rule_ran")) == 1


async def test_a_deadline_that_passes_is_an_event(desk: Desk, clock: Clock) -> None:
    await apply(desk, rule("late", "overdue", 'tags = ["late"]'))
    ticket = await opens(desk)
    clock.move(days=3, minutes=1)
    await desk.run(sweep)
    assert await tags(desk, ticket.id) == ("late",)


async def test_a_rule_that_is_off_does_nothing_but_can_be_tried(desk: Desk, clock: Clock) -> None:
    old = await opens(desk, BORIS, text="charged long ago")
    clock.move(days=31)
    ticket = await opens(desk, text="charged twice")
    clock.move(days=1)
    await apply(desk, rule("off", "opened", 'tags = ["x"]', 'words = ["charge"]', "active = false"))
    assert await tried(desk, "off") == [ticket.id]
    another = await opens(desk, text="charged again")
    assert await tags(desk, another.id) == ()
    assert await tags(desk, old.id) == ()


async def test_trying_changes_nothing(desk: Desk, store: Store) -> None:
    await apply(desk, rule("one", "opened", 'tags = ["x"]', "", "active = false"))
    await opens(desk)
    before = await store.everything()
    await tried(desk, "one")
    assert await store.everything() == before


async def test_the_file_shows_them_as_they_were_applied(desk: Desk) -> None:
    when = 'words = ["no picture"], cameras = ["MOS_*"], unassigned = true'
    filled = 'fields = { contract = "77-15" }, freeze = "2d"'
    await apply(
        desk,
        HOURS,
        FIELDS,
        rule("one", "opened", 'response = "hours", escalate = true', when),
        rule("two", "opened", filled, 'fields = { contract = ["-"] }'),
    )
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []
    assert f"then = {{ {filled} }}" in shown
    assert 'when = { unassigned = true, words = ["no picture"], cameras = ["MOS_*"] }' in shown


async def test_conditions_and_actions_of_which_none_is_written_are_none(desk: Desk) -> None:
    bare = rule("one", "opened", 'response = "hours"').replace("then", "when = {}\nthen")
    document = read_directory(HOURS + "actions = {}\n" + bare)
    await desk.run(apply_directory, document)
    kept = [
        shown_fields(one)
        for kind in (ResponseEntry, RuleEntry)
        for one in await desk.read(kind.load)
    ]
    assert [shown_fields(item.entry) for item in document.items] == kept


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (rule("x", "opened", ""), "does_nothing"),
        (rule("x", "born", "escalate = true"), "not_a_choice"),
        (rule("x", "open_for", "escalate = true"), "no_after"),
        (rule("x", "opened", "escalate = true", "", 'after = "2d"'), "after_what"),
        (rule("x", "opened", 'priority = "moon"'), "no_such_entry"),
        (rule("x", "opened", 'response = "moon"'), "no_such_entry"),
        (rule("x", "opened", 'state = "new"'), "not_a_choice"),
        (rule("x", "opened", "escalate = true", 'states = ["asleep"]'), "not_a_choice"),
        (rule("x", "opened", "escalate = true", 'cameras = ["[a-z]+"]'), "glob"),
        (rule("x", "opened", "escalate = true", 'words = ["!"]'), "words"),
        (rule("x", "opened", "escalate = true", 'title = ["a"]'), "unknown_field"),
        (rule("x", "opened", 'assignee = "olga"'), "member"),
        (FIELDS + rule("x", "opened", 'fields = { visits = "many" }'), "field_value"),
        (FIELDS + rule("x", "opened", 'fields = { floor = "2" }'), "not_a_choice"),
        (FIELDS + rule("x", "opened", "escalate = true", 'fields = { a = ["2"] }'), "not_a_choice"),
        (FIELDS + rule("x", "opened", "escalate = true", 'fields = { visits = ["["] }'), "glob"),
        (rule("x", "opened", 'freeze = "2d", state = "wait"'), "two_states"),
        (rule("x", "opened", 'freeze = "soon"'), "span"),
    ],
)
async def test_what_a_rule_cannot_be_is_refused(desk: Desk, text: str, fault: str) -> None:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, text)
    assert {one.key for one in error.value.faults} == {f"directory_file.fault.{fault}"}


async def test_a_desk_without_rules_asks_nothing(desk: Desk) -> None:
    await opens(desk, BORIS)
    with measured(desk) as cost:
        await opens(desk)
    assert not [text for text in cost.statements if "rule" in text]


async def test_the_example_has_thirty_responses_and_ten_rules_and_loads(desk: Desk) -> None:
    text = (Path(__file__).parents[2] / "examples" / "answers.toml").read_text(encoding="utf-8")
    await apply(desk, '[[team]]\ncode = "second"\ntitles = { en = "Second" }\n', text)
    kinds = [item.entry.name for item in read_directory(text).items]
    assert (kinds.count("response"), kinds.count("rule")) == (30, 10)
    ticket = await opens(desk, BORIS, text="Списали деньги два раза")
    assert await tags(desk, ticket.id) == ("возврат",)


# States of the company's own; spans; runs that nobody asks of any more

SUPPLIER = """
[[state]]
code = "supplier"
titles = { en = "Waiting for the supplier" }
category = "on_hold"
pause = true
sources = ["new", "in_progress", "reopened"]
"""


async def test_a_rule_and_a_response_move_a_ticket_to_a_state_of_the_companys_own(
    desk: Desk, store: Store
) -> None:
    order = (
        '[[response]]\ncode = "order"\ntitle = "Ordered"\n'
        'texts = { en = "It is ordered." }\nactions = { state = "supplier" }\n'
    )
    parts = rule("parts", "opened", 'state = "supplier"', 'topics = ["access"]')
    await apply(desk, SUPPLIER, order, parts)
    ticket, other = await opens(desk, topic="access"), await opens(desk, BORIS)
    assert (await store.ticket(ticket.id)).state == "supplier"
    olga = await operator(desk)
    shown = await desk.read(prepare, other.id, "order", olga.name)
    assert shown.state == "Waiting for the supplier"
    place = writes().ref
    await desk.run_as(olga, send_response, other.id, "order", shown.digest, place)
    assert (await store.ticket(other.id)).state == "supplier"


async def test_a_rule_that_ends_a_ticket_has_operators_asked_about_its_tasks(
    desk: Desk, store: Store
) -> None:
    await apply(desk, rule("end", "answered", 'state = "close"'))
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, create_task, ticket.id, "look at the cable")
    await desk.run_as(olga, reply, ticket.id, writes())
    assert (await store.ticket(ticket.id)).state == "closed"
    assert "group.tasks_left" in await store.told(OPERATORS)


async def test_a_state_there_is_not_is_refused_with_those_there_are(desk: Desk) -> None:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, rule("parts", "opened", 'state = "nowhere"'))
    (fault,) = error.value.faults
    assert "resolve" in fault.facts["allowed"] and "on_hold" in fault.facts["allowed"]


async def test_a_new_rule_of_time_leaves_those_alone_who_are_long_past_its_span(
    desk: Desk, clock: Clock
) -> None:
    old = await opens(desk)
    clock.move(days=10)
    near = await opens(desk, BORIS)
    clock.move(hours=20)
    text = rule("old", "open_for", 'tags = ["old"]', "", 'after = "1d"')
    await apply(desk, text)
    await desk.run(run_due)
    assert (await tags(desk, old.id), await tags(desk, near.id)) == ((), ())
    clock.move(hours=5)
    await desk.run(run_due)
    assert (await tags(desk, old.id), await tags(desk, near.id)) == ((), ("old",))
    await apply(desk, text.replace("Rule old", "Renamed"))
    another = await opens(desk)
    clock.move(days=2)
    await desk.run(run_due)
    assert await tags(desk, another.id) == ("old",), "a new title is no new rule"


async def test_a_rating_is_an_event_and_a_condition(desk: Desk) -> None:
    await apply(desk, rule("sorry", "rated", 'tags = ["sorry"]', "ratings = [1, 2]"))
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, resolve, ticket.id)
    await desk.run(rate_work, ALICE, ticket.id, 3)
    assert await tags(desk, ticket.id) == ()
    await desk.run(rate_work, ALICE, ticket.id, 1)
    assert await tags(desk, ticket.id) == ("sorry",)


async def test_runs_are_forgotten_when_nothing_is_asked_of_them_any_more(
    desk: Desk, store: Store, clock: Clock
) -> None:
    spans = rule("old", "open_for", 'tags = ["old"]', "", 'after = "1d"')
    await apply(desk, spans, rule("new", "opened", 'tags = ["new"]'))
    ticket, olga = await opens(desk), await operator(desk)
    clock.move(days=2)
    await desk.run(run_due)
    assert await desk.run(purge) == 1, "the one for an event"
    assert [run.rule for run in await store.rows(select(RuleRun))] == ["old"]
    await desk.run_as(olga, move, ticket.id, "close")
    clock.move(days=181)
    assert await desk.run(purge) == 1
    assert await store.rows(select(RuleRun)) == []


async def test_a_rule_fills_a_field_which_another_asks_about(desk: Desk, store: Store) -> None:
    fills = 'fields = { contract = "77-15", visits = "2,5" }'
    when = 'fields = { contract = ["77-*"], visits = ["2,5", "2.5"] }'
    await apply(
        desk,
        FIELDS,
        rule("fill", "opened", fills),
        rule("visited", "customer_wrote", 'tags = ["visited"]', when),
        rule("other", "customer_wrote", 'tags = ["other"]', 'fields = { contract = ["78-*"] }'),
        rule("empties", "answered", 'fields = { contract = "-" }'),
    )
    ticket = await opens(desk)
    assert await desk.read(values_of, ticket.id) == {"contract": "77-15", "visits": "2.5"}
    await desk.run(hear, ALICE, says(ALICE, "And once more"))
    assert await tags(desk, ticket.id) == ("visited",)
    olga = await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    assert await desk.read(values_of, ticket.id) == {"visits": "2.5"}


async def test_a_rule_freezes_for_a_span_and_the_ticket_wakes(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await apply(desk, rule("later", "opened", 'freeze = "2d"', 'words = ["no hurry"]'))
    ticket, other = await opens(desk, text="No hurry at all"), await opens(desk, BORIS)
    row = await store.ticket(ticket.id)
    assert (row.state, row.frozen_until) == ("frozen", clock.now + timedelta(days=2))
    assert (await store.ticket(other.id)).state == "new"
    clock.move(days=2)
    await desk.run(sweep)
    assert (await store.ticket(ticket.id)).state != "frozen"
