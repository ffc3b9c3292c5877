"""What is searched for in the app is of the same allowance as in the chat (S40)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from core.allowances import ALLOWED, LIGHT
from core.desk import Desk
from core.errors import Refusal
from core.people.staff import by_operator, enrol
from core.texts import Texts
from handlers.http.app import board_routes, coming_in, staff_access, table, ticket
from handlers.http.app.shell import SELDOM
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, Browser, in_the_group
from tests.handlers.http.conftest import Visitor, served

SEARCHES = ("/app?find=lamp", "/app?find=lamp&state=new", "/app/t/1?kb=", "/app/t/1?kb=lamp")
BOARD = ("/app/stats", "/app/stats/tickets?figure=opened", "/app/stats/picture.svg")
OTHERS = ("/app", "/app?view=free", "/app?state=new", "/app?find=%231", "/app/t/1")
SAID = {"en": "Too many requests in a row", "ru": "Слишком много запросов подряд"}


@pytest.fixture
async def visitor(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(coming_in, "LOGIN_RATE", (1000.0, 1000.0))
    monkeypatch.setattr(staff_access, "RATE", (1000.0, 1000.0))

    async def draw(_specification: Any) -> bytes:
        return b"<svg/>"

    monkeypatch.setattr(board_routes, "draw_svg", draw)
    await people.opens(desk, text="the lamp is dark")
    desk.allowances.clock = lambda: 1000.0
    entrance = Entrance(TOKEN, in_the_group)
    door = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=entrance)
    async with served(door, desk) as visitor:
        yield visitor


async def comes_in(visitor: Visitor, desk: Desk, clock: Clock, who: Any) -> Browser:
    await desk.run(by_operator, who, enrol)
    browser = Browser(visitor)
    assert await browser.log_in(clock, who) == 303
    return browser


def uses_up(desk: Desk, who: Any, *, but: int = 0) -> None:
    for _ in range(int(ALLOWED) - but):
        desk.allowances.begin(who.address, LIGHT)


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_searches_are_of_the_allowance_of_the_chat_and_who_used_it_up_is_told_so(
    visitor: Visitor, desk: Desk, clock: Clock, language: str
) -> None:
    olga = await comes_in(visitor, desk, clock, replace(people.OLGA, language=language))
    uses_up(desk, people.OLGA, but=1)
    assert await olga.get(SEARCHES[0]) == 200 and SAID[language] not in olga.html
    for path in SEARCHES:
        assert await olga.get(path) == 429, path
        assert olga.headers["Retry-After"] == "1" and SAID[language] in olga.html
        assert 'role="alert"' in olga.html and 'type="search"' in olga.html
    oleg = await comes_in(visitor, desk, clock, people.OLEG)
    assert await oleg.get(SEARCHES[0]) == 200
    desk.allowances.clock = lambda: 1001.0
    assert await olga.get(SEARCHES[2]) == 200


async def test_what_is_no_search_takes_none_of_it(
    visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    olga = await comes_in(visitor, desk, clock, people.OLGA)
    uses_up(desk, people.OLGA)
    for path in OTHERS:
        assert await olga.get(path) in {200, 303}, path
    assert await olga.press(1, "take") == 303


async def test_the_board_and_its_pictures_are_of_it_too(
    visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    anna = await comes_in(visitor, desk, clock, people.ANNA)
    uses_up(desk, people.ANNA, but=4)
    assert [await anna.get(path) for path in BOARD] == [200] * 3
    for path in BOARD:
        assert await anna.get(path) == 429, path
        assert int(anna.headers["Retry-After"]) >= 1
    assert SAID["en"] not in anna.html  # nobody reads what a picture says
    await anna.get(BOARD[0])
    assert SAID["en"] in anna.html


async def test_what_is_found_by_words_is_seldom_looked_for_again_by_itself(
    visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    olga = await comes_in(visitor, desk, clock, people.OLGA)
    await olga.get(SEARCHES[0])
    assert f'data-live="{SELDOM}"' in olga.html
    await olga.get("/app")
    assert 'data-live="/app/live"' in olga.html


@pytest.mark.parametrize(
    ("module", "reading", "path"),
    [
        (table, "_page_of", SEARCHES[0]),
        (ticket, "find_articles", SEARCHES[2]),
        (board_routes, "count_of", BOARD[0]),
        (board_routes, "page_of_figure", BOARD[1]),
    ],
)
async def test_what_reads_for_too_long_is_broken_off_and_said(
    visitor: Visitor,
    desk: Desk,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    module: Any,
    reading: str,
    path: str,
) -> None:
    async def broken_off(*_: Any, **__: Any) -> None:
        raise Refusal("refusal.took_too_long")

    anna = await comes_in(visitor, desk, clock, people.ANNA)
    monkeypatch.setattr(module, reading, broken_off)
    assert await anna.get(path) == 422
    assert "took too long" in anna.html and "Retry-After" not in anna.headers
