"""Clients for the tests of the sandbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox import World, python

HERE = Path(__file__).parent
BOT = python(str(HERE / "relay_bot.py"))


@asynccontextmanager
async def aiogram_bot(world: World) -> AsyncIterator[Bot]:
    """aiogram's ``Bot`` that talks to the world."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(world.api_url))
    bot = Bot(world.token, session=session)
    try:
        yield bot
    finally:
        await session.close()


class Raw:
    """Plain HTTP client: ``await raw.sendMessage(chat_id=…)`` returns the whole answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.session = aiohttp.ClientSession()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.session.close()

    def url(self, method: str) -> str:
        """URL of a method."""
        return f"{self.world.api_url}/bot{self.world.token}/{method}"

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        """POST with a JSON body."""
        async with self.session.post(self.url(method), json=params) as response:
            body: dict[str, Any] = await response.json()
            assert response.status == body.get("error_code", 200)
            return body

    def __getattr__(self, name: str) -> Any:
        async def method(**params: Any) -> dict[str, Any]:
            return await self.call(name, **params)

        return method

    async def ok(self, method: str, **params: Any) -> Any:
        """The result of a successful call."""
        body = await self.call(method, **params)
        assert body["ok"], body
        return body["result"]

    async def refused(self, method: str, **params: Any) -> str:
        """Description of the error of a refused call."""
        body = await self.call(method, **params)
        assert not body["ok"], body
        return str(body["description"])


def relay_env(world: World, **more: Any) -> dict[str, str]:
    """Environment of the relay bot."""
    return {"API": world.api_url, "TOKEN": world.token} | {k: str(v) for k, v in more.items()}


async def updates(raw: Raw, **params: Any) -> list[dict[str, Any]]:
    """New updates; they are confirmed."""
    found: list[dict[str, Any]] = await raw.ok("getUpdates", **params)
    if found:
        await raw.ok("getUpdates", offset=found[-1]["update_id"] + 1, limit=1)
    return found
