"""One person's flood is one post in the group; nothing of it is lost, and they hear why once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.addresses import Address
from core.company import Limit
from core.desk import Desk
from core.tickets.conversation import answer_delivered, reply
from core.tickets.conversation_pages import PAGE, page_of_words, page_with, post_page
from core.tickets.customer_dialogue import edit_own
from core.tickets.floods import TOLD_FOR, flood_of
from core.tickets.intake import hear
from tests.actions.people import ALICE, BORIS, OPERATORS, opens, operator, says, writes
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
