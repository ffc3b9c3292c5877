"""Notices as the company wants them: words, way, delay, or none at all (G3, G4)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from core.company import Company
from core.db import Database
from core.delivery.notice_events import EVENT_OF, EVENTS
from core.delivery.notices import STATE_TEXTS
from core.delivery.outbox_store import claim
from core.delivery.own_notices import BY_MAIL, has_passed
from core.delivery.own_words import OWN, say_own
from core.delivery.sent_messages import IN_PLACE_OF
from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.notice_edits import OnlyShown, change_notice, find_notice, list_notices
from core.directory.store import restore_version, show_directory
from core.errors import NotAllowed, Refusal
from core.models import OutboxRow, Ticket
from core.subscriptions import SUBSCRIBERS
from core.tickets.conversation import reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.unassigned import file_unassigned_messages
from core.words.contact_values import EMAIL
from tests.actions.people import ALICE, ANNA, OLEG, OLGA, opens, operator, ref, says, writes
from tests.actions.store import Store
from tests.actions.test_by_letter import HERS, known
from tests.actions.test_directory import apply, faults
from tests.actions.test_handing import give
from tests.actions.test_handing import operator_here as here
from tests.clock import Clock

CHAT: Final = ALICE.address.chat


@pytest.fixture
def desk(database: Database, clock: Clock, company: Company) -> Desk:
    """A desk with mail."""
    with_mail = replace(company, letter_channels=frozenset({EMAIL}))
    return Desk(database, with_mail, SUBSCRIBERS, clock=clock)


def entry(event: str, *lines: str, code: str | None = None) -> str:
    head = ["[[notice]]", f'code = "{code or event}"', f'event = "{event}"']
    return "\n".join([*head, *lines, "", ""])


def english(words: str) -> str:
    return f'texts = {{ en = "{words}" }}'


async def told(store: Store, key: str, address: str = CHAT) -> list[OutboxRow]:
    return [row for row in await store.outbox(address) if (row.key or "").startswith(key)]


async def said(store: Store, key: str, address: str = CHAT) -> list[str | None]:
    """What the rows with this text say of the company's own."""
    rows = await told(store, key, address)
    facts: dict[str, Any] = {"zone": ZoneInfo("Europe/Moscow"), "locale": "en"}
    return [say_own(row.facts, now=row.created_at, **facts) for row in rows]


async def takes(desk: Desk, ticket: Ticket) -> None:
    await desk.run_as(await operator(desk), take, ticket.id)


def test_every_notice_that_can_be_configured_is_one() -> None:
    assert len(EVENT_OF) == sum(len(one.keys) for one in EVENTS.values()), "no key has two events"
    assert {"freeze", "resolve", "close", "cancel", "reopen"} <= set(STATE_TEXTS)


async def test_the_companys_words_go_with_facts_of_the_ticket(desk: Desk, store: Store) -> None:
    words = "{customer}, {operator} of {company} has #{number} ({topic}) until {due}"
    await apply(desk, entry("taken", english(words)))
    ticket = await opens(desk)
    await takes(desk, ticket)
    (shown,) = await said(store, "ticket.taken")
    assert shown is not None
    assert shown.startswith(f"Alice, Olga of Our Yard has #{ticket.id} (Payment) until 2")
    assert (await said(store, "ticket.opened")) == [None], "nobody has changed this one"


async def test_where_a_fact_or_the_language_is_missing_the_desks_own_words_go(
    desk: Desk, store: Store
) -> None:
    file = entry("taken", english("{camera}")) + entry("registered", 'texts = { ru = "Есть" }')
    await apply(desk, file)
    await takes(desk, await opens(desk))
    assert await said(store, "ticket.taken") == [None], "it has no camera"
    assert await said(store, "ticket.opened") == [None], "she reads English"


async def test_facts_of_a_move_are_told_only_where_customers_may_know_them(
    desk: Desk, store: Store
) -> None:
    await apply(desk, entry("frozen", english("Later: {reason}")))
    ticket = await opens(desk)
    olga = await operator(desk)
    await desk.run_as(olga, move, ticket.id, "freeze", reason="no spare part")
    assert await said(store, "ticket.frozen") == [None]
    await desk.run_as(olga, move, ticket.id, "freeze", reason="no spare part", public=True)
    assert (await said(store, "ticket.frozen"))[-1] == "Later: no spare part"


async def test_braces_in_a_fact_are_text(desk: Desk, store: Store) -> None:
    await apply(desk, entry("taken", english("Hi {customer}")))
    mallory = replace(ALICE, name="{number}{{0.__class__}}")
    ticket = await opens(desk, mallory)
    await takes(desk, ticket)
    assert await said(store, "ticket.taken") == ["Hi {number}{{0.__class__}}"]


@pytest.mark.parametrize(
    ("words", "name", "told"),
    [
        ("{first_name}, we are at it", "Alice Liddell", "Alice, we are at it"),
        ("{first_name}, we are at it", "Queen & Co", "We are at it"),
        ("{first_name}", "Alice Liddell", "Alice"),
        ("{first_name}", "Office 12", None),
    ],
)
async def test_customers_are_greeted_by_their_first_names(
    desk: Desk, store: Store, words: str, name: str, told: str | None
) -> None:
    await apply(desk, entry("taken", english(words)))
    await takes(desk, await opens(desk, replace(ALICE, name=name)))
    assert await said(store, "ticket.taken") == [told]


async def test_nobody_is_told_what_is_off(desk: Desk, store: Store) -> None:
    await apply(desk, entry("taken", "on = false") + entry("closed", "on = false"))
    ticket = await opens(desk)
    await takes(desk, ticket)
    await desk.run_as(await operator(desk), move, ticket.id, "close")
    assert await store.told(CHAT) == ["ticket.opened"]


async def test_the_answer_to_a_press_is_no_notice_and_goes_at_once(
    desk: Desk, store: Store
) -> None:
    await apply(desk, entry("registered", "on = false", 'delay = "1h"', english("In.")))
    await desk.run(hear, ALICE, says(ALICE, "Nothing works"))
    question = ref(CHAT, 77)
    await desk.run(file_unassigned_messages, ALICE, None, question=question)
    (row,) = await told(store, "ticket.opened")
    assert row.not_before == row.created_at and row.facts[OWN] == "In."
    assert row.facts[IN_PLACE_OF] == str(question)


async def test_the_narrowest_entry_counts(desk: Desk, store: Store) -> None:
    await apply(
        desk,
        entry("taken", english("all"))
        + entry("taken", 'topic = "payment"', english("payment"), code="taken.payment")
        + entry("taken", 'topic = "access"', "on = false", code="taken.access")
        + entry("taken", 'category = "incident"', english("incident"), code="taken.incident"),
    )
    for topic in ("payment", "access", "other"):
        await takes(desk, await opens(desk, topic=topic))
    assert await said(store, "ticket.taken") == ["payment", "all"]


async def test_moves_that_are_silent_are_told_where_the_company_says_so(
    desk: Desk, store: Store
) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    assert "ticket.answered" not in await store.told(CHAT)
    await apply(desk, entry("answered", english("Read it")) + entry("waiting"))
    other = await opens(desk)
    await desk.run_as(await operator(desk), reply, other.id, writes())
    await desk.run_as(await operator(desk), move, other.id, "wait")
    assert await said(store, "ticket.answered") == ["Read it"]
    assert await said(store, "ticket.waiting") == [None], "in the desk's own words"


@pytest.mark.parametrize(
    ("channel", "places"), [("chat", [CHAT]), ("mail", [HERS]), ("both", [CHAT, HERS])]
)
async def test_it_goes_by_the_way_that_was_chosen(
    desk: Desk, store: Store, channel: str, places: Sequence[str]
) -> None:
    await apply(desk, entry("taken", f'channel = "{channel}"', english("Taken.")))
    await takes(desk, await known(desk, proved=True))
    rows = [row for row in await store.outbox() if row.key == "ticket.taken"]
    assert [row.address for row in rows] == places
    assert all(row.facts[OWN] == "Taken." for row in rows)
    assert [bool(row.facts.get(BY_MAIL)) for row in rows] == [at == HERS for at in places]


async def test_who_has_no_address_is_told_where_they_write(desk: Desk, store: Store) -> None:
    await apply(desk, entry("taken", 'channel = "mail"'))
    await takes(desk, await opens(desk))
    assert await said(store, "ticket.taken") == [None]


async def passed(desk: Desk, row: OutboxRow) -> bool:
    (delivery,) = await desk.run(claim, [row.id], {})
    return await desk.read(has_passed, delivery)


async def test_a_delayed_notice_waits_and_holds_up_nothing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await apply(desk, entry("taken", 'delay = "10m"'))
    ticket = await opens(desk)
    await takes(desk, ticket)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    (row,) = await told(store, "ticket.taken")
    (answer,) = await store.outbox(CHAT, kind="content")
    assert row.not_before == row.created_at + timedelta(minutes=10)
    assert row.ordering_key != answer.ordering_key
    clock.move(minutes=10)
    assert not await passed(desk, row)


@pytest.mark.parametrize("back", [False, True])
async def test_a_delayed_notice_whose_reason_has_passed_does_not_go(
    desk: Desk, store: Store, clock: Clock, back: bool
) -> None:
    await apply(desk, entry("resolved", 'delay = "1h"'))
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, move, ticket.id, "resolve")
    clock.move(minutes=5)
    await desk.run_as(olga, move, ticket.id, "reopen")
    if back:  # it is solved again, and that has a notice of its own
        clock.move(minutes=5)
        await desk.run_as(olga, move, ticket.id, "resolve")
    clock.move(hours=1)
    rows = await told(store, "ticket.resolved")
    assert [await passed(desk, row) for row in rows] == [True, False][: len(rows)]
    assert len(rows) == 1 + back


async def test_an_assignment_is_told_in_the_companys_words_and_only_to_who_has_it_still(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await apply(desk, entry("assigned", 'delay = "5m"', english("#{number}: {title}, by {by}")))
    ticket, olga, oleg = await opens(desk), await here(desk, OLGA), await here(desk, OLEG)
    await give(desk, olga, ticket.id, "@oleg")
    chat = OLEG.address.chat
    assert await said(store, "staff.assigned", chat) == [f"#{ticket.id}: {ticket.title}, by Olga"]
    (row,) = await told(store, "staff.assigned", chat)
    await give(desk, oleg, ticket.id, "@olga")
    clock.move(minutes=5)
    assert await passed(desk, row)
    (other,) = await told(store, "staff.assigned", OLGA.address.chat)
    assert not await passed(desk, other)


FAULTS = """
line 4: notice a, texts, en: braces may hold only {customer}, {first_name}, {number}, {topic}, \
{operator}, {company}, {camera}, {place}, {due}; it says {reason}
line 10: notice b, texts, en: braces may hold only {customer}, {first_name}, {number}, {topic}, \
{operator}, {company}, {camera}, {place}; it says {customer.name}
line 9: notice b, event: the entry c decides the same: keep one of them
line 14: notice c, event: the entry b decides the same: keep one of them
line 20: notice d, channel: only chat are allowed, not mail
"""


async def test_every_fault_is_named_with_its_line(desk: Desk) -> None:
    wrong = (
        entry("taken", english("{reason}"), code="a")
        + "\n"
        + entry("reminder", english("{customer.name}"), code="b")
        + entry("reminder", code="c")
        + "\n"
        + entry("assigned", 'channel = "mail"', code="d")
    )
    assert sorted(await faults(desk, wrong)) == sorted(FAULTS.strip().splitlines())
    assert any("only registered, taken" in one for one in await faults(desk, entry("born")))
    assert len(await faults(desk, entry("taken", 'delay = "31d"'))) == 1
    assert len(await faults(desk, entry("taken", 'topic = "none"'))) == 1


async def test_what_is_shown_can_be_applied_and_an_old_version_comes_back(
    desk: Desk, store: Store
) -> None:
    text = entry("taken", "on = false", 'channel = "both"', 'delay = "10m"', english("Taken."))
    await apply(desk, text)
    assert await apply(desk, await desk.read(show_directory)) == []
    await desk.run(restore_version, 1)
    await takes(desk, await opens(desk))
    assert await said(store, "ticket.taken") == [None], "as if there were no such entry"


async def test_an_admin_changes_one_thing_at_a_time_and_sees_it_before(desk: Desk) -> None:
    anna = await operator(desk, ANNA)
    with pytest.raises(OnlyShown) as shown:
        change = {"texts": {"en": "Taken, {customer}."}}
        await desk.run_as(anna, change_notice, "taken", change, really=False)
    assert shown.value.facts.texts == {"en": "Taken, {customer}."}
    assert (await desk.read(find_notice, "taken")).texts == {}
    await desk.run_as(anna, change_notice, "taken", {"texts": {"en": "Taken.", "ru": "Взяли."}})
    await desk.run_as(anna, change_notice, "taken", {"on": False, "delay": "1h"})
    await desk.run_as(anna, change_notice, "taken", {"texts": {"ru": None}})
    facts = await desk.read(find_notice, "taken")
    assert (facts.on, facts.delay, facts.texts) == (False, timedelta(hours=1), {"en": "Taken."})
    assert [one.event for one in await desk.read(list_notices)] == list(EVENTS)
    with pytest.raises(DirectoryError):
        await desk.run_as(anna, change_notice, "taken", {"texts": {"en": "{reason}"}})
    with pytest.raises(Refusal):
        await desk.read(find_notice, "born")
    with pytest.raises(NotAllowed):
        await desk.run_as(await operator(desk, OLGA), change_notice, "taken", {"on": True})
