"""Signs on people's messages: shown without anybody waiting for them, the newest in the end."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from core.addresses import MessageRef

# Messages whose newest sign is remembered.
RECALLED: Final = 1000


@dataclass(slots=True)
class Sign:
    """A sign that was asked for ``at`` an instant; ``queued``: one for its message waits, or did,
    in the outbox, so that a newer one goes there, too.
    """

    at: datetime
    queued: bool = False


class Acknowledgements:
    """Signs on people's messages that are on their way. They wait for their chat's pace, and
    nobody waits for them: a sign must not hold up the conversation.
    """

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[Any]] = set()
        self._asked: dict[MessageRef, Sign] = {}

    def ask(self, message: MessageRef, at: datetime) -> Sign:
        """Note that a sign is asked for on this message; the ones before it are outdated."""
        earlier = self._asked.pop(message, None)
        asked = Sign(at, queued=earlier is not None and earlier.queued)
        self._asked[message] = asked
        if len(self._asked) > RECALLED:
            del self._asked[next(iter(self._asked))]
        return asked

    def is_newest(self, message: MessageRef, asked: Sign) -> bool:
        """Return whether no other sign was asked for since."""
        return self._asked.get(message, asked) is asked

    def start(self, showing: Coroutine[Any, Any, Any]) -> None:
        """Show a sign as soon as there is room."""
        task = asyncio.create_task(showing)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def finish(self, patience: float) -> None:
        """Wait for what is on its way, up to ``patience`` seconds; what is not shown by then is
        not shown.
        """
        if self._under_way:
            _, late = await asyncio.wait(self._under_way, timeout=patience)
            for task in late:
                task.cancel()
