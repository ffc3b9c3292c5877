"""A ticket as a row: all that is known of it, columns where they were promised (H2)."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from core.contacts.edit import describe as describe_person
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.knowledge.using import link_article
from core.people.staff import by_operator
from core.reports.export import TICKETS, Wish, rows_of, with_fields
from core.reports.export_lists import find_list, numbers_in
from core.reports.ticket_metrics import count_all
from core.reports.ticket_rows import COLUMNS
from core.texts import Key
from core.tickets.classification import classify
from core.tickets.closing import describe
from core.tickets.field_edits import set_field
from core.tickets.lifecycle import move, take
from core.tickets.ratings import rate
from core.tickets.tags import tag
from tests.actions.agreement_factories import agrees
from tests.actions.people import ALICE, BORIS, OLGA, customer, leaves_dialogue, opens, operator
from tests.actions.store import Store
from tests.actions.test_knowledge import apply
from tests.actions.test_ticket_metrics import REASONS, answers
from tests.clock import Clock

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
FIELDS = """
[[field]]
code = "contract"
kind = "text"
titles = { en = "Contract =1+1" }

[[field]]
code = "cost"
kind = "number"
titles = { en = "Cost" }

[[field]]
code = "visit"
kind = "date"
titles = { en = "Visit" }

[[field]]
code = "paid"
kind = "yes_no"
titles = { en = "Paid" }
"""


async def tickets(desk: Desk, wish: Wish | None = None) -> list[dict[str, Any]]:
    """The rows by column; own fields by code."""
    wish = await with_fields(desk, wish or Wish())
    names = [*COLUMNS, *(f"field {field.code}" for field in wish.fields)]
    pages = [page async for page in rows_of(desk, TICKETS, wish)]
    return [dict(zip(names, row, strict=True)) for page in pages for row in page]


async def test_a_row_has_all_that_is_known_of_a_ticket(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await agrees(desk)
    await apply(desk)
    await desk.run(apply_directory, read_directory(REASONS + FIELDS))
    number = (await opens(desk, ALICE, "it is dark")).id
    olga = await operator(desk)
    await desk.run(by_operator, OLGA, take, number)
    await desk.run_as(olga, describe_person, number, "company Daisy Ltd")
    await desk.run_as(olga, classify, number, "video, incident")
    await desk.run_as(olga, tag, number, "dark lamp")
    for words in ("contract +7", "cost 12,5", "visit 2026-12-01", "paid yes"):
        await desk.run_as(olga, set_field, number, words)
    clock.move(minutes=30)
    await answers(desk, store, number)
    await desk.run_as(olga, link_article, number, "refund")
    clock.move(minutes=30)
    await desk.run_as(olga, move, number, "resolve", reason="a new cable", closing="cable")
    await desk.run_as(olga, describe, number, spent=timedelta(minutes=45))
    await desk.run_as(await customer(desk), rate, number, 5)
    await count_all(desk)
    (row,) = await tickets(desk)
    told = {name: row[name] for name in COLUMNS[17:]} | {"subject": row["subject"]}
    assert told["account"] == "Daisy Ltd" and told["tags"] == "#dark #lamp"
    assert (told["service"], told["category"]) == ("Video", "Incident")
    assert (told["reason"], told["solution"]) == ("New cable", "a new cable")
    assert (told["spent"], told["article"]) == (45, "How a refund goes")
    assert (told["rating"], told["comment"]) == (5, None)
    assert told["reaction"] == told["resolution"] == Key("export.kept")
    assert row["reaction_due"] is not None and row["resolution_due"] > row["reaction_due"]
    assert (told["by_us"], told["by_customer"], told["by_others"]) == (30, 0, 0)
    own = [row[f"field {code}"] for code in ("contract", "cost", "visit", "paid")]
    assert own == ["+7", 12.5, date(2026, 12, 1), Key("field.yes")]


async def test_a_ticket_that_goes_on_has_its_times_until_now_and_late_deadlines(
    desk: Desk, clock: Clock
) -> None:
    await agrees(desk)
    await opens(desk, ALICE)
    await leaves_dialogue(desk, ALICE)
    clock.move(days=7)
    await opens(desk, BORIS)
    late, fresh = await tickets(desk)
    assert late["by_us"] == 7 * 24 * 60 and fresh["by_us"] == 0
    assert late["reaction"] == late["resolution"] == Key("export.missed")
    assert (fresh["reaction"], fresh["rating"], fresh["spent"]) == (None, None, None)


async def test_a_list_keeps_its_order_and_has_each_ticket_once(desk: Desk, clock: Clock) -> None:
    numbers = []
    for who in (ALICE, BORIS) * 2:
        numbers.append((await opens(desk, who)).id)
        await leaves_dialogue(desk, who)
        clock.move(hours=1)
    await desk.run(by_operator, OLGA, take, numbers[1])
    await desk.run(by_operator, OLGA, move, numbers[1], "resolve")
    wanted = await desk.read(find_list, "queue")
    listed = await numbers_in(desk, wanted)
    assert sorted(listed) == sorted({*numbers} - {numbers[1]})
    backwards = Wish(numbers=list(listed)[::-1])
    assert [row["number"] for row in await tickets(desk, backwards)] == list(listed)[::-1]
    messages = [row async for page in rows_of(desk, "messages", backwards) for row in page]
    assert {row[1] for row in messages} == set(listed)
    assert await tickets(desk, Wish(numbers=[])) == []


def test_columns_stand_where_the_table_of_the_manual_says() -> None:
    text = OPERATIONS.read_text("utf-8")
    table = text.partition("<!-- columns of tickets -->")[2].partition("\n\n")[0]
    told = re.findall(r"^\| (\d+) \| `(\w+)` \|", table, re.MULTILINE)
    assert told == [(str(at), name) for at, name in enumerate(COLUMNS, 1)]
