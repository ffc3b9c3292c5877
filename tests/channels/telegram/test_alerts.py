"""Alerts and reminders: taken back when they are over, told as one when many come at once."""

from datetime import timedelta

import pytest

from core.delivery import digest_lines, outbox
from core.tickets.conversation import note
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from core.words.names import gender_of
from sandbox import Message
from tests.channels.telegram.house import House

DEADLINE = timedelta(days=3)
BEFORE = timedelta(hours=4)


async def opened(house: House, *words: str) -> list[int]:
    numbers = [await house.open(house.anna.say(one).result) for one in words]
    await house.pump()
    return numbers


async def later(house: House, span: timedelta) -> None:
    """Time passes in small steps, as for a desk that runs; then what is due is told."""
    house.clock.move(span.total_seconds() - 30)
    await house.desk.run(sweep)
    house.clock.move(30)
    await house.desk.run(sweep)
    await house.pump()


async def answered(house: House, number: int) -> None:
    await house.answer(number, house.oleg.say(house.group, "Готово").result)
    await house.pump()


def reminders(house: House) -> list[Message]:
    return [m for m in house.group.bot_messages if m.text.startswith(("⏳", "✅"))]


async def test_an_alert_is_taken_back_when_the_answer_has_come(house: House) -> None:
    (number,) = await opened(house, "The camera is dark")
    await later(house, DEADLINE)
    (alert,) = house.alerts.bot_messages
    assert alert.text.startswith(f"⭕ #{number} просрочено")
    house.clock.move(12 * 60)
    await answered(house, number)
    assert alert.text == f"✅ #{number}: ответ дан, Oleg, опоздание 12 мин"
    assert alert.buttons == ["Открыть"] and len(house.alerts.bot_messages) == 1
    house.world.assert_clean(ignore=("not_modified",))


async def test_a_note_takes_no_alert_back(house: House) -> None:
    (number,) = await opened(house, "The camera is dark")
    await later(house, DEADLINE)
    written = house.read(house.oleg.say(house.group, "// later").result)
    await house.as_operator(lambda tx: note(tx, number, written))
    await house.as_operator(lambda tx: take(tx, number))
    await house.pump()
    (alert,) = house.alerts.bot_messages
    assert alert.text.startswith(f"⭕ #{number} просрочено")


@pytest.mark.parametrize(
    ("verb", "told"), [("freeze", "заморожено"), ("resolve", "решено"), ("cancel", "отменено")]
)
async def test_an_alert_says_what_else_has_ended_the_wait(
    house: House, verb: str, told: str
) -> None:
    (number,) = await opened(house, "The camera is dark")
    await later(house, DEADLINE)
    await house.as_operator(lambda tx: move(tx, number, verb))
    await house.pump()
    (alert,) = house.alerts.bot_messages
    assert alert.text == f"✅ #{number}: {told}, Oleg"


async def test_a_reminder_is_taken_back_as_well(house: House) -> None:
    (number,) = await opened(house, "The camera is dark")
    await later(house, DEADLINE - BEFORE)
    (reminder,) = reminders(house)
    assert reminder.text.startswith(f"⏳ #{number} ждёт ответа, осталось 4 ч")
    await answered(house, number)
    assert reminder.text == f"✅ #{number}: ответ дан, Oleg"


async def test_a_late_reminder_tells_the_time_that_is_left(house: House) -> None:
    (number,) = await opened(house, "The camera is dark")
    house.clock.move((DEADLINE - BEFORE).total_seconds())
    await house.desk.run(sweep)
    house.clock.move(3 * 3600)  # Telegram was out of reach
    await house.pump()
    (reminder,) = reminders(house)
    assert reminder.text.startswith(f"⏳ #{number} ждёт ответа, осталось 1 ч")


async def test_a_reminder_that_comes_after_the_deadline_is_not_sent(house: House) -> None:
    await opened(house, "The camera is dark")
    house.clock.move((DEADLINE - BEFORE).total_seconds())
    await house.desk.run(sweep)
    house.clock.move(5 * 3600)
    await house.pump()
    assert not reminders(house)


async def test_reminders_of_one_moment_are_one_message_with_customers_titles_and_links(
    house: House,
) -> None:
    words = [f"Camera {name} is dark" for name in ("one", "two", "three", "four")]
    numbers = await opened(house, *words)
    await later(house, DEADLINE - BEFORE)
    (digest,) = reminders(house)
    assert digest.text.split("\n") == [
        "⏳ Скоро срок у 4 обращений",
        *(f"#{number} Anna · {about}" for number, about in zip(numbers, words, strict=True)),
    ]
    assert len(digest.entity_texts("text_link")) == len(numbers)
    await answered(house, numbers[1])
    assert digest.text.split("\n")[2] == (f"#{numbers[1]} Anna · {words[1]} — ✅ ответ дан, Oleg")
    await later(house, BEFORE)
    (alert,) = house.alerts.bot_messages
    others = list(zip(numbers, words, strict=True))
    del others[1]
    assert alert.text.split("\n") == [
        "⭕ Просрочено 3 обращения",
        *(f"#{number} Anna · {about}" for number, about in others),
    ]
    await house.as_operator(lambda tx: move(tx, numbers[0], "cancel"))
    await house.pump()
    assert alert.text.split("\n")[1].endswith("— ✅ отменено, Oleg")
    assert alert.text.split("\n")[2:] == [f"#{n} Anna · {about}" for n, about in others[1:]]


async def test_a_digest_of_very_many_counts_those_without_a_line(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (digest_lines, outbox):
        monkeypatch.setattr(module, "MOST", 2)
    numbers = await opened(house, *(f"Camera {at} is dark" for at in range(5)))
    await later(house, DEADLINE)
    (alert,) = house.alerts.bot_messages
    head, *lines, last = alert.text.split("\n")
    assert (head, len(lines), last) == ("⭕ Просрочено 5 обращений", 2, "и ещё 3")
    await answered(house, numbers[0])
    assert alert.text.split("\n")[0] == head and alert.text.split("\n")[-1] == last


@pytest.mark.parametrize(
    ("name", "form"),
    [
        *(("Ольга", "_f"), ("Мария Ивановна", "_f"), ("Любовь", "_f"), ("Олег", "_m")),
        *(("Никита", "_m"), ("Илья Орлов", "_m"), ("Саша", ""), ("Oleg", ""), ("", "")),
    ],
)
def test_verbs_agree_with_the_names_that_tell(name: str, form: str) -> None:
    assert gender_of(name) == form
