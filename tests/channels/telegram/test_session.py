"""Calls over kept connections, against real servers: plain and TLS, whole, cut, slow, chunked."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramNetworkError,
    TelegramRetryAfter,
)
from aiogram.methods import (
    BanChatMember,
    DeleteMessage,
    EditMessageText,
    GetMe,
    PinChatMessage,
    SendDocument,
    SendMessage,
    SetMessageReaction,
    TelegramMethod,
)
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
)

from bot.polling import GetRawUpdates
from channels.telegram.client.api_errors import judge
from channels.telegram.client.session import LeanSession, Made
from tests.channels.certificate import Certificate

MADE = {"message_id": 17, "date": 1, "chat": {"id": 5, "type": "private"}, "text": "x"}
SEND = SendMessage(chat_id=5, text="x")


def answer(result: Any, *, status: str = "200 OK", head: str = "", ok: bool = True) -> bytes:
    body = json.dumps({"ok": ok, "result": result} if ok else {"ok": False, **result}).encode()
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


@dataclass(slots=True)
class Server:
    """Answers request after request with what ``script`` gives; empty bytes hang up."""

    script: Callable[[int], bytes | None] = lambda _n: answer(MADE)
    heads: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                self.heads.append(head)
                self.bodies.append(await reader.readexactly(length))
                said = self.script(len(self.heads))
                if said is None:
                    continue
                if not said:
                    break
                writer.write(said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    @property
    def call(self) -> Any:
        return json.loads(self.bodies[-1])


@dataclass(slots=True)
class Line:
    """A server, and a bot that talks to it."""

    server: Server
    bot: Bot


Connect = Callable[..., Awaitable[Line]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with AsyncExitStack() as stack:

        async def made(
            script: Callable[[int], bytes | None] | None = None,
            tls: Certificate | None = None,
            trusted: ssl.SSLContext | None = None,
            timeout: float = 30.0,
        ) -> Line:
            server = Server(script) if script else Server()
            listener = await asyncio.start_server(
                server.serve, "127.0.0.1", 0, ssl=tls.server if tls else None
            )
            stack.callback(listener.close)
            server.port = listener.sockets[0].getsockname()[1]
            scheme = "https" if tls else "http"
            api = TelegramAPIServer.from_base(f"{scheme}://localhost:{server.port}")
            session = LeanSession(api, timeout=timeout, tls=trusted)
            stack.push_async_callback(session.close)
            preview = LinkPreviewOptions(is_disabled=True)
            bot = Bot("42:x", session=session, default=DefaultBotProperties(link_preview=preview))
            return Line(server, bot)

        yield made


@asynccontextmanager
async def failing(line: Line, *, uncertain: bool) -> AsyncIterator[None]:
    """The call in this block fails, and the courier would think so of it."""
    with pytest.raises(TelegramNetworkError) as failed:
        yield
    judged = judge(failed.value, SEND)
    assert (judged.reason, judged.uncertain) == ("network", uncertain)
    assert not judged.permanent


# ------------------------------------------------------------------ what leaves


async def test_a_call_is_json_without_what_is_empty(connect: Connect) -> None:
    line = await connect()
    button = InlineKeyboardButton(text="Взять", callback_data="take")
    keyboard = InlineKeyboardMarkup(inline_keyboard=[[button]])
    await line.bot(SendMessage(chat_id=5, text="Привет", reply_markup=keyboard))
    assert line.server.heads[0].startswith("POST /bot42:x/sendMessage HTTP/1.1\r\n")
    assert line.server.call == {
        "chat_id": 5,
        "text": "Привет",
        "link_preview_options": {"is_disabled": True},
        "reply_markup": {"inline_keyboard": [[{"text": "Взять", "callback_data": "take"}]]},
    }


async def test_no_reactions_are_an_empty_list_and_instants_are_numbers(connect: Connect) -> None:
    line = await connect(lambda _n: answer(True))
    assert await line.bot(SetMessageReaction(chat_id=5, message_id=7, reaction=[])) is True
    assert line.server.call == {"chat_id": 5, "message_id": 7, "reaction": []}
    until = datetime(2026, 11, 28, tzinfo=UTC)
    await line.bot(BanChatMember(chat_id=5, user_id=6, until_date=until, revoke_messages=False))
    assert line.server.call["until_date"] == round(until.timestamp())
    assert line.server.call["revoke_messages"] is False


async def test_defaults_stand_where_a_call_says_nothing_also_within_it(connect: Connect) -> None:
    line = await connect()
    line.bot.default = DefaultBotProperties(parse_mode="HTML", protect_content=True)
    await line.bot(
        SendMessage(chat_id=5, text="<b>x</b>", reply_parameters=ReplyParameters(message_id=7))
    )
    assert line.server.call == {
        "chat_id": 5,
        "text": "<b>x</b>",
        "parse_mode": "HTML",
        "protect_content": True,
        "reply_parameters": {"message_id": 7, "quote_parse_mode": "HTML"},
    }
    await line.bot(SendMessage(chat_id=5, text="<b>x</b>", parse_mode=None))
    assert "parse_mode" not in line.server.call


async def test_a_file_goes_as_a_form(connect: Connect) -> None:
    line = await connect(timeout=30.0)
    file = BufferedInputFile(b"PDF", filename="a.pdf")

    async def form(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        read = b""
        while b"PDF" not in read or not read.endswith(b"0\r\n\r\n"):
            read += await reader.read(4096)
        line.server.bodies.append(read)
        writer.write(answer(MADE))
        writer.close()

    async with await asyncio.start_server(form, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        line.bot.session.api = TelegramAPIServer.from_base(f"http://127.0.0.1:{port}")
        sent = await line.bot(SendDocument(chat_id=5, document=file))
    assert sent.message_id == 17
    assert b"multipart/form-data" in line.server.bodies[0]
    assert b'filename="a.pdf"' in line.server.bodies[0]


# ------------------------------------------------------------------ what comes back


async def test_of_a_message_that_was_made_the_ids_are_read(connect: Connect) -> None:
    line = await connect()
    made: Any = await line.bot(SEND)
    assert made == Made(message_id=17)


async def test_other_answers_are_read_in_full(connect: Connect) -> None:
    me = {"id": 42, "is_bot": True, "first_name": "Desk", "username": "desk_bot"}
    line = await connect(lambda _n: answer(me))
    assert (await line.bot(GetMe())).username == "desk_bot"


@pytest.mark.parametrize(
    "method",
    [
        SetMessageReaction(chat_id=5, message_id=7, reaction=[]),
        DeleteMessage(chat_id=5, message_id=7),
        PinChatMessage(chat_id=5, message_id=7),
        EditMessageText(chat_id=5, message_id=7, text="x"),
    ],
)
async def test_of_what_was_done_it_is_read_that_it_was(
    connect: Connect, method: TelegramMethod[Any]
) -> None:
    line = await connect(lambda _n: answer(True))
    assert await line.bot(method) is True


async def test_updates_come_as_they_are_and_what_is_no_list_is_no_answer(connect: Connect) -> None:
    updates = [{"update_id": 5, "message": {"of": "a later Bot API"}}, "no update at all"]
    line = await connect(lambda n: answer(updates if n == 1 else {"update_id": 5}))
    ask = GetRawUpdates(offset=5, limit=100, timeout=0, allowed_updates=["message"])
    assert await line.bot(ask) == updates
    assert line.server.call == {
        "offset": 5,
        "limit": 100,
        "timeout": 0,
        "allowed_updates": ["message"],
    }
    with pytest.raises(ClientDecodeError):
        await line.bot(ask)


async def test_refusals_are_aiograms_own(connect: Connect) -> None:
    refusals = [
        ("400 Bad Request", {"description": "Bad Request: chat not found"}),
        ("429 Too Many Requests", {"description": "x", "parameters": {"retry_after": 7}}),
    ]
    line = await connect(lambda n: answer(refusals[n - 1][1], status=refusals[n - 1][0], ok=False))
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await line.bot(SEND)
    with pytest.raises(TelegramRetryAfter) as later:
        await line.bot(SEND)
    assert later.value.retry_after == 7
    assert line.server.connections == 1, "a refusal is an answer like others"


@pytest.mark.parametrize(
    "page", [b"<html>proxy</html>", b"\xff\xfe", b'{"ok": true, "result": 5}', b"[]"]
)
async def test_a_page_that_is_no_answer_is_said_to_be_none(connect: Connect, page: bytes) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(page)}\r\n\r\n".encode()
    line = await connect(lambda _n: head + page)
    with pytest.raises(ClientDecodeError) as failed:
        await line.bot(SEND)
    assert judge(failed.value, SEND).uncertain


async def test_a_chunked_answer_is_put_together(connect: Connect) -> None:
    body = json.dumps({"ok": True, "result": MADE}).encode()
    parts = [body[at : at + 9] for at in range(0, len(body), 9)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    line = await connect(lambda _n: head + chunks)
    for _ in range(3):
        assert (await line.bot(SEND)).message_id == 17
    assert line.server.connections == 1


async def test_an_answer_may_end_with_the_connection(connect: Connect) -> None:
    body = json.dumps({"ok": True, "result": MADE}).encode()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body)
        writer.close()

    line = await connect()
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        line.bot.session.api = TelegramAPIServer.from_base(f"http://127.0.0.1:{port}")
        assert (await line.bot(SEND)).message_id == 17


# ------------------------------------------------------------------ connections


async def test_one_connection_serves_call_after_call(connect: Connect) -> None:
    line = await connect()
    for _ in range(20):
        await line.bot(SEND)
    assert (line.server.connections, len(line.server.heads)) == (1, 20)


async def test_calls_at_once_have_a_connection_each(connect: Connect) -> None:
    line = await connect()
    made = await asyncio.gather(*(line.bot(SEND) for _ in range(10)))
    assert [one.message_id for one in made] == [17] * 10
    assert line.server.connections <= 10


async def test_a_server_that_asks_to_close_gets_a_new_connection(connect: Connect) -> None:
    line = await connect(lambda _n: answer(MADE, head="Connection: close\r\n"))
    for _ in range(3):
        await line.bot(SEND)
    assert line.server.connections == 3


async def test_an_answer_cut_short_leaves_open_whether_it_arrived(connect: Connect) -> None:
    line = await connect(lambda n: answer(MADE)[:-5] + b"" if n == 1 else answer(MADE), timeout=0.3)
    async with failing(line, uncertain=True):
        await line.bot(SEND)
    assert (await line.bot(SEND)).message_id == 17
    assert line.server.connections == 2, "what may still come on the first must not answer another"


async def test_a_server_that_hangs_up_leaves_open_whether_it_arrived(connect: Connect) -> None:
    line = await connect(lambda _n: b"")
    async with failing(line, uncertain=True):
        await line.bot(SEND)


async def test_what_is_no_http_leaves_open_whether_it_arrived(connect: Connect) -> None:
    line = await connect(lambda _n: b"SSH-2.0-OpenSSH_9.6\r\n")
    async with failing(line, uncertain=True):
        await line.bot(SEND)


async def test_a_server_that_says_nothing_is_not_waited_for_longer(connect: Connect) -> None:
    line = await connect(lambda _n: None, timeout=0.2)
    async with failing(line, uncertain=True):
        await line.bot(SEND)


async def test_a_call_that_never_left_is_known_to_have_had_no_effect(connect: Connect) -> None:
    line = await connect()
    line.bot.session.api = TelegramAPIServer.from_base("http://127.0.0.1:9")
    async with failing(line, uncertain=False):
        await line.bot(SEND)


async def test_a_cancelled_call_leaves_no_answer_for_the_next(connect: Connect) -> None:
    asked = asyncio.Event()

    def script(n: int) -> bytes | None:
        asked.set()
        return None if n == 1 else answer(MADE)

    line = await connect(script)
    call = asyncio.create_task(line.bot(SEND))
    await asked.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (await line.bot(SEND)).message_id == 17
    assert line.server.connections == 2


async def test_tls_is_spoken_and_verified(connect: Connect, certificate: Certificate) -> None:
    line = await connect(tls=certificate, trusted=certificate.trusting)
    for _ in range(3):
        assert (await line.bot(SEND)).message_id == 17
    assert line.server.connections == 1
    stranger = await connect(tls=certificate)
    async with failing(stranger, uncertain=False):
        await stranger.bot(SEND)
    assert not stranger.server.heads, "a server that nobody vouches for hears nothing"
