"""The web form and the page of a ticket: for people without a script, and against robots."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from bot.erasure_cleanup import ErasureCleanup
from core.company import Limit
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.files import FolderStore
from core.integrations.unused_uploads import DueUploads, find_due_uploads
from core.links.merge_undo import undo_merge
from core.links.ticket_merge import merge_tickets
from core.models import Consent, ContactPoint, JournalEntry, Message, OutboxRow, Person, Ticket
from core.people.contact_points import verify_phone
from core.people.staff import by_operator
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.texts import Texts
from core.tickets.attached_files import AttachedFile, words_with
from core.tickets.conversation import note, reply
from core.tickets.fields import values_of
from core.tickets.lifecycle import move
from handlers.http.door import make_door
from handlers.http.health import Vitals
from handlers.http.pages import routes
from handlers.http.pages.layout import _luminance
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

FILLED = {
    "name": "Anna",
    "reach": "anna@example.org",
    "topic": "payment",
    "text": "Paid twice <b>really</b>",
    "consent": "1",
}
HOSTILE = "<script>alert(1)</script>\"'&"


class Browser:
    """Somebody with a browser that runs no scripts."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.at = "/form"
        self.html = ""
        self.headers: Any = {}

    async def opens(self, path: str) -> int:
        status, self.headers, self.html = await self.visitor.ask("GET", path)
        self.at = path
        return status

    async def sends(self, fields: dict[str, str], path: str | None = None) -> int:
        found = re.search(r'name="once" value="([0-9a-f]+)"', self.html)
        once = {} if found is None else {"once": found[1]}
        body = urlencode(once | fields)
        status, self.headers, self.html = await self.visitor.ask(
            "POST",
            path or self.at,
            data=body,
            allow_redirects=False,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        return status

    async def attaches(
        self, fields: dict[str, str], *files: tuple[str, bytes], charset: str = "utf-8"
    ) -> int:
        """Send the form with files, as a browser does."""
        found = re.search(r'name="once" value="([0-9a-f]+)"', self.html)
        given = {"once": found[1] if found else ""} | fields
        parts = [(f'name="{name}"', value.encode()) for name, value in given.items()]
        parts += [(f'name="files"; filename="{name}"', data) for name, data in files]
        body = b"".join(
            f"--x\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        status, self.headers, self.html = await self.visitor.ask(
            "POST",
            self.at,
            data=body + b"--x--\r\n",
            allow_redirects=False,
            headers={"Content-Type": f"multipart/form-data; boundary=x; charset={charset}"},
        )
        return status

    async def follows(self) -> int:
        return await self.opens(self.headers["Location"])


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "files")


@pytest.fixture
async def browser(desk: Desk, texts: Texts, store: FolderStore) -> AsyncIterator[Browser]:
    door = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=store)
    async with served(door) as visitor:
        yield Browser(visitor)


async def count(desk: Desk, model: Any) -> int:
    async with desk.database.read() as session:
        return int(await session.scalar(select(func.count()).select_from(model)) or 0)


async def test_a_form_becomes_a_ticket_and_leads_to_its_page(browser: Browser, desk: Desk) -> None:
    assert await browser.opens("/form?lang=en") == 200
    assert await browser.sends(FILLED) == 303
    assert await browser.follows() == 200
    assert "Ticket #1" in browser.html and "Received, answer by" in browser.html
    assert "Paid twice &lt;b&gt;really&lt;/b&gt;" in browser.html
    async with desk.database.read() as session:
        (ticket,) = await session.scalars(select(Ticket))
        (person,) = await session.scalars(select(Person))
        points = {point.kind for point in await session.scalars(select(ContactPoint))}
        written = await session.execute(select(JournalEntry.event, JournalEntry.facts))
        entries: dict[str, Any] = dict(list(written))
    assert (ticket.topic, ticket.origin, person.language) == ("payment", "form", "en")
    assert points == {"email", "web"}
    assert entries["form_sent"]["consent"] == "1"


async def test_the_companys_consent_is_the_forms_and_is_remembered(
    browser: Browser, desk: Desk
) -> None:
    text = {"en": "We keep <your> words\nfor a year."}
    desk.company = replace(desk.company, consent=text, consent_version="2")
    await browser.opens("/form?lang=en")
    assert "We keep &lt;your&gt; words<br>for a year." in browser.html
    assert 'name="consent" value="2"' in browser.html
    assert await browser.sends(FILLED) == 422
    assert "has changed" in browser.html and "checked" not in browser.html
    assert await browser.sends(FILLED | {"consent": "2"}) == 303
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
    assert (consent.version, consent.origin) == ("2", "web")


async def chooses(desk: Desk, *lines: str) -> None:
    """An admin changes the directory while forms are open."""
    await desk.run(apply_directory, read_directory("\n".join(["[settings]", *lines])))


async def test_another_version_of_the_forms_own_text_asks_again_and_is_noted(
    browser: Browser, desk: Desk
) -> None:
    await browser.opens("/form?lang=en")
    await chooses(desk, 'consent_version = "2026-12"')
    assert await browser.sends(FILLED) == 422
    assert "has changed" in browser.html and "checked" not in browser.html
    assert 'name="consent" value="2026-12"' in browser.html
    assert await browser.sends(FILLED | {"consent": "2026-12"}) == 303
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
        written = await session.execute(select(JournalEntry.event, JournalEntry.facts))
        entries: dict[str, Any] = dict(list(written))
    assert consent.version == "form-2026-12"
    assert entries["form_sent"]["consent"] == "2026-12"
    assert entries["consent_given"]["version"] == "form-2026-12"


async def test_the_pages_have_the_companys_colour_of_this_moment(
    browser: Browser, desk: Desk
) -> None:
    await browser.opens("/form?lang=en")
    assert "--accent: #" in browser.html and "#FFEE00" not in browser.html
    await chooses(desk, 'colour = "#FFEE00"')
    await browser.opens("/form?lang=en")
    assert "--accent: #ffee00; --on-accent: #000;" in browser.html
    await browser.sends(FILLED)
    await browser.follows()
    assert "Ticket #1" in browser.html and "--accent: #ffee00; --on-accent: #000;" in browser.html
    await browser.opens("/form?color=1a5fb4")
    assert "--accent: #1a5fb4; --on-accent: #fff;" in browser.html, "a site may want its own"


async def test_a_consent_to_the_forms_own_text_is_none_to_the_companys(
    browser: Browser, desk: Desk
) -> None:
    await browser.opens("/form?lang=en")
    await browser.sends(FILLED)
    async with desk.database.read() as session:
        (consent,) = await session.scalars(select(Consent))
    assert consent.version == "form-1"


async def test_an_answer_is_read_there_and_answered_there(browser: Browser, desk: Desk) -> None:
    await browser.opens("/form?lang=en")
    await browser.sends(FILLED)
    await browser.follows()
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("canary note"))
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("Returned the second one"))
    await browser.opens(browser.at)
    assert "Returned the second one" in browser.html
    assert "canary" not in browser.html and "Olga" not in browser.html
    assert await browser.sends({"text": "Not yet here"}) == 303
    await browser.follows()
    assert browser.html.count('<li class="mine">') == 2
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    await browser.opens(browser.at)
    assert await browser.sends({"text": "Paid twice again"}) == 303
    await browser.follows()
    assert "Ticket #2" in browser.html  # what ended is followed by a new one


async def test_who_names_somebody_elses_phone_does_not_become_them(
    browser: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    await desk.run(verify_phone, people.ALICE, "+79161234567")
    await browser.opens("/form?lang=en")
    assert await browser.sends(FILLED | {"reach": "+7 916 123-45-67"}) == 303
    async with desk.database.read() as session:
        query = select(Person.name).join(Ticket, Ticket.customer_id == Person.id)
        assert list(await session.scalars(query.order_by(Ticket.id))) == ["Alice", "Anna"]
    await browser.opens("/form?lang=en")
    await browser.sends(FILLED | {"reach": "+79161234567"})
    assert await count(desk, Person) == 2  # who came by the form before is known by it


async def test_a_form_that_is_sent_twice_is_one_ticket(browser: Browser, desk: Desk) -> None:
    await browser.opens("/form")
    page = browser.html
    for _ in range(3):
        browser.html = page
        assert await browser.sends(FILLED) == 303
    assert await count(desk, Ticket) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": "  "}, "Tell us your name"),
        ({"reach": "no address"}, "does not look like"),
        ({"text": "\u200b"}, "Tell us what happened"),
        ({"text": "x" * 10_001}, "too long"),
        ({"consent": ""}, "without your consent"),
        ({"once": "forged"}, "out of date"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_that_was_typed_is_lost(
    browser: Browser, desk: Desk, change: dict[str, str], told: str
) -> None:
    await browser.opens("/form?lang=en")
    assert await browser.sends(FILLED | change) == 422
    assert f'role="alert">{""}' in browser.html and told in browser.html
    if "name" not in change:
        assert 'value="Anna"' in browser.html
    if "text" not in change:
        assert "Paid twice" in browser.html
    assert '<option value="payment" selected>' in browser.html
    assert await count(desk, Ticket) == 0


FIELDS = """
[[field]]
code = "flat"
titles = { en = "Flat <b>number</b>" }
kind = "number"
topics = ["payment"]
required = "opening"

[[field]]
code = "way"
titles = { en = "How" }
kind = "choice"
choices = ["By card", "In cash"]
topics = ["payment"]
required = "opening"
"""


async def test_what_a_ticket_must_have_is_asked_for_once_its_topic_is_chosen(
    browser: Browser, desk: Desk
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    await browser.opens("/form?lang=en")
    assert "field.flat" not in browser.html
    assert await browser.sends(FILLED) == 422
    assert "Please fill in: Flat &lt;b&gt;number&lt;/b&gt;." in browser.html
    assert 'name="field.flat" inputmode="decimal"' in browser.html
    assert '<option value="In cash">In cash</option>' in browser.html
    answers = {"field.way": "In cash", "field.flat": "twelve"}
    assert await browser.sends(FILLED | answers) == 422
    assert "takes a number" in browser.html and 'value="twelve"' in browser.html
    assert '<option value="In cash" selected>' in browser.html
    assert await count(desk, Ticket) == 0
    assert await browser.sends(FILLED | answers | {"field.flat": "12"}) == 303
    assert await desk.read(values_of, 1) == {"flat": "12", "way": "In cash"}
    await browser.opens("/form?lang=en")
    assert await browser.sends(FILLED | {"topic": "access"}) == 303, "another topic needs nothing"


async def test_a_robot_that_fills_everything_is_thanked_and_opens_nothing(
    browser: Browser, desk: Desk
) -> None:
    await browser.opens("/form?lang=en")
    assert await browser.sends(FILLED | {"website": "https://spam.example"}) == 200
    assert "it is sent" in browser.html
    assert await count(desk, Ticket) == 0


async def test_so_many_tickets_come_from_one_address_at_once(browser: Browser, desk: Desk) -> None:
    statuses = []
    for _ in range(8):
        await browser.opens("/form?lang=en")
        statuses.append(await browser.sends(FILLED))
    assert statuses == [303] * 5 + [422] * 3
    assert "too often" in browser.html and "Paid twice" in browser.html
    assert await count(desk, Ticket) == 5


async def test_so_many_answers_come_from_one_address_at_once(browser: Browser, desk: Desk) -> None:
    await people.opens(desk)
    path = follow_path(await desk.read(find_signing_key), 1)
    statuses = []
    for number in range(8):
        await browser.opens(f"{path}?lang=en")
        statuses.append(await browser.sends({"text": f"Answer {number}"}, path))
    assert statuses == [303] * 5 + [422] * 3
    assert "too often" in browser.html and "Answer 7" in browser.html
    assert await count(desk, Message) == 1 + 5


async def test_nobody_reads_a_ticket_whose_link_they_were_not_given(
    browser: Browser, desk: Desk
) -> None:
    await people.opens(desk, text="canary words")
    await people.opens(desk, people.BORIS, text="other words")
    key = await desk.read(find_signing_key)
    first, second = follow_path(key, 1), follow_path(key, 2)
    signature = first.rpartition("-")[2]
    forged = [
        f"/t/2-{signature}",
        "/t/1",
        "/t/1-",
        f"/t/1-{'0' * 20}",
        first[:-1],
        first + "0",
        f"/t/01-{signature}",
        f"/t/1-{signature.upper()}",
        f"/t/%31%00-{signature}",
        f"/t/99-{follow_path(key, 99).rpartition('-')[2]}",
        "/t/-1-" + signature,
    ]
    for path in forged:
        assert await browser.opens(path) == 404, path
        assert "words" not in browser.html
        assert await browser.sends({"text": "mine", "once": "a" * 32}, path) == 404
    assert await browser.opens(second) == 200
    assert "other words" in browser.html and "canary" not in browser.html
    assert await count(desk, Message) == 2


# ------------------------------------------------------------------ tickets that were merged


async def sends_form(browser: Browser, text: str) -> str:
    """Send the form in Anna's name, whoever it is; returns the way to the ticket's page."""
    await browser.opens("/form?lang=en")
    assert await browser.sends(FILLED | {"text": text}) == 303
    return str(browser.headers["Location"])


async def sees(browser: Browser, path: str) -> str:
    assert await browser.opens(path) == 200
    return browser.html


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is taken from one address than people send."""
    monkeypatch.setattr(routes, "SENT", (1.0, 100.0))


@pytest.fixture
def slowly_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was used up comes back more slowly than any machine asks."""
    for name, most in (("SEEN", 2.0), ("UPLOADED", 1 / 30)):
        rate, burst = getattr(routes, name)
        assert rate <= most
        monkeypatch.setattr(routes, name, (0.001, burst))


@pytest.fixture
async def merged(browser: Browser, desk: Desk) -> tuple[str, str]:
    """The pages of two tickets that two people sent, both as Anna; the second is in the first."""
    first = await sends_form(browser, "canary of the first")
    second = await sends_form(browser, "words of the second")
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("canary answer"))
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    return first, second


async def test_a_link_shows_nothing_of_the_ticket_that_its_own_was_merged_with(
    browser: Browser, desk: Desk, merged: tuple[str, str]
) -> None:
    first, second = merged
    html = await sees(browser, second)
    assert "words of the second" in html and "canary" not in html
    assert "Ticket #2" in html and "Ticket #1" not in html
    assert "goes on in another ticket" in html and "closed" not in html
    html = await sees(browser, first)
    assert "canary of the first" in html and "canary answer" in html
    assert "words of the second" not in html
    await desk.run(by_operator, people.OLGA, reply, 2, people.writes("canary of both"))
    assert "canary" not in await sees(browser, second)
    assert "canary of both" in await sees(browser, first)


@pytest.mark.usefixtures("often")
async def test_what_is_written_there_reaches_operators_and_stays_on_its_page(
    browser: Browser, desk: Desk, merged: tuple[str, str]
) -> None:
    first, second = merged
    await sees(browser, second)
    page = browser.html
    for _ in range(2):  # sent again, as a browser does when the page is loaded anew
        browser.html, browser.at = page, second
        assert await browser.sends({"text": "more of the second"}) == 303
        assert await browser.follows() == 200
        assert browser.at == second
        assert "more of the second" in browser.html and "canary" not in browser.html
    assert "more of the second" not in await sees(browser, first)
    async with desk.database.read() as session:
        said = select(Message.ticket_id).where(Message.text == "more of the second")
        assert list(await session.scalars(said)) == [1]
        query = select(OutboxRow.ticket_id).where(OutboxRow.address == str(people.OPERATORS))
        shown = query.where(OutboxRow.kind == "content")
        assert 1 in list(await session.scalars(shown))
    await desk.run(by_operator, people.OLGA, undo_merge, 1)
    html = await sees(browser, second)
    assert "words of the second" in html and "more of the second" in html
    html = await sees(browser, first)
    assert "of the second" not in html and "canary answer" in html


async def test_a_form_that_comes_again_after_a_merge_leads_to_its_own_page(
    browser: Browser, desk: Desk
) -> None:
    first = await sends_form(browser, "canary")
    await browser.opens("/form?lang=en")
    page = browser.html
    await browser.sends(FILLED)
    second = str(browser.headers["Location"])
    assert first != second
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    browser.html, browser.at = page, "/form?lang=en"
    assert await browser.sends(FILLED) == 303
    assert browser.headers["Location"] == second


@pytest.mark.usefixtures("often")
async def test_of_three_merged_tickets_each_page_shows_its_own_words(
    browser: Browser, desk: Desk
) -> None:
    texts = ("alpha", "beta", "gamma")
    pages = [await sends_form(browser, text) for text in texts]
    await desk.run(by_operator, people.OLGA, merge_tickets, 2, 3)
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    for page, own in zip(pages, texts, strict=True):
        html = await sees(browser, page)
        assert [text for text in texts if text in html] == [own]
        await browser.sends({"text": f"{own} again"})
        await browser.follows()
        assert browser.html.count('<li class="mine">') == 2
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    await sees(browser, pages[2])
    await browser.sends({"text": "gamma once more"})
    await browser.follows()
    assert "Ticket #4" in browser.html, "what ended is followed by a new one, which is theirs"
    shown = browser.html.count("gamma once more")
    assert shown and "alpha" not in browser.html and "beta" not in browser.html


@pytest.mark.usefixtures("often")
async def test_words_that_join_another_ticket_for_their_number_stay_on_their_page(
    browser: Browser, desk: Desk
) -> None:
    """Whoever opens too many by a page of theirs is not led to what somebody else has open."""
    desk.company = replace(desk.company, ticket_limit=Limit(1, timedelta(days=1)))
    own = await sends_form(browser, "own words")
    await sees(browser, own)
    ended: list[str] = []
    for _ in range(2):
        await desk.run(by_operator, people.OLGA, move, 1 + len(ended), "close", reason="done")
        await browser.sends({"text": "again"})
        ended.append(str(browser.headers["Location"]))
        await sees(browser, own)
    assert len(set(ended)) == 2
    await browser.sends({"text": "and again"})
    assert browser.headers["Location"] == own
    assert "and again" in await sees(browser, own)


@pytest.mark.usefixtures("slowly_again")
async def test_guessing_links_is_slow(browser: Browser) -> None:
    statuses = [await browser.opens(f"/t/1-{n:020x}") for n in range(70)]
    assert set(statuses) == {404, 429} and statuses.count(404) < 70


async def test_hostile_words_stay_words_everywhere(browser: Browser, desk: Desk) -> None:
    await browser.opens(f"/form?lang={HOSTILE}&color={HOSTILE}")
    assert "<script" not in browser.html
    await browser.sends(FILLED | {"name": HOSTILE, "topic": HOSTILE, "consent": ""})
    assert "<script" not in browser.html
    await browser.sends(FILLED | {"name": HOSTILE, "text": HOSTILE, "topic": HOSTILE})
    await browser.follows()
    assert "&lt;script&gt;" in browser.html and "<script" not in browser.html
    policy = browser.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert await count(desk, Ticket) == 1


async def test_only_the_form_may_be_embedded(browser: Browser, desk: Desk) -> None:
    await browser.opens("/form")
    assert "frame-ancestors *" in browser.headers["Content-Security-Policy"]
    await people.opens(desk)
    await browser.opens(follow_path(await desk.read(find_signing_key), 1))
    assert "frame-ancestors 'none'" in browser.headers["Content-Security-Policy"]
    assert browser.headers["Referrer-Policy"] == "no-referrer"  # the address is a secret


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_pages_speak_the_language_that_was_chosen_or_preferred(
    browser: Browser, language: str
) -> None:
    await browser.opens(f"/form?lang={language}")
    assert f'<html lang="{language}">' in browser.html
    headers = {"Accept-Language": f"de, {language};q=0.8"}
    _, _, html = await browser.visitor.ask("GET", "/form", headers=headers)
    assert f'<html lang="{language}">' in html


@pytest.mark.parametrize("colour", ["1a5fb4", "ffff00", "777777", "000000", "ff0000", "00aa55"])
async def test_words_on_a_button_of_any_colour_have_contrast(browser: Browser, colour: str) -> None:
    await browser.opens(f"/form?color={colour}")
    words = re.search(rf"--accent: #{colour}; --on-accent: #(\w+);", browser.html)
    assert words is not None
    dark, bright = sorted([_luminance(colour), 1.0 if words[1] == "fff" else 0.0])
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


# ------------------------------------------------------------------ files


async def files_of(desk: Desk) -> list[dict[str, Any]]:
    async with desk.database.read() as session:
        said = await session.scalars(select(Message).order_by(Message.id))
        return [dict(one.content["file"]) for one in said if one.content.get("file")]


async def test_files_of_the_form_and_of_the_page_join_the_ticket(
    browser: Browser, desk: Desk, store: FolderStore
) -> None:
    await browser.opens("/form?lang=en")
    assert 'type="file" multiple' in browser.html
    script = b"<script>alert(1)</script>"
    names = ("../../etc/passwd", "x<b>\u202egpj.exe")
    assert await browser.attaches(FILLED, (names[0], script), (names[1], b"two")) == 303
    await browser.follows()
    assert await browser.attaches({"text": ""}, ("photo.jpg", b"three")) == 303
    found = await files_of(desk)
    assert [file["title"] for file in found] == ["etc_passwd", "x_b_gpj.exe", "photo.jpg"]
    assert [await store.read(file["name"]) for file in found] == [script, b"two", b"three"]
    await browser.follows()
    assert "photo.jpg" in browser.html and "<script" not in browser.html
    async with desk.database.read() as session:
        rows = list(await session.scalars(select(OutboxRow).where(OutboxRow.kind == "content")))
    assert {row.address for row in rows} == {str(people.OPERATORS)}


async def test_a_customer_takes_the_files_of_an_answer_from_the_page(
    browser: Browser, desk: Desk, store: FolderStore
) -> None:
    await browser.opens("/form?lang=en")
    await browser.sends(FILLED)
    await browser.follows()
    page = browser.at.partition("?")[0]
    kept = [
        AttachedFile(await store.put(data), title, len(data))
        for title, data in (("a<b>.pdf", b"<script>one"), ("plan.png", b"two"))
    ]
    said, *files = words_with(people.ref(people.OPERATORS, 9), "Here they are", kept)
    await desk.run_as(await people.operator(desk), reply, 1, said, rest=files)
    await browser.opens(page)
    found = re.findall(r'<a href="(\?file=\d+)" download>([^<]*)</a>', browser.html)
    assert [title for _, title in found] == ["a&lt;b&gt;.pdf", "plan.png"]
    assert "Here they are" in browser.html
    assert await browser.opens(page + found[0][0]) == 200
    assert browser.html == "<script>one"
    assert browser.headers["Content-Disposition"].startswith("attachment;")
    assert browser.headers["Content-Type"] == "application/octet-stream"
    for wrong in ("999", "1", "x", "-1", "%D9%A1"):
        assert await browser.opens(f"{page}?file={wrong}") == 404
    await browser.opens("/form?lang=en")
    await browser.sends(FILLED | {"reach": "other@example.org"})
    await browser.follows()
    other = browser.at.partition("?")[0]
    assert await browser.opens(other + found[0][0]) == 404, "it is another ticket's"
    await store.delete(kept[0].name)
    assert await browser.opens(page + found[0][0]) == 404


@pytest.mark.parametrize("charset", ["utf-8", "unicode_escape", "utf-7", "utf-16", "no-such"])
async def test_half_a_character_in_a_form_is_no_error_of_ours(
    browser: Browser, desk: Desk, charset: str
) -> None:
    """Whoever sends a form also says how its names are written: `\\ud800` in none of them."""
    await browser.opens("/form?lang=en")
    fields = FILLED | {"text": "half \\ud800 a character", "x\\udc00": "y\\udc00"}
    name = "half \\ud800 +2AA- a name.txt"
    assert await browser.attaches(fields, (name, b"x"), charset=charset) in {303, 422, 400}
    assert await browser.attaches(fields | FILLED, ("\\ud800", b"y")) in {303, 422}
    for file in await files_of(desk):
        file["title"].encode()


async def test_lines_of_a_form_with_files_are_kept_as_they_were_typed(
    browser: Browser, desk: Desk
) -> None:
    await browser.opens("/form?lang=en")
    fields = FILLED | {"text": "One.\r\n\r\nTwo.\rThree."}
    assert await browser.attaches(fields, ("a.txt", b"a")) == 303
    async with desk.database.read() as session:
        said = set(await session.scalars(select(Message.text)))
    assert "One.\n\nTwo.\nThree." in said


async def test_files_that_are_too_many_keep_what_was_typed(browser: Browser, desk: Desk) -> None:
    await browser.opens("/form?lang=en")
    many = [(f"{number}.txt", b"x") for number in range(11)]
    assert await browser.attaches(FILLED, *many) == 422
    assert "Too many files" in browser.html and 'value="anna@example.org"' in browser.html
    assert await browser.attaches(FILLED, *many[:10]) == 303
    assert len(await files_of(desk)) == 10 and await count(desk, Ticket) == 1


async def test_a_form_that_is_too_large_is_refused_before_it_is_read(
    browser: Browser, desk: Desk
) -> None:
    host, port = browser.visitor.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = "POST /form?lang=en HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x"
    writer.write(f"{head}\r\nContent-Length: 99000000000\r\n\r\n".encode())
    async with asyncio.timeout(10):  # nothing of the body is ever sent
        answer = (await reader.readuntil(b"</html>")).decode()
    writer.close()
    assert answer.startswith("HTTP/1.1 413") and "up to 20 MB together" in answer
    assert await count(desk, Ticket) == 0


@pytest.mark.parametrize(
    ("body", "boundary"),
    [
        (b"garbage", "; boundary=x"),
        (b"garbage", ""),
        (b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n', "; boundary=x"),
    ],
)
async def test_what_is_no_form_is_answered_in_words(
    browser: Browser, desk: Desk, body: bytes, boundary: str
) -> None:
    headers = {"Content-Type": f"multipart/form-data{boundary}"}
    status, _, html = await browser.visitor.ask("POST", "/form", data=body, headers=headers)
    assert status in {400, 422} and "<html" in html
    assert await count(desk, Ticket) == 0


@pytest.mark.usefixtures("slowly_again")
async def test_forms_with_files_are_read_so_often_from_one_address(browser: Browser) -> None:
    await browser.opens("/form?lang=en")
    path = browser.at
    seen = [await browser.attaches({}, ("x.txt", b"x")) for _ in range(22)]
    assert seen[0] == 422 and seen[-1] == 429 and "go back one page" in browser.html
    assert await browser.opens(path) == 200


def kept(store: FolderStore) -> list[bytes]:
    return sorted(one.read_bytes() for one in store._folder.rglob("*") if one.is_file())


async def test_files_of_a_form_that_was_refused_are_deleted_unless_they_come_again(
    browser: Browser, desk: Desk, store: FolderStore, clock: Clock
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    cleanup = ErasureCleanup(desk, store)
    await browser.opens("/form?lang=en")
    wrong = FILLED | {"field.way": "In cash", "field.flat": "twelve"}
    assert await browser.attaches(wrong, ("a.txt", b"plan"), ("b.txt", b"forgotten")) == 422
    filled, right = browser.html, wrong | {"field.flat": "12"}
    assert await browser.attaches(right, ("a.txt", b"plan")) == 303
    browser.html = filled  # the button was pressed twice
    assert await browser.attaches(right, ("c.txt", b"twice")) == 303
    assert await count(desk, Ticket) == 1 and len(kept(store)) == 3
    await cleanup.clean()
    assert len(kept(store)) == 3, "somebody may be correcting the form"
    clock.move(seconds=3601)
    await cleanup.clean()
    assert kept(store) == [b"plan"]
    assert await desk.read(find_due_uploads) == DueUploads((), ())


async def test_files_that_were_stored_before_the_store_went_away_are_deleted(
    browser: Browser,
    desk: Desk,
    store: FolderStore,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put = FolderStore.put

    async def only_small_ones(self: FolderStore, data: bytes) -> str:
        if len(data) > 1:
            raise ConnectionError("the bucket is full")
        return await put(self, data)

    monkeypatch.setattr(FolderStore, "put", only_small_ones)
    await browser.opens("/form?lang=en")
    assert await browser.attaches(FILLED, ("a.txt", b"x"), ("b.txt", b"large")) == 422
    assert kept(store) == [b"x"]
    clock.move(seconds=3601)
    await ErasureCleanup(desk, store).clean()
    assert kept(store) == []


async def test_while_files_cannot_be_stored_the_words_stay(
    browser: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(_store: FolderStore, _data: bytes) -> str:
        raise ConnectionError("the bucket is away")

    monkeypatch.setattr(FolderStore, "put", away)
    await browser.opens("/form?lang=en")
    assert await browser.attaches(FILLED, ("photo.jpg", b"x")) == 422
    assert "does not answer" in browser.html and "Paid twice" in browser.html
    assert await count(desk, Ticket) == 0
