"""«Мои обращения»: what a customer sees of their tickets, and what they never see (G5, A3, S24)."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from tests.handlers.customer.room import OPERATOR, PrivateRoom


async def test_an_empty_list_says_what_to_do(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    await room.say(anna, "/my")
    assert anna.last.text == room.says(language, "own.nothing")
    assert anna.last.buttons == [room.says(language, "button.menu.new")]


STATES = {
    "ru": [
        "🔴 #7 «Нет изображения» — ждём вашего ответа",
        "🟢 #6 «Нет изображения» — готово, ждём подтверждения",
        "🟡 #5 «Нет изображения» — отложено до завтра, 15:00",
        "🟡 #4 «Нет изображения» — отложено",
        "🟢 #2 «Нет изображения» — в работе",
        "🟢 #1 «Нет изображения» — принято, ответим до 7 декабря, 15:00",
        "⚪ #8 «Нет изображения» — отменено 4 декабря",
        "⚪ #3 «Нет изображения» — закрыто 4 декабря",
    ],
    "en": [
        "🔴 #7 “Нет изображения” — waiting for your answer",
        "🟢 #6 “Нет изображения” — done, please confirm",
        "🟡 #5 “Нет изображения” — put off until tomorrow, 15:00",
        "🟡 #4 “Нет изображения” — put off",
        "🟢 #2 “Нет изображения” — in progress",
        "🟢 #1 “Нет изображения” — received, answer by 7 December, 15:00",
        "⚪ #8 “Нет изображения” — cancelled on 4 December",
        "⚪ #3 “Нет изображения” — closed on 4 December",
    ],
}


async def test_states_are_said_in_plain_words(room: PrivateRoom, language: str) -> None:
    noon = datetime(2026, 12, 4, 12, tzinfo=UTC)  # 15:00 in Moscow
    room.desk.clock = lambda: noon
    anna = room.customer("Анна", language)
    for _ in range(8):
        await room.open_ticket(anna)
    await room.move(2, "take")
    async with room.database.write() as session:
        await session.execute(text("UPDATE ticket SET waiting_since = NULL WHERE id IN (2, 7)"))
    await room.move(3, "close")
    await room.move(4, "freeze")
    await room.move(5, "freeze", until=noon + timedelta(days=1))
    await room.move(6, "resolve")
    await room.move(7, "wait")
    await room.move(8, "cancel")
    await room.say(anna, "/my")
    head, *lines = anna.last.text.split("\n")
    assert head == room.says(language, "own.head").replace("<b>", "").replace("</b>", "")
    assert lines == STATES[language]


async def test_a_promise_that_was_broken_is_not_made_again(room: PrivateRoom) -> None:
    anna = room.customer()
    await room.open_ticket(anna)
    room.clock.ahead = timedelta(days=4)
    await room.say(anna, "/my")
    assert anna.last.text.endswith("⭕ #1 «Нет изображения» — принято, ответ задерживается")


async def test_the_list_turns_its_pages_both_ways(room: PrivateRoom) -> None:
    anna, boris = room.customer(), room.customer("Борис")
    for _ in range(11):
        await room.open_ticket(anna)
    await room.open_ticket(boris)
    for number in (11, 10, 9):
        await room.move(number, "close")
    await room.say(anna, "/my")
    screen = anna.last

    def numbers() -> list[int]:
        return [int(label[1:]) for label in screen.buttons if label[1:].isdecimal()]

    assert numbers() == [8, 7, 6, 5, 4, 3, 2, 1]
    await room.press(anna, "›")
    assert anna.last is screen
    assert numbers() == [11, 10, 9]
    assert "›" not in screen.buttons
    await room.press(anna, "‹")
    assert numbers() == [8, 7, 6, 5, 4, 3, 2, 1]
    assert "‹" not in screen.buttons


async def test_pages_of_twenty(room: PrivateRoom) -> None:
    anna = room.customer()
    for _ in range(18):
        await room.open_ticket(anna)
    await room.move(12, "close")
    await room.say(anna, "/my")
    seen: list[str] = []
    while True:
        seen += [label for label in anna.last.buttons if label.startswith("#")]
        if "›" not in anna.last.buttons:
            break
        await room.press(anna, "›")
    assert seen == [f"#{n}" for n in range(18, 0, -1) if n != 12] + ["#12"]
    await room.press(anna, "‹")
    await room.press(anna, "‹")
    assert "‹" not in anna.last.buttons and "#18" in anna.last.buttons


async def test_the_conversation_without_titles_names_and_notes(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    number = await room.open_ticket(anna, "Списали <b>дважды</b>")
    await room.move(number, "take")
    await room.answer(number, "Проверяем & вернёмся", 1)
    await room.answer(number, "Забранные слова", 2)
    await room.note(number, "Скандальный клиент")
    async with room.database.write() as session:
        await session.execute(text("UPDATE ticket SET title = 'Тайный заголовок'"))
        await session.execute(
            text("UPDATE message SET withdrawn_at = created_at WHERE text = 'Забранные слова'")
        )
    await room.say(anna, "/my")
    listed = anna.last
    await room.press(anna, f"#{number}")
    assert anna.last is listed, "one screen, edited"
    shown = listed.text
    assert shown.startswith(
        f"#{number} {room.says(language, 'own.words', words='Списали <b>дважды</b>')}\n"
    )
    assert "Списали <b>дважды</b>" in shown and "Проверяем & вернёмся" in shown
    you, support = {"ru": ("Вы ·", "Поддержка ·"), "en": ("You ·", "Support ·")}[language]
    assert shown.index(you) < shown.index(support)
    for secret in ("Тайный", "Скандальный", "Забранные", OPERATOR.name.split()[0]):
        assert secret not in shown
    assert shown.endswith(room.says(language, "own.write"))
    await room.press(anna, room.says(language, "button.menu.back"))
    assert listed.text.startswith({"ru": "Ваши обращения", "en": "Your tickets"}[language])


async def test_writing_after_a_look_adds_to_that_ticket(room: PrivateRoom) -> None:
    anna = room.customer()
    for _ in range(3):
        await room.open_ticket(anna)
    await room.say(anna, "/my")
    await room.press(anna, "#1")
    room.restart()
    said = await room.say(anna, "Вот ещё что")
    assert said.bot_reactions == ["👌"]
    assert (await room.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (1,)


async def test_writing_after_a_look_at_an_ended_one_goes_on_from_it(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    number = await room.open_ticket(anna)
    await room.move(number, "close")
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    assert anna.last.text.endswith(room.says(language, "own.write_ended"))
    await room.say(anna, "Опять то же")
    assert await room.rows("SELECT follows_id, topic FROM ticket WHERE id = 2") == [(1, "payment")]
    assert (await room.notices())[-1] == "ticket.opened"


async def test_long_conversations_fit_one_message(room: PrivateRoom) -> None:
    anna = room.customer()
    number = await room.open_ticket(anna, "😀<&>" * 400)
    for n in range(12):
        await room.say(anna, f"{n}" + "&" * 3000)
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    assert "/" not in anna.last.buttons
    assert len(anna.last.text.encode("utf-16-le")) // 2 <= 4096
    assert "\n11&&&" in anna.last.text and "более ранние" in anna.last.text
    room.world.assert_clean()


@pytest.mark.parametrize("number", [1, 2, 999])
async def test_tickets_of_others_are_not_even_denied(room: PrivateRoom, number: int) -> None:
    boris = room.customer("Борис")
    await room.open_ticket(boris)
    anna = room.customer()
    await room.say(anna, "/my")
    before = await room.everything()
    for data in (f"o:{number}", f"c:y:{number}", f"c:n:{number}"):
        press = await room.forge(anna, data)
        assert press.text == "Кнопка устарела." and press.alert
    assert await room.everything() == before
    assert anna.last.text == room.says("ru", "own.nothing")


# Does everything work?


async def test_yes_closes(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    number = await room.open_ticket(anna)
    await room.move(number, "resolve")
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    screen = anna.last
    await room.press(anna, room.says(language, "button.confirm.yes"))
    closed = room.says(language, "customer.verdict.content", number=number)
    assert screen.text == f"{closed}\n{room.says(language, 'customer.rate')}"
    assert await room.rows("SELECT closed_at IS NULL FROM ticket") == [(0,)]
    before = await room.everything()
    for data in (f"c:y:{number}", f"c:n:{number}"):
        press = await room.forge(anna, data)
        assert press.text == room.says(language, "refusal.outdated")
    assert await room.everything() == before


async def test_no_brings_it_back_and_asks_what_is_wrong(room: PrivateRoom, language: str) -> None:
    anna = room.customer("Анна", language)
    number, other = await room.open_ticket(anna), await room.open_ticket(anna)
    await room.move(number, "take")
    await room.move(number, "resolve")
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    screen = anna.last
    await room.press(anna, room.says(language, "button.confirm.no"))
    assert screen.text == room.says(language, "customer.verdict.disputed", number=number)
    reopened = await room.rows("SELECT waiting_since IS NULL FROM ticket WHERE id = :n", n=number)
    assert reopened == [(0,)]
    assert "ticket.reopened" not in await room.notices(), "the screen has said so"
    await room.say(anna, "Всё так же темно")
    assert (await room.rows("SELECT ticket_id FROM message ORDER BY id DESC"))[0] == (number,)
    assert other != number


# Closing one's own ticket


async def test_a_customer_closes_their_ticket_and_operators_are_told(
    room: PrivateRoom, language: str
) -> None:
    anna = room.customer("Анна", language)
    number = await room.open_ticket(anna)
    await room.move(number, "take")
    told = await room.notices()
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    screen = anna.last
    await room.press(anna, room.says(language, "button.own.close"))
    assert screen.text == room.says(language, "own.close_ask", number=number)
    assert await room.rows("SELECT closed_at FROM ticket") == [(None,)], "asked first"
    await room.press(anna, room.says(language, "button.own.close_sure"))
    assert anna.last is screen
    assert screen.text == room.says(language, "ticket.closed", number=number)
    rows = await room.rows("SELECT state, waiting_since, answer_due FROM ticket")
    assert rows == [("closed", None, None)]
    assert await room.notices() == told, "the screen has said so"
    said = await room.rows("SELECT count(*) FROM outbox WHERE key = 'group.withdrawn'")
    assert said == [(1,)]
    press = await room.forge(anna, f"ox:{number}:1")
    assert press.text == room.says(language, "refusal.outdated")


async def test_nobody_closes_a_ticket_of_others_or_one_that_is_solved_in_this_way(
    room: PrivateRoom,
) -> None:
    anna, eve = room.customer(), room.customer("Ева")
    number = await room.open_ticket(anna)
    await room.say(eve, "/start")
    before = await room.everything()
    press = await room.forge(eve, f"ox:{number}:1")
    assert press.text == room.says("ru", "refusal.outdated")
    assert await room.everything() == before
    await room.move(number, "resolve")
    await room.say(anna, "/my")
    await room.press(anna, f"#{number}")
    assert room.says("ru", "button.own.close") not in anna.last.buttons
