"""What the size of the desk costs: the sweep, the lists and the search at a million tickets."""

from __future__ import annotations

import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from bot.migrations import migrate
from channels.telegram.addresses import chat_address
from core import journal
from core.company import Company
from core.db import Database
from core.delivery import outbox
from core.desk import Desk
from core.models import Person, Ticket
from core.reports import day_figures
from core.reports.statistics import find_statistics
from core.tickets import (
    customer_tickets,
    found_lists,
    list_lines,
    lists,
    marker_counts,
    search_index,
    search_subjects,
)
from core.tickets.filters import Filters
from core.tickets.sweep import sweep
from core.tx import ReadTx, Tx
from core.words.questions import words_of_person
from core.words.stems import stems_of
from tests.postgres import Postgres, Unavailable, start
from tools.bench.figures import Figure
from tools.bench.million import HEAVY, fill_postgres, fill_sqlite, phone_of, sums_of_days

PAGES: Final = {"SQLite": 5.0, "PostgreSQL": 10.0}
RANKED: Final = 50.0
SWEEP: Final = 0.1
INSERT: Final = 5.0
SETTLED: Final = 1000.0
STATISTICS: Final = 300.0
# How often each is asked; the first of them, which compile and read the disk, do not count.
RUNS, FIRST = 25, 5
# So many first messages go into the index.
MESSAGES = 300

Looking = tuple[str, Callable[..., Awaitable[Any]], tuple[Any, ...], dict[str, Any]]


@asynccontextmanager
async def _desk(url: str) -> AsyncIterator[Desk]:
    database = Database(url)
    await migrate(database)
    try:
        yield Desk(database, Company(), (journal.SUBSCRIBER, outbox.SUBSCRIBER))
    finally:
        await database.close()


async def measure(folder: Path, *, size: float, on_postgres: bool = True) -> list[Figure]:
    tickets = max(int(1_000_000 * size), 2_000)
    figures: list[Figure] = []
    url = f"sqlite+aiosqlite:///{folder / 'desk.db'}"
    async with _desk(url) as desk:
        empty = await _took(desk.run, sweep)
        began = time.monotonic()
        fill_sqlite(folder / "desk.db", tickets)
        built = time.monotonic() - began
        sums = await sums_of_days(desk)
        await desk.run(day_figures.change, sums)
        figures += await _figures(desk, "SQLite", tickets, empty)
    figures.append(Figure(f"    SQLite: {tickets:,} tickets were made in", built, "s"))
    if not on_postgres:
        return figures
    try:
        server = start()
    except Unavailable:
        return [*figures, Figure("PostgreSQL: there is none here", 0, "")]
    try:
        return figures + await _on_postgres(server, tickets, sums)
    finally:
        server.stop()


async def _on_postgres(server: Postgres, tickets: int, sums: day_figures.Changes) -> list[Figure]:
    with server.database() as url:
        async with _desk(url) as desk:
            empty = await _took(desk.run, sweep)
            began = time.monotonic()
            await fill_postgres(url, tickets)
            built = time.monotonic() - began
            await desk.run(day_figures.change, sums)
            figures = await _figures(desk, "PostgreSQL", tickets, empty)
    return [*figures, Figure(f"    PostgreSQL: {tickets:,} tickets were made in", built, "s")]


async def _figures(desk: Desk, name: str, tickets: int, empty: list[float]) -> list[Figure]:
    full, bare = await _took(desk.run, sweep), await _took(desk.run, _nothing)
    ratio = statistics.median(full) / statistics.median(empty)
    found = [
        _figure(f"{name}: sweep, {tickets:,} tickets, none due", full, SWEEP),
        Figure("    ÷ the same in an empty desk", ratio, "×", 1.5),
        _figure("    of this, a transaction that does nothing", bare),
    ]
    for title, query, arguments, options in await desk.read(_lookings, tickets):
        took = await _took(desk.read, query, *arguments, **options)
        aim = RANKED if title.endswith("by relevance") else PAGES[name]
        found.append(_figure(f"{name}: {title}", took, aim))
    found.append(await _indexing(desk, name, tickets))
    found += await _renaming(desk, name)
    today = date.today()  # noqa: DTZ011 any day will do
    for title, days, words in (
        ("a month", 30, ""),
        ("a year", 365, ""),
        ("all tickets, two years", 731, ""),
        ("two thirds of them, of one topic", 731, "payment"),
    ):
        since = today - timedelta(days=days - 1)
        took = await _took(desk.read, find_statistics, since, today, words)
        found.append(_figure(f"{name}: /stats of {title}", took, STATISTICS))
    return found


async def _indexing(desk: Desk, name: str, tickets: int) -> Figure:
    """What a first message's words cost the index: eight common ones, one that nobody has said, and
    what is known of whoever wrote it.
    """
    common = stems_of("камера домофон шлагбаум ворота подвал лестница калитка парковка")
    common |= words_of_person("Житель", [phone_of(1)], ["one@mail.example"], ["one_of_many"])
    took = []
    for number in range(MESSAGES):
        words = {*common, f"neu{number:05}"}
        began = time.perf_counter()
        await desk.run(search_index._add, {1 + number * 7919 % tickets: words})
        took.append((time.perf_counter() - began) * 1e3)
    late = sorted(took)[-4]
    title = f"{name}: a message's words are in the index, p99"
    return Figure(title, late, "ms", INSERT, statistics.median(took), max(took))


async def _renaming(desk: Desk, name: str) -> list[Figure]:
    """Somebody who has one ticket in a hundred is called otherwise: how long the index works on
    that, and how long others wait for one of its steps.
    """
    await desk.run(_call_otherwise)
    steps, more = [], True
    while more:
        began = time.perf_counter()
        more = await desk.run(search_subjects.settle)
        steps.append((time.perf_counter() - began) * 1e3)
    title = f"{name}: one who has 1 % of all tickets is called otherwise"
    return [
        Figure(f"{title}, the longest step", max(steps), "ms", SETTLED),
        Figure("    all of them together", sum(steps), "ms"),
    ]


async def _call_otherwise(tx: Tx) -> None:
    (await tx.get(Person, 1)).name = "Соседка Первая"
    await tx.write()
    await search_subjects.note_changes(tx, search_subjects.PERSON, [1])


async def _nothing(_tx: Any) -> None:
    """The price of the door itself."""


async def _took(run: Callable[..., Awaitable[Any]], *what: Any, **how: Any) -> list[float]:
    """Milliseconds of some runs."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        await run(*what, **how)
        times.append((time.perf_counter() - began) * 1e3)
    return times[FIRST:]


def _figure(name: str, took: list[float], aim: float | None = None) -> Figure:
    return Figure(name, statistics.median(took), "ms", aim, min(took), max(took))


async def _lookings(tx: ReadTx, tickets: int) -> list[Looking]:
    """Every list, at its beginning, in its middle and at its end; searches of each kind."""
    last = tickets - tickets % 10
    deep = {
        "queue": await _cursor(tx, tickets // 2 - tickets // 2 % 10 + 6),
        "mine": await _cursor(tx, tickets // 2 - tickets // 2 % 30 + 31),
        "free": await _cursor(tx, tickets // 2 - tickets // 2 % 30 + 30),
        "overdue": await _cursor(tx, tickets // 4 - tickets // 4 % 10),
        "waiting": await _cursor(tx, tickets // 2 - tickets // 2 % 10 + 7),
        "frozen": await _cursor(tx, tickets // 2 - tickets // 2 % 10 + 8),
    }
    person = (await tx.session.scalars(select(Ticket.assignee_id).where(Ticket.id == 31))).one()
    listed = [*_pages(deep, person), *_turns(await _cursor(tx, last - 2)), *_searches(tickets)]
    return [*listed, *_filtered(deep["queue"], person)]


async def _cursor(tx: ReadTx, ticket_id: int) -> str:
    row = (await tx.session.execute(list_lines.LINES.where(Ticket.id == ticket_id))).one()
    return lists._cursor(lists._place_of(row), 1000)


def _pages(deep: dict[str, str], person: int | None) -> Iterator[Looking]:
    for view, cursor in deep.items():
        yield f"/{view}, first page", lists.page_of, (view,), {"person": person}
        yield f"/{view}, in its middle", lists.page_of, (view, cursor), {"person": person}


_NARROWED: Final = (
    *({"topic": one} for one in ("payment", "access")),
    *({"team": one} for one in ("half", "few")),
    *({"tag": one} for one in ("tenth", "few", "last")),
    *({"priority": one} for one in ("fifth", "few")),
    *({"assignee": one} for one in ("me", "nobody")),
    *({"state": one} for one in ("in_progress", "frozen")),
    *({"marker": one} for one in ("overdue", "needs_answer", "answered", "frozen")),
    *({"marker": "needs_answer", "team": one} for one in ("half", "few")),
    {"tag": "tenth", "priority": "fifth"},
    {"team": "half", "assignee": "me", "marker": "overdue"},
    {"tag": "few", "team": "few", "priority": "few"},
    {},
)
"""What the app's table is narrowed down by: common and rare, alone and together."""


def _filtered(middle: str, person: int | None) -> Iterator[Looking]:
    """The app's pages by each filter, in each order, and its counts by marker."""
    for given in _NARROWED:
        filters, name = Filters(**given), " ".join(f"{k}={v}" for k, v in given.items()) or "all"
        for order, cursor in (("", ""), ("", middle), ("oldest", ""), ("newest", middle)):
            asked = lists.PageRequest("queue", cursor, person=person, size=25, counted=False)
            where = f"{order or 'in its order'}{', in its middle' if cursor else ''}"
            yield f"app, {name}, {where}", lists.page_within, ("queue", filters, order, asked), {}
        yield f"app, {name}, counts", marker_counts.count_by_marker, ("queue", filters, person), {}


def _turns(last: str) -> Iterator[Looking]:
    yield "/queue, back from its end", lists.page_of, ("queue", last), {"backward": True}


def _searches(tickets: int) -> Iterator[Looking]:
    half = f"{tickets // 2}.500"
    busiest = chat_address(1)
    yield "own tickets of one who has 1 % of all", customer_tickets.list_own, (busiest,), {}
    middle = customer_tickets.Cursor(ended=False, number=tickets // 2 // HEAVY * HEAVY)
    yield "own tickets, in the middle", customer_tickets.list_own, (busiest, middle), {}
    for title, words, cursor in (
        ("a word of every ticket", "камера", ""),
        ("a word of every ticket, in the middle", "камера", half),
        ("a word of one ticket", f"mos{tickets // 3:07}", ""),
        ("two words of every tenth", "камера ворота", ""),
        ("two words that never meet", "домофон шлагбаум", ""),
        ("the beginning of very many words", "mos", ""),
        ("a number", f"{tickets // 3}", ""),
        ("a name that all have", "житель", ""),
        ("a phone of one", phone_of(5), ""),
        ("the phone of one who has 1 % of all", phone_of(1), ""),
        ("the same, in the middle", phone_of(1), half),
        ("the same and a word", f"{phone_of(1)} ворота", ""),
        ("a phone's last five digits", phone_of(5)[-5:], ""),
        ("an address that nobody has", "nobody@mail.example", ""),
        ("an account of every hundredth", "ромашка", ""),
        ("an account and two words", "ромашка камера ворота", ""),
        ("a solution of every tenth", "коммутатор", ""),
    ):
        yield f"/find {title}", found_lists.found_of, (words, cursor), {}
        if not cursor:
            yield (
                f"/find {title}, by relevance",
                found_lists.found_of,
                (words, found_lists.BEST),
                {},
            )
