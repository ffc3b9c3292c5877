"""Which messages have been seen where: what the search for a lost answer starts from (R6).

Private chats and basic groups share one counter for each bot; every supergroup and channel has
its own.
"""

from collections import deque
from typing import Final

REMEMBERED: Final = 4096
SHARED: Final = "shared"
_SUPERGROUP: Final = "-100"


def counter_of(chat: int | str) -> str:
    """The counter that numbers a chat's messages."""
    address = str(chat)
    return address if address.startswith((_SUPERGROUP, "@")) else SHARED


class KnownIds:
    """The newest id and the latest known ids of every counter."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}
        self._known: dict[str, tuple[deque[int], set[int]]] = {}

    def note(self, chat: int | str, message_id: int) -> None:
        """A message with this id stands there, ours or somebody's."""
        counter = counter_of(chat)
        self._newest[counter] = max(message_id, self._newest.get(counter, 0))
        order, known = self._known.setdefault(counter, (deque(), set()))
        if message_id in known:
            return
        order.append(message_id)
        known.add(message_id)
        if len(order) > REMEMBERED:
            known.discard(order.popleft())

    def newest(self, chat: int | str) -> int:
        """The newest id known of the chat's counter; 0 when nothing was seen."""
        return self._newest.get(counter_of(chat), 0)

    def is_known(self, chat: int | str, message_id: int) -> bool:
        """Whether it is accounted for whose this message is."""
        known = self._known.get(counter_of(chat))
        return known is not None and message_id in known[1]

    def newest_ids(self) -> dict[str, int]:
        """The newest id of every counter."""
        return dict(self._newest)
