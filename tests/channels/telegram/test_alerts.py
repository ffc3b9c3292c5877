"""Alerts and reminders: taken back when they are over, told as one when many come at once."""

from datetime import timedelta

import pytest

from core.delivery import digest_lines, notice_words
from core.tickets.conversation import note
from core.tickets.lifecycle import move, take
from core.tickets.sweep import sweep
from core.words.names import gender_of
from sandbox import Message
from tests.channels.telegram.harness import ChannelHarness

DEADLINE = timedelta(days=3)
BEFORE = timedelta(hours=4)


async def opened(harness: ChannelHarness, *words: str) -> list[int]:
    numbers = [await harness.open(harness.anna.say(one).result) for one in words]
    await harness.pump()
    return numbers


async def later(harness: ChannelHarness, span: timedelta) -> None:
    """Time passes in small steps, as for a desk that runs; then what is due is told."""
    harness.clock.move(span.total_seconds() - 30)
    await harness.desk.run(sweep)
    harness.clock.move(30)
    await harness.desk.run(sweep)
    await harness.pump()


async def answered(harness: ChannelHarness, number: int) -> None:
    await harness.answer(number, harness.oleg.say(harness.group, "Готово").result)
    await harness.pump()


def reminders(harness: ChannelHarness) -> list[Message]:
    return [m for m in harness.group.bot_messages if m.text.startswith(("⏳", "✅"))]


async def test_an_alert_is_taken_back_when_the_answer_has_come(harness: ChannelHarness) -> None:
    (number,) = await opened(harness, "The camera is dark")
    await later(harness, DEADLINE)
    (alert,) = harness.alerts.bot_messages
    assert alert.text.startswith(f"⭕ #{number} просрочено")
    harness.clock.move(12 * 60)
    await answered(harness, number)
    assert alert.text == f"✅ #{number}: ответ дан, Oleg, опоздание 12 мин"
    assert alert.buttons == ["Открыть"] and len(harness.alerts.bot_messages) == 1
    harness.world.assert_clean(ignore=("not_modified",))


async def test_a_note_takes_no_alert_back(harness: ChannelHarness) -> None:
    (number,) = await opened(harness, "The camera is dark")
    await later(harness, DEADLINE)
    written = harness.read(harness.oleg.say(harness.group, "// later").result)
    await harness.as_operator(lambda tx: note(tx, number, written))
    await harness.as_operator(lambda tx: take(tx, number))
    await harness.pump()
    (alert,) = harness.alerts.bot_messages
    assert alert.text.startswith(f"⭕ #{number} просрочено")


@pytest.mark.parametrize(
    ("verb", "told"), [("freeze", "заморожено"), ("resolve", "решено"), ("cancel", "отменено")]
)
async def test_an_alert_says_what_else_has_ended_the_wait(
    harness: ChannelHarness, verb: str, told: str
) -> None:
    (number,) = await opened(harness, "The camera is dark")
    await later(harness, DEADLINE)
    await harness.as_operator(lambda tx: move(tx, number, verb))
    await harness.pump()
    (alert,) = harness.alerts.bot_messages
    assert alert.text == f"✅ #{number}: {told}, Oleg"


async def test_a_reminder_is_taken_back_as_well(harness: ChannelHarness) -> None:
    (number,) = await opened(harness, "The camera is dark")
    await later(harness, DEADLINE - BEFORE)
    (reminder,) = reminders(harness)
    assert reminder.text.startswith(f"⏳ #{number} ждёт ответа, осталось 4 ч")
    await answered(harness, number)
    assert reminder.text == f"✅ #{number}: ответ дан, Oleg"


async def test_a_late_reminder_tells_the_time_that_is_left(harness: ChannelHarness) -> None:
    (number,) = await opened(harness, "The camera is dark")
    harness.clock.move((DEADLINE - BEFORE).total_seconds())
    await harness.desk.run(sweep)
    harness.clock.move(3 * 3600)  # Telegram was out of reach
    await harness.pump()
    (reminder,) = reminders(harness)
    assert reminder.text.startswith(f"⏳ #{number} ждёт ответа, осталось 1 ч")


async def test_a_reminder_that_comes_after_the_deadline_is_not_sent(
    harness: ChannelHarness,
) -> None:
    await opened(harness, "The camera is dark")
    harness.clock.move((DEADLINE - BEFORE).total_seconds())
    await harness.desk.run(sweep)
    harness.clock.move(5 * 3600)
    await harness.pump()
    assert not reminders(harness)


async def test_reminders_of_one_moment_are_one_message_with_customers_titles_and_links(
    harness: ChannelHarness,
) -> None:
    words = [f"Camera {name} is dark" for name in ("one", "two", "three", "four")]
    numbers = await opened(harness, *words)
    await later(harness, DEADLINE - BEFORE)
    (digest,) = reminders(harness)
    assert digest.text.split("\n") == [
        "⏳ Скоро срок у 4 обращений",
        *(f"#{number} Anna · {about}" for number, about in zip(numbers, words, strict=True)),
    ]
    assert len(digest.entity_texts("text_link")) == len(numbers)
    await answered(harness, numbers[1])
    assert digest.text.split("\n")[2] == (f"#{numbers[1]} Anna · {words[1]} — ✅ ответ дан, Oleg")
    await later(harness, BEFORE)
    (alert,) = harness.alerts.bot_messages
    others = list(zip(numbers, words, strict=True))
    del others[1]
    assert alert.text.split("\n") == [
        "⭕ Просрочено 3 обращения",
        *(f"#{number} Anna · {about}" for number, about in others),
    ]
    await harness.as_operator(lambda tx: move(tx, numbers[0], "cancel"))
    await harness.pump()
    assert alert.text.split("\n")[1].endswith("— ✅ отменено, Oleg")
    assert alert.text.split("\n")[2:] == [f"#{n} Anna · {about}" for n, about in others[1:]]


async def test_a_digest_of_very_many_counts_those_without_a_line(
    harness: ChannelHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (digest_lines, notice_words):
        monkeypatch.setattr(module, "MOST", 2)
    numbers = await opened(harness, *(f"Camera {at} is dark" for at in range(5)))
    await later(harness, DEADLINE)
    (alert,) = harness.alerts.bot_messages
    head, *lines, last = alert.text.split("\n")
    assert (head, len(lines), last) == ("⭕ Просрочено 5 обращений", 2, "и ещё 3")
    await answered(harness, numbers[0])
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
