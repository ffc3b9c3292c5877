"""Who sends a form of the app too often loses nothing of it (S40)."""

import json
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from sqlalchemy import select

from core.desk import Desk
from core.files import FolderStore
from core.models import Message, Note
from core.people.staff import by_operator, enrol
from core.texts import Texts
from handlers.http.app import staff_access
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.app_browser import HOSTILE, TOKEN, Browser, Wait, in_the_group, rows
from tests.handlers.http.attack import TYPES
from tests.handlers.http.conftest import served

WORDS = f"{HOSTILE}\n\n</textarea></form> it’s 5 < 6 &amp; more"
NAME = '"><script>alert(2)</script>'


@pytest.fixture(autouse=True)
def wait(monkeypatch: pytest.MonkeyPatch) -> Wait:
    wait = Wait()
    monkeypatch.setattr(staff_access, "Buckets", lambda *_rate: wait)
    return wait


class Shown(HTMLParser):
    """What a browser finds on a page: the form's attributes, its fields, all tags, the words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.form: dict[str, str | None] = {}
        self.fields: dict[str, str] = {}
        self.file: dict[str, str | None] = {}
        self.tags: set[str] = set()
        self.words = ""
        self.feed(html.partition("<main>")[2])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag == "form":
            self.form = given
        elif given.get("type") == "file":
            self.file = given
        elif tag == "input":
            self.fields[given["name"] or ""] = given["value"] or ""

    def handle_data(self, data: str) -> None:
        self.words += data


async def send_again(browser: Browser, **more: str) -> int:
    """Press the button of the page that is open."""
    shown = Shown(browser.html)
    return await browser.ask("POST", shown.form["action"] or "", **shown.fields, **more)


async def post(browser: Browser, path: str, data: Any, **headers: str) -> int:
    how: dict[str, Any] = {
        "headers": headers | {"Cookie": browser.cookie},
        "allow_redirects": False,
    }
    status, browser.headers, browser.html = await browser.visitor.ask(
        "POST", path, data=data, **how
    )
    return status


async def said(desk: Desk) -> list[Any]:
    query = select(Message.text).where(Message.from_customer.is_(False)).order_by(Message.id)
    return await rows(desk, query)


async def test_an_answer_that_is_refused_is_shown_and_one_button_sends_it(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    wait.seconds = 2.5
    given = {name: olga.field(name) for name in ("token", "once")}
    assert await olga.again(1, "answer", text=WORDS) == 429
    shown = Shown(olga.html)
    assert olga.headers["Retry-After"] == "3" and "in 3 seconds" in shown.words
    assert "Nothing was done" in shown.words and "Send again" in shown.words
    assert WORDS in shown.words
    assert shown.fields == given | {"verb": "answer", "text": WORDS}
    assert await send_again(olga) == 429  # too early: it is all there still
    assert Shown(olga.html).fields == shown.fields
    wait.seconds = 0.0
    refused = olga.html
    for _ in range(2):  # a double click
        olga.html = refused
        assert await send_again(olga) == 303
        assert olga.headers["Location"] == "/app/t/1"
    assert await said(desk) == [WORDS]


async def test_every_form_is_carried_with_all_its_fields(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    token, wait.seconds = olga.field("token"), 1.0
    for path, fields in (
        ("/app/t/1?page=0", {"verb": "note", "text": "call them"}),
        ("/app/t/1", {"verb": "write_article", "title": "Lamps", "text": "Turn it"}),
        ("/app/t/1", {"verb": "fields", "field.flat": "12"}),
        ("/app/t/1/transcript", {"kind": "internal"}),
        ("/app/logout", {}),
    ):
        assert await olga.ask("POST", path, token=token, **fields) == 429
        shown = Shown(olga.html)
        assert shown.form["action"] == path and shown.fields == fields | {"token": token}
        assert all(fields[name] in shown.words for name in ("title", "text") if name in fields)


async def test_of_a_field_given_several_times_the_one_that_counts_is_carried(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    given = [
        ("token", olga.field("token")),
        ("text", "first"),
        ("text", "second"),
        ("verb", "note"),
    ]
    wait.seconds = 1.0
    assert await post(olga, "/app/t/1", given) == 429
    wait.seconds = 0.0
    assert await send_again(olga) == 303
    assert await rows(desk, select(Note.text)) == ["second"]


async def test_no_field_breaks_out_of_the_page(olga: Browser, desk: Desk, wait: Wait) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    wait.seconds = 1.0
    fields = {"text": WORDS, NAME: HOSTILE, "": HOSTILE}
    parts, kind = in_parts(fields), "multipart/form-data; boundary=x"
    for sent, headers in ((fields, {}), (parts, {"Content-Type": kind})):
        assert await post(olga, f"/app/t/%22%3E%3Cb%3E?{NAME}", sent, **headers) == 429
        shown = Shown(olga.html)
        assert shown.tags == {"p", "div", "blockquote", "form", "input", "button"}
        assert shown.fields.items() >= {("text", WORDS), (NAME, HOSTILE)}


async def test_what_no_text_can_say_is_replaced(olga: Browser, desk: Desk, wait: Wait) -> None:
    wait.seconds = 1.0
    kind = "multipart/form-data; boundary=x; charset=utf-7"
    sent = in_parts({"+2AA-": "+2AA-"})
    assert await post(olga, "/app/t/1", sent, **{"Content-Type": kind}) == 429
    assert Shown(olga.html).fields == {"?": "?"}


async def test_a_form_of_another_site_gets_no_token_of_ours(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    wait.seconds = 1.0
    forged = {"verb": "note", "text": "forged", "token": "0" * 20}
    assert await olga.ask("POST", "/app/t/1", **forged) == 429
    assert Shown(olga.html).fields == forged
    wait.seconds = 0.0
    assert await send_again(olga) == 422
    assert await rows(desk, select(Note.text)) == []


async def test_a_form_is_sent_again_the_way_it_came(olga: Browser, desk: Desk, wait: Wait) -> None:
    """What gives a file, no page, is not for htmx."""
    wait.seconds = 1.0
    for headers, boost in (({"HX-Boosted": "true"}, None), ({}, "false")):
        assert await post(olga, "/app/t/1", {"verb": "take"}, **headers) == 429
        assert Shown(olga.html).form.get("hx-boost") == boost


async def test_words_are_kept_and_files_are_to_be_chosen_again(
    desk: Desk, texts: Texts, clock: Clock, tmp_path: Any, wait: Wait
) -> None:
    await people.opens(desk)
    await desk.run(by_operator, people.OLGA, enrol)
    entrance, vitals = Entrance(TOKEN, in_the_group), Vitals(lambda: 0.0, lambda: 0)
    door = make_door(desk, texts, vitals, entrance=entrance, files=FolderStore(tmp_path))
    async with served(door) as visitor:
        olga = Browser(visitor)
        await olga.log_in(clock, people.OLGA)
        await olga.get("/app/t/1")
        given = {name: olga.field(name) for name in ("token", "once")}
        given |= {"verb": "answer", "text": WORDS}
        wait.seconds = 1.0
        assert await post(olga, "/app/t/1", with_file(given)) == 429
        shown = Shown(olga.html)
        assert shown.fields == given and WORDS in shown.words
        assert "Files cannot be kept" in shown.words and shown.file["name"] == "files"
        assert shown.form["enctype"] == "multipart/form-data"
        wait.seconds = 0.0
        assert await post(olga, "/app/t/1", with_file(shown.fields)) == 303
    assert await said(desk) == [WORDS, "plan.pdf"]


async def test_the_page_that_a_form_leads_to_is_not_refused_and_says_what_was_done(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    await people.opens(desk, people.BORIS)
    await olga.get("/app/t/1")
    wait.free, wait.seconds = 1, 1.0
    assert await olga.again(1, "note", text="call them") == 303
    for other in ("/app/t/2", "/app/t/1?kb=lamp"):
        assert await olga.get(other) == 429
    live = {"headers": {"Cookie": olga.cookie, "HX-Request": "true"}}
    assert (await olga.visitor.ask("GET", "/app/t/1", **live))[0] == 429
    assert [await olga.get("/app/t/1"), "call them" in olga.html] == [200, True]
    assert await olga.get("/app/t/1") == 429


async def test_a_refused_form_leads_to_no_page_for_free(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    wait.seconds = 1.0
    assert await olga.again(1, "note", text="call them") == 429
    assert await olga.get("/app/t/1") == 429


async def test_without_files_nothing_is_said_of_them(olga: Browser, desk: Desk, wait: Wait) -> None:
    wait.seconds = 1.0
    form = aiohttp.FormData({"verb": "note", "text": "hi"})
    form.add_field("files", b"", filename="", content_type="application/octet-stream")
    assert await post(olga, "/app/t/1", form) == 429
    shown = Shown(olga.html)
    assert not shown.file and "Files" not in shown.words and shown.fields["text"] == "hi"


async def test_what_cannot_be_read_is_said_to_be_not_sent(
    olga: Browser, desk: Desk, wait: Wait
) -> None:
    wait.seconds = 1.0
    much = {f"field.{at}": "x" * 9_999 for at in range(11)}
    odd = [(json.dumps({"text": "hi"}), kind) for kind in TYPES if kind not in {"é", ""}]
    many = "&".join(f"a{at}=b" for at in range(101))
    for body, kind in [(many, "application/x-www-form-urlencoded"), *odd]:
        assert await post(olga, "/app/t/1", body, **{"Content-Type": kind}) == 429
        assert "open the page again" in olga.html and "<form" not in olga.html
    assert await post(olga, "/app/t/1", much) == 429
    assert "open the page again" in olga.html and "<form" not in olga.html


def with_file(fields: Mapping[str, str]) -> aiohttp.FormData:
    form = aiohttp.FormData(fields)
    form.add_field("files", b"%PDF", filename="plan.pdf", content_type="application/pdf")
    return form


def in_parts(fields: Mapping[str, str]) -> bytes:
    """A form of parts, with quotes in its names as a browser would not send them."""
    named = 'Content-Disposition: form-data; name="'
    parts = [
        f'--x\r\n{named}{name.replace(chr(34), chr(92) + chr(34))}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return "".join([*parts, "--x--\r\n"]).encode()
