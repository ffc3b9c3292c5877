"""Calls, tickets by hand, splits and parents over the wire, in the company's two languages."""

from __future__ import annotations

from functools import partial

import pytest

from sandbox import Person
from tests.wire.looking import soon, value
from tests.wire.stage import Stage


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


async def answers(stage: Stage, who: Person, *steps: tuple[str, str]) -> None:
    """Each step is an answer, by button or in words, and what is shown then."""
    for step, shown in steps:
        if any(step in label for label in who.last.buttons):
            await who.press_soon(step)
        else:
            await who.say(step)
        await stage.world.until(partial(shows, who, shown), 10, shown)


def shows(who: Person, words: str) -> bool:
    """The last that the person sees says so."""
    return words in who.last.text


async def test_a_call_becomes_a_ticket_and_the_caller_finds_it_in_telegram(stage: Stage) -> None:
    olga = stage.olga
    asked = await stage.olga.say(stage.group, "/call 8 916 555-44-33")
    await stage.world.until(
        lambda: any(m.reply_to is asked for m in stage.group.bot_messages), 10, "the way"
    )
    await olga.say("/start call_79165554433")
    await olga.expect("Номер +79165554433 незнаком")
    await answers(
        stage,
        olga,
        ("Фёкла Звонкова", "Это новое обращение или разговор"),
        ("Новое обращение", "О чём обращение?"),
        ("Оплата", "Что это?"),
        ("Вопрос", "Что случилось?"),
        ("Списали дважды", "Кто займётся?"),
        ("Пока никто", "Всё верно?"),
        ("Открыть обращение", "открыто. Карточка в группе."),
    )
    number = int(value(stage, "SELECT max(id) FROM ticket WHERE origin='phone'"))
    card = await stage.card(number)
    assert "☎ +79165554433" in card.text and "Списали дважды" in card.text
    refused = await olga.reply(card, "Проверим")
    await stage.world.until(
        lambda: any(m.reply_to is refused for m in stage.group.bot_messages), 10, "no channel"
    )
    await stage.settle()
    assert value(stage, "SELECT count(*) FROM message WHERE NOT from_customer AND ticket_id=?",
                 number) == 0  # fmt: skip


async def test_an_english_speaking_operator_is_asked_in_english(stage: Stage) -> None:
    kate = stage.world.user("Kate", language="en")
    await kate.join(stage.group)
    await kate.say(stage.group, "/new")
    await soon(lambda: value(stage, "SELECT count(*) FROM person WHERE name='Kate'") == 1)
    await kate.say("/new +44 20 7946 0958")
    await kate.expect("Nobody for “+44 20 7946 0958”")
    await answers(
        stage,
        kate,
        ("New customer", "What is the customer's name?"),
        ("Ada", "What is the ticket about?"),
    )
    await kate.say("/cancel")
    await kate.expect("Left. Nothing was opened or recorded.")
    assert value(stage, "SELECT count(*) FROM person WHERE name='Ada'") == 0


async def test_a_quote_is_split_off_and_the_parent_solves_its_children(stage: Stage) -> None:
    anna, boris = stage.customer("Анна"), stage.customer("Борис")
    number, card = await stage.open_ticket(anna, "Нет картинки. И счёт неверный.")
    other, _ = await stage.open_ticket(boris, "Тоже нет картинки")
    await stage.olga.reply(card, "/split", quote="счёт неверный")
    told = await anna.expect(f"Один вопрос из обращения #{number} выделили в отдельное")
    new = int(value(stage, "SELECT max(id) FROM ticket"))
    assert f"#{new}" in told.text
    await stage.world.until(lambda: f"выделено #{new}" in card.text, 10, "the link")
    await stage.olga.say(stage.group, f"/link {other} #{number} parent")
    await stage.world.until(lambda: "1 часть" in card.text, 10, "the child")
    await stage.olga.reply(card, "/resolve заменили кабель")
    await boris.expect(f"По обращению #{other} готово: заменили кабель")
    await anna.expect(f"По обращению #{number} готово: заменили кабель")
    assert value(stage, "SELECT state FROM ticket WHERE id=?", new) == "new"
