"""The API: tickets opened, read and added to by keys; what may not be is refused and told alike."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.erasure_cleanup import ErasureCleanup
from core.addresses import WEB
from core.contacts.edit import describe
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.files import FolderStore
from core.imports import KINDS, bring, plan_import
from core.integrations.keys import LINKS, METRICS, READ, SCOPES, WRITE, create_key, revoke_key
from core.models import ApiKey, JournalEntry, Link, Message, Note, OutboxRow, Person, Ticket
from core.people.staff import by_operator
from core.sheets.sheet import read_sheet
from core.texts import Texts
from core.tickets.conversation import note, reply
from core.tickets.lifecycle import move
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from handlers.http.api import access
from handlers.http.door import make_door
from handlers.http.guard import MOST_BYTES, MOST_UPLOAD
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.test_hot_path import asked
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

OPEN = "/api/v1/tickets"
TAG = '[[tag]]\nword = "vip"\ntitles = { en = "Important" }\n'
ALICE = {"name": "Alice", "email": "Alice@Example.org"}
TICKET = {"customer": ALICE, "subject": "No picture", "text": "The camera is dark"}


class Client:
    """Another system with a key."""

    def __init__(self, visitor: Visitor, token: str) -> None:
        self.visitor = visitor
        self.token = token

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, Any]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Authorization": f"Bearer {self.token}"} | named
        return await self.visitor.ask(method, path, json=body, headers=sent)

    async def opens(self, **more: Any) -> dict[str, Any]:
        status, _, body = await self.ask("POST", OPEN, TICKET | more)
        assert status == 201, body
        return dict(body)


@pytest.fixture
async def visitor(desk: Desk, texts: Texts, tmp_path: Path) -> AsyncIterator[Visitor]:
    files = FolderStore(tmp_path / "files")
    async with served(
        make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=files)
    ) as visitor:
        yield visitor


@pytest.fixture
async def shop(desk: Desk, visitor: Visitor) -> Client:
    return Client(visitor, await desk.run(create_key, "shop", SCOPES))


async def count(desk: Desk, model: Any) -> int:
    async with desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def journal(desk: Desk, number: int) -> list[tuple[str, Any]]:
    async with desk.database.read() as session:
        query = select(JournalEntry.event, JournalEntry.facts).where(
            JournalEntry.ticket_id == number
        )
        return [(event, facts) for event, facts in await session.execute(query)]


# ------------------------------------------------------------------ opening


async def test_a_ticket_is_opened_in_a_customers_name_as_the_chat_would(
    shop: Client, desk: Desk
) -> None:
    body = await shop.opens(topic="payment", channel="site")
    assert body["number"] == 1
    assert (body["subject"], body["customer"], body["channel"]) == ("No picture", "Alice", "site")
    assert (body["marker"], body["topic"], body["answer_due"] is None) == (
        "needs_answer",
        "payment",
        False,
    )
    told = dict(await journal(desk, 1))
    assert {"ticket_opened", "customer_wrote", "key_used"} <= told.keys()
    assert told["key_used"]["key"] == "shop"
    async with desk.database.read() as session:
        (text,) = await session.scalars(select(Message.text))
    assert text == "The camera is dark"


async def test_a_customer_is_known_again_by_whatever_they_gave(shop: Client, desk: Desk) -> None:
    await shop.opens()
    await shop.opens(customer={"name": "A.", "email": "alice@example.org", "phone": "+79161234567"})
    await shop.opens(customer={"name": "Somebody", "phone": "8 916 123-45-67"})
    assert await count(desk, Person) == 1
    async with desk.database.read() as session:
        assert list(await session.scalars(select(Person.name))) == ["Alice"]


async def test_a_telegram_id_is_the_person_who_writes_from_there(shop: Client, desk: Desk) -> None:
    await people.opens(desk)
    body = await shop.opens(customer={"name": "Other", "telegram_id": 101})
    assert (body["number"], body["customer"]) == (2, "Alice")
    body = await shop.opens(customer={"name": "New", "telegram_id": 555})
    assert body["customer"] == "New"


async def test_the_same_call_again_has_its_effects_once(shop: Client, desk: Desk) -> None:
    answers = await asyncio.gather(
        *(shop.ask("POST", OPEN, TICKET, Idempotency_Key="order-1") for _ in range(5))
    )
    assert {status for status, _, _ in answers} == {201}
    assert len({json.dumps(body) for _, _, body in answers}) == 1
    replayed = [headers.get("Idempotent-Replayed") for _, headers, _ in answers]
    assert replayed.count(None) == 1
    assert await count(desk, Ticket) == 1
    status, _, body = await shop.ask(
        "POST", OPEN, TICKET | {"text": "Other"}, Idempotency_Key="order-1"
    )
    assert (status, body["code"]) == (422, "another_call")


async def test_an_answer_to_a_customer_without_a_chat_stands_where_the_caller_reads_it(
    shop: Client, desk: Desk
) -> None:
    body = await shop.opens()
    assert body["follow_url"] is None  # nobody said where the desk is seen from outside
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("We will come today"))
    async with desk.database.read() as session:
        rows = list(await session.scalars(select(OutboxRow).where(OutboxRow.channel == WEB)))
    assert "content" in {row.kind for row in rows}
    _, _, page = await shop.ask("GET", f"{OPEN}/1/messages")
    assert page["items"][-1]["text"] == "We will come today"


async def test_names_of_calls_are_each_keys_own(shop: Client, desk: Desk, visitor: Visitor) -> None:
    other = Client(visitor, await desk.run(create_key, "crm", SCOPES))
    for caller in (shop, other):
        status, _, _ = await caller.ask("POST", OPEN, TICKET, Idempotency_Key="same")
        assert status == 201
    assert await count(desk, Ticket) == 2


async def test_what_the_caller_calls_a_ticket_is_one_ticket(shop: Client, desk: Desk) -> None:
    first = await shop.opens(external_id="A-1")
    status, _, again = await shop.ask("POST", OPEN, TICKET | {"external_id": "A-1"})
    assert (status, again["number"]) == (200, first["number"])
    assert (await shop.opens(external_id="A-2"))["number"] == 2


# ------------------------------------------------------------------ reading


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


async def test_health_asks_the_database_nothing(desk: Desk, visitor: Visitor) -> None:
    with asked(desk) as heard:
        assert (await visitor.ask("GET", "/healthz"))[0] == 200
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


# ------------------------------------------------------------------ adding


async def test_words_join_the_ticket_and_what_comes_after_its_end_opens_another(
    shop: Client, desk: Desk
) -> None:
    await shop.opens()
    more = {"text": "And the gate?", "external_id": "m-1"}
    status, _, made = await shop.ask("POST", f"{OPEN}/1/messages", more)
    assert (status, made["number"]) == (201, 1)
    status, _, again = await shop.ask("POST", f"{OPEN}/1/messages", more)
    assert (status, again) == (200, made)
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    status, _, made = await shop.ask("POST", f"{OPEN}/1/messages", {"text": "Dark again"})
    assert (status, made["number"]) == (201, 2)
    _, _, second = await shop.ask("GET", f"{OPEN}/2")
    assert second["follows"] == 1


async def test_an_object_elsewhere_is_linked_and_its_state_noted(shop: Client, desk: Desk) -> None:
    await shop.opens()
    where = f"{OPEN}/1/objects"
    order = {"url": "https://shop.example/orders/7", "title": "Cable", "state": "paid"}
    assert (await shop.ask("PUT", where, order))[0] == 204
    assert (await shop.ask("PUT", where, order | {"state": "sent"}))[0] == 204
    status, _, body = await shop.ask("PUT", where, order | {"state": "sent"})
    assert (status, body["code"]) == (409, "object_already")
    _, _, ticket = await shop.ask("GET", f"{OPEN}/1")
    assert [(one["title"], one["state"]) for one in ticket["links"]] == [("Cable", "sent")]
    for bad in ("javascript:alert(1)", "https://", "file:///etc/passwd"):
        assert (await shop.ask("PUT", where, {"url": bad}))[0] == 422
    assert await count(desk, Link) == 1


async def test_a_file_joins_the_ticket_under_a_clean_name(
    shop: Client, desk: Desk, tmp_path: Path
) -> None:
    await shop.opens()
    where = f"{OPEN}/1/files?title=../../%3Cb%3E.html&external_id=7"
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    script = b"<script>alert(1)</script>"
    first = await shop.visitor.ask("POST", where, data=script, headers=sent)
    assert (first[0], first[2]["number"]) == (201, 1)
    again = await shop.visitor.ask("POST", where, data=script, headers=sent)
    assert again[1]["Idempotent-Replayed"] == "true" and again[2] == first[2]
    async with desk.database.read() as session:
        _, said = await session.scalars(select(Message).order_by(Message.id))
    file = said.content["file"]
    assert (said.from_customer, file["title"], file["size"]) == (True, "b_.html", len(script))
    assert await FolderStore(tmp_path / "files").read(file["name"]) == script


async def test_half_a_character_is_refused_wherever_it_stands(shop: Client, desk: Desk) -> None:
    await shop.opens()
    half = "half \ud800 a character"
    customer: Any = TICKET["customer"]
    for body in (
        TICKET | {"text": half},
        TICKET | {"subject": half},
        TICKET | {"external_id": half},
        TICKET | {"customer": customer | {"name": half}},
        TICKET | {half: "x"},
        TICKET | {"customer": customer | {half: "x"}},
    ):
        status, _, told = await shop.ask("POST", OPEN, body)
        assert (status, told["code"]) == (422, "invalid"), body
    for path, method, body in (
        (f"{OPEN}/1/messages", "POST", {"text": half}),
        (f"{OPEN}/1/objects", "PUT", {"url": "https://x.test/1", "title": half}),
        (f"{OPEN}/1/objects", "PUT", {"url": f"https://x.test/{half[5]}"}),
    ):
        assert (await shop.ask(method, path, body))[0] == 422, path
    sent = {"Authorization": f"Bearer {shop.token}"}
    for title in ("%ED%A0%80", "%FF", "%00"):
        where = f"{OPEN}/1/files?title={title}"
        assert (await shop.visitor.ask("POST", where, data=b"x", headers=sent))[0] in {201, 422}
    for query in ("search?q=%ED%A0%80", "tickets?cursor=%ED%A0%80", "search?q=%00"):
        assert (await shop.ask("GET", f"/api/v1/{query}"))[0] in {200, 422}, query


async def test_another_title_is_another_upload(shop: Client, desk: Desk) -> None:
    await shop.opens()
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    for query, expected in (
        ("title=plan.txt", 201),
        ("title=plan.txt", 201),
        ("title=other.txt", 422),
        ("title=plan.txt&external_id=7", 422),
    ):
        where = f"{OPEN}/1/files?{query}"
        status, _, body = await shop.visitor.ask("POST", where, data=b"x", headers=sent)
        assert status == expected, query
        assert status == 201 or body["code"] == "another_call"
    assert await count(desk, Message) == 2


async def test_the_file_of_a_call_that_is_refused_is_deleted(
    shop: Client, desk: Desk, clock: Clock, tmp_path: Path
) -> None:
    await shop.opens()
    store = FolderStore(tmp_path / "files")
    sent = {"Authorization": f"Bearer {shop.token}", "Idempotency-Key": "once"}
    for query, data, headers, expected in (
        ("title=x&external_id=7", b"taken", sent, 201),
        ("title=x&external_id=7", b"another call", sent, 422),
        ("title=x&external_id=7", b"known", {"Authorization": sent["Authorization"]}, 200),
        ("title=x&external_id=7", b"taken", sent, 201),
    ):
        where = f"{OPEN}/1/files?{query}"
        assert (await shop.visitor.ask("POST", where, data=data, headers=headers))[0] == expected
    clock.move(seconds=3601)
    await ErasureCleanup(desk, store).clean()
    left = [one.read_bytes() for one in (tmp_path / "files").rglob("*") if one.is_file()]
    assert left == [b"taken"]


async def test_what_cannot_be_a_file_is_refused_and_nothing_is_kept(
    shop: Client, desk: Desk, tmp_path: Path
) -> None:
    await shop.opens()
    sent = {"Authorization": f"Bearer {shop.token}"}
    for number, data, headers, expected in (
        (1, b"", sent, 422),
        (9, b"x", sent, 404),
        (1, b"x", {}, 401),
    ):
        path = f"{OPEN}/{number}/files?title=x.bin"
        status, _, _ = await shop.visitor.ask("POST", path, data=data, headers=headers)
        assert status == expected
    host, port = shop.visitor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST {OPEN}/1/files?title=x HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shop.token}"
    writer.write(f"{head}\r\nContent-Length: {MOST_UPLOAD + 1}\r\n\r\n".encode())
    async with asyncio.timeout(60):  # nothing of the body is ever sent
        assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    assert await count(desk, Message) == 1 and not (tmp_path / "files").exists()


# ------------------------------------------------------------------ who may not


CALLS = [
    (READ, "GET", OPEN, None, 200),
    (READ, "GET", f"{OPEN}/1", None, 200),
    (READ, "GET", f"{OPEN}/1/messages", None, 200),
    (READ, "GET", f"{OPEN}/1/data", None, 200),
    (READ, "GET", "/api/v1/search?q=x", None, 200),
    (WRITE, "POST", OPEN, TICKET, 201),
    (WRITE, "POST", f"{OPEN}/1/messages", {"text": "More"}, 201),
    (WRITE, "POST", f"{OPEN}/1/files?title=log.txt", {"any": "bytes"}, 201),
    (LINKS, "PUT", f"{OPEN}/1/objects", {"url": "https://example.org/1"}, 204),
]


@pytest.mark.parametrize(("scope", "method", "path", "body", "granted"), CALLS)
async def test_a_key_opens_what_its_scope_names_and_nothing_else(
    desk: Desk, visitor: Visitor, scope: str, method: str, path: str, body: Any, granted: int
) -> None:
    await people.opens(desk)
    for one in SCOPES:
        caller = Client(visitor, await desk.run(create_key, one.replace(":", " "), [one]))
        status, _, said = await caller.ask(method, path, body)
        expected = granted if one == scope else 403
        assert status == expected, (one, said)
        if status == 403:
            assert (said["code"], said["scope"]) == ("insufficient_scope", scope)


async def test_every_route_of_the_document_is_in_the_matrix(visitor: Visitor) -> None:
    _, _, document = await visitor.ask("GET", "/api/v1/openapi.json")
    described = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
    }
    tried = {
        (method, path.removeprefix("/api/v1").partition("?")[0].replace("/1", "/{number}"))
        for _, method, path, _, _ in CALLS
    }
    assert described == tried
    assert document["openapi"].startswith("3.1")


@pytest.mark.parametrize(("scope", "method", "path", "body", "granted"), CALLS)
async def test_without_a_key_or_with_a_forged_or_revoked_one_nothing_is_told(
    desk: Desk, visitor: Visitor, scope: str, method: str, path: str, body: Any, granted: int
) -> None:
    del scope, granted
    await people.opens(desk)
    token = await desk.run(create_key, "old", SCOPES)
    await desk.run(revoke_key, "old")
    before = await count(desk, Message)
    forged = ["", token, token[:-1], token + "x", "fd_" + "A" * 43, "' OR 1=1 --", "x" * 5000]
    for header in (None, "Basic eDp5", "Bearer", *(f"Bearer {one}" for one in forged)):
        headers = {} if header is None else {"Authorization": header}
        status, answered, said = await visitor.ask(method, path, json=body, headers=headers)
        assert (status, said["code"]) == (401, "unauthorized"), header
        assert answered["WWW-Authenticate"] == "Bearer"
        assert "Alice" not in str(said)
    assert await count(desk, Message) == before


async def test_forged_keys_are_slowed_down_and_a_key_has_its_limit(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "RATE", (0.001, 3.0))
    monkeypatch.setattr(access, "FORGED_RATE", (0.001, 3.0))
    token = await desk.run(create_key, "shop", SCOPES)
    async with served(make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0))) as visitor:
        for caller, usual in ((Client(visitor, "fd_none"), 401), (Client(visitor, token), 200)):
            got = [await caller.ask("GET", OPEN) for _ in range(5)]
            assert [status for status, _, _ in got] == [usual] * 3 + [429] * 2
            assert int(got[-1][1]["Retry-After"]) > 0
            assert got[-1][2]["code"] == "too_many_requests"


async def test_only_a_digest_of_a_key_is_stored(shop: Client, desk: Desk) -> None:
    await shop.opens()
    async with desk.database.read() as session:
        (row,) = await session.scalars(select(ApiKey))
        entries = list(await session.scalars(select(JournalEntry.facts)))
    assert shop.token not in str(vars(row)) + str(entries)
    assert row.used_at is not None


# ------------------------------------------------------------------ bad requests


@pytest.mark.parametrize(
    ("change", "at"),
    [
        ({"customer": {"name": "A"}}, "body.customer"),
        ({"customer": ALICE | {"email": "no address"}}, "body.customer.email"),
        ({"customer": {"name": "A", "phone": "12"}}, "body.customer.phone"),
        ({"customer": {"name": "A", "telegram_id": -5}}, "body.customer.telegram_id"),
        ({"customer": {"name": "A", "telegram_id": 777000}}, "body.customer.telegram_id"),
        ({"customer": {"name": "\0", "email": "a@b.ru"}}, "body.customer.name"),
        ({"subject": ""}, "body.subject"),
        ({"subject": "\u200b"}, "body.subject"),
        ({"text": "x" * 20_001}, "body.text"),
        ({"text": ["x"]}, "body.text"),
        ({"text": "a\0b"}, "body.text"),
        ({"channel": "../etc"}, "body.channel"),
        ({"external_id": ""}, "body.external_id"),
        ({"colour": "red"}, "body.colour"),
    ],
)
async def test_a_wrong_field_is_named_and_what_was_sent_is_not_repeated(
    shop: Client, desk: Desk, change: dict[str, Any], at: str
) -> None:
    canary = {"text": "canary words"} | change
    status, headers, body = await shop.ask("POST", OPEN, TICKET | canary)
    assert (status, body["code"]) == (422, "invalid")
    assert headers["Content-Type"] == "application/problem+json"
    assert at in [fault["at"] for fault in body["errors"]]
    assert "canary" not in json.dumps(body)
    assert await count(desk, Ticket) == 0


async def test_an_unknown_topic_is_refused_with_those_there_are(shop: Client) -> None:
    status, _, body = await shop.ask("POST", OPEN, TICKET | {"topic": "nonsense"})
    assert (status, body["code"]) == (422, "no_such_topic")
    assert "payment" in body["detail"]


@pytest.mark.parametrize(
    "path", [f"{OPEN}/99", f"{OPEN}/99/messages", f"{OPEN}/0", f"{OPEN}/{2**70}", f"{OPEN}/x"]
)
async def test_what_is_not_there_is_told_in_one_form(shop: Client, path: str) -> None:
    status, _, body = await shop.ask("GET", path)
    assert status in {404, 422} and body["code"] in {"no_such_ticket", "invalid"}


async def test_a_body_that_is_no_json_or_too_large_is_refused(shop: Client, desk: Desk) -> None:
    headers = {"Authorization": f"Bearer {shop.token}", "Content-Type": "application/json"}
    for data, expected in ((b"{", 422), (b"\xff\xfe", 400), (b"[" * 100_000, 422)):
        status, _, body = await shop.visitor.ask("POST", OPEN, data=data, headers=headers)
        assert status in {expected, 400, 422}, body
        assert body["status"] == status
    large = io.BytesIO(json.dumps(TICKET | {"text": "x" * MOST_BYTES}).encode())
    status, _, body = await shop.visitor.ask("POST", OPEN, data=large, headers=headers)
    assert (status, body["code"]) == (413, "too_large")
    assert await count(desk, Ticket) == 0


async def test_metrics_from_elsewhere_need_a_key_for_them(
    desk: Desk, visitor: Visitor, shop: Client
) -> None:
    through_a_proxy = {"X_Forwarded_For": "203.0.113.9"}
    status, _, text = await shop.ask("GET", "/metrics", **through_a_proxy)
    assert status == 200 and "frontdoor_inbox_waiting" in text
    reader = Client(visitor, await desk.run(create_key, "reader", [READ]))
    assert (await reader.ask("GET", "/metrics", **through_a_proxy))[0] == 403
    assert METRICS in SCOPES


# ------------------------------------------------------------------ technical data


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
