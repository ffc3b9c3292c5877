"""A server that speaks as OpenAI's does, on a port of its own, and answers as a test tells it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

MODEL: Final = "small-1"
USED: Final = {"prompt_tokens": 120, "completion_tokens": 30}


@dataclass
class ModelServer:
    """``says`` makes the answer of what was asked. ``status``, ``headers`` and ``body`` answer
    otherwise; while ``hangs`` is set, it waits for ``goes_on``.
    """

    url: str = ""
    says: Callable[[dict[str, Any]], str] = lambda _asked: "Please restart the camera."
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    usage: dict[str, int] | None = field(default_factory=lambda: dict(USED))
    finish: str = "stop"
    models: list[str] = field(default_factory=lambda: [MODEL])
    newer: bool = False
    hangs: bool = False
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """The variables that lead here."""
        return {"ASSISTANT_URL": self.url, "ASSISTANT_MODEL": MODEL, "ASSISTANT_KEY": "sk-canary"}

    @property
    def document(self) -> dict[str, Any]:
        """What was asked about last."""
        found: dict[str, Any] = json.loads(self.asked[-1]["messages"][1]["content"])
        return found

    @property
    def sent(self) -> str:
        """All that has ever left for here."""
        return json.dumps(self.asked, ensure_ascii=False)

    async def complete(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.keys.append(request.headers.get("authorization"))
        self.asked.append(await request.json())
        self.reached.set()
        if self.hangs:
            await self.goes_on.wait()
        if self.newer and "max_tokens" in self.asked[-1]:
            said = {"error": {"message": "use max_completion_tokens instead of max_tokens"}}
            return web.json_response(said, status=400)
        if self.body is not None or self.status != 200:
            return web.Response(status=self.status, headers=self.headers, body=self.body or b"{}")
        return web.json_response(self._completion())

    def _completion(self) -> dict[str, Any]:
        message = {"role": "assistant", "content": self.says(self.asked[-1])}
        choice = {"index": 0, "message": message, "finish_reason": self.finish}
        used = {} if self.usage is None else {"usage": self.usage}
        return {"id": "x", "object": "chat.completion", "choices": [choice], **used}

    async def list(self, request: web.Request) -> web.Response:
        self.paths.append(request.path)
        self.keys.append(request.headers.get("authorization"))
        if self.status != 200:
            return web.Response(status=self.status, headers=self.headers)
        return web.json_response({"object": "list", "data": [{"id": one} for one in self.models]})


@asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """Serve until the end of the block."""
    server, app = ModelServer(), web.Application(client_max_size=10 * 2**20)
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", server.list)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    try:
        yield server
    finally:
        server.goes_on.set()
        await runner.cleanup()
