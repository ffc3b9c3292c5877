"""The real process over HTTP: Telegram's webhook, and what machines ask for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.beside import command
from tests.e2e.stage import Stage, staged
from tests.ports import free_port

SECRET = "a-secret-of-many-letters"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, draws_soon=True) as stage:
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


async def test_a_ticket_of_another_system_is_answered_in_the_group_and_read_on_its_page(
    stage: Stage,
) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with stage.process(HTTP_LISTEN=f"127.0.0.1:{port}", PUBLIC_URL=url):
        made = await command(stage, "key", "create", "shop", "--scope", "tickets:write")
        opened = await open_by_api(url, made.strip())
        card = await stage.card(opened["number"])
        answer = await stage.olga.say("Приедем сегодня", reply_to=card)
        await stage.group.expect_reaction(answer, "👌")
        async with aiohttp.ClientSession() as session:
            async with session.get(opened["follow_url"]) as page:
                html = await page.text()
            assert "Камера не показывает" in html and "Приедем сегодня" in html
            once = re.search(r'name="once" value="([0-9a-f]+)"', html)
            assert once is not None
            form = {"once": once[1], "text": "Спасибо, код двери 12"}
            async with session.post(opened["follow_url"], data=form) as page:
                assert "код двери 12" in await page.text()
        await stage.group.expect("код двери 12", reply_to=card)


async def open_by_api(url: str, key: str) -> dict[str, Any]:
    """Another system opens a ticket in the name of somebody without Telegram."""
    ticket = {
        "customer": {"name": "Анна", "email": "anna@example.org"},
        "subject": "Нет изображения",
        "text": "Камера не показывает",
    }
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "order-1"}
    path = f"{url}/api/v1/tickets"
    async with (
        aiohttp.ClientSession() as session,
        session.post(path, json=ticket, headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()
        return dict(await answer.json())
