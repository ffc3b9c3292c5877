"""`/draft`, `/summary`, `/translate` and the card's button, as operators see them (X17)."""

from collections.abc import AsyncIterator

import pytest

from core.assistant.suggestions import settle_lost
from core.texts import Texts
from sandbox import Message as Sent
from tests.handlers.operators.group import Group, operator_group
from tests.handlers.operators.test_quiet import seen_by
from tests.model_server import ModelServer, model_server

INSERT, CHANGE, NO = "Вставить", "Изменить", "Нет"


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as server:
        server.says = lambda _asked: "Здравствуйте, [PERSON_1]. Перезагрузите <камеру>."
        yield server


@pytest.fixture
async def assisted(own_sqlite_url: str, texts: Texts, server: ModelServer) -> AsyncIterator[Group]:
    """The group of a desk that has an assistant."""
    async with operator_group(own_sqlite_url, texts) as group:
        group.settings |= server.settings
        group.restart()
        yield group
        assert group.app.assistant is not None
        await group.app.assistant.close()


def below(group: Group, message: Sent) -> Sent:
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is message]
    return screen


async def ask(group: Group, command: str, to: Sent | None = None) -> Sent:
    """What the assistant suggests below a command of Olga's."""
    return below(group, await group.says(group.olga, command, to=to))


async def test_a_draft_is_seen_by_whoever_asked_and_sent_by_a_button(
    assisted: Group, server: ModelServer
) -> None:
    number = await assisted.ticket("Это Анна, камера MOS_1 не показывает")
    asked = await assisted.says(assisted.olga, f"/черновик {number}")
    screen = below(assisted, asked)
    assert seen_by(screen) == assisted.olga.id
    said = "Здравствуйте, Анна. Перезагрузите <камеру>."
    head, *rest = screen.text.splitlines()
    assert head.startswith(f"#{number} · черновик ответа. Клиент его не видел. «Вставить»")
    assert rest == [said]
    assert screen.keyboard == [[INSERT, CHANGE], [NO]]
    assert "Анна" not in server.sent and "MOS_1" not in server.sent
    assert await assisted.said(number) == []
    await assisted.presses(assisted.olga, screen, INSERT)
    assert await assisted.said(number) == [said]
    assert screen.text.splitlines() == [f"✉ #{number} · Ольга", said]
    assert screen.keyboard == []
    await assisted.deliver()
    assert assisted.anna.last.text.endswith(said)
    shown = [one for one in assisted.chat.bot_messages if one.text.endswith(said)]
    assert [seen_by(one) for one in shown] == [assisted.olga.id, None]


async def test_the_button_of_a_card_leads_to_it(assisted: Group, server: ModelServer) -> None:
    number = await assisted.ticket()
    card = await assisted.card(number)
    server.says = lambda _asked: "Ждёт мастера."
    await assisted.presses(assisted.olga, card, "Ещё")
    await assisted.presses(assisted.olga, card, "Помощник")
    assert [label for row in card.keyboard for label in row] == [
        *("Черновик ответа", "Кратко", "Перевести", "‹ Назад"),
    ]
    press = await assisted.presses(assisted.olga, card, "Кратко")
    assert "Спрашиваем помощника" in (await press.answer()).text
    screen = below(assisted, card)
    assert seen_by(screen) == assisted.olga.id
    assert screen.keyboard == [["В заметку", CHANGE], [NO]]
    await assisted.presses(assisted.olga, screen, "В заметку")
    assert await assisted.notes(number) == ["Ждёт мастера."]
    assert await assisted.said(number) == []


async def test_a_customer_of_another_language_has_a_translation_on_the_card(
    assisted: Group, server: ModelServer
) -> None:
    ann = assisted.world.user("Ann", language="en", started=True)
    number = await assisted.ticket("The gate is dark", by=ann)
    card = await assisted.card(number)
    shown = ["🙋 Взять", "✅ Решено", "🟡 Заморозить", "Перевести", "⋯ Ещё"]
    assert [label for row in card.keyboard for label in row] == shown
    server.says = lambda _asked: "Калитка не освещена"
    await assisted.presses(assisted.olga, card, "Перевести")
    words = ["The gate is dark", "Калитка не освещена"]
    assert below(assisted, card).text.splitlines()[1:] == words
    await assisted.presses(assisted.olga, card, "⋯ Ещё")
    await assisted.presses(assisted.olga, card, "‹ Назад")
    assert [label for row in card.keyboard for label in row] == shown
    ours = await assisted.card(await assisted.ticket("Темно"))
    assert "Перевести" not in [label for row in ours.keyboard for label in row]


async def test_what_is_to_be_changed_is_copied_as_a_command(assisted: Group) -> None:
    number = await assisted.ticket("Не видно")
    screen = await ask(assisted, f"/draft {number}")
    await assisted.presses(assisted.olga, screen, CHANGE)
    command = f"/reply {number} Здравствуйте, Анна. Перезагрузите <камеру>."
    assert screen.text.splitlines()[1:] == [command]
    assert screen.keyboard == []
    assert await assisted.said(number) == []
    await assisted.says(assisted.olga, command.replace("<камеру>", "камеру"))
    assert await assisted.said(number) == ["Здравствуйте, Анна. Перезагрузите камеру."]


async def test_no_is_no(assisted: Group) -> None:
    number = await assisted.ticket("Не видно")
    screen = await ask(assisted, f"/draft {number}")
    await assisted.presses(assisted.olga, screen, NO)
    assert screen.text == f"#{number}: предложение помощника убрано."
    assert await assisted.said(number) == []


async def test_a_colleague_sees_that_somebody_answers(assisted: Group) -> None:
    number = await assisted.ticket("Не видно")
    screen = await ask(assisted, f"/draft {number}")
    await assisted.deliver()
    card = await assisted.card(number)
    assert "Ольга" in card.text
    await assisted.presses(assisted.olga, screen, NO)
    await assisted.deliver()
    assert "Ольга" not in card.text


async def test_both_ways_are_translated(assisted: Group, server: ModelServer) -> None:
    number = await assisted.ticket("The gate is dark")
    server.says = lambda _asked: "Калитка не освещена"
    screen = await ask(assisted, f"/translate {number}")
    assert screen.text.splitlines()[1:] == ["The gate is dark", "Калитка не освещена"]
    assert server.document == {"text": "The gate is dark"}
    server.says = lambda _asked: "We are on it"
    screen = await ask(assisted, f"/перевод {number} Уже чиним")
    assert screen.text.splitlines()[1:] == ["Уже чиним", "We are on it"]
    await assisted.presses(assisted.olga, screen, INSERT)
    assert await assisted.said(number) == ["We are on it"]


async def test_what_goes_wrong_is_said_to_whoever_asked(
    assisted: Group, server: ModelServer
) -> None:
    number = await assisted.ticket()
    server.status = 429
    screen = await ask(assisted, f"/draft {number}")
    assert screen.text == f"#{number}: помощник сейчас занят. Спросите ещё раз через минуту."
    assert seen_by(screen) == assisted.olga.id
    server.status = 200
    server.says = lambda _asked: "Позвоните [PERSON_7] по +7 900 000-00-00"
    screen = await ask(assisted, f"/draft {number}")
    assert screen.keyboard == [[CHANGE], [NO]]
    assert screen.text.splitlines()[1] == "Позвоните … по +7 900 000-00-00"
    assert len(screen.text.splitlines()) == 4


async def test_nothing_waits_for_the_assistant(assisted: Group, server: ModelServer) -> None:
    number = await assisted.ticket()
    server.hangs = True
    await assisted.olga.say(assisted.chat, f"/draft {number}")
    assert await assisted.hand_over() == 1
    await server.reached.wait()
    reply = await assisted.oleg.say(assisted.chat, f"/reply {number} Едем")
    await assisted.hand_over()
    assert await assisted.said(number) == ["Едем"]
    again = await assisted.oleg.say(assisted.chat, f"/draft {number}")
    await assisted.hand_over()
    assert below(assisted, again).text == f"По #{number} помощника уже спросили. Дождитесь ответа."
    assert reply is not again
    server.goes_on.set()
    await assisted.acknowledged()


async def test_a_button_of_a_suggestion_counts_once(assisted: Group) -> None:
    number = await assisted.ticket("Не видно")
    screen = await ask(assisted, f"/draft {number}")
    await assisted.presses(assisted.olga, screen, INSERT)
    press = await assisted.forges(assisted.oleg, screen, f"sg:insert:{number}:1")
    assert "уже нет" in (await press.answer()).text
    assert len(await assisted.said(number)) == 1


async def test_a_desk_without_it_has_no_button_no_command_and_no_help(group: Group) -> None:
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Ещё")
    assert "Помощник" not in [label for row in card.keyboard for label in row]
    for command in ("/draft", "/summary", "/translate", "/черновик", "/перевод"):
        screen = below(group, await group.says(group.olga, f"{command} {number}"))
        assert screen.text.startswith(f"Не знаю команды {command}")
        assert "/draft" not in screen.text.replace(command, "")
    assert "помощник" not in below(group, await group.says(group.olga, "/help")).text
    press = await group.forges(group.olga, card, f"t:draft:{number}")
    assert (await press.answer()).text
    assert await group.rows("SELECT * FROM suggestion") == []


async def test_a_desk_with_it_has_them_in_the_help(assisted: Group) -> None:
    assert (
        "/draft 12 — помощник" in below(assisted, await assisted.says(assisted.olga, "/help")).text
    )


@pytest.mark.parametrize("private", [True, False])
async def test_whoever_asked_before_a_restart_is_told_in_private_or_else_in_the_group(
    assisted: Group, server: ModelServer, private: bool
) -> None:
    number = await assisted.ticket()
    if private:
        await assisted.olga.start()
        await assisted.settle()
    server.hangs = True
    await assisted.olga.say(assisted.chat, f"/draft {number}")
    await assisted.hand_over()
    await server.reached.wait()
    await assisted.app.routes.acknowledgements.finish(0.0)  # as a stop does
    assisted.clock.move(minutes=5)
    await assisted.desk.run(settle_lost)
    await assisted.deliver()
    await assisted.deliver()
    lost = f"#{number}: ответа помощника не будет, бот перезапускался."
    if private:
        assert assisted.olga.last.text.startswith(lost)
    else:
        assert assisted.chat.bot_messages[-1].text.startswith(f"Ольга, {lost}")


async def test_the_journal_and_the_health_tell_of_it(assisted: Group, server: ModelServer) -> None:
    number = await assisted.ticket()
    screen = await ask(assisted, f"/draft {number}")
    await assisted.presses(assisted.olga, screen, NO)
    server.status = 503
    await ask(assisted, f"/summary {number}")
    journal = await ask(assisted, f"/journal {number}")
    told = [line.split(" · ", 1)[1] for line in journal.text.splitlines() if "помощник" in line]
    assert told == [
        "Ольга: вопрос помощнику: черновик",
        "Ольга: помощник ответил: черновик · токенов 120 + 30",
        "Ольга: предложение помощника: черновик · не понадобилось",
        "Ольга: вопрос помощнику: пересказ",
        "Ольга: помощник не ответил: пересказ · занят",
    ]
    await assisted.boss.say("/health")
    await assisted.settle()
    (line,) = [one for one in assisted.boss.last.text.splitlines() if "Помощник" in one]
    assert line.startswith("Помощник в последний раз не ответил (")
    assert line.endswith("): занят. Всё остальное работает.")
