"""The Bot API server, put together of its parts."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.server.context import Context, Options
from sandbox.server.dispatch import Dispatcher
from sandbox.server.faults import Faults
from sandbox.server.http import HttpApi
from sandbox.server.listener import Listener
from sandbox.server.members import User
from sandbox.server.message import ServerChat
from sandbox.server.telegram import Telegram


class BotApiServer:
    """One bot's Bot API server with the Telegram behind it.

    ``users`` and ``chats`` are kept by the caller, who may add to them while the server runs.
    """

    def __init__(
        self, options: Options, users: Mapping[int, User], chats: Mapping[int, ServerChat]
    ) -> None:
        self.context = Context(options)
        self.telegram = Telegram(self.context, users, chats)
        self.faults = Faults(self.telegram.updates, self._outage)
        self.dispatcher = Dispatcher(self.telegram, self.faults)
        self.listener = Listener(options.port, HttpApi(self.dispatcher).serve)
        self.telegram.delivery.execute = self.dispatcher.execute
        self.closed = False

    async def _outage(self, seconds: float) -> None:
        await self.listener.outage(seconds)

    async def close(self) -> None:
        """Stop the bot's processes and the server; raises if the sandbox itself misbehaved."""
        if self.closed:
            return
        self.closed = True
        for process in list(self.context.processes):
            await process.stop()
        self.context.cancel_tasks()
        await self.telegram.close()
        await self.listener.close()
        errors = self.context.internal_errors
        if errors:
            raise AssertionError(
                f"{len(errors)} internal errors of the sandbox, the first one is: {errors[0]!r}"
            ) from errors[0]

    def forget(self) -> None:
        """Nothing has happened: no messages, no updates, no faults; the clock is the machine's.

        Users and chats stay; private chats are as if they had never been opened.
        """
        self.faults.clear()
        self.listener.cut(off=False)
        self.telegram.forget()
        self.dispatcher.forget()
