"""The company of the random walk: its people, its directory, a database to begin anew with."""

import contextlib
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from channels.telegram.addresses import chat_address
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.people.identity import Sender
from core.subscriptions import SUBSCRIBERS
from core.teams.members import begin_duty
from core.tx import Actor, Tx
from tests.actions.company_directory import put_team
from tests.actions.equipment_factories import brings, camera
from tests.actions.people import (
    ALERTS,
    ALICE,
    ANNA,
    BORIS,
    OLEG,
    OLGA,
    OPERATORS,
    customer,
    number,
)
from tests.actions.test_handing import operator_here
from tests.clock import Clock

STAFF: Final = (OLGA, OLEG, ANNA)
CUSTOMERS: Final = (ALICE, BORIS)
DIRECTORY: Final = """
[[field]]
code = "flat"
titles = { en = "Flat" }
kind = "number"

[[state]]
code = "supplier"
titles = { en = "Supplier" }
category = "on_hold"
pause = true
sources = ["new", "in_progress", "reopened", "waiting"]
reason = "we wait for a part"
leave_list = true

[[state]]
code = "watching"
titles = { en = "Watching" }
category = "open"
sources = ["in_progress", "reopened", "supplier"]

[[response]]
code = "part"
title = "A part"
texts = { en = "{customer}, we have ordered it." }
actions = { state = "supplier", tags = ["ordered"], priority = "low" }

[[rule]]
code = "wrote"
title = "What is written about"
event = "customer_wrote"
when = { words = ["now"] }
then = { tags = ["asked"], fields = { flat = "7" } }

[[rule]]
code = "again"
title = "Reopened is urgent, and the second team's"
event = "state_entered"
when = { states = ["reopened"] }
then = { priority = "urgent", note = "Again", team = "second" }

[[rule]]
code = "poor"
title = "A low rating is a colleague's"
event = "rated"
when = { ratings = [1, 2] }
then = { assignee = "@oleg", state = "watching" }

[[rule]]
code = "old"
title = "What is open for long"
event = "open_for"
after = "20h"
when = { unassigned = true }
then = { escalate = true }

[[rule]]
code = "late"
title = "An apology"
event = "overdue"
then = { response = "part" }
"""
COMPANY: Final = Company(
    language="en",
    admins=frozenset({ANNA.address}),
    operators_chat=chat_address(OPERATORS),
    alerts_chat=chat_address(ALERTS),
    outage_faults=2,
)


@dataclass(frozen=True)
class Cast:
    """Everybody as the desk knows them."""

    staff: Sequence[Actor]
    customers: Mapping[int | None, tuple[Sender, Actor]]


@dataclass
class Stage:
    """A furnished database, and its bytes to begin anew with."""

    database: Database
    furnished: sqlite3.Connection
    cast: Cast

    async def clear(self) -> None:
        """As it was when it was furnished."""
        assert self.database.path is not None
        with contextlib.closing(sqlite3.connect(self.database.path)) as target:
            target.execute("PRAGMA synchronous=OFF")
            self.furnished.backup(target)

    async def close(self) -> None:
        await self.database.close()
        self.furnished.close()


async def seed_company(path: Path) -> Stage:
    """Teams, colleagues, customers with cameras in one area; as yet there is no agreement."""
    database = Database(f"sqlite+aiosqlite:///{path}")
    desk = Desk(database, COMPANY, SUBSCRIBERS, clock=Clock())
    staff = [await operator_here(desk, who) for who in STAFF]
    await desk.run(put_team, "first", {"en": "First"}, level=1, members=[number(OLGA)])
    await desk.run(put_team, "second", {"en": "Second"}, level=2, members=[number(OLEG)])
    await desk.run(put_team, "third", {"en": "Third"}, level=3, members=[number(OLEG)])
    for code, how in (("shift", "turn"), ("pool", "load")):
        await desk.run(gives_out, code, how)
    for one in staff:
        await desk.run_as(one, begin_duty)
    await desk.run(apply_directory, read_directory(DIRECTORY))
    customers = {
        actor.person_id: (who, actor) for who in CUSTOMERS for actor in [await customer(desk, who)]
    }
    await brings(desk, camera("C1", ALICE, BORIS), camera("C2", ALICE), camera("C3", BORIS))
    kept = sqlite3.connect(":memory:")
    source = sqlite3.connect(path)
    source.backup(kept)
    source.close()
    return Stage(database, kept, Cast(staff, customers))


async def gives_out(tx: Tx, code: str, how: str | None) -> None:
    """A team of everybody that gives its tickets to those on duty, or to nobody."""
    members = [number(who) for who in STAFF]
    title = {"en": code.capitalize()}
    await put_team(tx, code, title, level=2, members=members, auto_assign=how)
