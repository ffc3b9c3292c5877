"""TELEGRAM_PROXY: every call goes through a real SOCKS5 or HTTP proxy, with files and without."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import SendMessage
from aiogram.types import BufferedInputFile

from channels.telegram.client.api_errors import judge
from channels.telegram.client.gateway import make_bot
from sandbox import World

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
SCHEMES = ("socks5", "http")


@dataclass(slots=True)
class Proxy:
    """Connects whoever asks in one of two languages; notes where to. Refuses unless ``open``."""

    scheme: str
    port: int = 0
    open: bool = True
    targets: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = self._socks5 if self.scheme == "socks5" else self._http
        host, port = await asked(reader, writer)
        self.targets.append(f"{host}:{port}")
        if not self.open:
            refusals = {"socks5": b"\x05\x02" + bytes(8), "http": b"HTTP/1.1 403 No\r\n\r\n"}
            writer.write(refusals[self.scheme])
            writer.close()
            return
        there = await asyncio.open_connection(host, port)
        accepted = {"socks5": b"\x05\0\0\x01" + bytes(6), "http": b"HTTP/1.1 200 OK\r\n\r\n"}
        writer.write(accepted[self.scheme])
        await asyncio.gather(carry(reader, there[1]), carry(there[0], writer))

    async def _socks5(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[str, int]:
        _, methods = await reader.readexactly(2)
        await reader.readexactly(methods)
        writer.write(b"\x05\0")
        _, _, _, kind = await reader.readexactly(4)
        if kind == 1:
            host = ".".join(map(str, await reader.readexactly(4)))
        else:
            (length,) = await reader.readexactly(1)
            host = (await reader.readexactly(length)).decode()
        return host, int.from_bytes(await reader.readexactly(2), "big")

    async def _http(
        self, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
    ) -> tuple[str, int]:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        host, _, port = head.split(" ")[1].rpartition(":")
        return host, int(port)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@dataclass(frozen=True, slots=True)
class Line:
    """A bot that reaches its server through the proxy."""

    world: World
    proxy: Proxy
    bot: Bot

    @property
    def server(self) -> str:
        return self.world.api_url.partition("//")[2]


@pytest.fixture(params=SCHEMES)
async def line(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Line]:
    async with AsyncExitStack() as stack:
        proxy = Proxy(request.param)
        listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        stack.callback(listener.close)
        proxy.port = listener.sockets[0].getsockname()[1]
        bot = make_bot(world.token, world.api_url, proxy=proxy.url, timeout=5)
        stack.push_async_callback(bot.session.close)
        yield Line(world, proxy, bot)


async def test_calls_go_through_the_proxy_with_files_and_without(line: Line) -> None:
    anna = line.world.user("Анна", started=True)
    await line.bot.get_me()
    assert line.proxy.targets == [line.server]
    await line.bot.send_document(anna.id, BufferedInputFile(b"x", "a.txt"))
    assert set(line.proxy.targets) == {line.server}
    assert len(line.proxy.targets) == 2


async def test_what_the_proxy_refuses_has_not_left_and_is_tried_again(line: Line) -> None:
    line.proxy.open = False
    with pytest.raises(TelegramNetworkError) as failed:
        await line.bot.get_me()
    judged = judge(failed.value, SendMessage(chat_id=1, text="x"))
    assert (judged.reason, judged.uncertain, judged.permanent) == ("network", False, False)
    assert line.world.token not in str(failed.value)


async def test_without_its_proxy_the_bot_does_not_go_directly(line: Line) -> None:
    bot = make_bot(line.world.token, line.world.api_url, proxy="socks5://127.0.0.1:9", timeout=5)
    with pytest.raises(TelegramNetworkError):
        await bot.get_me()
    await bot.session.close()
