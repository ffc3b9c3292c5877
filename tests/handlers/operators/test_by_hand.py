"""Tickets by hand, calls, people and relations, as operators meet them in the chat (A5–A7, B12)."""

import pytest
from sqlalchemy import insert

from core.models import Service
from core.tickets.catalog import Classes
from core.tickets.search_index import index_new
from core.tx import Tx
from sandbox import Message as Sent
from sandbox import Person as Human
from tests.actions.company_directory import put_team
from tests.handlers.operators.group import Group


async def writes(group: Group, who: Human, words: str) -> Sent:
    """Somebody writes to the bot in private; what it answered last."""
    await who.say(words)
    await group.settle()
    return who.last


async def taps(group: Group, who: Human, label: str) -> Sent:
    await who.press(label, message=who.last)
    await group.settle()
    return who.last


async def works(group: Group) -> None:
    """Olga is led from the group into the private chat, and is known as an operator since."""
    await group.says(group.olga, "/new")


async def through(group: Group, *steps: str) -> Sent:
    """Olga answers one question after the other: a button where there is one, or words."""
    last = group.olga.last
    for step in steps:
        offered = any(step in label for label in last.buttons)
        last = await (taps if offered else writes)(group, group.olga, step)
    return last


async def test_a_new_customer_gets_a_ticket_step_by_step(group: Group) -> None:
    await works(group)
    asked = await writes(group, group.olga, "/new")
    assert "Для кого?" in asked.text
    asked = await through(group, "Карина Котова")
    assert "никого нет" in asked.text and asked.buttons[0] == "Новый клиент"
    asked = await through(group, "Новый клиент")
    assert "Как с ним связаться?" in asked.text, "the name is known from the search"
    asked = await through(group, "8 916 123-45-67")
    assert "О чём обращение?" in asked.text
    asked = await through(group, "Оплата", "Вопрос", "Двойное списание <b>", "Я")
    assert asked.text.splitlines()[:2] == [
        "Новое обращение",
        "👤 Карина Котова · ☎ +79161234567 · новый клиент",
    ]
    assert "Двойное списание <b>" in asked.text and "👷 вы" in asked.text
    assert await group.rows("SELECT id FROM ticket") == [], "nothing is made before the last word"
    assert await group.rows("SELECT value FROM contact_point WHERE kind = 'phone'") == []
    done = await through(group, "Открыть обращение")
    ((number,),) = await group.rows("SELECT id FROM ticket")
    assert f"Обращение #{number} открыто" in done.text and done.buttons == []
    await group.deliver()
    card = await group.card(number)
    assert "☎ +79161234567" in card.text and "👷 Ольга" in card.text
    assert "Двойное списание <b>" in card.text
    (row,) = await group.rows("SELECT origin, topic FROM ticket")
    assert tuple(row) == ("operator", "payment")


async def test_to_whom_telegram_does_not_know_nothing_can_be_answered_but_notes_can(
    group: Group,
) -> None:
    await works(group)
    await writes(group, group.olga, "/new Карина")
    await through(group, "Новый клиент", "k@example.org", "Оплата", "Вопрос", "Списали", "Пока")
    await through(group, "Открыть обращение")
    await group.deliver()
    ((number,),) = await group.rows("SELECT id FROM ticket")
    card = await group.card(number)
    answer = await group.says(group.olga, "Разбираемся", card)
    assert any("нет Telegram" in told and "k@example.org" in told for told in group.answers(answer))
    await group.says(group.olga, "// перезвонить", card)
    assert await group.notes(number) == ["перезвонить"] and await group.said(number) == []


async def test_a_known_phone_shows_who_calls_and_the_talk_is_recorded(group: Group) -> None:
    number = await group.ticket("Не работает домофон")
    await group.says(group.olga, f"/contact {number} +79161234567")
    lead = await group.says(group.olga, "/call 8 916 123-45-67")
    (way,) = [m for m in group.chat.bot_messages if m.reply_to is lead]
    assert way.buttons == ["Открыть в личном чате"]
    asked = await writes(group, group.olga, "/start call_79161234567")
    assert "👤 Анна" in asked.text and f"#{number} Не работает домофон" in asked.text
    assert asked.buttons[:2] == ["Новое обращение", f"Разговор по #{number}"]
    asked = await through(group, f"Разговор по #{number}")
    assert f"О чём говорили по #{number}?" in asked.text
    done = await through(group, "Объяснила, как включить", "Записать разговор")
    assert f"Разговор записан по обращению #{number}" in done.text
    assert await group.notes(number) == ["Объяснила, как включить"]
    row = await group.row(number)
    assert row.waiting_since is None and row.answer_due is None, "the last word is ours"
    assert row.assignee_id is not None
    assert await group.said(number) == []


async def test_an_unknown_number_makes_a_contact_only_when_something_is_saved(
    group: Group,
) -> None:
    number = await group.ticket()
    await works(group)
    asked = await writes(group, group.olga, "/call +79990001122")
    assert "Номер +79990001122 незнаком" in asked.text
    await through(group, "Пётр")
    left = await writes(group, group.olga, "/cancel")
    assert "Ничего не открыто" in left.text
    assert await group.rows("SELECT id FROM person WHERE address IS NULL") == []
    await writes(group, group.olga, "/call +79990001122")
    await through(group, "Пётр", f"#{number}", "Сосед подтвердил", "Записать разговор")
    found = await group.rows(
        "SELECT name, value FROM person JOIN contact_point ON person_id = person.id"
        " WHERE address IS NULL"
    )
    assert [tuple(row) for row in found] == [("Пётр", "+79990001122")]
    assert await group.notes(number) == ["Сосед подтвердил"]
    again = await writes(group, group.olga, "/call +79990001122")
    assert "👤 Пётр" in again.text and "Обращений ещё не было." in again.text


async def test_steps_can_be_taken_back_and_old_buttons_do_nothing(group: Group) -> None:
    await group.ticket()
    await works(group)
    first = await writes(group, group.olga, "/new Анна")
    asked = await through(group, "Анна")
    assert "О чём обращение?" in asked.text and asked is first, "one screen, edited"
    asked = await through(group, "Назад")
    assert "Нашлось по «Анна»" in asked.text and asked.buttons[0] == "Анна"
    early = group.olga.press_data(group.olga.last, "h:topic:payment").result
    await group.settle()
    assert (await early.answer()).text == "Кнопка устарела."
    left = await through(group, "Не открывать")
    assert "Ничего не открыто" in left.text
    stale = group.olga.press_data(group.olga.last, "h:save:").result
    await group.settle()
    assert (await stale.answer()).text == "Кнопка устарела."
    assert len(await group.rows("SELECT id FROM ticket")) == 1


@pytest.mark.parametrize("words", ["/new", "/call +79161234567", "/start new"])
async def test_customers_have_no_such_dialogue(group: Group, words: str) -> None:
    await works(group)
    answer = await writes(group, group.anna, words)
    assert "Для кого?" not in answer.text and "незнаком" not in answer.text
    forged = group.anna.press_data(group.anna.last, "h:save:").result
    await group.settle()
    assert (await forged.answer()).text == "Кнопка устарела."


async def test_what_the_company_offers_must_be_chosen(group: Group) -> None:
    async def offer(tx: Tx) -> None:
        await tx.session.execute(
            insert(Service).values(code="tv", position=1, titles={"ru": "Видео"}, active=True)
        )
        tx.invalidate(Classes)

    await group.desk.run(offer)
    await group.ticket()
    await works(group)
    await writes(group, group.olga, "/new Анна")
    asked = await through(group, "Анна", "Оплата")
    assert "Какая услуга?" in asked.text
    asked = await through(group, "просто слова")
    assert "отвечают кнопкой" in asked.text


async def test_a_team_may_have_it(group: Group) -> None:
    await works(group)
    await group.says(group.oleg, "/on")
    title, members = {"ru": "Выездные"}, [group.olga.id, group.oleg.id]
    await group.desk.run(put_team, "field", title, level=2, members=members)
    await writes(group, group.olga, "/new Карина")
    await through(group, "Новый клиент", "k@example.org", "Оплата", "Вопрос", "Списали")
    asked = await through(group, "Выездные")
    assert "👥 Выездные" in asked.text
    await through(group, "Открыть обращение")
    rows = await group.rows("SELECT team, level FROM ticket_team")
    assert [tuple(row) for row in rows] == [("field", 2)]
    await group.deliver()
    told = group.chat.bot_messages[-1]
    assert told.text == "#1 для команды «Выездные»: Олег. Передаёт Ольга."
    assert told.reply_to is await group.card(1), "who opened it needs no telling"
    journal = await group.says(group.oleg, "/journal 1")
    assert "обращение у команды «Выездные», уровень 2" in group.answers(journal)[0]


async def test_a_team_that_takes_no_tickets_any_more_gets_none(group: Group) -> None:
    await works(group)
    title = {"ru": "Выездные"}
    await group.desk.run(put_team, "field", title)
    await writes(group, group.olga, "/new Карина")
    await through(group, "Новый клиент", "k@example.org", "Оплата", "Вопрос", "Списали")
    await through(group, "Выездные")
    await group.desk.run(put_team, "field", title, active=False)
    press = await group.olga.press("Открыть обращение", message=group.olga.last)
    await group.settle()
    assert press.alert and await group.rows("SELECT id FROM ticket") == []


# ------------------------------------------------------------------ in the group


async def test_who_shows_a_person_and_offers_to_merge_twins(group: Group) -> None:
    one = await group.ticket()
    boris = group.world.user("Борис", language="ru", started=True)
    await group.ticket(by=boris)
    await works(group)
    await writes(group, group.olga, "/call +79161234567")
    await through(group, "Карина", "Новое обращение", "Оплата", "Вопрос", "Ой", "Пока никто")
    await through(group, "Открыть обращение")
    await group.says(group.olga, f"/contact {one} +79161234567")
    asked = await group.says(group.olga, "/who +79161234567")
    (shown,) = [m for m in group.chat.bot_messages if m.reply_to is asked]
    assert "Кто из них?" in shown.text and set(shown.buttons) == {"Анна", "Карина"}
    await group.presses(group.olga, shown, "Анна")
    assert "Тот же телефон" in shown.text
    assert shown.buttons == ["Объединить: Карина", "Заглушить", "Заблокировать"]
    await group.presses(group.olga, shown, "Объединить")
    assert shown.buttons[0] == "Да, объединить"
    await group.presses(group.olga, shown, "Да, объединить")
    assert "2 открытых обращения, всего 2" in shown.text
    refused = await group.says(group.olga, f"/merge {one} #2 точно")
    assert "может администратор" in group.answers(refused)[0]
    asked = await group.says(group.boss, f"/merge {one} #2")
    assert "добавьте в конце «точно»" in group.answers(asked)[0]
    done = await group.says(group.boss, f"/merge {one} #2 точно")
    assert group.answers(done)[0].startswith("Теперь это один человек: Анна.")
    await boris.say("/my")
    await group.settle()
    assert f"#{one}" in boris.last.text, "whoever writes from the other account is that person"


async def test_a_quote_is_split_off_and_both_know(group: Group) -> None:
    number = await group.ticket("Нет картинки. И счёт неверный.")
    card = await group.card(number)
    command = await group.olga.reply(card, "/split", quote="счёт неверный")
    await group.settle()
    new = number + 1
    assert group.answers(command) == [f"#{new} выделено из #{number}. Клиенту сказали."]
    await group.deliver()
    assert f"🔗 из #{number}" in (await group.card(new)).text
    assert f"🔗 выделено #{new}" in card.text
    assert (await group.row(new)).title == "счёт неверный"
    assert f"Один вопрос из обращения #{number} выделили в отдельное: #{new}" in (
        group.anna.last.text
    )


async def test_two_tickets_are_merged_and_come_apart_by_the_button(group: Group) -> None:
    one, two = await group.ticket("Нет картинки"), await group.ticket("Всё ещё темно")
    wrong = await group.says(group.olga, f"/merge_tickets {two} кабель")
    assert "/merge_tickets 15 #12" in group.answers(wrong)[0]
    command = await group.says(group.olga, f"/слить {two} #{one}")
    (said,) = group.answers(command)
    assert said.startswith(f"#{two} вошло в #{one}, клиенту сказали. Вернуть можно до ")
    await group.deliver()
    assert f"Продолжаем в #{one}, писать заново ничего не нужно." in group.anna.last.text
    gone = await group.card(two)
    assert f"🔗 вошло в #{one} (новое)" in gone.text
    assert "отменено" not in gone.text and not gone.buttons
    assert f"🔗 включает #{two}" in (await group.card(one)).text
    again = await group.says(group.olga, f"/reopen {two}")
    assert f"#{two} вошло в #{one}" in group.answers(again)[0]
    (shown,) = [sent for sent in group.chat.bot_messages if sent.reply_to is command]
    await group.presses(group.olga, shown, "↩ Вернуть как было")
    await group.deliver()
    assert f"Обращения #{two} и #{one} снова отдельные" in group.anna.last.text
    assert (await group.row(two)).state == "new"


async def test_links_and_parents_stand_on_the_card(group: Group) -> None:
    one, two = await group.ticket("Нет картинки"), await group.ticket("Темно")
    await group.says(group.olga, f"/link {one} https://shop.example.org/7 Кабель [в пути]")
    await group.says(group.olga, f"/link {one} #{two} parent")
    await group.deliver()
    line = [line for line in (await group.card(one)).text.splitlines() if line.startswith("🔗")]
    assert line == [f"🔗 часть #{two} · Кабель (в пути)"]
    assert "🔗 1 часть" in (await group.card(two)).text
    wrong = await group.says(group.olga, f"/link {two} #{one} parent")
    assert f"/unlink {one} #{two}" in group.answers(wrong)[0]
    await group.says(group.olga, f"/resolve {two} заменили кабель")
    assert (await group.row(one)).state == "resolved"
    await group.says(group.olga, f"/unlink {one} #{two}")
    nothing = await group.says(group.olga, f"/unlink {one} #{two}")
    assert "нет такого родителя" in group.answers(nothing)[0]


async def test_in_reply_to_a_card_the_number_behind_link_is_the_other_ticket_s(
    group: Group,
) -> None:
    one, two, three = [await group.ticket(words) for words in ("Темно", "Мутно", "Криво")]
    card = await group.card(one)
    for words in (f"/link #{two}", f"/link {three} parent", f"/unlink #{two}"):
        command = await group.says(group.olga, words, to=card)
        assert group.answers(command) == []
    await group.says(group.olga, f"/link #{two} #{three}", to=card)  # both are named
    await group.deliver()
    lines = {
        number: [line for line in (await group.card(number)).text.splitlines() if "🔗" in line]
        for number in (one, two)
    }
    assert lines == {one: [f"🔗 часть #{three}"], two: [f"🔗 #{three} (новое)"]}


async def test_similar_tickets_come_with_reasons_and_a_parent_by_a_tap(group: Group) -> None:
    one = await group.ticket("Регистраторы гудят ночью, всё тёмное")
    two = await group.ticket("Опять регистратор и тёмные стёкла")
    while await group.desk.run(index_new):
        pass
    asked = await group.says(group.olga, f"/similar {two}")
    (shown,) = [m for m in group.chat.bot_messages if m.reply_to is asked]
    assert f"#{one}" in shown.text
    assert "общие слова: регистратор, тёмные" in shown.text  # as this ticket says them
    assert f"Кнопка делает #{two} частью другого" in shown.text
    press = await group.presses(group.olga, shown, f"Сделать частью #{one}")
    assert (await press.answer()).text == f"#{two} теперь часть обращения #{one}."
    again = await group.presses(group.olga, shown, f"Сделать частью #{one}")
    assert "и так часть" in (await again.answer()).text
    none = await group.says(group.olga, "/similar 999")
    assert "999" in group.answers(none)[0]
