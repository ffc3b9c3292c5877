"""The app of operators and admins: who gets in, what they see, what their buttons do (S15, S23)."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from sqlalchemy import select

from core.addresses import Address
from core.desk import Desk
from core.directory.company_files import keep_file
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.errors import Refusal
from core.files import FolderStore, name_of
from core.integrations.unused_uploads import find_due_uploads
from core.links.ticket_merge import merge_tickets
from core.models import JournalEntry, Message, Note, OutboxRow, Ticket, TicketCamera
from core.people.app_logins import make_link
from core.people.identity import Sender, leave_operators
from core.people.staff import by_operator, enrol
from core.texts import Texts
from core.tickets.attached_files import AttachedFile
from core.tickets.conversation import note
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from handlers.http.app import routes, staff_access
from handlers.http.app.narrowing import NAMES, ListQuery, _count, read_query
from handlers.http.app.pages import _whole_words
from handlers.http.app.session import COOKIE, read_init_data
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.test_directory import apply
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

TOKEN = "123456:bot-token-of-the-tests"
HOSTILE = "<script>alert(1)</script>\"'&<b>"
CANARY = "canary bird"
RESPONSE = """[[response]]
code = "restart"
title = "Restart"
texts = { en = "Please restart it, {customer}." }
"""


def signed(clock: Clock, who: Sender, token: str = TOKEN, **more: str) -> str:
    """What Telegram hands over when this person opens the app."""
    user = json.dumps({"id": people.number(who), "first_name": who.name})
    fields = {"auth_date": str(int(clock().timestamp())), "query_id": "AA", "user": user} | more
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields))
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    fields["hash"] = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return urlencode(fields)


class Browser:
    """Somebody's browser, which keeps its cookies and runs no script."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.cookie = ""
        self.html = ""
        self.headers: Any = {}

    async def ask(self, method: str, path: str, **fields: str) -> int:
        how: dict[str, Any] = {"headers": {"Cookie": self.cookie}, "allow_redirects": False}
        if method == "POST":
            how["data"] = urlencode(fields)
            how["headers"]["Content-Type"] = "application/x-www-form-urlencoded"
        status, self.headers, self.html = await self.visitor.ask(method, path, **how)
        found = re.match(rf"({COOKIE}=[^;]*)", self.headers.get("Set-Cookie", ""))
        self.cookie = found[1] if found else self.cookie
        return status

    async def get(self, path: str) -> int:
        return await self.ask("GET", path)

    async def log_in(self, clock: Clock, who: Sender) -> int:
        return await self.ask("POST", "/app/login", init_data=signed(clock, who))

    async def press(self, number: int, verb: str, **fields: str) -> int:
        """Send a form of the ticket's page with this button."""
        await self.get(f"/app/t/{number}")
        return await self.again(number, verb, **fields)

    async def again(self, number: int, verb: str, **fields: str) -> int:
        """Send a form of the page that is open."""
        given = {name: self.field(name) for name in ("token", "once")}
        return await self.ask("POST", f"/app/t/{number}", **given, verb=verb, **fields)

    def field(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.html)
        return "" if found is None else found[1]


async def in_the_group(_address: Address) -> bool:
    """What Telegram says of everybody."""
    return True


@pytest.fixture
async def visitor(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(routes, "LOGIN_RATE", (1000.0, 1000.0))
    door = make_door(
        desk, texts, Vitals(lambda: 0.0, lambda: 0), entrance=Entrance(TOKEN, in_the_group)
    )
    async with served(door) as visitor:
        yield visitor


@pytest.fixture
async def browser(visitor: Visitor, desk: Desk) -> Browser:
    await desk.run(by_operator, people.OLGA, enrol)
    return Browser(visitor)


@pytest.fixture
async def olga(browser: Browser, clock: Clock) -> Browser:
    """Her browser, signed in."""
    assert await browser.log_in(clock, people.OLGA) == 303
    return browser


async def rows(desk: Desk, query: Any) -> list[Any]:
    async with desk.database.read() as session:
        return list(await session.scalars(query))


# ---------------------------------------------------------------------------- coming in


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
    rate, burst = routes.LOGIN_RATE
    assert rate <= 0.2  # a second; here it is slower than any machine
    monkeypatch.setattr(routes, "LOGIN_RATE", (0.001, burst))
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
        assert int(olga.headers["Retry-After"]) > 0 and 'role="alert"' in olga.html
        assert await olga.get("/app/t/1") == 429
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


# ---------------------------------------------------------------------------- looking


async def test_a_ticket_that_somebody_has_is_not_offered_to_be_taken(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    assert 'value="take"' in olga.html and 'value="release"' not in olga.html
    await desk.run(by_operator, people.OLEG, take, 1)
    await olga.get("/app/t/1")
    assert 'value="take"' not in olga.html and 'value="release"' in olga.html


async def test_hostile_words_are_words(olga: Browser, desk: Desk) -> None:
    await people.opens(desk, text=HOSTILE)
    await desk.run(by_operator, people.OLGA, note, 1, people.writes(HOSTILE))
    for path in ("/app", f"/app?{urlencode({'find': HOSTILE})}", "/app/t/1"):
        assert await olga.get(path) == 200
        assert "<script>alert" not in olga.html
        assert "script-src 'self'" in olga.headers["Content-Security-Policy"]
    assert olga.html.count("&lt;script&gt;alert(1)") >= 2


async def test_tags_are_shown_by_their_titles(olga: Browser, desk: Desk) -> None:
    titles = '{ ru = "Очень <b>важно</b>", en = "Very <b>important</b>" }'
    listed = f'[[tag]]\nword = "vip"\ntitles = {titles}\nmarker = "🔴"\n'
    await desk.run(apply_directory, read_directory(listed))
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, tag, 1, "vip двор")
    for path in ("/app", "/app/t/1"):
        assert await olga.get(path) == 200
        assert re.search(r"🔴 #vip \([^()<]*&lt;b&gt;[^<]*&lt;/b&gt;\) #двор", olga.html), olga.html


async def test_lists_are_filtered_searched_and_paged(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "PAGE", 2)
    for words in ("gate", "lamp", "door"):
        await people.opens(desk, text=words)
    await olga.press(2, "take")
    await olga.get("/app?view=mine")
    assert "lamp" in olga.html and "gate" not in olga.html
    await desk.run(index_new)
    await olga.get("/app?find=door")
    assert olga.html.count("<tr>") == 1 + 1 and 'href="/app/t/3"' in olga.html
    assert "🔴 need an answer</a>" in olga.html, "what is found is not counted"
    assert await olga.get("/app?find=%233") == 303 and olga.headers["Location"] == "/app/t/3"
    await olga.get("/app")
    after = re.search(r'href="(/app\?view=queue&amp;after=[^"]+)"', olga.html)
    assert after is not None and olga.html.count("<tr>") == 1 + 2
    await olga.get(after[1].replace("&amp;", "&"))
    assert olga.html.count("<tr>") == 1 + 1 and "before=" in olga.html
    assert await olga.get("/app?view=nonsense") == 303


async def test_filters_stand_in_the_address_and_go_by_one_press(olga: Browser, desk: Desk) -> None:
    await apply(desk, '[[team]]\ncode = "crew"\ntitles = { en = "Crew" }\n')
    await people.opens(desk, text="gate", topic="payment")
    await people.opens(desk, text="lamp", topic="access")
    await olga.press(1, "tag", text="wet")
    await olga.get("/app?view=queue&topic=payment&tag=%23Wet&team=&order=newest")
    assert "gate" in olga.html and "lamp" not in olga.html
    ways = [unescape(way) for way in re.findall(r'class="chip" href="([^"]+)"', olga.html)]
    assert len(ways) == 3 and "/app?view=queue&tag=wet&order=newest" in ways
    for way in ways:
        assert await olga.get(way) == 200 and olga.html.count('class="chip"') == 2
    assert '<a href="/app?view=queue">Clear all</a>' in olga.html
    counts = re.findall(r'<a href="([^"]+)" title="need an answer"[^>]*>🔴 (\d)', olga.html)
    (way, count), *_ = counts
    await olga.get(unescape(way))
    assert olga.html.count("<tr>") == 1 + int(count) and 'aria-current="true">🔴' in olga.html
    await olga.get("/app?view=mine&topic=payment")
    assert '<a href="/app?view=queue&amp;topic=payment">' in olga.html  # lists keep the filters


async def test_where_nothing_fits_it_is_said_what_to_do(olga: Browser, desk: Desk) -> None:
    await people.opens(desk, text="Списали дважды")
    await olga.get("/app?view=frozen")
    assert "Nothing here" in olga.html
    await olga.get("/app?marker=frozen")
    assert "Take something away from the filter" in olga.html
    await olga.get("/app?find=nobodysaidthis")
    assert "Try a part of a word" in olga.html


async def test_what_was_found_by_words_is_not_counted_as_the_list_is(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk, text="Списали дважды")
    await olga.get("/app")
    assert "🔴 1<" in olga.html
    await olga.get("/app?find=nobodysaidthis")
    assert "🔴 need an answer<" in olga.html and "🔴 1<" not in olga.html


def test_a_count_that_is_not_exact_says_so() -> None:
    assert _count(1000) == " 1000"
    assert _count(1001) == " 1000+"


async def test_how_a_ticket_began_stands_once_on_its_page(olga: Browser, desk: Desk) -> None:
    number = (await people.opens(desk, text="Камера смотрит в стену")).id
    await olga.get(f"/app/t/{number}")
    assert olga.html.split('id="answering"')[0].count("Камера смотрит в стену") == 1


def test_a_subject_that_was_cut_ends_with_a_whole_word() -> None:
    assert _whole_words("The app does not let me in: it says that the pa…") == (
        "The app does not let me in: it says that the…"
    )
    assert _whole_words("Нет архива за вторник, а он очень нужен: въехал…").endswith("нужен…")
    assert _whole_words("Short, and whole.") == "Short, and whole."
    long = "MOS_07_02_without_a_single_space_on_its_label…"
    assert _whole_words(long) == long and _whole_words(f"№ {long}") == f"№ {long}"


async def test_hostile_filters_are_words_and_find_nothing(olga: Browser, desk: Desk) -> None:
    await people.opens(desk, text=CANARY)
    for name in ("state", "topic", "team", "assignee", "tag", "priority"):
        assert await olga.get(f"/app?{urlencode({name: HOSTILE})}") == 200
        assert CANARY not in olga.html and "<script>alert" not in olga.html
    assert read_query(dict.fromkeys((*NAMES, "find", "view"), "\0")) == ListQuery()
    for given in ({"marker": HOSTILE}, {"order": HOSTILE}, {"view": ""}):
        assert await olga.get(f"/app?{urlencode(given)}") == 200 and CANARY in olga.html


@pytest.mark.parametrize("number", ["999", "0", "-1", "1%27", "٣", "9" * 30])
async def test_what_is_no_ticket_is_said_to_be_none(olga: Browser, number: str) -> None:
    assert await olga.get(f"/app/t/{number}") == 404
    assert await olga.ask("POST", f"/app/t/{number}", token="x", verb="take") == 404


async def test_a_ticket_shows_its_talk_its_notes_its_journal(olga: Browser, desk: Desk) -> None:
    await people.opens(desk, text="the lamp is dark")
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("call the electrician"))
    await olga.get("/app/t/1")
    talk = olga.html.partition('<ol class="talk">')[2].partition("</ol>")[0]
    assert re.findall(r'<li class="(\w+)">', talk) == ["theirs", "note"]
    assert "the lamp is dark" in talk and "call the electrician" in talk
    assert "opened" in olga.html.partition("<summary>Journal")[2]


async def test_a_ticket_shows_the_data_behind_it(olga: Browser, desk: Desk) -> None:
    fields = {"Model": HOSTILE}
    lamp = replace(camera("N-1", people.ALICE, people.BORIS), fields=fields)
    await brings(desk, lamp)
    for who in (people.ALICE, people.BORIS):
        await people.opens(desk, who)
        await tells(desk, who, "N-1")
    number = max(await rows(desk, select(TicketCamera.ticket_id)))
    await olga.get(f"/app/t/{number}")
    data = olga.html.partition('<div id="data">')[2].partition("</details>")[0]
    assert "Model: &lt;script&gt;" in data and "Owners:" in data and "Alice" in data
    assert f'<a href="/app/t/{number - 1}">' in data or '<a href="/app/t/' in data


# ---------------------------------------------------------------------------- acting


async def test_an_answer_goes_to_the_customer_and_stands_in_the_group(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    assert await olga.press(1, "answer", text="Restart it & wait") == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Restart it & wait"
    told = await rows(desk, select(OutboxRow).where(OutboxRow.kind == "content"))
    assert {row.address for row in told} >= {people.ALICE.address.chat, str(people.OPERATORS)}
    (ticket,) = await rows(desk, select(Ticket))
    assert ticket.assignee_id == said.author_id
    events = await rows(desk, select(JournalEntry.event).order_by(JournalEntry.id))
    assert "answer_written" in events
    await olga.get("/app/t/1")
    assert "Restart it &amp; wait" in olga.html


async def test_lines_as_a_browser_sends_them_count_and_are_kept_as_they_were_typed(
    olga: Browser, desk: Desk
) -> None:
    """A form's lines end with two signs where the field that was typed in counts one."""
    await people.opens(desk)
    assert await olga.press(1, "answer", text="One.\r\n\r\nTwo.") == 303
    full = "\r\n".join(["x"] * 2000)
    assert await olga.press(1, "answer", text=full) == 303
    said = await rows(desk, select(Message.text).where(Message.from_customer.is_(False)))
    assert said == ["One.\n\nTwo.", full.replace("\r", "")]


async def test_a_form_that_is_sent_twice_counts_once(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    page = olga.html
    for verb, table in (("answer", Message), ("note", Note)):
        for _ in range(3):
            olga.html = page
            assert await olga.again(1, verb, text="twice") == 303
        assert len(await rows(desk, select(table).where(table.text == "twice"))) == 1


async def test_buttons_do_what_those_of_the_card_do(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    seen: list[str] = []
    for verb, fields in (
        ("take", {}),
        ("freeze", {"until": "week", "text": "waits for a part"}),
        ("unfreeze", {}),
        ("release", {}),
        ("resolve", {"text": "a new cable"}),
        ("reopen", {}),
        ("close", {"text": "done"}),  # the customer has no answer: it is said once
        ("close", {"text": "done"}),
    ):
        await olga.get("/app/t/1")
        assert f'value="{verb}"' in olga.html, verb
        told = 422 if verb == "close" and seen[-1] == "reopened" else 303
        assert await olga.again(1, verb, **fields) == told
        (ticket,) = await rows(desk, select(Ticket))
        seen.append(ticket.state if told == 303 else "told")
    assert seen == [
        *("in_progress", "frozen", "reopened", "reopened", "resolved", "reopened", "told"),
        "closed",
    ]
    await olga.get("/app/t/1")
    assert 'name="text" maxlength="4000"' not in olga.html and 'value="reopen"' in olga.html


async def test_a_ticket_without_an_answer_is_ended_at_the_second_try(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    assert await olga.again(1, "resolve") == 422
    assert "has not been answered yet" in olga.html
    assert (await rows(desk, select(Ticket)))[0].state == "new"
    assert await olga.again(1, "resolve") == 303
    assert (await rows(desk, select(Ticket)))[0].state == "resolved"


async def test_a_refusal_is_said_and_what_was_typed_stays(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    page = olga.html
    await desk.run(by_operator, people.OLEG, move, 1, "close")
    olga.html = page
    assert await olga.again(1, "answer", text="too late") == 422
    assert 'role="alert"' in olga.html
    assert await rows(desk, select(Message).where(Message.from_customer.is_(False))) == []
    await desk.run(by_operator, people.OLEG, move, 1, "reopen")
    assert await olga.press(1, "answer", text="x" * 4001) == 422
    assert "x" * 4001 in olga.html and "Too long" in olga.html


async def test_a_form_of_another_page_changes_nothing(
    olga: Browser, visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    await people.opens(desk)
    await desk.run(by_operator, people.OLEG, enrol)
    oleg = Browser(visitor)
    await oleg.log_in(clock, people.OLEG)
    await oleg.get("/app/t/1")
    for token in ("", "x", "é", oleg.field("token")):
        status = await olga.ask("POST", "/app/t/1", token=token, once="1", verb="close")
        assert status == 422 and "out of date" in olga.html
    assert await olga.press(1, "merge_any") == 422
    assert [one.state for one in await rows(desk, select(Ticket))] == ["new"]


async def test_a_canned_response_is_shown_and_goes_as_it_was_shown(
    olga: Browser, desk: Desk
) -> None:
    await apply(desk, RESPONSE)
    await people.opens(desk)
    await olga.get("/app/t/1?response=restart")
    assert ">Please restart it, Alice.</textarea>" in olga.html
    shown = {name: olga.field(name) for name in ("response", "digest")}
    assert await olga.again(1, "answer", text="Please restart it, Alice.", **shown) == 303
    sent = select(JournalEntry).where(JournalEntry.event == "response_sent")
    assert len(await rows(desk, sent)) == 1
    await olga.get("/app/t/1?response=restart")
    assert await olga.again(1, "answer", text="Please restart it twice.", **shown) == 303
    assert len(await rows(desk, sent)) == 1
    words = select(Message.text).where(Message.from_customer.is_(False)).order_by(Message.id)
    assert await rows(desk, words) == ["Please restart it, Alice.", "Please restart it twice."]
    assert await olga.get("/app/t/1?response=nonsense") == 422


async def test_the_files_of_a_response_are_shown_and_go_with_changed_words_too(
    olga: Browser, desk: Desk
) -> None:
    file = AttachedFile("0" * 64, "a<b>.pdf", 1500)
    await desk.run(keep_file, file)
    line = f'files = ["a_b_.pdf sha256:{file.name}"]\n'
    await apply(desk, RESPONSE + line)
    await people.opens(desk)
    for words in ("Please restart it, Alice.", "Please look at it.", ""):
        await olga.get("/app/t/1?response=restart")
        assert '<p class="file">📎 a_b_.pdf · 2 KB</p>' in olga.html
        shown = {name: olga.field(name) for name in ("response", "digest")}
        assert await olga.again(1, "answer", text=words, **shown) == 303
    said = select(Message.text).where(Message.from_customer.is_(False)).order_by(Message.id)
    assert await rows(desk, said) == [
        *("Please restart it, Alice.", "a_b_.pdf", "Please look at it.", "a_b_.pdf", "a_b_.pdf")
    ]


async def test_leaving_ends_the_session_here(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    assert await olga.ask("POST", "/app/logout", token=olga.field("token")) == 200
    await olga.get("/app")
    assert 'id="login"' in olga.html


async def test_static_files_are_there_and_nothing_else(browser: Browser) -> None:
    await browser.get("/app")
    for path in re.findall(r'(?:href|src)="(/app/static/[^"]+)"', browser.html):
        assert await browser.get(path) == 200
    assert await browser.get("/app/static/..%2froutes.py") == 404


async def test_a_ticket_is_saved_as_a_file_with_or_without_what_is_ours(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk, text=HOSTILE)
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("call the electrician"))
    for kind, has_note in (("internal", True), ("public", False)):
        await olga.get("/app/t/1")
        token = olga.field("token")
        assert await olga.ask("POST", "/app/t/1/transcript", token=token, kind=kind) == 200
        name = "ticket-1-internal.html" if has_note else "ticket-1.html"
        assert olga.headers["Content-Disposition"] == f'attachment; filename="{name}"'
        assert (">Subject<" in olga.html) is has_note
        assert "<script" not in olga.html and "alert(1)" in olga.html
        assert ("call the electrician" in olga.html) is has_note
    made = select(JournalEntry.facts).where(JournalEntry.event == "transcript_made")
    assert [facts["internal"] for facts in await rows(desk, made)] == [True, False]
    assert await olga.ask("POST", "/app/t/1/transcript", token="x", kind="internal") == 422
    await olga.get("/app/t/1")
    token = olga.field("token")
    assert await olga.ask("POST", "/app/t/9/transcript", token=token, kind="internal") == 404
    assert len(await rows(desk, made)) == 2


async def test_files_of_a_conversation_are_saved_and_never_shown(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path
) -> None:
    store, script = FolderStore(tmp_path / "files"), b"<script>alert(1)</script>"
    file = {"name": await store.put(script), "title": "plan <b>.html", "size": len(script)}
    kept = people.says(people.ALICE, kind="document")
    kept.content.update(text="", file=file)
    remote = people.says(people.ALICE, "at Telegram", kind="photo")
    remote.content.update(file_id="canary-id")
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, enrol)
    for said in (kept, remote):
        await desk.run(hear, people.ALICE, said)

    async def fetch(file_id: str, _most: int | None) -> bytes:
        raise OSError(f"{file_id} is too large")

    vitals, entrance = Vitals(lambda: 0.0, lambda: 0), Entrance(TOKEN, in_the_group)
    async with served(
        make_door(desk, texts, vitals, files=store, fetch=fetch, entrance=entrance)
    ) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        await olga.get("/app/t/1")
        ways = re.findall(
            r'href="(/app/t/1/file/\d+)" hx-boost="false" download>([^<]*)', olga.html
        )
        assert [title for _, title in ways] == ["plan &lt;b&gt;.html", "photo.jpg"]
        assert await olga.get(ways[0][0]) == 200 and olga.html.encode() == script
        assert olga.headers["Content-Disposition"].startswith("attachment;")
        assert olga.headers["Content-Type"] == "application/octet-stream"
        assert await olga.get(ways[1][0]) == 503 and "too large" in olga.html
        assert "canary-id" not in olga.html
        for path in (ways[0][0].replace("/t/1/", "/t/2/"), "/app/t/1/file/999", "/app/t/1/file/x"):
            assert await olga.get(path) == 404
        stranger = Browser(visitor)
        assert await stranger.get(ways[0][0]) == 200 and 'id="login"' in stranger.html


# ---------------------------------------------------------------------------- what else a card does

OF_ITS_OWN = """
[[closing_reason]]
code = "cable"
titles = { en = "A cable" }

[[field]]
code = "key"
titles = { en = "Key" }
kind = "choice"
choices = ["blue", "red"]
"""


async def test_a_page_offers_what_can_be_chosen_now(olga: Browser, desk: Desk) -> None:
    await apply(desk, OF_ITS_OWN)
    await desk.run(by_operator, people.OLEG, enrol)
    await people.opens(desk)
    await olga.press(1, "tag", text="gate")
    await olga.get("/app/t/1")
    for verb in ("state", "assign", "topic", "classify", "title", "tag", "fields", "task", "mute"):
        assert f'name="verb" value="{verb}"' in olga.html, verb
    for words in ("Oleg", "A cable", ">red<", 'name="text" value="-gate"', "datetime-local"):
        assert words in olga.html, words
    assert 'value="escalate"' not in olga.html and 'value="settle"' not in olga.html


async def test_what_was_given_stays_in_the_form_that_was_refused(olga: Browser, desk: Desk) -> None:
    await apply(desk, OF_ITS_OWN)
    await people.opens(desk)
    await olga.press(1, "task", text="climb <the> pole")
    given = {"text": "a new one", "closing": "cable", "spent": "45m"}
    assert await olga.press(1, "resolve", **given) == 422
    form = olga.html.partition("<details open>")[2].partition("</details>")[0]
    assert 'value="a new one"' in form and 'value="cable" selected' in form
    assert "T1 climb &lt;the&gt; pole" in form and 'name="tasks" required' in form
    assert "<details open>" not in olga.html.partition("<details open>")[2]
    assert ">a new one</textarea>" not in olga.html
    assert await olga.again(1, "resolve", **given, tasks="complete") == 303
    assert (await rows(desk, select(Ticket)))[0].state == "resolved"


async def test_a_customer_is_muted_and_the_page_says_until_when(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    assert await olga.press(1, "mute", until="day") == 422
    assert await olga.press(1, "mute", until="day", text=HOSTILE) == 303
    await olga.get("/app/t/1")
    assert 'value="unblock"' in olga.html and "Messages are hidden until" in olga.html
    assert "<script>alert" not in olga.html
    assert await olga.again(1, "unblock") == 303


async def test_a_merged_ticket_has_no_forms(olga: Browser, desk: Desk) -> None:
    for words in ("gate", "the same gate"):
        await people.opens(desk, text=words)
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    forms = []
    for number in (1, 2):
        await olga.get(f"/app/t/{number}")
        forms.append(olga.html.count('name="verb"'))
    assert 0 in forms and max(forms) > 1


def with_files(fields: dict[str, str], *files: tuple[str, bytes]) -> aiohttp.FormData:
    """A form as a browser sends it with files."""
    form = aiohttp.FormData(fields)
    for name, data in files:
        form.add_field("files", data, filename=name, content_type="text/html")
    return form


async def test_files_go_with_an_answer_once_and_are_forgotten_where_it_is_refused(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Path
) -> None:
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, enrol)
    store, vitals = FolderStore(tmp_path / "files"), Vitals(lambda: 0.0, lambda: 0)
    entrance = Entrance(TOKEN, in_the_group)
    async with served(make_door(desk, texts, vitals, files=store, entrance=entrance)) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        await olga.get("/app/t/1")
        assert 'enctype="multipart/form-data"' in olga.html
        fields = {name: olga.field(name) for name in ("token", "once")}
        fields |= {"verb": "answer", "text": "See the plan"}

        async def send(*files: tuple[str, bytes], **more: str) -> int:
            form, cookie = with_files(fields | more, *files), {"Cookie": olga.cookie}
            how: dict[str, Any] = {"data": form, "headers": cookie, "allow_redirects": False}
            return (await visitor.ask("POST", "/app/t/1", **how))[0]

        assert await send(*[("a.html", b"<b>")] * 11) == 422
        assert [await send(("a.html", b"<b>")) for _ in range(2)] == [303, 303]
        await desk.run(by_operator, people.OLGA, move, 1, "close")
        assert await send(("b.html", b"<i>"), once="2") == 422
    said = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert [one.text for one in said] == ["See the plan", "a.html"]
    assert said[1].content["file"]["size"] == len(b"<b>")
    clock.move(hours=2)
    due = await desk.read(find_due_uploads)
    assert len(due.due) == 2 and due.unused == (name_of(b"<i>"),)
