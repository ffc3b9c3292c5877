"""A file that names some entries of a kind leaves the order of the others as it is (X12)."""

from sqlalchemy import select

from core.desk import Desk
from core.directory.store import show_directory
from core.models import PriorityRow, RuleRow, StateRow, Topic
from tests.actions.store import Store
from tests.actions.test_directory import apply
from tests.actions.test_rules import rule


def priority(code: str) -> str:
    return f'[[priority]]\ncode = "{code}"\ntitles = {{ en = "{code}" }}\n'


async def ranks(store: Store) -> list[tuple[str, int]]:
    rows = await store.rows(select(PriorityRow).order_by(PriorityRow.rank))
    return [(row.code, row.rank) for row in rows]


async def test_a_priority_that_is_named_alone_stays_as_urgent_as_it_was(
    desk: Desk, store: Store
) -> None:
    before = await ranks(store)
    assert [code for code, _ in before] == ["urgent", "high", "normal", "low"]
    difference = await apply(desk, priority("normal"))
    assert [line for line in difference if line[0] == "+"] == ['+titles = { en = "normal" }']
    assert await ranks(store) == before


async def test_a_new_priority_stands_where_the_file_puts_it(desk: Desk, store: Store) -> None:
    await apply(desk, priority("high") + priority("raised") + priority("normal"))
    assert [code for code, _ in await ranks(store)] == ["urgent", "high", "raised", "normal", "low"]
    assert [rank for _, rank in await ranks(store)] == [1, 2, 3, 4, 5]


async def test_no_two_entries_share_a_place(desk: Desk, store: Store) -> None:
    topic = '[[topic]]\ncode = "{}"\ntitles = {{ en = "x" }}\n'
    await apply(desk, topic.format("x"))
    await apply(desk, topic.format("y"))
    places = [row.position for row in await store.rows(select(Topic).order_by(Topic.code))]
    assert len(set(places)) == len(places)
    rules = [rule(code, "opened", "escalate = true") for code in "abc"]
    await apply(desk, "".join(rules))
    await apply(desk, rule("b", "opened", 'tags = ["b"]'))
    rows = await store.rows(select(RuleRow).order_by(RuleRow.position))
    assert [(row.code, row.position) for row in rows] == [("a", 0), ("b", 1), ("c", 2)]


async def test_states_stand_in_the_order_of_the_file(desk: Desk, store: Store) -> None:
    async def states() -> list[str]:
        rows = await store.rows(select(StateRow).order_by(StateRow.position, StateRow.code))
        return [row.code for row in rows]

    before = await states()
    shown = await desk.read(show_directory)
    shown = shown[shown.index("[[state]]") : shown.index("[settings]")]
    _, *tables = shown.split("[[state]]\n")
    await apply(desk, "".join(f"[[state]]\n{table}" for table in reversed(tables)))
    assert await states() == before[::-1]
