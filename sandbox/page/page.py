"""The page's addresses, and who may use them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from sandbox.demo import Demo
from sandbox.page import mail_pane, mini_app
from sandbox.page.act_request import ActRequest
from sandbox.page.acts import act
from sandbox.page.bot_control import BotControl
from sandbox.page.feed import Feed
from sandbox.page.files import picture, static, to_save
from sandbox.page.http_request import check_origin, read_body
from sandbox.page.scene import Scene
from sandbox.page.troubles import Troubles
from sandbox.page.words import Refused

Json = dict[str, Any]
Handler = Callable[["Page", web.BaseRequest], Awaitable[web.StreamResponse]]

_GATHER: Final = 0.015  # seconds in which changes come together
_LOOK: Final = 1.0  # between two looks at the bot
_LOOK_BUSY: Final = 0.25  # … while something happens


class Page:
    """Serves ``/page/…`` on the world's server; ``bot`` runs the bot, if the page may know it."""

    def __init__(self, demo: Demo, bot: BotControl | None = None) -> None:
        self.demo = demo
        self.world = demo.world
        self.bot = bot
        self.troubles = Troubles(demo, bot)
        self.feed = Feed(Scene(demo), self.troubles)
        self._followers = 0
        self._looked = 0.0
        self._work: asyncio.Task[None] | None = None
        self.world.server.page = self
        demo.troubles = self.troubles

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"{self.world.server.url}/page/"

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request of a browser; the server's door to the page."""
        try:
            check_origin(request, self.world.server.port)
            return await self._route(request)
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        handler = _ROUTES.get((request.method, path))
        if handler is not None:
            return await handler(self, request)
        if request.method not in ("GET", "HEAD"):
            raise Refused("not_found", status=405)
        if path in ("/", "/page"):
            return web.Response(status=302, headers={"Location": "/page/"})
        if path.startswith("/page/file/"):
            return picture(self.world.files, request)
        return static(path.removeprefix("/page/"))

    # ------------------------------------------------------------------ looking

    async def world_now(self, _request: web.BaseRequest) -> web.StreamResponse:
        """``GET /page/world``."""
        await self._look()
        return web.json_response(self.feed.snapshot(), headers={"Cache-Control": "no-store"})

    async def events(self, request: web.BaseRequest) -> web.StreamResponse:
        """``GET /page/events?after=N``: all events after number N, as they come."""
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        await response.write(b"retry: 1000\n\n")
        with self._followed():
            async for chunk in self.feed.follow(_seen(request)):
                await response.write(chunk)
        return response

    @contextlib.contextmanager
    def _followed(self) -> Any:
        """While somebody follows, the feed is kept up to date."""
        self._followers += 1
        if self._work is None:
            self._work = asyncio.create_task(self._keep_up(), name="page")
        try:
            yield
        finally:
            self._followers -= 1
            if not self._followers and self._work is not None:
                self._work.cancel()
                self._work = None

    async def _keep_up(self) -> None:
        while True:
            await self._look()
            self.feed.refresh()
            await self.world.signal.wait(_LOOK)
            await asyncio.sleep(_GATHER)

    async def _look(self) -> None:
        if self.bot is None or time.monotonic() - self._looked < _LOOK_BUSY:
            return
        self._looked = time.monotonic()
        self.feed.tell_machine(await self.bot.look())

    async def mini_app(self, request: web.BaseRequest) -> web.StreamResponse:
        """``GET /page/app?as=PERSON&theme=dark``: where this person opens the bot's Mini App."""
        person = self.world.people.get(_number(request.query.get("as", "")))
        if person is None:
            raise Refused("no_person", status=404)
        port = None if self.bot is None else self.bot.app_port()
        if port is None:
            raise Refused("no_app", status=409)
        now, theme = self.world.clock.now(), request.query.get("theme", "")
        behind = mini_app.opened_by(person, self.world.token, now, theme)
        # by the name by which the page is reached: else the app's cookie would be another site's
        host = "localhost" if request.host.startswith("localhost") else "127.0.0.1"
        url = f"http://{host}:{port}{mini_app.PATH}#{behind}"
        return web.json_response({"url": url}, headers={"Cache-Control": "no-store"})

    # ------------------------------------------------------------------ acting

    async def act(self, request: web.BaseRequest) -> web.StreamResponse:
        """``POST /page/act``."""
        body, files = await read_body(request)
        wanted = ActRequest(self.demo, body, files)
        answer = act(wanted)
        for press in wanted.presses:
            self.feed.pressed(press)
        self.feed.refresh()
        return web.json_response(answer)

    async def mail(self, request: web.BaseRequest) -> web.StreamResponse:
        """``GET /page/mail?box=anna``: what lies in a customer's mailbox; with ``letter=2&file=0``
        a file of a mail there.
        """
        box = request.query.get("box", "")
        if "file" in request.query:
            return to_save(*mail_pane.file(self.demo, box, request.query))
        found = mail_pane.letters(self.demo, box)
        return web.json_response(found, headers={"Cache-Control": "no-store"})

    async def write_mail(self, request: web.BaseRequest) -> web.StreamResponse:
        """``POST /page/mail``: a customer writes to the desk."""
        body, files = await read_body(request)
        return web.json_response(mail_pane.write(self.demo, body, files))

    async def trouble(self, request: web.BaseRequest) -> web.StreamResponse:
        """``POST /page/trouble``."""
        body, _ = await read_body(request)
        answer = await self.troubles.make(body)
        self._looked = 0.0
        await self._look()
        self.feed.refresh()
        return web.json_response(answer)


def _seen(request: web.BaseRequest) -> int:
    """The number of the last event that the browser has; when it reconnects it says so itself."""
    given = [request.headers.get("Last-Event-ID", ""), request.query.get("after", "")]
    return max((int(number) for number in given if number.isdecimal()), default=0)


def _number(words: str) -> int:
    return int(words) if words.isascii() and words.isdecimal() else 0


_ROUTES: Final[dict[tuple[str, str], Handler]] = {
    ("GET", "/page/world"): Page.world_now,
    ("GET", "/page/events"): Page.events,
    ("POST", "/page/act"): Page.act,
    ("GET", "/page/app"): Page.mini_app,
    ("GET", "/page/mail"): Page.mail,
    ("POST", "/page/mail"): Page.write_mail,
    ("POST", "/page/trouble"): Page.trouble,
}
