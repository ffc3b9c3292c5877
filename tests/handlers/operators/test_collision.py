"""Two who answer in one ticket know of each other; who had a ticket hears that it is back (X6)."""

import pytest

from tests.handlers.operators.group import Group
from tests.handlers.operators.test_quiet import answer, furnish, seen_by

ANSWERING = "сейчас отвечает Олег"


async def olgas(group: Group) -> int:
    """A ticket that Olga answers in."""
    number = await group.ticket()
    await group.says(group.olga, "Смотрю", await group.card(number))
    return number


async def test_whoever_answers_in_a_colleagues_ticket_is_told_whose_it_is(group: Group) -> None:
    number = await olgas(group)
    said = await group.says(group.oleg, "И я смотрю", await group.card(number))
    told = answer(group, said)
    assert told.text.startswith(f"#{number} ведёт Ольга") and seen_by(told) == group.oleg.id
    again = await group.says(group.oleg, "Ещё слово", await group.card(number))
    assert group.answers(again) == []
    assert await group.said(number) == ["Смотрю", "И я смотрю", "Ещё слово"]


async def test_so_is_whoever_answers_by_a_command(group: Group) -> None:
    number = await olgas(group)
    said = await group.says(group.oleg, f"/reply {number} и я смотрю")
    assert answer(group, said).text.startswith(f"#{number} ведёт Ольга")


async def test_the_holder_is_told_when_somebody_else_answers(group: Group) -> None:
    await group.olga.start()
    number = await olgas(group)
    await group.says(group.oleg, "И я смотрю", await group.card(number))
    await group.deliver()
    assert group.olga.last.text.startswith(f"Олег отвечает по вашему #{number}")


async def test_a_holder_who_has_no_private_chat_is_told_in_the_group(group: Group) -> None:
    number = await olgas(group)
    await group.says(group.oleg, "И я смотрю", await group.card(number))
    await group.deliver()
    line = group.chat.find(f"по вашему #{number} отвечает Олег")
    assert line.text.startswith("Ольга,")


async def test_who_holds_a_ticket_hears_nothing_of_their_own_answers(group: Group) -> None:
    await group.olga.start()
    number = await olgas(group)
    said = await group.says(group.olga, "Нашла", await group.card(number))
    await group.deliver()
    assert group.answers(said) == []
    assert "по вашему" not in group.olga.last.text


async def test_who_had_a_ticket_is_called_when_it_comes_back(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/resolve {number} заменили кабель")
    await group.deliver()
    await group.anna.say("Опять темно, смотрите сами")
    await group.settle()
    await group.deliver()
    line = group.chat.find(f"#{number} вернулось")
    assert "Ольга" in line.text
    assert any(e["type"] in {"text_mention", "text_link"} for e in line.entities)


async def free(group: Group) -> None:
    """A ticket of nobody, and something to answer with."""
    await furnish(group)
    await group.says(group.olga, "/release 1")
    await group.deliver()


async def test_who_chooses_an_answer_stands_on_the_card_for_a_minute(group: Group) -> None:
    await free(group)
    card, posts = await group.card(1), len(group.chat.bot_messages)
    await group.says(group.oleg, "/t 1")
    await group.deliver()
    assert ANSWERING in card.text
    group.clock.move(minutes=1, seconds=2)
    await group.deliver()
    assert ANSWERING not in card.text
    seen = [one for one in group.chat.bot_messages[posts:] if seen_by(one) is None]
    assert seen == [], "it costs no post"


@pytest.mark.parametrize("command", ["/t 1 ready", "/t 1"])
async def test_it_goes_when_the_answer_has_gone_or_will_not(group: Group, command: str) -> None:
    await free(group)
    card = await group.card(1)
    menu = answer(group, await group.says(group.oleg, command))
    if command == "/t 1":
        await group.presses(group.oleg, menu, "Готово")
    await group.deliver()
    assert ANSWERING in card.text
    await group.presses(group.oleg, menu, "Отмена")
    await group.deliver()
    assert ANSWERING not in card.text
    menu = answer(group, await group.says(group.oleg, "/t 1 ready"))
    await group.deliver()
    assert ANSWERING in card.text
    await group.says(group.oleg, "Сами посмотрим", await group.card(1))
    await group.deliver()
    assert ANSWERING not in card.text


async def test_of_ones_own_ticket_the_card_says_nothing_more(group: Group) -> None:
    await free(group)
    await group.says(group.oleg, "/take 1")
    await group.says(group.oleg, "/t 1")
    await group.deliver()
    assert ANSWERING not in (await group.card(1)).text


async def test_who_opens_an_answer_in_a_colleagues_ticket_is_told(group: Group) -> None:
    await free(group)
    await group.says(group.olga, "/take 1")
    menu = answer(group, await group.says(group.oleg, "/t 1 ready"))
    assert menu.text.startswith("#1 ведёт Ольга.") and seen_by(menu) == group.oleg.id
    await group.deliver()
    assert f"👷 Ольга · {ANSWERING}" in (await group.card(1)).text


async def test_two_who_choose_at_once_both_stand_there(group: Group) -> None:
    await free(group)
    await group.says(group.oleg, "/t 1")
    group.clock.move(seconds=30)
    await group.says(group.olga, "/t 1")
    await group.deliver()
    assert "сейчас отвечают Олег, Ольга" in (await group.card(1)).text
    group.clock.move(seconds=31)
    await group.deliver()
    assert "сейчас отвечает Ольга" in (await group.card(1)).text
    group.clock.move(seconds=31)
    await group.deliver()
    assert "отвечает" not in (await group.card(1)).text
