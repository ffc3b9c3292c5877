"""A flood of requests takes turns away from requests, and none from the chat (S10, S14, S40)."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextvars import ContextVar
from typing import Any

import pytest

from bot import http_connection, http_server
from bot.http_turns import AT_ONCE, Turns
from core.desk import Desk
from core.integrations.keys import READ, create_key, revoke_key
from core.texts import Texts
from handlers.http import doorstep, guard
from handlers.http.door import make_door
from handlers.http.health import Vitals
from handlers.http.precedence import WEBHOOK, Precedence, precedence_of
from handlers.http.telegram_webhook import HEADER, Webhook
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.conftest import Visitor, served

SECRET = "a-secret-of-many-letters"
VITALS = Vitals(lambda: 0.0, lambda: 0)
ASK = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200"
BUSY = b"HTTP/1.1 503"


class Hand:
    """A clock that goes as it is told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def turns(hand: Hand) -> Turns:
    return Turns(hand)


def waiting(turns: Turns) -> int:
    return sum(map(len, turns._waiting.values()))


@pytest.fixture
async def visitor(desk: Desk, texts: Texts, turns: Turns) -> AsyncIterator[Visitor]:
    async def receive(_body: bytes) -> bool:
        return True

    app = make_door(desk, texts, VITALS, Webhook(SECRET, receive))

    def precedence(scope: Any) -> Precedence:
        return precedence_of(scope, SECRET)

    async with served(app, desk, turns=turns, precedence=precedence) as visitor:
        yield visitor


class Connection:
    """A client that sends bytes and reads them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, visitor: Visitor) -> "Connection":
        return cls(*await asyncio.open_connection(*visitor.at))

    def send(self, raw: bytes) -> None:
        self.writer.write(raw)

    async def head(self) -> bytes:
        async with asyncio.timeout(60):
            return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        async with asyncio.timeout(60):
            return await self.reader.read()

    def close(self) -> None:
        self.writer.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():
            await asyncio.sleep(0.001)


async def test_between_two_steps_of_the_chat_one_request_begins(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, most, rounds = 0, 0, 0
    begins = http_connection.HttpConnection._begin

    def count(self: Any, *given: Any) -> None:
        nonlocal begun
        begun += 1
        begins(self, *given)

    monkeypatch.setattr(http_connection.HttpConnection, "_begin", count)
    flood = [await Connection.to(visitor) for _ in range(60)]
    for one in flood:
        one.send(ASK % b"/healthz" * 3 + ASK % b"/form")
    while begun < 4 * len(flood):
        before = begun
        await asyncio.sleep(0)
        most, rounds = max(most, begun - before), rounds + 1
        assert rounds < 1_000_000
    assert most == 1
    for one in flood:
        one.close()


async def test_what_has_waited_for_long_is_asked_to_come_again_and_health_is_told(
    visitor: Visitor, turns: Turns, hand: Hand
) -> None:
    turns.spend(AT_ONCE + 0.001)
    form, health = await Connection.to(visitor), await Connection.to(visitor)
    form.send(ASK % b"/form")
    health.send(ASK % b"/healthz")
    await until(lambda: waiting(turns) == 4)  # both, and that more is read of either
    hand.now += http_connection.PATIENCE + 1
    said = await form.head()
    assert said.startswith(BUSY)
    for header in (b"retry-after: 5", b"cache-control: no-store", b"x-content-type-options"):
        assert header in said
    assert (await health.head()).startswith(OK)
    form.send(ASK % b"/form")
    await form.reader.readuntil(b"}")
    assert (await form.head()).startswith(OK)
    form.close()
    health.close()


async def test_telegram_waits_for_nobody_and_who_only_says_so_does(
    visitor: Visitor, turns: Turns, hand: Hand
) -> None:
    turns.spend(AT_ONCE + 0.001)  # no other request has a turn while the clock stands still
    post = "POST /telegram HTTP/1.1\r\nHost: x\r\n{}: {}\r\nContent-Length: 2\r\n\r\n{{}}"
    stranger, telegram = await Connection.to(visitor), await Connection.to(visitor)
    stranger.send(post.format(HEADER, SECRET[:-1] + "x").encode())
    for _ in range(3):
        telegram.send(post.format(HEADER, SECRET).encode())
        assert (await telegram.head()).startswith(OK)
    await until(lambda: waiting(turns) > 0)
    assert not stranger.reader._buffer  # type: ignore[attr-defined]
    hand.now += 1
    assert b" 401 " in await stranger.head()
    stranger.close()
    telegram.close()


async def test_the_chat_finds_a_reader_whatever_is_asked_over_http(
    desk: Desk, visitor: Visitor
) -> None:
    go_on = asyncio.Event()
    inside = most = 0

    async def slow(*_: Any) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await go_on.wait()
        inside -= 1

    readers = [await Connection.to(visitor) for _ in range(8)]
    for one in readers:
        one.send(ASK % b"/t/1-00000000000000000000")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handlers.http.pages.routes.find_signing_key", slow)
        await until(lambda: inside == guard.READERS)

        async def look(_tx: Any) -> int:
            return 7

        async with asyncio.timeout(60):
            assert await desk.read(look) == 7
        go_on.set()
        await until(lambda: inside == 0)
    assert most == guard.READERS
    for one in readers:
        one.close()


async def test_an_address_may_ask_so_often_and_others_do_not_notice(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doorstep, "QUICK_RATE", (0.001, 3.0))
    monkeypatch.setattr(doorstep, "OPEN_RATE", (0.001, 3.0))
    async with served(make_door(desk, texts, VITALS)) as visitor:
        for path, usual in (("/healthz", 200), ("/nowhere", 404)):
            got = [await visitor.ask("GET", path) for _ in range(5)]
            assert [status for status, *_ in got] == [usual] * 3 + [429] * 2, path
            assert int(got[-1][1]["Retry-After"]) > 0
            assert got[-1][1]["X-Content-Type-Options"] == "nosniff"
            assert got[-1][2]["code"] == "too_many_requests"
        assert (await visitor.ask("GET", "/readyz"))[0] == 429
        assert (await visitor.ask("GET", "/api/v1/openapi.json"))[0] == 429
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert (await visitor.ask("GET", "/healthz", headers=elsewhere))[0] == 200
        # keys have limits of their own
        assert (await visitor.ask("GET", "/api/v1/tickets"))[0] == 401


async def test_only_telegrams_own_path_has_no_limit(
    desk: Desk, texts: Texts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only begins alike is asked for as often as anything else."""
    monkeypatch.setattr(doorstep, "OPEN_RATE", (0.001, 3.0))

    async def receive(_body: bytes) -> bool:
        return True

    app = make_door(desk, texts, VITALS, Webhook(SECRET, receive))
    paths = ("/telegram/", "/telegram/x", "/telegrams", "/telegram%2Fx", "/api/v1", "/apis")
    async with served(app) as visitor:
        for number, path in enumerate(paths):
            elsewhere = {"X-Forwarded-For": f"203.0.113.{number}"}
            got = [await visitor.ask("POST", path, headers=elsewhere) for _ in range(5)]
            assert [status for status, *_ in got][3:] == [429] * 2, path
            known = elsewhere | {HEADER: SECRET}
            assert (await visitor.ask("POST", WEBHOOK, headers=known, json={}))[0] == 200


async def test_the_newest_are_the_same_with_and_without_saying_so(
    desk: Desk, visitor: Visitor, clock: Clock
) -> None:
    for who in (people.ALICE, people.BORIS):
        await people.opens(desk, who)
        clock.move(minutes=7)
    key = await desk.run(create_key, "shop", [READ])
    headers = {"Authorization": f"Bearer {key}"}
    (plain, named, odd) = [
        await visitor.ask("GET", f"/api/v1/tickets{query}", headers=headers)
        for query in ("", "?limit=50", "?")
    ]
    assert plain[0] == 200 and len(plain[2]["items"]) == 2
    assert plain[2] == named[2] == odd[2]
    assert plain[1]["Content-Type"] == named[1]["Content-Type"]
    await desk.run(revoke_key, "shop")
    assert (await visitor.ask("GET", "/api/v1/tickets", headers=headers))[0] == 401
    assert (await visitor.ask("POST", "/api/v1/tickets", headers=headers))[0] == 401


# ------------------------------------------------------------------ what is no HTTP


@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz HTTP/1.1\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000 + b"\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 20_000 + b"\r\n",
        b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Bare: a\n\r\n\r\nX: b\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT desk:80 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_request_ends_the_connection(visitor: Visitor, head: bytes) -> None:
    connection = await Connection.to(visitor)
    connection.send(head)
    said = await connection.rest()
    connection.close()
    assert said.startswith((b"HTTP/1.1 400", b"HTTP/1.1 405")) and said.count(b"HTTP/1.1 ") == 1
    assert b"application/problem+json" in said and b"nosniff" in said


async def test_what_comes_behind_a_body_is_no_header(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A secret behind the body would be believed after it was found to be missing."""
    connection = await Connection.to(visitor)
    trailer = f"0\r\n{HEADER}: {SECRET}\r\n\r\n"
    head = "POST /telegram HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"
    connection.send((head + trailer).encode())
    assert b" 401 " in await connection.head()
    connection.close()


async def test_requests_that_do_not_wait_for_answers_are_so_many(visitor: Visitor) -> None:
    some, flood = await Connection.to(visitor), await Connection.to(visitor)
    some.send(ASK % b"/healthz" * http_connection.MOST_AHEAD)
    for _ in range(http_connection.MOST_AHEAD):
        assert (await some.head()).startswith(OK)
        await some.reader.readexactly(2)
    flood.send(ASK % b"/healthz" * 100)
    assert (await flood.rest()).count(b"HTTP/1.1 200") <= http_connection.MOST_AHEAD + 1
    assert (await visitor.ask("GET", "/healthz"))[0] == 200
    some.close()
    flood.close()


@pytest.mark.parametrize("late", [b"x", b"xy"], ids=["a part", "the whole"])
async def test_who_sends_a_body_behind_the_answer_does_not_keep_the_connection(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch, late: bytes
) -> None:
    connection = await Connection.to(visitor)
    connection.send(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n")
    assert (await connection.head()).startswith(OK)
    await connection.reader.readexactly(2)
    monkeypatch.setattr(http_connection, "HEAD_TIMEOUT", 0.2)
    connection.send(late)
    assert await connection.rest() == b""
    connection.close()


async def test_who_does_not_read_the_answer_does_not_keep_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http_server, "UNREAD_FOR", 0.3)
    lost, loses = asyncio.Event(), http_connection.HttpConnection.connection_lost

    def note(self: Any, error: Exception | None) -> None:
        loses(self, error)
        lost.set()

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(8_000_000)})

    monkeypatch.setattr(http_connection.HttpConnection, "connection_lost", note)
    async with served(app) as visitor:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(visitor.at)
            client.sendall(ASK % b"/")
            async with asyncio.timeout(60):
                await lost.wait()


async def test_what_a_request_has_noted_of_itself_is_nothing_to_those_behind_it() -> None:
    noted: ContextVar[int] = ContextVar("noted", default=0)
    found = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        found.append(noted.get())
        noted.set(len(found))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(app) as visitor:
        connection = await Connection.to(visitor)
        connection.send(ASK % b"/" * 3)
        await until(lambda: len(found) == 3)
        connection.close()
    assert found == [0, 0, 0]


async def test_who_wants_to_speak_something_else_is_answered_and_left(visitor: Visitor) -> None:
    connection = await Connection.to(visitor)
    wants = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    connection.send(wants + b"\x81\x05hello")
    said = await connection.rest()
    assert said.startswith(OK) and said.endswith(b"ok")
    connection.close()


async def test_more_connections_than_there_may_be_are_refused_at_once(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_connection, "MOST_CONNECTIONS", 3)
    inside = [await Connection.to(visitor) for _ in range(3)]
    for one in inside:
        one.send(ASK % b"/healthz")
        assert (await one.head()).startswith(OK)
    one_more = await Connection.to(visitor)
    said = await one_more.rest()
    one_more.close()
    assert said.startswith(BUSY) and b"retry-after: 5" in said
    inside[0].send(ASK % b"/healthz")
    await inside[0].reader.readexactly(2)
    assert (await inside[0].head()).startswith(OK)
    for one in inside:
        one.close()
