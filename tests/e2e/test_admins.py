"""Another admin over the wire: invited by a link, at work, dismissed again (G1)."""

from __future__ import annotations

import re
from typing import Final

import pytest

from sandbox import Person
from tests.e2e.asking import SOON, through
from tests.e2e.stage import Stage

LINK: Final = re.compile(r"https://t\.me/frontdoor_bot\?start=(admin_[\w-]{20,})")
WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "setting_up": "Настройка",
        "admins": "Администраторы",
        "me": "• Анна — это вы, на сервере",
        "invite": "➕ Пригласить",
        "link": "Ссылка для нового администратора",
        "share": "Переслать ссылку",
        "already": "Вы и так администратор. Ссылка не потрачена",
        "appointed": "Теперь вы администратор этого бота",
        "news": "Новый администратор: Зоя. Ссылку создал администратор Анна.",
        "used": "Ссылка устарела или уже использована",
        "back": "‹ Назад",
        "remove": "Убрать: Зоя",
        "sure": "Убрать из администраторов: Зоя?",
        "yes": "Да, убрать",
        "done": "Зоя больше не администратор.",
        "over": "Вы больше не администратор этой поддержки.",
        "unknown": "Не знаю команды /setup",
    },
    "en": {
        "setting_up": "Setting up",
        "admins": "Admins",
        "me": "• Анна — you, on the server",
        "invite": "➕ Invite",
        "link": "A link for a new admin",
        "share": "Pass the link on",
        "already": "You are an admin already. The link is not used up",
        "appointed": "You are an admin of this bot now",
        "news": "A new admin: Зоя. The link was made by Анна.",
        "used": "The link is too old, or was used",
        "back": "‹ Back",
        "remove": "Remove: Зоя",
        "sure": "Is Зоя to be no admin any more?",
        "yes": "Yes, remove",
        "done": "Зоя is no admin any more.",
        "over": "You are no admin of this support desk any more.",
        "unknown": "/setup",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


def offered(person: Person) -> set[str]:
    return {str(item["command"]) for item in person.world.visible_commands(person)}


async def test_an_admin_appoints_another_by_a_link_and_dismisses_them(stage: Stage) -> None:
    words, anna = WORDS[stage.language], stage.admin
    zoe, eve = stage.customer("Зоя"), stage.customer("Ева")
    await anna.start()
    await anna.say("/setup")
    await anna.expect(words["setting_up"], timeout=SOON)
    await through(stage, anna, (words["admins"], words["me"]), (words["invite"], words["link"]))
    screen = anna.last
    assert screen.buttons == [words["share"], words["back"]]
    (payload,) = LINK.findall(screen.text)
    # her own curiosity uses nothing up; then whoever opens it first
    await anna.start(payload)
    await anna.expect(words["already"], timeout=SOON)
    await zoe.start(payload)
    await zoe.expect(words["appointed"], timeout=SOON)
    await zoe.expect(words["setting_up"], timeout=SOON)
    await anna.expect(words["news"], timeout=SOON)
    await eve.start(payload)
    await eve.expect(words["used"], timeout=SOON)
    await stage.world.until(lambda: {"report", "setup"} <= offered(zoe), SOON, "her commands")
    # and back
    await anna.press_soon(words["back"], message=screen)
    await stage.world.until(lambda: "• Зоя" in screen.text, SOON, "the list")
    assert screen.buttons == [words["invite"], words["remove"], words["back"]]
    await anna.press_soon(words["remove"], message=screen)
    await stage.world.until(lambda: screen.text.startswith(words["sure"]), SOON, "the question")
    press = await anna.press_soon(words["yes"], message=screen)
    await press.answer(timeout=SOON)
    assert press.text == words["done"]
    await zoe.expect(words["over"], timeout=SOON)
    await stage.world.until(lambda: not offered(zoe) & {"report", "setup"}, SOON, "no commands")
    await zoe.say("/setup")
    await zoe.expect(words["unknown"], timeout=SOON)
