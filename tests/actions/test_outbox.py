"""Rows of the outbox: in order, once, never lost; and a group that gets a new id."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.delivery.acknowledgements import ack_slow_answers
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import move_chat, store_linked_chats
from core.delivery.outbox import row, write
from core.delivery.outbox_store import claim, end, find_interrupted, give_back
from core.delivery.pacing import Priority
from core.delivery.sent_messages import copies_of
from core.delivery.slow_answers import find_slow_answers
from core.delivery.waiting_rows import drop_unsent
from core.desk import Desk
from core.models import LinkedChat, OutboxRow, Person
from core.tickets import lifecycle
from core.tickets.card import card_of, words_of
from core.tickets.classification import retitle
from core.tickets.conversation import reply
from core.tickets.delivery_results import arrived, refused
from core.tickets.intake import hear
from core.tx import ReadTx, Tx
from tests.actions.people import (
    ALERTS,
    ALICE,
    OPERATORS,
    describe,
    opens,
    operator,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock
from tests.leaving import find_leaving

NEW_CHAT = -1009


async def put(
    desk: Desk, ordering_key: str = "1:0", dedup_key: str | None = None, **facts: Any
) -> None:
    async def action(tx: Tx) -> None:
        address = ordering_key.split(":", maxsplit=1)[0]
        line = row(
            tx,
            chat_address(int(address)),
            "text",
            Priority.GROUP_NEWS,
            ordering_key=ordering_key,
            key="x.y",
            facts=facts,
            dedup_key=dedup_key,
        )
        await write(tx, [line])

    await desk.run(action)


async def ready(desk: Desk) -> list[int]:
    return [row.id for row in await desk.read(find_leaving)]


async def take(desk: Desk) -> list[Delivery]:
    return await desk.run(claim, await ready(desk), {"seen": 1})


async def test_what_another_process_has_claimed_is_not_claimed_again(desk: Desk) -> None:
    await put(desk)
    seen = await ready(desk)  # as two processes see it at once
    assert [row.id for row in await desk.run(claim, seen, {})] == seen
    assert await desk.run(claim, seen, {}) == []


async def test_a_lane_keeps_its_order_and_other_lanes_do_not_wait(desk: Desk, clock: Clock) -> None:
    for ordering_key in ("1:7", "1:7", "1:8", "2:7"):
        await put(desk, ordering_key)
    first = await take(desk)
    assert [(p.address, p.attempts, p.probe_context) for p in first] == [
        *(("1", 1, {"seen": 1}), ("1", 1, {"seen": 1}), ("2", 1, {"seen": 1}))
    ]
    assert await take(desk) == []
    await desk.run(give_back, first[0].id, after=30.0, error="network")
    assert await ready(desk) == [], "what waits for another try holds what follows it"
    clock.move(seconds=30)
    assert await ready(desk) == [first[0].id]
    await desk.run(claim, [first[0].id], {})
    assert await desk.run(end, first[0].id, "sent") is not None
    assert await desk.run(end, first[0].id, "sent") is None
    assert len(await ready(desk)) == 1
    states = await desk.read(ReadTx.all, select(OutboxRow.state))
    assert sorted(states) == ["queued", "sending", "sending", "sent"]


async def test_the_urgent_go_first_and_busy_addresses_are_left_out(desk: Desk) -> None:
    await put(desk, "1:0")
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    addresses = [row.address for row in await desk.read(find_leaving, ("1",))]
    assert addresses[0] == ALICE.address.chat
    assert "1" not in addresses


async def test_rows_of_one_name_that_wait_are_one_with_the_newer_facts(
    desk: Desk, store: Store
) -> None:
    await put(desk, dedup_key="card", n=1)
    await put(desk, dedup_key="card", n=2)
    (row,) = await store.outbox("1")
    assert row.facts == {"n": 2}
    await take(desk)
    await put(desk, dedup_key="card", n=3)
    assert [r.facts["n"] for r in await store.outbox("1")] == [2, 3], "what is on its way is told"


async def test_a_row_given_back_gives_way_to_a_newer_one_of_its_name(
    desk: Desk, store: Store
) -> None:
    await put(desk, dedup_key="card", n=1)
    (old,) = await take(desk)
    await put(desk, dedup_key="card", n=2)
    await desk.run(give_back, old.id, after=0.0, error="network")
    assert [(r.facts["n"], r.state) for r in await store.outbox("1")] == [
        (1, "dropped"),
        (2, "queued"),
    ]


async def test_an_album_that_failed_loses_no_piece_to_its_later_ones(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes("", kind="photo", album="a"))
    clock.move(seconds=2)
    (row,) = await store.outbox(ALICE.address.chat, kind="content")
    await desk.run(claim, [row.id], {})
    await desk.run_as(olga, reply, ticket.id, writes("", kind="photo", album="a"))
    await desk.run(give_back, row.id, after=0.0, error="network")
    (waiting,) = await store.outbox(ALICE.address.chat, kind="content", state="queued")
    assert waiting.message_id is not None
    assert len(await desk.read(words_of, waiting.message_id, "a")) == 2


async def test_a_try_that_was_nobodys_fault_does_not_count(desk: Desk, store: Store) -> None:
    await put(desk)
    (delivery,) = await take(desk)
    await desk.run(give_back, delivery.id, after=0.0, error="flood", count=False)
    (row,) = await store.outbox("1")
    assert (row.attempts, row.state, row.error) == (0, "queued", "flood")
    await desk.run(give_back, delivery.id, after=9.0, error="late")
    assert (await store.outbox("1"))[0].error == "flood", "only what is on its way is given back"


async def test_what_a_killed_process_was_sending_is_found(desk: Desk) -> None:
    await put(desk)
    (delivery,) = await take(desk)
    (found,) = await desk.read(find_interrupted)
    assert (found.id, found.probe_context) == (delivery.id, {"seen": 1})


async def test_an_answer_that_has_not_left_is_dropped(desk: Desk, store: Store) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    message = (await store.messages(ticket.id))[-1].id
    assert await desk.run(drop_unsent, [message], "content") == 1
    assert await desk.run(drop_unsent, [message], "content") == 0
    assert (await store.outbox(ALICE.address.chat))[-1].state == "dropped"


# What follows from arriving


async def test_what_stands_in_the_group_is_found_again(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    await desk.run(hear, ALICE, says(ALICE, "more"))
    for delivery, message_ref in zip(await take(desk), ("501", "502"), strict=False):
        await desk.run(arrived, delivery, Sent((message_ref,), {"digest": "d"}))
    card = await desk.read(card_of, ticket.id)
    assert card and card.place and (card.place.chat, card.digest) == (str(OPERATORS), "d")
    rows = await store.outbox(OPERATORS, kind="content")
    await desk.run(claim, [rows[0].id], {})
    delivery = replace(
        (await desk.read(find_interrupted))[-1], id=rows[0].id, kind="content", person_id=None
    )
    assert delivery.message_id is not None
    await desk.run(arrived, delivery, Sent(("503",)))
    operators = chat_address(OPERATORS)
    assert await desk.read(copies_of, delivery.message_id, operators) == ["503"]


async def test_a_slow_answer_is_acknowledged_once(desk: Desk, store: Store, clock: Clock) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    written = clock.now
    earlier, later = written - timedelta(seconds=1), written + timedelta(seconds=1)
    assert await desk.read(find_slow_answers, earlier) == []
    ((_, message),) = await desk.read(find_slow_answers, written)
    assert await desk.read(find_slow_answers, later, written) == []
    assert [told for _, told in await desk.read(find_slow_answers, later, earlier)] == [message]
    for _ in range(2):
        await desk.run(ack_slow_answers, [message])
    (eyes,) = await store.outbox(OPERATORS, kind="reaction")
    assert eyes.facts["emoji"] == "👀"


async def test_who_has_blocked_the_bot_is_unreachable_until_they_write(
    desk: Desk, store: Store
) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, reply, ticket.id, writes())
    (row,) = await store.outbox(ALICE.address.chat, kind="content")
    (delivery,) = await desk.run(claim, [row.id], {})
    for _ in range(2):
        await desk.run(refused, delivery, "blocked")
    assert (await store.told(OPERATORS)).count("answer.failed.blocked") == 2
    assert "group.unreachable" not in await store.told(OPERATORS)
    card = await desk.read(card_of, ticket.id)
    assert card and card.customer_lost
    await desk.run(hear, ALICE, says(ALICE, "I am back"))
    card = await desk.read(card_of, ticket.id)
    assert card and not card.customer_lost
    people = await store.rows(select(Person).where(Person.address == ALICE.address))
    assert people[0].unreachable_since is None


# Chats that move


async def test_a_moved_group_is_followed_and_a_restart_does_not_go_back(
    desk: Desk, store: Store
) -> None:
    assert await desk.run(store_linked_chats) == desk.company
    ticket = await opens(desk)
    (card,) = await take_from(desk, OPERATORS)
    await desk.run(arrived, card, Sent(("9",)))
    await desk.run(end, card.id, "sent")
    await desk.run(hear, ALICE, says(ALICE, "more"))
    moved = await desk.run(move_chat, chat_address(OPERATORS), chat_address(NEW_CHAT))
    assert moved == replace(desk.company, operators_chat=chat_address(NEW_CHAT))
    assert await desk.run(store_linked_chats) == moved, "the environment still names the old id"
    waiting = await store.outbox(NEW_CHAT, state="queued")
    assert [row.ordering_key for row in waiting] == [f"{NEW_CHAT}:{ticket.id}"]
    assert await store.card(ticket.id) is None
    before = await store.everything()
    await desk.run(move_chat, chat_address(OPERATORS), chat_address(NEW_CHAT))
    assert await store.everything() == before


async def test_a_customer_is_told_nothing_that_only_operators_may_read(
    desk: Desk, store: Store
) -> None:
    """Not even in a fact that today's words do not say: admins may word them anew (A3)."""
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, retitle, ticket.id, "A difficult customer")
    await desk.run_as(olga, lifecycle.take, ticket.id)
    await desk.run_as(olga, lifecycle.move, ticket.id, "freeze", reason="ordered")
    await desk.run_as(olga, lifecycle.move, ticket.id, "resolve", reason="repaired")
    told = await store.outbox(ALICE.address.chat, kind="text")
    assert [row.key for row in told] == [
        "ticket.opened",
        "ticket.taken",
        "ticket.frozen",
        "ticket.resolved_reason",
    ]
    for row_told in told:
        assert set(row_told.facts) <= {"number", "due", "until", "reason", "reply"}, row_told.key


async def take_from(desk: Desk, address: int) -> list[Delivery]:
    rows = [r.id for r in await desk.read(find_leaving) if r.address == str(address)]
    return await desk.run(claim, rows, {})


async def test_another_group_in_the_environment_is_believed(desk: Desk, store: Store) -> None:
    await desk.run(store_linked_chats)
    await desk.run(move_chat, chat_address(ALERTS), chat_address(NEW_CHAT))
    desk.company = replace(desk.company, alerts_chat=chat_address(-300))
    assert (await desk.run(store_linked_chats)).alerts_chat == chat_address(-300)
    linked = await store.rows(select(LinkedChat).order_by(LinkedChat.role))
    assert {row.chat for row in linked} == {chat_address(OPERATORS), chat_address(-300)}


async def test_the_topic_of_a_picture_is_no_reason_for_a_second_card(
    desk: Desk, store: Store
) -> None:
    await desk.run(describe, ALICE, "picture")
    await desk.run(hear, ALICE, says(ALICE, "dark"))
    await desk.run_as(await operator(desk), reply, (await store.tickets())[0].id, writes())
    assert len(await store.outbox(OPERATORS, kind="card")) == 1
