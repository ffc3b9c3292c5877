"""What was a variable of the environment only is changed while the desk runs: the next message
obeys, in every process (X12).
"""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.app import company_of
from bot.settings import load_settings
from channels.telegram.addresses import chat_address
from channels.telegram.screens.setup import SPANS
from core.company import Company, Limit
from core.db import Database
from core.delivery import outbox_store
from core.delivery.sent_messages import CARD, upsert_place
from core.delivery.topics import note_forums
from core.desk import Desk
from core.directory.store import restore_version, show_directory
from core.models import Setting
from core.setup.company_settings import choose, find_company
from core.subscriptions import SUBSCRIBERS
from core.tickets.correspondence import receive
from core.tickets.intake import hear
from core.tx import Tx
from core.words.numbers import find_masked, find_number
from tests.actions.outage_factories import LATER, ROUND, offered, reported
from tests.actions.people import ALICE, ANNA, OPERATORS, opens, says
from tests.actions.store import Store
from tests.actions.test_directory import apply, faults
from tests.actions.test_mail_floods import arrival
from tests.clock import Clock


@pytest.fixture
def other(database: Database, company: Company, clock: Clock) -> Desk:
    """The desk of another process."""
    return Desk(database, company, SUBSCRIBERS, clock=clock, find_company=find_company)


async def chooses(desk: Desk, *lines: str) -> list[str]:
    return await apply(desk, "\n".join(["[settings]", *lines, ""]))


async def test_the_next_message_goes_by_another_limit(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk)

    async def posted(count: int) -> list[str]:
        before = await store.told(OPERATORS)
        for number in range(count):
            clock.move(seconds=1)
            await desk.run(hear, ALICE, says(ALICE, f"and {number}"))
        told = (await store.told(OPERATORS))[len(before) :]
        return [kind for kind in told if kind in {"content", "flood"}]

    assert await posted(4) == ["content"] * 4, "the company of the tests has no limit"
    await chooses(desk, 'message_limit = "5/1m"')
    assert "flood" in await posted(2)
    await chooses(desk, 'message_limit = "off"')
    assert await posted(2) == ["content"] * 2


async def test_the_next_ticket_goes_by_another_limit_in_another_process(
    desk: Desk, other: Desk, store: Store
) -> None:
    first = await opens(other)
    assert (await opens(other)).id != first.id
    await chooses(desk, 'ticket_limit = "2/1h"')
    other.invalidate()
    third = await opens(other)
    assert third.id == first.id + 1, "their words join the newest one"
    assert other.company.ticket_limit == Limit(2, timedelta(hours=1))
    assert "customer.ticket_limit" in await store.told(ALICE.address.chat)


async def test_the_next_mail_goes_by_another_limit_in_another_process(
    desk: Desk, other: Desk, store: Store
) -> None:
    await chooses(desk, 'mail_ticket_limit = "2/1h"')
    other.invalidate()
    for number in range(4):
        await other.run(receive, arrival(number))
    assert len(await store.tickets()) == 2, "the others join the newest"
    await chooses(desk, 'mail_ticket_limit = "off"')
    other.invalidate()
    await other.run(receive, arrival(9))
    assert len(await store.tickets()) == 3


async def test_topics_are_chosen_in_the_directory_and_open_tickets_move(
    desk: Desk, store: Store
) -> None:
    chat = chat_address(OPERATORS)
    await desk.run(note_forums, [(chat, True)])
    ticket = await opens(desk)

    async def has_card(tx: Tx) -> None:
        place = {"channel": chat.channel, "chat": chat.chat, "message": "77", "role": CARD}
        await upsert_place(tx, place | {"ticket_id": ticket.id, "digest": None, "thread": "5"})

    await desk.run(has_card)
    for row in await store.outbox(OPERATORS):
        await desk.run(outbox_store.end, row.id, "sent")
    before = (await store.told(OPERATORS)).count("card")
    await chooses(desk, 'topics = "all"')
    assert desk.company.topics == "all"
    assert (await store.told(OPERATORS)).count("card") > before, "its card is posted anew"
    faulty = await faults(desk, '[settings]\ntopics = "some"\n')
    assert any("topics" in line and "replies" in line for line in faulty)


async def test_what_the_setup_has_chosen_can_be_applied_as_a_file(desk: Desk) -> None:
    for hours in SPANS:
        await desk.run(choose, ANNA, "answer_deadline", timedelta(hours=hours))
        company = desk.company
        assert company.remind_before < company.answer_deadline, "a reminder comes at all"
        await apply(desk, await desk.read(show_directory))
        assert desk.company == company


async def test_start_values_of_variables_are_no_fault_of_the_file(desk: Desk) -> None:
    desk.company = replace(desk.company, answer_deadline=timedelta(hours=1))
    await apply(desk, await desk.read(show_directory))
    (fault,) = await faults(desk, '[settings]\nanswer_deadline = "2h"\n')
    assert "remind" in fault


async def test_the_next_fault_goes_by_other_numbers(desk: Desk, store: Store) -> None:
    await chooses(desk, 'outage_faults = "off"')
    await reported(desk, ROUND)
    assert not await offered(store)
    await chooses(desk, "outage_faults = 6", 'outage_window = "1h"')
    await reported(desk, LATER)
    assert len(await offered(store)) == 1


async def test_former_numbers_stay_readable_until_they_are_taken_out(desk: Desk) -> None:
    await chooses(desk, 'number_mask = "REQ/{0}"')
    await chooses(desk, 'number_mask = "№{0}/26"')
    masks = desk.company.number_masks
    assert masks == ("№{0}/26", "SR-{0}", "REQ/{0}")
    assert [find_number(words, *masks) for words in ("sr-12 yes", "REQ/12", "№12/26", "12")] == [
        (12, "yes"),
        (12, ""),
        (12, ""),
        (12, ""),
    ]
    assert find_masked("About [SR-1], REQ/2 and №3/26, not AB-4", *masks) == [1, 2, 3]
    await chooses(desk, 'number_mask = "SR-{0}"')
    assert desk.company.number_masks == ("SR-{0}", "REQ/{0}", "№{0}/26")
    await chooses(desk, "former_number_masks = []")
    assert find_number("REQ/12", *desk.company.number_masks) is None


async def test_however_often_numbers_are_written_otherwise_the_file_can_be_applied(
    desk: Desk,
) -> None:
    for number in range(25):
        await chooses(desk, f'number_mask = "A{number}/{{0}}"')
    newest = desk.company.number_masks
    assert newest[:2] == ("A24/{0}", "A4/{0}") and newest[-1] == "A23/{0}"
    await apply(desk, await desk.read(show_directory))
    assert desk.company.number_masks == newest


async def test_a_variable_is_the_start_value_and_what_was_chosen_counts(
    desk: Desk, store: Store
) -> None:
    settings = load_settings(
        {"MESSAGE_LIMIT": "7/2m", "MAIL_BLACKLIST": "Spam@x.test", "ASSISTANT_CALLS": "9"}
    )
    before, desk.company = desk.company, company_of(settings)
    shown = await desk.read(show_directory)
    assert 'message_limit = "7/2m"' in shown and "assistant_calls = 9" in shown
    assert 'mail_blacklist = ["spam@x.test"]' in shown
    assert await apply(desk, shown) == [] and await store.rows(select(Setting)) == []
    await chooses(desk, "mail_blacklist = []", "mail_junk = true", 'assistant_calls = "off"')
    desk.company = company_of(settings)
    company = await desk.read(find_company)
    desk.company = before
    assert (company.mail_blacklist, company.mail_junk, company.assistant_calls) == ((), True, None)
    assert company.message_limit == Limit(7, timedelta(minutes=2))


async def test_an_old_version_brings_them_back(desk: Desk) -> None:
    before = await desk.read(show_directory)
    await chooses(
        desk, 'mail_blacklist = ["@spam.test", "noreply"]', 'keep_calls = "10d"', "mail_junk = true"
    )
    await desk.run(restore_version, 1)
    assert await desk.read(show_directory) == before


WRONG = [
    ("outage_faults = 1", "outage_faults: a number from 2 to 1000 is needed, or off"),
    ("outage_faults = true", "outage_faults: a number from 2 to 1000 is needed, or off"),
    ('outage_window = "5s"', "outage_window: at least 1m is needed"),
    ('outage_window = "30d"', "outage_window: at most 7d is allowed, not 30d"),
    ('message_limit = "10"', "message_limit: a limit is written as 10/1m"),
    ("ticket_limit = 10", "ticket_limit: a limit is written as 10/1m"),
    ('ticket_limit = "2000/1h"', "ticket_limit: a limit is written as 10/1m"),
    ('number_mask = "SR-"', "number_mask: a number is written with {0} once"),
    ('number_mask = "SR2{0}"', "number_mask: a number is written with {0} once"),
    ('number_mask = "a\\n{0}"', "number_mask: a number is written with {0} once"),
    ('former_number_masks = ["{0}{0}"]', "former_number_masks: a number is written with {0} once"),
    ('mail_blacklist = ["a b"]', "mail_blacklist: a sender is an address, @domain, or a part"),
    ('mail_alerts_to = ["boss"]', 'mail_alerts_to: this is no e-mail address: "boss"'),
    ('mail_alerts_to = ["boss@x.test"]', "mail_alerts_to: nothing can be mailed"),
    ("assistant_calls = 0", "assistant_calls: a number from 1 to 1000000000 is needed, or off"),
    ('mail_junk = "on"', "mail_junk"),
    (
        'keep_updates = "24h"',
        "keep_updates: keep it for at least 2d: until then an update may",
    ),
    ('keep_deliveries = "6d"', "keep_deliveries: keep it for at least 7d: so long a mail server"),
    ('keep_calls = "23h"', "keep_calls: keep it for at least 1d: so long a program may repeat"),
    ('keep_calls = "off"', "keep_calls"),
    ('colour = "red"', 'colour: a colour is written as #1a5fb4, or off; this is "red"'),
    ('colour = "#1a5fb4;}"', "colour: a colour is written as #1a5fb4, or off"),
]


@pytest.mark.parametrize(("line", "why"), WRONG)
async def test_what_cannot_be_is_refused_with_its_line(desk: Desk, line: str, why: str) -> None:
    said = await faults(desk, f'[settings]\ncompany = "Our Yard"\n{line}\n')
    assert len(said) == 1 and said[0].startswith(f"line 3: settings, {why}")
