"""From a token alone to a desk that works: the claim, the chats, the choices, the trial ticket."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox import Chat, Message, Person
from tests.e2e.stage import Stage, staged

# What a script would set; somebody who begins by hand sets none of it.
BY_HAND = dict.fromkeys(("OPERATOR_CHAT_ID", "ALERT_CHAT_ID", "ADMIN_IDS", "COMPANY_NAME"), "")
CLAIM = re.compile(r"https://t\.me/frontdoor_bot\?start=(claim_[\w-]{20,})")


@pytest.fixture
async def new_desk(tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot with a token and nothing else; group and channel are there, the bot is not in them."""
    async with staged(tmp_path, inside=False, draws_soon=True) as stage:
        stage.settings |= BY_HAND
        async with stage.process():
            yield stage


async def claim_link(stage: Stage) -> str:
    links: list[str] = []

    def look() -> bool:
        links[:] = CLAIM.findall((stage.folder / "bot.log").read_text())
        return bool(links)

    await stage.world.until(look, 20, "the log has the claim's link")
    return links[-1]


async def claim(stage: Stage, person: Person) -> None:
    await person.start(await claim_link(stage))
    await person.expect("администратор этого бота")
    await person.expect("Как называется компания")


async def link(stage: Stage, chat: Chat, label: str) -> None:
    await chat.add_bot(by=stage.admin, admin=True)
    await stage.admin.press_soon(label)
    await stage.admin.expect(rf"✅ .*: «{chat.title}»")  # the checklist, afresh


async def shows(person: Person, text: str) -> None:
    """A screen of theirs has turned into this, or does soon."""
    await person.world.until(
        lambda: any(text in message.text for message in person.chat.bot_messages), 20, text
    )


def offers_of(person: Person, commands: str, chat: Chat | None = None) -> bool:
    shown = [str(item["command"]) for item in person.world.visible_commands(person, chat)]
    return " ".join(shown[: len(commands.split())]) == commands


async def test_a_newcomer_goes_live_by_following_the_checklist(new_desk: Stage) -> None:
    stage, admin = new_desk, new_desk.admin
    await claim(stage, admin)
    await link(stage, stage.group, "Да, это группа операторов")
    await stage.group.expect("Сюда будут приходить обращения")
    await link(stage, stage.alerts, "Да, присылать сюда")
    await stage.alerts.expect("просроченные")

    await admin.press_soon("Название")
    await shows(admin, "Напишите название")
    await admin.say("Наш двор")
    await admin.expect("✅ Компания: «Наш двор»")
    await admin.press_soon("Часовой пояс")
    await admin.press_soon("Омск")
    await shows(admin, "Asia/Omsk")
    await admin.press_soon("Срок ответа")
    await shows(admin, "За какое время")
    await admin.say("сколько получится")
    await admin.expect("Не понял срок")
    await admin.say("12 часов")
    await admin.expect("ответ за 12 ч")

    await admin.press_soon("Пробное обращение")
    number = int(re.findall(r"#(\d+)", (await admin.expect("принято")).text)[0])
    card = await stage.card(number)
    await admin.press_soon("Проверить ещё раз")
    await shows(admin, "Всё готово")
    await stage.olga.reply(card, "Видим вас")
    await admin.expect("Видим вас")

    customer = stage.customer("Борис")
    await customer.start()
    await customer.expect("Это поддержка «Наш двор»")
    stage.clean()


async def test_what_was_set_up_outlives_a_restart(new_desk: Stage) -> None:
    stage = new_desk
    await claim(stage, stage.admin)
    await link(stage, stage.group, "Да, это группа операторов")
    assert stage.bot is not None
    await stage.bot.restart()
    _, card = await stage.open_ticket(stage.customer("Борис"), "Нет архива")
    assert "Нет архива" in card.text
    assert len(CLAIM.findall((stage.folder / "bot.log").read_text())) == 1


async def test_a_claim_works_once_and_for_one(new_desk: Stage) -> None:
    stage, eve = new_desk, new_desk.customer("Ева")
    payload = await claim_link(stage)
    await claim(stage, stage.admin)
    await eve.start(payload)
    await eve.expect("Ссылка устарела")
    await eve.say("/setup")
    await eve.expect("Не знаю команды /setup")
    await stage.group.add_bot(by=eve, admin=True)
    await stage.admin.say("/setup")
    await stage.admin.expect("▫️ Группа операторов")
    assert not any("Меня добавили" in message.text for message in eve.chat.messages)


async def test_a_chat_without_the_rights_is_not_linked_and_the_words_say_what_to_do(
    new_desk: Stage,
) -> None:
    stage, admin = new_desk, new_desk.admin
    await claim(stage, admin)
    await stage.group.add_bot(by=admin)
    await admin.expect("бот не администратор")
    await stage.group.promote_bot(by=admin, can_delete_messages=False)
    await admin.expect("нет права удалять сообщения")
    await stage.group.promote_bot(by=admin)
    await admin.press_soon("Да, это группа операторов")
    await admin.expect("✅ Группа операторов: «Операторы»")


async def test_everybody_is_offered_the_commands_of_their_role_in_their_language(
    new_desk: Stage,
) -> None:
    stage, admin = new_desk, new_desk.admin
    boris, john = stage.customer("Борис"), stage.customer("John", language="en")
    await claim(stage, admin)
    await link(stage, stage.group, "Да, это группа операторов")
    own, group = "new my language mydata cancel help", "queue my overdue find"
    await stage.world.until(lambda: offers_of(boris, own), 20, "customers have their commands")
    await stage.world.until(
        lambda: offers_of(stage.olga, group, stage.group), 20, "operators have theirs"
    )
    await stage.world.until(
        lambda: offers_of(
            admin,
            f"{own} report stats app health quarantine junk restored export key webhook t rules"
            " directory notices texts kb setup",
        ),
        20,
        "admins more",
    )
    assert not offers_of(boris, f"{own} report")
    first = [person.world.visible_commands(person)[0]["description"] for person in (boris, john)]
    assert first == ["новое обращение", "a new ticket"]
    assert "Напишите, что случилось" in stage.world.profile["description", "ru"]
    assert "Write what has happened" in stage.world.profile["description", ""]


async def test_tickets_that_came_before_the_group_stand_in_it_at_last(new_desk: Stage) -> None:
    stage, boris = new_desk, new_desk.customer("Борис")
    await boris.say("Камера не работает с утра")
    await boris.press_soon("Открыть")
    accepted: Message = await boris.expect("принято")
    await claim(stage, stage.admin)
    await link(stage, stage.group, "Да, это группа операторов")
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    assert "Камера не работает" in card.text
    await stage.group.expect("Сюда будут приходить обращения", since="start")
