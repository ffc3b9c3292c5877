"""What holds for every request: its body has a limit, its end is a response, nothing is cached, and
the chat always finds a reader of the database.
"""

import asyncio
import logging
import re
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.db import is_transient
from core.desk import READING_PLACES
from handlers.http.problems import Problem, problem_response

log = logging.getLogger(__name__)

# Bytes of a body where a route does not say otherwise, and seconds that sending it may take.
MOST_BYTES: Final = 1024 * 1024
# The same where files are taken: by forms of the pages, and by the API.
MOST_UPLOAD: Final = 21_000_000
_PAGES: Final = re.compile(r"/form|/t/[^/]+|/app/t/[^/]+")
_API: Final = re.compile(r"/api/v1/tickets/[^/]+/files")
BODY_TIMEOUT: Final = 20.0
# Of the four readers of the database, so many may be busy with requests: the chat has the others.
READERS: Final = 2
RETRY_AFTER: Final = {"Retry-After": "5"}
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def is_multipart(headers: Headers) -> bool:
    """Return whether the body is a form with files."""
    return headers.get("content-type", "").lower().startswith("multipart/form-data")


class Guard:
    """An ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._places = asyncio.Semaphore(READERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; whatever fails before the response begins becomes one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        READING_PLACES.set(self._places)  # of this task, which is the request's
        headers, path = Headers(scope=scope), scope["path"]
        by_form = _PAGES.fullmatch(path) is not None and is_multipart(headers)
        more = by_form or _API.fullmatch(path) is not None
        request = _Request(receive, send, MOST_UPLOAD if more else MOST_BYTES)
        try:
            if not by_form:  # a page says it in words, before it reads
                request.demand_size(headers.get("content-length"))
            await self._app(scope, request.receive, request.send)
        except ClientDisconnect:
            log.debug("who asked has gone before all was sent")
        except Exception as error:
            if request.answered:
                raise
            await problem_response(_told(error))(scope, receive, request.send)


class _Request:
    """Counts the body, and adds the headers to the response."""

    def __init__(self, receive: Receive, send: Send, most: int) -> None:
        self._receive = receive
        self._send = send
        self._most = most
        self._read = 0
        self._whole = False
        self.answered = False

    def demand_size(self, declared: str | None) -> None:
        if declared is None:
            return
        if not (declared.isascii() and declared.isdecimal()):
            raise Problem(HTTPStatus.BAD_REQUEST, "bad_length")
        if len(declared) > len(str(self._most)) or int(declared) > self._most:
            raise _too_large(self._most)

    async def receive(self) -> Message:
        if self._is_over():
            return await self._receive()  # nothing but the end of the connection
        try:
            async with asyncio.timeout(BODY_TIMEOUT):
                message = await self._receive()
        except TimeoutError:
            if self.answered:  # a stream that was listening for their leaving before it began
                return await self._receive()
            raise Problem(HTTPStatus.REQUEST_TIMEOUT, "slow_body") from None
        self._whole = not message.get("more_body", False)
        self._read += len(message.get("body", b""))
        if self._read > self._most and not self.answered:
            raise _too_large(self._most)
        return message

    def _is_over(self) -> bool:
        """Whether nothing that still comes belongs to the body."""
        return self.answered or self._whole

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.answered = True
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _too_large(most: int) -> Problem:
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", limit=most)


def _told(error: Exception) -> Problem:
    """What the client learns of an error: neutral; the detail is in the log (S34)."""
    if isinstance(error, Problem):
        return error
    if is_transient(error):
        log.warning("a request finds no database: %s", error)
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", headers=RETRY_AFTER)
    log.error("a request could not be served", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal")
