"""With very many tickets PostgreSQL reads the app's lists along their indexes, as far as it must
(D2): what it expects of a table it knows from looking at it.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from core.company import Company
from core.db import Database
from core.desk import Desk
from core.tickets import lists, marker_counts
from core.tickets.filters import Filters
from tests.actions.test_hot_path import asked
from tests.harness import fill
from tests.postgres import Postgres, in_a_thread
from tools.bench.million import fill_postgres

pytestmark = pytest.mark.postgres

TICKETS = 40_000
# A page looks at 1,000 tickets of a filter at most; a table of so few is read whole.
LOOKED_AT = 5_000
TABLES = ("ticket", "ticket_team", "ticket_tag", "classification")
SHAPES = (
    {"marker": "overdue"},
    {"marker": "needs_answer", "team": "half"},
    {"marker": "needs_answer", "team": "few"},
    {"tag": "tenth", "priority": "fifth"},
    {"team": "half", "assignee": "1", "marker": "overdue"},
    {"tag": "few", "team": "few", "priority": "few"},
)


@pytest.fixture(scope="module")
def many(postgres: Postgres) -> Iterator[str]:
    """A database with very many tickets."""
    with postgres.database(fill) as url:
        in_a_thread(fill_postgres(url, TICKETS))
        yield url


async def rows_read(desk: Desk, heard: list[tuple[str, Any]]) -> float:
    """How many of the tickets' rows a step of any of these statements has gone through."""

    def explain(session: Any) -> float:
        most = 0.0
        for text, given in heard:
            told = session.connection().exec_driver_sql(
                f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", tuple(given)
            )
            (plan,) = told.one()
            plan = json.loads(plan) if isinstance(plan, str) else plan
            of_tickets = (one for one in _steps(plan[0]["Plan"]) if _reads_tickets(one))
            most = max(most, *map(_gone_through, of_tickets), 0)
        return most

    async with desk.database.read() as session:
        return await session.run_sync(explain)


def _steps(plan: Any) -> Iterator[Any]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from _steps(part)


def _reads_tickets(step: Any) -> bool:
    return step.get("Relation Name") in TABLES


def _gone_through(step: Any) -> float:
    once = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
    return float(once * step["Actual Loops"])


@pytest.mark.parametrize("given", SHAPES, ids=" ".join)
async def test_a_page_by_filters_is_read_no_further_than_it_must(
    many: str, given: dict[str, str]
) -> None:
    database = Database(many)
    desk = Desk(database, Company(), ())
    filters = Filters(**given)
    try:
        for order in ("", "oldest", "newest"):
            wanted = lists.PageRequest("queue", size=25, counted=False)
            with asked(desk) as heard:
                await desk.read(lists.page_within, "queue", filters, order, wanted)
            assert await rows_read(desk, heard) <= LOOKED_AT, order
        with asked(desk) as heard:
            await desk.read(marker_counts.count_by_marker, "queue", filters)
        assert await rows_read(desk, heard) <= LOOKED_AT
    finally:
        await database.close()


async def test_what_reads_and_writes_is_never_compiled_by_the_server(many: str) -> None:
    database = Database(many)
    try:
        for session_of in (database.read, database.write):
            async with session_of() as session:
                jit = (await session.connection()).exec_driver_sql("SHOW jit")
                assert (await jit).scalar() == "off"
    finally:
        await database.close()
