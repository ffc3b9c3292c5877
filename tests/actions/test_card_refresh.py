"""Whatever changes what a card shows has the card drawn anew (R10)."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import delete, select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.links.ticket_links import link
from core.models import OutboxRow, Task
from core.tasks.task_actions import finish_task, take_task
from core.tasks.task_opening import create_task
from core.tickets.card import card_of
from core.tickets.classification import change_topic, prioritise, retitle
from core.tickets.field_edits import set_field
from core.tickets.lifecycle import take
from core.tickets.next_contact import plan_contact
from core.tickets.parents import set_parent
from core.tickets.tags import tag
from core.tx import Tx
from tests.actions.people import OPERATORS, opens, operator
from tests.actions.store import Store

FIELD: Final = '[[field]]\ncode = "contract"\ntitles = { en = "Contract" }\nkind = "text"\n'
Change = Callable[[Tx, int], Awaitable[object]]


async def _task(tx: Tx, number: int) -> int:
    tasks = select(Task.id).where(Task.ticket_id == number)
    return (await tx.all(tasks.order_by(Task.id)))[0]


async def _takes_task(tx: Tx, number: int) -> None:
    await take_task(tx, await _task(tx, number))


async def _ends_task(tx: Tx, number: int) -> None:
    await finish_task(tx, await _task(tx, number), "")


CHANGES: Final[dict[str, Change]] = {
    "the ticket is taken": take,
    "its task is taken": _takes_task,
    "its task is done": _ends_task,
    "another priority": lambda tx, number: prioritise(tx, number, "high"),
    "another topic": lambda tx, number: change_topic(tx, number, "access"),
    "another title": lambda tx, number: retitle(tx, number, "Something else"),
    "a tag": lambda tx, number: tag(tx, number, "vip"),
    "a field": lambda tx, number: set_field(tx, number, "contract 77-15"),
    "a day of the next contact": lambda tx, number: plan_contact(
        tx, number, tx.now + timedelta(days=1)
    ),
    "a link": lambda tx, number: link(tx, number, "https://example.org/42"),
    "a parent": lambda tx, number: set_parent(tx, number, number - 1),
}


@pytest.mark.parametrize("name", CHANGES)
async def test_what_a_card_shows_is_drawn_anew_when_it_changes(
    desk: Desk, store: Store, name: str
) -> None:
    async def forget(tx: Tx) -> None:
        await tx.change(delete(OutboxRow))

    await desk.run(apply_directory, read_directory(FIELD))
    await opens(desk)
    ticket, olga = await opens(desk), await operator(desk)
    await desk.run_as(olga, create_task, ticket.id)
    before = await desk.read(card_of, ticket.id)
    await desk.run(forget)
    await desk.run_as(olga, CHANGES[name], ticket.id)
    assert await desk.read(card_of, ticket.id) != before
    drawn = [row.ticket_id for row in await store.outbox(OPERATORS, kind="card")]
    assert ticket.id in drawn
