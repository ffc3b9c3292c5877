"""What customers and operators say to each other, over the wire."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from sandbox import Message, Person
from tests.e2e.kinds import albums, look, send_every_kind
from tests.e2e.looking import LEAK, events, posts, soon, value
from tests.e2e.stage import Stage


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


@pytest.fixture
async def anna(stage: Stage) -> Person:
    return stage.customer("Анна")


def state(stage: Stage, number: int) -> str:
    return str(value(stage, "SELECT state FROM ticket WHERE id=?", number))


def answers(person: Person) -> list[Message]:
    """What the bot has sent to the customer after «принято»."""
    messages = person.chat.bot_messages
    began = max(i for i, m in enumerate(messages) if "принято" in m.text)
    return messages[began + 1 :]


# ------------------------------------------------------------------ answers


async def test_a_reply_to_the_card_is_an_answer(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет изображения")
    answer = await stage.olga.reply(card, "Перезагрузите, пожалуйста")
    came = await anna.expect("Перезагрузите, пожалуйста")
    assert came.text == "Перезагрузите, пожалуйста"
    assert came.reply_to is anna.chat.find("Нет изображения")
    await stage.group.expect_reaction(answer, "👌")
    await stage.world.until(lambda: card.text.startswith("🟢"), 10, "the card is green")
    assert "👷 Ольга" in card.text  # who answers first becomes the assignee
    assert "ответить до" not in card.text
    assert state(stage, number) == "in_progress"


async def test_a_reply_to_a_customers_message_is_an_answer(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Нет изображения")
    await anna.say("Уже неделю")
    words = await stage.group.expect("Уже неделю", reply_to=card)
    await stage.olga.reply(words, "Едем")
    assert (await anna.expect("Едем")).text == "Едем"


async def test_a_reply_to_a_notice_of_the_ticket_is_an_answer(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Нет изображения")
    await stage.insist(card, "/resolve")
    await anna.press_soon("Нет, не решено")
    notice = await stage.group.expect("не решено: так ответил клиент")
    await stage.oleg.reply(notice, "Тогда приедем")
    await anna.expect("Тогда приедем")


async def test_a_note_never_reaches_the_customer(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет изображения")
    await anna.say("Ещё слова")
    words = await stage.group.expect("Ещё слова", reply_to=card)
    first = await stage.olga.reply(card, f"// {LEAK}карточка")
    second = await stage.oleg.reply(words, f"//{LEAK}слова")
    third = await stage.olga.say(stage.group, f"/note {number} {LEAK}команда")
    photo = await stage.olga.send_photo(stage.group, caption=f"// {LEAK}фото", reply_to=card)
    album = await stage.olga.send_album(3, stage.group, caption=f"// {LEAK}альбом", reply_to=card)
    for note in (first, second, third, photo, album[0]):
        await stage.group.expect_reaction(note, "✍", timeout=10)
    await stage.olga.edit(first, f"// {LEAK}исправлено")
    await soon(lambda: "note_edited" in events(stage, number), "the note is edited")
    await stage.settle()
    assert not answers(anna)
    assert card.text.startswith("🔴")
    assert value(stage, "SELECT count(*) FROM note WHERE ticket_id=?", number) == 7
    await stage.olga.say(stage.group, f"/ticket {number}")
    shown = await stage.group.expect(f"{LEAK}команда")
    assert f"{LEAK}исправлено" in shown.text


async def test_a_note_stays_a_note_when_it_loses_its_mark(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет изображения")
    note = await stage.olga.reply(card, f"// {LEAK}тайна")
    await stage.group.expect_reaction(note, "✍")
    await stage.olga.edit(note, f"{LEAK}уже без знака")
    await soon(lambda: "note_edited" in events(stage, number))
    await stage.settle()
    assert not answers(anna)


async def test_anything_else_stays_inside(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет изображения")
    before = events(stage, number)
    loose = await stage.olga.say(stage.group, f"{LEAK}Кто возьмёт?")
    await stage.oleg.reply(loose, f"{LEAK}Не я")
    await stage.olga.send_photo(stage.group, caption=f"{LEAK}смотрите")
    await stage.olga.send_album(2, stage.group, caption=f"{LEAK}альбом")
    await stage.olga.send_poll(stage.group, question=f"{LEAK}Кто?")
    await stage.oleg.forward(loose, stage.group)
    await stage.oleg.say(stage.group, f"{LEAK}https://example.com", reply_to=loose)
    await stage.settle()
    assert not answers(anna)
    assert not posts(stage, card)
    assert events(stage, number) == before
    assert stage.group.messages[-1].sender is stage.oleg  # and nobody is lectured


async def test_a_forward_in_reply_to_a_card_stays_inside(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Нет изображения")
    loose = await stage.olga.say(stage.group, f"{LEAK}чужие слова")
    await stage.oleg.forward(loose, stage.group, reply_to=card)
    await stage.settle()
    assert not answers(anna)
    assert "answer_written" not in events(stage, number)


async def test_answers_carry_every_kind_and_albums_in_order(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Пришлите всё")
    sent = await send_every_kind(stage.olga, to=stage.group, reply_to=card)
    await stage.world.until(
        lambda: len(answers(anna)) == len(sent), 15, f"{len(sent)} answers to the customer"
    )
    came = answers(anna)
    assert [look(m) for m in came] == [look(m) for m in sent]
    assert albums(came) == albums(sent) == [3, 2]
    for message in sent:
        if message.media_group_id is None:
            await stage.group.expect_reaction(message, "👌")


@pytest.mark.parametrize("kind", ["poll", "dice"])
async def test_an_answer_that_cannot_be_carried_is_refused_in_words(
    stage: Stage, anna: Person, kind: str
) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    send = stage.olga.send_poll if kind == "poll" else stage.olga.send_dice
    sent = await send(stage.group, reply_to=card)
    refusal = await stage.group.expect("передать не получится")
    assert refusal.reply_to is sent
    assert "answer_written" not in events(stage, number)


# ------------------------------------------------------------------ edits and taking back


async def test_an_operators_edit_changes_the_customers_copy(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Сколько ждать?")
    answer = await stage.olga.reply(card, "До пятницы")
    photo = await stage.olga.send_photo(stage.group, caption="схема", reply_to=card)
    copy = await anna.expect("До пятницы")
    picture = await anna.expect("схема", kind="photo")
    await stage.settle()  # both are written down as delivered
    await stage.olga.edit(answer, "До субботы")
    await stage.olga.edit(photo, "план")
    await stage.world.until(lambda: copy.text == "До субботы", 10, "the copy follows")
    await stage.world.until(lambda: picture.text == "план", 10, "the caption follows")
    assert len(answers(anna)) == 2
    await stage.olga.say(stage.group, f"/journal {number}")
    journal = await stage.group.expect(f"Журнал #{number}")
    assert "было: «До пятницы»" in journal.text


async def test_an_edit_of_a_reply_command_changes_the_copy(stage: Stage, anna: Person) -> None:
    number, _ = await stage.open_ticket(anna, "Сколько ждать?")
    order = await stage.olga.say(stage.group, f"/reply {number} До пятницы")
    copy = await anna.expect("До пятницы")
    await stage.olga.edit(order, f"/reply {number} До субботы")
    await stage.world.until(lambda: copy.text == "До субботы", 10, "the copy follows")


async def test_an_answer_cannot_become_a_note(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Вопрос")
    answer = await stage.olga.reply(card, "Ответ")
    copy = await anna.expect("Ответ")
    await stage.olga.edit(answer, f"// {LEAK}заметка")
    await stage.group.expect("уже у клиента, заметкой он не станет")
    assert copy.text == "Ответ"


async def test_undo_takes_an_answer_back(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    answer = await stage.olga.reply(card, "Не туда")
    copy = await anna.expect("Не туда")
    await stage.group.expect_reaction(answer, "👌")
    await stage.olga.reply(answer, "/undo")
    await anna.chat.expect_deleted(copy)
    await stage.world.until(lambda: not answer.bot_reactions, 10, "the receipt goes too")
    await stage.world.until(lambda: card.text.startswith("🔴"), 10, "the customer waits again")
    assert "answer_withdrawn" in events(stage, number)
    await stage.olga.reply(answer, "/undo")
    await stage.group.expect("Этот ответ уже забрали.")


async def test_undo_takes_back_all_pieces_of_an_album(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    album = await stage.olga.send_album(3, stage.group, caption="Не те", reply_to=card)
    await stage.world.until(lambda: len(answers(anna)) == 3, 10, "three pieces")
    pieces = answers(anna)
    await stage.group.expect_reaction(album[0], "👌")
    await stage.olga.reply(album[1], "/undo")
    for piece in pieces:
        await anna.chat.expect_deleted(piece)
    await stage.world.until(lambda: card.text.startswith("🔴"), 10, "the customer waits again")
    withdrawn = "SELECT count(*) FROM message WHERE ticket_id=? AND withdrawn_at IS NOT NULL"
    assert value(stage, withdrawn, number) == 3


async def test_undo_is_for_ones_own_answer_and_for_admins(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Вопрос")
    answer = await stage.olga.reply(card, "Ответ Ольги")
    copy = await anna.expect("Ответ Ольги")
    await stage.oleg.reply(answer, "/undo")
    await stage.group.expect("На это нет прав")
    await stage.oleg.reply(card, "/undo")
    await stage.group.expect("Ответьте командой /undo на свой ответ")
    assert not copy.deleted
    await stage.admin.reply(answer, "/undo")
    await anna.chat.expect_deleted(copy)


# ------------------------------------------------------------------ receipts


async def test_a_receipt_comes_only_when_telegram_has_accepted(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    stage.world.faults.slow(1.0, method="sendMessage", chat=anna)
    seen: list[bool] = []
    answer = await stage.olga.reply(card, "Медленно")
    stage.world.observers.append(lambda chat, _m: seen.append("👌" in answer.bot_reactions))
    await anna.expect("Медленно")
    stage.world.observers.pop()
    assert not any(seen)
    await stage.group.expect_reaction(answer, "👌")
    assert "answer_delivered" in events(stage, number)


async def test_what_takes_longer_than_two_seconds_is_on_its_way_first(
    stage: Stage, anna: Person
) -> None:
    _, card = await stage.open_ticket(anna, "Вопрос")
    # so much longer that it is still on its way when a busy machine has said so
    stage.world.faults.slow(8.0, method="sendMessage", chat=anna)
    sent = stage.world.clock.now()
    answer = await stage.olga.reply(card, "Очень медленно")
    await stage.group.expect_reaction(answer, "👀", timeout=8)
    assert stage.world.clock.now() - sent >= 2.0
    assert not answers(anna)
    await anna.expect("Очень медленно", timeout=10)
    await stage.group.expect_reaction(answer, "👌", timeout=10)


async def test_a_failure_is_said_with_a_button_that_sends_again(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    stage.world.faults.error(
        400, method="sendMessage", chat=anna, description="Bad Request: message text is wrong"
    )
    answer = await stage.olga.reply(card, "Ответ")
    failure = await stage.group.expect(f"Не доставлено по #{number}", button="Повторить")
    assert failure.reply_to is answer
    await stage.settle()
    assert not answer.bot_reactions
    assert card.text.startswith("🔴")  # nobody has been answered
    press = await stage.oleg.press("Повторить", message=failure)
    await press.answer()
    assert (await anna.expect("Ответ")).text == "Ответ"
    await stage.group.expect_reaction(answer, "👌")
    await stage.olga.press_data(failure, press.button["callback_data"]).result.answer()
    assert len(answers(anna)) == 1


async def test_a_customer_who_blocked_the_bot_is_told_of_once(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.settle()
    await anna.block_bot()
    await stage.group.expect(f"#{number}: сообщения больше не доходят", reply_to=card)
    first = await stage.olga.reply(card, "Ответ в пустоту")
    failure = await stage.group.expect("Не доставлено", button="Повторить", reply_to=first)
    await stage.olga.reply(card, "/freeze 2d")
    await stage.olga.reply(card, "/unfreeze")
    await stage.settle()
    told = [m for m in stage.group.bot_messages if f"#{number}: сообщения больше" in m.text]
    assert len(told) == 1
    assert "бот заблокирован" in card.text
    await anna.start()
    await anna.expect("Здравствуйте")
    await (await stage.olga.press("Повторить", message=failure)).answer()
    await anna.expect("Ответ в пустоту")
    await stage.group.expect_reaction(first, "👌")


# ------------------------------------------------------------------ coming back


@pytest.mark.parametrize("order", ["/wait Какой подъезд?", "/freeze 2d", "/resolve"])
async def test_a_message_reopens_what_waits_is_frozen_or_resolved(
    stage: Stage, anna: Person, order: str
) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.olga.reply(card, "/take")
    await (stage.insist if order == "/resolve" else stage.olga.reply)(card, order)
    await soon(
        lambda: state(stage, number) in {"waiting", "frozen", "resolved"}, f"{order} is done"
    )
    await anna.say("Подъезд третий, не работает")
    await stage.group.expect("Подъезд третий, не работает", reply_to=card)
    await stage.world.until(
        lambda: card.text.startswith("🔴") and "не назначен, прежде — Ольга" in card.text,
        10,
        "the card asks for an answer",
    )
    assert state(stage, number) == "reopened"
    assert "🙋 Взять" in card.buttons
    told = [m.text for m in answers(anna)]
    # who answers our question knows that it goes on
    assert (f"Вернули обращение #{number} в работу." in told) == ("wait" not in order)


@pytest.mark.parametrize("order", ["/close", "/cancel дубль"])
async def test_a_message_on_a_closed_ticket_opens_a_new_linked_one(
    stage: Stage, anna: Person, order: str
) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await (stage.insist if order == "/close" else stage.olga.reply)(card, order)
    ending = await anna.expect(f"Обращение #{number}")
    await anna.reply(ending, "А всё-таки не работает")
    accepted = await anna.expect("принято")
    new = int(re.findall(r"#(\d+)", accepted.text)[0])
    assert new > number
    other = await stage.card(new)
    assert f"Продолжение #{number}" in other.text
    assert "А всё-таки не работает" in other.text
    assert value(stage, "SELECT follows_id FROM ticket WHERE id=?", new) == number
    assert state(stage, number) in {"closed", "cancelled"}
    await stage.world.until(lambda: card.text.startswith("⚪"), 10, "the old card is white")


@pytest.mark.parametrize("thanks", ["Спасибо!", "sticker"])
async def test_thanks_do_not_reopen_and_one_button_makes_them_a_question(
    stage: Stage, anna: Person, thanks: str
) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.olga.reply(card, "/resolve заменили кабель")
    await anna.expect("Всё работает?")
    await (anna.send_sticker() if thanks == "sticker" else anna.say(thanks))
    came = await stage.group.expect(button="Это вопрос", reply_to=card)
    assert state(stage, number) == "resolved"
    await (await stage.olga.press("Это вопрос", message=came)).answer()
    await stage.world.until(lambda: not came.buttons, 10, "the button goes")
    assert state(stage, number) == "reopened"
    await stage.world.until(lambda: "Открыто снова" in card.text or "🙋 Взять" in card.buttons, 10)


async def test_yes_in_words_closes_a_solved_ticket(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.olga.reply(card, "/resolve заменили кабель")
    await anna.expect("Всё работает?")
    await anna.say("Да, всё работает, спасибо 👍")
    await anna.expect(f"Обращение #{number} закрыто")
    await stage.world.until(lambda: card.text.startswith("⚪"), 10, "the card is white")
    assert state(stage, number) == "closed"


async def test_thanks_after_an_answer_leave_the_ticket_answered(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.olga.reply(card, "Готово")
    await anna.expect("Готово")
    await stage.world.until(lambda: card.text.startswith("🟢"), 10, "the card is green")
    await anna.say("Спасибо большое!")
    await stage.group.expect("Спасибо большое!", button="Это вопрос")
    await stage.settle()
    assert card.text.startswith("🟢")
    assert value(stage, "SELECT waiting_since FROM ticket WHERE id=?", number) is None


async def test_thanks_to_a_closed_ticket_open_nothing(stage: Stage, anna: Person) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.insist(card, "/close")
    ending = await anna.expect("закрыто")
    before = value(stage, "SELECT count(*) FROM ticket")
    await anna.reply(ending, "Спасибо")
    await stage.group.expect("Спасибо", reply_to=card)
    assert state(stage, number) == "closed"
    assert value(stage, "SELECT count(*) FROM ticket") == before


# ------------------------------------------------------------------ long words

LONG = " ".join(f"слово{n}" for n in range(1200))


def joined(messages: Sequence[Message]) -> str:
    """The words without the white space at which they may be parted."""
    return "".join("".join(m.text.split()) for m in messages)


async def test_a_customers_long_words_are_split_never_cut(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Начало")
    await anna.say(LONG)  # the app makes several messages of it
    await stage.world.until(lambda: len(posts(stage, card)) == 3, 10, "three parts")
    assert joined(posts(stage, card)) == LONG.replace(" ", "")


async def test_a_ticket_that_begins_with_long_words_shows_them_whole(
    stage: Stage, anna: Person
) -> None:
    words = LONG[:4096]
    number, card = await stage.open_ticket(anna, words)
    await stage.world.until(lambda: posts(stage, card), 10, "the whole words")
    assert joined(posts(stage, card)) == words.replace(" ", "")
    assert len(card.text) < 2000
    assert value(stage, "SELECT text FROM message WHERE ticket_id=?", number) == words


async def test_an_answer_that_outgrows_its_message_is_split_never_cut(
    stage: Stage, anna: Person
) -> None:
    number, card = await stage.open_ticket(anna, "Вопрос")
    await anna.say("/new")
    await anna.press_soon("Оплата")
    await anna.expect("Опишите")
    await anna.say("Другой вопрос")
    await anna.expect("принято")
    words = LONG[:4096].rstrip()
    answer = await stage.olga.reply(card, words)  # there is no room for «#12» above it
    await stage.group.expect_reaction(answer, "👌")
    came = answers(anna)
    assert len(came) == 2
    assert joined(came) == f"#{number}·Вопрос{words.replace(' ', '')}"
    await stage.olga.reply(answer, "/undo")
    for part in came:
        await anna.chat.expect_deleted(part)


async def test_the_tail_of_a_long_answer_is_not_lost_in_silence(stage: Stage, anna: Person) -> None:
    _, card = await stage.open_ticket(anna, "Вопрос")
    first = await stage.olga.reply(card, LONG[:4096])
    tail = await stage.olga.say(stage.group, LONG[4096:8192])
    said = await stage.group.expect("Telegram разрезал длинное сообщение")
    assert said.reply_to is tail
    await stage.group.expect_reaction(first, "👌")
    assert len(answers(anna)) == 1
