"""What people read stands in one order, wherever the database keeps its rows.

Here each row is written anew, the last of them first: PostgreSQL then gives them backwards to
whoever asks for no order.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update

from core.contacts.contracts import sign
from core.contacts.personal_data import data_of
from core.desk import Desk
from core.directory.article_drafts import list_unwritten
from core.errors import Unreadable
from core.links.ticket_merge import merge_tickets
from core.models import (
    Agreement,
    CalendarRow,
    ContactPoint,
    JournalEntry,
    Message,
    Resolution,
    Restriction,
    SentMessage,
    Ticket,
    Timer,
)
from core.people.contact_points import Point, make_contact
from core.people.restrictions import list_restricted, restrict
from core.tasks.task_actions import resolve
from core.tickets.customer_dialogue import say_whether_helped
from core.tickets.incoming import find_counterpart
from core.tickets.intake import hear
from core.tickets.sweep import sweep
from core.tx import Tx
from core.words.contact_values import EMAIL, PHONE
from tests.actions.ended_tickets import ending
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    EVE,
    OPERATORS,
    customer,
    leaves_dialogue,
    opens,
    operator,
    ref,
    says,
)
from tests.actions.store import Store
from tests.clock import Clock


async def turned_over(desk: Desk, model: Any) -> None:
    """All rows of the table are written anew, the last first, and it is known how few they are: an
    index is not worth while then.
    """
    keys = list(model.__table__.primary_key)

    async def turn(tx: Tx) -> None:
        rows: Sequence[Any] = await tx.rows(model.__table__.select().order_by(*keys))
        for row in reversed(rows):
            mine = [key == getattr(row, key.name) for key in keys]
            await tx.change(update(model.__table__).where(*mine).values(dict(row._mapping)))
        if not tx.is_sqlite:
            await tx.change(text(f"ANALYZE {model.__tablename__}"))

    await desk.run(turn)


async def test_whoever_reads_several_rows_for_a_test_says_in_which_order(
    desk: Desk, store: Store
) -> None:
    numbers = [(await opens(desk)).id for _ in range(2)]
    with pytest.raises(AssertionError, match="in any order"):
        await store.rows(select(Ticket.id))
    assert await store.rows(select(Ticket.id).order_by(Ticket.id)) == numbers
    assert await store.rows(select(Ticket.id).where(Ticket.id == numbers[0])) == numbers[:1]
    if desk.database.is_sqlite:
        unasked = await desk.read(lambda tx: tx.all(select(Ticket.id)))
        assert unasked == numbers[::-1], "it gives them backwards in these tests"


async def test_whoever_names_no_agreement_reads_which_there_are(desk: Desk) -> None:
    async def agree(tx: Tx) -> None:
        await tx.insert(CalendarRow(code="office", title="Office", zone="UTC", week={}, days={}))
        for code in ("c", "a", "b"):
            await tx.insert(Agreement(code=code, title=code.upper(), calendar="office"))

    await desk.run(agree)
    with pytest.raises(Unreadable) as refused:
        await desk.run_as(await operator(desk, ANNA), sign, "Daisy Ltd; D-1; silver")
    assert refused.value.facts["known"] == "A, B, C"


async def test_a_customers_document_tells_in_one_order_where_they_are_reached(desk: Desk) -> None:
    points = [Point(EMAIL, "b@x.test"), Point(EMAIL, "a@x.test"), Point(PHONE, "+79161234567")]

    async def make(tx: Tx) -> int:
        return (await make_contact(tx, "Carol", points)).id

    person = await desk.run_as(await operator(desk), make)
    await turned_over(desk, ContactPoint)
    told = (await desk.read(data_of, person))["reached_at"]
    values = [one["value"] for one in told]
    assert values == ["a@x.test", "b@x.test", "+79161234567"]


async def test_what_was_solved_at_one_instant_is_listed_the_newest_first(desk: Desk) -> None:
    olga, numbers = await operator(desk), [(await opens(desk)).id for _ in range(3)]
    for number in (numbers[1], numbers[2], numbers[0]):
        await desk.run_as(olga, resolve, number, reason="a new cable")
    await turned_over(desk, Resolution)
    listed = [one.number for one in await desk.read(list_unwritten)]
    assert listed == sorted(numbers, reverse=True)


async def test_who_is_muted_until_one_instant_is_listed_in_one_order(desk: Desk) -> None:
    people = [(await customer(desk, who)).person_id or 0 for who in (ALICE, BORIS, EVE)]
    boss, until = await operator(desk), desk.clock() + timedelta(hours=1)
    for person in (people[1], people[2], people[0]):
        await desk.run_as(boss, restrict, person, "mute", until, "spam")
    await turned_over(desk, Restriction)
    assert [one.person_id for one in await desk.read(list_restricted)] == people


async def test_of_two_that_ended_at_one_instant_a_figure_rates_the_newer(
    desk: Desk, store: Store
) -> None:
    olga, numbers = await operator(desk), [(await opens(desk)).id for _ in range(2)]
    for number in reversed(numbers):
        await desk.run_as(olga, resolve, number)
        await desk.run(say_whether_helped, ALICE, number, content=True)
    await leaves_dialogue(desk, ALICE)
    await turned_over(desk, Resolution)
    heard = await desk.run(hear, ALICE, says(ALICE, "5"))
    assert heard.ticket is not None and heard.ticket.id == numbers[1]
    assert [(await ending(store, number)).rating for number in numbers] == [None, 5]


async def test_who_quotes_a_card_answers_the_ticket_s_first_words(desk: Desk, store: Store) -> None:
    one, other = [(await opens(desk, text="No picture")).id for _ in range(2)]
    await desk.run_as(await operator(desk), merge_tickets, other, one)
    stays = max((await store.messages(one), await store.messages(other)), key=len)
    await turned_over(desk, Message)
    number, card = stays[0].ticket_id or 0, ref(OPERATORS, 7)
    place = {"channel": card.channel, "chat": card.chat, "message": card.message}

    async def stand(tx: Tx) -> None:
        await tx.insert(SentMessage(**place, role="card", ticket_id=number))

    await desk.run(stand)
    quoted = {"to": str(card), "quote": "No picture"}
    first = stays[0].source
    assert await desk.read(find_counterpart, number, quoted, ALICE.address) == first


async def test_deadlines_of_one_instant_are_told_in_the_tickets_order(
    desk: Desk, store: Store, clock: Clock
) -> None:
    numbers = [(await opens(desk)).id for _ in range(3)]
    await turned_over(desk, Timer)
    clock.move(days=10)
    await desk.run(sweep)
    missed = select(JournalEntry.ticket_id).where(JournalEntry.event == "deadline_missed")
    assert await store.rows(missed.order_by(JournalEntry.id)) == numbers
