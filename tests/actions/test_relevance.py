"""Finding tickets by how well the words fit (D5): where they stand, how rare and how often."""

import pytest

from core.desk import Desk
from core.tickets import conversation, relevance
from core.tickets.classification import retitle
from core.tickets.found_lists import BEST, found_of
from core.tickets.list_lines import PAGE, Page
from core.tickets.relevance import rank
from core.tickets.tags import tag
from tests.actions.people import ALICE, BORIS, leaves_dialogue, opens, operator, writes
from tests.actions.test_search import indexed
from tests.clock import Clock


async def ticket(desk: Desk, text: str, title: str | None = None) -> int:
    """A ticket of Alice about this, perhaps with a title of its own."""
    number = (await opens(desk, ALICE, text)).id
    await leaves_dialogue(desk, ALICE)
    if title is not None:
        await desk.run_as(await operator(desk), retitle, number, title)
    return number


async def best(desk: Desk, words: str) -> list[int]:
    return list((await desk.read(rank, words)).numbers)


def numbers(page: Page) -> list[int]:
    return [line.number for line in page.lines]


@pytest.mark.parametrize(
    ("words", "title", "opening", "elsewhere"),
    [
        ("лампы", "Лампа у подъезда", "Темно. Замените лампу", "Темно во дворе"),
        ("batteries", "Battery of the lock", "It beeps, the battery is low", "It beeps"),
    ],
)
async def test_words_in_the_title_count_most_in_any_form_then_those_it_began_with(
    desk: Desk, clock: Clock, words: str, title: str, opening: str, elsewhere: str
) -> None:
    first = await ticket(desk, elsewhere, title)
    second = await ticket(desk, opening, "Вопрос 2")
    third = await ticket(desk, elsewhere, "Вопрос 3")
    await desk.run_as(await operator(desk), conversation.reply, third, writes(title))
    await indexed(desk, clock)
    assert await best(desk, words) == [first, second, third]
    assert numbers(await desk.read(found_of, words)) == [third, second, first]


async def test_a_rare_word_says_more_than_one_that_all_have(desk: Desk, clock: Clock) -> None:
    rare = await ticket(desk, "Что делать? Камера", "Шлагбаум")
    for at in range(3):
        number = await ticket(desk, "Что делать? Нет ответа", f"Камера {at}")
        await desk.run_as(await operator(desk), conversation.reply, number, writes("шлагбаум"))
    await indexed(desk, clock)
    assert (await best(desk, "камера шлагбаум"))[0] == rare


async def test_a_short_text_that_says_it_more_often_comes_first(desk: Desk, clock: Clock) -> None:
    often = await ticket(desk, "Лифт, опять лифт стоит", "А")
    short = await ticket(desk, "Лифт стоит", "Б")
    long = await ticket(desk, "Лифт стоит " + "и никто не идёт, хотя обещали " * 5, "В")
    await ticket(desk, "Нет света", "Г")
    await indexed(desk, clock)
    assert await best(desk, "лифт") == [often, short, long]


async def test_of_equals_the_newer_one_comes_first(desk: Desk, clock: Clock) -> None:
    same = [await ticket(desk, "Лифт стоит", "Лифт") for _ in range(3)]
    await indexed(desk, clock)
    assert await best(desk, "лифт") == same[::-1]


async def test_tags_and_a_number_work_as_they_do_by_date(desk: Desk, clock: Clock) -> None:
    olga = await operator(desk)
    tagged = await ticket(desk, "Темно", "Лифт")
    await ticket(desk, "Темно", "Лифт")
    await desk.run_as(olga, tag, tagged, "#двор")
    await indexed(desk, clock)
    assert numbers(await desk.read(found_of, "лифт #двор", BEST)) == [tagged]
    assert numbers(await desk.read(found_of, "#двор", BEST)) == [tagged]
    assert numbers(await desk.read(found_of, str(tagged), BEST)) == [tagged]


async def test_pages_are_turned_without_gaps_while_tickets_come(desk: Desk, clock: Clock) -> None:
    for at in range(2 * PAGE + 3):
        await ticket(desk, "Лифт стоит", f"Лифт {at}" if at % 2 else f"Двор {at}")
    await indexed(desk, clock)
    page = await desk.read(found_of, "лифт", BEST)
    assert page.best and page.before is None and page.other == ""
    seen = numbers(page)
    while page.after is not None:
        await ticket(desk, "Лифт лифт лифт", "Лифт")
        await indexed(desk, clock)
        page = await desk.read(found_of, "лифт", page.after)
        seen += numbers(page)
    assert len(seen) == len(set(seen)) == 2 * PAGE + 3
    assert page.before is not None
    page = await desk.read(found_of, "лифт", page.before, backward=True)
    assert numbers(page) == seen[PAGE : 2 * PAGE]
    page = await desk.read(found_of, "лифт", page.before or "", backward=True)
    assert numbers(page) == seen[:PAGE]
    assert (await desk.read(found_of, "лифт", "b999.x")).place == 1


async def test_only_the_newest_matches_are_ranked(
    desk: Desk, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relevance, "RANKED", 4)
    old = await ticket(desk, "Темно", "Лифт")
    newer = [await ticket(desk, "Лифт стоит", "Двор") for _ in range(5)]
    await indexed(desk, clock)
    assert await best(desk, "лифт") == newer[:0:-1]
    assert old not in await best(desk, "лифт")


async def test_what_nobody_wrote_is_not_found(desk: Desk, clock: Clock) -> None:
    await ticket(desk, "Лифт стоит")
    (await opens(desk, BORIS, "Нет света")).id  # noqa: B018
    await indexed(desk, clock)
    for words in ("домофон", "", "!!!", "лифт света"):
        page = await desk.read(found_of, words, BEST)
        assert page.lines == () and page.before is page.after is None
