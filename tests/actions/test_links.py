"""Links between tickets and to objects elsewhere (B19), splitting (A6), tickets alike (B12)."""

import pytest
from sqlalchemy import delete, select

from core.desk import Desk
from core.errors import NothingToDo, Refusal, Unreadable
from core.links import ticket_links
from core.links.similar import Similar, similar_to
from core.links.ticket_links import Fragment, split
from core.models import Classification, Link, OutboxRow, Service, Ticket
from core.tickets.card import card_of
from core.tickets.catalog import Classes
from core.tickets.classification import ClassWish, set_kind
from core.tickets.conversation import note
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.parents import set_parent
from core.tickets.relations import LinkFacts
from core.tickets.search_index import index_new
from core.tx import Tx
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.people import (
    ALICE,
    BORIS,
    OPERATORS,
    leaves_dialogue,
    opens,
    operator,
    ref,
    says,
    writes,
)
from tests.actions.store import Store
from tests.clock import Clock


async def links(desk: Desk, number: int) -> tuple[LinkFacts, ...]:
    card = await desk.read(card_of, number)
    assert card is not None
    return card.relations.links


async def two(desk: Desk) -> tuple[int, int]:
    return (await opens(desk, ALICE)).id, (await opens(desk, BORIS)).id


async def everything_left(tx: Tx) -> None:
    """What waited in the outbox has left, long ago."""
    await tx.session.execute(delete(OutboxRow))


async def test_two_tickets_know_each_other_and_how_the_other_fares(desk: Desk) -> None:
    one, other = await two(desk)
    olga = await operator(desk)
    await desk.run_as(olga, ticket_links.link, one, f"#{other}")
    await desk.run_as(olga, move, other, "resolve")
    (seen,) = await links(desk, one)
    assert (seen.kind, seen.other, seen.state) == ("ticket", other, "resolved")
    (back,) = await links(desk, other)
    assert (back.kind, back.other, back.state) == ("ticket", one, "new")


async def test_the_card_of_a_linked_ticket_is_drawn_anew_when_the_other_one_moves(
    desk: Desk, store: Store
) -> None:
    one, other = await two(desk)
    olga = await operator(desk)
    await desk.run_as(olga, ticket_links.link, one, f"#{other}")
    await desk.run(everything_left)
    await desk.run_as(olga, move, other, "freeze")
    drawn = {row.ticket_id for row in await store.outbox(OPERATORS, kind="card")}
    assert drawn == {one, other}
    await desk.run_as(olga, ticket_links.unlink, one, f"#{other}")
    await desk.run(everything_left)
    await desk.run_as(olga, move, other, "unfreeze")
    drawn = {row.ticket_id for row in await store.outbox(OPERATORS, kind="card")}
    assert drawn == {other}


async def test_an_object_elsewhere_has_a_title_and_a_state_that_can_change(
    desk: Desk, store: Store
) -> None:
    one, _ = await two(desk)
    olga, url = await operator(desk), "https://shop.example.org/orders/42?a=1&b=2"
    await desk.run_as(olga, ticket_links.link, one, f"{url} Cable order [paid]")
    await desk.run_as(olga, ticket_links.link, one, f"{url} [delivered]")
    (seen,) = await links(desk, one)
    assert (seen.url, seen.title, seen.state) == (url, "Cable order", "delivered")
    states = [(f["old_state"], f["state"]) for f in await store.facts(one, "object_linked")]
    assert states == [(None, "paid"), ("paid", "delivered")]
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, ticket_links.link, one, f"{url} [delivered]")


async def test_a_link_is_taken_away_from_either_end(desk: Desk, store: Store) -> None:
    one, other = await two(desk)
    olga = await operator(desk)
    await desk.run_as(olga, ticket_links.link, one, f"#{other}")
    await desk.run_as(olga, ticket_links.unlink, other, f"{one}")
    await desk.run_as(olga, ticket_links.link, one, "http://example.org")
    await desk.run_as(olga, ticket_links.unlink, one, "http://example.org")
    assert await store.rows(select(Link)) == []
    told = [facts["what"] for facts in await store.facts(one, "unlinked")]
    assert told == [f"#{other}", "http://example.org"]
    assert [facts["what"] for facts in await store.facts(other, "unlinked")] == [f"#{one}"]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("#{one}", "refusal.link_itself"),
        ("#999", "refusal.no_such_ticket"),
        ("#{other} soon", "refusal.no_link"),
        ("cable", "refusal.no_link"),
        ("javascript:alert(1)", "refusal.no_link"),
        ("ftp://example.org/a", "refusal.no_link"),
        ("https://", "refusal.no_link"),
        ("http://[broken", "refusal.no_link"),
        ("https://example.org/" + "x" * 1000, "refusal.no_link"),
    ],
)
async def test_what_is_no_link_is_refused_and_changes_nothing(
    desk: Desk, store: Store, words: str, key: str
) -> None:
    one, other = await two(desk)
    olga = await operator(desk)
    held = await store.everything()
    with pytest.raises(Refusal) as refused:
        await desk.run_as(olga, ticket_links.link, one, words.format(one=one, other=other))
    assert refused.value.key == key
    assert await store.everything() == held


async def test_twice_is_once_and_no_card_drowns_in_links(desk: Desk) -> None:
    one, other = await two(desk)
    olga = await operator(desk)
    await desk.run_as(olga, ticket_links.link, one, f"#{other}")
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, ticket_links.link, other, f"#{one}")
    for at in range(ticket_links.MOST - 1):
        await desk.run_as(olga, ticket_links.link, one, f"https://example.org/{at}")
    with pytest.raises(Refusal, match="too_many_links"):
        await desk.run_as(olga, ticket_links.link, one, "https://example.org/last")
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, ticket_links.unlink, one, "https://example.org/never")


# ------------------------------------------------------------------ splitting


async def service(desk: Desk, store: Store, code: str) -> None:
    """The company offers this service."""

    async def offer(tx: Tx) -> None:
        await tx.insert(Service(code=code, position=1, titles={"en": code.title()}))
        tx.invalidate(Classes)

    if not await store.rows(select(Service).where(Service.code == code)):
        await desk.run(offer)


async def test_a_quote_becomes_a_ticket_with_everything_filled_in(desk: Desk, store: Store) -> None:
    await service(desk, store, "archive")
    old = await opens(desk, ALICE, "No picture. And the bill is wrong.")

    async def is_a_complaint(tx: Tx) -> None:
        held = await tx.get(Ticket, old.id)
        await set_kind(tx, held, ClassWish(service="archive", category="complaint"))

    await desk.run(is_a_complaint)
    (message,) = await store.messages(old.id)
    part = Fragment(message.source, "And the bill is wrong.", ref(OPERATORS, 77))
    new, _ = await desk.run_as(await operator(desk), split, part)
    ticket = await store.ticket(new.id)
    assert (ticket.title, ticket.opening) == ("And the bill is wrong.", "And the bill is wrong.")
    assert (ticket.customer_id, ticket.topic, ticket.origin) == (
        old.customer_id,
        "payment",
        "split",
    )
    (kind,) = await store.rows(select(Classification).where(Classification.ticket_id == new.id))
    assert (kind.service, kind.category) == ("archive", "complaint")
    (here,), (there,) = await links(desk, new.id), await links(desk, old.id)
    assert (here.kind, here.other) == ("split_from", old.id)
    assert (there.kind, there.other) == ("split_to", new.id)
    assert "ticket_split" in await store.journal(new.id)
    assert "split_off" in await store.journal(old.id)


async def test_the_customer_hears_of_the_split_once_and_the_group_sees_both_cards(
    desk: Desk, store: Store
) -> None:
    old = await opens(desk, ALICE, "No picture. And the bill is wrong.")
    (message,) = await store.messages(old.id)
    part = Fragment(message.source, "the bill is wrong", ref(OPERATORS, 77))
    new, _ = await desk.run_as(await operator(desk), split, part)
    told = [row for row in await store.outbox(ALICE.address.chat) if row.ticket_id == new.id]
    assert [row.key for row in told] == ["ticket.split"]
    assert told[0].facts["source"] == old.id and "title" not in told[0].facts
    cards = {row.ticket_id for row in await store.outbox(OPERATORS, kind="card")}
    assert {old.id, new.id} <= cards
    assert (await store.timers(new.id)).keys() >= {"answer"}


async def test_without_a_quote_the_whole_message_is_split_off(desk: Desk, store: Store) -> None:
    old = await opens(desk, ALICE)
    await desk.run(hear, ALICE, says(ALICE, "The door, too", message_ref=4711))
    part = Fragment(ref(ALICE.address.chat, 4711), None, ref(OPERATORS, 78), title="Door")
    new, source = await desk.run_as(await operator(desk), split, part)
    assert (new.title, new.opening, source.id) == ("Door", "The door, too", old.id)


async def test_what_belongs_to_nothing_or_says_nothing_is_not_split(
    desk: Desk, store: Store
) -> None:
    old = await opens(desk, ALICE)
    olga = await operator(desk)
    with pytest.raises(Unreadable, match="split_what"):
        await desk.run_as(
            olga, split, Fragment(ref(OPERATORS, 999_999), "words", ref(OPERATORS, 79))
        )
    await desk.run(hear, ALICE, says(ALICE, "", kind="photo", message_ref=4712))
    with pytest.raises(Unreadable, match="split_nothing"):
        await desk.run_as(
            olga, split, Fragment(ref(ALICE.address.chat, 4712), None, ref(OPERATORS, 79))
        )
    written = writes("the meter is old")
    await desk.run_as(olga, note, old.id, written)
    part = Fragment(written.ref, None, ref(OPERATORS, 80))
    new, _ = await desk.run_as(olga, split, part)
    assert new.opening == "the meter is old"


# ------------------------------------------------------------------ alike


async def alike(desk: Desk, clock: Clock, number: int) -> tuple[Similar, ...]:
    clock.move(minutes=1)  # PostgreSQL: what was just written settles before it is indexed
    while await desk.run(index_new):
        pass
    return await desk.read(similar_to, number)


async def test_each_reason_is_told_and_those_solved_come_first(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await service(desk, store, "archive")
    await brings(desk, camera("A1", ALICE), camera("A2", BORIS), camera("B1", ALICE, area="South"))
    olga = await operator(desk)
    solved = await tells(desk, ALICE, "A1", "It is dark")
    assert solved.ticket is not None
    await desk.run_as(olga, move, solved.ticket.id, "close")
    await leaves_dialogue(desk, ALICE)
    near = await tells(desk, BORIS, "A2", "Something else")
    await leaves_dialogue(desk, BORIS)
    far = await tells(desk, ALICE, "B1", "Elsewhere")
    await leaves_dialogue(desk, ALICE)
    assert near.ticket is not None and far.ticket is not None
    spoken = await opens(desk, BORIS, "The recorder beeps loudly")
    await leaves_dialogue(desk, BORIS)

    asked = await tells(desk, ALICE, "A1", "The recorder beeps loudly again")
    assert asked.ticket is not None and asked.ticket.id != solved.ticket.id
    found = {one.line.number: one for one in await alike(desk, clock, asked.ticket.id)}
    assert next(iter(found)) == solved.ticket.id
    assert found[solved.ticket.id].reasons == ("camera", "area")
    assert found[near.ticket.id].reasons == ("area",)
    assert found[spoken.id].words == ("beeps", "loudly", "recorder")
    assert far.ticket.id not in found


async def test_a_word_that_everybody_uses_is_no_reason(desk: Desk, clock: Clock) -> None:
    one = await opens(desk, ALICE, "Please help with the turnstile")
    await opens(desk, BORIS, "Please help with the heating")
    found = await alike(desk, clock, one.id)
    assert all(len(each.words) >= 2 for each in found)
    with pytest.raises(Refusal, match="no_such_ticket"):
        await desk.read(similar_to, 999)


async def test_who_is_part_of_another_is_not_offered_as_parent(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await service(desk, store, "archive")
    one, other = await two(desk)
    await leaves_dialogue(desk, ALICE)
    third = (await opens(desk, ALICE, "More")).id

    async def same(tx: Tx) -> None:
        for number in (one, other, third):
            held = await tx.get(Ticket, number)
            await set_kind(tx, held, ClassWish(service="archive"))

    await desk.run(same)
    await desk.run_as(await operator(desk), set_parent, other, third)
    found = {each.line.number: each for each in await alike(desk, clock, one)}
    assert found[other].child and not found[third].child
    assert found[third].reasons == ("service",)
