"""At which addresses something waits to leave, as far as this process knows. No database here."""

from collections.abc import Callable
from datetime import UTC, datetime
from heapq import heapify
from typing import Final

# The turn of what is not known any better: it is looked at first.
UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)
# Of more addresses the less urgent are forgotten: whoever looks finds them again.
MOST: Final = 4000


class WaitingAddresses:
    """Hints only: what is noted here may have left already, or may have to wait. The claim decides.

    ``complete``: nothing is known to wait that is not noted. Each address has the earliest turn
    (``order_at``) that something there may have.
    """

    def __init__(self) -> None:
        self.complete = False
        self._turns: dict[str, datetime] = {}

    def __len__(self) -> int:
        return len(self._turns)

    def note(self, address: str, turn: datetime = UNKNOWN) -> None:
        """Something waits there, with this turn at the earliest."""
        known = self._turns.get(address)
        self._turns[address] = turn if known is None else min(known, turn)
        if len(self._turns) > MOST:
            self._forget_half()

    def forget(self, address: str) -> None:
        """Nothing there can leave now."""
        self._turns.pop(address, None)

    def any_where(self, is_free: Callable[[str], bool]) -> bool:
        """Whether something waits at an address of which this holds."""
        return any(is_free(address) for address in self._turns)

    def queue(self, is_free: Callable[[str], bool]) -> list[tuple[datetime, str]]:
        """Turns and addresses of which this holds, as a heap: whose turn is first comes first."""
        found = [(turn, address) for address, turn in self._turns.items() if is_free(address)]
        heapify(found)
        return found

    def _forget_half(self) -> None:
        first = sorted(self._turns.items(), key=lambda item: item[1])
        self._turns = dict(first[: MOST // 2])
        self.complete = False
