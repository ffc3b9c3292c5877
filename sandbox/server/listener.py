"""The listener: one port of the loopback interface, and outages of it on demand."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol
from weakref import WeakSet

from aiohttp import web

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class PageHandler(Protocol):
    """What is served under ``/page`` and at ``/``."""

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        ...


def hang_up(request: web.BaseRequest) -> NoReturn:
    """Drop the connection without an answer."""
    if request.transport is not None:
        request.transport.abort()
    raise asyncio.CancelledError


class Listener:
    """Listens on the loopback interface only."""

    def __init__(self, port: int, serve: Handler) -> None:
        self.port = port
        self.serve = serve  # the Bot API
        self.page: PageHandler | None = None  # what else is served here: see sandbox/page
        self.cut_off = False
        self._bots: WeakSet[asyncio.Transport] = WeakSet()
        self._server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(self._server, handle_signals=False, shutdown_timeout=0.2)
        self._site: web.TCPSite | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Begin to listen."""
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        self._site = web.TCPSite(
            self._runner, "127.0.0.1", self.port, reuse_address=True, backlog=1024
        )
        await self._site.start()
        self.port = self._runner.addresses[0][1]

    def _abort_connections(self) -> None:
        for handler in list(self._server.connections):
            if handler.transport is not None:
                handler.transport.abort()

    async def outage(self, seconds: float) -> None:
        """Refuse connections for a while; nobody else gets the port meanwhile."""
        if self._site is not None:
            await self._site.stop()
            self._site = None
        with socket.socket() as kept:  # bound, and not listening
            kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            kept.bind(("127.0.0.1", self.port))
            self._abort_connections()
            await asyncio.sleep(seconds)
            await self._listen()

    def cut(self, *, off: bool) -> None:
        """No network between the bot and this server, until it is put back. The page stays."""
        self.cut_off = off
        for transport in list(self._bots) if off else ():
            transport.abort()

    async def close(self) -> None:
        """Stop listening."""
        self._abort_connections()
        await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path
        if self.page is not None and (path in ("/", "/page") or path.startswith("/page/")):
            return await self.page.serve(request)
        if request.transport is not None:
            self._bots.add(request.transport)
        if self.cut_off:
            hang_up(request)
        return await self.serve(request)
