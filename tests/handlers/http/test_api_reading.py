"""The API: tickets, conversations and technical data read and searched by keys (A9)."""

import json
from dataclasses import replace

import pytest

from core.contacts.edit import describe
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.imports import KINDS, bring, plan_import
from core.models import Note
from core.people.staff import by_operator
from core.sheets.sheet import read_sheet
from core.tickets.conversation import note, reply
from core.tickets.lifecycle import move
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from tests.actions import people
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.test_hot_path import asked
from tests.handlers.http.api_client import ALICE, OPEN, TAG, Client, count
from tests.handlers.http.conftest import Visitor


async def test_every_ticket_is_on_one_page_newest_first(shop: Client) -> None:
    for _ in range(7):
        await shop.opens()
    seen, path = [], f"{OPEN}?limit=3"
    cursor: str | None = ""
    while cursor is not None:
        status, _, page = await shop.ask("GET", path + (f"&cursor={cursor}" if cursor else ""))
        assert status == 200
        seen += [one["number"] for one in page["items"]]
        cursor = page["next"]
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize(("query", "most"), [("", 2), ("?view=queue", 3)])
async def test_a_list_is_as_many_questions_whatever_is_in_it(
    shop: Client, desk: Desk, query: str, most: int
) -> None:
    """Whose key it is, the page, and of a view which tickets: other systems ask hundreds of times a
    second. Reading rows as objects, and what only the chat shows, cost three times as much.
    """
    for _ in range(3):
        await shop.opens()
    await shop.ask("GET", OPEN + query)  # what is kept in memory is read once
    with asked(desk) as heard:
        status, _, page = await shop.ask("GET", OPEN + query)
    assert status == 200 and len(page["items"]) == 3
    assert len(heard) == most, heard


async def test_health_asks_the_database_nothing(desk: Desk, api_door: Visitor) -> None:
    with asked(desk) as heard:
        assert (await api_door.ask("GET", "/healthz"))[0] == 200
    assert heard == []


async def test_a_conversation_is_read_without_its_notes(shop: Client, desk: Desk) -> None:
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("canary note"))
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("Restart it"))
    status, _, page = await shop.ask("GET", f"{OPEN}/1/messages")
    assert status == 200
    said = [(one["from_customer"], one["author"], one["text"]) for one in page["items"]]
    assert said == [(True, "Alice", "It does not work"), (False, "Olga", "Restart it")]
    _, _, ticket = await shop.ask("GET", f"{OPEN}/1")
    assert ticket["assignee"] == "Olga" and ticket["links"] == [] and ticket["tags"] == []
    await desk.run(apply_directory, read_directory(TAG))
    await desk.run(by_operator, people.OLGA, tag, 1, "vip двор")
    _, _, ticket = await shop.ask("GET", f"{OPEN}/1")
    assert ticket["tags"] == [
        {"word": "vip", "titles": {"en": "Important"}},
        {"word": "двор", "titles": {}},
    ]
    assert "canary" not in json.dumps([page, ticket])
    assert await count(desk, Note) == 1


async def test_words_find_tickets(shop: Client, desk: Desk) -> None:
    await shop.opens()
    await shop.opens(subject="Invoice", text="Wrong sum")
    await desk.run(index_new)
    _, _, page = await shop.ask("GET", "/api/v1/search?q=cameras")
    assert [one["number"] for one in page["items"]] == [1]
    _, _, page = await shop.ask("GET", "/api/v1/search?q=%22%27%3B--")
    assert page == {"items": [], "next": None}


async def test_nobody_finds_out_whose_a_phone_is_by_searching_for_it(
    shop: Client, desk: Desk
) -> None:
    await shop.opens(customer=ALICE | {"phone": "+79161234567"}, text="Call me")
    await desk.run(by_operator, people.OLGA, move, 1, "resolve", reason="Cable replaced")
    await desk.run(index_new)
    for words in ("%2B79161234567", "89161234567", "4567", "alice@example.org", "replaced"):
        _, _, page = await shop.ask("GET", f"/api/v1/search?q={words}")
        assert page["items"] == [], words
    _, _, page = await shop.ask("GET", "/api/v1/search?q=alice+call")
    assert [one["number"] for one in page["items"]] == [1]


async def test_views_are_those_of_the_chat_and_are_turned_by_page(shop: Client, desk: Desk) -> None:
    for _ in range(4):
        await shop.opens()
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    _, _, first = await shop.ask("GET", f"{OPEN}?view=queue&limit=2")
    _, _, rest = await shop.ask("GET", f"{OPEN}?view=queue&limit=2&cursor={first['next']}")
    assert [one["number"] for one in first["items"] + rest["items"]] == [2, 3, 4]
    await desk.run(by_operator, people.OLGA, reply, 3, people.writes("Restart it"))
    _, _, page = await shop.ask("GET", f"{OPEN}?view=free")
    assert [one["number"] for one in page["items"]] == [2, 4]
    for path in (f"{OPEN}?view=mine", f"{OPEN}?cursor=x", f"{OPEN}?limit=0"):
        assert (await shop.ask("GET", path))[0] == 422


async def test_the_technical_data_behind_a_ticket_are_read_without_whose_a_camera_is(
    shop: Client, desk: Desk
) -> None:
    lamp = replace(camera("N-1", "+79161234567", people.ALICE), fields={"IP": "10.0.0.7"})
    await brings(desk, lamp)
    await people.opens(desk, people.ALICE)
    heard = await tells(desk, people.ALICE, "N-1")
    assert heard.ticket is not None
    number, olga = heard.ticket.id, await people.operator(desk)
    await desk.run_as(olga, describe, number, "company Daisy Ltd")
    records = read_sheet(KINDS["accounts"].sheet, b"account,plan\nDaisy Ltd,Yard+\n")
    plan = await desk.read(plan_import, "accounts", records)
    await desk.run(bring, "accounts", records, expected=plan.digest)
    status, _, body = await shop.ask("GET", f"{OPEN}/{number}/data")
    assert status == 200
    assert body["camera"]["columns"] == {"IP": "10.0.0.7"}
    account_out = body["account"]
    assert (account_out["name"], account_out["agreement"]) == ("Daisy Ltd", None)
    assert (account_out["columns"], account_out["contracts"]) == ({"plan": "Yard+"}, [])
    assert "+79161234567" not in json.dumps(body)
    assert (await shop.ask("GET", f"{OPEN}/99/data"))[0] == 404
