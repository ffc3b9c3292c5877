"""A ticket's place in the queue stands beside its team, tags and priority, whoever writes (D2)."""

from typing import Any

from sqlalchemy import select, text

from core.db import Database
from core.desk import Desk
from core.models import Classification, TicketTag, TicketTeam
from core.people.staff import by_operator
from core.teams import assignment
from core.teams.assignee_parser import AssignmentWish, Target
from core.teams.teams import teams_of
from core.tickets.classification import prioritise
from core.tickets.lifecycle import move
from core.tickets.tags import tag
from core.tx import Tx
from tests.actions.people import ALICE, BORIS, OLGA, opens
from tests.actions.store import Store
from tests.actions.test_directory import apply, arranged
from tests.clock import Clock

__all__ = ["arranged"]

COMPANY = """[[priority]]
code = "high"
titles = { en = "High" }

[[team]]
code = "crew"
titles = { en = "Crew" }
"""
BESIDE: tuple[type[Any], ...] = (TicketTag, TicketTeam, Classification)


async def places(store: Store) -> dict[int, set[Any]]:
    """Where each ticket stands, by everything that says so."""
    found = {one.id: {(one.queue_rank, one.queue_at)} for one in await store.tickets()}
    for table in BESIDE:
        for row in await store.rows(select(table).order_by(table.ticket_id)):
            found[row.ticket_id].add((row.queue_rank, row.queue_at))
    return found


async def stands_once(store: Store) -> None:
    assert all(len(where) == 1 for where in (await places(store)).values())


async def give(tx: Tx, number: int) -> None:
    team = (await teams_of(tx)).get("crew")
    await assignment.hand_over(tx, number, AssignmentWish(Target(team=team)), None)


async def marked(desk: Desk, who: Any) -> int:
    """A ticket with a team, a tag and a priority."""
    number = (await opens(desk, who)).id
    await desk.run(by_operator, OLGA, tag, number, "vip gate")
    await desk.run(by_operator, OLGA, prioritise, number, "high")
    await desk.run(by_operator, OLGA, give, number)
    return number


async def test_it_follows_the_ticket(desk: Desk, store: Store, clock: Clock) -> None:
    await apply(desk, COMPANY)
    number = await marked(desk, ALICE)
    await stands_once(store)
    for verb in ("freeze", "unfreeze", "resolve", "reopen", "close"):
        clock.move(minutes=1)
        await desk.run(by_operator, OLGA, move, number, verb)
        await stands_once(store)
    assert (await places(store))[number] == {(None, None)}
    await desk.run(by_operator, OLGA, tag, number, "late")
    await stands_once(store)


async def test_what_anybody_else_writes_there_is_put_right(
    desk: Desk, store: Store, database: Database
) -> None:
    await apply(desk, COMPANY)
    one, other = [await marked(desk, who) for who in (ALICE, BORIS)]
    async with database.write() as session:
        for table in BESIDE:
            name = table.__tablename__
            await session.execute(text(f"UPDATE {name} SET queue_rank = 7"))  # noqa: S608
        await session.execute(text(f"DELETE FROM ticket_tag WHERE ticket_id = {other}"))  # noqa: S608
        await session.execute(text(f"UPDATE ticket_tag SET ticket_id = {other}"))  # noqa: S608
    await stands_once(store)
    assert one != other
