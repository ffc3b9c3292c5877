"""The API: what may not be is refused and told alike (S1, S23)."""

import io
import json
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.integrations.keys import LINKS, METRICS, READ, SCOPES, WRITE, create_key, revoke_key
from core.models import ApiKey, JournalEntry, Message, Ticket
from core.texts import Texts
from handlers.http.api import access
from handlers.http.door import make_door
from handlers.http.guard import MOST_BYTES
from handlers.http.health import Vitals
from tests.actions import people
from tests.handlers.http.api_client import ALICE, OPEN, TICKET, Client, count
from tests.handlers.http.conftest import Visitor, served


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
    desk: Desk, api_door: Visitor, scope: str, method: str, path: str, body: Any, granted: int
) -> None:
    await people.opens(desk)
    for one in SCOPES:
        caller = Client(api_door, await desk.run(create_key, one.replace(":", " "), [one]))
        status, _, said = await caller.ask(method, path, body)
        expected = granted if one == scope else 403
        assert status == expected, (one, said)
        if status == 403:
            assert (said["code"], said["scope"]) == ("insufficient_scope", scope)


async def test_every_route_of_the_document_is_in_the_matrix(api_door: Visitor) -> None:
    _, _, document = await api_door.ask("GET", "/api/v1/openapi.json")
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
    desk: Desk, api_door: Visitor, scope: str, method: str, path: str, body: Any, granted: int
) -> None:
    del scope, granted
    await people.opens(desk)
    token = await desk.run(create_key, "old", SCOPES)
    await desk.run(revoke_key, "old")
    before = await count(desk, Message)
    forged = ["", token, token[:-1], token + "x", "fd_" + "A" * 43, "' OR 1=1 --", "x" * 5000]
    for header in (None, "Basic eDp5", "Bearer", *(f"Bearer {one}" for one in forged)):
        headers = {} if header is None else {"Authorization": header}
        status, answered, said = await api_door.ask(method, path, json=body, headers=headers)
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
    async with served(make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0))) as api_door:
        for caller, usual in ((Client(api_door, "fd_none"), 401), (Client(api_door, token), 200)):
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
    desk: Desk, api_door: Visitor, shop: Client
) -> None:
    through_a_proxy = {"X_Forwarded_For": "203.0.113.9"}
    status, _, text = await shop.ask("GET", "/metrics", **through_a_proxy)
    assert status == 200 and "frontdoor_inbox_waiting" in text
    reader = Client(api_door, await desk.run(create_key, "reader", [READ]))
    assert (await reader.ask("GET", "/metrics", **through_a_proxy))[0] == 403
    assert METRICS in SCOPES
