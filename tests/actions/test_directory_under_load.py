"""The directory is changed while messages keep arriving: none is lost, and each is handled by one
version of it, whole (X12).

A version says one thing in four places: the company's answer deadline, a topic's, a state's name, a
field's. An action looks at them in any order, with the loop's turns between, and must see the same
version in all of them; so must the ticket that it opens. `LOAD_MESSAGES=600` tries more,
`LOAD_SEED` begins elsewhere.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import func, select

from bot.app import desk_of
from bot.settings import load_settings
from bot.update_queue import UpdateQueue
from channels.telegram.addresses import chat_address
from core import inbox
from core.db import Database
from core.desk import Desk
from core.directory.kinds.closing import FieldEntry
from core.directory.kinds.responses import ResponseEntry
from core.directory.kinds.settings import SettingsEntry
from core.directory.kinds.states import StateEntry
from core.directory.kinds.tickets import TopicEntry
from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from core.inbox import Raw, Stored
from core.models import InboxRow, Ticket
from core.people.identity import Sender, arrive
from core.responses.catalogue import find_response, responses_of
from core.setup.company_settings import find_company
from core.tickets.catalog import topics_of, workflow_of
from core.tickets.customer_message import open_ticket
from core.tickets.fields import fields_of
from core.tx import ReadTx, Tx
from tests.actions.people import says

MESSAGES: Final = int(os.environ.get("LOAD_MESSAGES", "30"))
# All that a round begins has ended before the next one, so that versions surely come and go:
# what every second round sees is new, however slow a process is.
ROUNDS: Final = 6
PER_ROUND: Final = MESSAGES // ROUNDS
CHANGES: Final = max(1, PER_ROUND // 5)
SEED: Final = os.environ.get("LOAD_SEED", "1")
# What the file has: all the others would be read at each change.
KINDS: Final = (TopicEntry, FieldEntry, StateEntry, SettingsEntry)
SETTINGS: Final = load_settings({"DEFAULT_LANGUAGE": "en"})


def directory(version: int) -> str:
    """A file that says in each place which version it is."""
    return f"""
    [settings]
    answer_deadline = "{version + 1}h"
    remind_before = "30m"

    [[topic]]
    code = "payment"
    titles = {{ en = "Payment" }}
    answer = "{version + 101}h"

    [[state]]
    code = "new"
    category = "new"
    initial = true
    titles = {{ en = "New {version}" }}

    [[field]]
    code = "place"
    titles = {{ en = "Place {version}" }}
    kind = "text"
    """


Probe = Callable[[ReadTx], Awaitable[int]]


async def by_company(tx: ReadTx) -> int:
    return tx.company.answer_deadline // timedelta(hours=1) - 1


async def by_topic(tx: ReadTx) -> int:
    answer = (await topics_of(tx))["payment"].answer
    return -1 if answer is None else answer // timedelta(hours=1) - 101


async def by_state(tx: ReadTx) -> int:
    return int((await workflow_of(tx)).state("new").titles["en"].split()[1])


async def by_field(tx: ReadTx) -> int:
    return int((await fields_of(tx))["place"].titles["en"].split()[1])


PROBES: Final[Sequence[Probe]] = (by_company, by_topic, by_state, by_field)


@dataclass
class Load:
    """What the actions have seen. ``chance`` decides the order of everything."""

    chance: random.Random
    seen: dict[int, set[int]] = field(default_factory=dict)
    handled: int = 0

    async def pause(self) -> None:
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    async def look(self, tx: ReadTx) -> set[int]:
        """Which versions the directory's parts are of."""
        found = set()
        for one in self.chance.sample(PROBES, len(PROBES)) * 2:
            found.add(await one(tx))
            await self.pause()
        return found

    async def hear(self, tx: Tx, number: int) -> None:
        """A message opens a ticket, between looks."""
        seen = await self.look(tx)
        sender = Sender(chat_address(1000 + number), f"Customer {number}", None, "en")
        person = await arrive(tx, sender, "customer")
        topic = self.chance.choice((None, "payment"))
        ticket = await open_ticket(tx, person, [says(sender)], topic=topic)
        assert ticket.answer_due is not None
        hours = (ticket.answer_due - tx.now) // timedelta(hours=1)
        seen |= {hours - (1 if topic is None else 101)} | await self.look(tx)
        self.seen[number] = seen

    async def until_handled(self, messages: int) -> None:
        """Returns when so many messages are handled, and committed."""
        async with asyncio.timeout(60):
            while self.handled < messages:
                await asyncio.sleep(0.01)

    def handler(self, desk: Desk) -> Callable[[Stored], Awaitable[None]]:
        async def handle(stored: Stored) -> None:
            await self.pause()
            with desk.handling(stored.id):
                await desk.run(self.hear, int(stored.raw))
            self.handled += 1

        return handle


@pytest.fixture
async def desks(database: Database, request: pytest.FixtureRequest) -> AsyncIterator[list[Desk]]:
    """As many processes as the test asks for, as far as they are one: production's desks."""
    async with AsyncExitStack() as stack:
        count = getattr(request, "param", 1)
        others = [Database(request.getfixturevalue("postgres_url")) for _ in range(count - 1)]
        for other in others:
            stack.push_async_callback(other.close)
        made = [desk_of(SETTINGS, one) for one in (database, *others)]
        before = await made[0].read(show_directory, KINDS)
        await made[0].run(apply_directory, read_directory(directory(0)), KINDS)
        for desk in made:
            desk.company = await desk.read(find_company)
        yield made
        await made[0].run(apply_directory, read_directory(before), KINDS)


async def under_load(desks: Sequence[Desk]) -> Load:
    """Messages arrive and the directory changes, in an order that the seed decides; returns when
    all of them are handled.
    """
    load = Load(random.Random(SEED))
    queues = [UpdateQueue(desk, load.handler(desk)) for desk in desks]
    running = [asyncio.create_task(queue.run()) for queue in queues]
    for number in range(ROUNDS):
        await one_round(load, number, desks, queues)
    await asyncio.gather(*(queue.stop(10) for queue in queues), *running)
    return load


async def one_round(
    load: Load, number: int, desks: Sequence[Desk], queues: Sequence[UpdateQueue]
) -> None:
    """Each desk knows in the end what has been changed."""
    messages = range(number * PER_ROUND, (number + 1) * PER_ROUND)
    versions = iter(range(number * CHANGES + 1, (number + 1) * CHANGES + 1))
    steps = [*messages, *["apply"] * CHANGES, *["news"] * CHANGES]
    load.chance.shuffle(steps)
    changes = []
    for step in steps:
        desk = load.chance.choice(desks)
        if step == "apply":
            document = read_directory(directory(next(versions)))
            changes.append(asyncio.create_task(desk.run(apply_directory, document, KINDS)))
        elif step == "news":
            desk.invalidate()  # what another process's news do
        else:
            await desk.run(inbox.store, "test", [Raw(str(step), f"chat:{step}", str(step))])
            for queue in queues:
                queue.news.set()
        await load.pause()
    await asyncio.gather(*changes, load.until_handled(messages.stop))
    for desk in desks:
        desk.invalidate()


async def see_one_version_each(desks: Sequence[Desk]) -> None:
    load = await under_load(desks)
    mixed = {number: seen for number, seen in load.seen.items() if len(seen) != 1}
    assert not mixed
    versions = {version for seen in load.seen.values() for version in seen}
    assert len(versions) >= ROUNDS // 2, "they changed"
    async with desks[0].database.read() as session:
        assert await session.scalar(select(func.count()).select_from(Ticket)) == len(load.seen)
        states = await session.scalars(select(InboxRow.state))
        assert list(states) == ["done"] * ROUNDS * PER_ROUND


async def test_messages_that_arrive_while_the_directory_changes_see_one_version_each(
    desks: list[Desk],
) -> None:
    await see_one_version_each(desks)


@pytest.mark.parametrize(("database", "desks"), [("postgres", 2)], indirect=True)
@pytest.mark.postgres
async def test_so_they_do_where_two_processes_handle_them(desks: list[Desk]) -> None:
    await see_one_version_each(desks)


async def test_the_companys_settings_change_in_the_moment_in_which_the_rest_does(
    desks: list[Desk],
) -> None:
    (desk,) = desks
    load = Load(random.Random(1))
    await desk.run(apply_directory, read_directory(directory(7)), KINDS)
    assert await desk.read(load.look) == {7}


async def test_what_is_read_after_a_change_elsewhere_is_of_the_version_before_or_all_is_new(
    desks: list[Desk],
) -> None:
    """A command beside the desk changes the directory between two reads of one query."""
    (desk,) = desks
    beside = desk_of(SETTINGS, desk.database)
    beside.company = await beside.read(find_company)
    versions = iter(range(1, 9))

    async def look(tx: ReadTx) -> set[int]:
        seen = {await by_company(tx), await by_topic(tx)}
        if first := not tries:
            await beside.run(apply_directory, read_directory(directory(next(versions))), KINDS)
        tries.append(first)
        return seen | {await by_field(tx), await by_state(tx)}

    tries: list[bool] = []
    desk.invalidate()
    assert await desk.read(look) in ({0}, {1})
    assert await desk.read(Load(random.Random(2)).look) in ({0}, {1})


@pytest.mark.parametrize("way", ["refused", "not known"])
async def test_what_another_process_has_added_is_known_to_who_asks_for_it(
    desks: list[Desk], way: str
) -> None:
    """Nobody has told this process of it yet, and all that it asks for is kept already."""
    (desk,) = desks
    kinds = (ResponseEntry,)

    async def named(tx: ReadTx) -> str:
        if way == "refused":
            return (await find_response(tx, "fresh")).code
        return (await responses_of(tx))["fresh"].code

    await desk.read(responses_of)
    beside = desk_of(SETTINGS, desk.database)
    fresh = '[[response]]\ncode = "fresh"\ntitle = "Fresh"\ntexts = { en = "Hello" }\nactive = '
    await beside.run(apply_directory, read_directory(f"{fresh}true"), kinds)
    assert await desk.run(named) == await desk.read(named) == "fresh"
    await beside.run(apply_directory, read_directory(f"{fresh}false"), kinds)
    assert await desk.read(named) == "fresh", "what is kept is one version, if an old one"
