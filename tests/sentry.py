"""A Sentry server that keeps what it is told."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr


@dataclass(slots=True)
class Sentry:
    """``raw``: what came, word for word; ``events``: the errors in it."""

    dsn: SecretStr = field(default_factory=lambda: SecretStr(""))
    raw: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.text()
        self.raw.append(body)
        self.events.append(json.loads(body.split("\n")[2]))
        return web.json_response({})


@asynccontextmanager
async def sentry_server() -> AsyncIterator[Sentry]:
    """Serve one on a free port."""
    found, app = Sentry(), web.Application()
    app.router.add_post("/api/7/envelope/", found.take)
    async with TestServer(app) as server:
        found.dsn = SecretStr(f"http://key@127.0.0.1:{server.port}/7")
        yield found
