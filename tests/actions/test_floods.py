"""One person's flood is one post in the group and few tickets; nothing is lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.addresses import Address
from core.company import Limit
from core.desk import Desk
from core.people.identity import arrive
from core.tickets.conversation import answer_delivered, reply
from core.tickets.conversation_pages import PAGE, page_of_words, page_with, post_page
from core.tickets.customer_dialogue import edit_own
from core.tickets.floods import TOLD_FOR, flood_of
from core.tickets.intake import follow_up, hear
from core.tickets.lifecycle import move
from core.tickets.unassigned import file_unassigned_messages, file_waiting
from core.tx import Tx
from tests.actions.people import (
    ALICE,
    BORIS,
    OPERATORS,
    leaves_dialogue,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock

GROUP = Address("telegram", str(OPERATORS))


@pytest.fixture(autouse=True)
def limited(desk: Desk) -> None:
    desk.company = replace(desk.company, message_limit=Limit(5, timedelta(minutes=1)))


async def writes_on(desk: Desk, clock: Clock, count: int, **how: object) -> None:
    for number in range(count):
        clock.move(seconds=1)
        await desk.run(hear, ALICE, says(ALICE, f"and {number}", **how))  # type: ignore[arg-type]


async def group(store: Store) -> list[str]:
    return [kind for kind in await store.told(OPERATORS) if kind in ("content", "flood")]


async def test_what_is_beyond_the_limit_is_one_post_and_all_of_it_is_in_the_ticket(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await writes_on(desk, clock, 144)
    assert await group(store) == ["content"] * 4 + ["flood"]
    said = await store.messages(ticket.id)
    assert [m.text for m in said[1:]] == [f"and {n}" for n in range(144)]
    assert (await store.journal(ticket.id)).count("customer_wrote") == 145
    flood = await desk.read(flood_of, said[-1].id, GROUP)
    assert flood is not None
    assert (flood.count, flood.last.text, flood.id) == (140, "and 143", said[5].id)


async def test_the_customer_is_told_once_and_again_after_an_hour(
    desk: Desk, clock: Clock, store: Store
) -> None:
    await opens(desk)
    await writes_on(desk, clock, 30)
    clock.move(minutes=5)
    await writes_on(desk, clock, 30)
    assert (await store.told(ALICE.address.chat)).count("customer.flood") == 1
    clock.move(seconds=TOLD_FOR.total_seconds())
    await writes_on(desk, clock, 30)
    assert (await store.told(ALICE.address.chat)).count("customer.flood") == 2


async def test_who_writes_in_peace_is_never_folded(desk: Desk, clock: Clock, store: Store) -> None:
    await opens(desk)
    for _ in range(20):
        clock.move(seconds=13)
        await desk.run(hear, ALICE, says(ALICE, "and"))
    assert await group(store) == ["content"] * 20


async def test_another_persons_words_are_not_folded(desk: Desk, clock: Clock, store: Store) -> None:
    await opens(desk)
    await writes_on(desk, clock, 10)
    ticket = await opens(desk, BORIS)
    await desk.run(hear, BORIS, says(BORIS, "fire"))
    posts = [row for row in await store.outbox(OPERATORS) if row.ticket_id == ticket.id]
    assert [row.kind for row in posts] == ["card", "content"]


async def test_the_first_words_after_our_answer_are_shown(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await writes_on(desk, clock, 10)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    await desk.run(answer_delivered, [(await store.messages(ticket.id))[-1].id])
    await writes_on(desk, clock, 3)
    assert await group(store) == ["content"] * 4 + ["flood", "content", "flood"]


async def test_albums_count_as_one_message_and_stay_together(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    for album in "abcd":
        await writes_on(desk, clock, 5, album=album)
    assert not any(m.flood_id for m in await store.messages(ticket.id))
    await writes_on(desk, clock, 5, album="e")
    flood = {m.flood_id for m in await store.messages(ticket.id) if m.album == "e"}
    assert len(flood) == 1 and None not in flood


async def test_an_edit_of_a_folded_message_posts_nothing(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await writes_on(desk, clock, 10)
    last = (await store.messages(ticket.id))[-1]
    changed = replace(says(ALICE, "other"), ref=last.source)
    await desk.run(edit_own, ALICE, changed)
    assert "message_edited" in await store.journal(ticket.id)
    assert "edit" not in await store.told(OPERATORS)


async def test_without_a_limit_all_is_posted(desk: Desk, clock: Clock, store: Store) -> None:
    desk.company = replace(desk.company, message_limit=None)
    await opens(desk)
    await writes_on(desk, clock, 30)
    assert await group(store) == ["content"] * 30


async def test_every_message_can_be_read_page_by_page_and_posted_after_all(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ticket = await opens(desk)
    await writes_on(desk, clock, 24)
    pages = [await desk.read(page_of_words, ticket.id, number) for number in range(3)]
    assert [one.text for page in pages for one in page.words][1:] == [f"and {n}" for n in range(24)]
    assert {(page.pages, page.total) for page in pages} == {(3, 25)}
    assert (await desk.read(page_of_words, ticket.id)).page == 2
    last = (await store.messages(ticket.id))[-1]
    assert (await desk.read(page_with, ticket.id, last.id)).page == 2
    before = len(await group(store))
    assert await desk.run_as(await operator(desk), post_page, ticket.id, 1) == PAGE
    assert (await group(store))[before:] == ["content"] * PAGE


# Tickets


async def looks_at(tx: Tx, number: int) -> None:
    follow_up(tx, await arrive(tx, ALICE, "customer"), number)


@pytest.fixture
def few(desk: Desk) -> None:
    desk.company = replace(desk.company, ticket_limit=Limit(3, timedelta(hours=1)))


@pytest.mark.usefixtures("few")
async def test_sixteen_tickets_in_half_a_minute_are_three_and_no_word_is_lost(
    desk: Desk, clock: Clock, store: Store
) -> None:
    tickets = []
    for number in range(16):
        clock.move(seconds=2)
        tickets.append(await opens(desk, text=f"Matter {number}"))
    first, second, third = dict.fromkeys(ticket.id for ticket in tickets)
    assert [ticket.id for ticket in tickets] == [first, second] + [third] * 14
    said = await store.messages(third)
    assert [m.text for m in said] == [f"Matter {number}" for number in range(2, 16)]
    assert [m.content.get("remark") for m in said] == [None] + [{"key": "limited"}] * 13
    told = await store.told(ALICE.address.chat)
    assert (told.count("ticket.opened"), told.count("customer.ticket_limit")) == (3, 13)
    assert (await store.journal(third)).count("ticket_not_opened") == 13
    assert (await store.told(OPERATORS)).count("card") == 3


@pytest.mark.usefixtures("few")
async def test_what_follows_joins_the_same_ticket_and_is_not_remarked_upon(
    desk: Desk, store: Store
) -> None:
    *_, ticket = [await opens(desk) for _ in range(4)]
    heard = await desk.run(hear, ALICE, says(ALICE, "and one more thing"))
    assert heard.ticket is not None and heard.ticket.id == ticket.id
    assert (await store.messages(ticket.id))[-1].content.get("remark") is None
    assert (await store.told(ALICE.address.chat)).count("customer.ticket_limit") == 1


@pytest.mark.usefixtures("few")
async def test_another_person_opens_and_so_do_they_when_time_has_passed(
    desk: Desk, clock: Clock
) -> None:
    seen = [(await opens(desk)).id for _ in range(4)]
    assert (await opens(desk, BORIS)).id not in seen
    clock.move(seconds=3600)
    assert (await opens(desk)).id not in seen


@pytest.mark.usefixtures("few")
async def test_words_that_waited_and_words_below_an_ended_ticket_are_limited_too(
    desk: Desk, clock: Clock, store: Store
) -> None:
    ended, _, third = [(await opens(desk)).id for _ in range(3)]
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "the gate"))
    heard = await desk.run(file_unassigned_messages, ALICE, None)
    assert heard is not None and heard.ticket is not None and heard.ticket.id == third
    await leaves_dialogue(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "the lamp"))
    clock.move(minutes=11)
    assert await desk.run(file_waiting) == 1
    await desk.run_as(await operator(desk), move, ended, "close")
    await desk.run(looks_at, ended)
    await desk.run(hear, ALICE, says(ALICE, "it is back"))
    said = [m.text for m in await store.messages(third)][1:]
    assert said == ["the gate", "the lamp", "it is back"]


@pytest.mark.usefixtures("few")
async def test_who_has_no_open_ticket_gets_one_all_the_same(desk: Desk) -> None:
    seen = [(await opens(desk)).id for _ in range(3)]
    for number in seen:
        await desk.run_as(await operator(desk), move, number, "close")
    assert (await opens(desk)).id not in seen


async def test_without_a_limit_of_tickets_all_are_opened(desk: Desk) -> None:
    assert len({(await opens(desk)).id for _ in range(30)}) == 30
