"""A company teaches its desk something by a file in the chat, and takes it back (X12)."""

from __future__ import annotations

from typing import Final

import pytest

from tests.e2e.asking import SOON, asks, shows
from tests.e2e.stage import Stage

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "topic": "Свет во дворе",
        "state": "Ждём лампу",
        "field": "Подъезд",
        "first": "первый",
        "view": "Ждут лампу",
        "note": "Закажите лампу.",
        "title": "Нужна лампа",
        "apply": "Применить",
        "applied": "Справочник изменён",
        "back": "Вернуть версию 1",
        "restored": "Справочник снова такой, как в версии 1.",
        "asked": "осталось узнать: Подъезд",
        "broken": "Не горит лампа",
    },
    "en": {
        "topic": "Light in the yard",
        "state": "Waiting for a lamp",
        "field": "Entrance",
        "first": "first",
        "view": "Lamps to come",
        "note": "Order a lamp.",
        "title": "A lamp is needed",
        "apply": "Apply",
        "applied": "The directory is changed",
        "back": "Bring version 1 back",
        "restored": "The directory is again as in version 1.",
        "asked": "One more thing about ticket",
        "broken": "The lamp is out",
    },
}
GROWN: Final = """
[[topic]]
code = "light"
titles = {{ {language} = "{topic}" }}

[[state]]
code = "lamp"
titles = {{ {language} = "{state}" }}
category = "on_hold"
pause = true
sources = ["new", "in_progress", "reopened"]
marker = "🔵"

[[field]]
code = "entrance"
titles = {{ {language} = "{field}" }}
kind = "choice"
choices = ["{first}", "2"]
topics = ["light"]
required = "opening"

[[tag]]
word = "lamp"
titles = {{ {language} = "{title}" }}
marker = "🟡"

[[view]]
code = "lamps"
titles = {{ {language} = "{view}" }}
states = ["lamp"]
tags = ["lamp"]

[[rule]]
code = "order"
title = "{title}"
event = "state_entered"
when = {{ states = ["lamp"] }}
then = {{ tags = ["lamp"], note = "{note}" }}
"""


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_a_file_teaches_the_desk_and_an_old_version_takes_it_back(
    stage: Stage, words: dict[str, str]
) -> None:
    admin, olga, dina = stage.admin, stage.olga, stage.customer("Дина")
    file = GROWN.format(language=stage.language, **words)
    await admin.send_document(data=file.encode(), name="directory.toml")
    shown = await admin.expect('word = "lamp"', button=words["apply"], timeout=SOON)
    await admin.press(words["apply"], message=shown)
    await admin.expect(words["applied"], edited=None, timeout=SOON)
    # the customer is asked for the new field
    await dina.say("/new")
    await dina.press_soon(words["topic"])
    await stage.settle()
    await dina.say(words["broken"])
    await dina.expect(words["asked"], timeout=SOON)
    await dina.press_soon(words["first"])
    await stage.settle()
    ((number,),) = stage.query("SELECT max(ticket_id) FROM ticket_field WHERE field = 'entrance'")
    card = await stage.card(number)
    await shows(stage, card, f"{words['field']}: {words['first']}")
    # the new state is entered, and the rule acts
    await olga.reply(card, f"/state {words['state']}")
    await shows(stage, card, f"🟡 #lamp ({words['title']})")
    await shows(stage, card, words["state"])
    await stage.settle()
    listed = await asks(stage, olga, "/queue lamps")
    assert f"{words['view']} · 1" in listed.text and f"#{number}" in listed.text
    # back from the state, and back to the first version
    await olga.reply(card, "/take")
    await stage.settle()
    await olga.reply(card, "/resolve")
    await olga.reply(card, "/resolve")
    await stage.settle()
    await admin.say("/directory 1")
    await admin.press_soon(words["back"])
    await admin.expect(words["restored"], edited=None, timeout=SOON)
    assert stage.query("SELECT active FROM tag WHERE word = 'lamp'") == [(0,)]
    assert stage.query("SELECT active FROM state WHERE code = 'lamp'") == [(0,)]
    refused = await asks(stage, olga, "/queue lamps")
    assert "lamps" in refused.text and f"#{number}" not in refused.text
    await stage.settle()
