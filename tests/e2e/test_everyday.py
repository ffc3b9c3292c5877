"""Answers, articles, tags and a mute on an ordinary day (issue 11)."""

from __future__ import annotations

from typing import Final

import pytest

from sandbox import Message, Person
from tests.e2e.asking import SOON, answer, asks, shows
from tests.e2e.beside import apply_directory
from tests.e2e.stage import Stage

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "broken": "Не горит лампа",
        "note": "Закажите лампу.",
        "minute": "Минута без света",
        "answer": "Здравствуйте, {customer}. Выключите свет на минуту.",
        "filled": "Здравствуйте, Дина. Выключите свет на минуту.",
        "send": "Отправить",
        "lamp": "лампу",
        "article": "Замена лампы",
        "how": "Лампу меняет дежурный.",
        "to_customer": "Отправить клиенту",
        "helped": "Помогло",
        "glad": "Хорошо, что «Замена лампы» помогло.",
        "rude": "ругань",
        "muted": "сообщения не показываем до",
        "lift": "Снять ограничение",
        "unheard": "Этого в группе не видно",
        "heard": "А это видно",
    },
    "en": {
        "broken": "The lamp is out",
        "note": "Order a lamp.",
        "minute": "A minute without light",
        "answer": "Hello, {customer}. Please switch the light off for a minute.",
        "filled": "Hello, Дина. Please switch the light off for a minute.",
        "send": "Send",
        "lamp": "lamps",
        "article": "A new lamp",
        "how": "The caretaker changes the lamp.",
        "to_customer": "Send to the customer",
        "helped": "It helped",
        "glad": "Glad that “A new lamp” helped.",
        "rude": "rude words",
        "muted": "messages are not shown until",
        "lift": "Lift the restriction",
        "unheard": "The group does not see this",
        "heard": "The group sees this",
    },
}
DAY: Final = """
[[response]]
code = "minute"
title = "{minute}"
texts = {{ {language} = "{answer}" }}
actions = {{ tags = ["minute"], state = "wait" }}

[[article]]
code = "replacement"
title = "{article}"
status = "public"
language = "{language}"
text = "{how}"
"""


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_answers_articles_tags_and_a_mute_on_an_ordinary_day(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, dina = stage.olga, stage.customer("Дина")
    await apply_directory(stage, DAY.format(language=stage.language, **words))
    number, card = await stage.open_ticket(dina, words["broken"])
    await stage.settle()
    # a note tags
    await olga.reply(card, f"// {words['note']} #yard")
    await shows(stage, card, "#yard")
    await stage.settle()
    # a macro by the inline mode: shown filled, sent, and what goes with it is done
    offered = await olga.inline_results(await olga.inline_query(words["minute"]), timeout=SOON)
    assert [one["title"] for one in offered] == [words["minute"]]
    await _sends_filled(stage, await olga.choose_inline(offered[0], stage.group, reply_to=card))
    await dina.expect(words["filled"], timeout=SOON)
    await shows(stage, card, "#minute #yard")
    assert stage.query("SELECT state FROM ticket WHERE id = ?", number) == [("waiting",)]
    await stage.settle()
    # the same by its name
    await _sends_filled(stage, await olga.reply(card, "/t minute"))
    await dina.expect(words["filled"], timeout=SOON)
    await stage.settle()
    found = await asks(stage, olga, "/find #yard #minute")
    assert f"#{number} {dina.name}" in found.text
    # an article is found, and sent
    articles = await asks(stage, olga, f"/kb {words['lamp']}", card)
    await _presses(olga, articles, words["article"])
    await _presses(olga, articles, words["to_customer"])
    await dina.expect(words["how"], timeout=SOON)
    await stage.settle()
    # the customer finds it as well
    await dina.say(f"/faq {words['lamp']}")
    screen = await dina.expect(button=words["article"], timeout=SOON)
    await _presses(dina, screen, words["article"])
    await _presses(dina, screen, words["helped"])
    await stage.world.until(lambda: words["glad"] in screen.text, SOON, "thanks")
    assert stage.query("SELECT article, helped FROM article_opinion") == [("replacement", 1)]
    await stage.settle()
    # muted, with a way back
    muted = await asks(stage, olga, f"/mute {number} 2h {words['rude']}")
    assert words["muted"] in muted.text and words["rude"] in muted.text
    await dina.say(words["unheard"])
    await stage.rest()
    await _presses(olga, muted, words["lift"])
    await stage.world.until(lambda: words["muted"] not in muted.text, SOON, "the mute is over")
    await stage.settle()
    await dina.say(words["heard"])
    await stage.group.expect(words["heard"], timeout=SOON)
    said = "\n".join(one.text for one in stage.group.bot_messages)
    assert words["unheard"] not in said
    await stage.settle()


async def _sends_filled(stage: Stage, asked: Message) -> None:
    """Olga sends the answer that is shown filled in below what she has asked."""
    shown = await answer(stage, asked)
    words = WORDS[stage.language]
    assert words["filled"] in shown.text
    await _presses(stage.olga, shown, words["send"])


async def _presses(who: Person, screen: Message, label: str) -> None:
    """Somebody presses the button as soon as this screen has it."""
    await who.press_soon(label, message=screen, timeout=SOON)
