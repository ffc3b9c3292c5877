"""Trouble on purpose: what the bot meets, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from sandbox import demo
from sandbox.console.commands import Player, execute
from sandbox.page import Page
from sandbox.page.bot_control import Progress
from tests.sandbox.page.visitor import Visitor, visiting

Json = dict[str, Any]


class Control:
    """Control over a bot that is a word."""

    def __init__(self) -> None:
        self.state = "running"
        self.shifts: list[float] = []
        self.due: list[Json] = []
        self.done: list[str] = []
        self.pace = asyncio.Semaphore(3)

    async def look(self) -> Json:
        # what is due is done as soon as somebody looks
        self.due = [d for d in self.due if d["at"] > self.now()]
        return {"bot": self.state, "deadlines": self.due}

    now: Any = staticmethod(lambda: 0.0)

    def app_port(self) -> int | None:
        return None

    async def kill(self) -> None:
        self.state = "killed"

    async def start(self) -> None:
        if "broken" in self.done:
            raise AssertionError("the bot ended with code 2\nand a long log")
        self.state = "running"

    def shift(self, offset: float) -> None:
        self.shifts.append(offset)

    async def tell_story(self, progress: Progress) -> None:
        for at in (1, 2):
            progress(at, 2)
            await self.pace.acquire()
        self.done.append("story")

    async def begin_anew(self, language: str | None = None, *, forum: bool | None = None) -> None:
        await self.pace.acquire()
        self.done.append(" ".join(filter(None, ("anew", language, "forum" if forum else ""))))


@pytest.fixture
async def staffed() -> Any:
    """A visitor, and the control behind the page."""
    async with demo.start(rate_limits=False) as world:
        control = Control()
        page = Page(demo.build(world), control)
        control.now = world.clock.now
        async with visiting(page) as visitor:
            yield visitor, control


async def call(visitor: Visitor, method: str = "getMe", **params: Any) -> tuple[int, Json]:
    """The bot calls, and takes what comes."""
    path = f"/bot{visitor.world.token}/{method}"
    async with visitor.session.post(path, json=params) as answer:
        return answer.status, await answer.json()


async def kinds(visitor: Visitor) -> list[str]:
    return [fault["kind"] for fault in (await visitor.look())["faults"]]


async def test_a_flood_lasts_for_its_time_and_says_how_long(visitor: Visitor) -> None:
    await visitor.trouble("flood", seconds=30)
    fault = (await visitor.look())["faults"][0]
    assert fault["kind"] == "flood" and 25 < fault["until"] - (await visitor.look())["now"] <= 31
    for _ in range(3):
        status, answer = await call(visitor)
        assert status == 429 and 28 <= answer["parameters"]["retry_after"] <= 30
    assert (await call(visitor, "getUpdates"))[0] == 200
    planned = visitor.world.faults.plan[0]
    assert planned.until is not None
    planned.until -= 30  # half a minute later
    assert (await call(visitor))[0] == 200
    assert await kinds(visitor) == []


async def test_a_flood_may_be_one_chat_s_alone(visitor: Visitor) -> None:
    for who in (visitor.anna, visitor.people["john"]):
        await visitor.act(who, "start")
    await visitor.trouble("flood", seconds=5, chat=visitor.anna.id)
    assert (await call(visitor, "sendMessage", chat_id=visitor.anna.id, text="?"))[0] == 429
    john = visitor.people["john"].id
    assert (await call(visitor, "sendMessage", chat_id=john, text="?"))[0] == 200


async def test_lost_responses_are_done_and_not_answered(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    await visitor.trouble("lose_responses", count=2)
    for text in ("раз", "два"):
        with pytest.raises(aiohttp.ClientError):
            await call(visitor, "sendMessage", chat_id=visitor.anna.id, text=text)
    assert (await call(visitor))[0] == 200
    shown = (await visitor.chat(visitor.anna.chat))["messages"]
    assert [m["text"] for m in shown[1:]] == ["раз", "два"]


async def test_without_a_network_nothing_reaches_the_server_but_the_page(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "start")
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        await visitor.trouble("network", on=False)
        with pytest.raises(aiohttp.ClientError):
            await call(visitor, "sendMessage", chat_id=visitor.anna.id, text="?")
        assert (await heard.until("faults"))["faults"] == [{"id": "network", "kind": "network"}]
        await visitor.act(visitor.anna, "say", text="слышно?")  # the page works on
        await heard.until("message")
        await visitor.trouble("network", on=True)
        assert (await call(visitor))[0] == 200
        await heard.until("faults", lambda f: not f["faults"])
    assert len(visitor.anna.chat.messages) == 2


async def test_a_poll_that_waits_is_cut_off_with_the_network(visitor: Visitor) -> None:
    poll = asyncio.create_task(call(visitor, "getUpdates", timeout=50))
    await visitor.world.until(lambda: visitor.world.updates.polls, what="a poll")
    await visitor.trouble("network", on=False)
    with pytest.raises(aiohttp.ClientError):
        await asyncio.wait_for(poll, 40)


async def test_calm_ends_them_all(staffed: tuple[Visitor, Control]) -> None:
    visitor, control = staffed
    await visitor.trouble("flood")
    await visitor.trouble("lose_responses", count=3)
    await visitor.trouble("network", on=False)
    await visitor.trouble("kill_bot")
    assert await kinds(visitor) == ["flood", "cut", "network"]
    await visitor.trouble("calm")
    assert await kinds(visitor) == []
    assert control.state == "running"
    assert (await call(visitor))[0] == 200


async def test_a_dead_bot_is_not_killed_and_a_living_one_not_started(
    staffed: tuple[Visitor, Control],
) -> None:
    visitor, control = staffed
    status, answer = await visitor.ask("/page/trouble", {"do": "start_bot"})
    assert (status, answer["code"]) == (409, "running")
    await visitor.trouble("kill_bot")
    assert (await visitor.look())["machine"]["bot"] == "killed"
    status, answer = await visitor.ask("/page/trouble", {"do": "kill_bot"})
    assert (status, answer["code"]) == (409, "stopped")
    control.done.append("broken")
    status, answer = await visitor.ask("/page/trouble", {"do": "start_bot"})
    assert (status, answer["error_en"]) == (409, "It did not work: the bot ended with code 2")


async def test_a_leap_of_the_clocks_stops_at_each_deadline(
    staffed: tuple[Visitor, Control],
) -> None:
    visitor, control = staffed
    now = visitor.world.clock.now()
    control.due = [
        {"number": 1, "kind": k, "at": now + h * 3600} for k, h in (("a", 10), ("b", 20))
    ]
    control.due.append({"number": 2, "kind": "c", "at": now + 90_000})
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        answer = await visitor.trouble("advance", seconds=86_400)
        assert answer["offset"] == pytest.approx(86_400)
        moved = await heard.until("clock", lambda c: c["offset"] > 80_000)
    assert [round(shift / 3600) for shift in control.shifts] == [10, 20, 24]
    assert moved["now"] == pytest.approx(now + 86_400, abs=30)
    said = await visitor.act(visitor.anna, "say", text="завтра")
    assert visitor.anna.chat.messages[-1].date == pytest.approx(now + 86_400, abs=30)
    assert said["message"]


async def test_the_demonstration_comes_and_goes(staffed: tuple[Visitor, Control]) -> None:
    visitor, control = staffed
    control.pace = asyncio.Semaphore(0)
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        telling = asyncio.create_task(visitor.trouble("demo", on=True))
        for at in (1, 2):
            await heard.until("faults", _telling(at))
            control.pace.release()
        await telling
    assert await kinds(visitor) == ["demo"]
    await visitor.trouble("demo", on=True)
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        ending = asyncio.create_task(visitor.trouble("demo", on=False))
        clearing = {"id": "demo", "kind": "demo", "anew": True}
        await heard.until("faults", lambda told: told["faults"] == [clearing])
        status, answer = await visitor.ask("/page/trouble", {"do": "demo", "on": True})
        assert (status, answer["code"]) == (409, "busy")
        control.pace.release()
        await ending
        await heard.until("faults", lambda told: not told["faults"])
    assert control.done == ["story", "anew"]
    assert await kinds(visitor) == []


async def test_the_first_browser_says_what_the_company_speaks_while_nothing_has_happened(
    staffed: tuple[Visitor, Control],
) -> None:
    visitor, control = staffed
    assert await visitor.trouble("welcome", language="ru") == {"language": "ru"}
    assert control.done == []
    await visitor.trouble("welcome", language="en")
    assert control.done == ["anew en"]
    await visitor.act(visitor.anna, "start")
    assert await visitor.trouble("welcome", language="en") == {"language": "ru"}
    assert control.done == ["anew en"], "what somebody did is kept"
    await visitor.trouble("demo", on=False, language="en", forum=True)
    assert control.done == ["anew en", "anew en forum"], "but for those who ask for it"
    wrong = {"do": "demo", "on": False, "forum": 1}
    assert (await visitor.ask("/page/trouble", wrong))[0] == 400


def _telling(at: int) -> Callable[[Json], bool]:
    return lambda told: told["faults"] == [{"id": "demo", "kind": "demo", "at": at, "of": 2}]


async def test_the_console_makes_the_same_trouble(staffed: tuple[Visitor, Control]) -> None:
    visitor, control = staffed
    player = Player(visitor.page.demo)

    async def types(line: str) -> str:
        assert execute(player, line) == "…"
        await visitor.world.until(lambda: player.news, what="news")
        return player.news.pop()

    assert await types("kill") == "the bot is dead"
    assert await types("kill") == "! The bot is not running anyway."
    assert await types("revive") == "the bot takes updates"
    assert await types("later 3d") == "it is 3d later"
    assert control.shifts == [pytest.approx(3 * 86_400)]
    assert await types("demo") == "the demonstration is there"
    assert await types("anew") == "everything begins anew"
    assert execute(player, "later") == "! like this: later SPAN, with m, h or d"


async def test_a_bot_that_was_started_elsewhere_cannot_be_controlled_here(visitor: Visitor) -> None:
    for body in ({"do": "kill_bot"}, {"do": "start_bot"}, {"do": "demo", "on": True}):
        status, answer = await visitor.ask("/page/trouble", body)
        assert (status, answer["code"]) == (409, "no_room")
    assert (await visitor.look())["machine"] == {}
    await visitor.trouble("advance", seconds=60)
    assert (await visitor.look())["offset"] == 60
    await visitor.trouble("calm")


@pytest.mark.parametrize(
    "body",
    [
        {"do": "advance"}, {"do": "advance", "seconds": -5}, {"do": "advance", "seconds": True},
        {"do": "advance", "seconds": 1e12}, {"do": "flood", "seconds": "long"},
        {"do": "flood", "chat": 7}, {"do": "lose_responses", "count": 0}, {"do": "network"},
        {"do": "network", "on": 1}, {"do": "welcome", "language": "fr"}, {"do": "fly"},
        {"do": None}, {},
    ],
)  # fmt: skip
async def test_nonsense_is_no_trouble(visitor: Visitor, body: Json) -> None:
    status, answer = await visitor.ask("/page/trouble", body)
    assert status in {400, 404} and answer["error"] and answer["error_en"]
    assert await kinds(visitor) == []
