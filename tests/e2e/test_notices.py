"""A company speaks in its own words: notices from the chat, texts from the directory (G3)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.e2e.asking import SOON, through
from tests.e2e.beside import apply_directory
from tests.e2e.stage import Stage

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "all": "Уведомления",
        "taken": "🔔 взяли в работу",
        "example": "Обращение #12 взяли в работу",
        "command": "/notices taken ru",
        "own": "{customer}, вашим обращением #{number} занимается {operator}.",
        "preview": "Анна, вашим обращением #12 занимается Ольга.",
        "keep": "Оставить так",
        "kept": "Словами бота",
        "told": "Дина, вашим обращением #{number} занимается Ольга.",
        "closed": "🔔 закрыто",
        "off": "🔕 Не сообщать",
        "silent": "Не сообщаем",
        "menu": "📝 Новое обращение",
        "label": "✉️ Написать в контору",
        "opened": "Записали: #{number}.",
        "ask": "О чём обращение",
        "never": "закрыто",
    },
    "en": {
        "all": "Notices",
        "taken": "🔔 taken",
        "example": "Somebody is working on ticket #12",
        "command": "/notices taken en",
        "own": "{customer}, {operator} looks after your ticket #{number}.",
        "preview": "Anna, Olga looks after your ticket #12.",
        "keep": "Keep it",
        "kept": "The bot’s words",
        "told": "Дина, Ольга looks after your ticket #{number}.",
        "closed": "🔔 closed",
        "off": "🔕 Tell nobody",
        "silent": "Nobody is told",
        "menu": "📝 New ticket",
        "label": "✉️ Write to the office",
        "opened": "Noted: #{number}.",
        "ask": "What is it about",
        "never": "is closed",
    },
}
TEXTS: Final = """
[[text]]
code = "ticket.opened"
texts = {{ {language} = "{opened}" }}

[[text]]
code = "button.menu.new"
texts = {{ {language} = "{label}" }}
"""


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_a_company_says_it_in_its_own_words(stage: Stage, words: dict[str, str]) -> None:
    anna, olga, dina = stage.admin, stage.olga, stage.customer("Дина")
    # texts, while the desk runs
    await apply_directory(stage, TEXTS.format(language=stage.language, **words))
    # a notice, tried before it is kept; another that nobody is told of
    await anna.say("/notices")
    await anna.expect(words["all"], timeout=SOON)
    await through(stage, anna, (words["taken"], words["example"]))
    await anna.say(f"{words['command']}\n{words['own']}")
    await anna.expect(words["preview"], timeout=SOON)
    await anna.press_soon(words["keep"])
    await stage.world.until(lambda: words["kept"] in anna.last.buttons, SOON, "it is kept")
    await anna.say("/notices")
    await stage.world.until(lambda: words["closed"] in anna.last.buttons, SOON, "all of them")
    await through(stage, anna, (words["closed"], words["never"]), (words["off"], words["silent"]))
    # what Dina is told of her ticket
    number, card = await stage.open_ticket(dina, "Списали два раза")
    assert dina.last.text == words["opened"].format(number=number)
    await olga.reply(card, "/take")
    await dina.expect(re.escape(words["told"].format(number=number)), timeout=SOON)
    await stage.insist(card, "/close")
    await stage.settle()
    assert stage.query("SELECT state FROM ticket WHERE id=?", number) == [("closed",)]
    assert not any(words["never"] in message.text for message in dina.chat.bot_messages)
    # the button of before, which others have still, and the one of now
    for label in (words["menu"], words["label"]):
        await dina.say(label)
        await dina.expect(words["ask"], timeout=SOON)
        await dina.say("/cancel")
        await stage.settle()
