"""A storm of new tickets is few posts in each group, and tells of each ticket once (X5)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import update

from core.desk import Desk
from core.models import OutboxRow, Ticket
from core.teams.assignee_parser import read_hand_over
from core.teams.assignment import hand_over
from core.tickets import new_ticket_digest as module
from core.tickets.new_ticket_digest import CALM, post_digest
from core.tx import Tx
from tests.actions.company_directory import put_team
from tests.actions.people import OPERATORS, opens, operator
from tests.actions.store import Store
from tests.actions.test_operator_chats import GROUP, stands

TITLES = {"en": "Field crew", "ru": "Выездная бригада"}
STORM = "group.storm"


@pytest.fixture
async def crew(desk: Desk) -> None:
    await desk.run(put_team, "field", TITLES, chat=GROUP)


async def given(desk: Desk, ticket: Ticket) -> Ticket:
    wish = await desk.read(read_hand_over, "field")
    return await desk.run_as(await operator(desk), hand_over, ticket.id, wish)


async def comes(desk: Desk, count: int) -> list[int]:
    """So many new tickets."""
    return [(await opens(desk)).id for _ in range(count)]


async def told(store: Store, chat: int = OPERATORS, **those: Any) -> list[list[int]]:
    """The numbers in each post that waits."""
    posts = await store.outbox(chat, key=STORM, **({"state": "queued"} | those))
    for post in posts:
        assert post.facts["n"] == len(post.facts["tickets"].split("\n"))
    return [
        [int(line.split("#")[1].split()[0]) for line in post.facts["tickets"].split("\n")]
        for post in posts
    ]


async def cards(store: Store, chat: int = OPERATORS) -> list[int]:
    rows = await store.outbox(chat, kind="card", state="queued")
    return [row.ticket_id for row in rows if row.ticket_id is not None]


async def leave(desk: Desk, state: str) -> None:
    """All posts that wait are in this state now."""

    async def change(tx: Tx) -> None:
        here = OutboxRow.key == STORM, OutboxRow.state == "queued"
        await tx.change(update(OutboxRow).where(*here).values(state=state))

    await desk.run(change)


async def test_many_cards_for_one_group_are_one_post_there_and_nobody_else_s_business(
    desk: Desk, store: Store, crew: None
) -> None:
    calm = await opens(desk)
    many = [await given(desk, await opens(desk)) for _ in range(CALM + 1)]
    assert await desk.run(post_digest) == len(many)
    assert await told(store, GROUP) == [[each.id for each in many]]
    assert not await cards(store, GROUP)
    assert await cards(store) == [calm.id]
    assert await desk.run(post_digest) == 0


async def test_cards_that_stood_elsewhere_before_are_new_to_this_group(
    desk: Desk, store: Store, crew: None
) -> None:
    for message_ref in range(CALM + 1):
        ticket = await opens(desk)
        await stands(desk, store, ticket.id, 70 + message_ref)
        await given(desk, ticket)
    assert await desk.run(post_digest) == CALM + 1


async def test_few_cards_stay_cards(desk: Desk, store: Store) -> None:
    few = await comes(desk, CALM)
    assert await desk.run(post_digest) == 0
    assert await cards(store) == few


async def test_what_comes_while_a_post_waits_joins_it(desk: Desk, store: Store) -> None:
    many = await comes(desk, CALM + 1)
    await desk.run(post_digest)
    many += await comes(desk, 1)
    assert await desk.run(post_digest) == 1
    assert await told(store) == [many]
    assert not await cards(store)
    assert await desk.run(post_digest) == 0, "nothing new is nothing to write anew"


async def test_posts_are_filled_before_another_begins(
    desk: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = await comes(desk, CALM + 1)
    await desk.run(post_digest)
    (post,) = await store.outbox(OPERATORS, key=STORM, state="queued")
    monkeypatch.setattr(module, "LONGEST", len(post.facts["tickets"]) * 2)  # room for 26
    for _ in range(4):
        many += await comes(desk, CALM + 1)
        await desk.run(post_digest)
    posts = await told(store)
    assert [number for post in posts for number in post] == many
    assert len(posts) == 3


@pytest.mark.parametrize("state", ["sending", "sent", "failed"])
async def test_a_post_that_has_begun_to_leave_stays_as_it_is(
    desk: Desk, store: Store, state: str
) -> None:
    first = await comes(desk, CALM + 1)
    await desk.run(post_digest)
    await leave(desk, state)
    few = await comes(desk, CALM)
    assert await desk.run(post_digest) == 0
    more = await comes(desk, 1)
    assert await desk.run(post_digest) == len(few) + 1
    assert await told(store, state=state) == [first]
    assert await told(store) == [[*few, *more]]


@pytest.mark.postgres
async def test_what_another_process_is_about_to_send_is_not_told_as_well(
    desk: Desk, store: Store
) -> None:
    """It has claimed a card and a post, and has not committed that yet."""
    if desk.database.is_sqlite:
        pytest.skip("one writes after the other")
    first = await comes(desk, CALM + 1)
    await desk.run(post_digest)
    many = await comes(desk, 2)
    claimed, goes_on = asyncio.Event(), asyncio.Event()

    async def claim(tx: Tx) -> None:
        post = OutboxRow.key == STORM, OutboxRow.state == "queued"
        card = OutboxRow.ticket_id == many[0], OutboxRow.kind == "card"
        for here in (post, card):
            await tx.change(update(OutboxRow).where(*here).values(state="sending"))
        claimed.set()
        await goes_on.wait()

    claiming = asyncio.create_task(desk.run(claim))
    await claimed.wait()
    await desk.run(post_digest)
    goes_on.set()
    await claiming
    assert await told(store, state="sending") == [first]
    assert await told(store) == []
    assert await cards(store) == many[1:]
