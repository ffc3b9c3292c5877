"""One connection to the HTTP server: what uvicorn leaves to whoever calls, decided by us (S14)."""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from bot.http_turns import READING, Metered, Turns
from handlers.http.precedence import Precedence

if TYPE_CHECKING:
    from collections.abc import Callable

# Connections at once.
MOST_CONNECTIONS: Final = 500
# Seconds in which the head of a request must have come. Connections are few: somebody who keeps
# them open and says nothing would keep everybody else out.
HEAD_TIMEOUT: Final = 20.0
# Bytes of a head, and of what follows a body in pieces.
MOST_HEAD: Final = 65_536
# Seconds that a request waits for its turn; then it is asked to come again.
PATIENCE: Final = 10.0
# Requests that wait for the answer to one before them on the same connection.
MOST_AHEAD: Final = 8


def _problem(status: HTTPStatus, code: str) -> bytes:
    told = {"type": "about:blank", "title": status.phrase, "status": int(status), "code": code}
    return json.dumps(told, separators=(",", ":")).encode()


_BUSY: Final = _problem(HTTPStatus.SERVICE_UNAVAILABLE, "busy")
_COMMON: Final = (
    (b"content-type", b"application/problem+json"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_LATER: Final = (b"retry-after", b"5")


def _last_words(status: HTTPStatus, code: str, *headers: tuple[bytes, bytes]) -> bytes:
    """The whole of an answer behind which the connection ends."""
    body = _problem(status, code)
    length = (b"content-length", str(len(body)).encode())
    lines = [
        b"HTTP/1.1 %d %s" % (status, status.phrase.encode()),
        *(b"%s: %s" % one for one in (*_COMMON, length, *headers)),
        b"connection: close",
    ]
    return b"\r\n".join((*lines, b"", body))


_FULL: Final = _last_words(HTTPStatus.SERVICE_UNAVAILABLE, "busy", _LATER)
_NO_METHOD: Final = _last_words(HTTPStatus.METHOD_NOT_ALLOWED, "method_not_allowed")
_NO_HTTP: Final = _last_words(HTTPStatus.BAD_REQUEST, "no_http")


class NotHttp(Exception):
    """The request is none that is answered; its connection ends."""


async def say_busy(_scope: Any, _receive: Any, send: Any) -> None:
    """Ask to come again: the chat goes first."""
    headers = [*_COMMON, _LATER, (b"content-length", str(len(_BUSY)).encode())]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": _BUSY})


class HttpConnection(HttpToolsProtocol):
    """A connection on which a head comes soon, and not too large, or nothing more does; whose
    requests wait their turn; and what turns out to be no HTTP ends the request that it belongs to,
    without a word in the log.

    ``precedence``: of a request, by its ASGI scope.
    """

    def __init__(
        self, *given: Any, turns: Turns, precedence: Callable[[Any], Precedence], **options: Any
    ) -> None:
        super().__init__(*given, **options)
        self._turns = turns
        self._precedence = precedence
        self._late: asyncio.TimerHandle | None = None
        self._in_head = True
        self._unread = 0  # bytes that have come and belong to no whole head
        self._head = 0  # bytes of the head so far
        self._served: RequestResponseCycle | None = None
        self._rests = False
        self._brings_chat = False

    # ---------------------------------------------------------------- what the transport tells

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.write(_FULL)
            transport.close()
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come; no more of it while the chat's turn is."""
        began = self._turns.clock()
        self._unread += len(data)
        super().data_received(data)
        if self._in_head and self._unread:
            self._look_at_head()
        elif self._serves_nobody:
            self._wait_for_head()
        self._turns.spend(self._turns.clock() - began + READING)
        if not (self._turns.has_time or self._rests or self._brings_chat):
            self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _look_at_head(self) -> None:
        if self._unread > MOST_HEAD:
            self.send_400_response("Invalid HTTP request received.")
        else:
            self._wait_for_head()

    @property
    def _serves_nobody(self) -> bool:
        """Whether what comes is at most the rest of a body that was answered before it was whole;
        who sends it a byte at a time would keep the connection for ever.
        """
        cycle: Any = self.cycle  # None before the first request
        return cycle is None or bool(cycle.response_complete)

    def _wait_for_head(self) -> None:
        if self._late is None and not self.transport.is_closing():
            self._late = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _rest(self) -> None:
        if self.transport.is_closing():
            return
        self._rests = True
        self.transport.pause_reading()
        self._turns.take(self._read_on)

    def _read_on(self, _waited: float) -> None:
        self._rests = False
        if not (self.transport.is_closing() or self.flow.read_paused):
            self.transport.resume_reading()

    # ---------------------------------------------------------------- what the parser tells

    def on_message_begin(self) -> None:
        """A request begins."""
        if len(self.pipeline) >= MOST_AHEAD:
            raise NotHttp("too many requests at once")
        self._head = 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take a part of the address."""
        self._count(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; what comes behind the body is none."""
        self._count(name, value)
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._stop_waiting()
        self._in_head, self._unread = False, 0
        hosts = sum(name == b"host" for name, _ in self.headers)
        if hosts > 1 or (hosts == 0 and self.parser.get_http_version() == "1.1"):
            raise NotHttp("nobody knows whom it is for")
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The body is whole; another head may follow."""
        self._in_head, self._unread = True, 0
        super().on_message_complete()

    def _count(self, *parts: bytes) -> None:
        self._head += sum(map(len, parts)) + len(": \r\n")
        if self._head > MOST_HEAD:
            raise NotHttp("too large a head")

    # ---------------------------------------------------------------- what is answered

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, or no method of ours, unless an answer has begun already."""
        del msg
        served = self._served
        is_answered = served is None or served.response_complete
        if served is not None and not is_answered:
            served.disconnected = True  # whoever waits for the rest of its body waits no more
            served.message_event.set()
        if not self.pipeline and (is_answered or (served and not served.response_started)):
            is_odd = isinstance(sys.exception(), httptools.HttpParserInvalidMethodError)
            self.transport.write(_NO_METHOD if is_odd else _NO_HTTP)
        self.transport.close()

    def _unsupported_upgrade_warning(self) -> None:
        """Speak HTTP or nothing: what comes behind such a request is not read."""
        if self.cycle.response_complete:
            self.transport.close()
        self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._served = cycle
        precedence = self._precedence(cycle.scope)
        self._brings_chat = self._brings_chat or precedence is Precedence.CHAT
        self._turns.take(partial(self._begin, cycle, app, precedence), precedence)

    def _begin(
        self, cycle: RequestResponseCycle, app: Any, precedence: Precedence, waited: float
    ) -> None:
        if self.transport.is_closing():
            return
        if waited > PATIENCE and precedence is Precedence.USUAL:
            super()._start_asgi_task(cycle, say_busy)
        elif precedence is Precedence.CHAT:
            super()._start_asgi_task(cycle, app)
        else:
            super()._start_asgi_task(cycle, self._metered(app))

    def _metered(self, app: Any) -> Any:
        async def serve(scope: Any, receive: Any, send: Any) -> None:
            await Metered(app(scope, receive, send), self._turns)

        return serve
