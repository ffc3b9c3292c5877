"""Russian and English: people read their own, the group reads the company's."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from sandbox import Message, Person
from tests.e2e.hours import all_falls_due, pass_hours
from tests.e2e.looking import assert_sealed, soon, value
from tests.e2e.stage import Stage, staged

CYRILLIC = re.compile("[А-Яа-яЁё]")
LATIN = re.compile(r"(?<![/#@\w])[A-Za-z]{2,}")
DATE = r"\d{1,2} [A-Z][a-z]+, \d{1,2}:\d\d"


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """An English desk; its operators' Telegram speaks Russian, which is nobody's business."""
    english = {"DEFAULT_LANGUAGE": "en", "COMPANY_NAME": "Our Yard"}
    async with (
        staged(tmp_path_factory.mktemp("english"), draws_soon=True) as stage,
        stage.process(**english),
    ):
        yield stage
        assert_sealed(stage)
        stage.clean()


@pytest.fixture
def russian(sealed: Stage) -> Stage:
    """A Russian desk."""
    return sealed


def read_by(person: Person) -> str:
    """All that the bot has said to somebody, buttons included."""
    lines = [(m.text, *m.buttons) for m in person.chat.bot_messages]
    return "\n".join(text for line in lines for text in line)


async def number_of(person: Person, words: str) -> tuple[int, Message]:
    accepted = await person.expect(words)
    return int(re.findall(r"#(\d+)", accepted.text)[0]), accepted


async def whole_story(stage: Stage, alice: Person, words: dict[str, str]) -> None:
    """Everything that a customer can be told, each word in their language."""
    await alice.start()
    await alice.expect(words["hello"])
    await alice.press(words["new"])
    await alice.press_soon(words["payment"])
    await alice.expect(words["describe"])
    await alice.say("1234")
    number, _ = await number_of(alice, words["accepted"])
    card = await stage.card(number)
    for order, told in (
        ("/take", words["taken"]),
        ("/freeze 2d", words["frozen"]),
        ("/resolve", words["resolved"]),
        ("/close", words["closed"]),
        ("/reopen", words["reopened"]),
        ("/cancel", words["cancelled"]),
    ):
        await (stage.insist if order == "/resolve" else stage.olga.reply)(card, order)
        await alice.expect(told.format(n=number), since=alice.last)
        await stage.settle()  # buttons below a question go in two steps, which could be one
    await alice.say("/cancel")
    await alice.say("567")
    await alice.expect(words["whether"])
    await alice.press(words["accident"])
    await alice.expect(words["forgotten"], edited=True)
    await alice.say(words["mine"])
    await alice.expect(words["yours"])
    await alice.send_poll(question="?")
    await alice.expect(words["poll"])
    await alice.say("/take 1")
    await alice.expect(words["elsewhere"])
    await alice.say("/nwe")
    await alice.expect(words["guess"])
    await alice.say("/help")
    await alice.expect(words["help"])
    await alice.say("/cancel")
    await alice.expect(words["nothing"])


ENGLISH = {
    "hello": "Hello, Alice. This is",
    "new": "New ticket",
    "payment": "Payment",
    "describe": "Payment. Describe",
    "accepted": rf"Ticket #\d+ is in. You will hear from us by {DATE}",
    "taken": "ticket #{n}",
    "frozen": "Ticket #{n} is put off until",
    "resolved": "Ticket #{n} is done",
    "closed": "Ticket #{n} is closed",
    "reopened": "ticket #{n}",
    "cancelled": "Ticket #{n} is cancelled",
    "whether": "Shall we pass this to support?",
    "accident": "by accident",
    "forgotten": "we will not pass it on",
    "mine": "📂 My tickets",
    "yours": "Your tickets",
    "poll": "A poll cannot be passed on",
    "elsewhere": "/take is for those who work in support",
    "guess": "Did you mean /new?",
    "help": "/language",
    "nothing": "nothing",
}
RUSSIAN = {
    "hello": "Здравствуйте, Alice. Это поддержка",
    "new": "Новое обращение",
    "payment": "Оплата",
    "describe": "Оплата. Опишите",
    "accepted": r"Обращение #\d+ принято. Ответим до \d+ \S+, \d+:\d\d",
    "taken": "Обращение #{n} взяли в работу.",
    "frozen": "Обращение #{n} отложили до",
    "resolved": "По обращению #{n} готово",
    "closed": "Обращение #{n} закрыто",
    "reopened": "Вернули обращение #{n} в работу",
    "cancelled": "Обращение #{n} отменено",
    "whether": "Передать это в поддержку?",
    "accident": "случайно",
    "forgotten": "не передаём",
    "mine": "📂 Мои обращения",
    "yours": "Ваши обращения",
    "poll": "Опрос передать не получится",
    "elsewhere": "Команда /take — для сотрудников поддержки",
    "guess": "Может быть, /new?",
    "help": "/language",
    "nothing": "нечего",
}


@pytest.mark.parametrize("language", ["en", "en-GB", "de", "pt-br"])
async def test_an_english_telegram_is_spoken_to_in_english_at_a_russian_desk(
    russian: Stage, language: str
) -> None:
    alice = russian.world.user("Alice", language=language)
    if language in {"en", "de"}:
        await whole_story(russian, alice, ENGLISH)
    else:
        await alice.start()
        await alice.expect(ENGLISH["hello"])
    assert not CYRILLIC.search(read_by(alice).replace("Наш двор", ""))


async def test_a_russian_telegram_is_spoken_to_in_russian_at_an_english_desk(stage: Stage) -> None:
    alice = stage.world.user("Alice", language="ru")
    await whole_story(stage, alice, RUSSIAN)
    said = read_by(alice).replace("Our Yard", "").replace("Alice", "")
    assert not LATIN.search(said), LATIN.search(said)


async def test_who_keeps_their_language_to_themselves_reads_the_companys(
    stage: Stage, russian: Stage
) -> None:
    for desk, hello in ((stage, "Hello, Alice."), (russian, "Здравствуйте, Alice.")):
        alice = desk.world.user("Alice", language=None)
        await alice.start()
        await alice.expect(hello)


async def test_the_language_is_changed_and_stays_changed(stage: Stage) -> None:
    alice = stage.world.user("Alice", language="en")
    await alice.start()
    await alice.expect("Hello")
    number, card = await stage.open_ticket(alice, "1234")
    await alice.say("/language")
    question = await alice.expect("Which language shall we speak?")
    assert "На каком языке" in question.text
    assert question.buttons == ["Русский", "English"]
    await (await alice.press("Русский", message=question)).answer()
    await alice.expect("Говорим по-русски.", edited=True)
    menu = await alice.expect("Меню теперь тоже на русском")
    assert menu.buttons == ["📝 Новое обращение", "📂 Мои обращения"]
    await stage.olga.reply(card, "/take")
    await alice.expect(f"Обращение #{number} взяли в работу.")
    await alice.say("📂 My tickets")  # a button of the old menu, in a client that still shows it
    await alice.expect("Ваши обращения")
    assert stage.bot is not None
    await stage.rest()
    await stage.bot.restart(kill=True)
    await stage.insist(card, "/resolve")
    await alice.expect(f"По обращению #{number} готово")
    await alice.say("/language")
    await (await alice.press_soon("English")).answer()
    await alice.expect("We will speak English.", edited=True)
    await stage.olga.reply(card, "/close")
    await alice.expect(f"Ticket #{number} is closed", since="start")
    language = "SELECT language FROM person WHERE address='telegram:' || ?"
    assert value(stage, language, alice.id) == "en"


async def test_the_group_reads_the_companys_language_whoever_asks(
    stage: Stage, russian: Stage
) -> None:
    number, card = await stage.open_ticket(stage.customer("Анна"), "1234")
    assert "not assigned" in card.text or "nobody" in card.text
    assert card.keyboard[0][0].endswith("Take")
    press = await (await stage.olga.press_soon("Take", message=card)).answer()
    assert press.text == f"Ticket #{number} is yours."
    await stage.olga.say(stage.group, "/queue")
    await stage.group.expect("Queue · ")
    emma = russian.world.user("Emma", language="en")
    await russian.group.add_member(emma)
    number, card = await russian.open_ticket(russian.customer("Alice", "en"), "1234")
    press = await (await emma.press_soon("Взять", message=card)).answer()
    assert press.text == f"Обращение #{number} ваше."
    await emma.say(russian.group, f"/freeze {number} tomorrow 9:00")
    await russian.world.until(
        lambda: re.search(r"Заморожено до \d+ \w+, 9:00", card.text), 10, "frozen"
    )
    await emma.say(russian.group, "/take")
    await russian.group.expect("Не хватает номера: /take 12")


@pytest.mark.parametrize(
    ("order", "answer"),
    [
        ("/take 999999", "There is no ticket #999999."),
        ("/take", "The number is missing: /take 12"),
        ("/take 12abc", "12abc"),
        ("/tke {n}", "Did you mean /take?"),
        ("/freeze {n} yesterday", "“yesterday”"),
        ("/freeze {n} 25:99", "“25:99”"),
        ("/reply {n}", "For example: /reply 12"),
        ("/topic {n} whatever", "There is no topic “whatever”. There are: General"),
        ("/queue whatever", "whatever"),
        ("/find", "For example: /find"),
        ("/find whatever", "Nothing was found for “whatever”"),
        ("/undo", "Reply with /undo to your own answer"),
        ("/report overdue", "You may not do that. An admin can help."),
        ("/release {n}", "#{n} has no assignee anyway."),
        ("/reopen {n}", "#{n} is open already"),
        ("/help", "/take 12 — make it yours"),
        ("/ticket {n}", "Opened"),
        ("/journal {n}", "Journal of #{n}"),
        ("/my", "You have no open tickets"),
        ("/overdue", "Nothing is overdue."),
    ],
)
async def test_operators_of_an_english_desk_are_answered_in_english(
    stage: Stage, open_one: int, order: str, answer: str
) -> None:
    sent = await stage.oleg.say(stage.group, order.format(n=open_one))
    told = await stage.group.expect(answer.format(n=open_one))
    assert told.reply_to is sent
    theirs = told.text.replace("Олег", "").replace("Анна", "")
    assert not CYRILLIC.search(theirs), theirs


@pytest.fixture(scope="module")
async def open_one(stage: Stage) -> int:
    number, _ = await stage.open_ticket(stage.customer("Alice", "en"), "1234")
    return number


async def test_the_clock_speaks_english_at_an_english_desk(stage: Stage) -> None:
    await all_falls_due(stage)
    number, card = await stage.open_ticket(stage.customer("Alice", "en"), "1234")
    await stage.olga.reply(card, "/take")
    await soon(lambda: value(stage, "SELECT assignee_id FROM ticket WHERE id=?", number))
    pass_hours(stage, 70)
    reminder = await stage.group.expect(f"#{number}", reply_to=card, timeout=15)
    assert re.fullmatch(
        rf"⏳ #{number} waits for an answer, (2 h|1 h 59 min) left\. 👷 Ольга", reminder.text
    )
    pass_hours(stage, 3)
    alert = await stage.alerts.expect(f"#{number} is 1 h late", timeout=15)
    assert re.fullmatch(
        rf"⭕ #{number} is 1 h late · 1234 · 👷 Ольга · waiting since \d+ [A-Z][a-z]+, \d+:\d\d",
        alert.text,
    )
    assert alert.buttons == ["Open"]
    await stage.world.until(lambda: card.text.startswith("⭕"), 15, "late")
    assert "was due" in card.text
    await stage.olga.reply(card, "/freeze 2s waiting for the parts")
    woke = await stage.group.expect("awake", timeout=15)
    assert woke.text == f"🟡→🔴 #{number} is awake: “waiting for the parts”. 👷 Ольга"
