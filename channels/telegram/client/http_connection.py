"""Keep-alive connections to a Bot API server: each makes one request at a time.

HTTP/1.1 is parsed by httptools (the parser of Node.js), chunked answers included. `ConnectionPool`
hands out the connections that are free.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import httptools

# A server may close what has been idle for longer: such a connection is not used again.
IDLE: Final = 10.0
# How long to wait for a connection to be made, TLS included, in seconds.
CONNECT_TIMEOUT: Final = 10.0
MOST_CONNECTIONS: Final = 100
# No answer of the Bot API is longer; what goes on and on is cut off.
LONGEST_ANSWER: Final = 64 * 1024 * 1024


class NotSent(ConnectionError):
    """No connection could be made: the request never left this machine."""


class AnswerLost(ConnectionError):
    """The connection broke, or said what is no HTTP, before the whole answer was read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of an answer."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Server:
    """Where requests go; ``tls`` is empty for plain HTTP, ``proxy`` where none stands between."""

    host: str
    port: int
    tls: ssl.SSLContext | None
    proxy: str | None = None


class Connection(asyncio.Protocol):
    """Makes one request at a time; ``reusable`` after an answer that lets it make another one."""

    def __init__(self) -> None:
        self.idle_since = 0.0
        self.reusable = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()
        self._until_end = False

    # ------------------------------------------------------------------ asking

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a request; the future is done with the answer, or fails with `AnswerLost`."""
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._body.clear()
        self.reusable, self._until_end = False, True
        cast(asyncio.Transport, self._transport).write(request)
        return self._answer

    @property
    def is_open(self) -> bool:
        """True while nobody has closed it."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """End it; an answer that is waited for is lost."""
        if self._transport is not None:
            self._transport.abort()

    # ------------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Parse what came; what is no HTTP, or comes unasked, ends the connection."""
        if self._answer is None or self._answer.done():
            self.close()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._lose(f"not HTTP: {type(error).__name__}")

    def eof_received(self) -> bool:
        """The server has said all: an answer of no given length ends here."""
        if self._until_end and self._answer is not None and self._parser.get_status_code():
            self._complete()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits for an answer hears that it is lost."""
        self._lose("the connection was closed" if error is None else str(error))

    # ------------------------------------------------------------------ httptools

    def on_header(self, name: bytes, _value: bytes) -> None:
        """An answer with one of these says by itself where it ends."""
        if name.lower() in {b"content-length", b"transfer-encoding"}:
            self._until_end = False

    def on_body(self, data: bytes) -> None:
        """A part of the body."""
        self._body += data
        if len(self._body) > LONGEST_ANSWER:
            self._lose("the answer is too long")

    def on_message_complete(self) -> None:
        """The answer is whole."""
        self.reusable = self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(Answer(self._parser.get_status_code(), bytes(self._body)))

    def _lose(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(AnswerLost(why))
        self.close()


class ConnectionPool:
    """Connections to one server; those used last are used next, so that the others fall idle."""

    def __init__(self, server: Callable[[], Server]) -> None:
        self._server = server
        self._free: list[Connection] = []
        self._open: set[Connection] = set()
        self._slots = asyncio.Semaphore(MOST_CONNECTIONS)

    async def request(self, request: bytes, timeout: float) -> Answer:  # noqa: ASYNC109 a timer, not a task
        """Send the bytes of a whole request and return the answer.

        ``timeout``: seconds for the answer. Raises `NotSent`, `AnswerLost` and `TimeoutError`;
        after the last two nobody knows whether the server has acted.
        """
        async with self._slots:
            connection = self._take() or await self._connect()
            answer = connection.ask(request)
            loop = asyncio.get_running_loop()
            timer = loop.call_later(timeout, _time_out, answer)
            try:
                return await answer
            finally:
                timer.cancel()
                self._give_back(connection)

    async def close(self) -> None:
        """Close all connections."""
        for connection in list(self._open):
            connection.close()
        self._open.clear()
        self._free.clear()
        await asyncio.sleep(0)  # transports close in the next round of the loop

    def _take(self) -> Connection | None:
        now = asyncio.get_running_loop().time()
        while self._free:
            connection = self._free.pop()
            if connection.is_open and now - connection.idle_since < IDLE:
                return connection
            self._drop(connection)
        return None

    async def _connect(self) -> Connection:
        server = self._server()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                connection = await _connected(server)
        except (OSError, TimeoutError) as error:
            raise NotSent(f"{type(error).__name__}: {error}") from error
        self._open.add(connection)
        return connection

    def _give_back(self, connection: Connection) -> None:
        if connection.reusable and connection.is_open:
            connection.reusable = False
            connection.idle_since = asyncio.get_running_loop().time()
            self._free.append(connection)
        else:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._open.discard(connection)


async def _connected(server: Server) -> Connection:
    through: dict[str, Any] = {"host": server.host, "port": server.port}
    if server.proxy is not None:
        through = {"sock": await _tunnel(server, server.proxy)}
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection,
        ssl=server.tls,
        server_hostname=server.host if server.tls else None,
        **through,
    )
    return connection


async def _tunnel(server: Server, proxy: str) -> socket.socket:
    """Return a socket that the proxy has connected to the server; the proxy looks up its name."""
    from python_socks import ProxyError, ProxyTimeoutError  # most desks have no proxy
    from python_socks.async_.asyncio import Proxy

    try:
        return await Proxy.from_url(proxy, rdns=True).connect(server.host, server.port)
    except (ProxyError, ProxyTimeoutError) as error:
        raise ConnectionError(f"the proxy: {error}") from error


def _time_out(answer: asyncio.Future[Answer]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
