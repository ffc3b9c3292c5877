"""The sums of days: what statistics say of them is what the tickets themselves say."""

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from core.desk import Desk
from core.models import Camera, DayFigures, Ticket, TicketMetrics
from core.people.staff import by_operator, enrol
from core.reports import day_figures
from core.reports.day_figures import class_of, minutes_of
from core.reports.spreads import Spread
from core.reports.statistics import Statistics, find_statistics
from core.tx import ReadTx, Tx
from tests.actions.people import OLGA, opens, operator

FIRST = date(2026, 3, 1)
DAYS = 12
TOPICS = (None, "payment", "access")
TABLE: Any = TicketMetrics.__table__

Rows = Sequence[Mapping[str, Any]]


def test_each_minute_is_in_one_class_and_classes_are_narrow() -> None:
    last = -1
    for minute in range(100_000):
        number = class_of(minute * 60 + 59)
        minutes = minutes_of(number)
        assert minute in minutes and number in (last, last + 1)
        assert len(minutes) == 1 or len(minutes) * 16 <= minutes.start
        last = number


def _ticket(dice: random.Random, number: int, people: Sequence[int]) -> dict[str, Any]:
    """What a ticket may come to; its spans are often the same."""
    opened = FIRST.toordinal() + dice.randrange(DAYS)
    first = dice.choice((None, opened + dice.randrange(3)))
    ended = None if first is None else dice.choice((None, first, first + 1))
    answer = dice.choice((None, dice.randrange(1800), dice.randrange(90_000)))
    ending = None if ended is None else dice.choice((dice.randrange(500_000), 259_260))
    assignee = dice.choice((None, *people))
    return {
        "ticket_id": number,
        "opened_day": opened,
        "first_ended_day": first,
        "ended_day": ended,
        "counted": dice.random() < 0.9,
        "topic": dice.choice(TOPICS),
        "category": dice.choice((None, "incident")),
        "team": dice.choice((None, "one")),
        "assignee_id": assignee,
        "first_answer": answer,
        "first_answer_worked": None if answer is None else answer // 3,
        "resolution": ending,
        "resolution_worked": None if ending is None else ending // 3,
        **{name: dice.randrange(9000) for name in ("by_us", "by_customer", "by_others")},
        **dict.fromkeys(("answers", "agreed_kept", "agreed_missed"), 1),
        "reopened": dice.choice((0, 0, 2)),
        "kept": dice.randrange(3),
        "missed": dice.randrange(2),
        "camera_id": dice.choice((None, 1, 2)),
        "reason": None if ended is None else dice.choice((None, "cable", "advice")),
        "ratings": dice.choice((None, [[opened, assignee, None]], [[opened, None, 4]])),
    }


def _spread(rows: Rows, name: str) -> Spread | None:
    """By hand: of all spans in order, the one in the middle and the one at nine tenths."""
    minutes = sorted(row[name] // 60 for row in rows if row["counted"] and row[name] is not None)
    n = len(minutes)
    if not n:
        return None
    middle, most = (timedelta(minutes=minutes[-(-n * part // 10) - 1]) for part in (5, 9))
    return Spread(middle, most, n)


def _check(found: Statistics, rows: Rows) -> None:
    since, until = found.since.toordinal(), found.until.toordinal()
    opened = [row for row in rows if since <= row["opened_day"] <= until]
    ended = [row for row in rows if since <= (row["ended_day"] or 0) <= until]
    solved = [row for row in rows if since <= (row["first_ended_day"] or 0) <= until]
    assert (found.opened, found.ended) == (len(opened), len(ended))
    assert found.open == sum(row["ended_day"] is None for row in rows)
    assert found.days[-1].open == sum(
        row["opened_day"] <= until and not (row["ended_day"] or until + 1) <= until for row in rows
    )
    for name in ("first_answer", "first_answer_worked"):
        assert getattr(found, name.replace("_answer", "")) == _spread(opened, name)
    for name in ("resolution", "resolution_worked"):
        assert getattr(found, name) == _spread(ended, name)
    assert found.kept == sum(row["kept"] for row in opened)
    assert found.solved == len(solved)
    assert found.reopened == sum(row["reopened"] > 0 for row in solved)
    ours = sum(row["by_us"] for row in ended if row["counted"])
    assert found.by_us == timedelta(seconds=ours)
    for shares, name in ((found.topics, "topic"), (found.cameras, "camera_id")):
        told = [row[name] for row in opened if name == "topic" or row[name] is not None]
        assert sorted(one.n for one in shares) == sorted(map(told.count, set(told)))
    why = [row["reason"] for row in ended]
    told = sorted(map(why.count, set(why))) if any(why) else []
    assert sorted(one.n for one in found.reasons) == told
    loads = {(one.ended, one.open) for one in found.operators}
    held = {row["assignee_id"] for row in rows} - {None}
    if found.scope.column != "assignee_id":
        all_of_them = [one for row in rows for one in row["ratings"] or ()]
        told = [rating for day, _, rating in all_of_them if since <= day <= until]
        rated = [rating for rating in told if rating is not None]
        assert (found.ratings.asked, found.ratings.rated) == (len(told), len(rated))
        assert found.ratings.average == (4.0 if rated else None)
    assert loads <= {
        (
            sum(row["assignee_id"] == one for row in ended),
            sum(row["assignee_id"] == one and row["ended_day"] is None for row in rows),
        )
        for one in held
    }


async def _counts(tx: Tx, before: Rows, after: Rows) -> None:
    """As when tickets are counted anew."""
    numbers = [row["ticket_id"] for row in (*before, *after)]
    await tx.change(delete(TicketMetrics).where(TicketMetrics.ticket_id.in_(numbers)))
    await tx.change(insert(TABLE), list(after))
    await day_figures.adjust(tx, before, after)


async def _all(tx: ReadTx) -> list[Any]:
    return await tx.rows(select(DayFigures.__table__).order_by(DayFigures.scope, DayFigures.day))


@pytest.fixture
async def people(desk: Desk) -> list[int]:
    """Olga and Alice: somebody must have the tickets."""
    await desk.run(by_operator, OLGA, enrol)
    olga, ticket = await operator(desk), await opens(desk)
    return [number for number in (olga.person_id, ticket.customer_id) if number is not None]


async def _makes(tx: Tx, customer: int, many: int) -> None:
    """Tickets, of which only the numbers are needed, and two cameras."""
    plain = {"customer_id": customer, "title": "", "state": "closed", "origin": "telegram"}
    plain |= {"opened_at": tx.now, "opening": "", "reopened": 0}
    table: Any = Ticket.__table__
    await tx.change(insert(table), [plain | {"id": 1000 + at} for at in range(many)])
    for number in (1, 2):
        of_it = {"fields": {}, "folded": "", "updated_at": tx.now}
        await tx.insert(
            Camera(id=number, number=f"{number}", name="", address="", area="", **of_it)
        )


async def test_sums_of_days_say_what_the_tickets_say(desk: Desk, people: list[int]) -> None:
    """In all scopes and several periods; and after many tickets have become others."""
    dice, many = random.Random(7), 150
    await desk.run(_makes, people[1], many)
    rows = {number: _ticket(dice, number, people) for number in range(1000, 1000 + many)}
    await desk.run(_counts, [], list(rows.values()))
    for part in (0, 3):  # of the tickets, every so many changes
        if part:
            changed = list(rows)[::part]
            before = [rows[number] for number in changed]
            rows |= {number: _ticket(dice, number, people) for number in changed}
            await desk.run(_counts, before, [rows[number] for number in changed])
        for words, column, value in (
            ("", None, None),
            ("payment", "topic", "payment"),
            (f"@{OLGA.handle}", "assignee_id", people[0]),
        ):
            theirs = [row for row in rows.values() if column is None or row[column] == value]
            for begin, length in ((0, DAYS + 5), (3, 1), (5, 4), (-9, 5)):
                since = FIRST + timedelta(days=begin)
                until = since + timedelta(days=length - 1)
                _check(await desk.read(find_statistics, since, until, words), theirs)


async def test_tickets_taken_back_leave_no_sum(desk: Desk, people: list[int]) -> None:
    dice = random.Random(8)
    await desk.run(_makes, people[1], 20)
    rows = [_ticket(dice, number, people) for number in range(1000, 1020)]
    await desk.run(_counts, [], rows)
    assert await desk.read(_all)
    await desk.run(day_figures.adjust, rows, [])
    assert await desk.read(_all) == []


async def test_sums_are_the_same_in_whatever_order_tickets_come(
    desk: Desk, people: list[int]
) -> None:
    dice = random.Random(9)
    await desk.run(_makes, people[1], 30)
    rows = [_ticket(dice, number, people) for number in range(1000, 1030)]
    await desk.run(_counts, [], rows)
    at_once = await desk.read(_all)
    await desk.run(day_figures.adjust, rows, [])
    for row in reversed(rows):
        await desk.run(day_figures.adjust, [], [row])
    assert await desk.read(_all) == at_once
