"""A company changes its directory by taps and words, on a phone (X12)."""

from __future__ import annotations

from typing import Final

import pytest

from tests.e2e.asking import SOON, asks, through
from tests.e2e.stage import Stage

# A button or words, and what is shown then.
Steps = tuple[tuple[str, str], ...]
DEADLINE: Final[dict[str, Steps]] = {
    "ru": (
        ("/directory", "Справочник по частям"),
        ("Темы ·", "Нажмите на запись"),
        ("Оплата", "Код: payment"),
        ("Срок ответа", "«3 дня», «4 часа»"),
        ("позавчера", "✋ Не понимаю, сколько это"),
        ("2 дня", "Станет: 2 дня"),
        ("Применить", "Срок ответа: 2 дня"),
        ("Вернуть как было", "Справочник снова такой"),
    ),
    "en": (
        ("/directory", "The directory by its parts"),
        ("Topics ·", "Press an entry"),
        ("Payment", "Code: payment"),
        ("Answer deadline", "“3 days”, “4 hours”"),
        ("whenever", "✋ This is no length of time"),
        ("2 days", "Will be: 2 days"),
        ("Apply", "Answer deadline: 2 days"),
        ("Take it back", "The directory is again as"),
    ),
}
CALENDAR: Final[dict[str, Steps]] = {
    "ru": (
        ("/directory", "Справочник по частям"),
        ("Рабочие часы ·", "Пока пусто"),
        ("➕ Добавить", "Название"),
        ("Контора", "Часовой пояс"),
        ("Омск", "Часы по дням недели"),
        ("когда-нибудь", "✋ Не понимаю часов"),
        ("пн–пт 9:00–18:00, сб 10–14", "Пришлите код"),
        ("kontora", "пн–пт 09:00–18:00; сб 10:00–14:00"),
        ("Добавить", "✅ Готово"),
        ("Праздники", "«1–8 января»"),
        ("1–8 января", "Станет: 1 января"),
        ("Применить", "✅ Готово"),
    ),
    "en": (
        ("/directory", "The directory by its parts"),
        ("Working hours ·", "Nothing yet"),
        ("➕ Add", "Name"),
        ("Office", "Time zone"),
        ("Omsk", "Weekly hours"),
        ("some day", "✋ These are no hours"),
        ("Mon–Fri 9:00–18:00, Sat 10–14", "Send a code"),
        ("office", "Mon–Fri 09:00–18:00; Sat 10:00–14:00"),
        ("Add it", "✅ Done"),
        ("Holidays", "“1.01–8.01”"),
        ("1.01–8.01", "Will be: "),
        ("Apply", "✅ Done"),
    ),
}
TEAM: Final[dict[str, Steps]] = {
    "ru": (
        ("/directory", "Справочник по частям"),
        ("Команды ·", "Пока пусто"),
        ("➕ Добавить", "Название (русский)"),
        ("Первая линия", "Пришлите код"),
        ("‹ Назад", "Название (русский)"),
        ("Выездная бригада", "Пришлите код"),
        ("vyezdnaya", "Название (русский): Выездная бригада"),
        ("Добавить", "✅ Готово"),
        ("Участники", "Отметьте, кто в команде"),
        ("Ольга", "Отметьте, кто в команде"),
        ("Готово", "Станет: Ольга"),
        ("Применить", "Участники: Ольга"),
        ("Название (русский)", "Напишите, как должно быть"),
        ("/cancel", "Хорошо, ничего не меняю"),
    ),
    "en": (
        ("/directory", "The directory by its parts"),
        ("Teams ·", "Nothing yet"),
        ("➕ Add", "Name (English)"),
        ("First line", "Send a code"),
        ("‹ Back", "Name (English)"),
        ("Field crew", "Send a code"),
        ("field_crew", "Name (English): Field crew"),
        ("Add it", "✅ Done"),
        ("Members", "Tick who is in the team"),
        ("Ольга", "Tick who is in the team"),
        ("Done", "Will be: Ольга"),
        ("Apply", "Members: Ольга"),
        ("Name (English)", "Write what it should be"),
        ("/cancel", "All right, nothing is changed"),
    ),
}
# An entry is asked about, and meanwhile there is none: a tag is called otherwise.
GONE: Final[dict[str, Steps]] = {
    "ru": (
        ("/directory", "Справочник по частям"),
        ("Теги ·", "Пока пусто"),
        ("➕ Добавить", "Напишите"),
        ("roof", "roof"),
        ("Добавить", "✅ Готово"),
        ("Название (русский)", "Напишите, как должно быть"),
        ("Крыша", "Этой записи в справочнике больше нет"),
    ),
    "en": (
        ("/directory", "The directory by its parts"),
        ("Tags ·", "Nothing yet"),
        ("➕ Add", "Write"),
        ("roof", "roof"),
        ("Add it", "✅ Done"),
        ("Name (English)", "Write what it should be"),
        ("Roof", "That entry is no longer in the directory"),
    ),
}


@pytest.fixture
def stage(bilingual: Stage) -> Stage:
    return bilingual


async def test_an_admin_changes_the_directory_on_a_phone(stage: Stage) -> None:
    _, card = await stage.open_ticket(stage.customer("Дина"), "Списали два раза")
    await stage.insist(card, "/take")
    await stage.settle()
    for story in (DEADLINE, CALENDAR, TEAM):
        (command, shown), *steps = story[stage.language]
        await stage.admin.say(command)
        await stage.admin.expect(shown, timeout=SOON)
        await through(stage, stage.admin, *steps)
    await stage.settle()
    ((members,),) = stage.query("SELECT count(*) FROM team_member")
    assert members == 1


async def test_an_entry_that_is_gone_meanwhile_is_not_asked_about_any_longer(stage: Stage) -> None:
    (command, shown), *steps, answer = GONE[stage.language]
    await stage.admin.say(command)
    await stage.admin.expect(shown, timeout=SOON)
    await through(stage, stage.admin, *steps)
    await asks(stage, stage.admin, "/tags roof attic")
    await through(stage, stage.admin, answer)
    await stage.settle()
    asked = """SELECT count(*) FROM person WHERE dialogue LIKE '%"step": "entry"%'"""
    assert stage.query(asked) == [(0,)]
