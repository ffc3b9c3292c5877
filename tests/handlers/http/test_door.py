"""Health, metrics and Telegram's webhook: what machines ask for, and what strangers get."""

import asyncio
import io
import json
import re
import socket
import sqlite3
from collections.abc import AsyncIterator
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from bot import http_connection
from bot.http_server import CannotListen, HttpServer, open_socket
from bot.webhook import WebhookIntake
from channels.telegram.client.gateway import make_bot
from core.desk import Desk
from core.models import InboxRow
from core.models import Webhook as WebhookRow
from core.setup.desk_health import CODES, beat
from core.texts import Texts
from handlers.http import guard
from handlers.http.door import make_door
from handlers.http.guard import MOST_BYTES
from handlers.http.health import Vitals
from handlers.http.telegram_webhook import HEADER, Webhook
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

SECRET = "a-secret-of-many-letters"
WITH_SECRET = {HEADER: SECRET}


class Process:
    """What the door is told of its process."""

    def __init__(self) -> None:
        self.silence = 1.0
        self.floods = 0
        self.news = 0

    def note(self) -> None:
        self.news += 1


@pytest.fixture
def process() -> Process:
    return Process()


@pytest.fixture
async def intake(desk: Desk, process: Process) -> AsyncIterator[WebhookIntake]:
    bot = make_bot("42:TEST", "http://127.0.0.1:1")
    yield WebhookIntake(bot, desk, process.note, "http://127.0.0.1/telegram", SECRET)
    await bot.session.close()


@pytest.fixture
async def visitor(
    desk: Desk, texts: Texts, process: Process, intake: WebhookIntake
) -> AsyncIterator[Visitor]:
    vitals = Vitals(lambda: process.silence, lambda: process.floods)
    async with served(make_door(desk, texts, vitals, Webhook(SECRET, intake.receive))) as visitor:
        yield visitor


async def stored(desk: Desk) -> list[InboxRow]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(InboxRow).order_by(InboxRow.id)))


def update(number: int = 7, text: str = "hello") -> dict[str, Any]:
    return {"update_id": number, "message": {"chat": {"id": 101}, "text": text}}


async def test_an_update_is_in_the_inbox_when_telegram_reads_200(
    visitor: Visitor, desk: Desk, process: Process
) -> None:
    status, _, body = await visitor.ask("POST", "/telegram", json=update(), headers=WITH_SECRET)
    (row,) = await stored(desk)
    assert (status, body) == (200, "")
    assert (row.source, row.external_id, row.ordering_key) == ("telegram:42", "7", "101")
    assert json.loads(row.raw) == update()
    assert process.news == 1


async def test_an_update_that_comes_again_is_stored_once(visitor: Visitor, desk: Desk) -> None:
    for _ in range(3):
        await visitor.ask("POST", "/telegram", json=update(), headers=WITH_SECRET)
    assert len(await stored(desk)) == 1


@pytest.mark.parametrize(
    "headers",
    [{}, {HEADER: ""}, {HEADER: SECRET[:-1]}, {HEADER: SECRET + "x"}, {HEADER: "é" * 16}],
)
async def test_without_the_secret_nothing_is_read_and_nothing_stored(
    visitor: Visitor, desk: Desk, headers: dict[str, str]
) -> None:
    status, answered, body = await visitor.ask("POST", "/telegram", json=update(), headers=headers)
    assert status == 401
    assert answered["Content-Type"] == "application/problem+json"
    assert body["code"] == "unauthorized"
    assert SECRET not in str(body)
    assert not await stored(desk)


async def test_the_secret_is_asked_for_before_the_body_has_come(visitor: Visitor) -> None:
    host, port = re.match(r"http://(.+):(\d+)", visitor.url).groups()  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /telegram HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    async with asyncio.timeout(60):
        assert b" 401 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"{}", b'{"update_id": "x"}', b"\xff"])
async def test_what_is_no_update_is_refused(visitor: Visitor, desk: Desk, body: bytes) -> None:
    status, _, said = await visitor.ask("POST", "/telegram", data=body, headers=WITH_SECRET)
    assert (status, said["code"]) == (400, "no_update")
    assert not await stored(desk)


async def chunks(total: int) -> AsyncIterator[bytes]:
    for _ in range(total // 65536):
        yield b" " * 65536


async def test_a_body_beyond_the_limit_is_refused_with_and_without_its_length(
    visitor: Visitor, desk: Desk
) -> None:
    for body in (io.BytesIO(b" " * (MOST_BYTES + 1)), chunks(2 * MOST_BYTES)):
        status, _, said = await visitor.ask("POST", "/telegram", data=body, headers=WITH_SECRET)
        assert (status, said["code"]) == (413, "too_large")
    assert not await stored(desk)


async def test_a_body_that_never_comes_is_waited_for_a_while(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "BODY_TIMEOUT", 0.05)
    host, port = re.match(r"http://(.+):(\d+)", visitor.url).groups()  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /telegram HTTP/1.1\r\nHost: x\r\n{HEADER}: {SECRET}\r\nContent-Length: 9\r\n\r\n"
    writer.write(head.encode())
    async with asyncio.timeout(60):
        assert b" 408 " in await reader.readline()
    writer.close()


async def connection_of(visitor: Visitor) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, port = visitor.url.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


@pytest.mark.parametrize("begun", [b"", b"GET /healthz HTTP/1.1\r\nHost: x\r\n"])
async def test_who_never_says_what_they_want_is_not_waited_for(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, begun: bytes
) -> None:
    if not begun:
        monkeypatch.setattr(http_connection, "HEAD_TIMEOUT", 0.05)
    reader, writer = await connection_of(visitor)
    async with asyncio.timeout(60):
        if begun:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
            # not before: on a slow machine a whole head takes as long
            monkeypatch.setattr(http_connection, "HEAD_TIMEOUT", 0.05)
            writer.write(begun)
        assert await reader.read() == b""
    writer.close()


async def test_a_connection_that_says_what_it_wants_is_kept(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two requests its rest counts, and while one is served nothing does."""
    monkeypatch.setattr(http_connection, "HEAD_TIMEOUT", 0.05)
    is_served, asked = asyncio.Event(), asyncio.Event()

    async def slow(*_: Any) -> None:
        is_served.set()
        await asked.wait()

    async with asyncio.timeout(60):
        with patch.object(Desk, "read", side_effect=slow):
            reader, writer = await asks_in_time(visitor, is_served)
            await asyncio.sleep(0.2)  # several times as long as a head may take
            asked.set()
            assert b"HTTP/1.1 200" in await reader.readuntil(b"\r\n")
    writer.close()


async def asks_in_time(
    visitor: Visitor, is_served: asyncio.Event
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection whose request is served: on a slow machine a head may come too late."""
    while True:
        reader, writer = await connection_of(visitor)
        writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
        while not reader.at_eof():
            if is_served.is_set():
                return reader, writer
            await asyncio.sleep(0.001)
        writer.close()


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize("path", ["/form", "/healthz"])
async def test_a_body_that_is_no_http_is_refused_and_no_fault_of_ours(
    visitor: Visitor, caplog: pytest.LogCaptureFixture, method: str, path: str
) -> None:
    reader, writer = await connection_of(visitor)
    head = f"{method} {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    writer.write(f"{head}{kind}-5\r\nhello".encode())
    async with asyncio.timeout(60):
        assert (await reader.read()).startswith((b"HTTP/1.1 400", b"HTTP/1.1 405"))
    writer.close()
    assert (await visitor.ask("GET", "/healthz"))[0] == 200
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_a_stream_goes_on_to_whoever_never_sends_the_body_that_they_announced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It listens for their leaving before it answers; a 408 behind its beginning is no answer."""
    monkeypatch.setattr(guard, "BODY_TIMEOUT", 0.05)
    came: asyncio.Queue[Any] = asyncio.Queue()
    over: asyncio.Queue[Any] = asyncio.Queue()
    request = guard._Request(came.get, over.put, most=10)
    listening = asyncio.create_task(request.receive())
    await asyncio.sleep(0)
    await request.send({"type": "http.response.start", "status": 200, "headers": []})
    assert await asyncio.wait({listening}, timeout=0.2) == (set(), {listening})
    await came.put({"type": "http.disconnect"})
    async with asyncio.timeout(60):
        assert (await listening)["type"] == "http.disconnect"


async def test_who_leaves_in_the_middle_is_no_fault_of_ours(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    over = asyncio.Event()
    caplog.set_level("DEBUG", logger=guard.log.name)
    with patch.object(guard.log, "debug", side_effect=lambda *_: over.set()):
        _, writer = await connection_of(visitor)
        kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\n"
        writer.write(f"POST /form HTTP/1.1\r\nHost: x\r\n{kind}name=".encode())
        await writer.drain()
        writer.close()
        async with asyncio.timeout(60):
            await over.wait()
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []


async def test_headers_beyond_the_limit_are_refused(visitor: Visitor) -> None:
    host, port = re.match(r"http://(.+):(\d+)", visitor.url).groups()  # type: ignore[union-attr]
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 200_000)
    async with asyncio.timeout(60):
        assert b" 400 " in await reader.readline()
    writer.close()


@pytest.mark.parametrize("path", ["/healthz", "/telegram", "/nowhere", "/form", "/api/v1/x"])
async def test_whatever_is_answered_is_kept_by_nobody_and_taken_for_nothing_else(
    visitor: Visitor, path: str
) -> None:
    _, headers, _ = await visitor.ask("GET", path)
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Server" not in headers


async def test_telegram_is_asked_to_come_again_while_the_database_is_away(
    visitor: Visitor, desk: Desk
) -> None:
    locked = sqlite3.OperationalError("database is locked")
    locked.sqlite_errorcode = sqlite3.SQLITE_BUSY
    gone = OperationalError("BEGIN", None, locked)
    with patch.object(Desk, "run", side_effect=gone):
        status, answered, body = await visitor.ask(
            "POST", "/telegram", json=update(), headers=WITH_SECRET
        )
    assert (status, body["code"], answered["Retry-After"]) == (503, "unavailable", "5")
    assert (await visitor.ask("POST", "/telegram", json=update(), headers=WITH_SECRET))[0] == 200
    assert len(await stored(desk)) == 1


async def test_a_fault_of_ours_says_nothing_of_itself(
    visitor: Visitor, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    with patch.object(Desk, "run", side_effect=RuntimeError("canary of the inside")):
        status, _, body = await visitor.ask("POST", "/telegram", json=update(), headers=WITH_SECRET)
    assert (status, body["code"]) == (500, "internal")
    assert "canary" not in str(body)
    assert "canary of the inside" in caplog.text


async def test_health_needs_no_database_and_readiness_does(
    visitor: Visitor, process: Process
) -> None:
    assert (await visitor.ask("GET", "/healthz"))[::2] == (200, "ok")
    status, _, body = await visitor.ask("GET", "/readyz")
    assert (status, body) == (200, {"ready": True, "checks": {"database": True, "telegram": True}})
    process.silence = 1000.0
    status, _, body = await visitor.ask("GET", "/readyz")
    assert (status, body["checks"]) == (503, {"database": True, "telegram": False})
    process.silence = 0.0
    with patch.object(Desk, "read", side_effect=OSError("gone")):
        assert (await visitor.ask("GET", "/healthz"))[0] == 200
        status, _, body = await visitor.ask("GET", "/readyz")
    assert (status, body["checks"]) == (503, {"database": False, "telegram": True})


def figures(text: str) -> dict[str, float]:
    lines = (line.split() for line in text.splitlines() if line.startswith("frontdoor_"))
    return {name: float(value) for name, value in lines}


async def test_metrics_say_what_waits_how_long_and_what_failed(
    visitor: Visitor, desk: Desk, process: Process, clock: Clock
) -> None:
    await people.opens(desk)
    await visitor.ask("POST", "/telegram", json=update(), headers=WITH_SECRET)
    process.floods = 3
    clock.move(days=4)
    status, answered, text = await visitor.ask("GET", "/metrics")
    found = figures(text)
    assert status == 200 and answered["Content-Type"].startswith("text/plain")
    assert found["frontdoor_inbox_waiting"] == 1
    assert found["frontdoor_inbox_oldest_seconds"] == 4 * 86400
    assert found["frontdoor_outbox_waiting"] > 0
    assert found["frontdoor_outbox_oldest_seconds"] > 3 * 86400
    assert found["frontdoor_tickets_overdue"] == 1
    assert found["frontdoor_timers_late_seconds"] > 86400  # the sweep does not run here
    assert found["frontdoor_telegram_429_total"] == 3
    assert found["frontdoor_outbox_failed"] == found["frontdoor_inbox_quarantined"] == 0
    assert "It does not work" not in text


async def test_metrics_say_what_is_wrong_with_the_desk(
    visitor: Visitor, desk: Desk, clock: Clock
) -> None:
    await desk.run(beat, {"mail"})
    async with desk.database.write() as session:
        urls = {"shop": None, "phone": clock()}
        session.add_all(
            WebhookRow(name=name, url=name, secret="", created_at=clock(), stopped_at=stopped)
            for name, stopped in urls.items()
        )
    _, _, text = await visitor.ask("GET", "/metrics")
    found = figures(text)
    said = {code: found[f'frontdoor_symptom{{code="{code}"}}'] for code in CODES}
    assert said == {code: code == "mail" for code in CODES}
    assert found["frontdoor_webhooks_stopped"] == 1


async def test_metrics_are_for_this_machine(visitor: Visitor) -> None:
    through_a_proxy = {"X-Forwarded-For": "203.0.113.9"}
    status, _, body = await visitor.ask("GET", "/metrics", headers=through_a_proxy)
    assert status == 401 and "frontdoor_" not in str(body)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/telegram", 405),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("POST", "/healthz", 405),
        ("GET", "/%2e%2e/%2e%2e/etc/passwd", 404),
        ("GET", "/healthz%00", 404),
    ],
)
async def test_whatever_else_is_asked_for_is_told_in_one_form(
    visitor: Visitor, method: str, path: str, status: int
) -> None:
    got, headers, body = await visitor.ask(method, path)
    assert (got, body["status"]) == (status, status)
    assert headers["Content-Type"] == "application/problem+json"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Server" not in headers


async def test_without_a_webhook_there_is_no_such_path(
    desk: Desk, texts: Texts, process: Process
) -> None:
    vitals = Vitals(lambda: process.silence, lambda: process.floods)
    async with served(make_door(desk, texts, vitals)) as visitor:
        assert (await visitor.ask("POST", "/telegram", headers=WITH_SECRET))[0] == 404


def test_the_second_half_of_an_answer_does_not_wait_for_a_word_that_the_first_has_come() -> None:
    """Head and body are two writes; a client takes its time, 40 ms, to confirm the first alone."""
    with (
        open_socket(("127.0.0.1", 0)) as listening,
        socket.create_connection(listening.getsockname()[:2]),
        listening.accept()[0] as ours,
    ):
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


async def test_an_address_that_is_taken_is_named() -> None:
    first = HttpServer(("127.0.0.1", 0), lambda: None)
    host, port = first.bind()
    with pytest.raises(CannotListen, match=f"{host}:{port} cannot be listened on"):
        HttpServer((host, port), lambda: None).bind()
    first.stop()
