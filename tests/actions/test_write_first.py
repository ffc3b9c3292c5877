"""Writing first to customers who are not in Telegram (A12)."""

from dataclasses import replace

import pytest

from core.company import Company
from core.contacts.write_first import find_addressees, write_to
from core.db import Database
from core.desk import Desk
from core.errors import NotAllowed, Refusal
from core.people.contact_points import Point, make_contact
from core.subscriptions import SUBSCRIBERS
from core.tx import Tx
from tests.actions.people import customer, operator, writes
from tests.actions.store import Store
from tests.clock import Clock


@pytest.fixture
def letters(database: Database, clock: Clock, company: Company) -> Desk:
    """The desk with mail."""
    with_mail = replace(company, letter_channels=frozenset({"email"}))
    return Desk(database, with_mail, SUBSCRIBERS, clock=clock)


async def noted(desk: Desk, name: str, *points: Point) -> int:
    async def note(tx: Tx) -> int:
        return (await make_contact(tx, name, points)).id

    return await desk.run(note)


async def test_who_is_only_known_by_an_address_gets_a_mail(letters: Desk, store: Store) -> None:
    person = await noted(letters, "Vera Kotova", Point("email", "vera@y.test"))
    found = await letters.read(find_addressees, "Vera Kotova The gate works again.")
    assert [one.id for one in found.people] == [person]
    olga = await operator(letters)
    ticket = await letters.run_as(olga, write_to, person, writes("The gate works again."))
    assert (ticket.origin, ticket.title) == ("email", "The gate works again.")
    (row,) = [row for row in await store.outbox() if row.kind == "content"]
    assert (row.channel, row.address) == ("email", "vera@y.test")


async def test_without_mail_or_an_address_there_is_no_way(desk: Desk, letters: Desk) -> None:
    person = await noted(desk, "Vera Kotova", Point("email", "vera@y.test"))
    other = await noted(desk, "Ivan Pavlov", Point("phone", "+79161234567"))
    for where, words in ((desk, "Vera Kotova Hi"), (letters, "+7 916 123-45-67 Hi")):
        with pytest.raises(Refusal) as refused:
            await where.read(find_addressees, words)
        assert refused.value.key == "refusal.cannot_write"
    olga = await operator(desk)
    for where, who in ((desk, person), (letters, other)):
        with pytest.raises(Refusal):
            await where.run_as(olga, write_to, who, writes("Hi"))


async def test_customers_do_not_write_first(letters: Desk) -> None:
    person = await noted(letters, "Vera Kotova", Point("email", "vera@y.test"))
    with pytest.raises(NotAllowed):
        await letters.run_as(await customer(letters), write_to, person, writes("Hi"))
