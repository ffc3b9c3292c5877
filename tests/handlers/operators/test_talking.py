"""Replies: what reaches the customer, what stays among colleagues."""

import json

from tests.handlers.operators.group import Group

CANARY = "канарейка-7f3a"


def heard(group: Group) -> list[str]:
    """Everything that the customer's chat has ever shown."""
    return [m.text for m in group.anna.chat.bot_messages]


async def test_a_reply_to_the_card_goes_to_the_customer(group: Group) -> None:
    number = await group.ticket()
    answer = await group.says(group.olga, "Проверяем", await group.card(number))
    await group.deliver()
    assert await group.said(number) == ["Проверяем"]
    assert any("Проверяем" in words for words in heard(group))
    assert answer.bot_reactions == ["👌"]
    assert group.answers(answer) == []
    assert (await group.row(number)).assignee_id is not None


async def test_a_reply_to_a_copy_of_the_customers_words_is_an_answer(group: Group) -> None:
    number = await group.ticket()
    await group.anna.say("А ещё звук пропал")
    await group.settle()
    await group.deliver()
    await group.says(group.olga, "Понятно", group.chat.find("звук пропал"))
    assert await group.said(number) == ["Понятно"]


async def test_anything_else_stays_inside_silently(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    own = await group.says(group.olga, "Ответ клиенту", card)
    colleague = await group.says(group.oleg, "кто возьмёт?")
    before = await group.everything()
    posts = len(group.chat.bot_messages)
    for words, to in (
        ("я возьму", colleague),
        ("ты уверена?", own),
        ("просто слова", None),
        ("//", None),
        ("// в никуда", None),
        ("/etc/hosts", None),
    ):
        await group.says(group.oleg, words, to)
    assert await group.everything() == before
    assert len(group.chat.bot_messages) == posts


async def test_a_note_never_reaches_the_customer(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.says(group.olga, f"// {CANARY} первая", card)
    await group.says(group.olga, f"/note {number} {CANARY} вторая")
    await group.olga.send_photo(group.chat, caption=f"//{CANARY} третья", reply_to=card)
    await group.settle()
    await group.says(group.oleg, f"// {CANARY} четвёртая", group.chat.find("третья"))
    await group.deliver()
    words = [f"{CANARY} {n}" for n in ("первая", "вторая", "третья", "четвёртая")]
    assert await group.notes(number) == words
    assert await group.said(number) == []
    calls = [c for c in group.world.calls if str(c.params.get("chat_id")) == str(group.anna.id)]
    assert not any(CANARY in str(call.params) for call in calls)


async def test_entities_of_a_note_keep_their_words(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, "// 😀 <b>важно</b>", await group.card(number), parse_mode="HTML")
    ((content,),) = await group.rows("SELECT content FROM note")
    assert json.loads(content)["entities"] == [{"type": "bold", "offset": 3, "length": 5}]


async def test_an_album_is_one_answer_though_one_piece_is_a_reply(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    album = group.world.new_media_group()
    await group.olga.send_photo(group.chat, caption="смотрите", reply_to=card, media_group_id=album)
    await group.olga.send_photo(group.chat, media_group_id=album)
    await group.olga.send_photo(group.chat, media_group_id=album)
    await group.settle()
    await group.deliver()
    assert len(await group.said(number)) == 3
    assert sum(m.kind == "photo" for m in group.anna.chat.bot_messages) == 3


async def test_an_album_by_command_is_one_answer(group: Group) -> None:
    number = await group.ticket()
    await group.olga.send_album(2, group.chat, caption=f"/reply {number} вот фото")
    await group.settle()
    await group.deliver()
    assert await group.said(number) == ["вот фото", ""]
    assert "вот фото" in [m.text for m in group.anna.chat.bot_messages]


async def test_an_album_with_a_note_on_its_first_piece_stays_inside(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.olga.send_album(3, group.chat, caption=f"// {CANARY}", reply_to=card)
    await group.settle()
    await group.deliver()
    assert len(await group.notes(number)) == 3
    assert not any(m.kind == "photo" for m in group.anna.chat.bot_messages)


async def test_an_album_with_a_note_on_its_last_piece_stays_inside(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    album = group.world.new_media_group()
    for caption in (None, None, f"// {CANARY}"):
        await group.olga.send_document(
            group.chat, caption=caption, reply_to=card, media_group_id=album
        )
    await group.settle()
    await group.deliver()
    assert len(await group.notes(number)) == 3
    assert await group.said(number) == []
    assert not any(m.kind == "document" for m in group.anna.chat.bot_messages)


async def test_every_other_kind_is_carried_or_refused_aloud(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    for send in ("send_voice", "send_sticker", "send_location", "send_contact", "send_venue"):
        await getattr(group.olga, send)(group.chat, reply_to=card)
    poll = await group.olga.send_poll(group.chat, reply_to=card)
    dice = await group.olga.send_dice(group.chat)
    await group.settle()
    assert len(await group.said(number)) == 5
    assert group.answers(poll) == [
        "Опрос передать не получится. Опишите словами или пришлите фото."
    ]
    assert group.answers(dice) == []
    recorded = await group.rows(
        "SELECT person.name, facts FROM journal JOIN person ON person.id = actor_id"
        " WHERE event = 'kind_refused' AND ticket_id = :n",
        n=number,
    )
    ((who, facts),) = recorded  # what stays inside is nobody's refusal
    assert who == "Ольга" and json.loads(facts)["kind"] == "poll"


async def test_an_edit_follows_to_the_customer(group: Group) -> None:
    number = await group.ticket()
    answer = await group.says(group.olga, f"/reply {number} завтра")
    await group.deliver()
    await group.olga.edit(answer, f"/reply {number} послезавтра")
    await group.settle()
    await group.deliver()
    assert await group.said(number) == ["послезавтра"]
    assert any("послезавтра" in m.text for m in group.anna.chat.bot_messages)
    assert not any("/reply" in m.text for m in group.anna.chat.bot_messages)


async def test_an_edited_note_stays_a_note(group: Group) -> None:
    number = await group.ticket()
    note = await group.says(group.olga, "// раз", await group.card(number))
    await group.olga.edit(note, f"// {CANARY}")
    await group.settle()
    await group.deliver()
    assert await group.notes(number) == [CANARY]
    assert not any(CANARY in words for words in heard(group))


async def test_an_edit_begins_nothing(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    plain = await group.says(group.olga, "просто слова")
    reply = await group.says(group.olga, "между нами", plain)
    before = await group.everything()
    await group.olga.edit(plain, f"/close {number}")
    await group.olga.edit(reply, "// заметка")
    await group.settle()
    assert await group.everything() == before
    assert card.text


async def test_a_long_answer_that_the_app_cut_is_not_lost_silently(group: Group) -> None:
    number = await group.ticket()
    tail = await group.says(group.olga, f"/reply {number} " + "очень длинно " * 400)
    assert len(await group.said(number)) == 1
    assert "Telegram разрезал" in group.answers(tail)[0]


async def test_an_answer_is_taken_back(group: Group) -> None:
    number = await group.ticket()
    answer = await group.says(group.olga, "не туда", await group.card(number))
    await group.deliver()
    assert any("не туда" in words for words in heard(group))
    foreign = await group.says(group.oleg, "/undo", answer)
    assert "нет прав" in group.answers(foreign)[0]
    await group.says(group.olga, "/undo", answer)
    await group.deliver()
    assert not any(m.text.endswith("не туда") and not m.deleted for m in group.anna.chat.messages)
    assert await group.said(number) == []


async def test_a_failed_answer_is_sent_again_by_its_button(group: Group) -> None:
    number = await group.ticket()
    await group.anna.block_bot()
    await group.says(group.olga, "вы здесь?", await group.card(number))
    await group.deliver()
    failure = group.chat.find("Не доставлено")
    await group.anna.unblock_bot()
    press = await group.presses(group.oleg, failure, "Повторить")
    await press.answer()
    await group.deliver()
    assert "снова" in failure.text and not failure.buttons
    assert any("вы здесь?" in words for words in heard(group))
    group.clock.move(minutes=1)
    await group.deliver()
    assert failure.deleted  # the answer's own 👌 says the rest


async def test_thanks_are_a_question_after_all(group: Group) -> None:
    number = await group.ticket()
    await group.says(group.olga, "починили", await group.card(number))
    await group.deliver()
    await group.anna.say("спасибо")
    await group.settle()
    await group.deliver()
    copy = group.chat.find("спасибо")
    assert (await group.row(number)).waiting_since is None
    press = await group.presses(group.olga, copy, "Это вопрос")
    assert f"#{number}" in (await press.answer()).text
    assert (await group.row(number)).waiting_since is not None
    assert not copy.buttons


async def test_a_reply_to_a_list_is_told_that_it_goes_to_nobody(group: Group) -> None:
    number = await group.ticket()
    command = await group.says(group.olga, "/queue")
    shown = next(m for m in group.chat.bot_messages if m.reply_to is command)
    lost = await group.says(group.olga, "Перезагрузите роутер", shown)
    (told,) = group.answers(lost)
    assert told.startswith("Это сообщение осталось в группе") and "/reply 12 текст" in told
    assert (await group.row(number)).waiting_since is not None
    chat = await group.says(group.olga, "Коллеги, обед", command)
    assert group.answers(chat) == []
