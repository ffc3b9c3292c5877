"""A desk with very many tickets, made by the database itself: minutes of inserting one by one
would buy nothing. Most of them stand in the queue, which is the worst that can happen to a list.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from sqlalchemy import select

from core.desk import Desk
from core.models import TicketMetrics
from core.reports import day_figures
from core.tx import ReadTx
from core.words.stems import stems_of

_TABLE: Final[Any] = TicketMetrics.__table__
OPERATORS: Final = 20
# Every so many tickets are one and the same customer's.
HEAVY: Final = 100
WORDS: Final = (  # a word, and in which tickets it stands
    ("камера", "true"),
    ("домофон", "n % 2 = 1"),
    ("шлагбаум", "n % 2 = 0"),
    ("ворота", "n % 10 = 0"),
    ("подвал", "n % 1000 = 0"),
)

# The same SQL for both; {at} turns seconds since 1970 into an instant, {unique} makes a word.
_PEOPLE: Final = """
INSERT INTO person (id, address, name, language, language_chosen, created_at)
SELECT n, 'telegram:' || n, 'Житель ' || n, 'ru', false, {now} FROM {numbers}"""
_POINTS: Final = """
INSERT INTO contact_point (person_id, kind, value, verified_at)
SELECT n, 'telegram', CAST(n AS VARCHAR(200)), {now} FROM {numbers}"""
_TICKETS: Final = """
INSERT INTO ticket (id, customer_id, topic, title, state, assignee_id, origin, opened_at, opening,
  waiting_since, answer_due, missed_due, frozen_until, closed_at, reopened, queue_rank, queue_at)
SELECT n, CASE WHEN n % {heavy} = 0 THEN 1 ELSE 2 + n % ({people} - 1) END,
  CASE WHEN n % 997 = 0 THEN 'access' ELSE 'payment' END,
  'Камера у подъезда ' || n,
  CASE WHEN n % 10 < 6 THEN 'in_progress' WHEN n % 10 < 8 THEN 'waiting'
    WHEN n % 10 = 8 THEN 'frozen' ELSE 'closed' END,
  CASE WHEN n % 3 > 0 THEN {people} + 1 + n % {operators} END,
  'telegram', {opened}, 'Камера у подъезда не показывает',
  CASE WHEN n % 10 < 6 THEN {opened} END, CASE WHEN n % 10 < 6 THEN {due} END,
  CASE WHEN n % 10 < 6 AND n <= {tickets} / 2 THEN {due} END,
  CASE WHEN n % 10 = 8 THEN {later} END, CASE WHEN n % 10 = 9 THEN {opened} END, 0,
  CASE WHEN n % 10 < 6 THEN 0 WHEN n % 10 < 8 THEN 1 WHEN n % 10 = 8 THEN 2 END,
  CASE WHEN n % 10 < 6 THEN {due} WHEN n % 10 < 8 THEN {opened}
    WHEN n % 10 = 8 THEN {later} END
FROM {numbers}"""
_TIMERS: Final = """
INSERT INTO timer (ticket_id, kind, due_at) SELECT n, 'answer', {later} FROM {numbers}"""
# Two years of them, of which a few hundred go on; ordinals of days.
_METRICS: Final = """
INSERT INTO ticket_metrics (ticket_id, opened_day, first_ended_day, ended_day, counted, topic,
  assignee_id, first_answer, first_answer_worked, resolution, resolution_worked, by_us,
  by_customer, by_others, answers, reopened, kept, missed, agreed_kept, agreed_missed)
SELECT n, {today} - ({tickets} - n) * 730 / {tickets},
  CASE WHEN n % 2000 > 0 THEN {today} - ({tickets} - n) * 730 / {tickets} END,
  CASE WHEN n % 2000 > 0 THEN {today} - ({tickets} - n) * 730 / {tickets} END,
  n % 50 > 0, CASE WHEN n % 3 > 0 THEN 'payment' ELSE 'access' END,
  {people} + 1 + n % {operators}, n * 7919 % 86400, n * 7919 % 28800,
  CASE WHEN n % 2000 > 0 THEN n * 10477 % 604800 END,
  CASE WHEN n % 2000 > 0 THEN n * 10477 % 144000 END, n % 7200, n % 86400, 0, 1,
  CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END, 1, 0, 0, 0
FROM {numbers}"""
# Half of them are with one team, a tenth has a tag, and of each kind there is one of which few have
# it: every thousandth, or only those that come last in the queue.
_TEAMS: Final = """
INSERT INTO ticket_team (ticket_id, team, level, queue_rank, queue_at)
SELECT id, CASE WHEN id % 997 = 0 THEN 'few' WHEN id % 2 = 0 THEN 'half' ELSE 'others' END, 1,
  queue_rank, queue_at FROM ticket"""
_TAGS: Final = """
INSERT INTO ticket_tag (tag, ticket_id, queue_rank, queue_at)
SELECT 'tenth', id, queue_rank, queue_at FROM ticket WHERE id % 10 = 0 UNION ALL
SELECT 'few', id, queue_rank, queue_at FROM ticket WHERE id % 997 = 0 UNION ALL
SELECT 'last', id, queue_rank, queue_at FROM ticket WHERE id > {tickets} - 300"""
_CLASSES: Final = """
INSERT INTO classification (ticket_id, priority, queue_rank, queue_at)
SELECT id, CASE WHEN id % 997 = 0 THEN 'few' WHEN id % 5 = 0 THEN 'fifth' ELSE 'others' END,
  queue_rank, queue_at FROM ticket"""
_WORD: Final = """
INSERT INTO search_word (word, ticket_id) SELECT '{word}', n FROM {numbers} WHERE {where}"""
_UNIQUE: Final = """
INSERT INTO search_word (word, ticket_id) SELECT {unique}, n FROM {numbers}"""
# What tickets are found by of their customers: a name that all have, a phone of each, an account of
# every hundredth; and how every tenth was solved.
_NAMES: Final = """
INSERT INTO search_word (word, ticket_id) SELECT '@жител', id FROM ticket"""
_PHONES: Final = """
INSERT INTO search_word (word, ticket_id)
SELECT '~+' || {backwards} || '97', id FROM ticket ORDER BY 1, 2"""
_ACCOUNTS: Final = """
INSERT INTO search_word (word, ticket_id)
SELECT '~{account}', id FROM ticket WHERE customer_id % 100 = 1"""
_SOLVED: Final = """
INSERT INTO search_word (word, ticket_id) SELECT '={solved}', id FROM ticket WHERE id % 10 = 9"""
_SUBJECTS: Final = """
INSERT INTO search_subject (kind, subject_id, words, mixed)
SELECT 'person', id, '@жител ~+' || {backwards_of_id} || '97'
  || CASE WHEN id % 100 = 1 THEN ' ~{account}' ELSE '' END, false FROM person"""


def phone_of(person: int) -> str:
    """The phone by which tickets of a customer with this number are found."""
    return "+79" + f"{person:09}"[::-1]


def _statements(
    tickets: int, numbers: str, instant: str, unique: str, backwards: str
) -> Iterator[str]:
    people, now = max(tickets // 10, 10), int(time.time())
    names = {
        "people": people,
        "operators": OPERATORS,
        "heavy": HEAVY,
        "unique": unique,
        "tickets": tickets,
        "today": date.today().toordinal(),  # noqa: DTZ011 any day will do
        "now": instant.format(f"{now}"),
        "backwards": backwards.format("customer_id"),
        "backwards_of_id": backwards.format("id"),
        "account": min(stems_of("Ромашка")),
        "solved": min(stems_of("коммутатор")),
        "opened": instant.format(f"{now} - 3 * {tickets} + n"),
        "due": instant.format(f"{now} - {tickets} / 2 + n"),  # one half of them is overdue
        "later": instant.format(f"{now} + 86400 + n"),
    }
    everybody = numbers.format(people + OPERATORS)
    for each in (_PEOPLE, _POINTS):
        yield each.format(numbers=everybody, **names)
    all_of_them = numbers.format(tickets)
    for each in (_TICKETS, _TIMERS, _UNIQUE, _METRICS):
        yield each.format(numbers=all_of_them, **names)
    for word, where in sorted((min(stems_of(word)), where) for word, where in WORDS):
        yield _WORD.format(word=word, where=where, numbers=all_of_them)
    for each in (_NAMES, _PHONES, _ACCOUNTS, _SOLVED, _SUBJECTS, _TEAMS, _TAGS, _CLASSES):
        yield each.format(**names)


def fill_sqlite(path: Path, tickets: int) -> None:
    """Fill a migrated file."""
    numbers = (
        "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {})"
        " SELECT * FROM c)"
    )
    instant = "strftime('%Y-%m-%d %H:%M:%S.000000', {}, 'unixepoch')"
    backwards = "printf('%09d', {0})"
    unique = "printf('mos%07d', n)"
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for pragma in ("synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN")
        for statement in _statements(tickets, numbers, instant, unique, backwards):
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


async def sums_of_days(desk: Desk) -> day_figures.Changes:
    """What the metrics of all tickets come to, by day: the same on both databases."""
    sums: day_figures.Changes = defaultdict(Counter)
    names, after = _TABLE.c.keys(), 0
    while rows := await desk.read(_metrics, after):
        after = rows[-1].ticket_id
        day_figures.add_up(sums, (dict(zip(names, row, strict=True)) for row in rows))
    return sums


async def _metrics(tx: ReadTx, after: int) -> Sequence[Any]:
    number = _TABLE.c.ticket_id
    return await tx.rows(select(_TABLE).where(number > after).order_by(number).limit(20_000))


async def fill_postgres(url: str, tickets: int) -> None:
    """Fill a migrated database of a server that is ours; foreign keys are taken on trust."""
    numbers, instant = "generate_series(1, {}::bigint) AS n", "to_timestamp({})"
    connection = await asyncpg.connect(urlunsplit(urlsplit(url)._replace(scheme="postgresql")))
    try:
        await connection.execute("SET session_replication_role = replica")
        unique = "'mos' || lpad(n::text, 7, '0')"
        backwards = "lpad({0}::text, 9, '0')"
        for statement in _statements(tickets, numbers, instant, unique, backwards):
            await connection.execute(statement)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
