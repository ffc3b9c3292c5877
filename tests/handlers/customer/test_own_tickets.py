"""«Мои обращения»: what a customer sees of their tickets, and what they never see (G5, A3, S24)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.handlers.customer.chat import OPERATOR, PrivateChat


async def test_an_empty_list_says_what_to_do(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    await chat.say(anna, "/my")
    assert anna.last.text == chat.says(language, "own.nothing")
    assert anna.last.buttons == [chat.says(language, "button.menu.new")]


STATES = {
    "ru": [
        "🔴 #7 «Нет изображения» — ждём вашего ответа",
        "🟢 #6 «Нет изображения» — готово, ждём подтверждения",
        "🟡 #5 «Нет изображения» — отложено до 5 декабря, 15:00",
        "🟡 #4 «Нет изображения» — отложено",
        "🟢 #2 «Нет изображения» — в работе",
        "🟢 #1 «Нет изображения» — принято, ответим до 7 декабря, 15:00",
        "⚪ #8 «Нет изображения» — отменено 4 декабря",
        "⚪ #3 «Нет изображения» — закрыто 4 декабря",
    ],
    "en": [
        "🔴 #7 “Нет изображения” — waiting for your answer",
        "🟢 #6 “Нет изображения” — done, please confirm",
        "🟡 #5 “Нет изображения” — put off until 5 December, 15:00",
        "🟡 #4 “Нет изображения” — put off",
        "🟢 #2 “Нет изображения” — in progress",
        "🟢 #1 “Нет изображения” — received, answer by 7 December, 15:00",
        "⚪ #8 “Нет изображения” — cancelled on 4 December",
        "⚪ #3 “Нет изображения” — closed on 4 December",
    ],
}


async def test_states_are_said_in_plain_words(chat: PrivateChat, language: str) -> None:
    noon = datetime(2026, 12, 4, 12, tzinfo=UTC)  # 15:00 in Moscow
    chat.desk.clock = lambda: noon
    anna = chat.customer("Анна", language)
    for _ in range(8):
        await chat.open_ticket(anna)
    await chat.move(2, "take")
    async with chat.database.write() as session:
        await session.execute(text("UPDATE ticket SET waiting_since = NULL WHERE id IN (2, 7)"))
    await chat.move(3, "close")
    await chat.move(4, "freeze")
    await chat.move(5, "freeze", until=noon + timedelta(days=1))
    await chat.move(6, "resolve")
    await chat.move(7, "wait")
    await chat.move(8, "cancel")
    await chat.say(anna, "/my")
    head, *lines = anna.last.text.split("\n")
    assert head == chat.says(language, "own.head").replace("<b>", "").replace("</b>", "")
    assert lines == STATES[language]


async def test_a_promise_that_was_broken_is_not_made_again(chat: PrivateChat) -> None:
    anna = chat.customer()
    await chat.open_ticket(anna)
    chat.clock.ahead = timedelta(days=4)
    await chat.say(anna, "/my")
    assert anna.last.text.endswith("⭕ #1 «Нет изображения» — принято, ответ задерживается")


async def test_the_list_turns_its_pages_both_ways(chat: PrivateChat) -> None:
    anna, boris = chat.customer(), chat.customer("Борис")
    for _ in range(11):
        await chat.open_ticket(anna)
    await chat.open_ticket(boris)
    for number in (11, 10, 9):
        await chat.move(number, "close")
    await chat.say(anna, "/my")
    screen = anna.last

    def numbers() -> list[int]:
        return [int(label[1:]) for label in screen.buttons if label[1:].isdecimal()]

    assert numbers() == [8, 7, 6, 5, 4, 3, 2, 1]
    await chat.press(anna, "›")
    assert anna.last is screen
    assert numbers() == [11, 10, 9]
    assert "›" not in screen.buttons
    await chat.press(anna, "‹")
    assert numbers() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert "‹" not in screen.buttons


async def test_pages_of_twenty(chat: PrivateChat) -> None:
    anna = chat.customer()
    for _ in range(18):
        await chat.open_ticket(anna)
    await chat.move(12, "close")
    await chat.say(anna, "/my")
    seen: list[str] = []
    while True:
        seen += [label for label in anna.last.buttons if label.startswith("#")]
        if "›" not in anna.last.buttons:
            break
        await chat.press(anna, "›")
    assert seen == [f"#{n}" for n in range(18, 0, -1) if n != 12] + ["#12"]
    await chat.press(anna, "‹")
    await chat.press(anna, "‹")
    assert "‹" not in anna.last.buttons and "#18" in anna.last.buttons


async def test_the_conversation_without_titles_names_and_notes(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    number = await chat.open_ticket(anna, "Списали <b>дважды</b>")
    await chat.move(number, "take")
    await chat.answer(number, "Проверяем & вернёмся", 1)
    await chat.answer(number, "Забранные слова", 2)
    await chat.note(number, "Скандальный клиент")
    async with chat.database.write() as session:
        await session.execute(text("UPDATE ticket SET title = 'Тайный заголовок'"))
        await session.execute(
            text("UPDATE message SET withdrawn_at = created_at WHERE text = 'Забранные слова'")
        )
    await chat.say(anna, "/my")
    listed = anna.last
    await chat.press(anna, f"#{number}")
    assert anna.last is listed, "one screen, edited"
    shown = listed.text
    assert shown.startswith(
        f"#{number} {chat.says(language, 'own.words', words='Списали <b>дважды</b>')}\n"
    )
    assert "Списали <b>дважды</b>" in shown and "Проверяем & вернёмся" in shown
    you, support = {"ru": ("Вы ·", "Поддержка ·"), "en": ("You ·", "Support ·")}[language]
    assert shown.index(you) < shown.index(support)
    for secret in ("Тайный", "Скандальный", "Забранные", OPERATOR.name.split()[0]):
        assert secret not in shown
    assert shown.endswith(chat.says(language, "own.write"))
    await chat.press(anna, chat.says(language, "button.menu.back"))
    assert listed.text.startswith({"ru": "Ваши обращения", "en": "Your tickets"}[language])


async def test_writing_after_a_look_adds_to_that_ticket(chat: PrivateChat) -> None:
    anna = chat.customer()
    for _ in range(3):
        await chat.open_ticket(anna)
    await chat.say(anna, "/my")
    await chat.press(anna, "#1")
    chat.restart()
    said = await chat.say(anna, "Вот ещё что")
    assert said.bot_reactions == ["👌"]
    assert (await chat.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (1,)


async def test_writing_after_a_look_at_an_ended_one_goes_on_from_it(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    number = await chat.open_ticket(anna)
    await chat.move(number, "close")
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    assert anna.last.text.endswith(chat.says(language, "own.write_ended"))
    await chat.say(anna, "Опять то же")
    assert await chat.rows("SELECT follows_id, topic FROM ticket WHERE id = 2") == [(1, "payment")]
    assert (await chat.notices())[-1] == "ticket.opened"


async def test_long_conversations_fit_one_message(chat: PrivateChat) -> None:
    anna = chat.customer()
    number = await chat.open_ticket(anna, "😀<&>" * 400)
    for n in range(12):
        await chat.say(anna, f"{n}" + "&" * 3000)
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    assert "/" not in anna.last.buttons
    assert len(anna.last.text.encode("utf-16-le")) // 2 <= 4096
    assert "\n11&&&" in anna.last.text and "более ранние" in anna.last.text
    chat.world.assert_clean()


@pytest.mark.parametrize("number", [1, 2, 999])
async def test_tickets_of_others_are_not_even_denied(chat: PrivateChat, number: int) -> None:
    boris = chat.customer("Борис")
    await chat.open_ticket(boris)
    anna = chat.customer()
    await chat.say(anna, "/my")
    before = await chat.everything()
    for data in (f"o:{number}", f"c:y:{number}", f"c:n:{number}"):
        press = await chat.forge(anna, data)
        assert press.text == "Кнопка устарела." and press.alert
    assert await chat.everything() == before
    assert anna.last.text == chat.says("ru", "own.nothing")


# Does everything work?


async def test_yes_closes(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    number = await chat.open_ticket(anna)
    await chat.move(number, "resolve")
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    screen = anna.last
    await chat.press(anna, chat.says(language, "button.confirm.yes"))
    closed = chat.says(language, "customer.verdict.content", number=number)
    assert screen.text == f"{closed}\n{chat.says(language, 'customer.rate')}"
    assert await chat.rows("SELECT closed_at IS NULL FROM ticket") == [(0,)]
    before = await chat.everything()
    for data in (f"c:y:{number}", f"c:n:{number}"):
        press = await chat.forge(anna, data)
        assert press.text == chat.says(language, "refusal.outdated")
    assert await chat.everything() == before


async def test_no_brings_it_back_and_asks_what_is_wrong(chat: PrivateChat, language: str) -> None:
    anna = chat.customer("Анна", language)
    number, other = await chat.open_ticket(anna), await chat.open_ticket(anna)
    await chat.move(number, "take")
    await chat.move(number, "resolve")
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    screen = anna.last
    await chat.press(anna, chat.says(language, "button.confirm.no"))
    assert screen.text == chat.says(language, "customer.verdict.disputed", number=number)
    reopened = await chat.rows("SELECT waiting_since IS NULL FROM ticket WHERE id = :n", n=number)
    assert reopened == [(0,)]
    assert "ticket.reopened" not in await chat.notices(), "the screen has said so"
    await chat.say(anna, "Всё так же темно")
    assert (await chat.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (number,)
    assert other != number


# Closing one's own ticket


async def test_a_customer_closes_their_ticket_and_operators_are_told(
    chat: PrivateChat, language: str
) -> None:
    anna = chat.customer("Анна", language)
    number = await chat.open_ticket(anna)
    await chat.move(number, "take")
    told = await chat.notices()
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    screen = anna.last
    await chat.press(anna, chat.says(language, "button.own.close"))
    assert screen.text == chat.says(language, "own.close_ask", number=number)
    assert await chat.rows("SELECT closed_at FROM ticket") == [(None,)], "asked first"
    await chat.press(anna, chat.says(language, "button.own.close_sure"))
    assert anna.last is screen
    assert screen.text == chat.says(language, "ticket.closed", number=number)
    rows = await chat.rows("SELECT state, waiting_since, answer_due FROM ticket")
    assert rows == [("closed", None, None)]
    assert await chat.notices() == told, "the screen has said so"
    said = await chat.rows("SELECT count(*) FROM outbox WHERE key = 'group.withdrawn'")
    assert said == [(1,)]
    press = await chat.forge(anna, f"ox:{number}:1")
    assert press.text == chat.says(language, "refusal.outdated")


async def test_nobody_closes_a_ticket_of_others_or_one_that_is_solved_in_this_way(
    chat: PrivateChat,
) -> None:
    anna, eve = chat.customer(), chat.customer("Ева")
    number = await chat.open_ticket(anna)
    await chat.say(eve, "/start")
    before = await chat.everything()
    press = await chat.forge(eve, f"ox:{number}:1")
    assert press.text == chat.says("ru", "refusal.outdated")
    assert await chat.everything() == before
    await chat.move(number, "resolve")
    await chat.say(anna, "/my")
    await chat.press(anna, f"#{number}")
    assert chat.says("ru", "button.own.close") not in anna.last.buttons
