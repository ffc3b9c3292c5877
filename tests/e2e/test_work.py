"""Teams and tasks over the wire, as a company works: its directory is applied while the desk runs,
tickets go from hand to hand and up a level, their tasks are taken, done, cancelled (B8–B11, B21).
"""

from __future__ import annotations

import re
from typing import Any, Final

import pytest

from sandbox import Message, Person
from tests.e2e.asking import asks, duty, shows
from tests.e2e.beside import apply_directory, import_cameras
from tests.e2e.looking import value
from tests.e2e.stage import Stage

TEAMS: Final = """
[[team]]
code = "first"
titles = {{ ru = "Первая линия", en = "First line" }}
members = [{olga}]

[[team]]
code = "second"
titles = {{ ru = "Вторая линия", en = "Second line" }}
level = 2
members = ["@oleg_op"]
"""

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "teams": "👥 Первая линия · уровень 1: Ольга\n👥 Вторая линия · уровень 2: Олег",
        "duty": "На дежурстве: Олег",
        "quoted": "«{}»",
        "incident": "инцидент",
        "diagnosis": "диагностика",
        "access": "нужен доступ к серверу",
        "up": "#{number} на уровне 2, «Вторая линия»: Олег. Передаёт Ольга.",
        "second": "👥 Вторая линия · уровень 2",
        "take": "🙋 Взять",
        "mine": "Мои задачи · 1",
        "restarted": "перезапустили сервер",
        "check": "проверьте и закройте",
        "yours": "#{number} теперь у вас: Нина. Передаёт Олег.",
        "private": "Нина передаёт вам #{number}: ",
        "not_yours": "Передавать чужие обращения может администратор.",
        "top": "Выше уровня 2 команд нет",
        "done": "По обращению #{number} готово: сервер заменили",
        "server": "сервер заменили",
        "menu": "Неисправность камеры",
        "trouble": "Нет изображения",
        "accepted": r"Обращение #(\d+) принято",
        "equipment": "оборудование",
        "task_yours": "Задача T{task} ваша.",
        "unfinished": "#{number} решаем, а задачи не закончены:",
        "complete": "Завершить все",
        "cancel": "Отменить все",
        "leave": "Оставить",
        "settled": "#{number} решено, клиент узнает.",
        "cable": "заменили кабель",
        "resolved": "По обращению #{number} готово: заменили кабель",
        "none": "Открытых задач нет.",
        "call_off": "/task T{task} отменить камеру сняли",
        "called_off": "отменена",
        "removed": "камеру сняли",
        "again": "Задача T{task} отменена.",
    },
    "en": {
        "teams": "👥 First line · level 1: Ольга\n👥 Second line · level 2: Олег",
        "duty": "On duty: Олег",
        "quoted": "“{}”",
        "incident": "incident",
        "diagnosis": "diagnosis",
        "access": "needs access to the server",
        "up": "#{number} is on level 2, Second line: Олег. From Ольга.",
        "second": "👥 Second line · level 2",
        "take": "🙋 Take",
        "mine": "My tasks · 1",
        "restarted": "restarted the server",
        "check": "please check and close",
        "yours": "#{number} is yours now: Нина. From Олег.",
        "private": "Нина hands #{number} over to you: ",
        "not_yours": "Only an admin may hand over",
        "top": "There is no team above level 2",
        "done": "Ticket #{number} is done: the server was replaced",
        "server": "the server was replaced",
        "menu": "Camera fault",
        "trouble": "No picture",
        "accepted": r"Ticket #(\d+) is in",
        "equipment": "equipment",
        "task_yours": "Task T{task} is yours.",
        "unfinished": "#{number} is being resolved, but its tasks are not finished:",
        "complete": "Complete all",
        "cancel": "Cancel all",
        "leave": "Leave them",
        "settled": "#{number} is done, the customer will hear of it.",
        "cable": "replaced the cable",
        "resolved": "Ticket #{number} is done: replaced the cable",
        "none": "There are no open tasks.",
        "call_off": "/task T{task} cancel the camera was removed",
        "called_off": "cancelled",
        "removed": "the camera was removed",
        "again": "Task T{task} is cancelled",
    },
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


def notes(stage: Stage, number: int) -> list[Any]:
    return [text for (text,) in stage.query("SELECT text FROM note WHERE ticket_id=?", number)]


async def company(stage: Stage) -> None:
    """Two teams, once; Oleg is on duty, and the bot may write to him; Olga has been seen."""
    if value(stage, "SELECT count(*) FROM team WHERE code='first'"):
        return
    await duty(stage, stage.olga, "/on")
    await duty(stage, stage.olga, "/off")
    await stage.oleg.start()
    await duty(stage, stage.oleg, "/on")
    difference = await apply_directory(stage, TEAMS.format(olga=stage.olga.id))
    assert '+members = ["@oleg_op"]' in difference


async def test_an_incident_goes_up_a_level_and_from_hand_to_hand(
    stage: Stage, words: dict[str, str]
) -> None:
    await company(stage)
    olga, oleg, anna = stage.olga, stage.oleg, stage.customer("Анна")
    told = await asks(stage, olga, "/teams")
    assert words["teams"] in told.text and words["duty"] in told.text
    number, card = await stage.open_ticket(anna, "Сервер не отвечает")
    await olga.reply(card, f"/class {words['incident']}")
    await olga.reply(card, "/take")
    # up a level: whoever is on duty there is told, once, below the card
    await olga.reply(card, f"/escalate {words['access']}")
    up = await stage.group.expect(re.escape(words["up"].format(number=number)), timeout=20)
    assert up.reply_to is card and up.text.endswith(f"\n{words['quoted'].format(words['access'])}")
    await oleg.reply(card, "/take")
    listed = await asks(stage, oleg, "/tasks my")
    assert words["mine"] in listed.text and f"Олег · #{number}" in listed.text
    task = value(stage, "SELECT max(id) FROM task WHERE ticket_id=?", number)
    await shows(stage, card, f"🛠 T{task} {words['diagnosis']}")
    assert words["second"] in card.text and "👷 Олег" in card.text
    await oleg.reply(card, f"/done {words['restarted']}")
    assert (await asks(stage, oleg, "/escalate", card)).text.startswith(words["top"])
    # to somebody who has not written to the bot, so the group tells her; and back
    nina = stage.world.user("Нина", language=stage.language, username="nina_op")
    await nina.join(stage.group)
    await oleg.reply(card, f"/assign @nina_op {words['check']}")
    back = await stage.group.expect(re.escape(words["yours"].format(number=number)), timeout=20)
    assert back.reply_to is card and back.text.endswith(
        f"\n{words['quoted'].format(words['check'])}"
    )
    assert words["not_yours"] in (await asks(stage, oleg, "/assign @oleg_op", card)).text
    posts = len(stage.group.bot_messages)
    await nina.reply(card, "/assign @oleg_op")
    await oleg.expect(re.escape(words["private"].format(number=number)), timeout=20)
    await stage.settle()
    assert "👷 Олег" in card.text
    assert len(stage.group.bot_messages) == posts, "told in private, the group stays quiet"
    done = f"T{task}: {words['restarted']}"
    assert notes(stage, number) == [words["access"], done, words["check"]]
    await oleg.reply(card, f"/resolve {words['server']}")
    await anna.expect(re.escape(words["done"].format(number=number)), timeout=20)
    await stage.settle()
    outcomes = stage.query("SELECT outcome FROM task WHERE ticket_id=? ORDER BY id", number)
    assert [outcome for (outcome,) in outcomes] == [
        "escalation_required",
        "solution_found",
        "escalation_needed",
        "solution_found",
    ]


async def fault(stage: Stage, words: dict[str, str], who: Person) -> tuple[int, Message, int]:
    """A camera's fault by the menu: the ticket, its card, its task."""
    await who.start()
    await who.press_soon(words["menu"])
    await who.press_soon(words["trouble"])
    accepted = await who.expect(words["accepted"], timeout=20)
    found = re.search(words["accepted"], accepted.text)
    assert found is not None
    number = int(found[1])
    card = await stage.card(number)
    task = int(value(stage, "SELECT id FROM task WHERE ticket_id=?", number))
    assert f"🛠 T{task} {words['equipment']}" in card.text
    return number, card, task


async def resolving(
    stage: Stage, words: dict[str, str], choice: str, who: Person
) -> tuple[int, int]:
    """Resolve a fault whose task is open: asked what becomes of it, somebody presses a choice."""
    number, card, task = await fault(stage, words, who)
    question = await asks(stage, stage.olga, f"/resolve {words['cable']}", card)
    assert question.text.startswith(words["unfinished"].format(number=number))
    assert f"🛠 T{task} " in question.text
    assert question.buttons == [words["complete"], words["cancel"], words["leave"]]
    assert value(stage, "SELECT closed_at FROM task WHERE id=?", task) is None
    press = await stage.olga.press_soon(words[choice], message=question)
    await press.answer(timeout=20)
    assert press.text == words["settled"].format(number=number)
    await who.expect(re.escape(words["resolved"].format(number=number)), timeout=20)
    return number, task


async def test_a_fault_s_task_is_taken_and_ended_as_whoever_resolves_says(
    stage: Stage, words: dict[str, str]
) -> None:
    await company(stage)
    people = [stage.world.user(f"Сосед {at}", language=stage.language) for at in range(3)]
    await import_cameras(stage, [(f"CAM_{who.id}", who, f"Двор {who.id}") for who in people])
    ends = []
    for who, choice in zip(people, ("complete", "cancel", "leave"), strict=True):
        _, task = await resolving(stage, words, choice, who)
        ends.append((task, stage.query("SELECT state, outcome FROM task WHERE id=?", task)))
    assert [end for _, end in ends] == [
        [("done", "with_ticket")],
        [("cancelled", "with_ticket")],
        [("open", None)],
    ]
    # the one that was left: shown, taken, called off with a word of why
    task = ends[-1][0]
    listed = await asks(stage, stage.oleg, "/tasks")
    assert f"🛠 T{task} " in listed.text
    screen = await asks(stage, stage.oleg, f"/task T{task}")
    press = await stage.oleg.press_soon(words["take"], message=screen)
    await press.answer(timeout=20)
    assert press.text == words["task_yours"].format(task=task)
    await stage.world.until(lambda: "👷 Олег" in screen.text, 20, "whose it is")
    ended = await asks(stage, stage.oleg, words["call_off"].format(task=task))
    assert words["called_off"] in ended.text and words["removed"] in ended.text
    assert [label[0] for label in ended.buttons] == ["↩"]
    again = await asks(stage, stage.olga, f"/done {task}")
    assert again.text.startswith(words["again"].format(task=task))
    assert (await asks(stage, stage.olga, "/tasks")).text == words["none"]


async def test_duty_ends_as_it_began(stage: Stage, words: dict[str, str]) -> None:
    await company(stage)
    await duty(stage, stage.oleg, "/off")
    assert words["duty"] not in (await asks(stage, stage.olga, "/teams")).text
    await duty(stage, stage.oleg, "/on")
