"""Which article helped where a ticket ended, and how often articles have solved anything (B20)."""

from typing import Any

import pytest
from sqlalchemy import select

from channels.telegram.screens.articles import draw_usefulness
from channels.telegram.screens.screen import Renderer
from core.desk import Desk
from core.errors import NothingToDo, Refusal, Unreadable
from core.knowledge.usefulness import solved_by, usefulness
from core.knowledge.using import (
    article_named,
    digest_of,
    ending_facts,
    link_article,
    read_article,
    send_article,
    use_article,
)
from core.models import Resolution
from core.people.staff import by_operator
from core.texts import Texts
from core.tickets.card import card_of
from core.tickets.lifecycle import move
from core.tx import Actor
from tests.actions.people import ALICE, BORIS, OLGA, opens, operator
from tests.actions.store import Store
from tests.actions.test_knowledge import apply
from tests.clock import Clock


@pytest.fixture
async def olga(desk: Desk) -> Actor:
    await apply(desk)
    return await operator(desk)


async def sends(desk: Desk, olga: Actor, number: int, code: str, place: str) -> None:
    digest = digest_of(await desk.read(read_article, code))
    await desk.run_as(olga, send_article, number, code, digest, place)


async def used(store: Store, number: int) -> list[Any]:
    """What helped at each ending, the first one first."""
    query = select(Resolution).where(Resolution.ticket_id == number).order_by(Resolution.at)
    return [row.article for row in await store.rows(query)]


async def moves(desk: Desk, clock: Clock, number: int, *verbs: str) -> None:
    for verb in verbs:
        clock.move(minutes=1)
        await desk.run(by_operator, OLGA, move, number, verb)


async def test_the_article_that_was_inserted_last_counts_as_what_helped(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    number = (await opens(desk)).id
    await sends(desk, olga, number, "password", "1")
    clock.move(minutes=1)
    await desk.run_as(olga, link_article, number, "refund")
    await moves(desk, clock, number, "resolve")
    assert await used(store, number) == ["refund"]
    assert (await store.facts(number, "state_entered"))[-1]["article"] == "refund"
    card = await desk.read(card_of, number)
    assert card is not None and card.ending is not None
    assert card.ending.article == "How a refund goes"


async def test_what_did_not_help_before_does_not_count_again(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    number = (await opens(desk)).id
    await sends(desk, olga, number, "password", "1")
    await moves(desk, clock, number, "resolve", "reopen", "resolve", "reopen")
    assert await used(store, number) == ["password", None]
    await sends(desk, olga, number, "password", "2")
    await moves(desk, clock, number, "resolve")
    assert await used(store, number) == ["password", None, "password"], "sent once more"


async def test_a_ticket_that_is_cancelled_has_no_article_and_one_without_any_none(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    one, two = (await opens(desk, ALICE)).id, (await opens(desk, BORIS)).id
    await desk.run_as(olga, link_article, one, "refund")
    await moves(desk, clock, one, "cancel")
    await moves(desk, clock, two, "resolve")
    assert (await used(store, one), await used(store, two)) == ([], [None])


async def test_it_is_taken_off_and_another_one_chosen(
    desk: Desk, store: Store, clock: Clock, olga: Actor
) -> None:
    number = (await opens(desk)).id
    with pytest.raises(Refusal, match="not_resolved"):
        await desk.run_as(olga, use_article, number, "refund")
    await sends(desk, olga, number, "password", "1")
    await moves(desk, clock, number, "resolve")
    facts = await desk.read(ending_facts, number)
    assert facts.article is not None and facts.article.code == "password"
    assert "password" not in [one.code for one in facts.offered]

    assert await desk.run_as(olga, use_article, number, "") is None
    assert await used(store, number) == [None]
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, use_article, number, "")
    facts = await desk.read(ending_facts, number)
    assert facts.article is None and facts.offered[0].code == "password", "the ticket's own first"

    await desk.run_as(olga, use_article, number, "refund")
    assert await used(store, number) == ["refund"]
    with pytest.raises(Refusal, match="outdated"):
        await desk.run_as(olga, use_article, number, "idea")  # a draft is read by nobody
    told = [one["article"] for one in await store.facts(number, "ending_described")]
    assert told == [None, "refund"]


async def test_an_article_is_meant_by_its_code_or_the_beginning_of_its_title(
    desk: Desk, olga: Actor
) -> None:
    number = (await opens(desk)).id
    for words in ("refund", "How a refund goes", "«how a»"):
        assert (await desk.read(article_named, number, words)).code == "refund"
    for words in ("weather", "idea", "", "%"):
        with pytest.raises(Unreadable):
            await desk.read(article_named, number, words)


async def test_the_most_useful_come_first_and_those_never_used_are_named(
    desk: Desk, clock: Clock, olga: Actor, texts: Texts
) -> None:
    assert [one.is_used for one in await desk.read(usefulness)] == [False, False]
    numbers = [(await opens(desk, who)).id for who in (ALICE, BORIS)]
    for number in numbers:
        await desk.run_as(olga, link_article, number, "refund")
        await moves(desk, clock, number, "resolve")
    first, last = await desk.read(usefulness)
    assert (first.article.code, first.solved, first.used) == ("refund", 2, 2)
    assert (last.article.code, last.solved, last.is_used) == ("password", 0, False)
    assert await desk.read(solved_by, "refund") == 2

    await moves(desk, clock, numbers[0], "reopen")
    assert await desk.read(solved_by, "refund") == 1, "it did not help there after all"
    renderer = Renderer(texts, "en", desk.clock(), desk.company.zone)
    shown = draw_usefulness(renderer, await desk.read(usefulness)).html.splitlines()
    assert "📖 How a refund goes — solved: 1, used in tickets: 2" in shown
    assert shown[-2:] == ["<b>Never used</b>", "· Forgotten password"]
