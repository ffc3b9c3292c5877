"""What operators say and see of kinds, deadlines and the next contact."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from channels.telegram.addresses import chat_address
from core.models import Person
from core.tickets.next_contact import tell_passed
from core.tickets.sweep import sweep
from core.tx import Tx
from tests.actions.agreement_factories import agrees
from tests.handlers.operators.group import Group


@pytest.fixture
def at_noon(group: Group) -> Group:
    """Wednesday noon, so that there are working hours before and after it."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    group.clock.stands = noon + timedelta(days=(2 - noon.weekday()) % 7 + 7)
    return group


async def classified(group: Group, number: int) -> tuple[str | None, str | None, str | None]:
    rows = await group.rows(
        "SELECT service, category, priority FROM classification WHERE ticket_id=:n", n=number
    )
    return tuple(rows[0]) if rows else (None, None, None)


async def test_the_card_shows_kind_and_deadlines(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    card = await group.card(number)
    (line,) = [line for line in card.text.splitlines() if "⏱" in line]
    promised = r"⏱ реакция до \d+ \w+, 18:00 · решение до .+, 15:00"
    assert re.fullmatch(rf"⏳ ответить до .+ · {promised} · 👷 не назначен", line)
    await group.says(group.olga, f"/class {number} видео, инцидент")
    await group.says(group.olga, f"/priority {number} высокий")
    await group.deliver()
    assert "🏷 Видео · Инцидент · Высокий" in (await group.card(number)).text.splitlines()


async def test_a_command_without_words_offers_buttons_that_change_in_place(
    at_noon: Group,
) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    command = await group.says(group.olga, f"/class {number}")
    (screen,) = [m for m in group.chat.bot_messages if m.reply_to is command]
    assert screen.text.splitlines()[0] == f"#{number} · вид не указан"
    labels = [label for row in screen.keyboard for label in row]
    assert {"Видео", "Домофоны", "Инцидент"} <= set(labels)
    press = await group.presses(group.olga, screen, "Видео")
    assert (await press.answer()).text == f"#{number}: Видео"
    assert screen.text.splitlines()[0] == f"#{number} · Видео"
    assert "✓ Видео" in [label for row in screen.keyboard for label in row]
    assert (await classified(group, number))[0] == "video"
    again = await group.presses(group.olga, screen, "✓ Видео")
    assert (await again.answer()).text == f"#{number} и так такого вида."


async def test_priority_without_words_offers_priorities(at_noon: Group) -> None:
    group = at_noon
    number = await group.ticket()
    command = await group.says(group.olga, f"/priority {number}")
    (screen,) = [m for m in group.chat.bot_messages if m.reply_to is command]
    assert len(screen.keyboard) >= 2
    await group.presses(group.oleg, screen, screen.keyboard[0][0])
    assert (await classified(group, number))[2] is not None


async def test_what_is_late_by_its_agreement_is_listed(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    await group.says(group.olga, f"/reply {number} Уже едем")
    await group.deliver()
    group.clock.move(days=2, hours=5)
    await group.desk.run(sweep)
    (text,) = group.answers(await group.says(group.olga, "/overdue"))
    assert text.startswith(f"Просрочено · 1\n⭕ #{number}") and "⏱ опоздание" in text


REFUSED = [
    ("/class 1 ерунда", "Нет такой услуги или категории: «ерунда». Есть: "),
    ("/priority 1 ерунда", "Нет такого приоритета: «ерунда». Есть: "),
    ("/class 999 видео", "Обращения #999 нет."),
    ("/class 999", "Обращения #999 нет."),
    ("/why 999", "Обращения #999 нет."),
    ("/times 999", "Обращения #999 нет."),
    ("/why 1", "У #1 нет сроков по соглашению."),
    ("/next 1", "Не хватает слов. Например: /next 12 пятница 10:00"),
    ("/next 1 когда-нибудь", "«когда-нибудь» — не время. Например: /next 1 пятница 10:00"),
    ("/next 1 25:99", "«25:99» — не время. Например: /next 1 пятница 10:00"),
    ("/next 1 позавчера", "«позавчера» уже прошло. Например: /next 1 пятница 10:00"),
    ("/next 1 нет", "У #1 и так. Назначить день: /next 1 пятница 10:00"),
    ("/class", "Не хватает номера: /class 12 инцидент, или ответьте командой /class на карточку."),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
async def test_what_cannot_be_is_refused_with_the_way_on(
    group: Group, words: str, said: str
) -> None:
    await group.ticket()
    command = await group.says(group.olga, words)
    (answer,) = group.answers(command)
    assert answer.startswith(said)


async def test_why_shows_the_arithmetic_line_by_line(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    group.clock.move(hours=1)
    await group.says(group.olga, f"/freeze {number}")
    group.clock.move(hours=22)
    await group.says(group.olga, f"/unfreeze {number}")
    command = await group.says(group.olga, f"/why {number}")
    text = "\n".join(group.answers(command))
    reaction, resolution = text.split(f"\n\n⏱ #{number} · срок решения")
    assert "Соглашение «Plain», часы работы «Office» (UTC)" in reaction
    assert "Отведено 2 ч рабочего времени с " in reaction
    assert re.search(r"\n\d+ \S+: 12:00–13:00 — 1 ч\n", reaction)
    assert "Отведено 16 ч рабочего времени с " in resolution
    assert re.search(r"\nПауза с \d+ \S+, 13:00 по \d+ \S+, 11:00\n", resolution)
    assert re.search(r"\nВместе 16 ч: срок \d+ \S+, \d+:00", resolution)


async def test_the_card_explains_its_deadlines_by_a_button(at_noon: Group) -> None:
    group = at_noon
    plain = await group.ticket()
    await agrees(group.desk)
    number = await group.ticket()
    for of, offered in ((plain, False), (number, True)):
        card = await group.card(of)
        await group.presses(group.olga, card, "⋯ Ещё")
        labels = [label for row in card.keyboard for label in row]
        assert ("⏱ Почему такой срок" in labels) is offered
    card = await group.card(number)
    await group.presses(group.olga, card, "⏱ Почему такой срок")
    assert any("срок реакции" in text for text in group.answers(card))


async def test_alerts_name_the_clock(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    alerts = group.world.supergroup("Просрочки", bot="admin")
    group.desk.company = replace(group.desk.company, alerts_chat=chat_address(alerts.id))
    number = await group.ticket()
    group.clock.move(hours=3, minutes=5)
    await group.desk.run(sweep)
    await group.deliver()
    assert any(
        text.startswith(f"⏱ #{number}: вышел срок реакции · ")
        for text in (m.text for m in alerts.bot_messages)
    )
    card = await group.card(number)
    assert "реакция просрочена, срок был" in card.text and card.text.startswith("⭕")


async def test_the_next_contact_is_set_shown_and_taken_away(at_noon: Group) -> None:
    group = at_noon
    number = await group.ticket()
    card = await group.card(number)
    for words, to in ((f"/next {number} завтра 9:00", None), ("/next завтра 10:00", card)):
        command = await group.says(group.olga, words, to=to)
        assert command.bot_reactions == ["👌"]
    await group.deliver()
    assert re.search(r" · связаться до \d+ \w+, 10:00 · 👷 не назначен", card.text)
    group.clock.move(days=1)
    await group.desk.run(sweep)
    await group.desk.run(tell_passed)
    await group.deliver()
    texts = [m.text for m in group.chat.bot_messages]
    assert any(text.startswith(f"👤 #{number}: пора связаться с клиентом") for text in texts)
    assert f"👤 Пора связаться с 1 клиентом: #{number}" in texts
    shown = "\n".join(group.answers(await group.says(group.olga, f"/ticket {number}")))
    assert re.search(r"обещали связаться \d+ \w+, 10:00 · 👷", shown)
    await group.says(group.olga, f"/next {number} нет")
    await group.deliver()
    assert "связаться" not in card.text


async def test_times_tell_whose_time_it_was(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    group.clock.move(hours=2)
    await group.says(group.olga, f"/wait {number} Какой номер у камеры?")
    await group.deliver()
    group.clock.move(days=1)
    command = await group.says(group.olga, f"/times {number}")
    (text,) = group.answers(command)
    lines = text.splitlines()
    assert lines[0] == f"#{number} · на что ушло время"
    assert lines[1].startswith("Первый ответ: через 2 ч")
    assert lines[2].startswith("Всего: 1 день 2 ч")
    assert re.fullmatch(r"Клиент ждал нас: 2 ч, из них рабочего времени 1 ч", lines[3])
    assert lines[4].startswith("Мы ждали клиента: 1 день")
    assert [line.split(":")[0] for line in lines[5:]] == ["Новое", "Ждём ответа"]


async def test_the_journal_says_it_in_words(at_noon: Group) -> None:
    group = at_noon
    await agrees(group.desk)
    number = await group.ticket()
    await group.says(group.olga, f"/class {number} домофоны, вопрос")
    await group.says(group.olga, f"/next {number} завтра")
    await group.says(group.olga, f"/next {number} нет")
    group.clock.move(days=3)
    await group.desk.run(sweep)
    text = "\n".join(group.answers(await group.says(group.olga, f"/journal {number}")))
    assert "вид обращения: Домофоны, Вопрос" in text
    assert re.search(r"по соглашению «Plain»: реакция до .+, решение до ", text)
    assert re.search(r"по соглашению «Plain»: реакция до [^,]+, \d+:\d\d\n", text)
    assert "обещан следующий контакт: " in text
    assert "следующий контакт больше не обещан" in text
    assert "вышел срок реакции" in text


async def test_a_customer_reads_times_in_their_own_zone(at_noon: Group) -> None:
    group = at_noon
    number = await group.ticket()
    await group.deliver()
    theirs = [m.text for m in group.anna.chat.bot_messages if f"#{number} принято" in m.text]
    assert theirs and "15:00" in theirs[0]  # noon of UTC, in Moscow

    async def move_to(tx: Tx) -> None:
        await tx.session.execute(update(Person).values(zone="Asia/Vladivostok"))

    await group.desk.run(move_to)
    number = await group.ticket()
    await group.deliver()
    theirs = [m.text for m in group.anna.chat.bot_messages if f"#{number} принято" in m.text]
    assert theirs and "22:00" in theirs[0]
    await group.anna.say("/my")
    await group.settle()
    assert "22:00" in group.anna.chat.bot_messages[-1].text
    shown = group.answers(await group.says(group.olga, f"/ticket {number}"))
    assert "15:00" in "\n".join(shown)  # in the group everybody reads the company's
