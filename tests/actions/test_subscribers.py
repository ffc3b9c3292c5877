"""Whoever asked for an event gets it, what they cause is handed on, and no chain is endless."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from core import events as e
from core import journal
from core.delivery import outbox
from core.desk import Desk
from core.models import JournalEntry
from core.subscribers import MOST, Subscriber
from core.tx import Tx
from tests.actions.people import ALERTS
from tests.actions.store import Store

pytestmark = pytest.mark.usefixtures("desk")

RELEASED = e.TicketReleased(ticket_id=None, assignee_id=1)
TITLED = e.TitleChanged(ticket_id=None, old="a", new="b")


def duty(person: int) -> e.DutyBegan:
    return e.DutyBegan(ticket_id=None, person_id=person)


class Heard(list[tuple[str, list[e.Event]]]):
    """What each subscriber was called with, in order."""

    def who(self, name: str, *types: type[e.Event], causes: Any = None, **how: Any) -> Subscriber:
        async def react(tx: Tx, events: Sequence[e.Event]) -> None:
            self.append((name, list(events)))
            for event in events if causes else ():
                for caused in causes(event):
                    tx.emit(caused)

        return Subscriber(name, types, react, **how)


async def happens(desk: Desk, *events: e.Event) -> None:
    async def act(tx: Tx) -> None:
        for event in events:
            tx.emit(event)

    await desk.run(act)


async def test_each_gets_what_it_asked_for_in_the_order_of_the_list(desk: Desk) -> None:
    heard = Heard()
    desk.subscribers = (
        heard.who("titles", e.TitleChanged),
        heard.who("releases", e.TicketReleased),
        heard.who("both", e.TicketReleased, e.TitleChanged),
    )
    await happens(desk, RELEASED, TITLED)
    assert heard == [
        ("titles", [TITLED]),
        ("releases", [RELEASED]),
        ("both", [RELEASED, TITLED]),
    ]


async def test_nobody_runs_for_types_it_did_not_ask_for(desk: Desk) -> None:
    heard = Heard()
    desk.subscribers = (heard.who("titles", e.TitleChanged), heard.who("all", e.Event, last=True))
    await happens(desk, RELEASED)
    await happens(desk)
    assert heard == [("all", [RELEASED])]


async def test_a_subclass_of_what_was_asked_for_is_handed_over_too(desk: Desk) -> None:
    heard = Heard()
    desk.subscribers = (heard.who("events", e.Event),)
    await happens(desk, RELEASED, TITLED)
    assert heard == [("events", [RELEASED, TITLED])]


async def test_what_a_subscriber_causes_reaches_those_before_it_and_the_last_get_all_at_once(
    desk: Desk,
) -> None:
    heard = Heard()
    desk.subscribers = (
        heard.who("written down", e.Event, last=True),
        heard.who("on duty", e.DutyBegan),
        heard.who("titles", e.TitleChanged, causes=lambda _: [duty(7)]),
        heard.who("releases", e.TicketReleased, causes=lambda _: [TITLED]),
    )
    await happens(desk, RELEASED)
    assert heard == [
        ("releases", [RELEASED]),
        ("titles", [TITLED]),
        ("on duty", [duty(7)]),
        ("written down", [RELEASED, TITLED, duty(7)]),
    ]


async def test_a_chain_of_ten_is_followed_to_its_end(desk: Desk, store: Store) -> None:
    heard = Heard()

    def on(event: e.DutyBegan) -> list[e.Event]:
        return [duty(event.person_id + 1)] if event.person_id < MOST else []

    desk.subscribers = (heard.who("on", e.DutyBegan, causes=on), journal.SUBSCRIBER)
    await happens(desk, duty(1))
    assert [events[0] for _, events in heard] == [duty(n) for n in range(1, MOST + 1)]
    assert not await store.facts(None, "event_chain_cut")


async def test_an_endless_chain_is_cut_after_ten_written_down_and_told_to_the_admins(
    desk: Desk, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    heard = Heard()
    desk.subscribers = (
        heard.who("endless", e.DutyBegan, causes=lambda event: [duty(event.person_id + 1)]),
        journal.SUBSCRIBER,
        outbox.SUBSCRIBER,
    )
    await happens(desk, duty(1), duty(1))
    assert len(heard) == MOST
    entries = await store.rows(select(JournalEntry).order_by(JournalEntry.id))
    assert [entry.event for entry in entries] == ["duty_began"] * 2 * (MOST + 1) + [
        "event_chain_cut"
    ]
    assert entries[-1].facts == {"event": "duty_began", "subscriber": "endless", "depth": MOST}
    assert await store.told(ALERTS) == ["alert.chain_cut"]
    assert "a chain of events was cut" in caplog.text
