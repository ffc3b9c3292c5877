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
from tests.channels.telegram.harness import ChannelHarness, Mutation


def card(harness: ChannelHarness) -> Message:
    return next(m for m in harness.group.bot_messages if m.text[0] in "🔴⭕🟢🟡⚪")


async def opened(harness: ChannelHarness, text: str = "The camera is dark") -> int:
    number = await harness.open(harness.anna.say(text).result)
    await harness.pump()
    return number


async def test_a_new_ticket_has_a_card_and_the_customer_a_word(harness: ChannelHarness) -> None:
    number = await opened(harness)
    assert card(harness).text.startswith(f"🔴 #{number} · Обращение\n👤 Anna\n⏳ ответить до")
    assert "The camera is dark" in card(harness).entity_texts("blockquote")
    assert card(harness).entity_texts("date_time") == ["24 ноя, 12:30"]
    assert card(harness).buttons == ["🙋 Взять", "✅ Решено", "🟡 Заморозить", "⋯ Ещё"]
    assert harness.anna.chat.last.text == (
        f"Обращение #{number} принято. Ответим до 24 ноября, 12:30. "
        "Вспомните что-то ещё — просто напишите сюда."
    )
    harness.world.assert_clean()


async def test_a_card_is_edited_in_place_and_only_when_it_looks_otherwise(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    await harness.as_operator(lambda tx: take(tx, number))
    await harness.pump()
    assert "👷 Oleg" in card(harness).text and len(harness.group.bot_messages) == 1
    edits = len(harness.world.calls_of("editMessageText"))
    await harness.carry(harness.delivery("card", harness.group, ticket_id=number))
    assert len(harness.world.calls_of("editMessageText")) == edits
    harness.world.assert_clean()


async def test_a_card_that_somebody_deleted_is_posted_again(harness: ChannelHarness) -> None:
    number = await opened(harness)
    harness.oleg.world.chats[harness.group.id].history.pop(card(harness).id)
    await harness.as_operator(lambda tx: take(tx, number))
    await harness.pump()
    assert "👷 Oleg" in card(harness).text
    harness.world.assert_clean()


async def test_a_customers_words_are_a_reply_to_the_card(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.hear(harness.anna.send_photo(caption="like this").result, number=number)
    await harness.pump()
    copy = harness.group.last
    assert (copy.kind, copy.text) == ("photo", "like this")
    assert copy.reply_to is card(harness)
    harness.world.assert_clean()


async def test_without_a_card_a_line_says_whose_words_they_are(harness: ChannelHarness) -> None:
    number = await opened(harness)
    harness.group.history.pop(card(harness).id)
    await harness.hear(harness.anna.say("and the yard one").result, number=number)
    await harness.pump()
    copy = harness.group.find("and the yard one")
    assert copy.text == f"👤 Anna · #{number}\nand the yard one" and copy.reply_to is None
    harness.world.assert_clean()


async def test_an_album_arrives_as_an_album(harness: ChannelHarness) -> None:
    number = await opened(harness)
    for message in harness.anna.send_album(["photo", "video", "photo"], caption="all").result:
        await harness.hear(message, number=number)
    (left,) = [one for one in await harness.pump() if one.delivery.kind == "content"]
    assert left.sent is not None and len(left.sent.message_refs) == 3
    assert len(left.sent.note["messages"]) == 3
    copies = harness.group.bot_messages[-3:]
    assert [copy.kind for copy in copies] == ["photo", "video", "photo"]
    assert copies[0].reply_to is card(harness)
    harness.world.assert_clean()


async def test_thanks_can_be_a_question_after_all(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    await harness.pump()
    await harness.hear(harness.anna.say("Спасибо").result, number=number)
    await harness.pump()
    assert harness.group.find("Спасибо").buttons == ["Это вопрос"]
    harness.world.assert_clean()


async def test_an_answer_is_a_reply_to_the_question_and_gets_a_receipt(
    harness: ChannelHarness,
) -> None:
    number = await opened(harness)
    written = harness.oleg.say(harness.group, "Restart it").result
    await harness.answer(number, written)
    await harness.pump()
    answer = harness.anna.chat.last
    assert answer.text == "Restart it"
    assert answer.reply_to is harness.anna.chat.messages[0]
    assert written.bot_reactions == ["👌"]
    harness.world.assert_clean()


async def test_an_answer_names_its_ticket_when_several_are_open(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await opened(harness, "Another thing")
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    await harness.pump()
    assert harness.anna.chat.last.text == f"#{number} · The camera is dark\nRestart it"
    await harness.as_operator(
        lambda tx: edit(
            tx, harness.read(harness.oleg.edit(harness.group.find("Restart it"), "Wait").result)
        )
    )
    await harness.pump()
    assert harness.anna.chat.last.text == f"#{number} · The camera is dark\nWait"
    harness.world.assert_clean()


async def test_an_answer_is_signed_where_the_company_wishes(harness: ChannelHarness) -> None:
    harness.desk.company = replace(harness.desk.company, sign_answers=True)
    number = await opened(harness)
    await harness.answer(number, harness.oleg.say(harness.group, "Restart it").result)
    await harness.pump()
    assert harness.anna.chat.last.text == "Oleg\nRestart it"
    other = await opened(harness, "Another thing")
    await harness.answer(other, harness.oleg.say(harness.group, "Wait").result)
    await harness.pump()
    assert harness.anna.chat.last.text == f"#{other} · Another thing · Oleg\nWait"
    harness.world.assert_clean()


async def test_edits_go_both_ways(harness: ChannelHarness) -> None:
    number = await opened(harness)
    added = harness.anna.say("and the yard one").result
    await harness.hear(added, number=number)
    written = harness.oleg.say(harness.group, "Restart it").result
    await harness.answer(number, written)
    await harness.pump()
    changed = harness.anna.edit(added, "and the door one").result
    await harness.desk.run(_edit_as_anna(harness, changed))
    await harness.as_operator(
        lambda tx: edit(tx, harness.read(harness.oleg.edit(written, "Reset it").result))
    )
    await harness.pump()
    assert harness.group.find("and the door one").edited
    assert harness.anna.chat.last.text == "Reset it" and harness.anna.chat.last.edited
    harness.world.assert_clean()


@pytest.mark.parametrize("live", [3600, None])
async def test_a_moved_location_moves_its_copy_and_deletes_nothing(
    harness: ChannelHarness, live: int | None
) -> None:
    """A point that is not live cannot be moved: its copy stays where it was."""
    number = await opened(harness)
    begun = harness.anna.send_location(latitude=55.75, longitude=37.61, live=live).result
    await harness.hear(begun, number=number)
    await harness.pump()
    said = harness.read(begun)
    content = {**said.content, "more": said.content["more"] | {"latitude": 55.76}}
    moved = replace(said, text="55.76000, 37.61000", content=content)

    async def act(tx: Tx) -> None:
        await arrive(tx, harness.sender(harness.anna), "customer")
        await edit(tx, moved)

    await harness.desk.run(act)
    await harness.pump()
    copy = harness.group.last
    assert copy.content["location"]["latitude"] == (55.76 if live else 55.75)
    harness.world.assert_clean()


async def test_a_contact_without_a_name_is_carried(harness: ChannelHarness) -> None:
    number = await opened(harness)
    bare = harness.anna.send_contact(phone="+79990000000", first_name="Boris").result
    said = harness.read(bare)
    more = {"phone_number": "+79990000000"}
    (call,) = methods({**said.content, "more": more}, harness.group.id)
    assert (await harness.gateway.call(call)).message_id and number


def _edit_as_anna(harness: ChannelHarness, message: Message) -> Mutation:
    async def act(tx: Tx) -> None:
        await arrive(tx, harness.sender(harness.anna), "customer")
        await edit(tx, harness.read(message))

    return act


async def test_an_answer_taken_back_disappears(harness: ChannelHarness) -> None:
    number = await opened(harness)
    written = harness.oleg.say(harness.group, "Wrong chat").result
    await harness.answer(number, written)
    await harness.pump()
    await harness.as_operator(lambda tx: undo(tx, message_ref(harness.group.id, written.id)))
    await harness.pump()
    assert all("Wrong chat" not in message.text for message in harness.anna.chat.messages)
    assert written.bot_reactions == []
    harness.world.assert_clean()


async def test_an_answer_taken_back_on_its_way_is_not_sent(harness: ChannelHarness) -> None:
    number = await opened(harness)
    written = harness.oleg.say(harness.group, "Wrong chat").result
    await harness.answer(number, written)
    delivery = await harness.next()
    assert delivery is not None and delivery.kind == "content"
    await harness.as_operator(lambda tx: undo(tx, message_ref(harness.group.id, written.id)))
    await harness.carry(delivery)
    await harness.pump()
    assert all("Wrong chat" not in message.text for message in harness.anna.chat.messages)
    harness.world.assert_clean()


async def test_a_note_stays_inside_and_gets_its_sign(harness: ChannelHarness) -> None:
    number = await opened(harness)
    before = len(harness.anna.chat.messages)
    written = harness.oleg.say(harness.group, "// call him").result
    await harness.as_operator(lambda tx: note(tx, number, harness.read(written)))
    await harness.pump()
    assert written.bot_reactions == ["✍"] and len(harness.anna.chat.messages) == before


async def test_the_customer_hears_of_every_move(harness: ChannelHarness) -> None:
    number = await opened(harness)
    until = harness.clock.now + timedelta(days=10)
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
        await harness.as_operator(action)
        await harness.pump()
        assert harness.anna.chat.last.text == words
        if "готово" in words:
            stars = [f"{n} ⭐" for n in range(1, 6)]
            asked = harness.anna.chat.last
            assert asked.buttons == ["Да, спасибо", "Нет, не решено", *stars]
    (asked,) = (one for one in harness.anna.chat.bot_messages if "готово" in one.text)
    assert asked.buttons == [], "it was brought back: nothing is asked any more"
    harness.world.assert_clean()


async def test_operators_and_admins_are_told_what_needs_them(harness: ChannelHarness) -> None:
    number = await opened(harness)
    due = harness.clock.now

    async def happen(tx: Tx) -> None:
        tx.emit(DeadlineNear(ticket_id=number, due=due))
        tx.emit(TicketWoke(ticket_id=number, reason="ждём поставку", waiting=True))
        tx.emit(TicketWoke(ticket_id=number, reason=None, waiting=False))
        tx.emit(DeadlineMissed(ticket_id=number, due=due))
        tx.emit(CaughtUp(ticket_id=None, down=12000, overdue=(3, 5), near=(7,), woke=()))
        tx.emit(CaughtUp(ticket_id=None, down=60, overdue=(), near=(7, 8), woke=(9,)))
        tx.emit(UpdateQuarantined(ticket_id=None, inbox_id=7, update_id="8", error="<odd>"))

    await harness.desk.run(happen)
    lefts = await harness.pump()
    assert [left.error for left in lefts if left.error] == []
    said = [message.text for message in harness.group.bot_messages[1:]]
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
    assert harness.group.bot_messages[1].reply_to is card(harness)
    alerts = harness.alerts.bot_messages
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
    inner = str(harness.group.id).removeprefix("-100")
    assert button["url"] == f"https://t.me/c/{inner}/{card(harness).id}"
    harness.world.assert_clean()


async def test_each_reader_is_spoken_to_in_their_own_language(harness: ChannelHarness) -> None:
    number = await opened(harness)
    await harness.change_person(language="en")
    await harness.as_operator(lambda tx: take(tx, number))
    await harness.pump()
    assert harness.anna.chat.last.text == f"Somebody is working on ticket #{number} now."
    assert "ответить до" in card(harness).text


async def test_an_operation_that_telegram_has_not_is_refused(harness: ChannelHarness) -> None:
    with pytest.raises(SendError, match="unsupported") as caught:
        await harness.channel.send(harness.delivery("fax", harness.group))
    assert caught.value.permanent


async def test_a_key_that_nobody_wrote_ends_the_parcel_visibly(harness: ChannelHarness) -> None:
    left = await harness.carry(harness.delivery("text", harness.anna, key="ticket.nonsense"))
    assert left.error is not None and left.error.permanent


async def test_what_stopped_half_way_is_completed_by_the_next_process(
    harness: ChannelHarness,
) -> None:
    """The name stands there, the flood keeps the sticker back, the process dies."""
    number = await opened(harness)
    await opened(harness, "Another thing")
    await harness.answer(number, harness.oleg.send_sticker(harness.group).result)
    harness.world.faults.flood(1, method="sendSticker")
    (stopped,) = [one for one in await harness.pump() if one.error is not None]
    assert stopped.error is not None and stopped.error.reason == "flood"
    row = stopped.delivery.id
    await harness.desk.run(lambda tx: outbox_store.give_back(tx, row, after=0, error="flood"))

    harness.restart()
    await harness.pump()
    shown = [m.text or m.kind for m in harness.anna.chat.bot_messages][-2:]
    assert shown == [f"#{number} · The camera is dark", "sticker"]
    assert [m.text for m in harness.anna.chat.bot_messages].count(
        f"#{number} · The camera is dark"
    ) == 1
