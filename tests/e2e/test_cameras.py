"""Cameras over the wire: a fault, and an area's outage from its beginning to its end (A2, X9)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import Person
from tests.e2e.beside import import_cameras
from tests.e2e.looking import assert_sealed, value
from tests.e2e.stage import Stage, staged

WORDS: dict[str, dict[str, str]] = {
    "ru": {
        "menu": "Неисправность камеры",
        "trouble": "Нет изображения",
        "tell": "Да, сообщите",
        "in": r"Обращение #\d+ принято\. Ответим",
        "joined": "общая неисправность, рассчитываем устранить",
        "known": "авария на узле",
        "resolved": "готово: заменили блок питания",
    },
    "en": {
        "menu": "Camera fault",
        "trouble": "No picture",
        "tell": "Yes, tell me",
        "in": r"Ticket #\d+ is in\. You will hear",
        "joined": "There is an outage in",
        "known": "авария на узле",
        "resolved": "заменили блок питания",
    },
}


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A bot of their own: once a company has cameras, everybody's menu offers them."""
    async with (
        staged(tmp_path_factory.mktemp("cameras"), draws_soon=True) as stage,
        stage.process(),
    ):
        yield stage
        assert_sealed(stage)
        stage.clean()


async def tells(person: Person, words: dict[str, str], button: str = "trouble") -> None:
    """From the menu by way of the only camera to a ticket."""
    await person.start()
    await person.press_soon(words["menu"])
    await person.press_soon(words[button])


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_an_outage_from_the_third_report_to_its_end(stage: Stage, language: str) -> None:
    words, area = WORDS[language], f"Area{language}"
    people = [stage.world.user(f"Сосед {at}", language=language) for at in range(8)]
    await import_cameras(stage, [(f"{area}_{who.id}", who, area) for who in people])
    for person in people[:3]:
        await tells(person, words)
        await person.expect(words["in"])
    card = await stage.card(
        value(
            stage,
            "SELECT min(ticket_id) FROM ticket_camera "
            "JOIN camera ON camera.id = camera_id WHERE area=?",
            area,
        )
    )
    assert f"Неисправность камеры {area}_{people[0].id}, ул. Лермонтова 10, проезд" in card.text
    assert f"📷 {area}_{people[0].id}" in card.text
    offer = await stage.group.expect(rf"📷 {area}: 3 неисправности")
    for person in people[3:5]:  # operators think; the group is not disturbed
        await tells(person, words)
        await person.expect(words["in"])
    await stage.settle()
    posts = len(stage.group.bot_messages)
    await stage.olga.press_soon("Объединить", message=offer)
    await stage.olga.press_soon("За 3 часа", message=offer)
    for person in people[:5]:
        await person.expect(words["joined"])
    number = int(value(stage, "SELECT ticket_id FROM outage WHERE area=?", area))
    parent = await stage.card(number)
    assert f"📷 {area} · 5 обращений" in parent.text
    await stage.group.expect(rf"В обращении #{number} теперь 5 обращений", edited=True)
    await stage.olga.reply(parent, "/outage 3h авария на узле")
    for person in people[:5]:
        await person.expect(words["known"])
    for person in people[5:]:
        await tells(person, words, "tell")
        await person.expect(words["known"])
    await stage.olga.reply(parent, "Бригада на месте")
    for person in people:
        await person.expect("Бригада на месте")
    command = await stage.olga.reply(parent, "/resolve заменили блок питания")
    question = await stage.group.expect("задачи не закончены", reply_to=command)
    await stage.olga.press_soon("Завершить все", message=question)
    for person in people:
        await person.expect(words["resolved"])
    await stage.settle()
    new = [m for m in stage.group.bot_messages[posts:] if not m.deleted]
    assert new == [parent, question], "one post for all of it, and what the operator was asked"
    states = stage.query(
        "SELECT DISTINCT ticket.state FROM ticket JOIN ticket_parent ON child_id = ticket.id "
        "WHERE parent_id = ?",
        number,
    )
    assert states == [("resolved",)]
