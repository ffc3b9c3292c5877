"""What happens around the desk: outages, lost answers, stops, a group that moves, a mute mail."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope

from sandbox.process import python, tied
from tests.channels.email.server import Relay, read
from tests.e2e.looking import posts, soon, value
from tests.e2e.stage import ROOT, Stage, staged
from tests.ports import free_port

# A token such as Telegram gives; nothing that the bot says may ever hold its second half.
CANARY = "c4naryN3verShownc4naryN3verShown123"
TOKEN = f"4242424242:{CANARY}"


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A basic group, a talkative bot; after all that happens to it its token was never shown."""
    folder = tmp_path_factory.mktemp("faults")
    async with staged(folder, basic=True, token=TOKEN) as stage:
        stage.settings["LOG_LEVEL"] = "debug"
        async with stage.process() as bot:
            yield stage
    assert "Traceback" not in bot.output
    assert CANARY not in bot.output


# ------------------------------------------------------------------ Telegram in trouble


async def test_an_answer_of_telegram_that_was_lost_does_not_double_what_stands(
    stage: Stage,
) -> None:
    anna = stage.customer("Анна")
    _, card = await stage.open_ticket(anna, "Первые слова")
    to_group = stage.world.faults.cut(method="sendMessage", chat=stage.group)
    await anna.say("Дошло ли это?")
    await stage.world.until(lambda: to_group.hits, 30, "the group's answer was lost")
    to_anna = stage.world.faults.cut(method="sendMessage", chat=anna)
    await stage.olga.reply(card, "Дошло")
    await stage.world.until(lambda: to_anna.hits, 30, "Anna's answer was lost")
    await anna.expect("Дошло", timeout=30)
    await anna.say("И ещё")
    await stage.group.expect("И ещё", reply_to=card, timeout=30)
    await stage.settle(60)
    assert [m.text for m in posts(stage, card)] == ["Дошло ли это?", "И ещё"]
    assert [m.text for m in anna.chat.bot_messages].count("Дошло") == 1


async def test_a_chat_that_must_wait_five_minutes_holds_up_nobody_else(stage: Stage) -> None:
    slow, quick = stage.customer("Вера"), stage.customer("Глеб")
    _, card = await stage.open_ticket(slow, "Меня ждут")
    flood = stage.world.faults.flood(300, method="sendMessage", chat=slow)
    await stage.olga.reply(card, "Это придёт через пять минут")
    await stage.world.until(lambda: flood.hits, 30, "Telegram said 429")
    refused = len([c for c in stage.world.calls_of("sendMessage") if c.code == 429])
    _, other = await stage.open_ticket(quick, "А меня нет")
    await stage.olga.reply(other, "Сразу")
    await quick.expect("Сразу", timeout=30)
    calls = [c for c in stage.world.calls_of("sendMessage") if c.code == 429]
    assert len(calls) == refused == 1
    row = "SELECT state, attempts FROM outbox WHERE address=? AND state='queued'"
    assert stage.query(row, str(slow.id)) == [("queued", 0)]
    assert "Это придёт через пять минут" not in [m.text for m in slow.chat.bot_messages]


async def test_what_was_said_during_an_outage_arrives_after_it(stage: Stage) -> None:
    dina = stage.customer("Дина")
    _, card = await stage.open_ticket(dina, "Есть кто?")
    outage = asyncio.create_task(stage.world.faults.restart(0.5))
    await dina.say("Пишу, пока связи нет")
    await stage.olga.reply(card, "Отвечаю, пока связи нет")
    await outage
    await dina.expect("Отвечаю, пока связи нет", timeout=60)
    await stage.group.expect("Пишу, пока связи нет", reply_to=card, timeout=60)


# ------------------------------------------------------------------ stopping


async def test_a_stop_with_work_in_flight_ends_in_time_and_loses_nothing(stage: Stage) -> None:
    bot, egor = stage.bot, stage.customer("Егор")
    assert bot is not None
    _, card = await stage.open_ticket(egor, "Перед остановкой")
    slow = stage.world.faults.slow(0.5, times=3, method="sendMessage", chat=stage.group)
    words = [f"Слово {number}" for number in range(20)]
    for word in words:
        await egor.say(word)
    await stage.world.until(lambda: slow.hits, 30, "something is under way")
    began = time.monotonic()
    os.kill(bot.pid, signal.SIGTERM)
    assert await bot.wait(30) == 0
    assert time.monotonic() - began < 5 * stage.world.patience
    await bot.start()
    await stage.group.expect(words[-1], reply_to=card, timeout=60)
    assert [m.text for m in posts(stage, card)] == words


async def test_a_second_desk_on_the_same_database_is_refused_in_one_line(stage: Stage) -> None:
    process = await asyncio.create_subprocess_exec(
        *tied(python("-m", "bot", "run")),
        cwd=ROOT,
        env=dict(os.environ) | stage.environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, out) == (3, b"")
    (line,) = err.decode().splitlines()
    assert line.startswith(f"DATABASE_URL: another process works with {stage.database}")


# ------------------------------------------------------------------ the group moves


async def test_the_group_becomes_a_supergroup_and_the_desk_learns_it_from_an_error(
    stage: Stage,
) -> None:
    """The service message has not come yet: what is sent to the old id is refused."""
    zoya = stage.customer("Зоя")
    number, _ = await stage.open_ticket(zoya, "До переезда")
    old = stage.group
    stage.world.updates.hold(1000)
    stage.group = new = old.migrate()
    stage.world.updates._held = None  # Telegram never tells it
    await zoya.say("После переезда")
    await new.expect("После переезда", timeout=60)
    moved = "SELECT chat FROM linked_chat WHERE role='operators'"
    assert value(stage, moved) == f"telegram:{new.id}"
    await stage.olga.say(new, f"/reply {number} Мы переехали")
    await zoya.expect("Мы переехали", timeout=60)
    await zoya.say("Обычные слова")
    await new.expect("Обычные слова", timeout=60)


async def test_the_group_becomes_a_supergroup_and_telegram_says_so(tmp_path: Path) -> None:
    """A restart with the old id in the environment does not go back. Mail is down at first."""
    async with staged(tmp_path, basic=True) as stage, mute_relay() as relay:
        stage.settings |= {
            "SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
            "MAIL_FROM": "desk@frontdoor.test",
            "MAIL_ALERTS_TO": "head@frontdoor.test",
        }
        anna = stage.customer("Анна")
        async with stage.process() as bot:
            await stage.open_ticket(anna, "Почта молчит")  # Telegram goes on
            tried = "SELECT attempts FROM outbox WHERE channel='email' AND state='queued'"
            await soon(lambda: stage.query(tried) and value(stage, tried) >= 1, timeout=30)
            stage.group = stage.group.migrate()
            moved = "SELECT chat FROM linked_chat WHERE role='operators'"
            await soon(lambda: value(stage, moved) == f"telegram:{stage.group.id}", timeout=30)
            await anna.say("Уже в супергруппе")
            await stage.group.expect("Уже в супергруппе", timeout=60)
            await relay.speak()
            assert "Почта молчит" in read(await relay.first(60)).get_content()
            await bot.restart()
            await anna.say("После перезапуска")
            await stage.group.expect("После перезапуска", timeout=60)
        assert len(relay.letters) == 1


class MuteRelay(Relay):
    """A mail server that is down at first: nobody listens at its port."""

    server: asyncio.Server | None = None

    async def speak(self) -> None:
        """It is back."""
        loop = asyncio.get_running_loop()
        options: dict[str, Any] = {"hostname": "relay.test", "loop": loop, "enable_SMTPUTF8": True}
        self.server = await loop.create_server(
            lambda: SMTP(self, **options), "127.0.0.1", self.port
        )

    async def first(self, timeout: float) -> Envelope:
        async with asyncio.timeout(timeout):
            while not self.letters:
                await asyncio.sleep(0.02)
        return self.letters[0]


@asynccontextmanager
async def mute_relay() -> AsyncIterator[MuteRelay]:
    relay = MuteRelay(port=free_port())
    yield relay
    if relay.server is not None:
        relay.server.close()
