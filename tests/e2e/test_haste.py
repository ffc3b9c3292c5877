"""People are faster than the desk: they answer what it has posted and not yet written down."""

from __future__ import annotations

import re

import pytest

from sandbox import Message, Person
from tests.e2e.looking import soon, value
from tests.e2e.stage import Stage

pytestmark = pytest.mark.usefixtures("sealed")
# The desk looks for a lost answer after two seconds; until then it does not know what stands there.
LOST = 20.0


async def test_an_answer_to_a_card_that_the_desk_does_not_know_of_yet_reaches_the_customer(
    shared: Stage,
) -> None:
    anna = shared.customer("Спешка Анны")
    await anna.say("Погас экран")
    shared.world.faults.cut(method="sendMessage", chat=shared.group)
    await anna.press_soon("Открыть")
    card = await shared.group.expect("Погас экран", button="Взять")
    noted = "SELECT count(*) FROM sent_message WHERE message=? AND chat=?"
    assert not value(shared, noted, str(card.id), str(shared.group.id))
    await shared.olga.reply(card, "Включите свет")
    assert (await anna.expect("Включите свет", timeout=LOST)).text == "Включите свет"
    await shared.settle()
    place = (
        "SELECT s.message FROM sent_message s JOIN ticket t ON t.id=s.ticket_id"
        " WHERE s.role='card' AND t.title='Погас экран'"
    )
    assert value(shared, place) == str(card.id)


async def two_open(stage: Stage, person: Person) -> list[tuple[int, Message]]:
    """Two open tickets of one person: what they write next belongs to the second."""
    opened = []
    for words in ("Скрипят ворота", "Нет звука"):
        await person.say("/new")
        await (await person.press_soon("Другое")).answer()
        await person.expect("Опишите вопрос", where=lambda m: not m.deleted)
        await person.say(words)
        card = await stage.group.expect(words, button="Взять")
        opened.append((int(re.findall(r"#(\d+)", card.text)[0]), card))
    return opened


async def test_a_customers_reply_to_an_answer_that_is_not_noted_yet_joins_its_ticket(
    shared: Stage,
) -> None:
    boris = shared.customer("Спешка Бориса")
    (first, card), _ = await two_open(shared, boris)
    shared.world.faults.cut(method="sendMessage", chat=boris)
    await shared.olga.reply(card, "Смажем завтра")
    answer = await boris.expect("Смажем завтра")
    await boris.reply(answer, "Жду")
    joined = "SELECT count(*) FROM message WHERE text='Жду' AND ticket_id=?"
    await soon(lambda: value(shared, joined, first), "the words joined the first", LOST)
