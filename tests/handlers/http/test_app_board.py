"""The board of statistics: whose it is, its numbers and the tickets behind each, its pictures."""

import re
from collections.abc import AsyncIterator, Mapping
from html import escape, unescape
from typing import Any
from urllib.parse import urlencode

import pytest

from core.desk import Desk
from core.people.staff import by_operator, enrol
from core.reports import charts
from core.texts import Texts
from core.tickets.lifecycle import move, take
from handlers.http.app import board_routes
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.test_directory import apply
from tests.clock import Clock
from tests.handlers.http.app_browser import HOSTILE, TOKEN, Browser, in_the_group
from tests.handlers.http.conftest import Visitor, served

TOPIC = """[[topic]]
code = "payment"
titles = { en = "Payment" }

[[topic]]
code = "access"
titles = { en = "Access <b>" }
"""
# Every page of the board with what it is asked for.
PAGES = (
    "/app/stats",
    "/app/stats/tickets?figure=opened",
    "/app/stats/picture.svg",
    "/app/stats?scope=topic:payment&period=month",
)


REASON = """
[[closing_reason]]
code = "cable"
titles = { en = "<b>Cable" }
"""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, Any]]:
    """The specifications that were drawn; drawing takes a second of a processor."""
    specifications: list[Mapping[str, Any]] = []

    async def draw(specification: Mapping[str, Any]) -> bytes:
        specifications.append(specification)
        return b"<svg/>"

    monkeypatch.setattr(board_routes, "draw_svg", draw)
    return specifications


@pytest.fixture
async def visitor(desk: Desk, texts: Texts) -> AsyncIterator[Visitor]:
    for who in (people.OLGA, people.OLEG, people.ANNA):
        await desk.run(by_operator, who, enrol)
    vitals = Vitals(lambda: 0.0, lambda: 0)
    door = make_door(desk, texts, vitals, entrance=Entrance(TOKEN, in_the_group))
    async with served(door, desk) as visitor:
        yield visitor


@pytest.fixture
async def anna(visitor: Visitor, week: None, clock: Clock) -> Browser:
    """An admin's browser."""
    browser = Browser(visitor)
    assert await browser.log_in(clock, people.ANNA) == 303
    return browser


async def later(browser: Browser, clock: Clock, days: int) -> None:
    """Days have passed, and with them the session."""
    clock.move(days=days)
    assert await browser.log_in(clock, people.ANNA) == 303


@pytest.fixture
async def week(visitor: Visitor, desk: Desk, clock: Clock) -> None:
    """Three tickets: one open with Olga, one that Oleg closed, one that is nobody's."""
    await apply(desk, TOPIC + REASON)
    await people.opens(desk, text="gate")
    await desk.run(by_operator, people.OLGA, take, 1)
    await people.opens(desk, people.BORIS, "lamp", "access")
    await desk.run(by_operator, people.OLEG, take, 2)
    await desk.run(by_operator, people.OLEG, move, 2, "close", closing="cable")
    clock.move(days=1)
    await people.opens(desk, text=f"door {HOSTILE}")


def tiles(browser: Browser) -> dict[str, int]:
    """The great numbers by their names."""
    found = re.findall(r"<b>(\d+)</b><span>([^<]*)</span>", browser.html)
    return {name: int(number) for number, name in found}


def ways(browser: Browser) -> dict[str, int]:
    """The lists behind numbers, and how many tickets each number says there are."""
    numbers = re.findall(r'href="(/app/stats/tickets[^"]*)"><?b?>?(\d+)<', browser.html)
    return {unescape(path): int(number) for path, number in numbers}


async def test_only_admins_see_statistics(
    anna: Browser, visitor: Visitor, desk: Desk, clock: Clock, drawn: list[Any]
) -> None:
    olga, nobody = Browser(visitor), Browser(visitor)
    await olga.log_in(clock, people.OLGA)
    for path in PAGES:
        assert await anna.get(path) == 200
        assert await olga.get(path) == 403 and "for admins" in olga.html
        assert await nobody.get(path) == 200 and 'id="login"' in nobody.html
        for browser in (olga, nobody):
            assert "Payment" not in browser.html and "gate" not in browser.html
        for method in ("POST", "PUT", "DELETE"):
            assert await anna.ask(method, path) == 405
    await anna.get("/app")
    assert 'href="/app/stats"' in anna.html
    await olga.get("/app")
    assert 'href="/app/stats"' not in olga.html


async def test_the_board_says_what_stats_says(anna: Browser, desk: Desk, clock: Clock) -> None:
    await anna.get("/app/stats")
    assert tiles(anna) == {"new": 3, "closed": 1, "open now": 2, "overdue now": 0}
    assert "Tickets: 18 November – 24 November" in anna.html
    await later(anna, clock, 7)
    await anna.get("/app/stats?period=today")
    assert tiles(anna) == {"new": 0, "closed": 0, "open now": 2, "overdue now": 2}


async def test_every_number_leads_to_as_many_tickets(
    anna: Browser, desk: Desk, clock: Clock
) -> None:
    await later(anna, clock, 4)
    await anna.get("/app/stats")
    found = ways(anna)
    assert len(found) > 12
    assert any("part=reason%3Acable" in path for path in found)
    assert "Why they were closed" in anna.html and "&lt;b&gt;Cable" in anna.html
    for path, number in found.items():
        assert await anna.get(path) == 200, path
        assert f"In all: {number}<" in anna.html, path
        assert anna.html.count('class="ticket"') == number, path
        assert "<script>alert" not in anna.html


@pytest.mark.parametrize(
    ("scope", "numbers"),
    [
        ("topic:payment", (2, 0, 2)),
        ("topic:access", (1, 1, 0)),
        ("assignee_id:{olga}", (1, 0, 1)),
        ("assignee_id:{oleg}", (1, 1, 0)),
    ],
)
async def test_figures_are_of_what_was_asked_for(
    anna: Browser, desk: Desk, clock: Clock, scope: str, numbers: tuple[int, int, int]
) -> None:
    await anna.get("/app/stats")
    ids = {
        name.lower(): number
        for number, name in re.findall(r'value="assignee_id:(\d+)">(\w+)<', anna.html)
    }
    query = urlencode(
        {"scope": scope.format_map(ids), "since": "2026-11-20", "until": "2026-11-30"}
    )
    await anna.get(f"/app/stats?{query}")
    assert tuple(tiles(anna).values())[:3] == numbers
    for path, number in ways(anna).items():
        await anna.get(path)
        assert f"In all: {number}<" in anna.html, path


async def test_lists_behind_numbers_are_paged(
    anna: Browser, desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board_routes, "PAGE", 2)
    await anna.get("/app/stats")
    await anna.get("/app/stats/tickets?figure=opened&since=2026-11-01&until=2026-11-30")
    seen = [re.findall(r'id="t(\d+)"', anna.html)]
    for way in ("after", "before"):
        (path,) = re.findall(rf'href="(/app/stats/tickets[^"]*[&;]{way}=\d+)"', anna.html)
        await anna.get(unescape(path))
        seen.append(re.findall(r'id="t(\d+)"', anna.html))
    assert seen == [["3", "2"], ["1"], ["3", "2"]]


async def test_a_ticket_behind_a_number_leads_back_to_its_list(
    anna: Browser, desk: Desk, clock: Clock
) -> None:
    days = "since=2026-11-01&until=2026-11-30"
    await anna.get("/app?view=free")
    signed_in = anna.cookie
    for more in ("", "&scope=topic%3Apayment", "&part=topic%3Aaccess", "&after=9"):
        listed = f"/app/stats/tickets?figure=opened&{days}{more}"
        anna.cookie = signed_in
        assert await anna.get(listed) == 200
        kept = anna.headers["Set-Cookie"].partition(";")[0]
        anna.cookie = f"{signed_in}; {kept}"
        await anna.get("/app/t/1")
        assert f'<a href="{escape(listed)}">‹ To the list' in anna.html, more
        assert await anna.get(listed) == 200
    await anna.get("/app?view=free")
    anna.cookie = f"{signed_in}; {anna.headers['Set-Cookie'].partition(';')[0]}"
    await anna.get("/app/t/1")
    assert '<a href="/app?view=free">‹ To the list' in anna.html
    for hostile in ('figure="><script>', 'figure=opened&since="><script>', "figure=opened&next=x"):
        anna.cookie = f"{signed_in}; frontdoor_list={hostile}"
        assert await anna.get("/app/t/1") == 200
        assert "<script>" not in anna.html and "next=" not in anna.html, hostile


@pytest.mark.parametrize(
    "query",
    [
        "period=x",
        "since=2026-11-30&until=2026-11-01",
        "since=0001-01-01&until=9999-12-31",
        "since=%27&until=x",
        "since=2026-11-01",
        "since=2026-11-01T00:00:00&until=2026-11-02",
        "since=0001-01-01T00:00:00Z&until=9999-12-31T23:59:59Z",
        "scope=topic:none",
        "scope=" + "x" * 2000,
        "scope=assignee_id:1%20or%201",
    ],
)
async def test_what_is_no_period_or_scope_is_said(
    anna: Browser, desk: Desk, clock: Clock, drawn: list[Any], query: str
) -> None:
    assert await anna.get(f"/app/stats?{query}") == 422
    assert 'role="alert">There is no such' in anna.html.replace(" hidden", "")
    assert tiles(anna)["new"] == 3
    assert await anna.get(f"/app/stats/picture.svg?{query}") == 404
    assert await anna.get(f"/app/stats/tickets?figure=opened&{query}") == 303


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24T09:00:00Z", "2026-11-24"),
        ("2026-11-24T12:00:00%2B03:00", "2026-11-24T12:00:00+03:00"),
        ("2026-11-23T23:30:00-05:00", "2026-11-24T20:59:59.999z"),
    ],
)
async def test_a_period_is_of_days_or_of_the_days_of_instants(
    anna: Browser, desk: Desk, drawn: list[Any], since: str, until: str
) -> None:
    assert await anna.get(f"/app/stats?since={since}&until={until}") == 200
    assert 'name="since" value="2026-11-24"' in anna.html
    assert 'name="until" value="2026-11-24"' in anna.html


@pytest.mark.parametrize(
    "query",
    [
        "figure=everything",
        "figure=",
        "figure=opened&part=camera:none",
        "figure=opened&part=camera:",
        "figure=opened&part=ticket_id:1",
        "figure=opened&part=assignee_id:x",
        "figure=opened&part=assignee_id:" + "9" * 40,
        "figure=opened&part=topic:%00",
        "figure=opened&part=camera:%00",
    ],
)
async def test_a_list_that_is_none_leads_back(anna: Browser, desk: Desk, query: str) -> None:
    assert await anna.get(f"/app/stats/tickets?{query}") == 303
    assert anna.headers["Location"] == "/app/stats"


async def test_pictures_are_those_of_the_chat_in_each_theme_and_width_and_drawn_once(
    anna: Browser, desk: Desk, clock: Clock, drawn: list[Mapping[str, Any]]
) -> None:
    await anna.get("/app/stats")
    paths = [unescape(path) for path in re.findall(r'(?:src|srcset)="([^"]+svg[^"]*)"', anna.html)]
    assert len(set(paths)) == 4
    for _ in range(2):
        for path in paths:
            assert await anna.get(path) == 200
            assert anna.headers["Content-Type"] == "image/svg+xml"
            assert "private" in anna.headers["Cache-Control"]
    assert len(drawn) == 4
    inks = {
        (one["config"]["text"]["color"], one["vconcat"][0]["width"], one["background"])
        for one in drawn
    }
    assert inks == {
        (charts.THEMES[theme][1], charts.LAYOUTS[layout].width, "transparent")
        for theme in charts.THEMES
        for layout in ("wide", "narrow")
    }
    await anna.get("/app/stats")
    again = [unescape(path) for path in re.findall(r'(?:src|srcset)="([^"]+svg[^"]*)"', anna.html)]
    assert again == paths
    await people.opens(desk, text="one more")
    await anna.get("/app/stats")
    assert unescape(re.findall(r'srcset="([^"]+)"', anna.html)[0]) not in paths


async def test_a_picture_is_drawn_as_svg_whose_words_are_words() -> None:
    words = {"x": HOSTILE}
    svg = await charts.draw_svg(
        {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "data": {"values": [words]},
            "mark": "bar",
            "encoding": {"y": {"field": "x", "type": "nominal"}},
        }
    )
    assert svg.startswith(b"<svg") and b"<script" not in svg and b"alert(1)" in svg
