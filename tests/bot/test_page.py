"""The sandbox's page with the real bot behind it, as `make run` brings them up."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from bot.demo import runner
from bot.demo.clock import DemoClock, set_ahead
from bot.demo.runner import PORT, RunOptions, _port
from bot.settings import Settings, load_settings
from core.desk import utc_now
from sandbox import Chat, demo
from sandbox.mail import MailServers
from sandbox.page import Page, mail_pane
from tests.e2e.warm import WarmProcesses
from tests.sandbox.page.forked import forked_control
from tests.sandbox.page.visitor import Visitor, visiting

DAY = 86_400
WAIT = 30.0


@pytest.fixture
async def visitor(tmp_path: Path, forking: WarmProcesses) -> AsyncIterator[Visitor]:
    """Somebody at the page of a sandbox whose bot takes updates."""
    async with MailServers() as mail, demo.start() as world:
        played = demo.build(world, mail=mail)
        control = forked_control(forking, played, tmp_path)
        page = Page(played, control)
        await control.seed_company()
        async with control.bot, visiting(page) as visitor:
            yield visitor
            await control.close()


async def button(visitor: Visitor, chat: Chat, label: str) -> dict[str, Any]:
    """Where the newest button with this label is."""
    found: dict[str, int] = {}

    def look() -> bool:
        for message in chat.bot_messages:
            for row, labels in enumerate(message.keyboard if message.inline_keyboard else ()):
                for column, text in enumerate(labels):
                    if label in text:
                        found.update(message=message.id, row=row, column=column)
        return bool(found)

    await visitor.world.until(look, WAIT, f"a button {label!r}")
    return found


async def says(visitor: Visitor, chat: Chat, words: str) -> None:
    """The bot's words are in the chat."""

    def look() -> bool:
        return any(re.search(words, message.text) for message in chat.bot_messages)

    await visitor.world.until(look, WAIT, f"{words!r} in {chat.title}")


@pytest.mark.slow
async def test_from_a_ticket_to_its_overdue_alert_over_a_crash(visitor: Visitor) -> None:
    anna, group, alerts = visitor.anna, visitor.group, visitor.page.demo.alerts
    await visitor.act(anna, "start")
    await says(visitor, anna.chat, "Это поддержка")
    await visitor.act(anna, "say", text="камера не работает")
    await visitor.act(anna, "press", **await button(visitor, anna.chat, "Открыть"))
    await button(visitor, group, "Взять")
    deadlines = (await visitor.look())["machine"]["deadlines"]
    assert [(d["number"], d["kind"]) for d in deadlines] == [(1, "reminder"), (1, "answer")]

    await visitor.trouble("kill_bot")
    assert (await visitor.look())["machine"]["bot"] == "killed"
    await visitor.act(anna, "say", text="уже час")
    await visitor.trouble("start_bot")
    await says(visitor, group, "уже час")  # nothing is lost
    assert (await visitor.look())["machine"]["bot"] == "running"

    due = deadlines[-1]["at"] - (await visitor.look())["now"]  # in working time
    await visitor.trouble("advance", seconds=due + 60)
    await says(visitor, alerts, "#1 просрочено")
    told = [
        next(m.date for m in chat.bot_messages if re.search(words, m.text))
        for chat, words in ((group, "ждёт ответа, осталось"), (alerts, "#1"))
    ]
    for date, deadline in zip(told, deadlines, strict=True):
        assert 0 <= date - deadline["at"] < 3600  # each at its time
    machine = (await visitor.look())["machine"]
    assert machine["outbox"]["failed"] == machine["updates"]["quarantined"] == 0
    visitor.world.assert_clean(ignore=("not_modified", "bad_edit", "callback_unanswered"))


@pytest.mark.slow
async def test_the_demonstration_comes_through_the_bot_and_goes_without_a_trace(
    visitor: Visitor,
) -> None:
    group = visitor.group
    async with visitor.listening((await visitor.look())["seq"]) as heard:
        await visitor.trouble("demo", on=True)
        told = [fault["at"] for f in heard.of("faults") for fault in f["faults"] if "of" in fault]
        assert told == sorted(told) and set(told) >= set(range(1, 6))  # a browser sees how far
    found = await visitor.look()
    assert found["faults"] == [{"id": "demo", "kind": "demo"}]
    assert found["offset"] >= 3 * DAY
    assert len(found["people"]) == 13
    await says(visitor, visitor.page.demo.alerts, "#2 просрочено")
    last = {"Марина": "#1 закрыто", "Елена": "#3 отложили", "Нина": "Смотрим регистратор"}
    for person in visitor.world.people.values():
        if person.first_name in last:
            await says(visitor, person.chat, last[person.first_name])
    marks = {message.text[0] for message in group.bot_messages if re.match(r". #\d", message.text)}
    assert {"🔴", "⚪"} <= marks  # the others follow as Telegram's pace allows
    await says(visitor, group, r"#3 · Неисправность камеры\n(.*\n)+.* · 📷 MOS_07_05(.*\n)+🛠 T1")
    await says(visitor, group, "#5 на уровне 2, «Вторая линия»: Олег")
    soon = {
        d["kind"]: d["at"] - found["now"] for d in found["machine"]["deadlines"] if d["number"] == 6
    }
    assert 0 < soon["resolution"] < 3600
    await visitor.trouble("demo", on=False)
    anew = await visitor.look()
    assert anew["offset"] == 0 and len(anew["people"]) == 7
    assert not any(chat["messages"] for chat in anew["chats"])
    assert (anew["machine"]["bot"], anew["machine"]["updates"]["stored"]) == ("running", 0)
    await visitor.act(visitor.anna, "say", text="всё сначала")
    await visitor.act(visitor.anna, "press", **await button(visitor, visitor.anna.chat, "Открыть"))
    await says(visitor, visitor.anna.chat, "#1 принято")
    visitor.world.assert_clean(ignore=("not_modified", "bad_edit", "callback_unanswered"))


def test_a_shifted_clock_follows_its_file(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = DemoClock(file)
    assert abs((clock() - utc_now()).total_seconds()) < 1
    for ahead in (3600.0, 3 * DAY + 0.5, 0.0):
        set_ahead(file, ahead)
        assert (clock() - utc_now()).total_seconds() == pytest.approx(ahead, abs=1)
    assert list(tmp_path.iterdir()) == [file]


def test_the_page_has_its_usual_port_or_any_that_is_free() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):  # somebody has it: as good
            other.bind(("127.0.0.1", PORT))
            other.listen()
        assert _port(None) == 0
    assert _port(1234) == 1234


async def test_the_options_reach_the_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[RunOptions] = []

    async def run_demo(_settings: Settings, manner: RunOptions | None = None) -> int:
        played.append(manner or RunOptions())
        return 0

    monkeypatch.setattr(runner, "run_demo", run_demo)
    for line in ("run", "sandbox", "sandbox --port 81 --open --no-console --basic-group --forum"):
        options = cli.parse_arguments(line.split())
        await runner.command(load_settings({}), options)
    other = RunOptions(81, console=False, browser=True, basic_group=True, forum=True)
    assert played == [RunOptions(), RunOptions(), other]


async def test_a_customer_writes_mail_and_reads_the_answer(visitor: Visitor) -> None:
    words = {"as": "anna", "subject": "Калитка", "text": "Не открывается."}
    status, _ = await visitor.ask("/page/mail", words)
    assert status == 200
    await says(visitor, visitor.group, "Не открывается.")
    card = next(one for one in visitor.group.bot_messages if "Не открывается." in one.text)
    await visitor.act(
        visitor.olga, "say", visitor.group, reply_to=card.id, text="Нажмите два раза."
    )
    mail = visitor.page.demo.mail
    assert mail is not None

    def answered() -> bool:
        return "Нажмите два раза." in _newest(visitor)

    await visitor.world.until(answered, WAIT, "the answer in Anna's mailbox")
    newest = mail_pane.letters(visitor.page.demo, "anna")["letters"][0]
    assert newest["subject"].startswith("Re: Калитка [SR-")


def _newest(visitor: Visitor) -> str:
    found = mail_pane.letters(visitor.page.demo, "anna")["letters"]
    return str(found[0]["text"]) if found else ""
