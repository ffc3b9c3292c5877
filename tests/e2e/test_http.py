"""The real process over HTTP: Telegram's webhook, and what machines ask for."""

from __future__ import annotations

import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from tests.e2e.stage import Stage, staged

SECRET = "a-secret-of-many-letters"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        yield stage


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_a_conversation_over_the_webhook_goes_on_after_a_restart_by_polling(
    stage: Stage,
) -> None:
    port = free_port()
    over_http = {
        "WEBHOOK_URL": f"http://127.0.0.1:{port}/telegram",
        "WEBHOOK_SECRET": SECRET,
        "HTTP_LISTEN": f"127.0.0.1:{port}",
    }
    alice = stage.customer()
    async with stage.process(**over_http):
        number, card = await stage.open_ticket(alice, "Погас экран")
        await stage.olga.say("Посмотрим сегодня", reply_to=card)
        await alice.expect("Посмотрим сегодня")
        assert await status_of(f"http://127.0.0.1:{port}/readyz") == 200
    async with stage.process():
        await alice.say("Спасибо, а звук?")
        await stage.group.expect("Спасибо, а звук?")
    assert number == 1


async def test_port_0_takes_a_free_port_and_the_log_names_it(stage: Stage) -> None:
    async with stage.process(HTTP_LISTEN="127.0.0.1:0"):
        log = (stage.folder / "bot.log").read_text("utf-8")
        found = re.search(r"HTTP is served on (http://127\.0\.0\.1:\d+)", log)
        assert found is not None
        assert await status_of(f"{found[1]}/healthz") == 200
