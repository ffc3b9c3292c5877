"""Who gets into the app of operators and admins, and who is out again (S15)."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.addresses import Address
from core.desk import Desk
from core.errors import Refusal
from core.models import Ticket
from core.people.app_logins import make_link
from core.people.identity import Sender, leave_operators
from core.people.staff import by_operator, enrol
from core.texts import Texts
from handlers.http.app import coming_in, staff_access
from handlers.http.app.session import COOKIE, read_init_data
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.app_browser import CANARY, TOKEN, Browser, in_the_group, rows, signed
from tests.handlers.http.conftest import Visitor, served


async def test_telegram_vouches_for_an_operator_who_sees_the_table(
    browser: Browser, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk, text=CANARY)
    assert await browser.get("/app") == 200
    assert 'id="login"' in browser.html and CANARY not in browser.html
    assert await browser.log_in(clock, people.OLGA) == 303
    assert "HttpOnly" in browser.headers["Set-Cookie"]
    assert await browser.get(browser.headers["Location"]) == 200
    assert "#1" in browser.html and CANARY in browser.html and "Alice" in browser.html
    assert "🔴 1" in browser.html


def test_what_telegram_has_not_signed_just_now_is_nobody() -> None:
    clock = Clock()
    good = signed(clock, people.OLGA)
    assert read_init_data(TOKEN, good, clock()) == people.OLGA.address
    other = str(people.number(people.ANNA))
    old = str(int((clock() - timedelta(minutes=6)).timestamp()))
    ahead = str(int((clock() + timedelta(minutes=3)).timestamp()))
    for forged in (
        "",
        "hash=",
        "user=1",
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.replace(str(people.number(people.OLGA)), other),
        good + "&user=%7B%22id%22%3A1%7D",
        good.replace("query_id=AA", "query_id=AB"),
        signed(clock, people.OLGA, "123456:another-bot"),
        signed(clock, people.OLGA, auth_date=old),
        signed(clock, people.OLGA, auth_date=ahead),
        signed(clock, people.OLGA, auth_date="²"),
        signed(clock, people.OLGA, auth_date="9" * 40),
        signed(clock, people.OLGA, user="null"),
        signed(clock, people.OLGA, user='{"id": "201"}'),
        signed(clock, people.OLGA, user='{"id": 201, "is_bot": true}'),
        signed(clock, people.OLGA, user='{"id": -100}'),
        "user=%ff%fe&hash=00",
        good.rpartition("&hash=")[0] + "&hash=é",
    ):
        assert read_init_data(TOKEN, forged, clock()) is None, forged


async def test_a_sign_in_counts_once(browser: Browser, visitor: Visitor, clock: Clock) -> None:
    data = signed(clock, people.OLGA)
    assert await browser.ask("POST", "/app/login", init_data=data) == 303
    thief = Browser(visitor)
    assert await thief.ask("POST", "/app/login", init_data=data) == 403
    assert not thief.cookie and "out of date" in thief.html


async def test_who_loads_the_page_again_stays_in_and_another_account_comes_in_instead(
    olga: Browser, desk: Desk, clock: Clock
) -> None:
    """Telegram says the same again when a page is loaded anew; another account says another."""
    await desk.run(by_operator, people.OLEG, enrol)
    data, cookie = signed(clock, people.OLGA, start_param="t7"), olga.cookie
    clock.move(hours=1)
    for _ in range(2):
        assert await olga.ask("POST", "/app/login", init_data=data, start="t7") == 303
        assert olga.headers["Location"] == "/app/t/7" and olga.cookie == cookie
    assert await olga.log_in(clock, people.OLEG) == 303
    assert f".{people.number(people.OLEG)}." in olga.cookie
    assert await olga.ask("POST", "/app/login", init_data=data) == 403
    clock.move(hours=13)
    olga.cookie = cookie
    assert await olga.ask("POST", "/app/login", init_data=data) == 403


@pytest.mark.parametrize("who", [people.ALICE, people.EVE])
async def test_customers_and_strangers_stay_outside(
    browser: Browser, desk: Desk, clock: Clock, who: Sender
) -> None:
    await people.opens(desk, text=CANARY)
    assert await browser.log_in(clock, who) == 403
    assert not browser.cookie and "one of them" in browser.html


async def test_who_leaves_the_group_is_out_at_once(olga: Browser, desk: Desk) -> None:
    await people.opens(desk, text=CANARY)
    assert await olga.get("/app/t/1") == 200
    await desk.run(leave_operators, people.OLGA)
    for method, path in (("GET", "/app"), ("GET", "/app/t/1"), ("POST", "/app/t/1")):
        assert await olga.ask(method, path, verb="take") == 403
        assert CANARY not in olga.html


async def test_without_a_session_nothing_is_shown_and_nothing_done(
    browser: Browser, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk, text=CANARY)
    await browser.log_in(clock, people.OLGA)
    good = browser.cookie
    until = good.split(".")[2]
    longer = good.replace(until, str(int(until) + 9))
    other = good.replace(f".{people.number(people.OLGA)}.", f".{people.number(people.ANNA)}.")
    for cookie in ("", longer, other, f"{COOKIE}=x", f"{COOKIE}=telegram.201.1.00"):
        browser.cookie = cookie
        for method, path in (("GET", "/app"), ("GET", "/app/t/1"), ("POST", "/app/t/1")):
            assert await browser.ask(method, path, verb="close", token="x") == 200
            assert 'id="login"' in browser.html and CANARY not in browser.html
    browser.cookie = good
    clock.move(hours=13)
    await browser.get("/app")
    assert 'id="login"' in browser.html
    assert [one.state for one in await rows(desk, select(Ticket))] == ["new"]


async def test_a_link_counts_once_and_not_for_who_only_previews_it(
    browser: Browser, visitor: Visitor, desk: Desk
) -> None:
    secret = await desk.run(make_link, people.OLGA.address)
    for _ in range(3):
        assert await browser.get(f"/app/enter/{secret}") == 200
    assert await browser.ask("POST", f"/app/enter/{secret}") == 303
    assert await browser.get("/app") == 200 and "Nothing here" in browser.html
    thief = Browser(visitor)
    for method in ("GET", "POST"):
        assert await thief.ask(method, f"/app/enter/{secret}") == 404
        assert not thief.cookie


async def test_a_link_of_long_ago_does_not_count(
    browser: Browser, desk: Desk, clock: Clock
) -> None:
    secret = await desk.run(make_link, people.OLGA.address)
    clock.move(minutes=11)
    assert await browser.ask("POST", f"/app/enter/{secret}") == 404
    assert await browser.ask("POST", "/app/enter/guessed") == 404
    assert not browser.cookie


async def test_who_tries_to_get_in_too_often_waits(
    desk: Desk, texts: Texts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    rate, burst = coming_in.LOGIN_RATE
    assert rate <= 0.2  # a second; here it is slower than any machine
    monkeypatch.setattr(coming_in, "LOGIN_RATE", (0.001, burst))
    door = make_door(
        desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=Entrance(TOKEN, in_the_group)
    )
    async with served(door) as visitor:
        browser = Browser(visitor)
        statuses = [await browser.log_in(clock, people.EVE) for _ in range(25)]
    assert statuses[0] == 403 and statuses[-1] == 429


async def test_one_person_has_so_many_pages_and_their_colleagues_have_theirs(
    desk: Desk, texts: Texts, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff_access, "RATE", (0.001, 3.0))
    for who in (people.OLGA, people.OLEG):
        await desk.run(by_operator, who, enrol)
    entrance = Entrance(TOKEN, in_the_group)
    door = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=entrance)
    async with served(door) as visitor:
        olga, oleg = Browser(visitor), Browser(visitor)
        assert await olga.log_in(clock, people.OLGA) == await oleg.log_in(clock, people.OLEG) == 303
        assert [await olga.get("/app") for _ in range(5)] == [200] * 3 + [429] * 2
        wait = olga.headers["Retry-After"]
        assert int(wait) > 0 and 'role="alert"' in olga.html
        assert f"in {wait} seconds" in olga.html and 'href="/app"' in olga.html
        assert await olga.get("/app?view=free&state=new") == 429
        assert 'href="/app?view=free&amp;state=new"' in olga.html
        assert await olga.get("/app/t/1") == 429 and 'href="/app/t/1"' in olga.html
        assert await olga.ask("POST", "/app/t/1", verb="take") == 429
        assert "Nothing was done" in olga.html
        assert await oleg.get("/app") == 200


async def test_who_is_in_no_group_any_more_is_out_though_nobody_told_the_desk(
    desk: Desk, texts: Texts, clock: Clock
) -> None:
    """Telegram may not have told of a leave; a session of the morning is no key (S1)."""
    await people.opens(desk, text=CANARY)
    await desk.run(by_operator, people.OLGA, enrol)
    answers: list[bool | Refusal] = [True, True, Refusal("refusal.membership_unknown"), False]

    async def confirm(_address: Address) -> bool:
        if isinstance(answer := answers.pop(0), Refusal):
            raise answer
        return answer

    door = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=Entrance(TOKEN, confirm))
    async with served(door) as visitor:
        olga = Browser(visitor)
        assert await olga.log_in(clock, people.OLGA) == 303
        assert await olga.get("/app/t/1") == 200 and CANARY in olga.html
        for status in (503, 403):
            assert await olga.get("/app/t/1") == status and CANARY not in olga.html
    assert not answers


async def test_a_desk_without_a_bot_token_has_no_app(desk: Desk, texts: Texts) -> None:
    async with served(make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0))) as visitor:
        assert await Browser(visitor).get("/app") == 404


async def test_leaving_ends_the_session_here(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    assert await olga.ask("POST", "/app/logout", token=olga.field("token")) == 200
    gone = [one.partition(";")[0] for one in olga.headers.getall("Set-Cookie")]
    assert "frontdoor_list=" in gone  # nor does it lead whoever comes next to their list
    await olga.get("/app")
    assert 'id="login"' in olga.html


async def test_static_files_are_there_and_nothing_else(browser: Browser) -> None:
    await browser.get("/app")
    for path in re.findall(r'(?:href|src)="(/app/static/[^"]+)"', browser.html):
        assert await browser.get(path) == 200
    assert await browser.get("/app/static/..%2froutes.py") == 404
