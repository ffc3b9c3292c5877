"""What the operators, the customer and the admins see when parcels leave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.telegram.messages.message_builder import methods
from channels.telegram.messages.message_parser import message_ref
from core.delivery import outbox_store
from core.delivery.channel import SendError
from core.events import CaughtUp, DeadlineMissed, DeadlineNear, TicketWoke, UpdateQuarantined
from core.people.identity import arrive
from core.tickets.conversation import edit, note, undo
from core.tickets.lifecycle import move, take
from core.tx import Tx
from sandbox import Message
from tests.channels.telegram.house import House, Mutation


def card(house: House) -> Message:
    return next(m for m in house.group.bot_messages if m.text[0] in "🔴⭕🟢🟡⚪")


async def opened(house: House, text: str = "The camera is dark") -> int:
    number = await house.open(house.anna.say(text).result)
    await house.pump()
    return number


async def test_a_new_ticket_has_a_card_and_the_customer_a_word(house: House) -> None:
    number = await opened(house)
    assert card(house).text.startswith(f"🔴 #{number} · Обращение\n👤 Anna\n⏳ ответить до")
    assert "The camera is dark" in card(house).entity_texts("blockquote")
    assert card(house).entity_texts("date_time") == ["24 ноя, 12:30"]
    assert card(house).buttons == ["🙋 Взять", "✅ Решено", "🟡 Заморозить", "⋯ Ещё"]
    assert house.anna.chat.last.text == (
        f"Обращение #{number} принято. Ответим до 24 ноября, 12:30. "
        "Вспомните что-то ещё — просто напишите сюда."
    )
    house.world.assert_clean()


async def test_a_card_is_edited_in_place_and_only_when_it_looks_otherwise(house: House) -> None:
    number = await opened(house)
    await house.as_operator(lambda tx: take(tx, number))
    await house.pump()
    assert "👷 Oleg" in card(house).text and len(house.group.bot_messages) == 1
    edits = len(house.world.calls_of("editMessageText"))
    await house.carry(house.delivery("card", house.group, ticket_id=number))
    assert len(house.world.calls_of("editMessageText")) == edits
    house.world.assert_clean()


async def test_a_card_that_somebody_deleted_is_posted_again(house: House) -> None:
    number = await opened(house)
    house.oleg.world.chats[house.group.id].history.pop(card(house).id)
    await house.as_operator(lambda tx: take(tx, number))
    await house.pump()
    assert "👷 Oleg" in card(house).text
    house.world.assert_clean()


async def test_a_customers_words_are_a_reply_to_the_card(house: House) -> None:
    number = await opened(house)
    await house.hear(house.anna.send_photo(caption="like this").result, number=number)
    await house.pump()
    copy = house.group.last
    assert (copy.kind, copy.text) == ("photo", "like this")
    assert copy.reply_to is card(house)
    house.world.assert_clean()


async def test_without_a_card_a_line_says_whose_words_they_are(house: House) -> None:
    number = await opened(house)
    house.group.history.pop(card(house).id)
    await house.hear(house.anna.say("and the yard one").result, number=number)
    await house.pump()
    copy = house.group.find("and the yard one")
    assert copy.text == f"👤 Anna · #{number}\nand the yard one" and copy.reply_to is None
    house.world.assert_clean()


async def test_an_album_arrives_as_an_album(house: House) -> None:
    number = await opened(house)
    for message in house.anna.send_album(["photo", "video", "photo"], caption="all").result:
        await house.hear(message, number=number)
    (left,) = [one for one in await house.pump() if one.delivery.kind == "content"]
    assert left.sent is not None and len(left.sent.message_refs) == 3
    assert len(left.sent.note["messages"]) == 3
    copies = house.group.bot_messages[-3:]
    assert [copy.kind for copy in copies] == ["photo", "video", "photo"]
    assert copies[0].reply_to is card(house)
    house.world.assert_clean()


async def test_thanks_can_be_a_question_after_all(house: House) -> None:
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    await house.pump()
    await house.hear(house.anna.say("Спасибо").result, number=number)
    await house.pump()
    assert house.group.find("Спасибо").buttons == ["Это вопрос"]
    house.world.assert_clean()


async def test_an_answer_is_a_reply_to_the_question_and_gets_a_receipt(house: House) -> None:
    number = await opened(house)
    written = house.oleg.say(house.group, "Restart it").result
    await house.answer(number, written)
    await house.pump()
    answer = house.anna.chat.last
    assert answer.text == "Restart it"
    assert answer.reply_to is house.anna.chat.messages[0]
    assert written.bot_reactions == ["👌"]
    house.world.assert_clean()


async def test_an_answer_names_its_ticket_when_several_are_open(house: House) -> None:
    number = await opened(house)
    await opened(house, "Another thing")
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    await house.pump()
    assert house.anna.chat.last.text == f"#{number} · The camera is dark\nRestart it"
    await house.as_operator(
        lambda tx: edit(
            tx, house.read(house.oleg.edit(house.group.find("Restart it"), "Wait").result)
        )
    )
    await house.pump()
    assert house.anna.chat.last.text == f"#{number} · The camera is dark\nWait"
    house.world.assert_clean()


async def test_an_answer_is_signed_where_the_company_wishes(house: House) -> None:
    house.desk.company = replace(house.desk.company, sign_answers=True)
    number = await opened(house)
    await house.answer(number, house.oleg.say(house.group, "Restart it").result)
    await house.pump()
    assert house.anna.chat.last.text == "Oleg\nRestart it"
    other = await opened(house, "Another thing")
    await house.answer(other, house.oleg.say(house.group, "Wait").result)
    await house.pump()
    assert house.anna.chat.last.text == f"#{other} · Another thing · Oleg\nWait"
    house.world.assert_clean()


async def test_edits_go_both_ways(house: House) -> None:
    number = await opened(house)
    added = house.anna.say("and the yard one").result
    await house.hear(added, number=number)
    written = house.oleg.say(house.group, "Restart it").result
    await house.answer(number, written)
    await house.pump()
    changed = house.anna.edit(added, "and the door one").result
    await house.desk.run(_edit_as_anna(house, changed))
    await house.as_operator(
        lambda tx: edit(tx, house.read(house.oleg.edit(written, "Reset it").result))
    )
    await house.pump()
    assert house.group.find("and the door one").edited
    assert house.anna.chat.last.text == "Reset it" and house.anna.chat.last.edited
    house.world.assert_clean()


@pytest.mark.parametrize("live", [3600, None])
async def test_a_moved_location_moves_its_copy_and_deletes_nothing(
    house: House, live: int | None
) -> None:
    """A point that is not live cannot be moved: its copy stays where it was."""
    number = await opened(house)
    begun = house.anna.send_location(latitude=55.75, longitude=37.61, live=live).result
    await house.hear(begun, number=number)
    await house.pump()
    said = house.read(begun)
    content = {**said.content, "more": said.content["more"] | {"latitude": 55.76}}
    moved = replace(said, text="55.76000, 37.61000", content=content)

    async def act(tx: Tx) -> None:
        await arrive(tx, house.sender(house.anna), "customer")
        await edit(tx, moved)

    await house.desk.run(act)
    await house.pump()
    copy = house.group.last
    assert copy.content["location"]["latitude"] == (55.76 if live else 55.75)
    house.world.assert_clean()


async def test_a_contact_without_a_name_is_carried(house: House) -> None:
    number = await opened(house)
    bare = house.anna.send_contact(phone="+79990000000", first_name="Boris").result
    said = house.read(bare)
    more = {"phone_number": "+79990000000"}
    (call,) = methods({**said.content, "more": more}, house.group.id)
    assert (await house.gateway.call(call)).message_id and number


def _edit_as_anna(house: House, message: Message) -> Mutation:
    async def act(tx: Tx) -> None:
        await arrive(tx, house.sender(house.anna), "customer")
        await edit(tx, house.read(message))

    return act


async def test_an_answer_taken_back_disappears(house: House) -> None:
    number = await opened(house)
    written = house.oleg.say(house.group, "Wrong chat").result
    await house.answer(number, written)
    await house.pump()
    await house.as_operator(lambda tx: undo(tx, message_ref(house.group.id, written.id)))
    await house.pump()
    assert all("Wrong chat" not in message.text for message in house.anna.chat.messages)
    assert written.bot_reactions == []
    house.world.assert_clean()


async def test_an_answer_taken_back_on_its_way_is_not_sent(house: House) -> None:
    number = await opened(house)
    written = house.oleg.say(house.group, "Wrong chat").result
    await house.answer(number, written)
    delivery = await house.next()
    assert delivery is not None and delivery.kind == "content"
    await house.as_operator(lambda tx: undo(tx, message_ref(house.group.id, written.id)))
    await house.carry(delivery)
    await house.pump()
    assert all("Wrong chat" not in message.text for message in house.anna.chat.messages)
    house.world.assert_clean()


async def test_a_note_stays_inside_and_gets_its_sign(house: House) -> None:
    number = await opened(house)
    before = len(house.anna.chat.messages)
    written = house.oleg.say(house.group, "// call him").result
    await house.as_operator(lambda tx: note(tx, number, house.read(written)))
    await house.pump()
    assert written.bot_reactions == ["✍"] and len(house.anna.chat.messages) == before


async def test_the_customer_hears_of_every_move(house: House) -> None:
    number = await opened(house)
    until = house.clock.now + timedelta(days=10)
    steps = [
        (lambda tx: take(tx, number), "Обращение #1 взяли в работу."),
        (
            lambda tx: move(
                tx, number, "freeze", until=until, reason="ждём поставку.", public=True
            ),
            "Обращение #1 отложили до 1 декабря, 12:30: ждём поставку. Вернёмся к нему сами.",
        ),
        (
            lambda tx: move(tx, number, "freeze"),
            "Обращение #1 отложили. Вернёмся к нему сами.",
        ),
        (
            lambda tx: move(tx, number, "resolve", reason="заменили кабель"),
            "По обращению #1 готово: заменили кабель. Всё работает?",
        ),
        (lambda tx: move(tx, number, "reopen"), "Вернули обращение #1 в работу."),
        (
            lambda tx: move(tx, number, "close"),
            "Обращение #1 закрыто. Понадобится ещё что-то — пишите, откроем новое.",
        ),
        (lambda tx: move(tx, number, "reopen"), "Вернули обращение #1 в работу."),
        (
            lambda tx: move(tx, number, "cancel", reason="повтор <#9>"),
            "Обращение #1 отменено: повтор <#9>. Если вопрос остался — напишите сюда.",
        ),
    ]
    for action, words in steps:
        await house.as_operator(action)
        await house.pump()
        assert house.anna.chat.last.text == words
    (resolved,) = [m for m in house.anna.chat.bot_messages if "готово" in m.text]
    assert resolved.buttons == ["Да, спасибо", "Нет, не решено", *(f"{n} ⭐" for n in range(1, 6))]
    house.world.assert_clean()


async def test_operators_and_admins_are_told_what_needs_them(house: House) -> None:
    number = await opened(house)
    due = house.clock.now

    async def happen(tx: Tx) -> None:
        tx.emit(DeadlineNear(ticket_id=number, due=due))
        tx.emit(TicketWoke(ticket_id=number, reason="ждём поставку", waiting=True))
        tx.emit(TicketWoke(ticket_id=number, reason=None, waiting=False))
        tx.emit(DeadlineMissed(ticket_id=number, due=due))
        tx.emit(CaughtUp(ticket_id=None, down=12000, overdue=(3, 5), near=(7,), woke=()))
        tx.emit(CaughtUp(ticket_id=None, down=60, overdue=(), near=(7, 8), woke=(9,)))
        tx.emit(UpdateQuarantined(ticket_id=None, inbox_id=7, update_id="8", error="<odd>"))

    await house.desk.run(happen)
    lefts = await house.pump()
    assert [left.error for left in lefts if left.error] == []
    said = [message.text for message in house.group.bot_messages[1:]]
    assert said == [
        f"⏳ #{number} ждёт ответа, осталось 3 дня. 👷 не назначен",
        f"🟡→🔴 #{number} проснулось: «ждём поставку». 👷 не назначен",
        f"🟡→🟢 #{number} проснулось. 👷 не назначен",
        "Пока бот не работал (3 ч 20 мин): скоро срок у 1 обращения: #7.",
        (
            "Пока бот не работал (1 мин): скоро срок у 2 обращений: #7, #8; "
            "проснулось 1 обращение: #9."
        ),
    ]
    assert house.group.bot_messages[1].reply_to is card(house)
    alerts = house.alerts.bot_messages
    assert [message.text for message in alerts] == [
        f"⭕ #{number} просрочено · The camera is dark · 👷 не назначен · ждёт с 21 ноя, 12:30",
        "⭕ Пока бот не работал (3 ч 20 мин), просрочено 2 обращения: #3, #5.",
        (
            "Одно обновление бот не понял и отложил под номером 7: <odd>. "
            "Оно сохранено, остальные идут дальше. Всего отложено: 1. "
            "Посмотреть и повторить: /quarantine"
        ),
    ]
    (button,) = alerts[0].markup["inline_keyboard"][0]  # type: ignore[index]
    inner = str(house.group.id).removeprefix("-100")
    assert button["url"] == f"https://t.me/c/{inner}/{card(house).id}"
    house.world.assert_clean()


async def test_each_reader_is_spoken_to_in_their_own_language(house: House) -> None:
    number = await opened(house)
    await house.change_person(language="en")
    await house.as_operator(lambda tx: take(tx, number))
    await house.pump()
    assert house.anna.chat.last.text == f"Somebody is working on ticket #{number} now."
    assert "ответить до" in card(house).text


async def test_an_operation_that_telegram_has_not_is_refused(house: House) -> None:
    with pytest.raises(SendError, match="unsupported") as caught:
        await house.channel.send(house.delivery("fax", house.group))
    assert caught.value.permanent


async def test_a_key_that_nobody_wrote_ends_the_parcel_visibly(house: House) -> None:
    left = await house.carry(house.delivery("text", house.anna, key="ticket.nonsense"))
    assert left.error is not None and left.error.permanent


async def test_what_stopped_half_way_is_completed_by_the_next_process(house: House) -> None:
    """The name stands there, the flood keeps the sticker back, the process dies."""
    number = await opened(house)
    await opened(house, "Another thing")
    await house.answer(number, house.oleg.send_sticker(house.group).result)
    house.world.faults.flood(1, method="sendSticker")
    (stopped,) = [one for one in await house.pump() if one.error is not None]
    assert stopped.error is not None and stopped.error.reason == "flood"
    row = stopped.delivery.id
    await house.desk.run(lambda tx: outbox_store.give_back(tx, row, after=0, error="flood"))

    house.restart()
    await house.pump()
    shown = [m.text or m.kind for m in house.anna.chat.bot_messages][-2:]
    assert shown == [f"#{number} · The camera is dark", "sticker"]
    assert [m.text for m in house.anna.chat.bot_messages].count(
        f"#{number} · The camera is dark"
    ) == 1
