"""One connection to the HTTP server: what uvicorn leaves to whoever calls, decided by us (S14)."""

import asyncio
from contextlib import suppress
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

# Seconds in which the head of a request must have come. Connections are few (`MOST_CONNECTIONS`):
# somebody who keeps them open and says nothing would keep everybody else out.
HEAD_TIMEOUT: Final = 20.0
_MAY_ANSWER: Final = frozenset({h11.IDLE, h11.SEND_RESPONSE})


class HttpConnection(H11Protocol):
    """A connection on which a head comes soon, or nothing more does; and what turns out to be no
    HTTP ends the request that it belongs to, without a word in the log.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Wait for the first head."""
        super().connection_made(transport)
        self._wait_for_head()

    def data_received(self, data: bytes) -> None:
        """Take what has come."""
        super().data_received(data)
        if self.conn.their_state is not h11.IDLE:
            self._stop_waiting()
        elif self._late is None and not self.transport.is_closing():
            self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, unless an answer has begun already."""
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True  # whoever waits for the rest of its body waits no more
            cycle.message_event.set()
        if self.conn.our_state in _MAY_ANSWER:
            with suppress(h11.LocalProtocolError):  # of an answer to HEAD only the head may leave
                super().send_400_response(msg)
        self.transport.close()

    def _wait_for_head(self) -> None:
        self._late = self.loop.call_later(HEAD_TIMEOUT, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
