"""Tickets in somebody's name, by mail: whoever is named as the sender gets one mail (S19).

``MAIL_TICKETS=10000`` in the environment makes them as many as that.
"""

import os
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import func, select

from core.addresses import Address, MessageRef
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Ticket
from core.people.identity import Sender
from core.tickets import correspondence
from core.tickets.correspondence import Arrival, receive
from core.tickets.incoming import IncomingMessage
from core.tickets.sweep import sweep
from core.words.contact_values import EMAIL
from tests.actions.store import Store
from tests.actions.test_by_letter import desk
from tests.clock import Clock

__all__ = ["desk"]

MANY: Final = int(os.environ.get("MAIL_TICKETS", "60"))
VICTIM: Final = Address(EMAIL, "victim@x.test")


def arrival(number: int) -> Arrival:
    words = f"Matter {number}"
    ref = MessageRef(EMAIL, VICTIM.chat, f"{number}@evil.test")
    said = [IncomingMessage(ref, "text", words, {"kind": "text", "text": words})]
    return Arrival(Sender(VICTIM, "Victim"), said, words)


@pytest.fixture
def every_mail_opens_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without this, from the 21st of an hour on mails join a ticket that is there."""

    async def none_is(*_: object) -> None:
        return None

    monkeypatch.setattr(correspondence, "ticket_instead", none_is)


async def test_any_number_of_tickets_that_are_opened_in_a_victims_name_cause_one_mail_to_it(
    desk: Desk, store: Store, clock: Clock, every_mail_opens_one: None
) -> None:
    for number in range(MANY):
        await desk.run(receive, arrival(number))
        clock.move(seconds=1800 / MANY)
    assert await store.rows(select(func.count(Ticket.id))) == [MANY]
    assert await store.told(VICTIM.chat) == ["ticket.opened"]


async def test_a_deadline_that_was_never_told_of_is_not_apologised_for(
    desk: Desk, store: Store, clock: Clock, every_mail_opens_one: None
) -> None:
    for number in range(5):
        await desk.run(receive, arrival(number))
    await desk.run(receive, replace(arrival(5), proved=False))
    clock.move(days=30)
    for _ in range(5):
        await desk.run(sweep)
    assert (await store.told(VICTIM.chat)).count("ticket.late") == 1


RULE: Final = """
[[response]]
code = "thanks"
title = "Thanks"
texts = { en = "Thank you." }

[[rule]]
code = "thank"
title = "Thank"
event = "customer_wrote"
then = { response = "thanks" }
"""


async def test_a_rule_answers_a_mail_of_one_sender_once_an_hour(
    desk: Desk, store: Store, clock: Clock, every_mail_opens_one: None
) -> None:
    """Or a robot there and a rule here would answer each other for ever."""
    await desk.run(apply_directory, read_directory(RULE))
    for number in range(5):
        await desk.run(receive, arrival(number))
    assert (await store.told(VICTIM.chat)).count("content") == 1
    clock.move(hours=1, seconds=1)
    await desk.run(receive, arrival(6))
    assert (await store.told(VICTIM.chat)).count("content") == 2


async def test_a_rule_does_not_react_to_what_no_person_wrote(desk: Desk, store: Store) -> None:
    opened = await desk.run(receive, arrival(0))
    assert opened is not None
    await desk.run(apply_directory, read_directory(RULE))
    away = replace(arrival(1), automatic=True, vouched=(opened.id,))
    ticket = await desk.run(receive, away)
    assert ticket is not None, "it is in its ticket"
    assert "content" not in await store.told(VICTIM.chat)
