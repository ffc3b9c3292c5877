"""The directory is changed while people write at an even pace: for `tools.torture` (X12).

Fifty messages a second arrive by the clock, whatever the desk does; new tickets are opened beside
them. Meanwhile an admin changes states and the ways between them, a field and the deadline, by the
command line and in the chat. Everything must stand where it belongs, once, and each message must
have been handled by one version of the directory (`tools.torture.versions`).
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import asyncpg

from tests.e2e.warm import WarmProcesses
from tests.postgres import Unavailable, start_own
from tools.fleet import fleet
from tools.torture.desk_under_test import (
    OPENS,
    PATIENCE,
    DeskUnderTest,
    Died,
    NotTried,
    Outcome,
    Play,
    Sizes,
    desk_under_test,
)
from tools.torture.versions import Entry, Judgement, directory, judge

RATE: Final = 50  # messages a second
PEOPLE: Final = 24
# Of so many things said one is an answer: the next message of its customer begins a deadline.
_ANSWERS: Final = 5
# Seconds between two versions, and between two new tickets.
_EVERY: Final = 0.2
_OPENED_EVERY: Final = 1.0
_VERSIONS: Final = 2  # at least so many come while people write


@dataclass(slots=True)
class Pace:
    """How punctual what was said has been, in seconds."""

    late: list[float] = field(default_factory=list)
    took: float = 0.0

    def __str__(self) -> str:
        late = sorted(self.late)
        rate = len(late) / self.took
        return f"{rate:.1f} a second for {self.took:.0f} s, the latest {late[-1]:.2f} s late"


@dataclass(slots=True)
class Changes:
    """A desk whose admin changes the directory."""

    desk_under_test: DeskUnderTest
    lives: WarmProcesses
    version: int = 0
    opened: int = 0
    asked: int = 0  # what customers said
    before: int = 0  # the last entry of the journal from before the first version
    pace: Pace = field(default_factory=Pace)

    async def begin(self) -> None:
        """The first version, by which all processes work before anybody writes."""
        await self.apply()
        version = await self.desk_under_test.ask("SELECT max(number), 0 FROM directory_version")
        said = f"version {version[0][0]} of the directory is in force\n"
        logs = [*self.desk_under_test.stage.folder.glob("bot*.log")]
        async with asyncio.timeout(PATIENCE):
            while not all(said in log.read_text() for log in logs):
                await asyncio.sleep(0.1)
        ((self.before, _),) = await self.desk_under_test.ask("SELECT max(id), 0 FROM journal")

    async def apply(self) -> None:
        """The next version, twice by the command line, then in the chat."""
        self.version += 1
        file = directory(self.version)
        await (self._by_command(file) if self.version % 3 else self._by_chat(file))

    async def _by_command(self, file: str) -> None:
        stage = self.desk_under_test.stage
        path = stage.folder / "directory.toml"
        path.write_text(file, encoding="utf-8")
        arguments = ("directory", "apply", str(path), "--yes")
        code, out, errors = await self.lives.run(stage.environment(), *arguments)
        assert code == 0, errors
        assert out.startswith("@@"), out

    async def _by_chat(self, file: str) -> None:
        admin = self.desk_under_test.stage.admin
        await admin.send_document(data=file.encode(), name="directory.toml")
        changed = f'+titles = {{ ru = "Шаг {self.version}" }}'
        shown = await admin.expect(changed, button="Применить", timeout=PATIENCE)
        await admin.press("Применить", message=shown)
        await admin.expect("Справочник изменён", edited=None, timeout=PATIENCE)

    async def go_on(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await self.apply()
            await asyncio.sleep(_EVERY)

    async def open(self, over: asyncio.Event) -> None:
        """New customers, who open a ticket each."""
        while not over.is_set():
            self.opened += 1
            person = self.desk_under_test.stage.customer(f"Новый {self.opened}")
            await person.say(OPENS)
            await person.press_soon("Открыть", timeout=PATIENCE)
            await person.expect("принято", timeout=PATIENCE)
            await asyncio.sleep(_OPENED_EVERY)

    async def speak(self, seconds: float) -> None:
        """Say so much, each thing at its time, and until there were some versions; what is late is
        said at once.
        """
        began, made = time.monotonic(), self.desk_under_test
        for number in count():
            if number >= RATE * seconds and self.version > _VERSIONS:
                break
            due = began + number / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            await self._say(number)
            self.pace.late.append(time.monotonic() - due)
            if not made.bot.running:
                raise Died("the desk died")
        self.pace.took = time.monotonic() - began

    async def _say(self, number: int) -> None:
        made = self.desk_under_test
        person, card = made.people[number % len(made.people)]
        made.said += 1
        words = f"Слова №{made.said:05}."
        # each customer is answered now and then, whatever their place in the round
        if (number + number // len(made.people)) % _ANSWERS:
            self.asked += 1
            await person.say(words)
        else:
            await made.stage.olga.reply(card, words)


async def play(made: DeskUnderTest, lives: WarmProcesses, seconds: float) -> Outcome:
    """People write for so many seconds while the directory changes; then all is counted."""
    changes, over = Changes(made, lives), asyncio.Event()
    await made.stage.admin.start()
    await made.settle_in(PEOPLE)
    await changes.begin()
    began = time.monotonic()

    async def speak() -> None:
        await changes.speak(seconds)
        over.set()

    async with asyncio.TaskGroup() as together:
        for doing in (speak(), changes.go_on(over), changes.open(over)):
            together.create_task(doing)
    stopped = time.monotonic()
    stuck = not await made.until_all_stands()
    after = time.monotonic() - stopped
    outcome = replace(await made.count(began), stuck=stuck)
    return await _judge(changes, outcome, after)


_JOURNAL: Final = (
    "SELECT ticket_id, at, event, facts, {by} FROM journal {join} WHERE id > {before} ORDER BY id"
)
_TWICE: Final = "SELECT text, count(*) FROM message GROUP BY 1 HAVING count(*) > 1 AND text <> '{}'"
_SINCE: Final = "SELECT at, document FROM directory_version ORDER BY number"


async def _judge(changes: Changes, outcome: Outcome, after: float) -> Outcome:
    """Read what the desk wrote down, and judge it."""
    made = changes.desk_under_test
    several = "DATABASE_URL" in made.stage.settings
    by, join = ("who", "LEFT JOIN handled_by ON entry = id") if several else ("''", "")
    rows = await made.ask(_JOURNAL.format(by=by, join=join, before=changes.before))
    judged = judge(_entry(*row) for row in rows if row[0] is not None)
    expected = changes.asked + changes.opened
    if len(judged.seen) != expected:
        judged.faults.append(f"{len(judged.seen)} messages handled of {expected}")
    for text, times in await made.ask(_TWICE.format(OPENS)):
        judged.faults.append(f"{text!r} is stored {times} times")
    if judged.faults:
        print(*judged.faults[:20], sep="\n", file=sys.stderr)
    since = [(_when(at), document) for at, document in await made.ask(_SINCE)]
    note = (
        f"{changes.pace}; {len({one.version for one in judged.seen})} versions of {changes.version}"
        f" seen, {len(judged.faults)} mixed, an earlier one for {_latest(judged, since):.1f} s at"
        f" most;"
        f" all stood after {after:.0f} s"
    )
    return replace(outcome, note=note, mixed=len(judged.faults))


def _entry(ticket: int, at: Any, event: str, facts: Any, by: str | None) -> Entry:
    read = json.loads(facts) if isinstance(facts, str) else facts
    return Entry(ticket, _when(at), event, read, by or "")


def _when(at: Any) -> datetime:
    when = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def _latest(judged: Judgement, since: Sequence[tuple[datetime, str]]) -> float:
    """How many seconds after a version a message was still handled by the one before."""
    begun: dict[int, datetime] = {}
    for at, document in since:
        if found := re.search(r'"Шаг (\d+)"', document):
            begun.setdefault(int(found[1]), at)
    late = (
        (one.at - begun[one.version + 1]).total_seconds()
        for one in judged.seen
        if one.version + 1 in begun
    )
    return max(0.0, *late)


# ---------------------------------------------------------------- one process, and two


async def one_process(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """On SQLite."""
    async with desk_under_test(folder, lives, MESSAGE_LIMIT="off", TICKET_LIMIT="off") as made:
        return await play(made, lives, sizes.paced)


# Which of the processes wrote an entry of the journal: each has a user of its own.
_WITNESS: Final = """
CREATE TABLE handled_by (entry bigint PRIMARY KEY, who text NOT NULL);
CREATE FUNCTION witness() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO handled_by VALUES (NEW.id, session_user); RETURN NEW; END $$;
CREATE TRIGGER witness AFTER INSERT ON journal FOR EACH ROW EXECUTE FUNCTION witness();
CREATE ROLE second SUPERUSER LOGIN;
"""


async def two_processes(folder: Path, lives: WarmProcesses, sizes: Sizes) -> Outcome:
    """On PostgreSQL, where both handle what arrives."""
    try:
        server = await asyncio.to_thread(start_own, None)
    except Unavailable as why:
        raise NotTried(f"no PostgreSQL for several processes: {why}") from None
    try:
        with server.database() as url:
            settings = {"DATABASE_URL": url, "MESSAGE_LIMIT": "off", "TICKET_LIMIT": "off"}
            async with desk_under_test(folder, lives, **settings) as made:
                await _witness(url)
                second = {"DATABASE_URL": url.replace("//tester@", "//second@")}
                async with fleet(made.stage, lives, made.bot, size=2, others=second):
                    outcome = await play(made, lives, sizes.paced)
                    shares = await made.ask("SELECT who, count(*) FROM handled_by GROUP BY 1")
                    assert len(shares) == 2, f"one process alone has handled all: {shares}"
                    return outcome
    finally:
        await asyncio.to_thread(server.stop)


async def _witness(url: str) -> None:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        await connection.execute(_WITNESS)
    finally:
        await connection.close()


CHANGING: Final[dict[str, Play]] = {"directory": one_process, "directory-two": two_processes}
