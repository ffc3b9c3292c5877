"""What the buttons and forms of a ticket do in the app (S23)."""

import re

import aiohttp
import pytest
from sqlalchemy import select

from core.desk import Desk
from core.links.ticket_merge import merge_tickets
from core.models import JournalEntry, Message, Note, OutboxRow, Ticket, TicketField
from core.people.staff import by_operator, enrol
from core.tickets.lifecycle import move
from handlers.http import uploads
from tests.actions import people
from tests.actions.test_directory import apply
from tests.clock import Clock
from tests.handlers.http.app_browser import HOSTILE, RESPONSE, Browser, rows
from tests.handlers.http.conftest import Visitor


async def test_an_answer_goes_to_the_customer_and_stands_in_the_group(
    olga: Browser, desk: Desk
) -> None:
    await people.opens(desk)
    assert await olga.press(1, "answer", text="Restart it & wait") == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Restart it & wait"
    contents = select(OutboxRow).where(OutboxRow.kind == "content").order_by(OutboxRow.id)
    told = await rows(desk, contents)
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
    ours = select(Message.text).where(Message.from_customer.is_(False)).order_by(Message.id)
    said = await rows(desk, ours)
    assert said == ["One.\n\nTwo.", full.replace("\r", "")]


async def test_a_form_that_is_sent_twice_counts_once(olga: Browser, desk: Desk) -> None:
    await people.opens(desk)
    await olga.get("/app/t/1")
    page = olga.html
    for verb, model in (("answer", Message), ("note", Note)):
        for _ in range(3):
            olga.html = page
            assert await olga.again(1, verb, text="twice") == 303
        assert len(await rows(desk, select(model).where(model.text == "twice"))) == 1


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


async def test_a_field_of_the_companys_own_is_emptied_on_the_page(
    olga: Browser, desk: Desk
) -> None:
    await apply(desk, OF_ITS_OWN)
    await people.opens(desk)
    assert await olga.press(1, "fields", **{"field.key": "red"}) == 303
    assert await olga.press(1, "fields", **{"field.key": ""}) == 303
    assert await rows(desk, select(TicketField.value)) == []
    await olga.get("/app/t/1")
    assert 'value="red" selected' not in olga.html


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


@pytest.mark.parametrize("verb", ["answer", "note"])
async def test_what_stands_in_the_box_is_not_lost_with_files_that_are_too_large(
    olga: Browser, desk: Desk, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """The button stands behind the files, which are not read then."""
    monkeypatch.setattr(uploads, "MOST_UPLOAD", 200_000)
    await people.opens(desk)
    await olga.get("/app/t/1")
    form = aiohttp.FormData()
    for name in ("token", "once"):
        form.add_field(name, olga.field(name))
    form.add_field("text", "The cable is cut, we come today.")
    form.add_field("files", b"x" * 300_000, filename="film.mp4", content_type="video/mp4")
    form.add_field("verb", verb)
    status, _, html = await olga.visitor.ask(
        "POST", "/app/t/1", data=form, headers={"Cookie": olga.cookie}, allow_redirects=False
    )
    assert status == 422
    assert re.search(r"<textarea[^>]*>The cable is cut, we come today\.</textarea>", html)
    assert len(await rows(desk, select(Message.id))) == 1, "nothing is sent"
