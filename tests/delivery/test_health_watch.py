"""The desk watches itself: what is wrong is told within 90 seconds, by a way that works."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import select

from bot import health_watch, sign_of_life
from bot.health_watch import BEAT_EVERY, LOOK_EVERY, PATIENCE, HealthWatch
from bot.sign_of_life import NotHeard, SignOfLife, call
from channels.telegram.addresses import chat_address
from core.db import sqlite_driver
from core.desk import Desk
from core.models import OutboxRow
from core.setup.desk_health import OVERDUE, SILENT, find_heartbeat
from tests.delivery.courier_fixture import Script


@pytest.fixture
def watch(desk: Desk) -> HealthWatch:
    path = desk.database.path
    assert path is not None
    calm = lambda: 0.0  # noqa: E731
    return HealthWatch(desk, {"telegram": Script()}, calm, calm, lambda: False, path.parent)


async def told(desk: Desk) -> list[str | None]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(OutboxRow.key).order_by(OutboxRow.id)))


def test_admins_hear_within_90_seconds() -> None:
    assert PATIENCE + LOOK_EVERY <= 90
    assert OVERDUE.total_seconds() + LOOK_EVERY <= 90
    assert SILENT.total_seconds() > BEAT_EVERY + LOOK_EVERY


@pytest.mark.parametrize(("part", "code"), [("since_poll", "poll"), ("since_sweep", "sweep")])
async def test_a_part_that_stands_still_is_told_and_its_end_too(
    watch: HealthWatch, desk: Desk, part: str, code: str
) -> None:
    seconds = [PATIENCE + 1]
    stands: Callable[[], float] = lambda: seconds[0]  # noqa: E731
    setattr(watch, part, stands)
    for _ in range(3):
        await watch.look()
    assert await told(desk) == [f"health.sick.{code}"]
    seconds[0] = 1
    await watch.look()
    assert await told(desk) == [f"health.sick.{code}"], "nothing flickers"
    for _ in range(3):
        await watch.look()
    assert await told(desk) == [f"health.sick.{code}", f"health.over.{code}"]


async def test_another_program_with_our_token_is_told_instead_of_the_silence_it_causes(
    watch: HealthWatch, desk: Desk
) -> None:
    watch.has_rival, watch.since_poll = (lambda: True), (lambda: PATIENCE + 1)
    await watch.look()
    assert await told(desk) == ["health.sick.rival"]


async def test_updates_that_are_not_copied_are_told_and_their_end_too(
    watch: HealthWatch, desk: Desk
) -> None:
    watch.is_uncopied = lambda: True
    await watch.look()
    assert await told(desk) == ["health.sick.copies"]
    watch.is_uncopied = lambda: False
    for _ in range(4):
        await watch.look()
    assert await told(desk) == ["health.sick.copies", "health.over.copies"]


async def test_mail_that_does_not_come_in_is_told_and_its_end_too(
    watch: HealthWatch, desk: Desk
) -> None:
    watch.is_mail_silent = lambda: True
    await watch.look()
    assert await told(desk) == ["health.sick.mail"]
    watch.is_mail_silent = lambda: False
    for _ in range(4):
        await watch.look()
    assert await told(desk) == ["health.sick.mail", "health.over.mail"]


async def test_a_disk_that_is_nearly_full_is_told(
    watch: HealthWatch, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health_watch, "LEAST_FREE", 1 << 62)
    await watch.look()
    assert await told(desk) == ["health.sick.disk"]


@asynccontextmanager
async def listener(status: int = 200) -> AsyncIterator[tuple[SecretStr, list[str]]]:
    """A machine that waits for signs of life: its address, and which paths were called."""
    called: list[str] = []

    async def hear(request: web.Request) -> web.Response:
        called.append(request.path)
        return web.Response(status=status, headers={"location": "/elsewhere"})

    app = web.Application()
    app.router.add_get("/{secret}", hear)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        yield SecretStr(f"http://{host}:{port}/hush"), called
    finally:
        await runner.cleanup()


async def settled() -> None:
    """The calls under way are over."""
    for task in asyncio.all_tasks():
        if task.get_name() == "sign of life":
            await task


async def test_a_machine_elsewhere_hears_while_all_is_well_and_only_then(
    watch: HealthWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listener() as (url, called):
        watch.sign = SignOfLife(url)
        for _ in range(3):
            await watch.look()
            await settled()
        assert called == ["/hush"], "once a minute"
        monkeypatch.setattr(sign_of_life, "CALL_EVERY", 0.0)
        await watch.look()
        await settled()
        assert len(called) == 2
        watch.since_poll = lambda: PATIENCE + 1
        await watch.look()
        await settled()
        assert len(called) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 404, 503])
async def test_only_a_2xx_is_heard_and_nobody_is_followed_elsewhere(status: int) -> None:
    """A login page of a captive network answers 200, at the end of a redirect."""
    async with listener(status) as (url, called):
        with pytest.raises(NotHeard, match=f"^it answers {status}$"):
            await call(url)
        assert called == ["/hush"]


async def test_a_machine_elsewhere_that_does_not_answer_holds_up_nothing(
    watch: HealthWatch, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async with listener(503) as (url, called):
        watch.sign = SignOfLife(url)
        await watch.look()
        await settled()
    assert called == ["/hush"] and await told(desk) == []
    watch.sign = SignOfLife(url)  # nobody listens there any more
    await watch.look()
    await settled()
    assert "it answers 503" in caplog.text and "ClientConnectorError" in caplog.text
    assert "hush" not in caplog.text


async def test_a_stop_is_no_death(watch: HealthWatch, desk: Desk) -> None:
    await watch.look()
    await watch.stop()
    heartbeat = await desk.read(find_heartbeat)
    assert heartbeat is not None
    assert heartbeat.stopped


async def test_a_database_that_cannot_be_written_is_told_past_it(
    watch: HealthWatch, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_driver, "PATIENCE", 20)
    desk.company = replace(desk.company, admins=frozenset({chat_address(7)}))
    channel, path = watch.channels["telegram"], desk.database.path
    assert isinstance(channel, Script)
    assert path is not None
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN EXCLUSIVE")
        await watch.look()
        await watch.look()
        assert channel.to("7") == [0], "once"
        other.execute("COMMIT")
    await watch.look()
    assert channel.to("7") == [0, 0], "and that it is over"
    assert await desk.read(find_heartbeat) is not None
