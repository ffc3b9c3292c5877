"""Who somebody is, over the wire: a phone that is proved, a camera found by it, two who are one."""

from __future__ import annotations

import re
from typing import Final

import pytest

from tests.e2e.asking import SOON, asks
from tests.e2e.beside import import_cameras
from tests.e2e.looking import value
from tests.e2e.stage import Stage

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "unknown": "Среди ваших камер такой нет.",
        "share": "📱 Отправить мой номер",
        "foreign": "Это не ваш контакт.",
        "proved": "Номер +{phone} подтверждён.",
        "trouble": "Нет изображения",
        "in": r"Обращение #(\d+) принято",
        "found": "Нашлось по «{words}». Кто из них?",
        "operator": "Объединить их может администратор.",
        "sure": "добавьте в конце «точно»",
        "word": "точно",
        "one": "Теперь это один человек: ",
        "mine": "Ваши обращения",
    },
    "en": {
        "unknown": "There is no such camera among yours.",
        "share": "📱 Share my phone number",
        "foreign": "This contact is not yours.",
        "proved": "Your number +{phone} is confirmed.",
        "trouble": "No picture",
        "in": r"Ticket #(\d+) is in",
        "found": "Found for “{words}”. Which of them?",
        "operator": "Only an admin may merge them.",
        "sure": "add “sure” at the end",
        "word": "sure",
        "one": "They are one person now: ",
        "mine": "Your tickets",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_the_link_on_a_camera_leads_its_owner_there_once_their_phone_is_proved(
    stage: Stage, words: dict[str, str]
) -> None:
    vera, eve = stage.customer("Вера"), stage.customer("Ева")
    await import_cameras(stage, [("LINK_1", f"+{vera.phone}", "Двор")])
    await vera.start("cam_LINK_1")
    await vera.expect(re.escape(words["unknown"]), timeout=SOON)
    await vera.send_contact(person=eve)
    await vera.expect(re.escape(words["foreign"]), timeout=SOON)
    await vera.press_soon(words["share"])
    await vera.expect(re.escape(words["proved"].format(phone=vera.phone)), timeout=SOON)
    await vera.expect("LINK_1", timeout=SOON)
    await vera.start("cam_LINK_1")  # known now: straight to it
    await vera.expect("LINK_1", timeout=SOON)
    await vera.press_soon(words["trouble"])
    accepted = await vera.expect(words["in"], timeout=SOON)
    found = re.search(words["in"], accepted.text)
    assert found is not None
    card = await stage.card(int(found[1]), timeout=SOON)
    assert "📷 LINK_1" in card.text
    # whoever else reads the link learns nothing of the camera
    await eve.start("cam_LINK_1")
    refused = await eve.expect(re.escape(words["unknown"]), timeout=SOON)
    await eve.start("cam_THERE_IS_NONE")
    assert (await eve.expect(re.escape(words["unknown"]), timeout=SOON)).text == refused.text


async def test_two_accounts_with_one_phone_are_found_and_become_one_person(
    stage: Stage, words: dict[str, str]
) -> None:
    olga, phone = stage.olga, "+79031112233"
    inna, igor = stage.customer("Инна"), stage.customer("Инна с работы")
    one, _ = await stage.open_ticket(inna, "Домофон молчит")
    two, _ = await stage.open_ticket(igor, "Всё ещё молчит")
    for number in (one, two):
        assert phone in (await asks(stage, olga, f"/contact {number} {phone}")).text
    found = await asks(stage, olga, f"/who {phone}")
    assert found.text.startswith(words["found"].format(words=phone))
    assert set(found.buttons) == {"Инна", "Инна с работы"}
    refused = await asks(stage, olga, f"/merge {one} #{two} {words['word']}")
    assert words["operator"] in refused.text
    asked = await asks(stage, stage.admin, f"/merge {one} #{two}")
    assert words["sure"] in asked.text
    done = await asks(stage, stage.admin, f"/merge {one} #{two} {words['word']}")
    assert done.text.startswith(words["one"]) and phone in done.text
    customers = "SELECT count(DISTINCT customer_id) FROM ticket WHERE id IN (?, ?)"
    assert value(stage, customers, one, two) == 1
    await igor.say("/my")
    listed = await igor.expect(words["mine"], timeout=SOON)
    assert f"#{one}" in listed.text and f"#{two}" in listed.text
