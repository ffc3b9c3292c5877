"""A customer in their private chat, over the wire."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox import Person
from tests.e2e.kinds import albums, look, send_every_kind
from tests.e2e.looking import TITLE, events, posts, soon, value
from tests.e2e.stage import Stage

DATE = r"до \d{1,2} \S+, \d{1,2}:\d\d"


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


async def ticket_about(person: Person, topic: str, words: str) -> int:
    """Through the menu, as most people do."""
    await person.say("/new")
    await person.press_soon(topic)
    await person.expect("Опишите вопрос")
    await person.say(words)
    accepted = await person.expect("принято")
    return int(re.findall(r"#(\d+)", accepted.text)[0])


async def two_open(person: Person) -> tuple[int, int]:
    first = await ticket_about(person, "Оплата", "Списали два раза")
    second = await ticket_about(person, "Другое", "Вопрос о договоре")
    await person.say("/cancel")
    await person.expect("Вышли")
    return first, second


# ------------------------------------------------------------------ a new ticket


async def test_from_the_menu_by_a_topic_and_words_to_a_number_and_a_time(stage: Stage) -> None:
    anna = stage.world.user("Анна", language="ru")
    await anna.start()
    await anna.expect("Здравствуйте")
    await anna.press("Новое обращение")
    screen = await anna.expect("О чём обращение?")
    assert screen.buttons[:-1] == [
        "Общие вопросы",
        "Оплата",
        "Качество изображения",
        "Доступ и приложение",
        "Другое",
    ]
    await (await anna.press("Оплата")).answer()
    assert await anna.expect("Оплата. Опишите вопрос", edited=True) is screen
    await anna.say("Списали два раза")
    accepted = await anna.expect(rf"Обращение #\d+ принято. Ответим {DATE}")
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    card = await stage.card(number)
    assert f"🔴 #{number} · Оплата" in card.text
    assert "Списали два раза" in card.text
    await anna.say("И ещё чек")
    await anna.send_photo(caption="вот он")
    await stage.group.expect("вот он", kind="photo", reply_to=card)
    assert [m.text for m in posts(stage, card)] == ["И ещё чек", "вот он"]


async def test_files_may_be_the_first_words_of_a_ticket(stage: Stage) -> None:
    anna = stage.customer()
    await anna.say("/new")
    await anna.press_soon("Качество изображения")
    await anna.expect("Опишите вопрос")
    await anna.send_album(["photo", "video"], caption="Так выглядит картинка")
    accepted = await anna.expect("принято")
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    await stage.group.expect(kind="video", reply_to=card)
    assert [m.kind for m in posts(stage, card)] == ["photo", "video"]
    assert posts(stage, card)[0].text == "Так выглядит картинка"


# ------------------------------------------------------------------ free text


async def test_free_text_is_kept_and_one_tap_opens_a_ticket_with_it(stage: Stage) -> None:
    anna = stage.customer()
    await anna.say("Камера во дворе не работает")
    question = await anna.expect("Передать это в поддержку?")
    assert question.buttons == ["Открыть обращение", "Нет, я случайно"]
    await (await anna.press("Открыть")).answer()
    accepted = await anna.expect(rf"Обращение #\d+ принято. Ответим {DATE}", edited=True)
    assert accepted is question
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    assert "Камера во дворе не работает" in card.text
    assert not question.buttons


async def test_a_burst_is_asked_about_once_and_becomes_one_ticket(stage: Stage) -> None:
    anna = stage.customer()
    await anna.say("Здравствуйте")
    await anna.say("Камера не работает")
    await anna.send_album(2, caption="вот так")
    await anna.send_voice()
    await anna.expect("Передать это")
    await stage.settle()
    assert len([m for m in anna.chat.bot_messages if "Передать это" in m.text]) == 1
    await anna.press("Открыть")
    accepted = await anna.expect("принято")
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    card = await stage.card(number)
    await stage.group.expect(kind="voice", reply_to=card)
    assert "Здравствуйте" in card.text
    assert [m.kind for m in posts(stage, card)] == ["text", "photo", "photo", "voice"]
    photos = posts(stage, card)[1:3]
    assert photos[0].media_group_id is not None
    assert photos[0].media_group_id == photos[1].media_group_id
    assert value(stage, "SELECT count(*) FROM message WHERE ticket_id=?", number) == 5


async def test_what_came_by_accident_is_forgotten(stage: Stage) -> None:
    anna = stage.customer()
    tickets = value(stage, "SELECT count(*) FROM ticket")
    await anna.say("ой")
    await (await anna.press_soon("Нет, я случайно")).answer()
    await anna.expect("не передаём", edited=True)
    await anna.say("ой")  # and asks anew the next time
    await anna.expect("Передать это")
    assert value(stage, "SELECT count(*) FROM ticket") == tickets


async def test_the_same_button_pressed_twice_opens_one_ticket(stage: Stage) -> None:
    anna = stage.customer()
    await anna.say("Дважды")
    question = await anna.expect("Передать это")
    first = anna.press_data(question, "w:new").result
    second = anna.press_data(question, "w:new").result
    await first.answer()
    await second.answer()
    await stage.settle()
    assert value(stage, "SELECT count(*) FROM ticket WHERE opening='Дважды'") == 1
    assert "устарела" in second.text


async def test_with_one_open_ticket_free_text_joins_it(stage: Stage) -> None:
    anna = stage.customer()
    number, card = await stage.open_ticket(anna, "Не открывается архив")
    await anna.say("/cancel")
    more = await anna.say("Ошибка 404")
    await stage.group.expect("Ошибка 404", reply_to=card)
    await anna.chat.expect_reaction(more, "👌")
    assert value(stage, "SELECT count(*) FROM message WHERE ticket_id=?", number) == 2


async def test_with_several_open_it_asks_which_once_and_remembers_for_that_message(
    stage: Stage,
) -> None:
    anna = stage.customer()
    first, second = await two_open(anna)
    await anna.say("Вот чек")
    await anna.send_document(name="чек.pdf", caption="и файл")
    question = await anna.expect("К какому обращению отнести?")
    assert question.buttons == [
        f"#{second} Вопрос о договоре",
        f"#{first} Списали два раза",
        "Новое обращение",
    ]
    await stage.settle()
    assert len([m for m in anna.chat.bot_messages if "К какому" in m.text]) == 1
    await (await anna.press(f"#{first} Списали")).answer()
    await anna.expect(f"Добавили к обращению #{first}.", edited=True)
    card = await stage.card(first)
    await stage.group.expect("и файл", kind="document", reply_to=card)
    assert [m.text for m in posts(stage, card)] == ["Вот чек", "и файл"]
    assert not posts(stage, await stage.card(second))


async def test_which_ticket_may_be_a_new_one(stage: Stage) -> None:
    anna = stage.customer()
    first, second = await two_open(anna)
    await anna.say("Совсем другое дело")
    await (await anna.press_soon("Новое обращение")).answer()
    accepted = await anna.expect("принято")
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    assert number not in {first, second}
    assert "Совсем другое дело" in (await stage.card(number)).text


# ------------------------------------------------------------------ replies


async def test_a_reply_to_any_message_of_the_bot_continues_its_ticket(stage: Stage) -> None:
    anna = stage.customer()
    first, second = await two_open(anna)
    card = await stage.card(first)
    accepted = anna.chat.find(f"#{first} принято")
    await stage.olga.reply(card, "/take")
    taken = await anna.expect(f"#{first} взяли в работу")
    said = await stage.olga.reply(card, "Проверим сегодня")
    answer = await anna.expect("Проверим сегодня")
    for number, (message, same) in enumerate(((accepted, card), (taken, card), (answer, said))):
        await anna.reply(message, f"Ответ {number}")
        await stage.group.expect(f"Ответ {number}", reply_to=same)
        await anna.say("/cancel")
    own = next(m for m in anna.chat.messages if m.text == "Списали два раза")
    await anna.reply(own, "Дополню себя")
    await stage.group.expect("Дополню себя", reply_to=card)
    assert not posts(stage, await stage.card(second))


async def test_answers_name_their_ticket_when_several_are_open(stage: Stage) -> None:
    anna = stage.customer()
    first, second = await two_open(anna)
    await stage.olga.reply(await stage.card(first), "Деньги вернулись")
    answer = await anna.expect("Деньги вернулись")
    assert answer.text == f"#{first} · Списали два раза\nДеньги вернулись"
    assert answer.reply_to is not None and answer.reply_to.text == "Списали два раза"
    del second


# ------------------------------------------------------------------ «Мои обращения»


async def test_my_tickets_tell_their_states_in_plain_words(stage: Stage) -> None:
    anna = stage.customer()
    numbers = [await ticket_about(anna, "Оплата", f"Вопрос {n}") for n in range(6)]
    orders = ("/take {}", "/wait {} Где?", "/freeze {} завтра 9:00", "/resolve {}", "/close {}")
    for number, order in zip(numbers, orders, strict=False):
        for _ in range(2 if order in {"/resolve {}", "/close {}"} else 1):  # it is asked about once
            await stage.olga.say(stage.group, order.format(number))
        await stage.settle()  # an answer would overtake what is less urgent
    await anna.expect(f"#{numbers[4]} закрыто")
    await anna.say("📂 Мои обращения")
    mine = await anna.expect("Ваши обращения")
    lines = mine.text.splitlines()[1:]
    told = {int(re.findall(r"#(\d+)", line)[0]): line.partition("— ")[2] for line in lines}
    assert list(told) == [*numbers[:4:-1], *numbers[3::-1], numbers[4]]  # the open ones first
    assert re.fullmatch(rf"в работе, ответим {DATE}", told[numbers[0]])
    assert told[numbers[1]] == "ждём вашего ответа"
    assert re.fullmatch(r"отложено до \d+ \w+, 9:00", told[numbers[2]])
    assert told[numbers[3]] == "готово, ждём подтверждения"
    assert re.fullmatch(r"закрыто \d+ \S+", told[numbers[4]])
    assert re.fullmatch(rf"принято, ответим {DATE}", told[numbers[5]])


async def test_one_of_my_tickets_is_read_and_continued_by_a_tap(stage: Stage) -> None:
    anna = stage.customer()
    first, second = await two_open(anna)
    card = await stage.card(first)
    await stage.olga.reply(card, "Проверим сегодня")
    await anna.expect("Проверим сегодня")
    await stage.settle()  # the answer is known to have arrived
    await anna.say("/my")
    listed = await anna.expect("Ваши обращения")
    await (await anna.press(f"#{first}", message=listed)).answer()
    screen = await anna.expect(f"#{first} «Списали два раза»", edited=True)
    assert screen is listed
    assert "Списали два раза" in screen.text
    assert "Поддержка" in screen.text
    assert "Проверим сегодня" in screen.text
    await anna.say("Понял, а когда?")
    await stage.group.expect("Понял, а когда?", reply_to=card)
    await (await anna.press("Назад", message=screen)).answer()
    await anna.expect(f"#{second} «Вопрос о договоре»", edited=True)


# ------------------------------------------------------------------ dialogues


async def test_a_dialogue_survives_a_restart(stage: Stage) -> None:
    anna, boris, vera = (stage.customer(name) for name in ("Анна", "Борис", "Вера"))
    first, _second = await two_open(vera)
    await anna.say("/new")
    await anna.press_soon("Доступ и приложение")
    await anna.expect("Опишите вопрос")
    await boris.say("Слова до перезапуска")
    await boris.expect("Передать это")
    await vera.say("Вот чек")
    await vera.expect("К какому")
    assert stage.bot is not None
    await stage.rest()
    await stage.bot.restart(kill=True)
    await anna.say("Не могу войти")
    accepted = await anna.expect("принято")
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    assert "Доступ и приложение" in card.text
    await boris.press("Открыть")
    accepted = await boris.expect("принято")
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    assert "Слова до перезапуска" in card.text
    await vera.press(f"#{first}")
    await stage.group.expect("Вот чек", reply_to=await stage.card(first))


# ------------------------------------------------------------------ what they are told


async def test_told_when_registered_taken_answered_frozen_resolved_closed_cancelled_reopened(
    stage: Stage,
) -> None:
    anna = stage.customer()
    number, card = await stage.open_ticket(anna, "Нет изображения")
    told: list[tuple[str, str | re.Pattern[str]]] = [
        ("/take", f"Обращение #{number} взяли в работу."),
        ("Смотрим", "Смотрим"),
        (
            "/freeze завтра 9:00 ждём",
            re.compile(rf"#{number} отложили до \d+ \w+, 9:00\. Вернёмся"),
        ),
        (
            "/freeze завтра 9:00 ! ждём кабель",
            re.compile(rf"#{number} отложили до \d+ \w+, 9:00: ждём кабель"),
        ),
        ("/resolve заменили кабель", f"По обращению #{number} готово: заменили кабель."),
        ("/reopen", f"Вернули обращение #{number} в работу."),
        ("/close", f"Обращение #{number} закрыто."),
        ("/reopen", f"Вернули обращение #{number} в работу."),
        ("/cancel повтор", f"Обращение #{number} отменено: повтор."),
    ]
    for order, words in told:
        before = len(anna.chat.bot_messages)
        await stage.olga.reply(card, order)
        await anna.expect(words, since=anna.last, edited=False)
        assert len(anna.chat.bot_messages) == before + 1
        await stage.settle()  # the buttons of a question that has ended are off


async def test_the_customer_says_whether_it_works(stage: Stage) -> None:
    anna = stage.customer()
    number, card = await stage.open_ticket(anna, "Нет звука")
    await stage.olga.reply(card, "/resolve включили звук")
    question = await anna.expect("Всё работает?")
    stars = [f"{rating} ⭐" for rating in range(1, 6)]
    assert question.buttons == ["Да, спасибо", "Нет, не решено", *stars]
    await (await anna.press("Нет, не решено")).answer()
    await anna.expect(f"Вернули обращение #{number} в работу. Что осталось не так?", edited=True)
    await stage.group.expect(f"#{number} не решено: так ответил клиент")
    await anna.say("Всё ещё тихо")
    await stage.group.expect("Всё ещё тихо", reply_to=card)
    await stage.insist(card, "/resolve")
    await anna.expect(f"По обращению #{number} готово. Всё работает?")
    await (await anna.press("Да, спасибо")).answer()
    await anna.expect(f"Обращение #{number} закрыто", edited=True)
    await soon(lambda: value(stage, "SELECT state FROM ticket WHERE id=?", number) == "closed")


async def test_the_title_is_never_shown_to_a_customer(stage: Stage) -> None:
    anna = stage.customer()
    number, card = await stage.open_ticket(anna, "Нет доступа")
    await stage.olga.reply(card, f"/title {TITLE}тайна")
    await soon(lambda: value(stage, "SELECT title FROM ticket WHERE id=?", number)[:6] == TITLE)
    orders = ("/take", "Ответ", "/wait Вопрос?", "/freeze 2d", "/resolve", "/close", "/reopen")
    for order in orders:
        await stage.olga.reply(card, order)
        await stage.settle()
    await anna.expect("Вернули")
    await anna.say("/my")
    listed = await anna.expect("Ваши обращения")
    await (await anna.press(f"#{number}", message=listed)).answer()
    await anna.expect("Нет доступа", edited=True)
    await stage.settle()
    assert f"{TITLE}тайна" in card.text  # `sealed` looks at every customer's chat


# ------------------------------------------------------------------ every kind


async def test_every_kind_is_carried_in_order_with_captions(stage: Stage) -> None:
    anna = stage.customer()
    _, card = await stage.open_ticket(anna, "Сейчас пришлю всё")
    sent = await send_every_kind(anna)
    await stage.world.until(
        lambda: len(posts(stage, card)) == len(sent), 15, f"{len(sent)} posts below the card"
    )
    came = posts(stage, card)
    assert [look(m) for m in came] == [look(m) for m in sent]
    assert albums(came) == albums(sent) == [3, 2]


async def test_a_link_in_disguise_shows_where_it_leads(stage: Stage) -> None:
    anna = stage.customer()
    _, card = await stage.open_ticket(anna, "Есть ссылка")
    await anna.say('<a href="https://evil.example/">ваш банк</a>', parse_mode="HTML")
    await stage.group.expect("ваш банк (https://evil.example/)", reply_to=card)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("poll", "Опрос передать не получится"),
        ({"dice": {"emoji": "🎲", "value": 3}}, "Кубик передать не получится"),
        ("story", "Историю передать не получится"),
        ({"hologram": {"file_id": "x"}}, "Сообщение такого вида передать не получится"),
    ],
    ids=["poll", "dice", "story", "unknown"],
)
async def test_what_cannot_be_carried_is_refused_in_words_and_recorded(
    stage: Stage, content: Any, words: str
) -> None:
    anna = stage.customer()
    _, card = await stage.open_ticket(anna, "Вопрос")
    refused = "SELECT count(*) FROM journal WHERE event='kind_refused'"
    before = value(stage, refused)
    if content == "poll":
        sent = (await anna.send_poll()).id
    elif content == "story":
        story = {"chat": anna.chat.brief(), "id": 7}
        sent = (await anna.send_content({"story": story})).id
    elif "hologram" in content:
        await anna.say("временно")
        await stage.group.expect("временно", reply_to=card)
        anna.chat.mark()
        person, sent = anna.to_json(), anna.chat.next_id()
        stage.world.inject(
            {
                "message": {
                    "message_id": sent,
                    "date": stage.world.clock.unix(),
                    "chat": anna.chat.brief(),
                    "from": person,
                    **content,
                }
            }
        )
    else:
        sent = (await anna.send_content(content)).id
    refusal = await anna.expect(words)
    assert refusal.reply_to is None or refusal.reply_to.id == sent
    await soon(lambda: value(stage, refused) == before + 1, "the journal tells of it")


# ------------------------------------------------------------------ edits


async def test_edits_reach_the_operators_as_edits_and_the_old_text_stays_in_the_journal(
    stage: Stage,
) -> None:
    anna = stage.customer()
    number, card = await stage.open_ticket(anna, "Первые слова")
    words = await anna.say("Подъезд 3")
    photo = await anna.send_photo(caption="кошка")
    copy = await stage.group.expect("Подъезд 3", reply_to=card)
    picture = await stage.group.expect("кошка", reply_to=card)
    await anna.edit(words, "Подъезд 5")
    await anna.edit(photo, "камера")
    edited = f"👤 Алиса · #{number} · исправлено"
    await stage.world.until(lambda: copy.text == f"{edited}\nПодъезд 5", 10, "the copy follows")
    await stage.world.until(lambda: picture.text == f"{edited}\nкамера", 10, "the caption")
    assert posts(stage, card) == [copy, picture]
    await stage.olga.say(stage.group, f"/journal {number}")
    journal = await stage.group.expect(f"Журнал #{number}")
    assert "было: «Подъезд 3»" in journal.text
    assert "было: «кошка»" in journal.text


async def test_an_edit_of_the_first_words_changes_the_card(stage: Stage) -> None:
    anna = stage.customer()
    await anna.say("Первые слвоа")
    await anna.press_soon("Открыть")
    accepted = await anna.expect("принято")
    number = int(re.findall(r"#(\d+)", accepted.text)[0])
    card = await stage.card(number)
    await anna.edit(anna.chat.find("слвоа"), "Первые слова")
    await stage.world.until(lambda: "Первые слова" in card.text, 10, "the card follows")
    assert "message_edited" in events(stage, number)
    assert not posts(stage, card)


async def test_what_waits_for_a_place_may_be_edited_too(stage: Stage) -> None:
    anna = stage.customer()
    words = await anna.say("Камеа")
    await anna.expect("Передать это")
    await anna.edit(words, "Камера")
    await anna.press("Открыть")
    accepted = await anna.expect("принято")
    card = await stage.card(int(re.findall(r"#(\d+)", accepted.text)[0]))
    assert "Камера" in card.text
