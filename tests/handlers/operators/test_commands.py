"""Commands as people type them, and what they are told when they err."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from core import journal as core_journal
from core.models import Person, Ticket
from core.tx import Tx
from core.words.names import clean_name
from tests.handlers.operators.group import Group


@pytest.mark.parametrize("form", ["{n}", "#{n}", "SR-{n}", "№ {n}", "{n} "])
async def test_take_in_every_form_of_the_number(group: Group, form: str) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, "/take " + form.format(n=number))
    assert (await group.row(number)).assignee_id is not None
    assert command.bot_reactions == ["👌"]
    assert group.answers(command) == []


async def test_in_reply_to_anything_of_the_ticket_no_number_is_needed(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    command = await group.says(group.olga, "/take", card)
    assert command.bot_reactions == [] and group.answers(command) == []
    answer = await group.says(group.olga, "Проверяем", card)
    await group.anna.say("жду")
    await group.settle()
    await group.deliver()
    await group.says(group.olga, "/wait Какой подъезд?", answer)
    assert (await group.row(number)).state == "waiting"
    await group.says(group.olga, "/freeze 2 дня ждём кабель", group.chat.find("жду"))
    row = await group.row(number)
    assert (row.state, row.reason) == ("frozen", "ждём кабель")


REFUSED = [
    ("/take", "Не хватает номера: /take 12, или ответьте командой /take на карточку."),
    ("/взять", "Не хватает номера: /take 12, или ответьте командой /взять на карточку."),
    ("/take 999", "Обращения #999 нет."),
    ("/take 12abc", "Номера «12abc» быть не может. Например: /take 12"),
    ("/take 99999999999999", "Номера «99999999999999» быть не может. Например: /take 12"),
    ("/take 1 срочно", "Непонятно: «срочно». Например: /take 12"),
    ("/take срочно", "Не хватает номера: /take 12, или ответьте командой /take на карточку."),
    ("/tke 1", "Не знаю команды /tke. Может быть, /take?"),
    ("/взят 1", "Не знаю команды /взят. Может быть, /взять?"),
    ("/setup", "/setup — для администратора, в личном чате с ботом."),
    ("/настройки", "/настройки — для администратора, в личном чате с ботом."),
    ("/qqqqq", "Не знаю команды /qqqqq. Что можно здесь: /help"),
    ("/reply 1", "Не хватает слов. Например: /reply 12 Проверили, всё работает"),
    ("/note 1", "Не хватает слов. Например: /note 12 ждём кабель до вторника"),
    ("/title 1", "Не хватает слов. Например: /title 12 Нет изображения во дворе"),
    (
        "/freeze 1 позавчера",
        "«позавчера» уже прошло. Например: /freeze 1 завтра 9:00 или /freeze 1 2d",
    ),
    (
        "/freeze 1 25:99",
        "«25:99» — такого времени нет. Например: /freeze 1 завтра 9:00 или /freeze 1 2d",
    ),
    ("/resolve 1 " + "щ" * 1001, "Слишком длинно: причина — до 1000 знаков."),
    ("/reopen 1", "#1 и так открыто. Взять его: /take 1"),
    (
        "/wait 1",
        (
            "#1: клиент ждёт ответа, а вопроса от нас не было. Спросите сразу: /wait 1 и вопрос,"
            " или сначала ответьте."
        ),
    ),
    ("/release 1", "#1 и так ни за кем не закреплено."),
    ("/undo", "Ответьте командой /undo на свой ответ клиенту: его и заберём."),
    ("/find", "Не хватает слов. Например: /find камера Лермонтова"),
    (
        "/queue чепуха",
        (
            "Списка «чепуха» нет. Есть: queue, mine, free, overdue, frozen, waiting, resolved."
            " Например: /queue free"
        ),
    ),
    ("/report overdue", "На это нет прав. Может помочь администратор."),
    ("/ticket 999", "Обращения #999 нет."),
    ("/journal 999", "Обращения #999 нет."),
]


async def test_what_is_wrong_is_said_in_one_line_and_changes_nothing(group: Group) -> None:
    assert await group.ticket() == 1
    before = await group.everything()
    for words, line in REFUSED:
        command = await group.says(group.olga, words)
        assert group.answers(command) == [line]
    assert await group.everything() == before


async def test_a_figure_at_the_start_of_an_answer_is_no_other_ticket(group: Group) -> None:
    one, other = await group.ticket(), await group.ticket("Другая беда")
    before = await group.everything()
    command = await group.says(group.olga, f"/reply {one} раза проверили", await group.card(other))
    assert f"Вы отвечаете на обращение #{other}" in group.answers(command)[0]
    assert await group.everything() == before
    await group.says(group.olga, f"/reply #{one} проверили", await group.card(other))
    assert await group.said(one) == ["проверили"] and await group.said(other) == []


async def test_a_ticket_through_its_life(group: Group) -> None:
    number = await group.ticket()

    async def now(command: str) -> str:
        sent = await group.says(group.olga, command)
        assert group.answers(sent) == [], command
        return str((await group.row(number)).state)

    assert await now(f"/take {number}") == "in_progress"
    assert await now(f"/reply {number} смотрим") == "in_progress"
    assert await now(f"/wait {number} какой подъезд?") == "waiting"
    assert await now(f"/freeze {number} завтра 9:00 ждём поставку") == "frozen"
    until = (await group.row(number)).frozen_until
    assert until.endswith("06:00:00.000000")  # nine o'clock in Moscow
    assert await now(f"/unfreeze {number}") == "reopened"
    assert await now(f"/freeze {number}") == "frozen"
    assert (await group.row(number)).frozen_until is None
    assert await now(f"/resolve {number} заменили кабель") == "resolved"
    assert await now(f"/reopen {number}") == "reopened"
    assert await now(f"/release {number}") == "reopened"
    assert await now(f"/title {number} Кабель") == "reopened"
    assert await now(f"/topic {number} оплата") == "reopened"
    assert (await group.row(number)).title == "Кабель"
    assert (await group.row(number)).topic == "payment"
    assert await now(f"/close {number}") == "closed"
    assert await now(f"/reopen {number}") == "reopened"
    assert await now(f"/cancel {number} повтор") == "cancelled"
    await group.deliver()
    told = [m.text for m in group.anna.chat.bot_messages]
    assert any("повтор" in words for words in told)
    assert not any("Кабель" in words for words in told), "the title is not the customer's business"


async def test_a_ticket_is_shown_whole(group: Group) -> None:
    number = await group.ticket("Не показывает <b>камера</b>")
    card = await group.card(number)
    for line in range(12):
        await group.says(group.olga, f"{line} " + "слово & <тег> " * 120, card)
    await group.says(group.olga, "// между нами", card)
    await group.deliver()
    command = await group.says(group.oleg, f"/ticket {number}")
    parts = group.answers(command)
    assert len(parts) > 1 and all(len(part) <= 4096 for part in parts)
    whole = "\n".join(parts)
    assert "Не показывает <b>камера</b>" in whole and "между нами" in whole
    assert "слово & <тег>" in whole and "Ольга" in whole and "Открыто" in whole


async def test_a_freeze_for_words_without_a_time_is_asked_until_when(group: Group) -> None:
    number = await group.ticket()
    sent = await group.says(group.olga, f"/freeze {number} абракадабра")
    (asked,) = [one for one in group.chat.bot_messages if one.reply_to is sent]
    assert asked.text == f"#{number} заморожено без срока: «абракадабра». До какого времени?"
    assert not any("абракадабра" in one.text for one in group.anna.chat.bot_messages)
    await group.presses(group.olga, asked, "Неделя")
    row = await group.row(number)
    assert row.frozen_until is not None
    assert row.reason == "абракадабра"


@pytest.mark.parametrize("words", ["— ждём поставку", "завтра 9:00 ждём поставку", ""])
async def test_a_freeze_that_is_understood_is_not_asked_about(group: Group, words: str) -> None:
    number = await group.ticket()
    assert group.answers(await group.says(group.olga, f"/freeze {number} {words}")) == []


async def test_the_journal_tells_who_did_what(group: Group) -> None:
    number = await group.ticket()
    for words in (
        f"/take {number}",
        f"/freeze {number} 2d ждём <поставку>",
        f"/note {number} тихо",
        f"/title {number} Другое имя",
        f"/topic {number} оплата",
        f"/resolve {number} починили",
    ):
        await group.says(group.olga, words)
    (told,) = group.answers(await group.says(group.oleg, f"/journal {number}"))
    lines = told.split("\n")
    assert lines[0] == f"Журнал #{number}"
    assert "Анна: обращение открыто" in lines[1]
    assert "Ольга: заморожено до" in told and "«ждём <поставку>»" in told
    assert "тема: Качество изображения → Оплата" in told
    assert "Ольга: решено — «починили»" in lines[-1]


async def test_a_long_journal_says_that_there_is_more_and_where(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(core_journal, "PAGE", 4)
    number = await group.ticket()
    for title in ("Один", "Два", "Три", "Четыре", "Пять"):
        await group.says(group.olga, f"/title {number} {title}")
    (newest,) = group.answers(await group.says(group.oleg, f"/journal {number}"))
    assert "Пять" in newest and "обращение открыто" not in newest
    assert newest.split("\n")[-1].endswith(f"раньше: /journal {number} 2")
    older = "\n".join(group.answers(await group.says(group.oleg, f"/journal {number} 2")))
    assert "обращение открыто" in older and "Пять" not in older and "раньше:" not in older
    (refused,) = group.answers(await group.says(group.oleg, f"/journal {number} всё"))
    assert "/journal 12" in refused


async def test_help_says_what_this_person_may_do(group: Group) -> None:
    (told,) = group.answers(await group.says(group.olga, "/help"))
    assert "/take 12" in told and "/report" not in told
    (told,) = group.answers(await group.says(group.boss, "/help"))
    assert "/take 12" in told


async def test_lists_are_one_message_that_is_turned(group: Group) -> None:
    numbers = [await group.ticket(f"Беда {n}") for n in range(12)]
    await group.says(group.oleg, f"/take {numbers[0]}")
    command = await group.says(group.olga, "/queue")
    (text,) = group.answers(command)
    assert text.startswith("Очередь · 12\n") and f"#{numbers[0]} " in text
    assert text.count("👷 Олег") == 1 and "сегодня" not in text
    shown = next(m for m in group.chat.bot_messages if m.reply_to is command)
    assert shown.buttons == ["1 / 2", "›"]
    posts = len(group.chat.bot_messages)
    await group.presses(group.oleg, shown, "›")
    assert f"#{numbers[-1]} " in shown.text and f"#{numbers[0]} " not in shown.text
    assert shown.buttons == ["‹", "2 / 2"]
    await group.presses(group.oleg, shown, "‹")
    assert shown.text == text and shown.buttons == ["1 / 2", "›"]
    assert len(group.chat.bot_messages) == posts


async def test_my_list_stays_the_askers(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, f"/take {number}")
    command = await group.says(group.olga, "/my")
    assert f"#{number}" in group.answers(command)[0]
    shown = next(m for m in group.chat.bot_messages if m.reply_to is command)
    await group.forges(group.oleg, shown, "l:mine:+:")
    assert f"#{number}" in shown.text
    (empty,) = group.answers(await group.says(group.oleg, "/my"))
    assert empty == "У вас нет открытых обращений. Свободные: /queue free"


def stand_at_noon(group: Group) -> None:
    """Days are counted from midnight to midnight: none of it may pass by chance."""
    noon = group.clock().replace(hour=9, minute=0)  # in Moscow
    group.clock.now = noon + timedelta(days=1)


async def test_a_list_is_a_command_by_any_of_its_names(group: Group) -> None:
    await group.ticket()
    for words in (
        "all",
        "все",
        "waiting",
        "ждут",
        "frozen",
        "замороженные",
        "free",
        "ничьи",
        "resolved",
    ):
        named = group.answers(await group.says(group.oleg, f"/{words}"))
        assert named == group.answers(await group.says(group.oleg, f"/queue {words}")), words
        assert len(named) == 1
    listed = group.answers(await group.says(group.oleg, "/waiting"))
    assert group.answers(await group.says(group.oleg, "/waiting 1")) == listed


async def test_what_is_late_is_listed(group: Group) -> None:
    stand_at_noon(group)
    number = await group.ticket()
    assert group.answers(await group.says(group.olga, "/overdue")) == ["Просроченных нет."]
    group.clock.move(days=5)
    (text,) = group.answers(await group.says(group.olga, "/overdue"))
    assert text.startswith("Просрочено · 1\n⭕") and "5 дней" in text
    assert f"#{number}" in text and "опоздание 2 дня" in text
    (queue,) = group.answers(await group.says(group.olga, "/queue"))
    assert queue.startswith("Очередь · 1 (⭕ 1)")
    (report,) = group.answers(await group.says(group.boss, "/report overdue"))
    assert f"#{number}" in report


async def test_days_in_work_stop_at_the_end(group: Group) -> None:
    stand_at_noon(group)
    number = await group.ticket()
    group.clock.move(days=2)
    await group.says(group.olga, f"/close {number} ! готово")
    group.clock.move(days=30)
    for command in (f"/find {number}", f"/ticket {number}"):
        (text,) = group.answers(await group.says(group.olga, command))
        assert "2 дня" in text and "32 дня" not in text


async def test_find_reads_numbers_and_words(group: Group) -> None:
    from core.tickets.search_index import index_new

    number = await group.ticket("Не горит лампа у третьего подъезда")
    await group.ticket("Всё прекрасно")
    while await group.desk.run(index_new):
        pass
    command = await group.says(group.olga, "/find подъезд лампы")
    (text,) = group.answers(command)
    assert text.startswith("Найдено по «подъезд лампы»") and f"#{number}" in text
    assert text.count("#") == 1
    (text,) = group.answers(await group.says(group.olga, f"/find SR-{number}"))
    assert f"#{number}" in text
    (text,) = group.answers(await group.says(group.olga, "/find <b>нету</b>"))
    assert text.startswith("По «<b>нету</b>» ничего не нашлось.")


async def test_a_question_is_acknowledged_only_when_it_has_arrived(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, f"/wait {number} какой подъезд?")
    assert command.bot_reactions == []
    await group.deliver()
    assert command.bot_reactions == ["👌"]
    silent = await group.says(group.olga, f"/wait {number}")
    assert silent.bot_reactions == ["👌"]


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_forty_long_tickets_are_listed_whole(group: Group, language: str) -> None:
    """As long and as hostile as a title and a name can be, on every page of a list."""
    group.desk.company = replace(group.desk.company, language=language)
    numbers = [await group.ticket(f"Беда {n}") for n in range(2)]
    await group.says(group.olga, f"/take {numbers[0]}")
    longest = "<&\"'🙂щ" * 40

    async def fill(tx: Tx) -> None:
        first = await tx.get(Ticket, numbers[0])
        (await tx.get(Person, first.assignee_id)).name = clean_name(longest)
        kept = (
            await tx.session.execute(select(Ticket.__table__).where(Ticket.id == first.id))
        ).one()
        row = {**kept._mapping, "title": clean_name(longest, 200)}
        await tx.session.execute(
            insert(Ticket), [{**row, "id": number} for number in range(10**15, 10**15 + 40)]
        )

    await group.desk.run(fill)
    command = await group.says(group.oleg, "/queue")
    shown = next(m for m in group.chat.bot_messages if m.reply_to is command)
    seen = set(re.findall(r"#(\d+)", shown.text))
    while "›" in shown.buttons:
        await group.presses(group.oleg, shown, "›")
        seen |= set(re.findall(r"#(\d+)", shown.text))
    assert len(seen) == 42
    group.world.assert_clean()
