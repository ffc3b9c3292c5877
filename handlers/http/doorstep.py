"""What is seen to before a request comes in: how often its address may ask (S40), and whether it
only asks if the desk is well (X14).
"""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import ceil
from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from core.desk import Desk
from handlers.http.guard import HEADERS
from handlers.http.health import WELL, Vitals, readiness
from handlers.http.limits import Buckets
from handlers.http.precedence import HEALTH, READINESS, WEBHOOK
from handlers.http.problems import Problem, problem_response

# Requests a second and at once of one address: for health, and for all else that needs no key.
QUICK_RATE: Final = (1500.0, 3000.0)
OPEN_RATE: Final = (100.0, 1000.0)
# A key has a limit of its own, and so has who tries to find one. Telegram decides by itself how
# often it comes, and is known by its secret; that is so of its one path, of none that begins alike.
_OF_KEYS: Final = "/api/v1/"
_OPEN_ALL_THE_SAME: Final = "/api/v1/openapi.json"
Answer = Callable[[], Awaitable[tuple[HTTPStatus, str, bytes]]]
"""Status, media type and body."""


class Doorstep:
    """An ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, desk: Desk, vitals: Vitals) -> None:
        self._app = app
        self._desk = desk
        self._vitals = vitals
        self._asked_quickly, self._asked = Buckets(*QUICK_RATE), Buckets(*OPEN_RATE)
        self._answers: dict[str, Answer] = {HEALTH: self._health, READINESS: self._is_ready}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse, or let the request in."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = self._answers.get(scope["path"])
        wait = self._wait(scope, self._asked if answer is None else self._asked_quickly)
        if wait > 0:
            await _refuse(wait, scope, receive, send)
        elif answer is not None and scope["method"] == "GET":
            await _send(*await answer(), send)
        else:
            await self._app(scope, receive, send)

    def _wait(self, scope: Scope, buckets: Buckets) -> float:
        """Seconds for which this address must wait; 0: it may ask."""
        path = scope["path"]
        has_its_own = path.startswith(_OF_KEYS) and path != _OPEN_ALL_THE_SAME
        if has_its_own or path == WEBHOOK:
            return 0.0
        client = scope.get("client")
        return buckets.take(client[0] if client else "", time.monotonic())

    async def _health(self) -> tuple[HTTPStatus, str, bytes]:
        return HTTPStatus.OK, "text/plain; charset=utf-8", WELL.encode()

    async def _is_ready(self) -> tuple[HTTPStatus, str, bytes]:
        status, told = await readiness(self._desk, self._vitals)
        return status, "application/json", told


_COMMON: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


async def _send(status: HTTPStatus, media_type: str, body: bytes, send: Send) -> None:
    length, kind = str(len(body)).encode(), media_type.encode()
    headers = [(b"content-length", length), (b"content-type", kind), *_COMMON]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _refuse(wait: float, scope: Scope, receive: Receive, send: Send) -> None:
    headers = HEADERS | {"Retry-After": str(ceil(wait))}
    often = Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", headers=headers)
    await problem_response(often)(scope, receive, send)
