"""Links to tickets and to objects elsewhere, words to all parts, contracts (B12, B19)."""

from __future__ import annotations

from typing import Final

import pytest

from tests.e2e.asking import asks, shows
from tests.e2e.stage import Stage

BILL: Final = "https://example.org/42"
WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "title": "Закупка кабеля",
        "unpaid": "ждёт оплаты",
        "paid": "оплачено",
        "new": "новое",
        "frozen": "заморожено",
        "no_link": "«кабель» — не номер обращения и не адрес",
        "none": "нет такой связи",
        "part": "часть #{parent}",
        "parts": "1 часть",
        "all": "Кабель привезут завтра",
        "signed": "Договор Д-12 записан: Ромашка",
        "unsigned": "«Ромашка» — не договор",
        "forbidden": "На это нет прав",
    },
    "en": {
        "title": "Buying the cable",
        "unpaid": "to be paid",
        "paid": "paid",
        "new": "new",
        "frozen": "frozen",
        "no_link": "“кабель” is neither a ticket's number nor an address",
        "none": "has no such link",
        "part": "part of #{parent}",
        "parts": "1 part",
        "all": "The cable comes tomorrow",
        "signed": "Contract Д-12 is noted: Ромашка",
        "unsigned": "“Ромашка” is no contract",
        "forbidden": "You may not do that",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_an_object_elsewhere_stands_on_the_card_with_its_state(
    stage: Stage, words: dict[str, str]
) -> None:
    olga = stage.olga
    _, card = await stage.open_ticket(stage.customer("Анна"), "Провис кабель")
    assert words["no_link"] in (await asks(stage, olga, "/link кабель", card)).text
    await olga.reply(card, f"/link {BILL} {words['title']} [{words['unpaid']}]")
    await shows(stage, card, f"{words['title']} ({words['unpaid']})")
    await olga.reply(card, f"/link {BILL} {words['title']} [{words['paid']}]")
    await shows(stage, card, f"{words['title']} ({words['paid']})")
    await olga.reply(card, f"/unlink {BILL}")
    await stage.world.until(lambda: words["title"] not in card.text, 20, "the link is gone")
    assert words["none"] in (await asks(stage, olga, f"/unlink {BILL}", card)).text


async def test_linked_tickets_show_each_others_state_and_parts_hear_what_all_are_told(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, anna, boris = stage.olga, stage.customer("Анна"), stage.customer("Борис")
    one, card = await stage.open_ticket(anna, "Провис кабель у подъезда")
    other, second = await stage.open_ticket(boris, "Кабель висит на дереве")
    await olga.reply(card, f"/link #{other}")
    await shows(stage, card, f"#{other} ({words['new']})")
    await shows(stage, second, f"#{one} ({words['new']})")
    await olga.reply(second, "/freeze 2d")
    await shows(stage, card, f"#{other} ({words['frozen']})")
    await olga.reply(card, f"/unlink #{other}")
    await olga.reply(card, f"/link #{other} parent")
    await shows(stage, card, words["part"].format(parent=other))
    await shows(stage, second, words["parts"])
    await olga.say(stage.group, f"/broadcast {other} {words['all']}")
    for person in (anna, boris):
        await person.expect(words["all"], timeout=20)


async def test_an_admin_records_a_contract(stage: Stage, words: dict[str, str]) -> None:
    refused = await asks(stage, stage.olga, "/contract Ромашка; Д-12")
    assert words["forbidden"] in refused.text
    assert words["unsigned"] in (await asks(stage, stage.admin, "/contract Ромашка")).text
    signed = await asks(stage, stage.admin, "/contract Ромашка; Д-12")
    assert words["signed"] in signed.text
