"""Limits how many links with a payload one person may open: guessing them is no use (S6)."""

import time
from collections import deque
from typing import Final

from aiogram.types import Message

from core.errors import Refusal

# So many links of one person count within so many seconds.
MOST: Final = 5
WITHIN: Final = 60.0
# How many people are remembered at most.
_PEOPLE: Final = 10_000


class LinkThrottle:
    """Remembers when who opened links, in monotonic seconds."""

    def __init__(self) -> None:
        self._opened: dict[int, deque[float]] = {}

    def pass_on(self, message: Message) -> None:
        """Count ``/start <payload>``; raises :class:`Refusal` for one too many in a minute."""
        command, _, payload = (message.text or "").partition(" ")
        if command.partition("@")[0] != "/start" or not payload or message.from_user is None:
            return
        now = time.monotonic()
        if len(self._opened) >= _PEOPLE:
            self._opened = {
                who: times for who, times in self._opened.items() if now - times[-1] < WITHIN
            }
        times = self._opened.setdefault(message.from_user.id, deque(maxlen=MOST))
        full = len(times) == MOST and now - times[0] < WITHIN
        if full:
            raise Refusal("refusal.links_in_a_row")
        times.append(now)
