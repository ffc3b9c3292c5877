"""An incident over the wire: taken, escalated, its tasks done, resolved with one still open."""

from __future__ import annotations

import sqlite3

import pytest

from sandbox import Message
from tests.wire.looking import value
from tests.wire.stage import Stage

TEAM = "INSERT INTO team (code, titles, level, active) VALUES (?, ?, ?, 1)"
MEMBER = "INSERT INTO team_member SELECT ?, id FROM person WHERE telegram_id = ?"
TASK = (
    "INSERT INTO task (kind, ticket_id, level, title, state, opened_at)"
    " SELECT 'equipment', id, 1, 'Камера', 'open', opened_at FROM ticket WHERE id = ?"
)


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


def store(stage: Stage, sql: str, *values: object) -> None:
    with sqlite3.connect(stage.database, timeout=10) as connection:
        connection.execute(sql, values)


async def test_an_incident_from_its_first_task_to_its_resolution(stage: Stage) -> None:
    anna = stage.customer("Анна")
    number, card = await stage.open_ticket(anna, "Сервер не отвечает")
    await stage.oleg.say(stage.group, "/on")
    await stage.settle()
    store(stage, TEAM, "second", '{"ru": "Вторая линия"}', 2)
    store(stage, MEMBER, "second", stage.oleg.id)
    await stage.olga.reply(card, "/class инцидент")
    await stage.olga.reply(card, "/take")
    await stage.world.until(lambda: "🛠 T1 диагностика" in card.text, 20, "the task")
    await stage.olga.reply(card, "/escalate Олег нужен доступ")
    await stage.world.until(lambda: "👥 Вторая линия · уровень 2" in card.text, 20, "the team")
    await stage.oleg.reply(card, "/done перезапустили сервер")
    await stage.settle()
    assert value(stage, "SELECT outcome FROM task WHERE id=1") == "escalation_required"
    assert value(stage, "SELECT result FROM task WHERE id=2") == "перезапустили сервер"
    store(stage, TASK, number)
    command = await stage.oleg.reply(card, "/resolve заменили кабель")
    asked: list[Message] = []

    def look() -> bool:
        asked[:] = [m for m in stage.group.bot_messages if m.reply_to is command]
        return bool(asked)

    await stage.world.until(look, 20, "the question")
    assert asked[0].buttons == ["Завершить все", "Отменить все", "Оставить"]
    await stage.oleg.press_soon("Завершить все", message=asked[0])
    await anna.expect("заменили кабель", where=lambda m: "заменили кабель" in m.text)
    await stage.settle()
    assert value(stage, "SELECT outcome FROM task WHERE id=3") == "with_ticket"
