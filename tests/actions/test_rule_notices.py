"""A rule tells colleagues something: which of them, in which words (E2)."""

import pytest

from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.store import show_directory
from tests.actions.people import ALERTS, ALICE, ANNA, OLEG, OLGA, OPERATORS, number, opens
from tests.actions.store import Store
from tests.actions.test_handing import operator_here
from tests.actions.test_rules import apply, rule

ASSIGNEE, TEAM = '"assignee"', '"team"'
TEXT = 'text = "{customer} waits ({camera})"'


def tells(to: str, text: str = TEXT) -> str:
    return f"notice = {{ to = [{to}], {text} }}"


async def words(store: Store, chat: int | str, key: str) -> list[dict[str, object]]:
    rows = await store.outbox(chat, key=key)
    return [row.facts for row in rows]


async def test_the_group_the_admins_and_the_alert_channel_are_told(
    desk: Desk, store: Store
) -> None:
    await operator_here(desk, ANNA)
    await apply(desk, rule("vip", "opened", tells('"group", "admins", "alerts"')))
    ticket = await opens(desk)
    (group,) = await words(store, OPERATORS, "group.rule_tells")
    assert (group["number"], group["text"]) == (ticket.id, "Alice waits (–)")
    assert group["reply"] == "card"
    assert len(await words(store, ALERTS, "group.rule_tells")) == 1
    assert len(await words(store, ANNA.address.chat, "staff.rule_tells")) == 1
    assert await words(store, ALICE.address.chat, "staff.rule_tells") == []
    (ran,) = await store.facts(ticket.id, "rule_ran")
    assert ran["done"] == ["notice"]
    assert [one["to"] for one in await store.facts(ticket.id, "rule_told")] == [
        "group",
        "admins",
        "alerts",
    ]


async def test_the_assignee_and_the_team_are_told_where_there_are_any(
    desk: Desk, store: Store
) -> None:
    for who in (OLGA, OLEG):
        await operator_here(desk, who)
    team = (
        '[[team]]\ncode = "field"\ntitles = { en = "Field" }\n'
        f"members = [{number(OLGA)}, {number(OLEG)}]\n"
    )
    to_both = tells('"assignee", "team"')
    await apply(desk, team, rule("a", "opened", to_both))
    nobodys = await opens(desk)
    assert await store.facts(nobodys.id, "rule_told") == []
    (ran,) = await store.facts(nobodys.id, "rule_ran")
    assert ran["done"] == []
    given = rule("a", "opened", f'assignee = "@olga", {tells(ASSIGNEE)}')
    await apply(desk, given)
    ticket = await opens(desk)
    (told,) = await words(store, OLGA.address.chat, "staff.rule_tells")
    assert (told["number"], told["text"]) == (ticket.id, "Alice waits (–)")
    await apply(desk, rule("a", "opened", f'team = "field", {tells(TEAM)}'))
    ticket = await opens(desk)
    (called,) = await words(store, OPERATORS, "group.rule_calls")
    names = called["told"]
    assert isinstance(names, list) and len(names) == 2
    assert [one["to"] for one in await store.facts(ticket.id, "rule_told")] == ["team"]


@pytest.mark.parametrize(
    ("then", "fault"),
    [
        (tells(""), "no_addressee"),
        (tells('"boss"'), "not_a_choice"),
        (tells('"group"', 'text = "{ name }"'), "variable"),
        (tells('"group"', 'text = ""'), "text"),
        ('notice = "x"', "no_table"),
    ],
)
async def test_what_a_notice_cannot_be_is_refused(desk: Desk, then: str, fault: str) -> None:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, rule("x", "opened", then))
    assert {one.key for one in error.value.faults} == {f"directory_file.fault.{fault}"}


async def test_the_file_shows_it_as_it_was_applied(desk: Desk) -> None:
    await apply(desk, rule("a", "opened", tells('"group", "team"')))
    shown = await desk.read(show_directory)
    assert tells('"group", "team"') in shown
    assert await apply(desk, shown) == []
