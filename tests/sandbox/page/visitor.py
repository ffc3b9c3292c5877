"""A browser's part of the page, without a browser."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from sandbox import Chat, Person
from sandbox.page import Page
from tests.sandbox.page.applying import events_in

Json = dict[str, Any]
PATIENCE = 60.0


class Visitor:
    """Asks the page, and hears what it tells."""

    def __init__(self, page: Page, session: aiohttp.ClientSession) -> None:
        self.page = page
        self.session = session
        self.world = page.world
        self.people = page.demo.people

    @property
    def anna(self) -> Person:
        return self.people["anna"]

    @property
    def olga(self) -> Person:
        return self.people["olga"]

    @property
    def admin(self) -> Person:
        return self.page.demo.admin

    @property
    def group(self) -> Chat:
        return self.page.demo.group

    async def look(self) -> Json:
        async with self.session.get("/page/world") as answer:
            assert answer.status == 200
            found: Json = await answer.json()
            return found

    async def chat(self, chat: Chat) -> Json:
        return next(c for c in (await self.look())["chats"] if c["id"] == chat.id)

    async def ask(self, path: str, body: Any, **more: Any) -> tuple[int, Json]:
        async with self.session.post(path, json=body, **more) as answer:
            return answer.status, await answer.json()

    async def act(self, who: Person, do: str, chat: Chat | None = None, **more: Any) -> Json:
        """Do it; it is not refused."""
        body = {"as": who.id, "do": do, "chat": (chat or who.chat).id} | more
        status, answer = await self.ask("/page/act", body)
        assert status == 200, answer
        return answer

    async def refused(self, who: Person, do: str, chat: Chat | None = None, **more: Any) -> str:
        """Do it; it is refused with this code, and in words of both languages."""
        body = {"as": who.id, "do": do, "chat": (chat or who.chat).id} | more
        status, answer = await self.ask("/page/act", body)
        assert 400 <= status < 500, answer
        assert answer["error"] and answer["error_en"]
        return str(answer["code"])

    async def trouble(self, do: str, **more: Any) -> Json:
        status, answer = await self.ask("/page/trouble", {"do": do} | more)
        assert status == 200, answer
        return answer

    async def send(
        self, who: Person, do: str, *files: tuple[str, bytes, str], **more: Any
    ) -> tuple[int, Json]:
        """Do it with files: name, content, type."""
        form = aiohttp.FormData()
        body = {"as": who.id, "do": do, "chat": who.chat.id} | more
        form.add_field("act", json.dumps(body))
        for name, data, mime in files:
            form.add_field("file", io.BytesIO(data), filename=name, content_type=mime)
        async with self.session.post("/page/act", data=form) as answer:
            return answer.status, await answer.json()

    async def bot(self, method: str, **params: Any) -> Any:
        """The bot calls the Bot API."""
        path = f"/bot{self.world.token}/{method}"
        async with self.session.post(path, json=params) as answer:
            body = await answer.json()
        assert body["ok"], body
        return body["result"]

    def updates(self, kind: str) -> list[bytes]:
        """What waits for the bot, of this kind."""
        return [update.body for update in self.world.updates.queue if update.kind == kind]

    @asynccontextmanager
    async def listening(self, after: int, **headers: str) -> AsyncIterator[Heard]:
        params = {"after": str(after)}
        async with self.session.get("/page/events", params=params, headers=headers) as stream:
            assert stream.headers["Content-Type"] == "text/event-stream"
            heard = Heard(stream)
            try:
                yield heard
            finally:
                heard.task.cancel()


class Heard:
    """The events that came so far."""

    def __init__(self, stream: aiohttp.ClientResponse) -> None:
        self.events: list[tuple[int, str, Json]] = []
        self._more = asyncio.Event()
        self.task = asyncio.create_task(self._listen(stream))

    async def _listen(self, stream: aiohttp.ClientResponse) -> None:
        rest = b""
        async for piece in stream.content.iter_any():
            whole, split, rest = (rest + piece).rpartition(b"\n\n")
            self.events += events_in(whole + split)
            self._more.set()

    def of(self, kind: str) -> list[Json]:
        return [data for _, found, data in self.events if found == kind]

    async def until(self, kind: str, condition: Callable[[Json], Any] = bool) -> Json:
        """The first event of this kind for which it holds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                self._more.clear()
                for data in self.of(kind):
                    if kind == "reset" or condition(data):
                        return data
                await self._more.wait()


@asynccontextmanager
async def visiting(page: Page) -> AsyncIterator[Visitor]:
    """The page is open."""
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(page.world.api_url, timeout=timeout) as session:
        yield Visitor(page, session)
