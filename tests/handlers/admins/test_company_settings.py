"""The company's settings in an admin's private chat: in words, changed by taps or lines."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.app import LOCALES
from channels.telegram.screens.company_settings import settings_lines
from channels.telegram.screens.screen import Renderer
from core.company import Assistance, Company, Limit
from core.contacts.retention import Round, apply_retention
from core.texts import Texts
from tests.handlers.operators.group import Group


async def opens_settings(group: Group) -> str:
    await group.boss.say("/directory")
    await group.settle()
    await group.boss.press("Настройки · 1")
    await group.settle()
    return group.boss.last.text


async def chooses(group: Group, *lines: str) -> None:
    await group.boss.say("\n".join(["[settings]", *lines]))
    await group.settle()
    await group.boss.press("Применить")
    await group.settle()


async def test_what_counts_is_said_in_words_with_a_button_for_each(group: Group) -> None:
    await group.desk.run(apply_retention)
    said = await opens_settings(group)
    for line in (
        "• Отвечаем за 3 дня, напоминаем за 4 ч до срока.",
        "• Предлагаем объявить аварию, когда за 30 мин в районе сломались 3 камеры.",
        "• Номер пишем так: SR-12.",
        "• Почту принимаем от всех.",
        "• Храним переписку закрытых обращений: всегда; клиентов без новых обращений: всегда.",
        "• Храним принятые обновления: 3 дня; отправленное: 30 дней; ответы на вызовы API: 2 дня",
        "; ответы на вызовы API: 2 дня; кто смотрел контакты: 180 дней.",
        "• Клиентов, чьи контакты один человек может открыть за час, прежде чем узнают администр",
    ):
        assert line in said
    assert "переписка обращений: 0, клиентов: 0, служебных записей: 0" in said
    assert {"Хранить отправленное", "Чёрный список почты"} < {*group.boss.last.buttons}
    assert group.boss.last.buttons[-1] == "‹ Назад"


async def test_a_few_lines_change_them_and_nothing_is_restarted(group: Group) -> None:
    number = await group.ticket()
    await chooses(
        group,
        'number_mask = "ЗАЯВКА-{0}"',
        'message_limit = "2/1m"',
        'mail_blacklist = ["@spam.test"]',
        "mail_junk = true",
        'keep_words = "365d"',
        "outage_faults = 'off'",
    )
    said = await opens_settings(group)
    for line in (
        "• Номер пишем так: ЗАЯВКА-12; прежние тоже читаем: SR-12.",
        (
            "• В группе показываем 2 сообщения подряд от одного человека за 1 мин, "
            "остальное одной строкой."
        ),
        "• Почта от этих отправителей — в спам, /junk: @spam.test.",
        "• Храним переписку закрытых обращений: 365 дней;",
        "• Объявить аварию сами не предлагаем.",
    ):
        assert line in said
    for written in (f"ЗАЯВКА-{number}", f"SR-{number}"):
        await group.olga.say(group.chat, f"/find {written}")
        await group.settle()
        assert f"#{number}" in group.chat.bot_messages[-1].text


async def test_long_settings_are_said_without_their_text(group: Group) -> None:
    group.known_as(assistance=Assistance(timedelta(minutes=1)), assistant_tokens=None)
    await chooses(group, f'consent = {{ ru = "{"Согласен. " * 280}" }}', 'consent_version = "7"')
    said = await opens_settings(group)
    assert "• Помощник за день: вопросов — 200, токенов — без ограничения." in said
    assert "• Спрашиваем согласие, версия 7." in said and "consent =" not in said


ALL_OFF = Company(
    rating_wait=None,
    unassigned_wait=None,
    outage_faults=0,
    message_limit=None,
    ticket_limit=None,
    mail_ticket_limit=None,
    topics="off",
)
ALL_ON = Company(
    mail_when_silent=timedelta(hours=4),
    keep_assignee_on_reopen=True,
    sign_answers=True,
    offer_articles=True,
    tags="listed",
    message_limit=Limit(1, timedelta(minutes=1)),
    ticket_limit=Limit(5, timedelta(hours=1)),
    topics="all",
    former_number_masks=("A-{0}",),
    number_in_body=True,
    mail_blacklist=("<b>",),
    mail_alerts_to=("boss@x.test",),
    keep_words=timedelta(days=365),
    keep_people=timedelta(days=730),
    consent={"ru": "Да"},
    colour="1a5fb4",
    assistance=Assistance(timedelta(minutes=1)),
)


@pytest.mark.parametrize("locale", ["ru", "en"])
@pytest.mark.parametrize(
    ("company", "lines"), [(ALL_OFF, 22), (ALL_ON, 23), (replace(ALL_ON, mail_junk=True), 23)]
)
def test_each_setting_has_its_words_in_both_languages(
    company: Company, lines: int, locale: str
) -> None:
    texts = Texts.load(LOCALES, "ru")
    now, zone = datetime(2026, 11, 29, tzinfo=UTC), ZoneInfo("UTC")
    renderer = Renderer(texts, locale, now, zone)
    shown = "\n".join(["", *settings_lines(renderer, company, Round(now, 1, 2, 3, 4, 5))])
    assert shown.count("\n• ") == lines and "<b>." not in shown
