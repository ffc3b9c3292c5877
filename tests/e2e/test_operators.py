"""Operators in their group: cards, buttons, commands, lists, over the wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens.card import ASSISTED
from handlers.telegram.operators.commands import COMMANDS
from sandbox import Message, Person
from tests.e2e.looking import TITLE, assert_sealed, events, everything, soon, value
from tests.e2e.stage import Stage, staged

NEW = [["🙋 Взять", "✅ Решено"], ["🟡 Заморозить", "⋯ Ещё"]]
TAKEN = [["✅ Решено", "🕓 Ждём ответа"], ["🟡 Заморозить", "⋯ Ещё"]]
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


@pytest.fixture
async def new_desk(tmp_path: Path) -> AsyncIterator[Stage]:
    """A bot that takes its time with cards, as a real one."""
    async with staged(tmp_path) as new_desk, new_desk.process():
        yield new_desk
        assert_sealed(new_desk)
        new_desk.clean()


@pytest.fixture
async def anna(stage: Stage) -> Person:
    return stage.customer("Анна")


def state(stage: Stage, number: int) -> str:
    return str(value(stage, "SELECT state FROM ticket WHERE id=?", number))


async def becomes(stage: Stage, card: Message, words: str) -> None:
    await stage.world.until(lambda: words in card.text, 10, f"{words!r} on the card")


async def pressed(stage: Stage, person: Person, label: str, card: Message) -> str:
    press = await person.press_soon(label, message=card)
    return (await press.answer()).text


# ------------------------------------------------------------------ the card


async def test_every_ticket_has_a_card_with_the_marker_and_buttons(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Камера не показывает")
    lines = card.text.splitlines()
    assert lines[0] == f"🔴 #{number} · Обращение"
    assert lines[1] == "👤 Анна"
    assert re.fullmatch(r"⏳ ответить до \d+ \S+, \d+:\d\d · 👷 не назначен", lines[2])
    assert lines[3] == "Камера не показывает"
    assert card.keyboard == NEW
    assert card.entity_texts("bold") == [f"#{number} · Обращение"]
    assert card.entity_texts("blockquote") == ["Камера не показывает"]


async def test_the_card_is_edited_in_place_and_only_when_something_of_it_changes(
    new_desk: Stage,
) -> None:
    anna = new_desk.customer("Анна")
    number, card = await new_desk.open_ticket(anna, "Нет картинки")
    await anna.say("Раз")
    await anna.say("Два")
    await anna.send_photo(caption="Три")
    await new_desk.olga.reply(card, "// заметка")
    await new_desk.settle()
    assert not card.edited  # words change nothing on it
    await new_desk.olga.reply(card, "/take")
    await new_desk.olga.reply(card, "Смотрю")
    await new_desk.olga.reply(card, "И ещё смотрю")
    await new_desk.settle()
    assert card.text.startswith("🟢")
    assert len(card.revisions) == 1  # all of that is one edit
    await new_desk.olga.reply(card, "Третий ответ")
    await new_desk.settle()
    assert len(card.revisions) == 1
    cards = [m for m in new_desk.group.bot_messages if f" #{number} · Обращение" in m.text]
    assert cards == [card]


async def test_buttons_do_what_they_say_and_tell_it_in_a_toast(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    assert await pressed(stage, stage.olga, "Взять", card) == f"Обращение #{number} ваше."
    await becomes(stage, card, "👷 Ольга")
    assert card.keyboard == TAKEN
    assert "Спросите сразу" in await pressed(stage, stage.olga, "🕓 Ждём ответа", card)
    await stage.olga.reply(card, "Какой подъезд?")
    await becomes(stage, card, "🟢")
    assert "Ждём ответа" in await pressed(stage, stage.olga, "🕓 Ждём ответа", card)
    assert state(stage, number) == "waiting"
    assert await pressed(stage, stage.olga, "Заморозить", card) == ""
    await stage.world.until(lambda: "1 час" in card.buttons, 5, "the spans")
    assert card.buttons == [
        "1 час",
        "Завтра 9:00",
        "Понедельник 9:00",
        "Неделя",
        "Другая дата",
        "Без срока",
        "‹ Назад",
    ]
    assert "ниже" in await pressed(stage, stage.olga, "Другая дата", card)
    await stage.group.expect(f"до какого времени заморозить #{number}?", reply_to=card)
    toast = await pressed(stage, stage.olga, "Завтра 9:00", card)
    assert toast == f"#{number} заморожено до завтра, 9:00."
    await becomes(stage, card, "🟡")
    assert card.keyboard == [["Разморозить", "✅ Решено"], ["⋯ Ещё"]]
    await pressed(stage, stage.olga, "Разморозить", card)
    await stage.world.until(lambda: card.keyboard == TAKEN, 10, "it is back at work")
    assert "решено" in await pressed(stage, stage.olga, "Решено", card)
    await becomes(stage, card, "Решено, ждём подтверждения")
    assert card.buttons == ["↩ Вернуть", "⋯ Ещё"]
    await pressed(stage, stage.olga, "Вернуть", card)
    await soon(lambda: state(stage, number) == "reopened")


async def test_the_destructive_ask_once_more(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await pressed(stage, stage.olga, "Ещё", card)
    await stage.world.until(lambda: "Закрыть" in card.buttons, 5, "more buttons")
    await pressed(stage, stage.olga, "Закрыть", card)
    await stage.world.until(lambda: "Да, закрыть" in card.buttons, 5, "the question")
    assert state(stage, number) == "new"
    await pressed(stage, stage.olga, "Назад", card)
    await stage.world.until(lambda: "Да, закрыть" not in card.buttons, 5, "back")
    await stage.olga.press_data(card, f"t:close!:{number}").result.answer()
    await becomes(stage, card, "⚪")
    assert card.buttons == ["↩ Вернуть"]
    press = await stage.olga.press_data(card, f"t:take:{number}").result.answer()
    assert press.text == f"#{number} закрыто. Вернуть его в работу: /reopen {number}"


# ------------------------------------------------------------------ taking


async def test_of_two_takers_at_once_one_wins_and_the_other_reads_who_and_when(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    first = stage.olga.press("Взять", message=card).result
    second = stage.oleg.press("Взять", message=card).result
    await asyncio.gather(first.answer(), second.answer())
    texts = sorted((first.text, second.text), key=lambda text: "ваше" not in text)
    assert texts[0] == f"Обращение #{number} ваше."
    ago = r"(?:только что|\d+ секунд\w? назад)"
    assert re.fullmatch(rf"#{number} уже взято: (Ольга|Олег), {ago}\.", texts[1])
    assert events(stage, number).count("ticket_taken") == 1
    await anna.expect(f"Обращение #{number} взяли в работу.")
    await stage.oleg.say(stage.group, f"/take {number}")
    await stage.olga.say(stage.group, f"/take {number}")
    await stage.group.expect(f"#{number} и так ваше.")


async def test_who_answers_an_unassigned_ticket_first_becomes_its_assignee(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.oleg.reply(card, "Смотрю")
    await anna.expect("Смотрю")
    await stage.oleg.start()
    await stage.oleg.expect("Вы отвечаете клиентам")
    await stage.olga.reply(card, "Я тоже")
    await anna.expect("Я тоже")
    await stage.oleg.expect(f"Ольга отвечает по вашему #{number}")
    await becomes(stage, card, "👷 Олег")
    assert "взяли в работу" not in "".join(m.text for m in anna.chat.bot_messages)
    assert events(stage, number).count("ticket_taken") == 1


async def test_a_ticket_is_given_back_by_its_assignee_or_an_admin(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, "/take")
    await becomes(stage, card, "👷 Ольга")
    await stage.oleg.reply(card, "/release")
    await stage.group.expect(f"#{number} ведёт Ольга. Передавать чужие обращения может админ")
    await stage.admin.reply(card, "/release")
    await becomes(stage, card, "не назначен")
    await stage.world.until(lambda: "🙋 Взять" in card.buttons, 5, "it can be taken")


# ------------------------------------------------------------------ commands


@pytest.mark.parametrize("form", ["№{}", "sr-{}", "_{}"])
async def test_commands_know_a_ticket_by_every_form_of_its_number(
    stage: Stage, anna: Person, form: str
) -> None:
    number, _card = await stage.open_ticket(anna, "Нет картинки")
    order = f"/take {form.format(number)}".replace(" _", "_")
    sent = await stage.olga.say(stage.group, order)
    await stage.group.expect_reaction(sent, "👌")
    assert state(stage, number) == "in_progress"


@pytest.mark.parametrize("order", ["/take@frontdoor_bot", "/взять", "/TAKE", "/беру"])
async def test_commands_are_understood_however_they_are_typed(
    stage: Stage, anna: Person, order: str
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, order)
    await soon(lambda: state(stage, number) == "in_progress", order)


async def test_a_command_for_another_bot_is_none_of_ours(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.settle()
    before = everything(stage)
    await stage.olga.reply(card, "/take@other_bot")
    await stage.olga.say(stage.group, f"/close@other_bot {number}")
    await stage.settle()
    assert everything(stage) == before
    assert stage.group.messages[-1].sender is stage.olga


@pytest.mark.parametrize("by_reply", [False, True], ids=["number", "reply"])
async def test_every_command_about_a_ticket(stage: Stage, anna: Person, by_reply: bool) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")

    async def order(name: str, words: str = "") -> Message:
        if by_reply:
            return await stage.olga.reply(card, f"/{name} {words}".strip())
        return await stage.olga.say(stage.group, f"/{name} {number} {words}".strip())

    await order("take")
    await soon(lambda: state(stage, number) == "in_progress")
    await order("reply", "Ответ командой")
    await anna.expect("Ответ командой")
    note = await order("note", "для своих")
    await stage.group.expect_reaction(note, "✍")
    await order("wait", "Какой подъезд?")
    await anna.expect("Какой подъезд?", since="start")
    assert state(stage, number) == "waiting"
    await order("freeze", "2d ждём кабель")
    await soon(lambda: state(stage, number) == "frozen")
    await order("unfreeze")
    await soon(lambda: state(stage, number) == "reopened")
    await order("title", f"{TITLE}новый")
    await soon(lambda: value(stage, "SELECT title FROM ticket WHERE id=?", number)[0] == "T")
    await order("topic", "оплата")
    await soon(lambda: value(stage, "SELECT topic FROM ticket WHERE id=?", number) == "payment")
    await order("release")
    await soon(lambda: value(stage, "SELECT assignee_id FROM ticket WHERE id=?", number) is None)
    await order("resolve", "заменили")
    await soon(lambda: state(stage, number) == "resolved")
    await order("reopen")
    await soon(lambda: state(stage, number) == "reopened")
    await order("close")
    await soon(lambda: state(stage, number) == "closed")
    await order("reopen")
    await soon(lambda: state(stage, number) == "reopened")
    await order("cancel", "повтор")
    await soon(lambda: state(stage, number) == "cancelled")
    await order("ticket")
    whole = await stage.group.expect(f"⚪ #{number}", where=lambda m: m is not card)
    for words in ("Нет картинки", "Ответ командой", "для своих", "Какой подъезд?"):
        assert words in whole.text
    await order("journal")
    journal = await stage.group.expect(f"Журнал #{number}")
    for words in ("обращение взято", "ждём ответа клиента", "заморожено", "тема:", "отменено"):
        assert words in journal.text


async def test_a_command_carries_files_too(stage: Stage, anna: Person) -> None:
    number, _ = await stage.open_ticket(anna, "Нет картинки")
    sent = await stage.olga.send_photo(stage.group, caption=f"/reply {number} Вот схема")
    came = await anna.expect("Вот схема", kind="photo")
    assert came.text == "Вот схема"
    assert came.file_bytes == sent.file_bytes
    await stage.group.expect_reaction(sent, "👌")


async def test_a_bare_wait_after_an_answer_waits_for_the_customer(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.olga.reply(card, "Какой подъезд?")
    await becomes(stage, card, "🟢")
    sent = await stage.olga.say(stage.group, f"/wait {number}")
    await stage.group.expect_reaction(sent, "👌")
    await becomes(stage, card, "Ждём ответа клиента")
    assert card.text.startswith("🟢")


@pytest.mark.parametrize(
    ("words", "ahead", "reason"),
    [
        ("15m", timedelta(minutes=15), None),
        ("2d ждём поставку", timedelta(days=2), "ждём поставку"),
        ("2 дня", timedelta(days=2), None),
        ("на час", timedelta(hours=1), None),
        ("in 3 hours waiting", timedelta(hours=3), "waiting"),
        ("завтра 9:00 ждём", "9:00", "ждём"),
        ("tomorrow 9:00", "9:00", None),
        ("до понедельника", "monday", None),
        ("monday 9:00 parts", "monday", "parts"),
        ("ждём монтажника", None, "ждём монтажника"),
        ("", None, None),
    ],
)
async def test_a_ticket_is_frozen_until_a_time_in_words_for_a_reason(
    stage: Stage, frozen: tuple[int, Message], words: str, ahead: object, reason: str | None
) -> None:
    number, _ = frozen
    known = value(stage, "SELECT count(*) FROM journal WHERE ticket_id=?", number)
    began = datetime.now(UTC)
    await stage.olga.say(stage.group, f"/freeze {number} {words}")
    await soon(
        lambda: value(stage, "SELECT count(*) FROM journal WHERE ticket_id=?", number) > known
    )
    now = datetime.now(UTC)
    sql = "SELECT frozen_until, reason, state FROM ticket WHERE id=?"
    until, why, code = stage.query(sql, number)[0]
    assert (code, why) == ("frozen", reason)
    if ahead is None:
        assert until is None
        return
    at = datetime.fromisoformat(until).replace(tzinfo=UTC)
    if isinstance(ahead, timedelta):
        assert began - timedelta(minutes=1) <= at - ahead <= now + timedelta(minutes=1)
        return
    local = at.astimezone(MOSCOW)
    assert (local.hour, local.minute) == (9, 0)
    if ahead == "monday":
        assert local.weekday() == 0
    else:
        # it may have been said before midnight, and looked at after it
        days = {(each.astimezone(MOSCOW) + timedelta(days=1)).date() for each in (began, now)}
        assert local.date() in days


@pytest.fixture(scope="module")
async def frozen(sealed: Stage) -> tuple[int, Message]:
    return await sealed.open_ticket(sealed.customer("Борис"), "Буду заморожено")


# ------------------------------------------------------------------ lists


async def test_lists_show_number_customer_subject_and_deadline(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет картинки")
    await stage.oleg.reply(card, "/take")
    await becomes(stage, card, "👷 Олег")
    await stage.oleg.say(stage.group, "/my")
    mine = await stage.group.expect("Мои обращения · ")
    line = next(line for line in mine.text.splitlines() if f"#{number} " in line)
    about = f"🔴 #{number} {anna.full_name} · Нет картинки"
    assert re.fullmatch(rf"{about}( · сегодня)? · до \d+ \S+, \d+:\d\d", line)


async def test_the_queue_is_turned_page_by_page(stage: Stage) -> None:
    for count in range(12):
        await stage.open_ticket(stage.customer(), f"Страница {count}")
    await stage.olga.say(stage.group, "/queue free")
    page = await stage.group.expect(r"Ничьи · \d+", where=lambda m: bool(m.buttons))
    first = page.text
    assert len(first.splitlines()) == 11
    await (await stage.olga.press("›", message=page)).answer()
    await stage.world.until(lambda: page.text != first, 5, "the next page")
    shown = set(re.findall(r"#(\d+)", first))
    assert not shown & set(re.findall(r"#(\d+)", page.text))
    await (await stage.oleg.press("‹", message=page)).answer()
    await stage.world.until(lambda: page.text == first, 5, "the page before")


async def test_frozen_and_late_have_lists_of_their_own(
    stage: Stage, frozen: tuple[int, Message]
) -> None:
    await stage.olga.say(stage.group, f"/freeze {frozen[0]} 2d")
    await stage.olga.say(stage.group, "/queue frozen")
    listed = await stage.group.expect("Заморожены · ")
    assert f"🟡 #{frozen[0]} " in listed.text
    await stage.olga.say(stage.group, "/overdue")
    await stage.group.expect("Просроченных нет.")


async def test_tickets_are_found_by_number_name_and_words(stage: Stage) -> None:
    vera = stage.customer("Вероника")
    number, card = await stage.open_ticket(vera, "Не показывает домофон")
    await vera.say("Договор 4521")
    await stage.group.expect("Договор 4521", reply_to=card)
    await soon(
        lambda: stage.query(
            "SELECT 1 FROM search_word WHERE ticket_id=? AND word LIKE '4521%'", number
        ),
        "the index knows the words",
    )
    for words in (f"SR-{number}", "домофоны", "Вероника", "4521", "не показывает домофон"):
        await stage.olga.say(stage.group, f"/find {words}")
        found = await stage.group.expect(f"Найдено по «{words}»")
        assert f"#{number} Вероника · Не показывает домофон" in found.text
    await stage.olga.say(stage.group, "/find небывальщина")
    await stage.group.expect("По «небывальщина» ничего не нашлось")


async def test_help_tells_each_what_they_may_do_here(stage: Stage) -> None:
    await stage.olga.say(stage.group, "/help")
    told = await stage.group.expect("Ответ на карточку")
    named = set(re.findall(r"^/(\w+)", told.text, re.MULTILINE))
    for section in ("Списки", "Команды", "Тема", "Связи", "Люди"):
        await stage.olga.press(section, message=told)
        await stage.world.until(lambda s=section: s in told.text, 10, "the section")  # type: ignore[misc]
        named |= set(re.findall(r"^/(\w+)", told.text, re.MULTILINE))
    assert named == {name for name, row in COMMANDS.items() if not row.admins} - {*ASSISTED}
    assert named >= {
        *("take", "release", "reply", "note", "wait", "freeze", "unfreeze", "resolve", "close"),
        *("cancel", "reopen", "title", "topic", "undo", "ticket", "journal", "queue", "my"),
        *("overdue", "find", "help"),
    }
    asked = await stage.admin.say(stage.group, "/help")
    told = await stage.group.expect("Ответ на карточку", reply_to=asked)
    await stage.admin.press("Администратору", message=told)
    await stage.world.until(lambda: "/report overdue" in told.text, 10, "the section")


# ------------------------------------------------------------------ bad input


@pytest.fixture(scope="module")
async def closed(sealed: Stage) -> int:
    """A ticket that has ended; nothing is on its way any more."""
    number, card = await sealed.open_ticket(sealed.customer("Глеб"), "Уже закрыто")
    await sealed.insist(card, "/close")
    await becomes(sealed, card, "⚪")
    await sealed.settle()
    return number


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/take 999999", "Обращения #999999 нет."),
        ("/take 0", "Номера «0» быть не может"),
        ("/take -5", "Не хватает номера"),
        ("/take {n}", "#{n} закрыто. Вернуть его в работу: /reopen {n}"),
        ("/reply {n}   ", "Не хватает слов"),
        ("/reply {n} Поздно", "#{n} закрыто. Вернуть его в работу: /reopen {n}"),
        ("/topic {n} небывалое", "Темы «небывалое» нет. Есть: Общие вопросы, Оплата"),
        ("/resolve 999999 <b>x</b>", "Обращения #999999 нет."),
        ("/take <b>12</b>", "Не хватает номера"),
    ],
)
async def test_a_malformed_command_is_told_what_was_wrong_and_nothing_changes(
    stage: Stage, closed: int, order: str, answer: str
) -> None:
    before = everything(stage)
    sent = await stage.olga.say(stage.group, order.format(n=closed))
    refusal = await stage.group.expect(answer.format(n=closed))
    assert refusal.reply_to is sent
    assert everything(stage) == before
