"""What a customer's message costs: at most 8 statements and one commit."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.orm import Session

from core import inbox
from core.db import Database
from core.delivery import outbox_store, slow_answers
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.equipment.faults import is_any_fault_known
from core.inbox import Offered, Raw
from core.tickets.conversation import answer_delivered, reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from tests.actions.agreement_factories import agrees
from tests.actions.people import ALICE, leaves_dialogue, opens, operator, says, writes
from tests.actions.store import Store
from tests.clock import Clock
from tests.leaving import find_leaving

MOST = 8
# Transactions, and the upkeep of SQLite's log, which whoever writes just then begins.
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")


@dataclass
class Cost:
    """What went to the database."""

    statements: list[str] = field(default_factory=list)
    commits: int = 0

    def __str__(self) -> str:
        return "\n".join(f"{n:2} {' '.join(s.split())}" for n, s in enumerate(self.statements, 1))


@contextmanager
def measured(desk: Desk) -> Iterator[Cost]:
    cost = Cost()

    def heard(statement: str, _given: Any) -> None:
        if statement == "COMMIT":
            cost.commits += 1
        elif not statement.startswith(TRANSACTIONS):
            cost.statements.append(statement)

    desk.database.listeners.append(heard)
    try:
        yield cost
    finally:
        desk.database.listeners.remove(heard)


async def cost_of_a_message(desk: Desk, most: int = MOST) -> Cost:
    await desk.run(inbox.store, "telegram:1", [Raw("1", ALICE.address.chat, "{}")])
    (row,) = await desk.read(inbox.list_unfinished, 0, 1)
    await desk.read(is_any_fault_known)  # asked once in the life of a process
    with measured(desk) as cost, desk.handling(row.id):
        await desk.run(hear, ALICE, says(ALICE, "Is anybody there?"))
    assert cost.commits == 1
    assert len(cost.statements) <= most, f"\n{cost}"
    return cost


async def delivered_answer(desk: Desk, store: Store, number: int) -> None:
    await desk.run_as(await operator(desk), reply, number, writes())
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])


async def test_what_comes_alone_is_stored_and_handled_in_one_commit(desk: Desk) -> None:
    await opens(desk)
    await desk.read(is_any_fault_known)
    stored: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    offered = Offered("telegram:1", Raw("1", ALICE.address.chat, "{}"), None, stored)
    with measured(desk) as cost, desk.handling(0, offered):
        await desk.run(hear, ALICE, says(ALICE, "Is anybody there?"))
    assert await stored > 0
    assert cost.commits == 1
    assert len(cost.statements) <= MOST, f"\n{cost}"


async def test_a_message_on_a_ticket_that_waits_already(desk: Desk) -> None:
    await opens(desk)
    await cost_of_a_message(desk)


@pytest.mark.parametrize("continues", [True, False])
async def test_a_message_that_turns_the_ticket(desk: Desk, store: Store, continues: bool) -> None:
    ticket = await opens(desk)
    await delivered_answer(desk, store, ticket.id)
    if not continues:
        await leaves_dialogue(desk, ALICE)
    await cost_of_a_message(desk)
    assert (await store.ticket(ticket.id)).waiting_since is not None


async def test_notices_of_the_companys_own_cost_a_message_nothing(desk: Desk, store: Store) -> None:
    own = (
        '[[notice]]\ncode = "{0}"\nevent = "{0}"\ndelay = "1m"\ntexts = {{ en = "#{{number}}" }}\n'
    )
    file = read_directory(own.format("reopened") + own.format("registered"))
    await desk.run(apply_directory, file)
    ticket = await opens(desk)
    await delivered_answer(desk, store, ticket.id)
    await desk.run_as(await operator(desk), move, ticket.id, "freeze")
    await cost_of_a_message(desk)


# whoever had a ticket before its resolution is called by name: one statement more
@pytest.mark.parametrize(
    ("verb", "most"), [("wait", MOST), ("freeze", MOST), ("resolve", MOST + 1)]
)
async def test_a_message_that_brings_the_ticket_back(
    desk: Desk, store: Store, verb: str, most: int
) -> None:
    ticket = await opens(desk)
    await delivered_answer(desk, store, ticket.id)
    await desk.run_as(await operator(desk), move, ticket.id, verb)
    await cost_of_a_message(desk, most)
    assert (await store.ticket(ticket.id)).state == "reopened"


async def test_a_message_late_in_a_dialogue_that_turns_the_ticket(
    desk: Desk, store: Store, clock: Clock
) -> None:
    """The dialogue's end moves too."""
    ticket = await opens(desk)
    await delivered_answer(desk, store, ticket.id)
    clock.move(minutes=12)
    await cost_of_a_message(desk)


@pytest.mark.parametrize(
    ("verb", "most"), [(None, 9), ("wait", 12), ("freeze", 12), ("resolve", 14)]
)
async def test_a_message_where_an_agreement_counts(
    desk: Desk, store: Store, verb: str | None, most: int
) -> None:
    """Its clocks and its place in the queue; the ticket's row is written once."""
    await agrees(desk)
    ticket = await opens(desk)
    await delivered_answer(desk, store, ticket.id)
    if verb is not None:
        await desk.run_as(await operator(desk), move, ticket.id, verb)
    cost = await cost_of_a_message(desk, most)
    assert sum(text.startswith("UPDATE ticket") for text in cost.statements) == 1


async def test_an_answer_that_arrives(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), reply, ticket.id, writes())
    (message,) = [one.id for one in await store.messages(ticket.id) if not one.from_customer]
    with measured(desk) as cost:
        await desk.run(answer_delivered, [message])
    assert len(cost.statements) <= MOST + 1, f"\n{cost}"


@contextmanager
def asked(desk: Desk) -> Iterator[list[tuple[str, Any]]]:
    """Everything that is asked of the database, with its parameters."""
    heard: list[tuple[str, Any]] = []

    def listener(text: str, given: Any) -> None:
        if not text.startswith(TRANSACTIONS):
            heard.append((text, given))

    desk.database.listeners.append(listener)
    try:
        yield heard
    finally:
        desk.database.listeners.remove(listener)


async def plan_of(database: Database, asked: Iterable[tuple[str, Any]]) -> list[str]:
    """How SQLite goes about what was asked, step by step."""

    def explain(session: Session) -> list[str]:
        connection = session.connection()
        return [
            step.detail
            for text, given in asked
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given)
        ]

    async with database.read() as session:
        return await session.run_sync(explain)


async def test_what_has_left_costs_what_waits_nothing(desk: Desk) -> None:
    """Finding, claiming and ending parcels enter their indexes, however long the outbox is."""
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by what is in the tables")
    await opens(desk)
    with asked(desk) as heard:
        ready = await desk.read(find_leaving)
        taken = await desk.run(outbox_store.claim, [row.id for row in ready], {})
        assert taken
        assert await desk.run(outbox_store.end, taken[0].id, "sent")
        await desk.run(outbox_store.claim_next, taken[0].address, taken[0].created_at, {})
    steps = await plan_of(desk.database, heard)
    assert {step for step in steps if "outbox" in step} == {
        "SEARCH next_row USING INDEX ix_outbox_address (address>?)",
        "SEARCH waiting USING INDEX ix_outbox_address (address=? AND order_at<?)",
        "SEARCH outbox USING INDEX ix_outbox_address (address=? AND order_at<?)",
        "SEARCH next USING INDEX ix_outbox_address (address=? AND order_at<?)",
        "SEARCH earlier USING INDEX ix_outbox_pending (ordering_key=? AND id<?)",
        "SEARCH outbox USING INTEGER PRIMARY KEY (rowid=?)",
    }


async def test_a_look_for_slow_answers_reads_those_of_the_last_seconds(
    desk: Desk, clock: Clock
) -> None:
    if not desk.database.is_sqlite:
        pytest.skip("PostgreSQL chooses by what is in the tables")
    with asked(desk) as heard:
        await desk.read(slow_answers.find_slow_answers, clock.now, clock.now)
    steps = await plan_of(desk.database, heard)
    assert [step for step in steps if "outbox" in step] == [
        "SEARCH outbox USING INDEX ix_outbox_created_at (created_at>? AND created_at<?)"
    ]
