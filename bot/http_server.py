"""Serves HTTP in the desk's own loop. uvicorn and FastAPI are imported only where it is served."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bot.http_turns import Turns
from handlers.http.precedence import Precedence, Scope, precedence_of

if TYPE_CHECKING:
    import uvicorn

log = logging.getLogger(__name__)

# Seconds that requests under way have at the end.
GRACE: Final = 2
# Seconds for which nothing of an answer is taken; then the system ends the connection, if it can:
# few connections must not be kept by those who do not read.
UNREAD_FOR: Final = 60.0
# Connections that the system keeps for us, and those of them that are taken in one round of the
# loop: who opens many holds up the chat no longer than that.
_KEPT: Final = 1024
_TAKEN: Final = 16


class CannotListen(Exception):
    """The address of HTTP_LISTEN cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class Hosting:
    """Where a desk runs, as far as its HTTP door has to know: ``listening`` is told the address
    that was taken; pages at ``frames`` may show the staff's app inside. The sandbox has both.
    """

    listening: Callable[[tuple[str, int]], None] = lambda _address: None
    frames: tuple[str, ...] = ()


ANYWHERE: Final = Hosting()


@dataclass(slots=True)
class HttpServer:
    """An HTTP server on one address; ``make_app`` is called when it starts.

    ``end_streams``: ends the responses that go on until somebody ends them. ``precedence``: of a
    request, by its ASGI scope.
    """

    listen: tuple[str, int]
    make_app: Callable[[], Any]
    end_streams: Callable[[], None] = lambda: None
    precedence: Callable[[Scope], Precedence] = precedence_of
    turns: Turns = field(default_factory=Turns)
    _sockets: list[socket.socket] = field(default_factory=list)
    _server: uvicorn.Server | None = None

    def bind(self) -> tuple[str, int]:
        """Take the address; port 0 takes a free one. Returns it. Raises :class:`CannotListen`."""
        self._sockets = [open_socket(self.listen)]
        host, port = self._sockets[0].getsockname()[:2]
        log.info("HTTP is served on http://%s:%s", f"[{host}]" if ":" in host else host, port)
        return host, port

    async def run(self) -> None:
        """Serve until :meth:`stop`."""
        self._server = _server(self.make_app(), self.turns, self.precedence)
        await self._server.serve(self._sockets)

    def stop(self) -> None:
        """Take no more requests; :meth:`run` returns when those under way are answered (R16)."""
        self.end_streams()
        if self._server is not None:
            self._server.should_exit = True
            return
        for one in self._sockets:
            one.close()


def open_socket(listen: tuple[str, int]) -> socket.socket:
    """Return a listening socket. Raises :class:`CannotListen`."""
    host, port = listen
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        opened = socket.create_server((host, port), family=family, backlog=1024)
        # of what it accepts, too; asyncio sets it only where a socket's protocol is named
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux has it
            milliseconds = int(UNREAD_FOR * 1000)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        return opened
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise CannotListen(f"{host}:{port} cannot be listened on: {why}") from None


def _server(app: Any, turns: Turns, precedence: Callable[[Scope], Precedence]) -> uvicorn.Server:
    import uvicorn

    from bot.http_connection import HttpConnection

    class Server(uvicorn.Server):
        """One whose process has signal handlers of its own."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            for one in sockets or ():
                one.listen(_KEPT)

    connection: Any = partial(HttpConnection, turns=turns, precedence=precedence)
    return Server(
        uvicorn.Config(
            app,
            http=connection,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",  # who speaks no HTTP would fill the log
            access_log=False,
            server_header=False,
            backlog=_TAKEN,
            timeout_graceful_shutdown=GRACE,
            # a turn is given in the course of another request, whose context is not this one's
            reset_contextvars=True,
        )
    )
