"""Saved lists (D2): conditions, order, whose they are; pages by keyset on both databases."""

from itertools import pairwise

import pytest

from core.addresses import Address
from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from core.errors import Refusal
from core.tickets import lifecycle
from core.tickets.lifecycle import move
from core.tickets.list_lines import Page
from core.tickets.lists import page_of, page_of_view
from core.tickets.tags import tag
from core.tickets.views import find_view, open_view, views_for, views_of
from core.tx import ReadTx
from tests.actions.agreement_factories import agrees
from tests.actions.people import ALICE, ANNA, BORIS, OLEG, OLGA, leaves_dialogue, opens, operator
from tests.actions.test_hot_path import asked, plan_of
from tests.clock import Clock

TITLE = 'titles = { ru = "Список", en = "List" }\n'


def view(code: str, *lines: str) -> str:
    return "\n".join([f'[[view]]\ncode = "{code}"', TITLE.strip(), *lines, ""])


async def apply(desk: Desk, text: str) -> list[str]:
    return await desk.run(apply_directory, read_directory(text))


async def page(desk: Desk, code: str, cursor: str = "", **how: object) -> Page:
    async def read(tx: ReadTx) -> Page:
        return await page_of_view(tx, (await views_of(tx))[code], cursor, **how)  # type: ignore[arg-type]

    return await desk.read(read)


async def numbers(desk: Desk, *lines: str, person: int | None = None) -> list[int]:
    """What a list with these conditions shows."""
    await apply(desk, view("list", *lines))
    return [line.number for line in (await page(desk, "list", person=person)).lines]


async def several(desk: Desk, clock: Clock, many: int, topic: str = "payment") -> list[int]:
    made = []
    for _ in range(many):
        made.append((await opens(desk, topic=topic)).id)
        await leaves_dialogue(desk, ALICE)
        clock.move(minutes=1)
    return made


async def test_each_condition_narrows_the_list(desk: Desk, clock: Clock) -> None:
    await agrees(desk)
    await apply(desk, f'[[team]]\ncode = "field"\n{TITLE}')
    one, two, three, done = await several(desk, clock, 4)
    other = (await opens(desk, BORIS, topic="access")).id
    olga = await operator(desk)
    await desk.run_as(olga, lifecycle.take, two)
    await desk.run_as(olga, tag, two, "vip")
    await desk.run_as(olga, move, three, "freeze")
    await desk.run_as(olga, move, done, "resolve")
    queue = [line.number for line in (await desk.read(page_of, "queue")).lines]
    assert set(queue) == {one, two, other, three}
    assert await numbers(desk) == queue
    assert await numbers(desk, 'topics = ["access", "other"]') == [other]
    assert await numbers(desk, 'tags = ["vip", "moon"]') == [two]
    assert await numbers(desk, 'markers = ["frozen"]') == [three]
    assert await numbers(desk, 'markers = ["resolved", "frozen"]') == [three, done]
    assert await numbers(desk, 'states = ["resolved"]') == [done]
    assert await numbers(desk, 'assignee = "me"', person=olga.person_id) == [two]
    assert await numbers(desk, 'assignee = "me"', person=None) == []
    assert await numbers(desk, 'assignee = "nobody"', 'topics = ["payment"]') == [one, three]
    assert await numbers(desk, 'older = "2m"', 'order = "oldest"') == [one, two, three]
    assert await numbers(desk, 'order = "newest"') == [other, three, two, one]
    assert await numbers(desk, 'order = "oldest"', 'assignee = "anybody"') == [two]
    assert await numbers(desk, 'teams = ["field"]') == []
    clock.move(days=3)
    assert set(await numbers(desk, 'markers = ["overdue"]')) == {one, two, other}
    assert await numbers(desk, 'markers = ["needs_answer"]') == []


@pytest.mark.parametrize("order", ["urgency", "newest", "oldest"])
async def test_pages_hold_everything_once_in_either_direction(
    desk: Desk, clock: Clock, order: str
) -> None:
    made = await several(desk, clock, 23)
    await apply(desk, view("all", f'order = "{order}"'))
    turned = [await page(desk, "all")]
    while (after := turned[-1].after) is not None:
        turned.append(await page(desk, "all", after))
    found = [line.number for one in turned for line in one.lines]
    assert found == (made[::-1] if order == "newest" else made)
    assert (turned[0].total, turned[0].title) == (23, "List")
    for earlier, later in pairwise(turned):
        back = await page(desk, "all", str(later.before), backward=True)
        assert [line.number for line in back.lines] == [line.number for line in earlier.lines]


async def test_a_list_of_a_role_or_team_is_for_them_alone(desk: Desk) -> None:
    await operator(desk, OLGA)
    await operator(desk, OLEG)
    await operator(desk, ANNA)
    team = '[[team]]\ncode = "crew"\n' + TITLE + 'members = ["@olga"]\n'
    lists = (
        view("all")
        + view("bosses", 'for_role = "admin"')
        + view("crews", 'for_team = "crew"')
        + view("old", "active = false")
    )
    await apply(desk, team + lists)

    async def offered(asker: Address) -> list[str]:
        return [one.code for one in await desk.read(views_for, asker)]

    assert await offered(ANNA.address) == ["all", "bosses", "crews"]
    assert await offered(OLGA.address) == ["all", "crews"]
    assert await offered(OLEG.address) == ["all"]
    found = await desk.read(find_view, OLGA.address, "crews")
    assert found is not None and found.code == "crews"
    assert await desk.read(find_view, OLEG.address, "crews") is None
    with pytest.raises(Refusal):
        await desk.read(open_view, OLEG.address, "bosses")


async def test_the_file_shows_them_as_they_were_applied(desk: Desk) -> None:
    await apply(desk, view("vip", 'tags = ["VIP"]', 'older = "2d"', 'order = "oldest"'))
    shown = await desk.read(show_directory)
    assert 'tags = ["vip"]\nolder = "2d"\norder = "oldest"' in shown
    assert await apply(desk, shown) == []


@pytest.mark.parametrize(
    ("code", "line", "fault"),
    [
        ("queue", "", "view_taken"),
        ("a-b", "", "view_code"),
        ("x", 'markers = ["red"]', "not_a_choice"),
        ("x", 'states = ["asleep"]', "not_a_choice"),
        ("x", 'order = "random"', "not_a_choice"),
        ("x", 'teams = ["moon"]', "no_such_entry"),
        ("x", 'tags = ["a b"]', "tag"),
        ("x", 'older = "soon"', "span"),
    ],
)
async def test_what_a_list_cannot_be_is_refused(
    desk: Desk, code: str, line: str, fault: str
) -> None:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, view(code, line))
    assert [one.key for one in error.value.faults] == [f"directory_file.fault.{fault}"]


@pytest.mark.parametrize(
    ("line", "index"),
    [
        ('tags = ["vip"]', "ix_ticket_tag_tag_queue"),
        ('topics = ["access"]', "ix_ticket_topic_queue"),
        ('order = "newest"', "ix_ticket_open"),
    ],
)
async def test_a_page_reads_no_whole_table(desk: Desk, clock: Clock, line: str, index: str) -> None:
    """However many tickets have ended, or are of another kind, a list walks along an index of its
    own; the rows of the page alone are sorted.
    """
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by what is in the tables")
    made = await several(desk, clock, 12)
    olga = await operator(desk)
    for number in made:
        await desk.run_as(olga, tag, number, "vip")
    await apply(desk, view("list", line))
    await page(desk, "list")
    with asked(desk) as heard:
        await page(desk, "list")
    steps = await plan_of(desk.database, heard)
    assert not [step for step in steps if step.startswith("SCAN ticket") and "INDEX" not in step]
    assert any(f"INDEX {index}" in step for step in steps), steps
    assert steps.count("USE TEMP B-TREE FOR ORDER BY") <= 1, steps
