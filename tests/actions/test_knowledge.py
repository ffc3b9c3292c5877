"""Articles (B13): who reads which, found by words, sent and linked, whether they helped."""

from pathlib import Path

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.store import apply_directory, restore_version, show_directory
from core.errors import NothingToDo, Refusal
from core.knowledge.catalogue import articles_of, public_articles, ranked
from core.knowledge.using import (
    ArticleChanged,
    digest_of,
    find_for,
    judge,
    link_article,
    linked_with,
    opinions_of,
    read_article,
    send_article,
)
from core.models import Person, Ticket
from core.tickets.customer_dialogue import choose_topic
from core.tickets.intake import Outcome, hear
from core.tx import ReadTx
from tests.actions.people import ALICE, BORIS, opens, operator, says
from tests.actions.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = """
[[article]]
code = "password"
title = "Forgotten password"
text = "Press “Forgot password” on the login screen."
status = "public"
language = "en"
topic = "access"
tags = ["login"]

[[article]]
code = "refund"
title = "How a refund goes"
text = "Two clerks look at the receipts, then the bank returns the money."
language = "en"
topic = "payment"

[[article]]
code = "idea"
title = "Ideas about passwords"
text = "Perhaps a password by post."
status = "draft"
language = "en"
"""


async def apply(desk: Desk, text: str = FILE) -> list[str]:
    return await desk.run(apply_directory, read_directory(text))


async def found(desk: Desk, words: str) -> list[str]:
    async def query(tx: ReadTx) -> list[str]:
        return [one.code for one in ranked((await articles_of(tx)).values(), words, 5)]

    return await desk.read(query)


async def test_the_file_shows_articles_as_they_were_applied(desk: Desk) -> None:
    await apply(desk)
    shown = await desk.read(show_directory)
    assert 'tags = ["login"]' in shown and 'status = "public"' in shown
    assert await apply(desk, shown) == []


async def test_customers_read_what_is_public_in_their_language_or_the_companys(desk: Desk) -> None:
    russian = FILE.replace('"password"', '"parol"').replace('language = "en"', 'language = "ru"', 1)
    await apply(desk)
    assert [one.code for one in await desk.read(public_articles, "ru")] == ["password"]
    await apply(desk, russian)
    assert [one.code for one in await desk.read(public_articles, "ru")] == ["parol"]
    assert [one.code for one in await desk.read(public_articles, "en")] == ["password"]


async def test_words_find_articles_in_any_form_those_of_the_title_first(desk: Desk) -> None:
    await apply(desk)
    assert await found(desk, "passwords") == ["password", "idea"]
    assert await found(desk, "logins") == ["password"]
    assert await found(desk, "receipt from banks") == ["refund"]
    assert await found(desk, "!") == await found(desk, "weather") == []


async def test_operators_are_offered_what_fits_the_ticket_and_no_drafts(desk: Desk) -> None:
    await apply(desk)
    ticket = await opens(desk, text="I forgot the password")
    linked, offered = await desk.read(find_for, ticket.id, "")
    assert (linked, [one.code for one in offered]) == ([], ["password"])
    assert [one.code for one in (await desk.read(find_for, ticket.id, "refund"))[1]] == ["refund"]
    with pytest.raises(Refusal):
        await desk.read(read_article, "idea")


async def test_a_public_article_is_sent_as_an_answer_and_linked(desk: Desk, store: Store) -> None:
    await apply(desk)
    ticket, olga = await opens(desk), await operator(desk)
    article = await desk.read(read_article, "password")
    place, digest = "77", digest_of(article)
    with pytest.raises(ArticleChanged):
        await desk.run_as(olga, send_article, ticket.id, "password", "00000000", place)
    await desk.run_as(olga, send_article, ticket.id, "password", digest, place)
    assert (await store.messages(ticket.id))[-1].text == article.text
    assert [one.code for one in await desk.read(linked_with, ticket.id)] == ["password"]
    assert await store.facts(ticket.id, "article_sent") == [
        {"article": "password", "title": "Forgotten password"}
    ]
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, send_article, ticket.id, "password", digest, place)
    assert (await desk.read(find_for, ticket.id, "password"))[1] == [], "it is there already"


async def test_what_is_internal_is_linked_and_never_sent(desk: Desk, store: Store) -> None:
    await apply(desk)
    ticket, olga = await opens(desk), await operator(desk)
    digest = digest_of(await desk.read(read_article, "refund"))
    with pytest.raises(ArticleChanged):
        await desk.run_as(olga, send_article, ticket.id, "refund", digest, "78")
    await desk.run_as(olga, link_article, ticket.id, "refund")
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, link_article, ticket.id, "refund")
    assert await store.facts(ticket.id, "article_linked") == [
        {"article": "refund", "title": "How a refund goes"}
    ]


async def test_whom_an_article_helped_opens_no_ticket(desk: Desk, store: Store) -> None:
    await apply(desk)
    await desk.run(choose_topic, ALICE, "access")
    await desk.run(judge, ALICE, "password", helped=True)
    (alice,) = await store.rows(select(Person).where(Person.name == "Alice"))
    assert (alice.dialogue or {}).get("step") != "describe"
    await desk.run(choose_topic, BORIS, "access")
    await desk.run(judge, BORIS, "password", helped=False)
    assert (await desk.run(hear, BORIS, says(BORIS, "Still locked out"))).outcome is Outcome.OPENED
    assert await desk.read(opinions_of, ["password"]) == {"password": (1, 1)}
    assert len(await store.rows(select(Ticket))) == 1
    with pytest.raises(Refusal):
        await desk.run(judge, BORIS, "refund", helped=True)


async def test_an_old_version_without_an_article_makes_it_a_draft(desk: Desk) -> None:
    await apply(desk)
    await apply(desk, FILE.replace("password", "pin").replace("refund", "r").replace("idea", "i"))
    await desk.run(restore_version, 2)
    statuses = {one.code: one.status for one in (await desk.read(articles_of)).values()}
    assert (statuses["pin"], statuses["password"]) == ("draft", "public")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('"public"', '"secret"', "not_a_choice"),
        ('topic = "access"', 'topic = "moon"', "no_such_entry"),
        ('text = "Press', 'text = "' + "x" * 3001, "text"),
        ('language = "en"\n', "", "missing"),
    ],
)
async def test_what_an_article_cannot_be_is_refused(
    desk: Desk, old: str, new: str, fault: str
) -> None:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, FILE.replace(old, new, 1))
    assert {one.key for one in error.value.faults} == {f"directory_file.fault.{fault}"}


async def test_the_example_has_forty_articles_in_russian(desk: Desk) -> None:
    await apply(desk, (EXAMPLES / "articles.toml").read_text("utf-8"))
    articles = (await desk.read(articles_of)).values()
    assert (len(articles), {one.language for one in articles}) == (40, {"ru"})
    assert (await found(desk, "списали дважды"))[0] == "pay_twice"
    assert (await found(desk, "темно ночью"))[0] == "picture_night"
