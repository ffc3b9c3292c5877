"""Rows as objects: what the desk's own reading and writing does is what the library would do."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import bindparam, func, select, text, update
from sqlalchemy.exc import IntegrityError, NoResultFound, StatementError
from sqlalchemy.orm.exc import StaleDataError

from core.addresses import Address, MessageRef
from core.db import Database, PreparedStatement, Row
from core.db.statements import insert_rows, known_row
from core.desk import Desk
from core.models import ContactPoint, Message, Person, SystemState, Team, Ticket
from core.tickets.card import Words, words_of
from core.tickets.intake import hear
from core.tx import ReadTx, Tx
from tests.actions.people import ALICE, opens, says
from tests.actions.store import Store
from tests.actions.test_hot_path import measured
from tests.clock import Clock

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
PEOPLE: Any = Person.__table__
WITH_TICKETS = PreparedStatement(
    select(Person, Ticket, Person.name)
    .outerjoin(Ticket, Ticket.customer_id == Person.id)
    .where(Person.name == bindparam("called"))
    .order_by(Person.id, Ticket.id)
)


def person(now: datetime, name: str = "Bob", **given: Any) -> Person:
    return Person(name=name, language="en", created_at=now, **given)


def columns_of(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name) for name in list(row.__table__.columns.keys())}


def test_a_new_row_has_no_columns_but_its_own() -> None:
    """A name written wrongly would leave its column empty, and nobody would hear of it."""
    with pytest.raises(TypeError, match="'nmae' is no column of Person"):
        Person(nmae="Bob", language="en")


async def test_a_row_read_by_its_key_is_what_the_library_reads(desk: Desk) -> None:
    ticket = await opens(desk)

    async def by_key(tx: ReadTx) -> list[dict[str, Any]]:
        (message,) = await tx.all(select(Message.id))
        rows = [await tx.get(Ticket, ticket.id), await tx.get(Message, message)]
        return [columns_of(row) for row in rows]

    async def by_query(tx: ReadTx) -> list[dict[str, Any]]:
        rows = [*await tx.all(select(Ticket)), *await tx.all(select(Message))]
        return [columns_of(row) for row in rows]

    assert await desk.read(by_key) == await desk.read(by_query)


async def test_a_row_is_one_object_however_it_is_found(desk: Desk) -> None:
    ticket = await opens(desk)

    async def found(tx: Tx) -> None:
        one = await tx.get(Ticket, ticket.id)
        ((who, again, name),) = await WITH_TICKETS.rows(tx.session, {"called": ALICE.name})
        assert again is one and again is await tx.first(select(Ticket))
        assert who is await tx.get(Person, ticket.customer_id) and name == who.name
        assert again is await tx.get(Ticket, ticket.id, hold=True)

    await desk.run(found)


async def test_known_is_what_was_read_or_written_before(desk: Desk) -> None:
    ticket = await opens(desk)

    async def look(tx: Tx) -> None:
        bob = person(tx.now)
        assert known_row(tx.session, Ticket, ticket.id) is None
        assert await tx.get(Ticket, ticket.id) is known_row(tx.session, Ticket, ticket.id)
        await tx.insert(bob)
        assert known_row(tx.session, Person, bob.id) is bob
        number = bob.id
        tx.forget_rows()
        assert known_row(tx.session, Person, number) is None

    await desk.run(look)


async def test_words_are_the_same_where_they_are_written_and_afterwards(desk: Desk) -> None:
    await opens(desk)

    async def write(tx: Tx) -> tuple[int, list[Words]]:
        await hear(tx, ALICE, says(ALICE, "an emoji: 👩‍👩‍👧"))
        written = await tx.first(select(func.max(Message.id)))
        assert written is not None and known_row(tx.session, Message, written) is not None
        return written, await words_of(tx, written)

    written, words = await desk.run(write)
    assert words == await desk.read(words_of, written) and words[0].author == ALICE.name


async def test_what_an_outer_join_does_not_find_is_nothing(desk: Desk) -> None:
    async def nobody(tx: Tx) -> None:
        await tx.insert(person(tx.now))
        ((who, ticket, _),) = await WITH_TICKETS.rows(tx.session, {"called": "Bob"})
        assert isinstance(who, Person) and ticket is None

    await desk.run(nobody)


async def test_a_value_of_several_columns_is_there(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    (message,) = await store.messages(ticket.id)

    async def moved(tx: Tx) -> MessageRef:
        found = await tx.get(Message, message.id)
        source, found.source = found.source, MessageRef("email", "a@b", "7")
        await tx.write()
        tx.forget_rows()
        assert (await tx.get(Message, message.id)).source == MessageRef("email", "a@b", "7")
        return source

    assert await desk.run(moved) == message.source


@pytest.mark.parametrize(
    "said",
    [
        pytest.param({"ru": "подъезд", "emoji": "👩‍👩‍👧", "none": None}, id="words"),
        pytest.param({"half": "\ud83d", "list": [(1, 2.5), {"a": True}]}, id="half a pair"),
        pytest.param({"number": 2**80}, id="a long number"),
        pytest.param({1: "a"}, id="a number for a name"),
    ],
)
async def test_json_is_read_as_the_library_has_always_written_it(
    database: Database, said: dict[Any, Any]
) -> None:
    if not database.is_sqlite:
        pytest.skip("there the library writes it")
    before = json.dumps(said)
    async with database.write() as session:
        await insert_rows(session, [SystemState(name="new", value=said, at=NOW)])
        older = {"value": before, "at": NOW.replace(tzinfo=None).isoformat(" ")}
        await session.execute(text("INSERT INTO system_state VALUES ('old', :value, :at)"), older)
    async with database.read() as session:
        for name in ("new", "old"):
            kept = await session.get(SystemState, name)
            assert kept is not None and kept.value == json.loads(before)


async def test_the_hour_that_comes_twice_is_two_instants(database: Database) -> None:
    """Python calls them equal: in their own zone it compares what the clocks show."""
    first = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"))
    at = {"first": first, "second": first.replace(fold=1)}
    async with database.write() as session:
        rows = [SystemState(name=name, value={}, at=instant) for name, instant in at.items()]
        await insert_rows(session, rows)
    async with database.read() as session:
        for name, instant in at.items():
            kept = await session.get(SystemState, name)
            assert kept is not None and kept.at == instant.astimezone(UTC)


async def test_what_is_no_json_is_refused(database: Database) -> None:
    with pytest.raises((TypeError, StatementError)):
        async with database.write() as session:
            await insert_rows(session, [SystemState(name="x", value={"at": NOW}, at=NOW)])


async def test_a_new_row_has_its_number_and_what_was_left_out(desk: Desk) -> None:
    async def make(tx: Tx) -> None:
        bob = person(tx.now)
        await tx.insert(bob)
        assert bob.id > 0 and bob.dialogue is None and bob.language_chosen is False
        assert await tx.get(Person, bob.id) is bob
        bob.name = "Robert"  # and it can be changed like any other
        assert await tx.all(select(PEOPLE.c.name)) == ["Robert"]

    await desk.run(make)


async def test_a_change_is_one_statement_and_only_of_what_has_changed(desk: Desk) -> None:
    ticket = await opens(desk)

    async def change(tx: Tx) -> None:
        found = await tx.get(Ticket, ticket.id)
        found.title, found.reason, found.state = "Another", "why", found.state

    with measured(desk) as cost:
        await desk.run(change)
    (written,) = [text for text in cost.statements if text.startswith("UPDATE")]
    assert "title" in written and "reason" in written and "state" not in written


@pytest.mark.parametrize("apart", [True, False])
async def test_what_is_not_written_yet_is_so_when_the_library_is_asked_for_the_row(
    desk: Desk, store: Store, apart: bool
) -> None:
    """Whoever asks for it is handed the same object, with what has changed of it."""
    ticket = await opens(desk)

    async def renamed(tx: Tx) -> None:
        found = await tx.get(Ticket, ticket.id)
        customer = await tx.get(Person, found.customer_id)
        found.title, customer.dialogue = "Another", None
        query = select(Ticket).where(Ticket.id == ticket.id)
        ((asked,),) = await tx.rows(query, apart=apart)
        assert asked is found and found.title == "Another"
        found.origin = "email"
        assert (await tx.first(select(Ticket.title))) == "Another"
        assert await tx.get(Person, found.customer_id) is customer

    await desk.run(renamed)
    kept = await store.ticket(ticket.id)
    assert (kept.title, kept.origin) == ("Another", "email")
    dialogue = await desk.read(_dialogue_of, kept.customer_id)
    assert dialogue is None


async def _dialogue_of(tx: ReadTx, person_id: int) -> Any:
    return (await tx.get(Person, person_id)).dialogue


async def test_a_row_is_forgotten_with_its_transaction(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)

    async def fails(tx: Tx) -> None:
        (await tx.get(Ticket, ticket.id)).title = "Another"
        await tx.write()
        raise LookupError

    async def title(tx: Tx) -> str:
        return (await tx.get(Ticket, ticket.id)).title

    with pytest.raises(LookupError):
        await desk.run(fails)
    assert await desk.run(title) == ticket.title


@pytest.mark.parametrize("is_told", [True, False])
async def test_a_row_that_is_inserted_again_is_written_once(desk: Desk, is_told: bool) -> None:
    """Whether the library keeps it by then, or not."""
    query = select(func.count()).where(Person.name == "Bob")

    async def twice(tx: Tx) -> int | None:
        bob = person(tx.now)
        await tx.insert(bob)
        if is_told:
            assert await tx.first(query) == 1
        await tx.insert(bob)
        assert await tx.get(Person, bob.id) is bob
        return await tx.first(query)

    assert await desk.run(twice) == 1


async def test_what_was_set_to_what_it_is_writes_nothing(desk: Desk) -> None:
    ticket = await opens(desk)

    async def same(tx: Tx) -> None:
        found = await tx.get(Ticket, ticket.id)
        found.title = str(found.title)

    with measured(desk) as cost:
        await desk.run(same)
    assert not [text for text in cost.statements if text.startswith("UPDATE")]


async def test_a_query_sees_what_was_changed_before_it(desk: Desk) -> None:
    ticket = await opens(desk)

    async def change(tx: Tx) -> list[str]:
        (await tx.get(Ticket, ticket.id)).title = "Another"
        return await tx.all(select(Ticket.title))

    assert await desk.run(change) == ["Another"]


async def test_a_row_that_is_held_is_as_it_is_now(desk: Desk) -> None:
    """A statement has changed it meanwhile; what was changed of the object is kept."""
    ticket = await opens(desk)

    async def hold(tx: Tx) -> None:
        found = await tx.get(Ticket, ticket.id)
        found.reason = "ours"
        table: Any = Ticket.__table__
        await tx.change(update(table).values(title="Another"))
        assert found.title == ticket.title
        assert await tx.get(Ticket, ticket.id, hold=True) is found
        assert (found.title, found.reason) == ("Another", "ours")

    await desk.run(hold)


async def test_rows_that_are_to_be_read_anew_are(desk: Desk) -> None:
    ticket = await opens(desk)

    async def forget(tx: Tx) -> None:
        found = await tx.get(Ticket, ticket.id)
        table: Any = Ticket.__table__
        await tx.change(update(table).values(title="Another"))
        tx.forget_rows()
        assert await tx.get(Ticket, ticket.id) is found
        assert found.title == "Another"

    await desk.run(forget)


async def test_a_row_that_must_be_there_and_is_not_is_missed(desk: Desk) -> None:
    async def get(tx: Tx) -> None:
        assert await tx.find(Ticket, 77) is None
        await tx.get(Ticket, 77)

    with pytest.raises(NoResultFound):
        await desk.run(get)


async def test_a_change_of_a_row_that_is_gone_is_an_error(desk: Desk) -> None:
    async def change(tx: Tx) -> None:
        bob = person(tx.now)
        await tx.insert(bob)
        await tx.change(PEOPLE.delete())
        bob.name = "Robert"

    with pytest.raises(StaleDataError):
        await desk.run(change)


async def test_the_second_row_with_a_key_is_refused(desk: Desk) -> None:
    async def make(tx: Tx) -> None:
        await tx.insert(SystemState(name="a", value={}, at=tx.now))

    await desk.run(make)
    with pytest.raises(IntegrityError):
        await desk.run(make)


async def test_a_key_may_change(desk: Desk, store: Store) -> None:
    """The library writes that: it is rare."""
    ticket = await opens(desk)

    async def change(tx: Tx) -> None:
        point = await tx.first(select(ContactPoint))
        assert point is not None
        point.value = "77"

    await desk.run(change)
    async with store.database.read() as session:
        assert (await session.scalars(select(ContactPoint.value))).all() == ["77"]
    assert ticket.customer_id > 0


Kind = Callable[[datetime], Row]


@pytest.mark.parametrize(
    "make",
    [
        lambda now: person(now, address=Address("telegram", "7"), dialogue={"step": "describe"}),
        lambda now: person(now, unreachable_since=now - timedelta(hours=1)),
        lambda _now: Team(code="night", titles={"ru": "Ночь"}),
        lambda now: SystemState(name="a", value={"b": [1, None]}, at=now),
    ],
)
async def test_what_is_written_is_read(database: Database, clock: Clock, make: Kind) -> None:
    row = make(clock.now)
    async with database.write() as session:
        session.add(row)
    async with database.read() as session:
        (found,) = (await session.scalars(select(type(row)))).all()
        assert columns_of(found) == columns_of(row)
