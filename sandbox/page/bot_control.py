"""What the page may ask of whoever runs the bot: the sandbox itself does not know the house."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Json = dict[str, Any]
# How far a story has come: which of its tickets is told now, and of how many.
Progress = Callable[[int, int], None]


class BotControl(Protocol):
    """The bot's process and what its database tells."""

    async def look(self) -> Json:
        """The state of things: ``bot``, ``since``, ``pid``, ``updates``, ``outbox``,
        ``deadlines``, ``log`` (see the README)."""
        ...

    def app_port(self) -> int | None:
        """Where on this machine the bot serves its Mini App; None while it does not."""
        ...

    async def kill(self) -> None:
        """SIGKILL; it stays dead until :meth:`start`."""
        ...

    async def start(self) -> None:
        """Start it again; raises :class:`AssertionError` when it does not come up."""
        ...

    def shift(self, offset: float) -> None:
        """The bot's clock runs ``offset`` seconds ahead of the machine's."""
        ...

    async def tell_story(self, progress: Progress) -> None:
        """Bring in the demonstration's company and let its people act; say how far it has come."""
        ...

    async def begin_anew(self, language: str | None = None, *, forum: bool | None = None) -> None:
        """Stop the bot, throw its database away, empty the world, start again: in this
        ``language``, with or without topics in the group; ``None`` leaves them as they are."""
        ...
