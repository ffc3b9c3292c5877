"""What a message goes with crosses over with it: what it answers, quotes, whose it is (X8)."""

import pytest

from bot.polling import ALLOWED
from sandbox import Message as Sent
from tests.handlers.operators.group import Group


async def carry(group: Group) -> None:
    await group.settle()
    await group.deliver()


async def answered(group: Group, words: str = "Проверили, видео есть") -> tuple[int, Sent, Sent]:
    """A ticket with an answer: its number, the answer in the group, and at the customer's."""
    number = await group.ticket()
    said = await group.says(group.olga, words, await group.card(number))
    await group.deliver()
    return number, said, group.anna.chat.find(words)


# From the customer to the operators


async def test_a_customers_reply_answers_the_same_words_in_the_group(group: Group) -> None:
    number, said, received = await answered(group)
    await group.anna.reply(received, "А звука нет")
    await carry(group)
    copy = group.chat.find("А звука нет")
    assert copy.reply_to is said
    assert copy.text == f"👤 Анна · #{number}\nА звука нет"


async def test_a_customers_quote_stays_a_quote(group: Group) -> None:
    _, said, received = await answered(group)
    await group.anna.reply(received, "Где?", quote="видео есть")
    await carry(group)
    copy = group.chat.find("Где?")
    assert copy.reply_to is said
    assert copy.quote is not None and copy.quote["text"] == "видео есть"


async def test_a_quote_of_words_that_are_not_in_the_group_stands_above(group: Group) -> None:
    number = await group.ticket()
    notice = group.anna.chat.find("принято")
    await group.anna.reply(notice, "Почему так долго?", quote="Ответим до")
    await carry(group)
    copy = group.chat.find("Почему так долго?")
    assert copy.text == "В ответ на: «Ответим до»\nПочему так долго?"
    assert copy.reply_to is await group.card(number)


async def test_a_quote_that_has_been_edited_away_stands_above(group: Group) -> None:
    _, said, received = await answered(group)
    await group.anna.reply(received, "Где?", quote="видео есть")
    await group.settle()
    said.content = {**said.content, "text": "Проверили"}  # its update has not come yet
    await group.deliver()
    copy = group.chat.find("Где?")
    assert copy.reply_to is said
    assert copy.text.endswith("\nВ ответ на: «видео есть»\nГде?")


async def test_a_reply_to_a_message_of_another_chat_names_it(group: Group) -> None:
    number = await group.ticket()
    friend = group.world.user("Пётр", started=True)
    elsewhere = await friend.say("У нас тоже темно")
    await group.anna.reply_in(group.anna.chat, elsewhere, "Видите?")
    await carry(group)
    copy = group.chat.find("Видите?")
    assert copy.text == "Ответ на сообщение из другого чата: Пётр\nВидите?"
    assert copy.reply_to is await group.card(number)


async def test_a_forward_names_its_author(group: Group) -> None:
    await group.ticket()
    friend = group.world.user("Пётр", started=True)
    await group.anna.forward(await friend.say("У нас тоже темно"))
    await carry(group)
    assert group.chat.find("У нас тоже темно").text == "Переслано от: Пётр\nУ нас тоже темно"


async def test_a_forward_that_opens_a_ticket_names_its_author_below_the_card(group: Group) -> None:
    friend = group.world.user("Пётр", started=True)
    await group.anna.say("/new")
    await group.settle()
    await group.anna.forward(await friend.say("У нас тоже темно"))
    await carry(group)
    assert group.chat.find("Переслано от: Пётр").reply_to is await group.card(1)


async def test_an_edited_copy_says_so_and_keeps_the_line_about_its_author(group: Group) -> None:
    number, _, received = await answered(group)
    words = await group.anna.reply(received, "А звука нет")
    await carry(group)
    await group.anna.edit(words, "Звука нет совсем")
    await carry(group)
    copy = group.chat.find("Звука нет совсем")
    assert copy.text == f"👤 Анна · #{number} · исправлено\nЗвука нет совсем"


# The question whether to open a ticket, and its confirmation


async def asked_and_opened(group: Group) -> Sent:
    await group.anna.say("Не работает домофон")
    await carry(group)
    question = group.anna.last
    await group.anna.press("Открыть обращение", message=question)
    await group.settle()
    return question


async def test_the_confirmation_takes_the_place_of_the_question_and_leads_to_its_ticket(
    group: Group,
) -> None:
    question = await asked_and_opened(group)
    await group.deliver()
    assert question.text.startswith("Обращение #1 принято.") and question.buttons == []
    await group.ticket("Второе", by=group.anna)
    await group.anna.reply(question, "И звонок не работает")
    await carry(group)
    assert await group.rows("SELECT ticket_id FROM message ORDER BY id DESC LIMIT 1") == [(1,)]


async def test_where_the_question_was_deleted_the_confirmation_is_a_message(group: Group) -> None:
    question = await asked_and_opened(group)
    group.world.chats[group.anna.chat.id].history.pop(question.id)
    await group.deliver()
    assert group.anna.last is not question
    assert group.anna.last.text.startswith("Обращение #1 принято.")


# From the operators to the customer


async def test_an_operators_reply_answers_the_same_words_at_the_customers(group: Group) -> None:
    number = await group.ticket()
    first = await group.anna.say("А звука нет")
    await group.settle()
    await group.anna.say("И ещё мигает")
    await carry(group)
    await group.says(group.olga, "Звук включили", group.chat.find("А звука нет"))
    await group.deliver()
    assert group.anna.last.text == "Звук включили"
    assert group.anna.last.reply_to is first
    assert await group.said(number) == ["Звук включили"]


async def test_an_operators_quote_of_the_customers_words_stays_a_quote(group: Group) -> None:
    await group.ticket()
    first = await group.anna.say("А звука нет, и ещё мигает")
    await carry(group)
    await group.olga.reply(group.chat.find("А звука нет"), "Включили", quote="звука нет")
    await carry(group)
    assert group.anna.last.reply_to is first
    assert group.anna.last.quote is not None
    assert group.anna.last.quote["text"] == "звука нет"


@pytest.mark.parametrize(("quote", "crosses"), [("камера", True), ("не назначен", False)])
async def test_of_a_card_only_the_customers_own_words_are_quoted(
    group: Group, quote: str, *, crosses: bool
) -> None:
    await group.anna.say("/new")
    await group.settle()
    opening = await group.anna.say("Не показывает камера")
    await carry(group)
    await group.olga.reply(await group.card(1), "Смотрим", quote=quote)
    await carry(group)
    answer = group.anna.last
    assert (answer.reply_to, answer.quote is not None) == (opening, crosses)
    assert answer.text == "Смотрим"


async def test_words_elsewhere_that_an_operator_quotes_reach_the_customer_without_their_author(
    group: Group,
) -> None:
    number = await group.ticket()
    channel = group.world.supergroup("Склад", members=[group.olga], bot="admin")
    elsewhere = await group.olga.say(channel, "Камеры привезут в пятницу")
    said = {"text": "в пятницу", "position": 16, "is_manual": True}
    await group.olga.reply_in(group.chat, elsewhere, f"/reply {number} Вот когда", quote=said)
    await carry(group)
    assert group.anna.last.text == "В ответ на: «в пятницу»\nВот когда"


# Edits that nobody would look for


@pytest.mark.parametrize("command", ["/close {n} ! готово", "/resolve {n} готово"])
async def test_an_edit_after_the_end_is_told_in_the_group(group: Group, command: str) -> None:
    number = await group.ticket()
    words = await group.anna.say("Камера у третьего подъезда")
    await carry(group)
    await group.says(group.olga, command.format(n=number))
    await carry(group)
    await group.anna.edit(words, "Камера у пятого подъезда")
    await carry(group)
    line = group.chat.find("клиент исправил сообщение: «Камера у пятого подъезда»")
    assert line.reply_to is await group.card(number)


async def test_an_edit_on_a_waiting_ticket_brings_it_back(group: Group) -> None:
    number = await group.ticket()
    words = await group.anna.say("Камера у подъезда")
    await carry(group)
    await group.says(group.olga, f"/wait {number} У какого?")
    await carry(group)
    assert (await group.row(number)).state == "waiting"
    await group.anna.edit(words, "Камера у пятого подъезда")
    await carry(group)
    row = await group.row(number)
    assert (row.state, row.waiting_since is not None) == ("reopened", True)
    line = group.chat.find("клиент исправил сообщение: «Камера у пятого подъезда»")
    assert line.reply_to is await group.card(number)


async def test_an_edit_of_an_open_ticket_is_no_news(group: Group) -> None:
    await group.ticket()
    words = await group.anna.say("Камера у подъезда")
    await carry(group)
    posts = len(group.chat.bot_messages)
    await group.anna.edit(words, "Камера у пятого подъезда")
    await carry(group)
    assert len(group.chat.bot_messages) == posts


# Reactions


async def react(group: Group, message: Sent, *emoji: str) -> None:
    """Anna reacts, and the desk hears of it: reactions come only to bots that ask for them."""
    await group.bot.get_updates(timeout=0, allowed_updates=list(ALLOWED))
    await group.anna.react(message, *emoji)
    await carry(group)


async def test_a_customers_reaction_to_an_answer_stands_on_it_in_the_group(group: Group) -> None:
    _, said, received = await answered(group)
    assert said.bot_reactions == ["👌"]
    await react(group, received, "❤")
    assert said.bot_reactions == ["❤"]
    await react(group, received)
    assert said.bot_reactions == ["👌"]


async def test_a_thumb_down_on_an_answer_is_said_in_the_group(group: Group) -> None:
    number, said, received = await answered(group)
    await react(group, received, "👎")
    line = group.chat.bot_messages[-1]
    assert line.text == f"👎 от клиента на ответ по #{number}. 👤 Анна"
    assert line.reply_to is said


@pytest.mark.parametrize(
    ("emoji", "state"), [("👍", "closed"), ("👎", "reopened"), ("🤔", "resolved")]
)
async def test_a_reaction_to_does_everything_work_is_the_answer(
    group: Group, emoji: str, state: str
) -> None:
    number, _, _ = await answered(group)
    await group.says(group.olga, f"/resolve {number}")
    await carry(group)
    await react(group, group.anna.chat.find("Всё работает?"), emoji)
    assert (await group.row(number)).state == state
    told = {"closed": "закрыто", "reopened": "Что осталось не так?", "resolved": "Всё работает?"}
    assert told[state] in group.anna.last.text


async def test_a_reaction_to_an_earlier_notice_answers_nothing(group: Group) -> None:
    number, _, _ = await answered(group)
    await group.says(group.olga, f"/resolve {number}")
    await carry(group)
    await react(group, group.anna.chat.find("принято"), "👍")
    assert (await group.row(number)).state == "resolved"


async def test_a_strangers_reaction_changes_nothing(group: Group) -> None:
    _, _, received = await answered(group)
    eve = group.world.user("Ева", started=True)
    before = await group.rows("SELECT count(*) FROM journal")
    group.world.inject(
        {
            "message_reaction": {
                "chat": eve.chat.brief(),
                "message_id": received.id,
                "date": received.date,
                "user": eve.to_json(),
                "old_reaction": [],
                "new_reaction": [{"type": "emoji", "emoji": "👎"}],
            }
        }
    )
    await carry(group)
    assert await group.rows("SELECT count(*) FROM journal") == before
