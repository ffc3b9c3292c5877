"""Whoever may not, whatever cannot be: a clear answer or silence, and nothing changes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

from sandbox import Message, Person
from tests.e2e.looking import everything, posts, soon, value
from tests.e2e.stage import Stage

# One of each: what operators do by command, with the number of a ticket.
ORDERS = (
    *("/take {n}", "/release {n}", "/reply {n} слова", "/note {n} слова", "/wait {n} слова?"),
    *("/freeze {n} 2d", "/unfreeze {n}", "/resolve {n}", "/close {n}", "/cancel {n}"),
    *("/reopen {n}", "/title {n} слова", "/topic {n} оплата", "/undo", "/ticket {n}"),
    *("/journal {n}", "/queue", "/overdue", "/find камера", "/report overdue"),
)
# Names that would be markup, turn the line around, pile up, or be nothing at all.
HOSTILE = {
    "<b>Босс</b> & <script>": "<b>Босс</b> & <script>",
    '<a href="https://evil.example">банк</a>': '<a href="https://evil.example">банк</a>',
    "Анна\u202eксеб\u202d\u200f": "Аннаксеб",
    "{name} %s {0}": "{name} %s {0}",
    "Зо\u0301" + "\u0302" * 40: "Зо\u0301\u0302\u0302",
    "\u200b\u2800\u3164": "—",
    "*_`[x](y)||": "*_`[x](y)||",
    "А" * 64: "А" * 64,
}


@dataclass(frozen=True)
class Case:
    """Somebody's ticket that others try their hands on."""

    number: int
    owner: Person
    card: Message
    words: Message


@pytest.fixture
def stage(sealed: Stage) -> Stage:
    return sealed


@pytest.fixture(scope="module")
async def case(sealed: Stage) -> Case:
    owner = sealed.customer("Хозяйка")
    number, card = await sealed.open_ticket(owner, "Чужое дело")
    await owner.say("Ещё слова")
    words = await sealed.group.expect("Ещё слова", reply_to=card)
    await sealed.oleg.reply(card, "Смотрим")
    await owner.expect("Смотрим")
    await sealed.settle()
    return Case(number, owner, card, words)


async def unchanged(stage: Stage, before: dict[str, Any]) -> None:
    await stage.settle()
    for table, rows in everything(stage).items():
        assert rows == before[table], table


def said_in(stage: Stage) -> int:
    """How much the bot has said in the group so far, edits of its messages included."""
    return sum(1 + len(m.revisions) for m in stage.group.history.values() if m.from_bot)


# ------------------------------------------------------------------ who may not


async def test_a_stranger_is_told_whom_the_commands_are_for(stage: Stage, case: Case) -> None:
    eve = stage.customer("Ева")
    await stage.settle()
    before = everything(stage)
    for order in ORDERS:
        name = order.split()[0]
        if name == "/cancel":  # customers have one of their own
            continue
        await eve.say(order.format(n=case.number))
        told = await eve.expect(f"Команда {name} — для сотрудников поддержки", timeout=10)
        assert told.text.endswith("Что можно здесь: /help")
    await unchanged(stage, before)
    assert all("Чужое дело" not in m.text for m in eve.chat.bot_messages)


async def test_an_operator_in_private_is_a_person_as_any(stage: Stage, case: Case) -> None:
    before = everything(stage)
    await stage.oleg.start()
    await stage.oleg.expect("Здравствуйте, Олег.")
    await stage.oleg.say(f"/close {case.number}")
    await stage.oleg.expect("Команда /close работает только в группе операторов")
    await unchanged(stage, before)


async def test_another_group_gets_no_answer_at_all(stage: Stage, case: Case) -> None:
    eve = stage.customer("Ева")
    foreign = stage.world.supergroup("Чужая", members=[eve, stage.olga], bot="admin")
    before = everything(stage)
    for order in (*ORDERS, "/start", "/help", "просто слова"):
        await eve.say(foreign, order.format(n=case.number))
        await stage.olga.say(foreign, order.format(n=case.number))
    await eve.send_album(2, foreign, caption="/take 1")
    await unchanged(stage, before)
    assert foreign.bot_messages == []


async def test_an_anonymous_admin_is_told_why_nothing_happens(stage: Stage, case: Case) -> None:
    vera = stage.world.user("Вера", language="ru")
    await stage.group.add_member(vera)
    await stage.group.promote(vera, is_anonymous=True)
    await stage.settle()
    before = everything(stage)
    for order in (*ORDERS, "ответ"):
        sent = await vera.reply(case.card, order.format(n=case.number))
        assert sent.to_json()["sender_chat"]["id"] == stage.group.id
        told = await stage.group.expect("Вы пишете от имени группы", timeout=10)
        assert told.reply_to is sent
    said = said_in(stage)
    await vera.say(stage.group, "просто слова")
    await unchanged(stage, before)
    assert said_in(stage) == said
    await stage.group.promote(vera, is_anonymous=False)
    taken = await vera.say(stage.group, f"/note {case.number} теперь видно, кто")
    await stage.group.expect_reaction(taken, "✍")


def as_channel(stage: Stage) -> dict[str, Any]:
    sender = {"id": -1009999999999, "type": "channel", "title": "Чужой канал"}
    return {"sender_chat": sender, "from": {"id": 136817688, "is_bot": True, "first_name": "C"}}


def linked_channel(stage: Stage) -> dict[str, Any]:
    sender = {"id": -1009999999998, "type": "channel", "title": "Наш канал"}
    return {
        "sender_chat": sender,
        "is_automatic_forward": True,
        "from": {"id": 777000, "is_bot": False, "first_name": "Telegram"},
    }


def another_bot(stage: Stage) -> dict[str, Any]:
    return {"from": {"id": 424242, "is_bot": True, "first_name": "Bot"}}


def forward(stage: Stage) -> dict[str, Any]:
    origin = {"type": "user", "sender_user": stage.oleg.to_json(), "date": 1}
    return {"from": stage.oleg.to_json(), "forward_origin": origin}


@pytest.mark.parametrize("way", [as_channel, linked_channel, another_bot, forward])
async def test_what_no_person_says_here_themselves_does_nothing(
    stage: Stage, case: Case, way: Any
) -> None:
    """Replies to the card among them, which no app could make of some of these."""
    before, said = everything(stage), said_in(stage)
    for order in (*ORDERS, "ответ", "// заметка"):
        message = {
            "message_id": stage.group.next_id(),
            "date": stage.world.clock.unix(),
            "chat": stage.group.brief(),
            "text": order.format(n=case.number),
            "reply_to_message": case.card.to_json(nested=False),
        }
        stage.world.inject({"message": message | way(stage)})
    await unchanged(stage, before)
    told = stage.group.bot_messages[-len(ORDERS) - 2 :] if said_in(stage) > said else []
    # whoever writes as a channel may be an operator who does not know: they are told why
    assert all(m.text.startswith("Вы пишете от имени") for m in told)
    assert bool(told) == (way is as_channel)


async def test_channel_posts_are_nobodys_orders(stage: Stage, case: Case) -> None:
    before = everything(stage)
    count = len(stage.alerts.bot_messages)
    for order in ORDERS:
        await stage.alerts.post(order.format(n=case.number))
    await unchanged(stage, before)
    assert len(stage.alerts.bot_messages) == count


async def test_a_forwarded_command_of_a_customer_is_words(stage: Stage) -> None:
    anna = stage.customer("Анна")
    number, card = await stage.open_ticket(anna, "Вопрос")
    borrowed = await stage.customer("Борис").say("/cancel")
    await anna.forward(borrowed)
    await stage.group.expect("/cancel", reply_to=card)
    assert value(stage, "SELECT count(*) FROM message WHERE ticket_id=?", number) == 2


async def test_who_has_left_the_group_can_do_nothing_more(stage: Stage, case: Case) -> None:
    dan = stage.world.user("Дан", language="ru")
    await stage.group.add_member(dan)
    press = await (await dan.press_data(case.card, f"t:journal:{case.number}")).answer()
    await stage.group.expect(f"Журнал #{case.number}")
    assert press.text == "Показано ниже."
    await dan.leave(stage.group)
    await stage.settle()
    before, said = everything(stage), said_in(stage)
    for data in (f"t:take:{case.number}", f"t:close!:{case.number}", "l:queue:+:"):
        press = await (await dan.press_data(case.card, data)).answer()
        assert press.text == "На это нет прав. Может помочь администратор."
    await unchanged(stage, before)
    assert said_in(stage) == said


# ------------------------------------------------------------------ forged and old buttons

FORGED = (
    *(
        "",
        "x",
        "t",
        "t:",
        "t:take",
        "t:take:",
        "t:take:0",
        "t:take:-1",
        "t:take:1:1",
        "t:destroy:1",
    ),
    *("t:take:１", "t:take:1 ", "t:take:" + "9" * 50, "f:9h:1", "f::", "q:", "q:x", "a:x", "l:"),
    *("l:nothing:+:", "l:find:+:x", "p:payment", "c:y:1", "c:n:1", "w:1", "w:new", "o:1", "m:new"),
    *("\u0000", "🙋", "t:take:1\n", "' OR 1=1 --", "g:de"),
)


async def test_forged_buttons_of_an_operator_change_nothing(stage: Stage, case: Case) -> None:
    before, said = everything(stage), said_in(stage)
    presses = [stage.olga.press_data(case.card, data).result for data in FORGED]
    presses.append(stage.olga.press_data(case.card, "t:take:999999").result)
    for press in presses:
        await press.answer(timeout=15)
        assert press.text, press.button
    assert presses[-1].text == "Обращения #999999 нет."
    assert "Кнопка устарела." in {press.text for press in presses}
    await unchanged(stage, before)
    assert said_in(stage) == said


async def test_forged_buttons_of_a_customer_change_nothing(stage: Stage, case: Case) -> None:
    """The buttons of operators, and of others' tickets, in a chat of one's own."""
    eve = stage.customer("Ева")
    await eve.say("/help")
    screen = await eve.expect("Просто напишите")
    own, _ = await stage.open_ticket(eve, "Моё")
    await stage.settle()
    before = everything(stage)
    n = case.number
    theirs = (
        f"o:{n}",
        f"c:y:{n}",
        f"c:n:{n}",
        f"w:{n}",
        f"t:take:{n}",
        f"t:close!:{n}",
        f"f:1h:{n}",
    )
    valid = {
        "m:new",
        "o:1",
        "w:1",
        "p:payment",
    }  # harmless screens of one's own, or another's number
    tried = [*theirs, *(data for data in FORGED if data not in valid), f"c:y:{own}"]
    presses = [eve.press_data(screen, data).result for data in tried]
    for press in presses:
        await press.answer(timeout=15)
        assert press.text, press.button
        assert "Чужое дело" not in press.text
    assert {press.text for press in presses[: len(theirs)]} == {"Кнопка устарела."}
    await unchanged(stage, before)
    assert all("Чужое дело" not in m.text for m in eve.chat.bot_messages)


async def test_old_buttons_say_that_they_are_old(stage: Stage) -> None:
    anna = stage.customer("Анна")
    await anna.say("Слова")
    question = await anna.expect("Передать это")
    await (await anna.press("Нет, я случайно")).answer()
    press = await anna.press_data(question, "w:new").result.answer()
    assert press.text == "Кнопка устарела."
    number, card = await stage.open_ticket(anna, "Вопрос")
    await stage.insist(card, "/resolve")
    asked = await anna.expect("Всё работает?")
    yes = asked.button("Да")
    assert yes is not None
    await stage.olga.reply(card, "/close")
    await anna.expect(f"#{number} закрыто")
    await stage.settle()
    before = everything(stage)
    press = await anna.press_data(asked, yes["callback_data"]).result.answer()
    assert press.text
    for data in (f"t:take:{number}", f"t:resolve:{number}", f"f:1h:{number}", f"t:wait:{number}"):
        press = await stage.olga.press_data(card, data).result.answer()
        assert press.text == f"#{number} закрыто. Вернуть его в работу: /reopen {number}"
    await unchanged(stage, before)


async def test_buttons_shown_elsewhere_are_nobodys(stage: Stage, case: Case) -> None:
    """Somebody else's chat with our message in it: the chat must be right, not the data."""
    eve = stage.customer("Ева")
    foreign = stage.world.supergroup("Чужая", members=[eve], bot="admin")
    shown = await eve.say(foreign, "x")
    await stage.settle()
    before = everything(stage)
    for data in (f"t:take:{case.number}", f"t:close!:{case.number}", "l:queue:+:", "w:new"):
        press = await eve.press_data(shown, data).result.answer()
        assert press.text == "Кнопка устарела."
    await unchanged(stage, before)
    assert foreign.bot_messages == []


# ------------------------------------------------------------------ empty and endless words


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/title {n} \u200b\u200e\u2060", "Не хватает слов"),
        ("/reply {n} \u200b", "Не хватает слов"),
        ("/note {n} \u200b", "Не хватает слов"),
        ("/reply 999999 слова", "Обращения #999999 нет."),
        ("/freeze {n} вчера", "«вчера» уже прошло. Например: /freeze {n} завтра 9:00"),
        ("/freeze {n} 31.02", "«31.02» — такого времени нет. Например: /freeze {n} завтра 9:00"),
    ],
)
async def test_empty_words_and_impossible_times_are_refused(
    stage: Stage, case: Case, order: str, answer: str
) -> None:
    before = everything(stage)
    sent = await stage.olga.say(stage.group, order.format(n=case.number))
    refusal = await stage.group.expect(answer.format(n=case.number))
    assert refusal.reply_to is sent
    await unchanged(stage, before)


async def test_an_empty_note_by_its_mark_is_refused(stage: Stage, case: Case) -> None:
    before = everything(stage)
    for words in ("//", "// ", "//\u200b"):
        await stage.olga.reply(case.card, words)
        await stage.group.expect("Заметка пуста")
    await unchanged(stage, before)


async def test_the_last_ten_letters_are_shown_in_as_many_messages_as_it_takes(
    stage: Stage,
) -> None:
    anna = stage.customer("Анна")
    number, card = await stage.open_ticket(anna, "Начало")
    for count in range(14):
        await anna.say(f"Письмо {count}. " + "<&> слово " * 48)
    await stage.world.until(lambda: len(posts(stage, card)) == 14, 20, "all letters")
    await stage.olga.say(stage.group, f"/ticket {number}")
    await stage.group.expect("Письмо 13.", where=lambda m: m.reply_to is not card, timeout=10)
    await stage.settle()
    asked = stage.group.bot_messages.index(posts(stage, card)[-1])
    shown = "\n".join(m.text for m in stage.group.bot_messages[asked + 1 :])
    assert [int(n) for n in re.findall(r"Письмо (\d+)\.", shown)] == list(range(4, 14))
    assert shown.count("<&> слово") == 10 * 48


# ------------------------------------------------------------------ tricks in names


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_customers_name_is_only_a_name(stage: Stage, name: str) -> None:
    shown = HOSTILE[name]
    eve = stage.customer(name)
    number, card = await stage.open_ticket(eve, f"Вопрос {name}")
    assert card.text.splitlines()[1] == f"👤 {shown}"
    assert card.entity_texts("bold") == [f"#{number} · Обращение"]
    assert not {e["type"] for e in card.entities} & {"text_link", "url", "italic", "code"}
    assert "\u202e" not in card.text
    await stage.olga.say(stage.group, f"/ticket {number}")
    whole = await stage.group.expect(rf"👤 {re.escape(shown)}, \d+ [а-я]+, \d+:\d\d")
    assert "text_link" not in {e["type"] for e in whole.entities}
    await stage.insist(card, "/close")
    await soon(lambda: value(stage, "SELECT state FROM ticket WHERE id=?", number) == "closed")


@pytest.mark.parametrize("name", list(HOSTILE)[:4], ids=range(4))
async def test_an_operators_name_is_only_a_name(stage: Stage, name: str) -> None:
    shown = HOSTILE[name]
    op = stage.world.user(name, language="ru")
    await stage.group.add_member(op)
    number, card = await stage.open_ticket(stage.customer("Анна"), "Вопрос")
    await (await op.press_soon("Взять", message=card)).answer()
    await stage.world.until(lambda: f"👷 {shown}" in card.text, 10, "whose it is")
    assert card.entity_texts("bold") == [f"#{number} · Обращение"]
    press = await (await stage.oleg.press_data(card, f"t:take:{number}")).answer()
    assert press.text.startswith(f"#{number} уже взято: {shown}, ")
    await stage.oleg.reply(card, "/release")
    refusal = await stage.group.expect(f"#{number} ведёт")
    assert refusal.text.startswith(f"#{number} ведёт {shown}. ")
    await stage.olga.say(stage.group, f"/journal {number}")
    journal = await stage.group.expect(f"Журнал #{number}")
    assert f" · {shown}: обращение взято" in journal.text
    await stage.group.remove_member(op)


async def test_a_title_in_disguise_is_only_a_title(stage: Stage) -> None:
    number, card = await stage.open_ticket(stage.customer("Анна"), "Вопрос")
    await stage.olga.reply(card, "/title <b>Важно</b>\u202e & <a href='x'>тут</a>")
    title = "<b>Важно</b> & <a href='x'>тут</a>"
    await stage.world.until(lambda: title in card.text, 10, "the title on the card")
    assert card.entity_texts("bold") == [f"#{number} · Обращение"]
    await stage.olga.say(stage.group, f"/find SR-{number}")  # no word of others
    listed = await stage.group.expect("Найдено по")
    assert f"🔴 #{number} Анна · {title}" in listed.text
    assert listed.entity_texts("bold") == [f"Найдено по «SR-{number}»"]
