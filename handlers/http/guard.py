"""What holds for every request: its body has a limit, its end is a response, nothing is cached."""

import asyncio
import logging
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.db import is_transient
from handlers.http.problems import Problem, problem_response

log = logging.getLogger(__name__)

# Bytes of a body where a route does not say otherwise, and seconds that sending it may take.
MOST_BYTES: Final = 1024 * 1024
BODY_TIMEOUT: Final = 20.0
RETRY_AFTER: Final = {"Retry-After": "5"}
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """An ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever fails before the response begins becomes one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _Request(receive, send)
        try:
            request.demand_size(Headers(scope=scope).get("content-length"))
            await self._app(scope, request.receive, request.send)
        except Exception as error:
            if request.answered:
                raise
            await problem_response(_told(error))(scope, receive, request.send)


class _Request:
    """Counts the body, and adds the headers to the response."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._read = 0
        self.answered = False

    def demand_size(self, declared: str | None) -> None:
        if declared is None:
            return
        if not (declared.isascii() and declared.isdecimal()):
            raise Problem(HTTPStatus.BAD_REQUEST, "bad_length")
        if len(declared) > len(str(MOST_BYTES)) or int(declared) > MOST_BYTES:
            raise _too_large()

    async def receive(self) -> Message:
        if self.answered:
            return await self._receive()  # nothing but the end of the connection
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                message = await self._receive()
        except TimeoutError:
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "slow_body") from None
        self._read += len(message.get("body", b""))
        if self._read > MOST_BYTES:
            raise _too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _too_large() -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", limit=MOST_BYTES)


def _told(error: Exception) -> Problem:
    """What the client learns of an error: neutral; the detail is in the log (S34)."""
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("a request finds no database: %s", error)
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", headers=RETRY_AFTER)
    log.error("a request could not be served", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
