"""What the clock does: reminders, deadlines, alerts, wake-ups, downtimes, over the wire."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import update

from bot.migrations import migrate
from core.db import Database
from core.models import Topic
from sandbox import Message, Person
from tests.e2e.hours import pass_hours
from tests.e2e.looking import assert_sealed, events, posts, soon, value
from tests.e2e.stage import Stage, staged

DEADLINE = 72.0  # hours, when nobody has said otherwise


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("clock"), draws_soon=True) as stage:
        await prepare(stage)
        async with stage.process():
            yield stage
        assert_sealed(stage)
        stage.clean()


async def prepare(stage: Stage) -> None:
    """A desk where payments are to be answered within a day."""
    database = Database(f"sqlite+aiosqlite:///{stage.database}")
    await migrate(database)
    async with database.write() as session:
        await session.execute(update(Topic).filter_by(code="payment").values(answer_seconds=86400))
    await database.close()


@pytest.fixture
async def anna(stage: Stage) -> Person:
    return stage.customer("Анна")


@pytest.fixture(autouse=True)
async def nobody_else_waits(stage: Stage) -> AsyncIterator[None]:
    """Hours pass for every ticket: each story begins with none open."""
    yield
    left = stage.query("SELECT id FROM ticket WHERE queue_rank IS NOT NULL")
    for (number,) in left:
        await stage.olga.say(stage.group, f"/cancel {number}")
    await soon(lambda: not stage.query("SELECT 1 FROM ticket WHERE queue_rank IS NOT NULL"))
    await stage.settle()


def about(messages: list[Message], number: int) -> list[Message]:
    return [m for m in messages if re.search(rf"#{number}\b", m.text)]


async def turns(stage: Stage, card: Message, marker: str) -> None:
    await stage.world.until(lambda: card.text.startswith(marker), 15, f"{marker} on the card")


async def late(stage: Stage, person: Person, words: str = "Нет картинки") -> tuple[int, Message]:
    """A ticket that has been overdue for an hour, alert included."""
    number, card = await stage.open_ticket(person, words)
    pass_hours(stage, DEADLINE + 1)
    await stage.alerts.expect(f"#{number} просрочено", timeout=15)
    return number, card


# ------------------------------------------------------------------ the answer deadline


async def test_the_group_is_reminded_ahead_of_the_deadline(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, "/take")
    await anna.expect("взяли в работу")
    pass_hours(stage, DEADLINE - 5)
    await stage.olga.say(stage.group, "/overdue")
    await stage.group.expect("Просроченных нет.")
    assert "deadline_near" not in events(stage, number)
    pass_hours(stage, 3)
    reminder = await stage.group.expect(f"⏳ #{number} ждёт ответа", timeout=15)
    assert re.fullmatch(
        rf"⏳ #{number} ждёт ответа, осталось (2 ч|1 ч 59 мин)\. 👷 Ольга", reminder.text
    )
    assert reminder.reply_to is card
    await stage.settle()
    assert card.text.startswith("🔴")
    assert not about(stage.alerts.bot_messages, number)
    assert events(stage, number).count("deadline_near") == 1


async def test_at_the_deadline_the_marker_turns_and_admins_get_one_alert(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Не открывается <b>архив</b>")
    await stage.oleg.reply(card, "/take")
    await anna.expect("взяли в работу")
    pass_hours(stage, DEADLINE + 1)
    alert = await stage.alerts.expect(f"#{number}", timeout=15)
    assert re.fullmatch(
        rf"⭕ #{number} просрочено на 1 ч · Не открывается <b>архив</b> · 👷 Олег"
        r" · ждёт с \d+ [а-я]+, \d+:\d\d",
        alert.text,
    )
    assert alert.entity_texts("bold") == [f"#{number} просрочено на 1 ч"]
    assert alert.buttons == ["Открыть"]
    press = await stage.admin.press("Открыть", message=alert)
    inner = str(stage.group.id).removeprefix("-100")
    assert press.url == f"https://t.me/c/{inner}/{card.id}"
    await turns(stage, card, "⭕")
    assert "⏳ срок был" in card.text
    await stage.settle()
    assert about(stage.alerts.bot_messages, number) == [alert]
    assert events(stage, number).count("deadline_missed") == 1
    assert not [m for m in anna.chat.bot_messages if "просроч" in m.text]  # not their worry


async def test_an_alert_of_nobodys_ticket_says_so(stage: Stage, anna: Person) -> None:
    number, _ = await late(stage, anna)
    (alert,) = about(stage.alerts.bot_messages, number)
    assert "👷 не назначен" in alert.text


async def test_what_is_overdue_is_listed_and_reported(stage: Stage, anna: Person) -> None:
    number, _ = await late(stage, anna, "Нет архива")
    # 73 hours ago was four days ago, not three, in the first hour after midnight
    line = re.compile(rf"⭕ #{number} {anna.full_name} · Нет архива · [34] дня · опоздание 1 ч")
    await stage.olga.say(stage.group, "/overdue")
    title, listed = (await stage.group.expect("Просрочено · 1")).text.splitlines()
    assert title == "Просрочено · 1" and line.fullmatch(listed)
    await stage.olga.say(stage.group, "/queue")
    title, listed, *_ = (await stage.group.expect("Очередь · ")).text.splitlines()
    assert title == "Очередь · 1 (⭕ 1)" and line.fullmatch(listed)
    await stage.admin.say(stage.group, "/report overdue")
    reported = await stage.group.expect("Просрочено · 1")
    assert line.search(reported.text)
    await stage.admin.say("/report overdue")
    assert line.search((await stage.admin.expect("Просрочено · 1")).text)
    await stage.olga.say(stage.group, "/report overdue")
    await stage.group.expect("На это нет прав")
    await anna.say("/report overdue")
    await anna.expect("Команда /report")


async def test_an_answer_ends_what_is_overdue(stage: Stage, anna: Person) -> None:
    _, card = await late(stage, anna)
    await turns(stage, card, "⭕")
    await stage.oleg.reply(card, "Простите, что долго")
    await anna.expect("Простите, что долго")
    await turns(stage, card, "🟢")
    assert "срок был" not in card.text
    await stage.olga.say(stage.group, "/overdue")
    await stage.group.expect("Просроченных нет.")


@pytest.mark.parametrize("order", ["Смотрим", "/wait Где?", "/resolve", "/freeze", "/close"])
async def test_whoever_is_not_waiting_for_us_is_never_overdue(
    stage: Stage, anna: Person, order: str
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await (stage.insist if order in {"/resolve", "/close"} else stage.olga.reply)(card, order)
    await soon(
        lambda: (
            not stage.query(
                "SELECT 1 FROM timer WHERE ticket_id=? AND kind='answer' AND due_at IS NOT NULL",
                number,
            )
        ),
        f"{order} stops the clock",
    )
    pass_hours(stage, DEADLINE * 0.99)
    other, _ = await late(stage, stage.customer("Борис"))
    assert other > number
    await stage.settle()
    assert not about(stage.alerts.bot_messages, number)
    assert "deadline_missed" not in events(stage, number)
    assert not card.text.startswith("⭕")


async def test_the_next_question_has_a_deadline_of_its_own(stage: Stage, anna: Person) -> None:
    number, card = await late(stage, anna)
    await stage.olga.reply(card, "Готово")
    await turns(stage, card, "🟢")
    await anna.say("А второй подъезд?")
    await turns(stage, card, "🔴")
    assert "ответить до" in card.text
    pass_hours(stage, DEADLINE + 2)
    await stage.alerts.expect(f"#{number} просрочено на 2 ч", timeout=15)
    assert len(about(stage.alerts.bot_messages, number)) == 2


# ------------------------------------------------------------------ frozen tickets


async def test_a_frozen_ticket_wakes_at_its_time_with_a_reminder_in_the_group(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.oleg.reply(card, "/take")
    await stage.oleg.reply(card, "/freeze 2s ждём поставку")
    await anna.expect("отложили")
    woke = await stage.group.expect("проснулось", timeout=15)
    assert woke.text == f"🟡→🔴 #{number} проснулось: «ждём поставку». 👷 Олег"
    assert woke.reply_to is card
    await turns(stage, card, "🔴")
    assert "Заморожено" not in card.text
    assert value(stage, "SELECT state FROM ticket WHERE id=?", number) == "reopened"
    await anna.expect_none("Вернули", within=0)


async def test_the_clock_of_a_frozen_ticket_stands_still(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    pass_hours(stage, DEADLINE - 10)  # ten hours are left
    await stage.olga.reply(card, "/freeze 5d")
    await turns(stage, card, "🟡")
    pass_hours(stage, 5 * 24 + 1)
    woke = await stage.group.expect(f"#{number} проснулось", timeout=15)
    assert woke.text == f"🟡→🔴 #{number} проснулось. 👷 не назначен"
    await stage.settle()
    assert not about(stage.alerts.bot_messages, number)
    pass_hours(stage, 9)
    await stage.group.expect(f"⏳ #{number} ждёт ответа", timeout=15)
    pass_hours(stage, 2)
    await stage.alerts.expect(f"#{number} просрочено", timeout=15)


async def test_an_answered_ticket_that_wakes_needs_an_answer(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, "Закажем деталь")
    await turns(stage, card, "🟢")
    await stage.olga.reply(card, "/freeze 1d")
    await turns(stage, card, "🟡")
    pass_hours(stage, 25)
    await stage.group.expect(f"🟡→🔴 #{number} проснулось", timeout=15)
    await turns(stage, card, "🔴")


@pytest.mark.parametrize("order", ["/unfreeze", "/close", "/freeze"])
async def test_who_is_not_frozen_any_more_does_not_wake(
    stage: Stage, anna: Person, order: str
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, "/freeze 1d")
    await turns(stage, card, "🟡")
    moves = len(events(stage, number))
    await (stage.insist if order == "/close" else stage.olga.reply)(
        card, order
    )  # the last one: without an end from now on
    await soon(lambda: len(events(stage, number)) > moves)
    pass_hours(stage, 25)
    other, _ = await stage.open_ticket(stage.customer("Борис"), "Нет картинки")
    pass_hours(stage, DEADLINE + 1)
    await stage.alerts.expect(f"#{other} ", timeout=15)
    assert not [m for m in posts(stage, card) if "проснулось" in m.text]


# ------------------------------------------------------------------ other deadlines, downtimes


async def test_a_topic_may_have_a_deadline_of_its_own(stage: Stage, anna: Person) -> None:
    await anna.say("/new")
    await anna.press_soon("Оплата")
    await anna.expect("Опишите")
    await anna.say("Списали два раза")
    accepted = await anna.expect("принято")
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    other, _ = await stage.open_ticket(stage.customer("Борис"), "Нет картинки")
    pass_hours(stage, 25)
    await stage.alerts.expect(f"#{number} просрочено на 1 ч · Оплата", timeout=15)
    await stage.settle()
    assert not about(stage.alerts.bot_messages, other)


async def test_a_downtime_is_told_in_one_digest(stage: Stage, anna: Person) -> None:
    assert stage.bot is not None
    people = [anna, *(stage.customer(f"Клиент {count}") for count in range(4))]
    cards = [await stage.open_ticket(person, "Нет картинки") for person in people]
    pass_hours(stage, 4)
    near, near_card = await stage.open_ticket(stage.customer("Вера"), "Скоро срок")
    frozen, frozen_card = await stage.open_ticket(stage.customer("Глеб"), "Отложено")
    await stage.olga.reply(frozen_card, "/freeze 2d")
    await turns(stage, frozen_card, "🟡")
    await stage.bot.stop()
    pass_hours(stage, DEADLINE - 3, asleep=True)
    await stage.bot.start()
    digest = await stage.alerts.expect("Пока бот не работал", timeout=20)
    numbers = ", ".join(f"#{number}" for number, _ in cards)
    assert digest.text == (
        f"⭕ Пока бот не работал (2 дня 21 ч), просрочено 5 обращений. Самые старые: {numbers}."
    )
    told = await stage.group.expect("Пока бот не работал", timeout=20)
    assert f"#{near}" in told.text
    assert f"проснулось 1 обращение: #{frozen}" in told.text
    for _, card in cards:
        await turns(stage, card, "⭕")
    await turns(stage, frozen_card, "🔴")
    await stage.settle()
    assert not [m for n, _ in cards for m in about(stage.alerts.bot_messages, n) if m is not digest]
    assert not posts(stage, near_card)
    press = await stage.admin.press("Показать все", message=digest)
    await press.answer()
    shown = await stage.alerts.expect("Просрочено · 5")
    assert shown.reply_to is digest
    assert "Пока бот не работал" in digest.text


async def test_deadlines_of_seconds_pass_by_themselves(stage: Stage, anna: Person) -> None:
    assert stage.bot is not None
    stage.bot.env |= {"ANSWER_DEADLINE": "4s", "REMIND_BEFORE": "2s"}  # the last story here
    await stage.bot.restart()
    number, card = await stage.open_ticket(anna, "Нет картинки")
    reminder = await stage.group.expect(f"⏳ #{number} ждёт ответа, осталось", timeout=20)
    alert = await stage.alerts.expect(f"#{number} просрочено", timeout=20)
    assert reminder.date <= alert.date
    assert f"⭕ #{number} просрочено · Нет картинки · 👷 не назначен" in alert.text
    await turns(stage, card, "⭕")
