"""Lists and tickets as the app shows them (S23, D2)."""

import re
from dataclasses import replace
from html import escape, unescape
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import TicketCamera
from core.people.staff import by_operator
from core.tickets.conversation import note
from core.tickets.lifecycle import take
from core.tickets.looked_at import AtLeast
from core.tickets.search_index import index_new
from core.tickets.tags import tag
from handlers.http.app import table
from handlers.http.app.narrowing import NAMES, ListQuery, _count, read_query
from handlers.http.app.pages import _whole_words
from tests.actions import people
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.test_directory import apply
from tests.handlers.http.app_browser import CANARY, HOSTILE, Browser, rows


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
    monkeypatch.setattr(table, "PAGE", 2)
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
    assert await olga.get("/app?view=nonsense") == 404


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


async def test_a_ticket_leads_back_to_the_list_as_it_was(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    assert '<a href="/app">‹ ' in olga.html
    listed = "/app?view=free&assignee=nobody&order=newest"
    await olga.get(listed)
    kept = olga.headers["Set-Cookie"].partition(";")[0]
    assert kept.startswith("frontdoor_list=") and "HttpOnly" in olga.headers["Set-Cookie"]
    signed_in, olga.cookie = olga.cookie, f"{olga.cookie}; {kept}"
    for path in ("/app/t/1", "/app/t/9"):
        await olga.get(path)
        assert f'<a href="{escape(listed)}">‹ ' in olga.html, path
    await olga.press(1, "note", text="")
    assert f'<a href="{escape(listed)}">‹ ' in olga.html
    for hostile in ('view="><script>', "//evil.example", "&" * 99, "view=%00%ff"):
        olga.cookie = f"{signed_in}; frontdoor_list={hostile}"
        assert await olga.get("/app/t/1") == 200
        assert re.search(r'<a href="/app(\?view=[^"<>]*)?">‹ ', olga.html), hostile


async def test_a_list_that_brings_itself_up_to_date_is_not_where_somebody_was(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    asked = {"Cookie": olga.cookie, "HX-Request": "true"}
    _, headers, _ = await olga.visitor.ask("GET", "/app?view=free", headers=asked)
    assert "frontdoor_list" not in headers.get("Set-Cookie", "")
    await olga.get(f"/app?view=free&after={'9' * 4000}")  # too long for a browser
    assert olga.headers["Set-Cookie"].startswith("frontdoor_list=;")


async def test_a_list_that_is_not_for_them_is_said_to_be_none(olga: Browser, desk: Desk) -> None:
    saved = '[[view]]\ncode = "bosses"\ntitles = { en = "Bosses" }\nfor_role = "admin"\n'
    await apply(desk, saved)
    for code in ("bosses", "gone"):
        assert await olga.get(f"/app?view={code}") == 404
        assert f"There is no list “{code}”, or it is not for you" in unescape(olga.html)
        assert 'class="lists"' in olga.html


async def test_an_order_is_offered_once(olga: Browser, desk: Desk) -> None:
    saved = '[[view]]\ncode = "fresh"\ntitles = { en = "Fresh" }\norder = "newest"\n'
    await apply(desk, saved)
    for view, offered in (
        ("queue", ["", "newest", "oldest"]),
        ("fresh", ["", "urgency", "oldest"]),
        ("queue&order=urgency", ["", "urgency", "newest", "oldest"]),
    ):
        await olga.get(f"/app?view={view}")
        found = re.search(r'<select name="order">(.*?)</select>', olga.html)
        assert found and re.findall(r'<option value="([^"]*)"', found[1]) == offered, view


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
    assert (_count(AtLeast(7)), _count(AtLeast(0))) == (" 7+", ""), "at least none says nothing"


async def test_tickets_are_found_by_a_topic_that_nobody_is_offered(olga: Browser) -> None:
    """As faults have one of their own."""
    await olga.get("/app?topic=camera")
    assert '<option value="camera" selected>' in olga.html and ": camera" not in olga.html


async def test_what_was_not_looked_at_is_said_to_be_further_on(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where filters meet a page ends when enough was looked at, and the next one goes on there."""
    monkeypatch.setattr("core.tickets.narrowing.RARE", 0)
    monkeypatch.setattr("core.tickets.lists.LOOKED", 2)
    monkeypatch.setattr("core.tickets.looked_at.LOOKED", 2)
    for words in ("gate", "lamp", "door"):
        await people.opens(desk, text=words)
    await desk.run(by_operator, people.OLGA, tag, 2, "vip")
    await desk.run(by_operator, people.OLGA, tag, 3, "vip")
    await olga.press(3, "take")
    said = "There may be more on other pages."
    await olga.get("/app?topic=payment&assignee=nobody")
    assert olga.html.count("<tr>") == 1 + 2 and said in olga.html and "2+" in olga.html
    onward = re.search(r'href="(/app\?[^"]*after=[^"]+)"', olga.html)
    assert onward is not None
    await olga.get(unescape(onward[1]))
    assert "There are no more such tickets this way." in olga.html and said not in olga.html
    assert "before=" in olga.html


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
    (number,) = await rows(desk, select(func.max(TicketCamera.ticket_id)))
    await olga.get(f"/app/t/{number}")
    data = olga.html.partition('<div id="data">')[2].partition("</details>")[0]
    assert "Model: &lt;script&gt;" in data and "Owners:" in data and "Alice" in data
    assert f'<a href="/app/t/{number - 1}">' in data or '<a href="/app/t/' in data
