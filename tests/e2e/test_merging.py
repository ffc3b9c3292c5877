"""Two tickets of one customer become one, and two again while that can be taken back (A6)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from sandbox import Message, Person
from tests.e2e.asking import SOON, asks, shows
from tests.e2e.stage import Stage

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "topic": "Оплата",
        "describe": "Опишите",
        "accepted": "принято",
        "joined": "#{goes} вошло в #{stays}",
        "told": "Продолжаем в #{stays}",
        "stands": "включает #{goes}",
        "kept": "такую связь не убирают",
        "button": "Вернуть как было",
        "apart": "#{goes} и #{stays} снова отдельные",
        "returned": "#{goes} и #{stays} снова отдельные",
        "undo": "отмена",
        "frozen": "Заморожено до",
        "waits": "ответить до",
        "nothing": "ни с чем не объединяли",
        "later": "Сначала верните его: /merge_tickets {third}",
    },
    "en": {
        "topic": "Payment",
        "describe": "Describe",
        "accepted": "is in",
        "joined": "#{goes} was merged into #{stays}",
        "told": "We go on in #{stays}",
        "stands": "#{goes} merged into this",
        "kept": "such a link is not removed",
        "button": "Undo",
        "apart": "#{goes} and #{stays} are separate again",
        "returned": "#{goes} and #{stays} are separate again",
        "undo": "undo",
        "frozen": "Frozen until",
        "waits": "answer by",
        "nothing": "was not merged with anything",
        "later": "Undo that first: /merge_tickets {third}",
    },
}
FIRST, SECOND, THIRD = "Списали два раза", "И чек не пришёл", "И скидки нет"


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def another(stage: Stage, person: Person, text: str, words: dict[str, str]) -> int:
    """Somebody with a ticket opens one more; returns its number once its card stands."""
    await person.say("/new")
    await person.press_soon(words["topic"])
    await person.expect(words["describe"], timeout=SOON)
    await person.say(text)
    accepted = await person.expect(words["accepted"], timeout=SOON)
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    await stage.card(number, timeout=SOON)
    await person.say("/cancel")
    await stage.settle()
    return number


def own_words(person: Person, text: str) -> Message:
    return next(m for m in person.chat.messages if m.text == text and not m.from_bot)


async def test_what_is_written_to_the_old_one_comes_to_the_new_one_and_back(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, dina = stage.olga, stage.customer("Дина")
    stays, card = await stage.open_ticket(dina, FIRST)
    goes = await another(stage, dina, SECOND, words)
    facts = {"stays": stays, "goes": goes}
    old = await stage.card(goes)
    merged = await asks(stage, olga, f"/merge_tickets {goes} #{stays}")
    assert words["joined"].format(**facts) in merged.text
    await dina.expect(re.escape(words["told"].format(**facts)), timeout=SOON)
    await shows(stage, card, words["stands"].format(**facts))
    await dina.reply(own_words(dina, SECOND), "Вот чек, №5")
    await stage.group.expect("Вот чек, №5", reply_to=card, timeout=SOON)
    await olga.reply(old, "Деньги вернутся завтра")
    await dina.expect("Деньги вернутся завтра", timeout=SOON)
    await stage.settle()
    said = "SELECT count(*) FROM message WHERE ticket_id=?"
    assert stage.query(said, stays) == [(4,)] and stage.query(said, goes) == [(0,)]
    kept = await asks(stage, olga, f"/unlink {goes} #{stays}")
    assert words["kept"] in kept.text
    await olga.press_soon(words["button"], message=merged)
    apart = words["apart"].format(**facts)
    await stage.world.until(lambda: apart in merged.text, SOON, apart)
    await dina.expect(re.escape(words["returned"].format(**facts)), timeout=SOON)
    await dina.reply(own_words(dina, SECOND), "А по чеку?")
    await stage.group.expect("А по чеку?", reply_to=await stage.card(goes), timeout=SOON)
    texts = "SELECT text FROM message WHERE ticket_id=? AND from_customer ORDER BY id"
    await stage.settle()
    assert stage.query(texts, stays) == [(FIRST,), ("Вот чек, №5",)]
    assert stage.query(texts, goes) == [(SECOND,), ("А по чеку?",)]


async def test_a_pause_ends_with_a_merge_and_comes_back_with_it(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, faina = stage.olga, stage.customer("Фаина")
    stays, card = await stage.open_ticket(faina, FIRST)
    goes = await another(stage, faina, SECOND, words)
    third = await another(stage, faina, THIRD, words)
    await olga.reply(card, "/freeze 3d")
    await shows(stage, card, words["frozen"])
    for number in (goes, third):
        await asks(stage, olga, f"/merge_tickets {number} #{stays}")
    await shows(stage, card, words["waits"])
    refused = await asks(stage, olga, f"/merge_tickets {goes} {words['undo']}")
    assert words["later"].format(third=third) in refused.text
    for number in (third, goes):
        await asks(stage, olga, f"/merge_tickets {number} {words['undo']}")
    await shows(stage, card, words["frozen"])
    refused = await asks(stage, olga, f"/merge_tickets {goes} {words['undo']}")
    assert words["nothing"] in refused.text
