"""The API: tickets opened and added to by keys (A9)."""

import asyncio
import json

from sqlalchemy import select

from core.addresses import WEB
from core.desk import Desk
from core.integrations.keys import SCOPES, create_key
from core.models import Link, Message, OutboxRow, Person, Ticket
from core.people.staff import by_operator
from core.tickets.conversation import reply
from core.tickets.lifecycle import move
from tests.actions import people
from tests.handlers.http.api_client import OPEN, TICKET, Client, count, journal
from tests.handlers.http.conftest import Visitor


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


async def test_names_of_calls_are_each_keys_own(
    shop: Client, desk: Desk, api_door: Visitor
) -> None:
    other = Client(api_door, await desk.run(create_key, "crm", SCOPES))
    for caller in (shop, other):
        status, _, _ = await caller.ask("POST", OPEN, TICKET, Idempotency_Key="same")
        assert status == 201
    assert await count(desk, Ticket) == 2


async def test_what_the_caller_calls_a_ticket_is_one_ticket(shop: Client, desk: Desk) -> None:
    first = await shop.opens(external_id="A-1")
    status, _, again = await shop.ask("POST", OPEN, TICKET | {"external_id": "A-1"})
    assert (status, again["number"]) == (200, first["number"])
    assert (await shop.opens(external_id="A-2"))["number"] == 2


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
