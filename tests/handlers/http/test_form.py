"""The web form: what becomes of it, and who may not (A9)."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Consent, ContactPoint, JournalEntry, Person, Ticket
from core.people.contact_points import verify_phone
from core.tickets.fields import values_of
from tests.actions import people
from tests.handlers.http.guest_browser import FILLED, Guest, chooses, count


async def test_a_form_becomes_a_ticket_and_leads_to_its_page(guest: Guest, desk: Desk) -> None:
    assert await guest.opens("/form?lang=en") == 200
    assert await guest.sends(FILLED) == 303
    assert await guest.follows() == 200
    assert "Ticket #1" in guest.html and "Received, answer by" in guest.html
    assert "Paid twice &lt;b&gt;really&lt;/b&gt;" in guest.html
    async with desk.database.read() as session:
        (ticket,) = await session.scalars(select(Ticket))
        (person,) = await session.scalars(select(Person))
        points = {point.kind for point in await session.scalars(select(ContactPoint))}
        told = select(JournalEntry.event, JournalEntry.facts).order_by(JournalEntry.id)
        written = await session.execute(told)
        entries: dict[str, Any] = dict(list(written))
    assert (ticket.topic, ticket.origin, person.language) == ("payment", "form", "en")
    assert points == {"email", "web"}
    assert entries["form_sent"]["consent"] == "1"


async def test_the_companys_consent_is_the_forms_and_is_remembered(
    guest: Guest, desk: Desk
) -> None:
    text = {"en": "We keep <your> words\nfor a year."}
    desk.company = replace(desk.company, consent=text, consent_version="2")
    await guest.opens("/form?lang=en")
    assert "We keep &lt;your&gt; words<br>for a year." in guest.html
    assert 'name="consent" value="2"' in guest.html
    assert await guest.sends(FILLED) == 422
    assert "has changed" in guest.html and "checked" not in guest.html
    assert await guest.sends(FILLED | {"consent": "2"}) == 303
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
    assert (consent.version, consent.origin) == ("2", "web")


async def test_another_version_of_the_forms_own_text_asks_again_and_is_noted(
    guest: Guest, desk: Desk
) -> None:
    await guest.opens("/form?lang=en")
    await chooses(desk, 'consent_version = "2026-12"')
    assert await guest.sends(FILLED) == 422
    assert "has changed" in guest.html and "checked" not in guest.html
    assert 'name="consent" value="2026-12"' in guest.html
    assert await guest.sends(FILLED | {"consent": "2026-12"}) == 303
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
        told = select(JournalEntry.event, JournalEntry.facts).order_by(JournalEntry.id)
        written = await session.execute(told)
        entries: dict[str, Any] = dict(list(written))
    assert consent.version == "form-2026-12"
    assert entries["form_sent"]["consent"] == "2026-12"
    assert entries["consent_given"]["version"] == "form-2026-12"


async def test_a_consent_to_the_forms_own_text_is_none_to_the_companys(
    guest: Guest, desk: Desk
) -> None:
    await guest.opens("/form?lang=en")
    await guest.sends(FILLED)
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
    assert consent.version == "form-1"


async def test_who_names_somebody_elses_phone_does_not_become_them(
    guest: Guest, desk: Desk
) -> None:
    await people.opens(desk)
    await desk.run(verify_phone, people.ALICE, "+79161234567")
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | {"reach": "+7 916 123-45-67"}) == 303
    async with desk.database.read() as session:
        query = select(Person.name).join(Ticket, Ticket.customer_id == Person.id)
        assert list(await session.scalars(query.order_by(Ticket.id))) == ["Alice", "Anna"]
    await guest.opens("/form?lang=en")
    await guest.sends(FILLED | {"reach": "+79161234567"})
    assert await count(desk, Person) == 2  # who came by the form before is known by it


async def test_a_form_that_is_sent_twice_is_one_ticket(guest: Guest, desk: Desk) -> None:
    await guest.opens("/form")
    page = guest.html
    for _ in range(3):
        guest.html = page
        assert await guest.sends(FILLED) == 303
    assert await count(desk, Ticket) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "  "}, "Tell us your name"),
        ({"reach": "no address"}, "does not look like"),
        ({"text": "\u200b"}, "Tell us what happened"),
        ({"text": "x" * 10_001}, "too long"),
        ({"consent": ""}, "without your consent"),
        ({"once": "forged"}, "out of date"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(
    guest: Guest, desk: Desk, change: dict[str, str], told: str
) -> None:
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | change) == 422
    assert 'role="alert"' in guest.html and told in guest.html
    if "name" not in change:
        assert 'value="Anna"' in guest.html
    if "text" not in change:
        assert "Paid twice" in guest.html
    assert '<option value="payment" selected>' in guest.html
    assert await count(desk, Ticket) == 0


FIELDS = """
[[field]]
code = "flat"
titles = { en = "Flat <b>number</b>" }
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
"""


async def test_what_a_ticket_must_have_is_asked_for_once_its_topic_is_chosen(
    guest: Guest, desk: Desk
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    await guest.opens("/form?lang=en")
    assert "field.flat" not in guest.html
    assert await guest.sends(FILLED) == 422
    assert "Please fill in: Flat &lt;b&gt;number&lt;/b&gt;." in guest.html
    assert 'name="field.flat" inputmode="decimal"' in guest.html
    assert '<option value="In cash">In cash</option>' in guest.html
    answers = {"field.way": "In cash", "field.flat": "twelve"}
    assert await guest.sends(FILLED | answers) == 422
    assert "takes a number" in guest.html and 'value="twelve"' in guest.html
    assert '<option value="In cash" selected>' in guest.html
    assert await count(desk, Ticket) == 0
    assert await guest.sends(FILLED | answers | {"field.flat": "12"}) == 303
    assert await desk.read(values_of, 1) == {"flat": "12", "way": "In cash"}
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | {"topic": "access"}) == 303, "another topic needs nothing"


async def test_a_robot_that_fills_everything_is_thanked_and_opens_nothing(
    guest: Guest, desk: Desk
) -> None:
    await guest.opens("/form?lang=en")
    assert await guest.sends(FILLED | {"website": "https://spam.example"}) == 200
    assert "it is sent" in guest.html
    assert await count(desk, Ticket) == 0


async def test_so_many_tickets_come_from_one_address_at_once(guest: Guest, desk: Desk) -> None:
    statuses = []
    for _ in range(8):
        await guest.opens("/form?lang=en")
        statuses.append(await guest.sends(FILLED))
    assert statuses == [303] * 5 + [422] * 3
    assert "too often" in guest.html and "Paid twice" in guest.html
    assert await count(desk, Ticket) == 5
