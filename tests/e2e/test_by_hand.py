"""Calls, tickets by hand, splits, similar tickets and parents over the wire (A5–A7, B12)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.e2e.asking import answer, asks, shows, through
from tests.e2e.looking import value
from tests.e2e.stage import Stage

SOON: Final = 20.0
WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "in_private": "Оформим в личном чате",
        "open_private": "Открыть в личном чате",
        "unknown": "Номер {phone} незнаком",
        "purpose": "Это новое обращение или разговор",
        "fresh": "Новое обращение",
        "topic": "О чём обращение?",
        "payment": "Оплата",
        "category": "Что это?",
        "question": "Вопрос",
        "happened": "Что случилось?",
        "assignee": "Кто займётся?",
        "nobody": "Пока никто",
        "check": "Всё верно?",
        "open": "Открыть обращение",
        "opened": "открыто. Карточка в группе.",
        "no_telegram": "у клиента нет Telegram. Связь с ним: ",
        "talk": "Разговор по #{number}",
        "talked": "О чём говорили по #{number}?",
        "record": "Записать разговор",
        "recorded": "Разговор записан по обращению #{number}.",
        "whom": "Для кого?",
        "none_found": "никого нет",
        "new_customer": "Новый клиент",
        "reach": "Как с ним связаться?",
        "left": "Оставили. Ничего не открыто и не записано.",
        "split": "Один вопрос из обращения #{number} выделили в отдельное: #{new}.",
        "split_told": "#{new} выделено из #{number}. Клиенту сказали.",
        "split_to": "выделено #{new}",
        "one_part": "1 часть",
        "done": "По обращению #{number} готово: заменили кабель",
        "cable": "заменили кабель",
        "similar": "Похожие на #{number}",
        "common": "общие слова: ",
        "is_parent": "Сделать частью #{number}",
        "now_part": "#{number} теперь часть обращения #{parent}.",
    },
    "en": {
        "in_private": "Let us do it in private",
        "open_private": "Open in private",
        "unknown": "{phone} is a new number",
        "purpose": "A new ticket, or a talk about one there is?",
        "fresh": "New ticket",
        "topic": "What is the ticket about?",
        "payment": "Payment",
        "category": "What is it?",
        "question": "Question",
        "happened": "What happened?",
        "assignee": "Who will see to it?",
        "nobody": "Nobody yet",
        "check": "Is it all right?",
        "open": "Open the ticket",
        "opened": "is open. Its card is in the group.",
        "no_telegram": "the customer has no Telegram. To reach them: ",
        "talk": "Talk about #{number}",
        "talked": "What did you talk about on #{number}?",
        "record": "Record the talk",
        "recorded": "The talk is recorded on ticket #{number}.",
        "whom": "For whom?",
        "none_found": "Nobody for",
        "new_customer": "New customer",
        "reach": "How can they be reached?",
        "left": "Left. Nothing was opened or recorded.",
        "split": "We made one question of ticket #{number} a ticket of its own: #{new}.",
        "split_told": "#{new} is split off from #{number}. The customer was told.",
        "split_to": "split off #{new}",
        "one_part": "1 part",
        "done": "Ticket #{number} is done: replaced the cable",
        "cable": "replaced the cable",
        "similar": "Like #{number}",
        "common": "words in common: ",
        "is_parent": "Make part of #{number}",
        "now_part": "#{number} is part of ticket #{parent} now.",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_a_call_becomes_a_ticket_and_the_next_one_is_recorded_on_it(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, phone = stage.olga, "+79165554433"
    asked = await asks(stage, olga, "/call 8 916 555-44-33")
    assert asked.text.startswith(words["in_private"]) and asked.buttons == [words["open_private"]]
    await olga.say("/start call_79165554433")  # the button's link
    await olga.expect(re.escape(words["unknown"].format(phone=phone)), timeout=SOON)
    await through(
        stage,
        olga,
        ("Фёкла Звонкова", words["purpose"]),
        (words["fresh"], words["topic"]),
        (words["payment"], words["category"]),
        (words["question"], words["happened"]),
        ("Списали дважды", words["assignee"]),
        (words["nobody"], words["check"]),
        (words["open"], words["opened"]),
    )
    number = int(value(stage, "SELECT max(id) FROM ticket WHERE origin='phone'"))
    card = await stage.card(number, timeout=SOON)
    assert f"☎ {phone}" in card.text and "Списали дважды" in card.text
    refused = await answer(stage, await olga.reply(card, "Проверим"))
    assert f"{words['no_telegram']}{phone}" in refused.text
    written = "SELECT count(*) FROM message WHERE NOT from_customer AND ticket_id=?"
    assert value(stage, written, number) == 0
    # she calls again: known now, with her open ticket
    await olga.say(f"/call {phone}")
    await olga.expect("Фёкла Звонкова", timeout=SOON)
    await through(
        stage,
        olga,
        (words["talk"].format(number=number), words["talked"].format(number=number)),
        ("Объяснили, что вернём", words["check"]),
        (words["record"], words["recorded"].format(number=number)),
    )
    assert value(stage, "SELECT text FROM note WHERE ticket_id=?", number) == (
        "Объяснили, что вернём"
    )


async def test_a_ticket_by_hand_can_be_left_half_way_and_nothing_stays(
    stage: Stage, words: dict[str, str]
) -> None:
    olga = stage.olga
    led = await asks(stage, olga, "/new")
    assert led.text.startswith(words["in_private"])
    tickets = value(stage, "SELECT count(*) FROM ticket")
    await olga.say("/new")
    await olga.expect(re.escape(words["whom"]), timeout=SOON)
    await through(
        stage,
        olga,
        ("Ада Лавлейс", words["none_found"]),
        (words["new_customer"], words["reach"]),
        ("ada@example.org", words["topic"]),
    )
    await olga.say("/cancel")
    await olga.expect(re.escape(words["left"]), timeout=SOON)
    assert value(stage, "SELECT count(*) FROM person WHERE name='Ада Лавлейс'") == 0
    assert value(stage, "SELECT count(*) FROM ticket") == tickets


async def test_a_quote_is_split_off_and_the_parent_solves_its_children(
    stage: Stage, words: dict[str, str]
) -> None:
    anna, boris = stage.customer("Анна"), stage.customer("Борис")
    number, card = await stage.open_ticket(anna, "Нет картинки. И счёт неверный.")
    other, _ = await stage.open_ticket(boris, "Тоже нет картинки")
    told = await answer(stage, await stage.olga.reply(card, "/split", quote="счёт неверный"))
    new = int(value(stage, "SELECT max(id) FROM ticket"))
    facts = {"number": number, "new": new}
    assert told.text == words["split_told"].format(**facts)
    await anna.expect(re.escape(words["split"].format(**facts)), timeout=SOON)
    await stage.olga.say(stage.group, f"/link {other} #{number} parent")
    await shows(stage, card, words["one_part"])
    assert words["split_to"].format(new=new) in card.text
    await stage.olga.reply(card, f"/resolve {words['cable']}")
    await boris.expect(re.escape(words["done"].format(number=other)), timeout=SOON)
    await anna.expect(re.escape(words["done"].format(number=number)), timeout=SOON)
    assert value(stage, "SELECT state FROM ticket WHERE id=?", new) == "new"


async def test_similar_tickets_come_with_the_reason_and_one_becomes_the_parent(
    stage: Stage, words: dict[str, str]
) -> None:
    number, _ = await stage.open_ticket(stage.customer("Вера"), "Регистратор пищит ночами")
    other, card = await stage.open_ticket(stage.customer("Глеб"), "Опять регистратор пищит")
    await stage.indexed()
    found = await asks(stage, stage.olga, "/similar", card)
    assert found.text.startswith(words["similar"].format(number=other))
    assert f"#{number} " in found.text and words["common"] in found.text
    press = await stage.olga.press_soon(words["is_parent"].format(number=number), message=found)
    await press.answer(timeout=SOON)
    assert press.text == words["now_part"].format(number=other, parent=number)
    assert value(stage, "SELECT parent_id FROM ticket_parent WHERE child_id=?", other) == number
