"""Own fields, classes and tags by the API: checked as in the chat, read, listed by (A9, B18)."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core.desk import Desk
from core.integrations.keys import SCOPES, create_key
from core.models import Classification, Ticket, TicketField, TicketTag
from core.people.staff import by_operator
from core.texts import Texts
from core.tickets import facts
from core.tickets.lifecycle import move
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.test_directory import apply
from tests.handlers.http.api_client import OPEN, TICKET, Client, count, journal
from tests.handlers.http.conftest import served

COMPANY = """[[topic]]
code = "payment"
titles = { en = "Payment" }

[[topic]]
code = "access"
titles = { en = "Access" }

[[service]]
code = "video"
titles = { en = "Video" }

[[category]]
code = "incident"
titles = { en = "Incident" }

[[category]]
code = "old"
titles = { en = "Old" }
active = false

[[priority]]
code = "high"
titles = { en = "High" }

[[priority]]
code = "low"
titles = { en = "Low" }

[[field]]
code = "flat"
titles = { en = "Flat" }
kind = "number"
topics = ["payment"]
required = "opening"

[[field]]
code = "way"
titles = { en = "How" }
kind = "choice"
choices = ["By card", "In cash"]
topics = ["payment"]
required = "opening"

[[field]]
code = "paid"
titles = { en = "Paid" }
kind = "yes_no"

[[field]]
code = "since"
titles = { en = "Since" }
kind = "date"
required = "opening"
categories = ["incident"]

[[view]]
code = "urgent"
titles = { en = "Urgent" }
priorities = ["high"]
order = "newest"
"""
PAID = {"topic": "payment", "fields": {"flat": 12.5, "way": "by c", "paid": True}}


@pytest.fixture
async def shop(desk: Desk, texts: Texts, tmp_path: Path) -> AsyncIterator[Client]:
    await apply(desk, COMPANY)
    key = await desk.run(create_key, "shop", SCOPES)
    async with served(make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0))) as visitor:
        yield Client(visitor, key)


async def test_particulars_are_kept_as_in_the_chat_and_read(shop: Client, desk: Desk) -> None:
    classes = {"service": "video", "category": "incident", "priority": "high"}
    fields = PAID["fields"] | {"since": "01.12.2026"}  # type: ignore[operator]
    given = PAID | classes | {"tags": ["#Repeat", "vip"], "fields": fields}
    body = await shop.opens(**given)
    kept = {"flat": "12.5", "way": "By card", "paid": "yes", "since": "2026-12-01"}
    assert body["fields"] == kept and [one["word"] for one in body["tags"]] == ["repeat", "vip"]
    assert {name: body[name] for name in classes} == classes
    assert body["state_category"] == "new"
    _, _, ticket = await shop.ask("GET", f"{OPEN}/1")
    _, _, page = await shop.ask("GET", OPEN)
    for shown in (ticket, page["items"][0]):
        assert shown["fields"] == kept and shown["priority"] == "high"
    events = [event for event, _ in await journal(desk, 1)]
    assert {"ticket_classified", "ticket_tagged"} <= set(events)
    assert events.count("field_set") == 4


async def test_whatever_is_wrong_or_missing_is_named_at_once_and_nothing_is_opened(
    shop: Client, desk: Desk
) -> None:
    wrong = {
        "topic": "payment",
        "service": "none",
        "category": "old",
        "tags": ["fine", "12", "two words"],
        "fields": {"flat": "twelve", "colour": "red", "since": "2026-12-01"},
    }
    status, headers, body = await shop.ask("POST", OPEN, TICKET | wrong, Idempotency_Key="k")
    assert (status, body["code"]) == (422, "invalid")
    assert headers["Content-Type"] == "application/problem+json"
    why = {fault["at"]: fault["why"] for fault in body["errors"]}
    assert list(why) == [
        *("body.service", "body.category"),
        *("body.fields.flat", "body.fields.colour", "body.fields.since", "body.fields.way"),
        *("body.tags.1", "body.tags.2"),
    ]
    assert "video" in why["body.service"] and "takes a number" in why["body.fields.flat"]
    assert why["body.fields.way"] == "Please fill in: How."
    assert await count(desk, Ticket) == 0
    # the same call, mended, is no replay of what was refused
    status, _, _ = await shop.ask("POST", OPEN, TICKET | PAID, Idempotency_Key="k")
    assert status == 201


@pytest.mark.parametrize(
    ("more", "missing"),
    [
        ({"topic": "payment"}, {"body.fields.flat", "body.fields.way"}),
        ({"topic": "payment", "fields": {"flat": 1, "way": " "}}, {"body.fields.way"}),
        ({"topic": "access", "category": "incident"}, {"body.fields.since"}),
        ({"topic": "access"}, set()),
        ({}, set()),
    ],
)
async def test_what_a_ticket_must_have_follows_from_its_topic_and_category(
    shop: Client, more: dict[str, Any], missing: set[str]
) -> None:
    status, _, body = await shop.ask("POST", OPEN, TICKET | more)
    assert status == (422 if missing else 201), body
    assert {fault["at"] for fault in body.get("errors", ())} == missing


async def test_a_ticket_that_is_known_is_not_asked_for_anything(shop: Client, desk: Desk) -> None:
    await shop.opens(external_id="A-1", **PAID)
    status, _, again = await shop.ask("POST", OPEN, TICKET | {"external_id": "A-1"})
    assert (status, again["number"]) == (200, 1)
    first = await shop.ask("POST", OPEN, TICKET | PAID | {"tags": ["x"]}, Idempotency_Key="b")
    second = await shop.ask("POST", OPEN, TICKET | PAID | {"tags": ["x"]}, Idempotency_Key="b")
    assert first[2] == second[2] and second[1]["Idempotent-Replayed"] == "true"
    assert await count(desk, TicketTag) == 1 and await count(desk, TicketField) == 6


async def test_a_tag_that_the_company_does_not_list_is_refused_where_it_lists_all(
    shop: Client, desk: Desk
) -> None:
    await apply(desk, f'{COMPANY}\n[[tag]]\nword = "vip"\n\n[settings]\ntags = "listed"\n')
    status, _, body = await shop.ask("POST", OPEN, TICKET | {"tags": ["vip", "other"]})
    assert status == 422 and [fault["at"] for fault in body["errors"]] == ["body.tags.1"]


@pytest.mark.parametrize(
    "fields",
    [{"flat": ["x"]}, {"flat": None}, {"x" * 33: "1"}, {"flat": "1" * 601}, {"a b": "1"}, ["flat"]],
)
async def test_fields_of_another_form_are_refused(shop: Client, desk: Desk, fields: Any) -> None:
    body = TICKET | {"topic": "payment", "fields": fields}
    assert (await shop.ask("POST", OPEN, body))[0] == 422
    assert await count(desk, Ticket) == 0


async def test_hostile_values_are_words(shop: Client, desk: Desk) -> None:
    for value in (1e300, -0.0, 10**40, "\0", "NaN", "<b>", "٣", "\ud800", True):
        fields = {"flat": value, "way": "By card"}
        status, _, body = await shop.ask(
            "POST", OPEN, TICKET | {"topic": "payment", "fields": fields}
        )
        assert status in {201, 422}, (value, body)
    assert await count(desk, Classification) == 0


# ------------------------------------------------------------------ lists


async def numbers(shop: Client, query: str) -> list[int]:
    status, _, page = await shop.ask("GET", f"{OPEN}?{query}")
    assert status == 200, page
    return [one["number"] for one in page["items"]]


@pytest.fixture
async def filled(shop: Client, desk: Desk) -> Client:
    """1 and 3 are urgent, 2 is not; 3 is closed."""
    await shop.opens(topic="access", priority="high", tags=["vip"], channel="site")
    await shop.opens(topic="access", service="video", priority="low")
    await shop.opens(priority="high", tags=["vip"])
    await desk.run(by_operator, people.OLGA, move, 3, "close", reason="done")
    return shop


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("topic=access", [2, 1]),
        ("priority=high", [3, 1]),
        ("priority=high&topic=access", [1]),
        ("service=video", [2]),
        ("category=incident", []),
        ("tag=VIP", [3, 1]),
        ("tag=vip&state=closed", [3]),
        ("channel=site", [1]),
        ("customer_id=1", [3, 2, 1]),
        ("topic=nonsense", []),
        ("view=queue&priority=high", [1]),
        ("view=urgent", [1]),
        ("view=urgent&channel=site", [1]),
        ("view=free", [1, 2]),
    ],
)
async def test_lists_have_what_is_asked_for(filled: Client, query: str, found: list[int]) -> None:
    assert await numbers(filled, query) == found


async def test_a_view_that_is_none_is_refused_with_those_there_are(filled: Client) -> None:
    for view in ("mine", "nonsense"):
        status, _, body = await filled.ask("GET", f"{OPEN}?view={view}")
        assert (status, body["code"]) == (422, "no_such_code")
        assert "urgent" in body["detail"] and "mine" not in body["detail"].split(":")[1]
    assert (await filled.ask("GET", f"{OPEN}?tag=%20"))[0] == 422


async def test_pages_of_a_filter_go_on_however_far_apart_its_tickets_are(
    filled: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "LOOKED_AT", 1)
    seen: list[int] = []
    path: str | None = f"{OPEN}?topic=access&limit=1"
    asked = 0
    while path is not None:
        _, _, page = await filled.ask("GET", path)
        seen += [one["number"] for one in page["items"]]
        after = page["next"]
        path = None if after is None else f"{OPEN}?topic=access&limit=1&cursor={after}"
        asked += 1
    assert seen == [2, 1] and asked == 3
