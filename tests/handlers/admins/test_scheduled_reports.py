"""Reports on schedule as they stand in the alert channel, and their switches (C7, H1)."""

import base64
import io
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from channels.telegram import reports
from channels.telegram.addresses import chat_address
from core.addresses import Address
from core.delivery import outbox_store
from core.delivery.channel import SendError
from core.delivery.report_posts import last_week, post_report
from core.reports import charts
from sandbox import Chat
from tests.handlers.operators.group import Group
from tests.leaving import find_leaving


@pytest.fixture
def channel(group: Group) -> Chat:
    made = group.world.channel("Сигналы", members=[group.boss, group.oleg])
    group.known_as(alerts_chat=chat_address(made.id))
    return made


async def report(group: Group, channel: Chat, what: str) -> list[Any]:
    """Its messages."""
    before = len(channel.bot_messages)
    today = group.clock().astimezone(group.desk.company.zone).date()
    since, until = last_week(today)
    week = {"since": since.isoformat(), "until": until.isoformat()}
    chat: Address = chat_address(channel.id)
    await group.desk.run(post_report, chat, what, week if what == "week" else {})
    await group.deliver()
    return list(channel.bot_messages[before:])


def kept(message: Any, name: str) -> Any:
    return message.to_json(nested=False).get(name)


async def test_the_week_is_a_picture_with_numbers_and_lists(group: Group, channel: Chat) -> None:
    await group.ticket()
    await group.ticket()
    group.clock.move(days=7)
    (message,) = await report(group, channel, "week")
    caption = kept(message, "caption")
    assert kept(message, "photo") and "Новых 2, закрыто 0, сейчас открыто 2" in caption
    await group.presses(group.boss, message, "Очередь · 2")
    answer = channel.bot_messages[-1]
    shown = answer.text + str(kept(answer, "caption") or "")
    assert "#1" in shown and "#2" in shown
    assert "Новых 2" in kept(message, "caption"), "the report stays as it is"


async def test_without_a_picture_the_numbers_come_with_a_word(
    group: Group, channel: Chat, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")
    await group.ticket()
    group.clock.move(days=7)
    (message,) = await report(group, channel, "week")
    assert not kept(message, "photo")
    assert "Новых 1" in message.text and "Картинка не получилась" in message.text


async def test_what_is_overdue_is_a_list_with_links_and_a_workbook(
    group: Group, channel: Chat
) -> None:
    for number in range(12):
        await group.ticket(f"Беда {number}")
    group.clock.move(days=5)
    listed, file = await report(group, channel, "overdue")
    assert listed.text.startswith("Просрочено · 12") and "5 дней" in listed.text
    assert "t.me/c/" in str(kept(listed, "entities"))
    found = await group.bot.get_file(kept(file, "document")["file_id"])
    data = io.BytesIO()
    await group.bot.download_file(str(found.file_path), data)
    rows = list(openpyxl.load_workbook(data)["overdue"].iter_rows(values_only=True))
    assert [row[0] for row in rows[1:]] == list(range(1, 13)) and {row[8] for row in rows[1:]} == {
        5
    }
    assert kept(file, "caption").startswith("Просроченные на")
    await group.presses(group.boss, listed, "›")
    assert "#12 " in listed.text


async def test_nothing_overdue_is_said_in_one_line(group: Group, channel: Chat) -> None:
    await group.ticket()
    (message,) = await report(group, channel, "overdue")
    assert message.text == "Просроченных обращений нет."


async def _drawn(_specification: Any) -> bytes:
    """A picture at once."""
    return base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )


async def lose(group: Group) -> Any:
    """Send what waits, whose answer gets lost; return the delivery."""
    ready = await group.desk.read(find_leaving)
    (delivery,) = await group.desk.run(
        outbox_store.claim, [ready[0].id], group.channel.probe_context()
    )
    with pytest.raises(SendError) as caught:
        await group.channel.send(delivery)
    assert caught.value.uncertain
    return delivery


@pytest.mark.parametrize(
    ("what", "method"),
    [("week", "sendPhoto"), ("overdue", "sendMessage"), ("overdue", "sendDocument")],
)
async def test_a_report_whose_answer_was_lost_is_found_and_not_doubled(
    group: Group, channel: Chat, what: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reports, "draw", _drawn)
    await group.ticket()
    group.clock.move(days=7)
    group.world.faults.cut(method=method)
    chat: Address = chat_address(channel.id)
    facts = {"since": "2020-01-06", "until": "2020-01-12"} if what == "week" else {}
    await group.desk.run(post_report, chat, what, facts)
    delivery = await lose(group)
    group.clock.move(hours=1)  # the numbers are others by now, and so is the process
    await group.ticket()
    group.restart()
    await group.channel.recall()
    sent = await group.channel.was_delivered(delivery)
    expected = 1 if what == "week" else 2
    assert sent is not None and len(sent.message_refs) == expected
    assert len(channel.bot_messages) == expected


async def test_an_admin_switches_a_report_off_where_the_settings_are(group: Group) -> None:
    await group.boss.say("/directory")
    await group.settle()
    menu = group.boss.last
    await group.presses(group.boss, menu, "Отчёты · 2")
    assert menu.buttons == ["week", "⚪ overdue", "➕ Добавить", "‹ Назад"]
    await group.presses(group.boss, menu, "week")
    assert "Какой отчёт: цифры за неделю" in menu.text and "Дни: пн" in menu.text
    await group.presses(group.boss, menu, "Выключить")
    ((active,),) = await group.rows("SELECT active FROM report WHERE code='week'")
    assert not active
