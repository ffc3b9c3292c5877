"""Articles and the assistant on a ticket's page: what the chat does with them, the page does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from core.assistant.model import ModelError
from core.assistant.service import Assistant
from core.contacts.erasure import erase_own
from core.desk import Desk
from core.directory.article_drafts import draft_article
from core.models import (
    ArticleRow,
    DirectoryVersion,
    Message,
    Note,
    Resolution,
    Suggestion,
    TicketArticle,
)
from core.people.staff import by_operator, enrol
from core.setup.company_settings import find_company
from core.tasks.task_actions import finish_task
from core.tasks.task_opening import create_task
from core.texts import Texts
from core.tickets.lifecycle import move
from core.tickets.search_index import index_new
from handlers.http.app import coming_in
from handlers.http.app.staff_access import Entrance
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.actions.assistant.fake_model import TERMS, FakeModel
from tests.actions.store import Store
from tests.actions.test_directory import apply
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, Browser, in_the_group, rows
from tests.handlers.http.conftest import served

ARTICLES = """
[[article]]
code = "restart"
title = "Restart the camera"
text = "Unplug the camera for a minute."
status = "public"
language = "en"
tags = ["camera"]

[[article]]
code = "ladder"
title = "Where the ladder is"
text = "Behind the camera shop <b>."
status = "internal"
language = "en"

[[article]]
code = "unfinished"
title = "Unfinished camera words"
text = "Nobody reads this yet."
status = "draft"
language = "en"
"""


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that has an assistant."""
    terms: dict[str, Any] = {"assistance": TERMS, "assistant_calls": 9, "assistant_tokens": 100_000}
    desk.company = replace(desk.company, **terms)
    return desk


@pytest.fixture
def store(desk: Desk) -> Store:
    return Store(desk.database)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
async def olga(
    desk: Desk, texts: Texts, clock: Clock, model: FakeModel, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Browser]:
    """Her browser, signed in, at a desk with articles and an assistant."""
    monkeypatch.setattr(coming_in, "LOGIN_RATE", (1000.0, 1000.0))
    await apply(desk, ARTICLES)
    await desk.run(by_operator, people.OLGA, enrol)
    entrance, vitals = Entrance(TOKEN, in_the_group), Vitals(lambda: 0.0, lambda: 0)
    assistant = Assistant(desk, texts, model)
    door = make_door(desk, texts, vitals, entrance=entrance, assistant=assistant)
    async with served(door) as visitor:
        browser = Browser(visitor)
        assert await browser.log_in(clock, people.OLGA) == 303
        yield browser


@pytest.fixture
async def number(desk: Desk) -> int:
    return (await people.opens(desk, text="The camera is dark")).id


def box(browser: Browser) -> str:
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", browser.html, re.DOTALL)
    return "" if found is None else found[1]


async def sends(browser: Browser, number: int, text: str) -> int:
    """Send the answer box as it stands, with these words in it."""
    form = browser.html.split('class="answer"')[1]
    given = dict(re.findall(r'name="(token|once|article|digest)" value="([^"]*)"', form))
    return await browser.ask("POST", f"/app/t/{number}", verb="answer", text=text, **given)


# ---------------------------------------------------------------------------- articles


async def test_articles_are_found_by_words_or_by_the_ticket_and_drafts_never(
    olga: Browser, number: int
) -> None:
    await olga.get(f"/app/t/{number}?kb=")
    assert "Restart the camera" in olga.html and "Unfinished" not in olga.html
    await olga.get(f"/app/t/{number}?kb=ladder")
    assert "Where the ladder is" in olga.html and "for colleagues only" in olga.html
    await olga.get(f"/app/t/{number}?kb=zebra")
    assert "No article fits." in olga.html
    await olga.get(f"/app/t/{number}?article=unfinished")
    assert "Nobody reads this yet" not in olga.html and 'role="alert"' in olga.html


async def test_an_article_goes_as_it_was_shown_and_is_linked(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    assert box(olga) == "Unplug the camera for a minute."
    assert await sends(olga, number, "Unplug the camera  for a minute.") == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Unplug the camera for a minute."
    assert [one["article"] for one in await store.facts(number, "article_sent")] == ["restart"]
    assert [one.article for one in await rows(desk, select(TicketArticle))] == ["restart"]
    await olga.get(f"/app/t/{number}?kb=")
    assert "linked with the ticket" in olga.html


async def test_an_article_in_other_words_is_an_answer_and_linked(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    assert await sends(olga, number, "Unplug it, please.") == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Unplug it, please."
    assert [one["article"] for one in await store.facts(number, "article_linked")] == ["restart"]
    assert not await store.facts(number, "article_sent")


async def test_nothing_at_all_is_no_answer_and_one_form_counts_once(
    olga: Browser, desk: Desk, number: int
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    form = olga.html
    assert await sends(olga, number, " ") == 422
    for words in ("Unplug the camera for a minute.", "Unplug it, please."):
        olga.html = form
        assert await sends(olga, number, words) == 303
    said = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert [one.text for one in said] == ["Unplug the camera for a minute."]


async def test_an_article_that_has_changed_meanwhile_does_not_go(
    olga: Browser, desk: Desk, number: int
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    await apply(desk, ARTICLES.replace("for a minute", "for an hour"))
    for words in ("Unplug the camera for an hour.", "Unplug it, please."):
        assert await sends(olga, number, words) == 422
        await olga.get(f"/app/t/{number}?article=restart")
        await apply(desk, ARTICLES.replace("for a minute", f"for {len(words)} hours"))
    assert not await rows(desk, select(Message).where(Message.from_customer.is_(False)))


async def test_an_article_for_colleagues_is_read_and_linked_and_never_stands_in_the_box(
    olga: Browser, desk: Desk, number: int
) -> None:
    await olga.get(f"/app/t/{number}?article=ladder")
    assert box(olga) == "" and "Behind the camera shop &lt;b&gt;." in olga.html
    assert await olga.again(number, "link_article", article="ladder") == 303
    assert await olga.press(number, "link_article", article="ladder") == 422
    assert [one.article for one in await rows(desk, select(TicketArticle))] == ["ladder"]
    words = "Behind the camera shop <b>."
    assert await olga.press(number, "answer", article="ladder", text=words) == 422
    assert not await rows(desk, select(Message).where(Message.from_customer.is_(False)))


# ---------------------------------------------------------------------------- written down


OFFERS = """[settings]
offer_articles = true

[[topic]]
code = "picture"
titles = { en = "Picture" }
"""
OFFER = "No article tells how"


async def wants_articles(desk: Desk) -> None:
    await apply(desk, OFFERS)
    desk.company = replace(await desk.read(find_company), assistance=TERMS)


def field_of(browser: Browser, name: str) -> str:
    """What stands in a field of the article's form."""
    part = browser.html.partition('<div id="writing">')[2].partition("</form>")[0]
    found = re.search(rf'name="{name}" value="([^"]*)"', part)
    if name == "text":
        found = re.search(r"<textarea[^>]*>(.*?)</textarea>", part, re.DOTALL)
    return "" if found is None else unescape(found[1])


async def test_whoever_solves_in_words_is_offered_an_article_that_has_begun(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    await wants_articles(desk)
    await olga.press(number, "topic", topic="picture")
    await olga.get(f"/app/t/{number}")
    assert OFFER not in olga.html and '<div id="writing"></div>' in olga.html
    assert await olga.press(number, "resolve", text="replaced the <cable>") == 303
    await olga.get(olga.headers["Location"])
    assert f"{OFFER} #{number} was solved" in olga.html
    assert field_of(olga, "title") == f"#{number} Picture"
    assert field_of(olga, "text") == "Picture\n\nreplaced the <cable>"
    assert "<blockquote>The camera is dark</blockquote>" in olga.html
    given = {"title": "A dark picture", "text": "The picture is dark.\n\nReplace the <cable>."}
    assert await olga.again(number, "write_article", **given) == 303
    (article,) = await rows(desk, select(ArticleRow).where(ArticleRow.code == f"ticket-{number}"))
    kept = (article.title, article.text, article.status, article.topic)
    assert kept == (given["title"], given["text"], "draft", "picture")
    assert [one.article for one in await rows(desk, select(TicketArticle))] == [article.code]
    assert [one["article"] for one in await store.facts(number, "article_linked")] == [article.code]
    await olga.get(olga.headers["Location"])
    assert OFFER not in olga.html and "is drafted. An admin edits" in olga.html
    assert f"/directory {article.code}" in olga.html
    assert await olga.again(number, "write_article", **given) == 422


async def test_words_for_an_article_that_a_colleague_was_quicker_with_stand_there_still(
    olga: Browser, desk: Desk, number: int
) -> None:
    await wants_articles(desk)
    await olga.press(number, "resolve", text="replaced the cable")
    await olga.get(f"/app/t/{number}")
    await desk.run(by_operator, people.OLEG, draft_article, number)
    given = {"title": "A dark picture", "text": "Replace the <cable>.\nThen wait."}
    assert await olga.again(number, "write_article", **given) == 422
    assert OFFER not in olga.html and "Replace the &lt;cable&gt;.\nThen wait." in olga.html
    await olga.get(f"/app/t/{number}")
    assert "Then wait." not in olga.html


async def test_no_article_is_offered_where_it_is_not_wanted_or_there_is_one(
    olga: Browser, desk: Desk, number: int
) -> None:
    other = (await people.opens(desk, people.BORIS, "The gate is open")).id
    silent = (await people.opens(desk, people.EVE, "The lamp is dark")).id
    for one, words in ((number, "restarted it"), (other, "closed it"), (silent, "")):
        await olga.press(one, "resolve", text=words, sure="1")
        await olga.get(f"/app/t/{one}")
        assert OFFER not in olga.html, "nobody wants any"
    await wants_articles(desk)
    await olga.press(number, "link_article", article="restart")
    shown = {}
    for one in (number, other, silent):
        await olga.get(f"/app/t/{one}")
        shown[one] = OFFER in olga.html
    assert shown == {number: False, other: True, silent: False}
    await olga.press(other, "reopen", text="it is open again")
    await olga.get(f"/app/t/{other}")
    assert OFFER not in olga.html, "it goes on"


@pytest.mark.parametrize(
    "given",
    [
        {"title": " ", "text": "Replace the cable."},
        {"title": "A dark picture", "text": " "},
        {"title": "A dark picture", "text": "x" * 3001},
        {"title": "A dark picture", "text": "x" * 4001},
    ],
)
async def test_an_article_without_words_or_with_too_many_is_refused_and_stands_there_still(
    olga: Browser, desk: Desk, number: int, given: dict[str, str]
) -> None:
    await wants_articles(desk)
    await olga.press(number, "resolve", text="replaced the cable")
    assert await olga.press(number, "write_article", **given) == 422
    assert field_of(olga, "title") == given["title"].strip()
    assert field_of(olga, "text") == given["text"].strip()
    assert not await rows(desk, select(TicketArticle))


async def test_an_article_of_a_ticket_that_nobody_has_solved_in_words_is_not_written(
    olga: Browser, desk: Desk, number: int
) -> None:
    given = {"title": "A dark picture", "text": "Replace the cable."}
    assert await olga.press(number, "write_article", **given) == 422
    await olga.press(number, "resolve", text="replaced the cable")
    await olga.get(f"/app/t/{number}")
    olga.cookie = ""
    assert await olga.again(number, "write_article", **given) == 200
    assert 'id="login"' in olga.html
    assert not await rows(desk, select(TicketArticle))


async def test_what_the_editor_begins_with_keeps_nothing_of_an_erased_customers_words(
    olga: Browser, desk: Desk
) -> None:
    number = (await people.opens(desk, people.BORIS, "The canary is away")).id
    await wants_articles(desk)
    await olga.press(number, "resolve", text="closed the window")
    await olga.get(f"/app/t/{number}")
    assert "canary" in olga.html and "canary" not in field_of(olga, "text")
    given = {name: field_of(olga, name) for name in ("title", "text")}
    assert await olga.again(number, "write_article", **given) == 303
    await olga.press(number, "close")
    await desk.run(erase_own, people.BORIS.address)
    articles = select(ArticleRow.text).order_by(ArticleRow.code)
    versions = select(DirectoryVersion.document).order_by(DirectoryVersion.number)
    kept = await rows(desk, articles) + await rows(desk, versions)
    assert "canary" not in "".join(kept) and "closed the window" in "".join(kept)


async def test_similar_solved_tickets_show_what_helped_them(
    olga: Browser, desk: Desk, number: int
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    await sends(olga, number, box(olga))
    await desk.run(by_operator, people.OLGA, move, number, "resolve")
    other = (await people.opens(desk, people.BORIS, "The camera is dark again")).id
    while await desk.run(index_new):
        pass
    await olga.get(f"/app/t/{other}?kb=")
    solved = olga.html.split("Similar solved tickets")[1]
    assert f"#{number}" in solved and f"/app/t/{other}?article=restart" in solved


async def test_the_article_that_helped_is_seen_and_corrected(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    await olga.get(f"/app/t/{number}?article=restart")
    await sends(olga, number, box(olga))
    await desk.run(by_operator, people.OLGA, move, number, "resolve")
    await olga.get(f"/app/t/{number}")
    assert f"/app/t/{number}?article=restart" in olga.html
    assert await olga.again(number, "ending", article="ladder") == 303
    assert [one.article for one in await rows(desk, select(Resolution))] == ["ladder"]
    linked = select(TicketArticle.article).order_by(TicketArticle.article)
    assert await rows(desk, linked) == ["ladder", "restart"]  # as the button of the chat links it
    assert await olga.press(number, "ending", article="-") == 303
    assert [one.article for one in await rows(desk, select(Resolution))] == [None]
    assert len(await store.facts(number, "ending_described")) == 2


# ---------------------------------------------------------------------------- tasks


async def test_an_ended_task_is_opened_again_and_one_of_another_ticket_is_not(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    other = (await people.opens(desk, people.BORIS, "A gate")).id
    tasks = [await desk.run(by_operator, people.OLGA, create_task, at) for at in (number, other)]
    for task in tasks:
        await desk.run(by_operator, people.OLGA, finish_task, task.id)
    await olga.get(f"/app/t/{number}")
    assert 'value="task_reopen"' in olga.html
    assert await olga.again(number, "task_reopen", task=str(tasks[1].id)) == 422
    assert await olga.press(number, "task_reopen", task=str(tasks[0].id), text="dark again") == 303
    assert len(await store.facts(number, "task_reopened")) == 1
    assert not await store.facts(other, "task_reopened")
    await olga.get(f"/app/t/{number}")
    assert "dark again" in olga.html and 'value="task_reopen"' not in olga.html


# ---------------------------------------------------------------------------- the assistant


async def suggestion(olga: Browser, number: int, verb: str = "draft", **more: str) -> str:
    """Ask, and return the number of what the page shows then."""
    assert await olga.press(number, verb, **more) == 303
    await olga.get(f"/app/t/{number}")
    return olga.field("suggestion")


async def test_a_draft_is_inserted_once_and_goes_to_the_customer(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    which = await suggestion(olga, number)
    assert "Please restart it." in olga.html.split('id="assistant"')[1]
    assert not await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert await olga.again(number, "suggestion_insert", suggestion=which) == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Please restart it."
    assert await olga.press(number, "suggestion_insert", suggestion=which) == 422
    assert [one["outcome"] for one in await store.facts(number, "suggestion_ended")] == ["inserted"]


async def test_a_draft_is_changed_in_the_answer_box(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    which = await suggestion(olga, number)
    assert await olga.again(number, "suggestion_change", suggestion=which) == 200
    assert box(olga) == "Please restart it."
    assert await sends(olga, number, "Please restart it now.") == 303
    (said,) = await rows(desk, select(Message).where(Message.from_customer.is_(False)))
    assert said.text == "Please restart it now."
    assert [one["outcome"] for one in await store.facts(number, "suggestion_ended")] == ["changed"]


async def test_a_summary_is_kept_as_a_note_and_a_translation_let_go(
    olga: Browser, desk: Desk, number: int, store: Store
) -> None:
    which = await suggestion(olga, number, "summary")
    assert await olga.again(number, "suggestion_insert", suggestion=which) == 303
    assert [one.text for one in await rows(desk, select(Note))] == ["Please restart it."]
    which = await suggestion(olga, number, "translate")
    assert await olga.again(number, "suggestion_drop", suggestion=which) == 303
    assert not await rows(desk, select(Suggestion))
    outcomes = [one["outcome"] for one in await store.facts(number, "suggestion_ended")]
    assert outcomes == ["inserted", "dropped"]


async def test_the_words_of_the_box_are_translated_for_the_customer(
    olga: Browser, model: FakeModel, number: int
) -> None:
    await suggestion(olga, number, "translate_answer", text="Скоро приедем")
    assert "Скоро приедем" in model.asked[-1]
    assert "Please restart it." in olga.html.split('id="assistant"')[1]


async def test_what_the_assistant_cannot_do_is_said_and_what_was_typed_stays(
    olga: Browser, model: FakeModel, number: int
) -> None:
    model.fails = ModelError("busy")
    assert await olga.press(number, "translate_answer", text="Скоро приедем") == 422
    assert "assistant is busy" in olga.html.casefold() and box(olga) == "Скоро приедем"


async def test_a_suggestion_is_seen_by_whoever_asked_and_used_on_its_own_ticket(
    olga: Browser, desk: Desk, clock: Clock, number: int
) -> None:
    other = (await people.opens(desk, people.BORIS, "A gate")).id
    which = await suggestion(olga, number)
    assert await olga.press(other, "suggestion_insert", suggestion=which) == 422
    await desk.run(by_operator, people.OLEG, enrol)
    oleg = Browser(olga.visitor)
    await oleg.log_in(clock, people.OLEG)
    await oleg.get(f"/app/t/{number}")
    assert 'value="draft"' in oleg.html and not oleg.field("suggestion")


@pytest.mark.parametrize("suggestion", ["", "0", "x", "9" * 40, "²"])
async def test_what_is_no_suggestion_is_refused(
    olga: Browser, number: int, suggestion: str
) -> None:
    assert await olga.press(number, "suggestion_insert", suggestion=suggestion) == 422


async def test_without_an_assistant_there_is_nothing_to_ask(
    desk: Desk, texts: Texts, clock: Clock, number: int
) -> None:
    await desk.run(by_operator, people.OLGA, enrol)
    vitals: Any = Vitals(lambda: 0.0, lambda: 0)
    door = make_door(desk, texts, vitals, entrance=Entrance(TOKEN, in_the_group))
    async with served(door) as visitor:
        browser = Browser(visitor)
        await browser.log_in(clock, people.OLGA)
        await browser.get(f"/app/t/{number}")
        assert 'value="draft"' not in browser.html
        assert await browser.press(number, "draft") == 422
        assert not await rows(desk, select(Suggestion))
