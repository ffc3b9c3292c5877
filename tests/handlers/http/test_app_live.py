"""Pages that follow what happens: what a stream says, to whom, for how long, at which cost (D1)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from bot.http_server import HttpServer
from core.changes import NAMED, TICKETS, Changes
from core.desk import Desk
from core.errors import Refusal
from core.events import TicketReleased
from core.people.identity import leave_operators
from core.people.staff import by_operator, enrol
from core.texts import Texts
from core.tickets.lifecycle import take
from handlers.http import guard
from handlers.http.app import staff_access, streams
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, Browser, in_the_group
from tests.handlers.http.conftest import Visitor, served

PATIENCE = 60
PROBLEM = {"type", "title", "status", "code"}


def door_of(desk: Desk, texts: Texts, confirm: Any = in_the_group) -> Any:
    vitals = Vitals(lambda: 0.0, lambda: 0)
    return make_door(desk, texts, vitals, entrance=Entrance(TOKEN, confirm))


@pytest.fixture
async def visitor(desk: Desk, texts: Texts) -> AsyncIterator[Visitor]:
    for who in (people.OLGA, people.OLEG):
        await desk.run(by_operator, who, enrol)
    async with served(door_of(desk, texts), desk) as visitor:
        yield visitor


@pytest.fixture
async def olga(visitor: Visitor, clock: Clock) -> Browser:
    browser = Browser(visitor)
    assert await browser.log_in(clock, people.OLGA) == 303
    return browser


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes are told one by one."""
    monkeypatch.setattr(streams, "GATHERED", 0.0)


class Stream:
    """What a page hears."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def line(self) -> str:
        """The next line that says something; nothing at the end."""
        async with asyncio.timeout(PATIENCE):
            while line := (await self.response.content.readline()).decode():
                if line.strip() and not line.startswith("data:"):
                    return line.strip()
        return ""


@asynccontextmanager
async def following(browser: Browser, query: str = "") -> AsyncIterator[Stream]:
    """A stream that has begun."""
    url = f"{browser.visitor.url}/app/live{query}"
    async with browser.visitor.session.get(url, headers={"Cookie": browser.cookie}) as response:
        assert response.status == 200 and response.content_type == "text/event-stream"
        stream = Stream(response)
        assert await stream.line() == "retry: 3000"
        yield stream


async def test_a_change_is_told_to_who_watches_that_ticket_or_all(
    olga: Browser, desk: Desk, at_once: None
) -> None:
    await people.opens(desk)
    async with (
        following(olga) as table,
        following(olga, "?ticket=1") as first,
        following(olga, "?ticket=2") as second,
    ):
        await desk.run(by_operator, people.OLEG, take, 1)
        assert await table.line() == await first.line() == "event: changed"
        await people.opens(desk, text="another one")
        assert await table.line() == await second.line() == "event: changed"


async def test_many_changes_at_once_are_told_together(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "GATHERED", 3600.0)
    async with following(olga) as table:
        for _ in range(12):
            await people.opens(desk)
        desk.changes.end()
        assert [line async for line in _rest(table)] == ["event: changed"]


async def _rest(stream: Stream) -> AsyncIterator[str]:
    while line := await stream.line():
        yield line


async def test_nothing_is_asked_of_the_database_while_nothing_changes(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.005)
    async with following(olga) as table, following(olga, "?ticket=1") as ticket:
        asked: list[str] = []
        desk.database.listeners.append(lambda statement, *_: asked.append(statement))
        for _ in range(30):
            assert await table.line() == await ticket.line() == ": here"
        assert asked == []


async def test_a_stream_stays_open_for_longer_than_a_body_may_take(
    olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is sent, the server listens for nothing but the end of the connection."""
    monkeypatch.setattr(guard, "BODY_TIMEOUT", 0.05)
    monkeypatch.setattr(streams, "HEARTBEAT", 0.01)
    async with following(olga) as table:
        for _ in range(30):
            assert await table.line() == ": here"


async def test_who_leaves_the_group_hears_no_more(olga: Browser, desk: Desk) -> None:
    async with following(olga) as table:
        await desk.run(leave_operators, people.OLGA)
        assert [line async for line in _rest(table)] == ["event: end"]


async def test_somebody_elses_leave_ends_nothing(olga: Browser, desk: Desk, at_once: None) -> None:
    async with following(olga) as table:
        await desk.run(leave_operators, people.OLEG)
        assert await table.line() == ": here"
        await people.opens(desk)
        assert await table.line() == "event: changed"


async def test_telegram_is_asked_of_who_may_be_here_again_and_again(
    desk: Desk, texts: Texts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram may not have told of a leave (S1); where it cannot say, the page asks for itself."""
    monkeypatch.setattr(streams, "CHECK_EVERY", 0.0)
    monkeypatch.setattr(streams, "HEARTBEAT", 0.005)
    await desk.run(by_operator, people.OLGA, enrol)
    for last, end in ((False, ["event: end"]), (Refusal("refusal.membership_unknown"), [])):
        answers: list[bool | Refusal] = [True, True, True, last]

        async def confirm(_address: Any, answers: list[Any] = answers) -> bool:
            if isinstance(answer := answers.pop(0), Refusal):
                raise answer
            return bool(answer)

        async with served(door_of(desk, texts, confirm)) as visitor:
            olga = Browser(visitor)
            await olga.log_in(clock, people.OLGA)
            async with following(olga) as table:
                assert [line async for line in _rest(table)] == [": here", *end]
            clock.move(seconds=1)  # a sign-in counts once


async def test_a_stream_ends_with_its_session(
    olga: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "HEARTBEAT", 0.005)
    async with following(olga) as table:
        assert await table.line() == ": here"
        clock.move(hours=12, seconds=1)
        assert "event: end" in [line async for line in _rest(table)]


async def test_without_a_session_there_is_no_stream(
    visitor: Visitor, olga: Browser, clock: Clock
) -> None:
    assert await Browser(visitor).get("/app/live") == 403
    clock.move(hours=13)
    assert await olga.get("/app/live?ticket=1") == 403


async def test_who_asks_too_often_is_told_when_to_come_again(
    desk: Desk, texts: Texts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of every page: a stream that is opened again and again is no way around the limit."""
    monkeypatch.setattr(staff_access, "RATE", (0.001, 3.0))
    await desk.run(by_operator, people.OLGA, enrol)
    async with served(door_of(desk, texts), desk) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        assert [await _status(olga) for _ in range(3)] == [200] * 3
        assert await olga.get("/app/live?ticket=1") == 429
        assert olga.headers["Content-Type"] == "application/problem+json"
        assert int(olga.headers["Retry-After"]) > 0
        said: Any = olga.html
        assert said["code"] == "too_many_requests" and {*said} == PROBLEM


async def test_the_oldest_of_too_many_windows_gives_way_to_the_newest(
    olga: Browser, visitor: Visitor, desk: Desk, clock: Clock, at_once: None
) -> None:
    oleg = Browser(visitor)
    await oleg.log_in(clock, people.OLEG)
    async with (
        following(oleg) as other,
        following(olga) as first,
        following(olga) as second,
        following(olga),
        following(olga),
        following(olga) as newest,
    ):
        assert [line async for line in _rest(first)] == ["event: full"]
        await people.opens(desk)
        for stream in (other, second, newest):
            assert await stream.line() == "event: changed"


async def test_no_more_than_so_many_are_served_and_who_goes_makes_room(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST", 1)
    async with following(olga):
        assert await olga.get("/app/live") == 503
    async with asyncio.timeout(PATIENCE):
        while await _status(olga) != 200:  # the server hears of a closed connection before long
            await desk.read(_nothing)


async def _status(browser: Browser) -> int:
    url = f"{browser.visitor.url}/app/live"
    async with browser.visitor.session.get(url, headers={"Cookie": browser.cookie}) as response:
        return response.status


async def _nothing(_tx: Any) -> None:
    """A turn for others."""


async def test_a_stop_is_not_held_up_by_open_streams(
    desk: Desk, texts: Texts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody waits for the grace that requests under way have: it would be an hour here (R16)."""
    monkeypatch.setattr("bot.http_server.GRACE", 3600)
    await desk.run(by_operator, people.OLGA, enrol)
    server = HttpServer(
        ("127.0.0.1", 0), lambda: door_of(desk, texts), end_streams=desk.changes.end
    )
    host, port = server.bind()
    running = asyncio.create_task(server.run())
    async with aiohttp.ClientSession() as session:
        olga = Browser(Visitor(session, f"http://{host}:{port}"))
        await olga.log_in(clock, people.OLGA)
        async with following(olga) as table, following(olga, "?ticket=1") as ticket:
            server.stop()
            async with asyncio.timeout(PATIENCE):
                await running
            for stream in (table, ticket):
                assert [line async for line in _rest(stream)] == []


def test_changes_are_passed_on_to_other_processes_and_heard_from_them() -> None:
    told: list[tuple[Any, ...]] = []
    here = Changes()
    here.note([])
    here.note([TicketReleased(ticket_id=1, assignee_id=5)])
    here.tell = lambda *news: told.append(news)
    here.note([TicketReleased(ticket_id=None, assignee_id=5)])
    here.note([TicketReleased(ticket_id=number, assignee_id=5) for number in (7, 3, 7)])
    here.note([TicketReleased(ticket_id=number, assignee_id=5) for number in range(NAMED + 1)])
    assert told == [(TICKETS, [3, 7]), (TICKETS, [])]


@pytest.mark.parametrize(("heard", "wakes"), [([3], True), ([4, 5], False), ([], True)])
async def test_news_of_another_process_wake_who_watches(heard: list[int], wakes: bool) -> None:
    changes = Changes()
    with changes.watch(3) as watch, changes.watch(None) as everything:
        changes.hear(heard)
        assert await watch.wait(0.01) is wakes
        assert await everything.wait(PATIENCE)
        assert not await everything.wait(0.01)
